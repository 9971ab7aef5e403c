"""An organiser closes a phase and opens it again, through the pages; the public's pages follow at once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from openmap.events.models import Edition
from openmap.extensions import db
from openmap.people.journal import entries_of_edition
from openmap.people.models import ORGANISER
from tests.factories import make_edition
from tests.signing import client_of, make_person, now, sent

PUBLIC = "/editions/essai"
PHASES = "/editions/essai/preparation/etapes"


@pytest.fixture
def edition(app: Flask) -> Edition:
    del app
    return make_edition(held_on=(now() + timedelta(days=60)).date())


@pytest.fixture
def organiser(app: Flask, edition: Edition) -> FlaskClient:
    return client_of(app, make_person("organisation@essai.example", ORGANISER, edition_id=edition.id))


def give(organiser: FlaskClient, edition: Edition, kind: str, opens: timedelta, closes: timedelta | None) -> None:
    """Give a phase dates as an organiser types them: hours of the clock where the edition is."""

    def typed(at: timedelta | None) -> str:
        return "" if at is None else f"{(now() + at).astimezone(edition.zone):%Y-%m-%dT%H:%M}"

    values = {f"{kind}-opens_at": typed(opens), f"{kind}-closes_at": typed(closes)}
    answer = sent(organiser, f"{PHASES}/{kind}", values)
    assert answer.status_code == 303, answer.text


def register(client: FlaskClient, edition: Edition, email: str) -> int:
    values = {"name": "Alex Essai", "email": email, "category_id": str(edition.categories[0].id)}
    return sent(client, f"{PUBLIC}/inscription", values).status_code


def test_registrations_close_and_open_again(edition: Edition, organiser: FlaskClient, client: FlaskClient) -> None:
    day = timedelta(days=1)
    give(organiser, edition, "registration", -3 * day, None)
    assert f'href="{PUBLIC}/inscription"' in client.get(PUBLIC).text
    assert "inscriptions ouvertes" in client.get("/").text
    assert register(client, edition, "avant@essai.example") == 303

    give(organiser, edition, "registration", -3 * day, -day)
    assert "close</span>" in organiser.get(PHASES).text
    assert f'href="{PUBLIC}/inscription"' not in client.get(PUBLIC).text
    assert "inscriptions ouvertes" not in client.get("/").text
    closed = client.get(f"{PUBLIC}/inscription").text
    assert "Les inscriptions sont closes" in closed
    assert 'name="category_id"' not in closed
    assert register(client, edition, "pendant@essai.example") == 409  # a page left open since before

    give(organiser, edition, "registration", -3 * day, 5 * day)
    assert f'href="{PUBLIC}/inscription"' in client.get(PUBLIC).text
    assert 'name="category_id"' in client.get(f"{PUBLIC}/inscription").text
    assert register(client, edition, "apres@essai.example") == 303
    listed = organiser.get(f"{PUBLIC}/inscrits").text
    assert [address in listed for address in ("avant@", "pendant@", "apres@")] == [True, False, True]
    told = [one.action for one in entries_of_edition(db.session, edition.id, limit=50)]
    assert told.count("edition.phase") == 3


def test_the_call_closes_and_opens_again(
    app: Flask, edition: Edition, organiser: FlaskClient, client: FlaskClient
) -> None:
    day = timedelta(days=1)
    call, structure = f"{PUBLIC}/candidature", client_of(app, make_person("structure@essai.example"))
    give(organiser, edition, "call", 2 * day, 9 * day)
    assert "Les candidatures des structures ouvrent le" in client.get(PUBLIC).text
    assert "Les candidatures ne sont pas encore ouvertes" in client.get(call).text

    give(organiser, edition, "call", -2 * day, 9 * day)
    assert f'href="{call}"' in client.get(PUBLIC).text
    assert 'name="email"' in client.get(call).text

    give(organiser, edition, "call", -2 * day, -day)
    assert f'href="{call}"' not in client.get(PUBLIC).text
    closed = client.get(call).text
    assert "Les candidatures sont closes" in closed
    assert "Elles se sont fermées le" in closed
    assert 'name="email"' not in closed
    assert sent(structure, call).status_code == 409  # a page left open since before

    give(organiser, edition, "call", -2 * day, 3 * day)
    assert f'href="{call}"' in client.get(PUBLIC).text
    assert 'name="email"' in client.get(call).text
    begun = sent(structure, call)
    assert begun.status_code == 303
    assert structure.get(begun.location).status_code == 200


def test_the_hour_that_was_typed_is_the_hour_that_is_shown(
    edition: Edition, organiser: FlaskClient, client: FlaskClient
) -> None:
    typed = {"registration-opens_at": "2020-04-01T09:00", "registration-closes_at": "2020-07-10T18:30"}
    assert sent(organiser, f"{PHASES}/registration", typed).status_code == 303
    assert "vendredi 10 juillet 2020, 18 h 30" in client.get(f"{PUBLIC}/inscription").text.replace("\u00a0", " ")
    page = organiser.get(PHASES).text
    assert 'value="2020-04-01T09:00"' in page
    assert 'value="2020-07-10T18:30"' in page
    assert edition.zone.utcoffset(datetime(2020, 7, 10)) == timedelta(hours=2)  # noqa: DTZ001 - the clock's own hour
