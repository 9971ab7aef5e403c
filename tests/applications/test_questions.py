"""The organisers' own questions: written, moved, conditional, never at the cost of an answer, copied on."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from openmap.applications import questions as services
from openmap.applications.models import Answer, Question
from openmap.applications.presenting import questions_of
from openmap.applications.questions import RefusedQuestion
from openmap.events.models import Edition
from openmap.events.services import copy
from openmap.extensions import db
from openmap.people.models import ORGANISER, Person
from tests.applying import make_application
from tests.factories import make_edition
from tests.signing import client_of, make_person, sent

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
PATH = "/editions/essai/preparation/questions"


@pytest.fixture
def edition(app: Flask) -> Edition:
    return make_edition("essai")


@pytest.fixture
def organiser(edition: Edition) -> Person:
    return make_person("organisation@essai.example", ORGANISER, edition_id=edition.id)


@pytest.fixture
def client(app: Flask, organiser: Person) -> FlaskClient:
    return client_of(app, organiser)


def values(label: str, kind: str = "text", **changes: Any) -> dict[str, Any]:
    return {
        "label": label, "kind": kind, "help": "", "options": [], "is_required": False, "depends_on_id": None,
        "depends_value": "", **changes,
    }  # fmt: skip


@pytest.fixture
def three(edition: Edition, organiser: Person) -> list[Question]:
    first = services.add(db.session, edition, values("Un local ?", "boolean"), by=organiser, now=NOW)
    leading = {"depends_on_id": first.id, "depends_value": "oui"}
    second = services.add(
        db.session, edition, values("Où ?", "choice", options=["Paris", "Ailleurs"], **leading), by=organiser, now=NOW
    )
    third = services.add(db.session, edition, values("Combien ?", "number"), by=organiser, now=NOW)
    db.session.commit()
    return [first, second, third]


def labels(edition: Edition) -> list[str]:
    return [one.label for one in questions_of(db.session, edition.id)]


def test_questions_are_moved_but_never_before_what_they_depend_on(
    edition: Edition, organiser: Person, three: list[Question]
) -> None:
    services.move(db.session, three[2], -1, by=organiser, now=NOW)
    assert labels(edition) == ["Un local ?", "Combien ?", "Où ?"]
    services.move(db.session, three[2], -1, by=organiser, now=NOW)
    services.move(db.session, three[2], -1, by=organiser, now=NOW)
    assert labels(edition) == ["Combien ?", "Un local ?", "Où ?"]
    for question, step in ((three[1], -1), (three[0], 1)):
        with pytest.raises(RefusedQuestion, match="doit rester après"):
            services.move(db.session, question, step, by=organiser, now=NOW)


@pytest.mark.parametrize(
    ("number", "changes"),
    [
        (0, {"depends_on_id": 0, "depends_value": "oui"}),
        (0, {"depends_on_id": 1, "depends_value": "Paris"}),
        (1, {"depends_on_id": 2, "depends_value": "3"}),
        (1, {"depends_on_id": 0, "depends_value": "peut-être"}),
        (1, {"depends_on_id": 99, "depends_value": "oui"}),
    ],
)
def test_a_condition_is_on_an_earlier_question_and_a_value_that_it_has(
    organiser: Person, three: list[Question], number: int, changes: dict[str, Any]
) -> None:
    parent = changes["depends_on_id"]
    kept = {"kind": three[number].kind, "options": three[number].options}
    asked = values("x", **kept, **changes) | {"depends_on_id": three[parent].id if parent < 3 else 9_999}
    with pytest.raises(RefusedQuestion):
        services.change(db.session, three[number], asked, by=organiser, now=NOW)
    db.session.rollback()


def test_what_another_depends_on_keeps_its_value_and_its_place(organiser: Person, three: list[Question]) -> None:
    with pytest.raises(RefusedQuestion, match="n’est posée que si"):
        services.change(db.session, three[0], values("Un local ?", "text"), by=organiser, now=NOW)
    db.session.rollback()
    with pytest.raises(RefusedQuestion, match="en dépend"):
        services.remove(db.session, three[0], by=organiser, now=NOW)
    services.remove(db.session, three[1], by=organiser, now=NOW)
    services.remove(db.session, three[0], by=organiser, now=NOW)


def test_answers_keep_their_meaning(edition: Edition, organiser: Person, three: list[Question]) -> None:
    make_application(edition, 1).answers.append(Answer(question=three[1], value="Paris"))
    db.session.commit()
    kept = {"depends_on_id": three[0].id, "depends_value": "oui"}
    with pytest.raises(RefusedQuestion, match="sa nature ne change plus"):
        services.change(db.session, three[1], values("Où ?", "text", **kept), by=organiser, now=NOW)
    with pytest.raises(RefusedQuestion, match="Paris"):
        services.change(
            db.session, three[1], values("Où ?", "choice", options=["Ailleurs", "Lyon"], **kept), by=organiser, now=NOW
        )
    with pytest.raises(RefusedQuestion, match="elle reste"):
        services.remove(db.session, three[1], by=organiser, now=NOW)
    services.change(
        db.session, three[1], values("Où donc ?", "choice", options=["Paris", "Lyon"], **kept), by=organiser, now=NOW
    )
    assert three[1].label == "Où donc ?"


def test_a_copied_edition_asks_the_same_under_the_same_conditions(
    edition: Edition, organiser: Person, three: list[Question]
) -> None:
    made = copy(db.session, edition, title="Copie", held_on=date(2027, 5, 4), by=organiser, now=NOW)
    db.session.commit()
    mine = questions_of(db.session, made.id)
    assert [one.label for one in mine] == labels(edition)
    assert (mine[1].depends_on_id, mine[1].depends_value) == (mine[0].id, "oui")
    assert not {one.id for one in mine} & {one.id for one in three}


def test_there_is_an_end_to_questions(edition: Edition, organiser: Person) -> None:
    for number in range(services.MOST):
        services.add(db.session, edition, values(f"Question {number}"), by=organiser, now=NOW)
    with pytest.raises(RefusedQuestion, match="Trente"):
        services.add(db.session, edition, values("De trop"), by=organiser, now=NOW)


def test_the_editor_writes_shows_and_refuses(edition: Edition, client: FlaskClient) -> None:
    wrong = sent(client, PATH, {"label": "Laquelle ?", "kind": "choice", "options": "Seule", "condition": ""})
    assert wrong.status_code == 422
    assert "au moins deux choix" in wrong.text
    for data in (
        {"label": "Un local ?", "kind": "boolean", "condition": "", "is_required": "y"},
        {
            "label": "Laquelle ?",
            "kind": "choices",
            "options": "Une\r\nDeux\r\nUne",
            "condition": "1:0",
            "help": "Ou <b>rien</b>",
        },
    ):
        assert sent(client, PATH, data).status_code == 303
    second = db.session.scalars(select(Question).where(Question.label == "Laquelle ?")).one()
    assert (second.options, second.depends_value) == (["Une", "Deux"], "oui")
    page = client.get(PATH).text
    assert "Posée si « Un local ? » = oui" in " ".join(page.split()).replace("</h2>", "")
    assert "<b>rien</b>" not in page
    assert sent(client, PATH, {"label": "x", "kind": "text", "condition": "1:9"}).status_code == 422
    assert sent(client, PATH, {"label": "x", "kind": "sql", "condition": ""}).status_code == 422
    refused = sent(client, f"{PATH}/1/suppression")
    assert refused.status_code == 409
    assert sent(client, f"{PATH}/{second.id}/suppression").status_code == 303
    assert sent(client, f"{PATH}/{second.id}/suppression").status_code == 404


def test_questions_of_another_edition_are_not_found_here(edition: Edition, client: FlaskClient) -> None:
    other = Question(edition_id=make_edition("ailleurs").id, kind="text", label="Ailleurs")
    db.session.add(other)
    db.session.commit()
    assert client.get(f"{PATH}/{other.id}").status_code == 404
    assert sent(client, f"{PATH}/{other.id}", {"label": "x", "kind": "text", "condition": ""}).status_code == 404
    assert sent(client, f"{PATH}/{other.id}/monter").status_code == 404
