"""The form and the pages of a buyer: what is typed is kept, what is refused says why."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from openmap.directory.models import Structure
from openmap.extensions import db
from openmap.needs.models import Need
from openmap.needs.periods import bounds, horizon, quarters_from
from openmap.needs.services import today_of
from openmap.people import privacy
from tests.house.linting import faults_of
from tests.needs.conftest import Town, activity, area
from tests.signing import now, sent

TODAY = today_of(now())
DAY = timedelta(days=1)


def new(town: Town, **more: Any) -> Any:
    return sent(town.client("buyer"), f"/organisations/{town.buyer.id}/besoins/nouveau", town.form(**more))


def only() -> Need:
    return db.session.scalars(select(Need)).one()


def test_a_whole_form_declares_a_need(town: Town) -> None:
    answer = new(town, cpv_typed="77311000-3, 77320000", lots="Nord\r\nSud", contact_phone="01 23 45 67 89")
    need = only()
    assert (answer.status_code, answer.location) == (303, f"/besoins/{need.id}")
    assert (need.state, need.quarter, need.lots) == ("declared", quarters_from(TODAY)[1], "Nord\nSud")
    assert (need.starts_on, need.ends_on) == bounds(quarters_from(TODAY)[1])
    assert need.cpv == ["77310000", "77311000", "77320000"]
    assert ([one.code for one in need.areas], [one.code for one in need.communes]) == (["94"], ["94081"])
    assert (need.contact_phone, need.person_id) == ("+33123456789", town.people["buyer"].id)
    page = town.client("nobody").get(answer.location).text
    for words in ("Val-de-Marne, Vitry-sur-Seine", "Clause d’exécution", "n’engage personne", "Connectez-vous"):
        assert words in page
    assert "Camille" not in page


def test_a_draft_needs_an_object_only(town: Town) -> None:
    bare = {name: list[str]() for name in ("activities", "cpv", "areas", "communes")}
    assert new(town, geste="brouillon", quarter="", **bare).status_code == 303
    assert only().state == "draft"
    answer = new(town, geste="brouillon", title=" ", **bare)
    assert answer.status_code == 422
    assert "Dites en une ligne" in answer.text


@pytest.mark.parametrize("who", ["organiser", "administrator"])
def test_who_looks_after_a_buyer_states_for_it(town: Town, who: str) -> None:
    path = f"/organisations/{town.buyer.id}/besoins/nouveau"
    assert sent(town.client(who), path, town.form()).status_code == 303


def test_a_structure_states_no_needs(town: Town) -> None:
    structure = db.session.scalars(select(Structure)).first()
    assert structure is not None
    assert town.client("administrator").get(f"/organisations/{structure.id}/besoins").status_code == 404


FAULTS = {
    "title": ({"title": ""}, "Dites en une ligne"),
    "cpv": ({"cpv_typed": "7731"}, "huit chiffres"),
    "codes": ({"cpv_typed": " ".join(f"{77310000 + rank}" for rank in range(21))}, "Vingt codes"),
    "one day": ({"quarter": "", "starts_on": str(TODAY)}, "Donnez les deux dates"),
    "order": ({"quarter": "", "starts_on": str(TODAY + DAY), "ends_on": str(TODAY)}, "La fin vient avant"),
    "past": ({"quarter": "", "starts_on": "2020-01-01", "ends_on": str(TODAY - DAY)}, "Cette période est passée"),
    "late": ({"quarter": "", "starts_on": str(horizon(TODAY) + DAY), "ends_on": str(horizon(TODAY) + DAY)},
             "les dix-huit mois à venir vont jusqu’au"),
    "outside the quarter": ({"starts_on": str(TODAY), "ends_on": str(TODAY)}, "pas dans le trimestre choisi"),
    "no day": ({"quarter": "", "starts_on": "31/02/2027", "ends_on": str(TODAY)}, "Cette date n’existe pas"),
    "no quarter": ({"quarter": "2017-T1"}, "valide"),
    "no period": ({"quarter": ""}, "Dites quand"),
    "activities": ({"activities": [], "cpv": []}, "au moins une activité"),
    "areas": ({"areas": [], "communes": []}, "Dites où"),
    "mail": ({"contact_email": "camille"}, "n’est pas complète"),
    "phone": ({"contact_phone": "12"}, "n’existe pas"),
    "name": ({"contact_name": "www.evil.example"}, "ne contient pas d’adresse"),
    "lever": ({"lever": "autre"}, "valide"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_and_leads_to_its_field_and_nothing_typed_is_lost(town: Town, fault: str) -> None:
    values, sentence = FAULTS[fault]
    answer = new(town, **{"description": "Texte à garder", **values})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert faults_of(answer) == []
    summary = re.search(r'id="erreurs".*?</div>\s*</div>', answer.text, re.DOTALL)
    assert summary is not None
    assert sentence in summary[0]
    assert "Texte à garder" in answer.text
    assert 'value="camille@essai.example"' in answer.text or fault == "mail"
    if fault not in {"activities"}:
        assert re.search(rf'name="activities"[^>]*value="{activity("vert.tonte").id}" checked', answer.text)
    assert db.session.scalars(select(Need)).all() == []


def test_all_that_is_missing_is_said_at_once(town: Town) -> None:
    answer = new(town, title="", activities=[], cpv=[], areas=[], communes=[], quarter="")
    for words in ("Dites en une ligne", "au moins une activité", "Dites où", "Dites quand"):
        assert answer.text.count(words) == 2  # in the summary and at the field


def test_the_days_just_inside_are_taken(town: Town) -> None:
    for first, last in ((TODAY - 30 * DAY, TODAY), (horizon(TODAY), horizon(TODAY) + 60 * DAY)):
        days = {"starts_on": f"{first:%d/%m/%Y}", "ends_on": str(last)}
        assert new(town, quarter="", title=f"Du {first}", **days).status_code == 303
    assert [(one.quarter, one.ends_on - one.starts_on) for one in db.session.scalars(select(Need))] == [
        (None, 30 * DAY), (None, 60 * DAY),
    ]  # fmt: skip


def test_a_search_without_a_script_keeps_the_page_as_typed(town: Town) -> None:
    answer = new(town, chercher="1", find_trade="nettoyage bureaux", find_place="saint-denis", title="Ménage")
    assert answer.status_code == 200
    assert faults_of(answer) == []
    assert 'value="Ménage"' in answer.text
    assert f'id="activities-{activity("vert.tonte").id}"' in answer.text
    locaux = activity("propre.locaux").id
    assert re.search(rf'id="activities-{locaux}" value="{locaux}">', answer.text)  # found, not ticked
    assert 'id="cpv-90911200"' in answer.text
    assert 'id="communes-93066"' in answer.text
    assert db.session.scalars(select(Need)).all() == []


def test_a_search_with_a_script_keeps_what_is_ticked(town: Town) -> None:
    tonte, client = activity("vert.tonte").id, town.client("buyer")
    text = client.get(f"/besoins/mots/activites?find_trade=nettoyage&activities={tonte}&cpv=99999999").text
    assert f'value="{tonte}" checked' in text
    assert 'value="99999999" checked' in text
    assert "2\u00a0activités" in text
    assert "<html" not in text
    text = client.get(f"/besoins/mots/lieux?find_place=zzz&areas={area('93').id}&communes=94081").text
    assert 'value="94081" checked' in text
    assert "Aucun autre lieu" in text


def test_editing_shows_what_the_need_holds_and_logs_what_changes(town: Town) -> None:
    new(town)
    need, client = only(), town.client("buyer")
    page = client.get(f"/besoins/{need.id}/modifier").text
    assert re.search(rf'<option selected value="{need.quarter}">', page)
    assert re.search(r'<input[^>]*id="starts_on"[^>]*value=""', page)  # the quarter says it all
    assert "datée et montrée à tous" in page
    form = town.form(title="Tonte et taille", version=str(need.version), geste="enregistrer")
    assert sent(client, f"/besoins/{need.id}/modifier", form).status_code == 303
    page = town.client("nobody").get(f"/besoins/{need.id}").text
    assert re.search(r"<del[^>]*>Tonte des parcs</del>", page)
    assert re.search(r"<ins[^>]*>Tonte et taille</ins>", page)
    assert page.count("<strong>Modifié</strong>") == page.count("<strong>Déclaré</strong>") == 1


def test_two_tabs_show_both_texts_and_the_second_save_keeps_what_was_typed(town: Town) -> None:
    new(town)
    need, client = only(), town.client("buyer")
    path, version = f"/besoins/{need.id}/modifier", str(need.version)
    sent(client, path, town.form(title="Première", version=version))
    answer = sent(client, path, town.form(title="Seconde", lots="Nord", version=version))
    assert answer.status_code == 409
    assert faults_of(answer) == []
    assert "Rien n’a été écrasé" in answer.text
    for words in ("Première", "Seconde", "Nord"):
        assert words in answer.text
    db.session.expire_all()
    assert only().title == "Première"
    found = re.search(r'name="version" value="(\d+)"', answer.text)
    assert found is not None
    assert sent(client, path, town.form(title="Seconde", lots="Nord", version=found[1])).status_code == 303
    db.session.expire_all()
    assert (only().title, len(only().log)) == ("Seconde", 3)


def test_a_withdrawn_need_says_so_leaves_the_list_and_comes_back(town: Town) -> None:
    new(town)
    need, client = only(), town.client("buyer")
    assert sent(client, f"/besoins/{need.id}/retrait").status_code == 303
    assert "a retiré ce besoin" in town.client("nobody").get(f"/besoins/{need.id}").text
    assert need.title not in town.client("nobody").get("/besoins").text
    answer = sent(client, f"/besoins/{need.id}/modifier", town.form(title="x", version=str(need.version)))
    assert answer.status_code == 409
    assert "rétablissez-le" in answer.text
    assert 'value="x"' in answer.text
    sent(client, f"/besoins/{need.id}/retablissement")
    assert need.title in town.client("nobody").get("/besoins").text


def test_a_draft_is_discarded_and_a_declared_need_is_not(town: Town) -> None:
    new(town, geste="brouillon")
    number, client = only().id, town.client("buyer")
    answer = sent(client, f"/besoins/{number}/suppression")
    assert answer.location == f"/organisations/{town.buyer.id}/besoins"
    new(town)
    answer = sent(client, f"/besoins/{only().id}/suppression")
    assert "retirez-le" in client.get(answer.location).text
    assert only().state == "declared"


def test_a_copy_opens_as_a_draft_ready_to_declare(town: Town) -> None:
    former = town.need(ahead=0)
    client = town.client("buyer")
    answer = sent(client, f"/besoins/{former.id}/copie")
    assert answer.status_code == 303
    page = client.get(answer.location).text
    assert "Voici une copie" in page
    assert 'value="Tonte des parcs"' in page
    assert len(db.session.scalars(select(Need).where(Need.state == "draft")).all()) == 1


def test_the_buyers_list_counts_filters_and_says_what_to_do_when_empty(town: Town) -> None:
    client, path = town.client("buyer"), f"/organisations/{town.buyer.id}/besoins"
    assert "Déclarer un premier besoin" in client.get(path).text
    town.need("à venir")
    town.need("passé", quarter=None, starts_on=TODAY - 9 * DAY, ends_on=TODAY - DAY)
    town.need("brouillon", state="draft", declared_at=None, quarter=None, starts_on=None, ends_on=None)
    for query, titles in (
        ("", ["à venir", "passé", "brouillon"]),
        ("?etat=declared", ["à venir", "passé"]),
        ("?quand=past", ["passé"]),
        ("?quand=undated", ["brouillon"]),
        ("?etat=draft&quand=coming", []),
        ("?etat=rien&quand=rien", ["à venir", "passé", "brouillon"]),
    ):
        text = client.get(path + query).text
        assert {title for title in ("à venir", "passé", "brouillon") if f"<strong>{title}</strong>" in text} == set(
            titles
        )
    text = client.get(path).text
    for words in ("Brouillon (1)", "Déclaré (2)", "Retiré (0)", "passée (1)", "3\u00a0besoins"):
        assert words in text
    assert "Tout montrer" in client.get(f"{path}?etat=withdrawn").text


def test_the_account_leads_a_buyers_person_to_its_needs(town: Town) -> None:
    town.need()
    assert f"Besoins de {town.buyer.name} (1)" in town.client("buyer").get("/compte").text
    assert "Besoins de" not in town.client("structure").get("/compte").text


def test_a_person_takes_along_and_has_erased_what_needs_keep_of_them(town: Town) -> None:
    person, others = town.people["buyer"], {"contact_name": "Autre", "contact_email": "autre@essai.example"}
    own = town.need("mien", contact_name="Buyer", contact_email=str(person.email).upper(), contact_phone="+33123456789")
    town.need("d’un autre", **others)
    data = privacy.export(db.session, person)["needs"]
    assert [row["title"] for row in data] == ["mien", "d’un autre"]
    assert data[0]["contact_phone"] == "+33123456789"
    privacy.forget(db.session, person, by=None, now=now())
    db.session.commit()
    assert (own.person_id, own.contact_name, own.contact_email, own.contact_phone) == (None, "", "", "")
    kept = db.session.scalars(select(Need).where(Need.title == "d’un autre")).one()
    assert (kept.person_id, kept.contact_email) == (None, "autre@essai.example")


def test_a_contact_is_forgotten_a_year_after_the_period(town: Town) -> None:
    limit, named = TODAY - timedelta(days=365), {"contact_email": "contact@essai.example", "quarter": None}
    town.need("hier", starts_on=limit - DAY, ends_on=limit - DAY, **named)
    town.need("pas encore", starts_on=limit, ends_on=limit + DAY, **named)
    town.need("sans date", starts_on=None, ends_on=None, changed_at=now() - timedelta(days=366), **named)
    town.need("sans date récente", starts_on=None, ends_on=None, changed_at=now(), **named)
    assert privacy.purge(db.session, now=now())["needs"] == 2
    db.session.commit()
    asked = select(Need.title).where(Need.contact_email != "").order_by(Need.title)
    assert list(db.session.scalars(asked)) == ["pas encore", "sans date récente"]
    assert "needs" not in privacy.purge(db.session, now=now())


def test_the_demonstration_states_needs_once_in_every_state(town: Town) -> None:
    from openmap.demo_parts.stating import NEEDS, demo_stating

    people = {"buyer_delegate": town.people["buyer"]}
    for _ in range(2):
        buyers = demo_stating(town.edition, people, now())
        db.session.commit()
    made = db.session.scalars(select(Need)).all()
    assert len(made) == len(NEEDS)
    assert all(one.name.endswith("(fictif)") and one.is_invented for one in buyers)
