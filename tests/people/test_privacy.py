"""Personal data: told, taken away, erased, and forgotten in time."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import String, Text, select

from openmap.events.models import Edition
from openmap.extensions import db
from openmap.mail.models import Message
from openmap.people import journal, privacy
from openmap.people.models import ORGANISER
from openmap.people.services import erase, give_role, welcome
from openmap.signin import postman
from tests.factories import make_edition
from tests.house.world import furnish
from tests.signing import client_of, make_person, now, sent


@pytest.fixture
def edition(app: Flask) -> Edition:
    return make_edition("essai")


def test_every_column_that_could_hold_personal_data_is_told(app: Flask) -> None:
    told = {(holding.table, column) for holding in privacy.holdings() for column in holding.columns}
    for table in db.metadata.sorted_tables:
        for key in table.foreign_keys:
            if key.column.table.name == "people":
                assert (table.name, key.parent.name) in told, (table.name, key.parent.name)
        for column in table.columns:
            looks_personal = column.name in {"email", "phone", "recipient", "recipient_name", "browser"}
            if looks_personal and isinstance(column.type, String | Text):
                assert (table.name, column.name) in told, (table.name, column.name)


def test_what_is_told_exists(app: Flask) -> None:
    for holding in privacy.holdings():
        assert set(holding.columns) <= set(db.metadata.tables[holding.table].columns.keys()), holding.table


def test_people_take_their_data_with_them(app: Flask) -> None:
    people = furnish()
    answer = client_of(app, people["juror"]).get("/compte/donnees")
    data = json.loads(answer.data)
    assert set(data) == {holding.table for holding in privacy.holdings()}
    assert data["people"][0]["email"] == "juror@essai.example"
    assert data["roles"][0]["role"] == "juror"
    assert len(data["messages"]) == 3
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_erasing_leaves_no_trace_of_the_person_but_a_number(app: Flask) -> None:
    people = furnish()
    person = people["juror"]
    name, email = person.name, person.email or ""
    client = client_of(app, person)
    client.get("/connexion")
    mails = set(db.session.scalars(select(Message.id)))
    assert sent(client, "/compte/effacement", {"sure": "y"}).status_code == 303
    rows = [str(row) for table in db.metadata.sorted_tables for row in db.session.execute(select(table))]
    assert not [row for row in rows if name in row or email in row]
    left = set(db.session.scalars(select(Message.id)))
    assert left > mails  # the rows stay, and the place that is left goes to who waits, by mail
    assert journal.verify(db.session).broken_at is None
    assert client_of(app, people["administrator"]).get(f"/personnes/{person.id}").status_code == 404


def test_erasing_needs_its_box_ticked(app: Flask) -> None:
    person = make_person("camille@essai.example")
    assert sent(client_of(app, person), "/compte/effacement").status_code == 422
    assert person.email is not None


def test_an_erased_address_can_be_invited_anew(app: Flask) -> None:
    person = make_person("camille@essai.example")
    erase(db.session, person, by=person, now=now())
    db.session.commit()
    assert make_person("camille@essai.example").id != person.id


def test_people_without_role_are_forgotten_after_three_years(app: Flask, edition: Edition) -> None:
    long_ago = now() - privacy.INACTIVE - timedelta(days=1)
    gone = welcome(db.session, "partie@essai.example", by=None, now=long_ago)
    stays = welcome(db.session, "roles@essai.example", by=None, now=long_ago)
    give_role(db.session, stays, ORGANISER, edition.id, by=None, now=now())
    recent = welcome(db.session, "recente@essai.example", by=None, now=long_ago)
    recent.seen_at = now()
    db.session.commit()
    assert privacy.purge(db.session, now=now())["people"] == 1
    db.session.commit()
    assert (gone.erased_at is None, stays.erased_at is None, recent.erased_at is None) == (False, True, True)


def test_the_nightly_purge_runs_once_a_day_and_again_after_a_failure(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[datetime] = []
    present = now()

    def purge(_session: object, *, now: datetime) -> dict[str, int]:
        done.append(now)
        if len(done) == 1:
            raise OSError("the database is away")
        return {}

    monkeypatch.setattr(privacy, "purge", purge)
    monkeypatch.setattr(postman, "_purged", {})
    monkeypatch.setattr(postman, "clock", lambda: present)
    with pytest.raises(OSError, match="away"):
        postman.purge_nightly()
    for hours in (0, 1, 23, 24, 25):
        present = done[0] + timedelta(hours=hours)
        postman.purge_nightly()
    assert [(at - done[0]) // timedelta(hours=1) for at in done] == [0, 0, 24]


def test_a_mail_that_was_leaving_while_its_reader_was_erased_is_emptied_afterwards(app: Flask) -> None:
    people = furnish()
    message = db.session.scalars(select(Message).where(Message.person_id == people["juror"].id)).first()
    assert message is not None
    message.state, message.sent_at, message.claimed_at = "sending", None, now()
    erase(db.session, people["juror"], by=None, now=now())
    message.state, message.sent_at, message.claimed_at = "sent", now(), None
    db.session.commit()
    privacy.purge(db.session, now=now())
    db.session.refresh(message)
    assert "juror" not in message.recipient
    assert message.body == ""


# The journal
