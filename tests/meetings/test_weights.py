"""The organiser's page of weights: what is tried is shown before it is kept, and nobody overwrites anybody."""

from __future__ import annotations

import re
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from openmap.events.services import copy
from openmap.extensions import db
from openmap.meetings.models import MatchSetting
from openmap.meetings.weighing import HOUSE, NoWeight, StaleWeights, save_weights, setting_of, weights_of
from openmap.people.journal import verify
from openmap.people.models import ORGANISER, JournalEntry
from tests.house.counting import statements
from tests.house.linting import faults_of
from tests.meetings.matched import NOW, Place
from tests.signing import client_of, make_person, sent

PATH = "/editions/essai/rapprochement"
TRIED = {
    "version": "1", "sector": "0", "territory": "80", "text": "0", "capacity": "20", "past": "0", "prefers": "novelty",
    "completes": "3",
}  # fmt: skip


@pytest.fixture
def place(app: Flask) -> Place:
    """Return an edition of two buyers and three structures that weights tell apart."""
    place = Place()
    place.buyer("B1", "Tonte", activities=["tonte"], areas=["A"], amount="90k_221k")
    place.buyer("B2", "Lavage", activities=["lavage"], areas=["B"])
    place.structure("S1", activities=["tonte"], areas=["B"], offers="Tonte", workforce=3)
    place.structure("S2", activities=["lavage"], areas=["A"], offers="Lavage", workforce=40)
    place.structure("S3", commune_code="99003", offers="Autre chose")
    return place


def shown(page: str, part: str) -> list[str]:
    """Return the names listed under a heading of the comparison, in order."""
    block = page.split(f"<h4>{part}</h4>")[1].split("</ol>", maxsplit=1)[0]
    return re.findall(r'match__name">([^<]+)<', block)


def test_effect_is_shown_side_by_side_and_nothing_is_kept_before_it_is_saved(place: Place, client: FlaskClient) -> None:
    answer = sent(client, PATH, {**TRIED, "apercu": "1"})
    assert answer.status_code == 200
    assert faults_of(answer) == []
    assert "Rien n’est encore enregistré." in answer.text
    assert "pour 2\u00a0acheteurs sur 2" in answer.text
    assert shown(answer.text, "Aujourd’hui")[0] == "Structure S1"
    assert shown(answer.text, "Avec ces poids")[0] == "Structure S2"
    assert "monte de 1" in answer.text
    assert 'value="80"' in answer.text  # what was typed stays typed
    assert db.session.get(MatchSetting, place.edition.id) is None


def test_saved_weights_are_in_force_told_in_words_and_in_the_journal(place: Place, client: FlaskClient) -> None:
    answer = sent(client, PATH, {**TRIED, "enregistrer": "1"})
    assert (answer.status_code, answer.location) == (303, PATH)
    page = client.get(PATH).text
    assert "territoire 80 + taille 20" in " ".join(page.split())
    assert "réglés pour cette édition" in page
    assert "Structure S2" in page.split("match__name")[1]
    setting = setting_of(db.session, place.edition)
    assert setting is not None
    assert (setting.version, setting.completes) == (2, 3)
    entry = db.session.scalars(select(JournalEntry).where(JournalEntry.action == "matching.weights")).one()
    assert entry.changes["match_territory"] == [25, 80]
    assert entry.changes["match_completes"] == [5, 3]
    assert verify(db.session).broken_at is None
    history = client.get("/editions/essai/journal").text
    assert "poids du territoire" in history
    assert "Poids du rapprochement modifiés" in history or "poids du rapprochement modifiés" in history


def test_second_of_two_organisers_is_told_and_sees_what_is_in_force(place: Place, client: FlaskClient) -> None:
    sent(client, PATH, {**TRIED, "enregistrer": "1"})
    late = sent(client, PATH, {**TRIED, "text": "90", "enregistrer": "1"})
    assert late.status_code == 409
    assert faults_of(late) == []
    assert "modifiés par quelqu’un d’autre" in late.text
    assert 'name="version" type="hidden" value="2"' in late.text
    assert weights_of(setting_of(db.session, place.edition))["text"] == 0


def test_versions_are_held_by_the_database_itself(place: Place) -> None:
    one, other = make_person("un@essai.example"), make_person("deux@essai.example")
    weights = {**HOUSE, "text": 50}
    save_weights(db.session, place.edition, weights, completes=5, seen=1, by=one, now=NOW)
    db.session.commit()
    for seen in (1, 3, -1):
        with pytest.raises(StaleWeights):
            save_weights(db.session, place.edition, HOUSE, completes=5, seen=seen, by=other, now=NOW)
        db.session.rollback()
    assert weights_of(setting_of(db.session, place.edition))["text"] == 50


def test_no_weight_at_all_is_refused_with_what_was_typed(place: Place, client: FlaskClient) -> None:
    for button in ("apercu", "enregistrer"):
        nothing = dict.fromkeys(("sector", "territory", "text", "capacity", "past"), "0")
        answer = sent(client, PATH, {**TRIED, **nothing, button: "1"})
        assert answer.status_code == 409
        assert "Donnez du poids à une partie au moins" in answer.text
    with pytest.raises(NoWeight):
        save_weights(
            db.session, place.edition, dict.fromkeys(HOUSE, 0), completes=5, seen=1, by=make_person("x@x.example"),
            now=NOW,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value"), [("sector", "101"), ("text", "-1"), ("past", "beaucoup"), ("completes", "31")]
)
def test_wrong_numbers_are_refused_beside_their_field(
    place: Place, client: FlaskClient, field: str, value: str
) -> None:
    answer = sent(client, PATH, {**TRIED, field: value, "enregistrer": "1"})
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert faults_of(answer) == []


def test_weights_of_the_house_come_back(place: Place, client: FlaskClient) -> None:
    assert "Revenir aux poids de départ" not in client.get(PATH).text
    sent(client, PATH, {**TRIED, "enregistrer": "1"})
    assert "Revenir aux poids de départ" in client.get(PATH).text
    assert sent(client, f"{PATH}/maison", {"version": "1"}).status_code == 409
    assert sent(client, f"{PATH}/maison", {"version": "2"}).status_code == 303
    setting = setting_of(db.session, place.edition)
    assert weights_of(setting) == dict(HOUSE)
    assert setting is not None
    assert setting.completes == 3  # how many wishes a silent side is given is another matter
    assert "Ce sont les poids de départ." in client.get(PATH).text


def test_copied_edition_keeps_the_weights_of_its_model(place: Place, client: FlaskClient) -> None:
    sent(client, PATH, {**TRIED, "enregistrer": "1"})
    by = make_person("un@essai.example")
    made = copy(db.session, place.edition, title="Copie", held_on=date(2018, 5, 17), by=by, now=NOW)
    db.session.commit()
    setting = setting_of(db.session, made)
    assert setting is not None
    assert (setting.version, setting.completes) == (1, 3)
    assert weights_of(setting) == weights_of(setting_of(db.session, place.edition))


def test_points_of_past_meetings_go_to_one_of_two(place: Place, client: FlaskClient) -> None:
    sent(client, PATH, {**TRIED, "past": "25", "prefers": "met", "enregistrer": "1"})
    weights = weights_of(setting_of(db.session, place.edition))
    assert (weights["met"], weights["novelty"]) == (25, 0)
    page = client.get(PATH).text
    assert "déjà rencontrés 20" in " ".join(page.split())
    assert re.search(r'checked[^>]*value="met"|value="met"[^>]*checked', page)


@pytest.mark.parametrize(
    ("words", "heading"),
    [("", "Acheteur B1"), ("b2", "Acheteur B2"), ("structure s3", "Structure S3"), ("personne", "Aucun participant")],
)
def test_example_is_found_by_code_or_name(place: Place, client: FlaskClient, words: str, heading: str) -> None:
    page = client.get(PATH, query_string={"participant": words})
    assert page.status_code == 200
    assert f"<h3>{heading}" in page.text
    assert faults_of(page) == []


def test_organisers_of_the_edition_alone_see_it(app: Flask, place: Place) -> None:
    other = Place("autre")
    here = make_person("ici@essai.example", ORGANISER, edition_id=place.edition.id)
    there = make_person("ailleurs@essai.example", ORGANISER, edition_id=other.edition.id)
    assert client_of(app, here).get(PATH).status_code == 200
    assert client_of(app, there).get(PATH).status_code == 404  # not public yet: it does not exist for them
    assert client_of(app, None).get(PATH).status_code == 302


def test_page_sends_as_many_queries_for_thirty_as_for_three(client: FlaskClient) -> None:
    counts = []
    for slug, number in (("petite", 3), ("grande", 30)):
        place = Place(slug)
        for rank in range(number):
            place.buyer(f"B{rank}{slug}", f"Tonte {rank}", activities=["tonte"], areas=["A"])
            place.structure(f"S{rank}{slug}", activities=["tonte"], areas=["A"], offers="Tonte")
        with statements() as asked:
            assert client.get(f"/editions/{slug}/rapprochement").status_code == 200
        with statements() as tried:
            assert sent(client, f"/editions/{slug}/rapprochement", {**TRIED, "apercu": "1"}).status_code == 200
        counts.append((len(asked), len(tried)))
    assert counts[0] == counts[1]
