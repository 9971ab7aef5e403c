"""Registrations: a place while there is one, the queue in order, mails that say so, and a list that leaves safely."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO
from itertools import pairwise

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar
from sqlalchemy import func, select

from openmap.events.letters import token_of
from openmap.events.models import Category, Edition, Phase, Registration
from openmap.events.registering import cancel, places, promote, register
from openmap.extensions import db, limiter
from openmap.mail.composing import as_email
from openmap.mail.models import Message
from openmap.people.models import ORGANISER, Person
from openmap.people.privacy import export, forget, purge
from tests.factories import make_edition
from tests.house.counting import statements
from tests.signing import client_of, make_person, now, sent

FORM = "/editions/essai/inscription"


@pytest.fixture
def edition(app: Flask) -> Edition:
    """Return an edition of two places whose registrations are open."""
    del app
    edition = make_edition(held_on=(now() + timedelta(days=40)).date(), capacity=2, contact_email="c@essai.example")
    edition.phases = [Phase(kind="registration", opens_at=now() - timedelta(days=1))]
    db.session.commit()
    return edition


@pytest.fixture
def organiser(app: Flask, edition: Edition) -> FlaskClient:
    return client_of(app, make_person("organisation@essai.example", ORGANISER, edition_id=edition.id))


def fill(client: FlaskClient, email: str, name: str = "Alex Essai", **more: str) -> int:
    category = db.session.scalar(select(func.min(Category.id)))
    answer = sent(client, FORM, {"name": name, "email": email, "category_id": str(category), **more})
    return answer.status_code


def states() -> list[tuple[int, str, str]]:
    rows = db.session.scalars(
        select(Registration).order_by(Registration.rank).execution_options(populate_existing=True)
    )
    return [(one.rank, one.person.email if one.person and one.person.email else "", one.state) for one in rows]


def mails(email: str) -> list[Message]:
    return list(db.session.scalars(select(Message).where(Message.recipient == email).order_by(Message.id)))


def test_places_then_queue_then_promotion_by_itself(client: FlaskClient, edition: Edition) -> None:
    for name in "abcd":
        assert fill(client, f"{name}@essai.example") == 303
    assert [state for _rank, _email, state in states()] == ["confirmed", "confirmed", "waiting", "waiting"]
    assert [mail.purpose for mail in mails("c@essai.example")] == ["registration.waiting"]
    assert "au rang 1" in mails("c@essai.example")[0].body
    link = re.search(r"/inscriptions/\S+", mails("a@essai.example")[0].body)
    assert link is not None
    page = client.get(link[0])
    assert "place confirmée" in page.text
    assert sent(client, link[0]).status_code == 303
    assert [state for _rank, _email, state in states()] == ["cancelled", "confirmed", "confirmed", "waiting"]
    assert [mail.purpose for mail in mails("c@essai.example")] == ["registration.waiting", "registration.confirmed"]
    assert sent(client, link[0]).status_code == 303  # once more changes nothing
    assert places(db.session, edition).confirmed == 2
    assert len(mails("a@essai.example")) == 2


def test_confirmation_carries_the_date_for_the_calendar(client: FlaskClient, edition: Edition) -> None:
    fill(client, "a@essai.example")
    mail = as_email(mails("a@essai.example")[0], sender="OpenMap ESS <o@essai.example>")
    attached = next(iter(mail.iter_attachments()))
    assert attached.get_content_type() == "text/calendar"
    assert attached.get_param("method") == "PUBLISH"
    event = Calendar.from_ical(attached.get_content()).walk("VEVENT")[0]
    uid = event["UID"]
    assert event.decoded("DTSTART") == min(item.start for item in edition.programme)
    token = token_of(db.session.scalars(select(Registration)).one())
    sent(client, f"/inscriptions/{token}")
    gone = as_email(mails("a@essai.example")[1], sender="OpenMap ESS <o@essai.example>")
    cancelled = Calendar.from_ical(next(iter(gone.iter_attachments())).get_content())
    assert cancelled["METHOD"] == "CANCEL"
    assert cancelled.walk("VEVENT")[0]["UID"] == uid
    assert cancelled.walk("VEVENT")[0]["SEQUENCE"] == 1


def test_known_and_unknown_addresses_get_the_same_answer(client: FlaskClient) -> None:
    category = str(db.session.scalar(select(func.min(Category.id))) or "")
    del category
    first = fill(client, "a@essai.example")
    again = fill(client, "a@essai.example")
    assert first == again == 303
    assert len(states()) == 1
    assert len(mails("a@essai.example")) == 2  # told again, once an hour at most
    fill(client, "a@essai.example")
    assert len(mails("a@essai.example")) == 2


@pytest.fixture(autouse=True)
def _open(edition: Edition) -> None:
    """Open the registrations for every test of this module."""


def test_category_keeps_places_for_the_others(edition: Edition) -> None:
    edition.capacity = 3
    edition.categories[0].capacity = 1
    people = [make_person(f"p{n}@essai.example") for n in range(4)]
    for n, person in enumerate(people):
        _register(edition, person, edition.categories[0 if n < 3 else 1])
    assert [state for _rank, _email, state in states()] == ["confirmed", "waiting", "waiting", "confirmed"]


def test_more_places_let_the_queue_in(edition: Edition, organiser: FlaskClient) -> None:
    for n in range(4):
        _register(edition, make_person(f"p{n}@essai.example"), edition.categories[0])
    db.session.commit()
    values = {"title": edition.title, "held_on": edition.held_on.isoformat(), "area_id": "0", "capacity": "3"}
    assert sent(organiser, "/editions/essai/preparation/identite", values).status_code == 303
    assert [state for _rank, _email, state in states()] == ["confirmed", "confirmed", "confirmed", "waiting"]


def test_who_comes_back_comes_last(edition: Edition) -> None:
    people = [make_person(f"p{n}@essai.example") for n in range(3)]
    made = [_register(edition, person, edition.categories[0]) for person in people]
    cancel(db.session, edition, made[0], by=None, now=now(), told=lambda _one: None)
    _register(edition, people[0], edition.categories[0])
    assert [(email[:2], state) for _rank, email, state in states()] == [
        ("p1", "confirmed"),
        ("p2", "confirmed"),
        ("p0", "waiting"),
    ]


@settings(max_examples=30, deadline=None)
@given(moves=st.lists(st.tuples(st.booleans(), st.integers(0, 9), st.integers(0, 1)), max_size=25))
def test_nobody_is_overtaken_and_no_place_is_given_twice(moves: list[tuple[bool, int, int]]) -> None:
    """Whatever people do, places never exceed the capacity and the queue moves in order within a category."""
    edition = db.session.scalars(select(Edition)).one()
    edition.capacity, edition.categories[0].capacity = 3, 2
    for leaves, who, category in moves:
        person = make_person(f"p{who}@essai.example")
        known = db.session.scalars(select(Registration).where(Registration.person_id == person.id)).one_or_none()
        if not leaves:
            _register(edition, person, edition.categories[category])
        elif known is not None:
            cancel(db.session, edition, known, by=None, now=now(), told=lambda _one: None)
        rows = db.session.scalars(select(Registration).order_by(Registration.rank)).all()
        confirmed = [one for one in rows if one.state == "confirmed"]
        assert len(confirmed) <= 3
        assert sum(one.category_id == edition.categories[0].id for one in confirmed) <= 2
        waiting = [one for one in rows if one.state == "waiting"]
        assert all(a.rank < b.rank for a, b in pairwise(waiting))
        if waiting and len(confirmed) < 3:  # only the category's own bound may keep someone out
            assert {one.category_id for one in waiting} == {edition.categories[0].id}
    db.session.query(Registration).delete()
    db.session.commit()


@pytest.mark.parametrize(
    ("opens", "closes", "told"),
    [(1, None, "pas encore ouvertes"), (-3, -1, "sont closes"), (None, None, "seront annoncées ici")],
)
def test_outside_the_dates_nobody_registers(
    client: FlaskClient, edition: Edition, opens: int | None, closes: int | None, told: str
) -> None:
    edition.phases.clear()
    db.session.flush()
    if opens is not None:
        end = now() + timedelta(days=closes) if closes is not None else None
        edition.phases.append(Phase(kind="registration", opens_at=now() + timedelta(days=opens), closes_at=end))
    db.session.commit()
    assert told in client.get(FORM).text
    assert fill(client, "a@essai.example") == 409
    assert states() == []


def test_bad_input_is_told_and_shown_again(client: FlaskClient) -> None:
    answer = sent(client, FORM, {"name": "", "email": "pas une adresse", "organisation": "Mon organisme"})
    assert answer.status_code == 422
    assert "Saisissez votre prénom et votre nom." in answer.text
    assert "Cette adresse n’est pas complète" in answer.text
    assert 'value="Mon organisme"' in answer.text
    assert 'value="pas une adresse"' in answer.text


def test_another_edition_s_category_is_refused(client: FlaskClient) -> None:
    other = make_edition("ailleurs")
    assert fill(client, "a@essai.example", category_id=str(other.categories[0].id)) == 422


def test_form_is_bounded_per_address_and_headers_do_not_help(app: Flask, client: FlaskClient) -> None:
    limiter.reset()
    limiter.enabled = True
    try:
        answers = [sent(client, FORM, {}, headers={"X-Forwarded-For": f"10.0.0.{n}"}).status_code for n in range(22)]
    finally:
        limiter.enabled = True
    assert answers[:20] == [422] * 20
    assert answers[20:] == [429] * 2
    del app


@pytest.mark.parametrize("token", ["faux", "1", "MQ.faux", "MQ", "%01", "a" * 3000])
def test_guessed_tokens_open_nothing(client: FlaskClient, edition: Edition, token: str) -> None:
    _register(edition, make_person("a@essai.example"), edition.categories[0])
    db.session.commit()
    assert client.get(f"/inscriptions/{token}").status_code == 404
    assert sent(client, f"/inscriptions/{token}").status_code == 404


def test_a_mail_scanner_that_opens_the_link_cancels_nothing(client: FlaskClient, edition: Edition) -> None:
    made = _register(edition, make_person("a@essai.example"), edition.categories[0])
    db.session.commit()
    for _ in range(3):
        assert client.get(f"/inscriptions/{token_of(made)}").status_code == 200
    assert client.post(f"/inscriptions/{token_of(made)}").status_code == 400  # without the page's own token
    assert [state for _rank, _email, state in states()] == ["confirmed"]


def test_lists_leave_without_a_formula(organiser: FlaskClient, client: FlaskClient) -> None:
    fill(client, "a@essai.example", name="=1+1", organisation="@SUM(A1)", requirements="-2+3")
    rows = list(
        csv.reader(StringIO(organiser.get("/editions/essai/inscrits.csv").data.decode("utf-8-sig")), delimiter=";")
    )
    assert [rows[1][n] for n in (1, 2, 7)] == ["'=1+1", "'@SUM(A1)", "'-2+3"]
    book = openpyxl.load_workbook(BytesIO(organiser.get("/editions/essai/inscrits.xlsx").data))
    cells = next(iter(book["Liste"].iter_rows(min_row=2)))
    assert cells[1].value == "=1+1"
    assert cells[1].data_type == "s"
    assert cells[1].quotePrefix


def test_export_is_what_the_filters_show(organiser: FlaskClient, edition: Edition) -> None:
    for n in range(4):
        _register(edition, make_person(f"p{n}@essai.example", name=f"Personne {n}"), edition.categories[n % 2])
    db.session.commit()
    query = f"etat=waiting&categorie={edition.categories[0].id}&q=personne"
    page = organiser.get(f"/editions/essai/inscrits?{query}").text
    assert "1\u00a0inscription<" in page.replace("&nbsp;", "\u00a0")
    rows = organiser.get(f"/editions/essai/inscrits.csv?{query}").data.decode("utf-8-sig").splitlines()
    assert len(rows) == 2
    assert "p2@essai.example" in rows[1]


def test_number_of_queries_is_the_same_for_3_rows_and_30(organiser: FlaskClient, edition: Edition) -> None:
    counts = []
    for upto in (3, 30):
        for n in range(upto):
            _register(edition, make_person(f"p{n}@essai.example"), edition.categories[0])
        db.session.commit()
        with statements() as sent_statements:
            organiser.get("/editions/essai/inscrits")
        counts.append(len(sent_statements))
    assert counts[0] == counts[1]


def test_organiser_of_another_edition_cancels_nothing(app: Flask, edition: Edition) -> None:
    made = _register(edition, make_person("a@essai.example"), edition.categories[0])
    other = make_edition("ailleurs")
    foreign = client_of(app, make_person("autre@essai.example", ORGANISER, edition_id=other.id))
    assert sent(foreign, f"/editions/ailleurs/inscrits/{made.id}/annulation").status_code == 404
    assert sent(foreign, f"/editions/essai/inscrits/{made.id}/annulation").status_code == 403
    assert [state for _rank, _email, state in states()] == ["confirmed"]


def test_who_is_erased_leaves_the_place_and_the_count(edition: Edition) -> None:
    people = [make_person(f"p{n}@essai.example", name=f"P {n}") for n in range(3)]
    for person in people:
        _register(edition, person, edition.categories[0])
    assert export(db.session, people[0])["registrations"][0]["name"] == "P 0"
    forget(db.session, people[0], by=people[0], now=now())
    db.session.commit()
    assert [(email[:2], state) for _rank, email, state in states()] == [
        ("", "cancelled"), ("p1", "confirmed"), ("p2", "confirmed"),
    ]  # fmt: skip
    assert db.session.scalars(select(Registration.name).order_by(Registration.rank)).all() == ["", "P 1", "P 2"]


def test_names_go_a_year_after_needs_a_week_after(edition: Edition) -> None:
    made = _register(
        edition, make_person("a@essai.example", name="Alex"), edition.categories[0], requirements="fauteuil"
    )
    db.session.commit()
    day = datetime.combine(edition.held_on, datetime.min.time(), UTC)
    for days, kept in ((6, ("Alex", "fauteuil")), (9, ("Alex", "")), (370, ("", ""))):
        purge(db.session, now=day + timedelta(days=days))
        db.session.commit()
        db.session.refresh(made)
        assert (made.name, made.requirements) == kept
    assert places(db.session, edition).confirmed == 1


def test_promotion_waits_for_room(edition: Edition) -> None:
    for n in range(3):
        _register(edition, make_person(f"p{n}@essai.example"), edition.categories[0])
    assert promote(db.session, edition, now=now(), told=lambda _one: None) == []


def _register(edition: Edition, person: Person, category: Category, **more: str) -> Registration:
    return register(
        db.session, edition, person, category, name=person.name, organisation="", by=None, now=now(),
        told=lambda _one: None, **more,
    )  # fmt: skip
