"""The page of a structure and its keeping: who sees and does what, what two tabs say, what is never shown."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from openmap.demo_parts.applying import MARK
from openmap.demo_parts.sourcing import demo_sourcing
from openmap.directory import claims, reminding
from openmap.directory.maintaining import held
from openmap.directory.models import Claim, ClientReference, Delegate, FieldSource, Offer, Structure
from openmap.directory.page_forms import IdentityForm, PresentationForm
from openmap.directory.page_words import mark_of
from openmap.directory.permissions import may_manage
from openmap.extensions import db
from openmap.mail.models import Message
from openmap.meetings.models import Participation
from openmap.people.models import ADMINISTRATOR, ORGANISER, Person
from openmap.people.services import erase
from openmap.reference.cli import load_packaged
from openmap.reference.models import Activity, Area, AreaCommune, Commune, Trade
from tests.factories import make_edition
from tests.house.counting import statements
from tests.pictures import shown_png
from tests.signing import client_of, make_person, now, sent


@pytest.fixture
def trade(app: Flask) -> Trade:
    del app
    trade = Trade(code="vert", name="Espaces verts")
    trade.activities = [Activity(code="vert.tonte", name="Tonte", cpv=["77310000"])]
    area = Area(level="departement", code="93", name="Seine-Saint-Denis")
    db.session.add_all([trade, area])
    for code, name, lon in (
        ("93048", "Montreuil", 2.44),
        ("93066", "Saint-Denis", 2.36),
        ("93001", "Aubervilliers", 2.38),
    ):
        db.session.add(Commune(code=code, name=name, folded=name.lower().replace("-", " "), lon=lon, lat=48.87))
        db.session.flush()
        db.session.add(AreaCommune(area_id=area.id, commune_code=code))
    db.session.commit()
    return trade


@pytest.fixture
def structure(trade: Trade) -> Structure:
    """A listed structure with two offers; Alix keeps its page."""
    commune = db.session.get_one(Commune, "93048")
    area = db.session.scalars(select(Area)).one()
    made = Structure(
        name="Les Essais", kind="aci", is_invented=True, listed_at=now(), confirmed_at=now(), commune=commune,
        city="Montreuil", contact_email="prive@essai.example", siret=None,
    )  # fmt: skip
    made.offers = [
        Offer(activity=trade.activities[0], reach="radius", radius_km=20, position=0),
        Offer(title="Autre", reach="places", areas=[area], position=1),
    ]
    db.session.add(made)
    db.session.flush()
    person = make_person("alix@essai.example", name="Alix d’Essai")
    db.session.add(Delegate(person_id=person.id, organisation_id=made.id, invited_at=now()))
    db.session.commit()
    return made


def keeper(app: Flask) -> FlaskClient:
    return client_of(app, person("alix@essai.example"))


def person(email: str) -> Person:
    return db.session.scalars(select(Person).where(Person.email == email)).one()


def page(client: FlaskClient, structure: Structure) -> str:
    answer = client.get(f"/annuaire/structures/{structure.id}")
    assert answer.status_code == 200
    return answer.text


def test_what_is_not_listed_is_found_by_its_people_only_and_what_was_taken_off_is_gone(
    app: Flask, structure: Structure
) -> None:
    path, stranger = f"/annuaire/structures/{structure.id}", client_of(app, make_person("autre@essai.example"))
    structure.listed_at = None
    db.session.commit()
    assert app.test_client().get(path).status_code == 404
    assert stranger.get(path).status_code == 404
    assert keeper(app).get(path).status_code == 200
    structure.listed_at, structure.delisted_at, structure.delisted_reason = now(), now(), "Motif interne"
    db.session.commit()
    gone = app.test_client().get(path)
    assert gone.status_code == 410
    assert "Motif interne" not in gone.text
    assert "Motif interne" in keeper(app).get(path).text
    assert sent(keeper(app), f"{path}/tenir/publication").status_code == 409


def test_areas_are_told_in_words_and_counted(app: Flask, structure: Structure) -> None:
    text = " ".join(page(app.test_client(), structure).replace("\u00a0", " ").split())
    assert "Dans un rayon de 20 km autour de Montreuil" in text
    assert "Seine-Saint-Denis" in text
    assert "Intervient dans 3 communes." in text
    structure.offers[0].reach, structure.offers[0].radius_km = "france", None
    db.session.commit()
    assert "Intervient partout en France." in page(app.test_client(), structure)


def test_people_and_addresses_that_are_private_are_on_no_page(app: Flask, structure: Structure) -> None:
    claims.ask(db.session, structure, reason="espion", by=make_person("curieux@essai.example"), now=now())
    db.session.commit()
    shown = page(app.test_client(), structure) + page(client_of(app, person("curieux@essai.example")), structure)
    asked = client_of(app, person("curieux@essai.example")).get(f"/annuaire/structures/{structure.id}/demande").text
    for private in ("prive@essai.example", "alix@essai.example", "Alix", "espion"):
        assert private not in shown, private
    assert "alix" not in asked.lower()


def test_a_page_asks_as_much_of_the_database_for_thirty_offers_as_for_three(app: Flask, structure: Structure) -> None:
    def count() -> int:
        db.session.expire_all()
        number = structure.id
        with statements() as made:
            assert app.test_client().get(f"/annuaire/structures/{number}").status_code == 200
        return len(made)

    few = count()
    area = db.session.scalars(select(Area)).one()
    for rank in range(28):
        structure.offers.append(Offer(title=f"Offre {rank}", reach="places", areas=[area], position=2 + rank))
        structure.clients.append(ClientReference(client=f"Ville {rank}", year=2020))
    db.session.commit()
    assert count() == few


def test_of_two_tabs_the_second_is_told_and_may_insist(app: Flask, structure: Structure) -> None:
    path = f"/annuaire/structures/{structure.id}/tenir/presentation"
    mark = mark_of(held(structure, PresentationForm.fields))
    first = {"mark": mark, "description": "Un", "workforce": "10"}
    assert sent(keeper(app), path, first).status_code == 303
    answer = sent(keeper(app), path, {"mark": mark, "description": "Deux", "workforce": "10"})
    assert answer.status_code == 409
    assert "Rien n’a été écrasé" in answer.text
    assert "Deux" in answer.text
    assert structure.description == "Un"
    # Another part of the page is another form: what it says stands in nobody's way.
    other = {"mark": mark_of(held(structure, IdentityForm.fields)), "name": "Les Essais", "kind": "ei", "brand": "E"}
    assert sent(keeper(app), path.replace("presentation", "identite"), other).status_code == 303
    again = re.search(r'name="mark" value="(\w+)"', answer.text)
    assert again is not None
    assert sent(keeper(app), path, {"mark": again[1], "description": "Deux", "workforce": "10"}).status_code == 303
    db.session.expire_all()
    assert structure.description == "Deux"
    kinds = {one.field: one.kind for one in db.session.scalars(select(FieldSource))}
    assert kinds == {"description": "person", "workforce": "person", "kind": "person", "brand": "person"}


def test_a_refused_form_shows_what_was_typed(app: Flask, structure: Structure) -> None:
    path = f"/annuaire/structures/{structure.id}/tenir"
    wrong = {"siret": "123", "name": "Nom tapé", "kind": "aci", "brand": "Marque tapée", "mark": "x"}
    answer = sent(keeper(app), f"{path}/identite", wrong)
    assert answer.status_code == 422
    for typed in ("Nom tapé", "Marque tapée", "123"):
        assert typed in answer.text
    offer = sent(keeper(app), f"{path}/offres/nouvelle", {"title": "Titre tapé", "reach": "radius", "radius_km": ""})
    assert offer.status_code == 422
    assert "Titre tapé" in offer.text


def test_a_siret_is_of_one_page_only(app: Flask, structure: Structure) -> None:
    db.session.add(Structure(name="Une autre", siret="99800000600018", kind="ei"))
    db.session.commit()
    taken = {"siret": "99800000600018", "name": "Les Essais", "kind": "aci", "mark": "x"}
    answer = sent(keeper(app), f"/annuaire/structures/{structure.id}/tenir/identite", taken)
    assert answer.status_code == 422


def test_offers_are_added_ordered_and_removed(app: Flask, structure: Structure, trade: Trade) -> None:
    path = f"/annuaire/structures/{structure.id}/tenir/offres"
    form = {
        "activities": str(trade.activities[0].id), "deliveries": ["service", "supply"], "capacity": "Trois équipes",
        "reach": "places", "communes": ["93066"], "largest_amount": "",
    }  # fmt: skip
    assert sent(keeper(app), f"{path}/nouvelle", form).status_code == 303
    db.session.expire_all()
    made = structure.offers[-1]
    assert (made.is_supply, made.radius_km, [one.name for one in made.communes]) == (True, None, ["Saint-Denis"])
    assert sent(keeper(app), f"{path}/{made.id}/monter").status_code == 303
    assert sent(keeper(app), f"{path}/{made.id}/monter").status_code == 303
    db.session.expire_all()
    assert structure.offers[0].id == made.id
    assert sent(keeper(app), f"{path}/{made.id}/suppression").status_code == 303
    db.session.expire_all()
    assert len(structure.offers) == 2
    assert sent(keeper(app), f"{path}/{made.id}/suppression").status_code == 404
    other = Structure(name="Une autre", kind="ei", offers=[Offer(title="X", reach="france")])
    db.session.add(other)
    db.session.commit()
    assert sent(keeper(app), f"{path}/{other.offers[0].id}", form).status_code == 404


def test_a_claim_says_the_same_whether_anybody_keeps_the_page_or_not(app: Flask, structure: Structure) -> None:
    make_person("admin@essai.example", ADMINISTRATOR)
    orphan = Structure(name="Sans personne", kind="ei", listed_at=now())
    db.session.add(orphan)
    db.session.commit()
    client = client_of(app, make_person("curieux@essai.example"))
    said = []
    for one in (structure, orphan):
        path = f"/annuaire/structures/{one.id}/demande"
        assert sent(client, path, {"reason": "directrice"}).location == path
        said.append(client.get(path).text.replace(one.name, "").replace(f"structures/{one.id}", ""))
    cleaned = [re.sub(r'value="[^"]+"|nonce-?[^"]*"[^"]*"|attend .*', "", text) for text in said]
    assert cleaned[0] == cleaned[1]
    told = {
        message.recipient for message in db.session.scalars(select(Message).where(Message.purpose == "claim.asked"))
    }
    assert told == {"alix@essai.example", "admin@essai.example"}
    sent(client, f"/annuaire/structures/{orphan.id}/demande", {"reason": "directrice"})
    assert len(db.session.scalars(select(Message).where(Message.purpose == "claim.asked")).all()) == 2


def test_an_accepted_claim_lets_the_person_keep_the_page_and_a_refused_one_does_not(
    app: Flask, structure: Structure
) -> None:
    for email, answer in (("oui@essai.example", "accepter"), ("non@essai.example", "refuser")):
        asking = make_person(email)
        claim = claims.ask(db.session, structure, reason="directrice", by=asking, now=now())
        db.session.commit()
        path = f"/annuaire/structures/{structure.id}/tenir/demandes/{claim.id}/{answer}"
        assert sent(client_of(app, asking), path).status_code == 403
        assert sent(keeper(app), path).status_code == 303
        assert may_manage(asking, structure) == (answer == "accepter")
    assert sent(keeper(app), path.replace("refuser", "accepter")).status_code == 303  # what is answered stays so
    refused = person("non@essai.example")
    assert not may_manage(refused, structure)
    with pytest.raises(claims.RefusedClaim):
        claims.ask(db.session, structure, reason="encore", by=refused, now=now())
    erase(db.session, refused, by=None, now=now())
    db.session.commit()
    assert [one.person_id for one in db.session.scalars(select(Claim))] == [person("oui@essai.example").id]


def test_a_page_is_confirmed_from_the_reminder_once_and_only_by_a_button(app: Flask, structure: Structure) -> None:
    structure.confirmed_at = now() - timedelta(days=600)
    db.session.commit()
    assert "À confirmer" in page(app.test_client(), structure)
    assert reminding.remind_due(db.session, now=now()) == 1
    assert reminding.remind_due(db.session, now=now() + timedelta(days=30)) == 0
    db.session.commit()
    link = f"/annuaire/confirmation/{reminding.token_of(structure)}"
    message = db.session.scalars(select(Message).where(Message.purpose == "directory.confirm")).one()
    assert link in message.body
    visitor = app.test_client()
    assert visitor.get(link).status_code == 200
    assert "À confirmer" in page(app.test_client(), structure)  # opening the link does nothing
    assert sent(visitor, link).status_code == 303
    assert "À confirmer" not in page(app.test_client(), structure)
    assert app.test_client().get(link[:-3] + "abc").status_code == 410
    structure.delisted_at, structure.delisted_reason = now(), "x"
    db.session.commit()
    assert visitor.get(link).status_code == 410


SCRIPT = "<img src=x onerror=alert(1)>"


def test_a_script_in_what_an_import_or_a_file_wrote_is_text(app: Flask, structure: Structure) -> None:
    texts: dict[str, Any] = dict.fromkeys(
        ("name", "brand", "legal_form", "description", "address", "city", "joint_bids", "certifications"), SCRIPT
    )
    for name, value in texts.items():
        setattr(structure, name, value)
    structure.website = "javascript:alert(1)"
    structure.offers[0].title = structure.offers[0].description = structure.offers[0].capacity = SCRIPT
    structure.clients = [ClientReference(client=SCRIPT, subject=SCRIPT)]
    db.session.add(FieldSource(structure_id=structure.id, field="offers", kind="import", source=SCRIPT, at=now()))
    db.session.commit()
    for path in ("", "/tenir", "/tenir/offres", "/tenir/references", "/tenir/identite"):
        text = keeper(app).get(f"/annuaire/structures/{structure.id}{path}").text
        assert SCRIPT not in text, path
        assert 'href="javascript' not in text


def test_places_are_offered_with_their_level(app: Flask, structure: Structure) -> None:
    path = f"/annuaire/structures/{structure.id}/tenir/offres/mots/lieux?find_place=seine"
    assert re.search(r"Seine-Saint-Denis <span[^>]*>Département", keeper(app).get(path).text)


def test_organisers_who_look_after_a_structure_write_but_do_not_publish(app: Flask, structure: Structure) -> None:
    edition = make_edition("essai")
    db.session.add(Participation(edition=edition, organisation=structure, code="S99", side="structure"))
    organiser = client_of(app, make_person("organisation@essai.example", ORGANISER, edition_id=edition.id))
    db.session.commit()
    path = f"/annuaire/structures/{structure.id}/tenir"
    mark = mark_of(held(structure, PresentationForm.fields))
    assert sent(organiser, f"{path}/presentation", {"mark": mark, "description": "Pour elle"}).status_code == 303
    for deed in ("publication", "retrait", "confirmation", "radiation"):
        assert sent(organiser, f"{path}/{deed}", {"reason": "x"}).status_code == 403
    assert sent(keeper(app), f"{path}/radiation", {"reason": "x"}).status_code == 403


def test_files_are_judged_by_their_content_and_handed_over_safely(app: Flask, structure: Structure) -> None:
    path = f"/annuaire/structures/{structure.id}"

    def put(use: str, content: bytes, name: str, words: str = "Ce que l’on voit") -> int:
        data = {"use": use, "words": words, "file": (BytesIO(content), name)}
        return sent(keeper(app), f"{path}/tenir/fichiers", data, content_type="multipart/form-data").status_code

    assert put("photo", b"%PDF-1.7 essai", "photo.png") == 422
    assert put("document", shown_png(), "plaquette.pdf") == 422
    assert put("photo", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "photo.svg") == 422
    assert put("photo", shown_png(), "photo.png", words="") == 422
    assert put("logo", shown_png(), "logo.png") == put("document", b"%PDF-1.7 essai", "p.html.pdf") == 303
    db.session.expire_all()
    logo, document = structure.files
    shown = app.test_client().get(f"{path}/fichiers/{logo.id}")
    handed = app.test_client().get(f"{path}/fichiers/{document.id}")
    assert shown.headers["Content-Disposition"].startswith("inline")
    assert handed.headers["Content-Disposition"].startswith("attachment")
    for answer in (shown, handed):
        assert "sandbox" in answer.headers["Content-Security-Policy"]
    structure.listed_at = None
    db.session.commit()
    assert app.test_client().get(f"{path}/fichiers/{logo.id}").status_code == 404
    assert sent(keeper(app), f"{path}/tenir/fichiers/{logo.id}/suppression").status_code == 303


def test_the_invented_directory_is_marked_whole_and_made_once(app: Flask) -> None:
    load_packaged()
    people = {"structure_delegate": make_person("delegue@essai.example")}
    assert demo_sourcing(db.session, people, now()) == 40
    db.session.commit()
    made = db.session.scalars(select(Structure)).all()
    assert all(one.is_invented and one.name.endswith(MARK) and one.commune_code and one.offers for one in made)
    assert len({one.siret for one in made}) == 40
    assert demo_sourcing(db.session, people, now()) == 0
