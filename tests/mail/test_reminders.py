"""Reminders: each once, written a day before they leave, never late, never where they were switched off."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select

from openmap.events.letters import tell
from openmap.events.models import Edition, Registration
from openmap.events.registering import cancel, register
from openmap.events.services import change
from openmap.events.team import INVITED_AND_SILENT
from openmap.extensions import db
from openmap.mail.models import Message
from openmap.mail.reminders import rules, switch, write_due
from openmap.people.models import ORGANISER, Role
from tests.factories import make_edition
from tests.signing import client_of, make_person, sent

DAY = date(2030, 6, 13)
PARIS = ZoneInfo("Europe/Paris")


def at(days: int, hour: int = 9, minute: int = 0) -> datetime:
    """Return an hour so many days from the day of the edition."""
    return datetime(DAY.year, DAY.month, DAY.day, hour, minute, tzinfo=PARIS) + timedelta(days=days)


@pytest.fixture
def edition(app: Flask) -> Edition:
    """Return an edition with two people who come, one who waits and one who does not come any more."""
    del app
    edition = make_edition(held_on=DAY, capacity=3)
    made = [
        register(
            db.session, edition, make_person(f"p{n}@essai.example", name=f"P {n}"), edition.categories[0],
            name=f"P {n}", organisation="", by=None, now=at(-30), told=lambda _one: None,
        )
        for n in range(3)
    ]  # fmt: skip
    cancel(db.session, edition, made[2], by=None, now=at(-29), told=lambda _one: None)
    edition.capacity = 2
    db.session.commit()
    return edition


def written(purpose: str) -> list[Message]:
    return list(db.session.scalars(select(Message).where(Message.purpose == purpose).order_by(Message.recipient)))


@pytest.mark.parametrize(("rule", "days"), [("week_before", -7), ("day_before", -1), ("days_after", 2)])
@pytest.mark.usefixtures("edition")
def test_each_rule_writes_a_day_ahead_and_once(rule: str, days: int) -> None:
    assert write_due(db.session, now=at(days - 1, 8, 59)) == 0
    assert write_due(db.session, now=at(days - 1, 9, 1)) == 2
    assert write_due(db.session, now=at(days - 1, 9, 6)) == 0
    assert write_due(db.session, now=at(days)) == 0
    mails = written(f"reminder.{rule}")
    assert [mail.recipient for mail in mails] == ["p0@essai.example", "p1@essai.example"]
    assert {mail.due_at for mail in mails} == {at(days)}
    assert {mail.state for mail in mails} == {"queued"}
    assert all("/inscriptions/" in mail.body or rule == "days_after" for mail in mails)


@pytest.mark.usefixtures("edition")
def test_a_reminder_that_is_too_late_is_not_written() -> None:
    assert write_due(db.session, now=at(-1, 21, 1)) == 0
    assert written("reminder.day_before") == []


def test_switched_off_rule_writes_nothing(app: Flask, edition: Edition) -> None:
    organiser = make_person("o@essai.example", ORGANISER, edition_id=edition.id)
    client = client_of(app, organiser)
    address = f"/courrier/modeles/{edition.id}"
    assert sent(client, f"{address}/rappels/day_before", {"arreter": "1"}).status_code == 303
    assert "arrêté" in client.get(address).text
    assert write_due(db.session, now=at(-1)) == 0
    rule = next(rule for rule in rules() if rule.name == "day_before")
    switch(db.session, rule, edition.id, off=False, by=organiser, now=at(-1))
    assert write_due(db.session, now=at(-1)) == 2


def test_who_cancels_after_the_reminder_was_written_does_not_get_it(edition: Edition) -> None:
    write_due(db.session, now=at(-2, 10))
    leaving = written("reminder.day_before")[0]
    registration = db.session.scalars(select(Registration).where(Registration.person_id == leaving.person_id)).one()
    cancel(
        db.session,
        edition,
        registration,
        by=None,
        now=at(-2, 11),
        told=lambda one: tell(db.session, one, now=at(-2, 11)),
    )
    db.session.commit()
    assert [mail.state for mail in written("reminder.day_before")] == ["dropped", "queued"]


def test_a_new_day_takes_the_reminders_of_the_former_one_back(edition: Edition) -> None:
    write_due(db.session, now=at(-2, 10))
    organiser = make_person("o@essai.example", ORGANISER, edition_id=edition.id)
    later = {"held_on": DAY + timedelta(days=30)}
    change(db.session, edition, later, by=organiser, now=at(-2, 11))
    assert write_due(db.session, now=at(28, 10)) == 2
    assert sorted(mail.state for mail in written("reminder.day_before")) == ["dropped", "dropped", "queued", "queued"]


def test_who_was_invited_and_never_came_is_reminded_once(edition: Edition) -> None:
    silent, here = (make_person(f"{name}@essai.example", "juror", edition_id=edition.id) for name in ("s", "h"))
    given = at(-20)
    for role in db.session.scalars(select(Role)):
        role.granted_at = given
    here.seen_at = given
    db.session.commit()
    assert write_due(db.session, now=given + timedelta(days=2)) == 0
    assert write_due(db.session, now=given + timedelta(days=4)) == 1
    assert write_due(db.session, now=given + timedelta(days=5)) == 0
    assert [mail.recipient for mail in written(INVITED_AND_SILENT.purpose.name)] == [silent.email]


def test_hidden_edition_reminds_nobody(edition: Edition) -> None:
    edition.published_at = None
    db.session.commit()
    assert write_due(db.session, now=at(-1)) == 0


def test_template_is_previewed_on_a_real_recipient(app: Flask, edition: Edition) -> None:
    write_due(db.session, now=at(-1))
    db.session.commit()
    client = client_of(app, make_person("o@essai.example", ORGANISER, edition_id=edition.id))
    person_id = written("reminder.day_before")[0].person_id
    page = client.get(f"/courrier/modeles/{edition.id}/reminder.day_before?pour={person_id}").text
    assert "Aperçu pour P 0" in page
    assert "Bonjour P 0," in page
    assert "13 juin 2030" in page
