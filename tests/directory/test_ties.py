"""What a page takes over from a file once agreed, and who is told whom a structure met."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from openmap.applications.models import Application
from openmap.applications.renewing import renewal_of
from openmap.directory import renewing
from openmap.directory.models import Buyer, Delegate, FieldSource, Structure
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.meetings.models import Meeting, Participation, Wish
from openmap.people.models import ORGANISER, Person
from openmap.reference.models import Activity, Area, AreaCommune, Commune, Trade
from tests.applying import make_application
from tests.factories import make_edition, make_plan
from tests.signing import client_of, make_person, now, sent


@pytest.fixture
def file(app: Flask) -> Application:
    """A submitted file of Alix, who acts for its structure; its radius reaches beyond the area that it names."""
    del app
    area = Area(level="departement", code="93", name="Seine-Saint-Denis")
    trade = Trade(code="vert", name="Espaces verts", activities=[Activity(code="vert.tonte", name="Tonte")])
    db.session.add_all([area, trade])
    for code, name, lon in (("93048", "Montreuil", 2.44), ("94080", "Vincennes", 2.43)):
        db.session.add(Commune(code=code, name=name, folded=name.lower(), lon=lon, lat=48.85, postal_codes=[code]))
    db.session.flush()
    db.session.add(AreaCommune(area_id=area.id, commune_code="93048"))
    edition = make_edition("essai", held_on=(now() + timedelta(days=60)).date())
    alix = make_person("alix@essai.example")
    made = make_application(
        edition, person=alix, commune_code="93048", radius_km=10, website="https://essai.example", pitch_title="Secret"
    )
    made.activities, made.areas = [trade.activities[0]], [area]
    assert made.structure is not None
    db.session.flush()
    db.session.add(Delegate(person_id=alix.id, organisation_id=made.structure.id, invited_at=now()))
    db.session.commit()
    return made


def test_a_file_fills_the_page_once_agreed_and_nothing_before(app: Flask, file: Application) -> None:
    structure, client = file.structure, client_of(app, file.person)
    assert structure is not None
    path = f"/candidatures/{file.id}/annuaire"
    assert path in client.get(f"/candidatures/{file.id}").text
    shown = client.get(path).text
    assert "Un chantier d’insertion d’essai." in shown
    assert "Secret" not in shown
    assert (structure.description, structure.listed_at) == ("", None)
    assert sent(client, path).location == f"/annuaire/structures/{structure.id}"
    db.session.expire_all()
    assert structure.is_listed
    assert (structure.workforce, structure.city, structure.website) == (21, "Montreuil", "https://essai.example")
    told = {(one.activity.name if one.activity else "", one.reach) for one in structure.offers}
    assert told == {("Tonte", "places"), ("Tonte", "radius")}
    kinds = {one.kind for one in db.session.scalars(select(FieldSource))}
    assert kinds == {"application"}
    assert "Repris de sa candidature" in app.test_client().get(f"/annuaire/structures/{structure.id}").text
    assert renewing.steps_of(db.session, structure, renewal_of(db.session, file)) == []


def test_what_a_person_wrote_on_the_page_is_kept(app: Flask, file: Application) -> None:
    structure = file.structure
    assert structure is not None
    structure.description = "Écrit à la main."
    for field in ("description", "offers"):
        db.session.add(FieldSource(structure_id=structure.id, field=field, kind="person", at=now()))
    db.session.commit()
    client, path = client_of(app, file.person), f"/candidatures/{file.id}/annuaire"
    assert "gardé, écrit à la main" in client.get(path).text
    sent(client, path)
    db.session.expire_all()
    assert (structure.description, structure.offers, structure.workforce) == ("Écrit à la main.", [], 21)


def test_who_does_not_answer_for_the_structure_may_not_put_a_file_on_its_page(app: Flask, file: Application) -> None:
    organiser = make_person("organisation@essai.example", ORGANISER, edition_id=file.edition_id)
    other = make_application(file.edition, 1, person=make_person("autre@essai.example"))
    db.session.commit()
    assert other.structure is file.structure
    for person, one in ((organiser, file), (other.person, other)):
        path = f"/candidatures/{one.id}/annuaire"
        assert client_of(app, person).get(path).status_code == 403
        assert sent(client_of(app, person), path).status_code == 403
    # Whoever has applied for a structure may ask for its page, listed or not, and is told so.
    asked = f"/annuaire/structures/{file.structure_id}/demande"
    assert asked in client_of(app, other.person).get(f"/candidatures/{other.id}").text
    assert client_of(app, other.person).get(asked).status_code == 200
    assert client_of(app, make_person("tiers@essai.example")).get(asked).status_code == 404


def test_encounters_are_told_to_those_concerned_only(app: Flask) -> None:
    edition = make_edition("essai", buyers=4, structures=7, slots=5, held_on=date(2017, 11, 16))
    make_plan(edition)
    db.session.commit()
    meeting = db.session.scalars(select(Meeting).order_by(Meeting.id)).first()
    assert meeting is not None
    wish = db.session.get_one(Wish, meeting.wish_id)
    structure = db.session.get_one(Structure, _organisation(wish.structure_id))
    structure.listed_at = now()
    met, unmet = _organisation(wish.buyer_id), _unmet(edition)
    people = {
        "structure": _acts("structure@essai.example", structure.id),
        "met": _acts("met@essai.example", met),
        "unmet": _acts("unmet@essai.example", unmet),
        "organiser": make_person("organisation@essai.example", ORGANISER, edition_id=edition.id),
        "elsewhere": make_person("autre@essai.example", ORGANISER, edition_id=make_edition("ailleurs").id),
        "nobody": make_person("personne@essai.example"),
    }
    db.session.commit()
    path = f"/annuaire/structures/{structure.id}"
    told = {name: "Rendez-vous passés" in client_of(app, one).get(path).text for name, one in people.items()}
    assert told == {
        "structure": True, "met": True, "unmet": False, "organiser": True, "elsewhere": False, "nobody": False,
    }  # fmt: skip
    public = app.test_client().get(path).text
    assert "Rendez-vous passés" not in public
    assert edition.title in public
    edition.published_at = None
    db.session.commit()
    assert edition.title not in app.test_client().get(path).text


def _organisation(participation_id: int) -> int:
    return db.session.get_one(Participation, participation_id).organisation_id


def _unmet(edition: Edition) -> int:
    """Return a buyer of the edition that has no meeting."""
    buyer = Buyer(name="Acheteur sans rendez-vous", is_invented=True)
    db.session.add(Participation(edition=edition, organisation=buyer, code="Z9", side="buyer"))
    db.session.flush()
    return buyer.id


def _acts(email: str, organisation_id: int) -> Person:
    person = make_person(email)
    db.session.add(Delegate(person_id=person.id, organisation_id=organisation_id, invited_at=now()))
    return person
