"""The time zone of an edition: chosen in French, kept by what does not change it, and never a change of the clock."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from openmap.events import services
from openmap.events.models import Edition, Phase, Slot
from openmap.events.zones import HOME, ZONES, zone_choices, zone_label
from openmap.extensions import db
from openmap.mail.models import Message
from openmap.people.journal import entries_of_edition
from openmap.people.models import ADMINISTRATOR
from openmap.pitches.models import CoachingSlot, Jury
from tests.factories import make_edition, make_plan
from tests.signing import administrator_client, make_person, now, sent

IDENTITY = "/editions/essai/preparation/identite"
TYPED = {"title": "Essai", "held_on": "2017-11-16", "area_id": "0"}


@pytest.fixture
def organiser(app: Flask) -> FlaskClient:
    return administrator_client(app)


def the(slug: str = "essai") -> Edition:
    found = select(Edition).where(Edition.slug == slug).execution_options(populate_existing=True)
    return db.session.scalars(found).one()


def clocks(edition: Edition) -> list[tuple[date, time]]:
    """Return what every hour of an edition reads where it is held."""
    coached = db.session.scalars(select(CoachingSlot).execution_options(populate_existing=True)).all()
    instants = [at for one in [*edition.slots, *edition.programme, *coached] for at in (one.start, one.end)]
    instants += [at for one in edition.phases for at in (one.opens_at, one.closes_at) if at is not None]
    told = [at.astimezone(edition.zone) for at in instants]
    return [(at.date(), at.time()) for at in told]


def test_every_zone_of_the_list_is_one_and_has_a_name_of_its_own() -> None:
    labels = [(zone, str(label)) for _group, zones in ZONES for zone, label in zones.items()]
    assert len({zone for zone, _label in labels}) == len({label for _zone, label in labels}) == len(labels)
    for zone, label in labels:
        assert ZoneInfo(zone).key == zone
        assert zone_label(zone) == label
    assert labels[0] == (HOME, "France métropolitaine")


def test_the_form_offers_zones_by_group_and_shows_the_edition_s_own(organiser: FlaskClient) -> None:
    make_edition(timezone="Indian/Reunion")
    page = organiser.get(IDENTITY).text
    (offered,) = re.findall(r'<select[^>]* name="timezone".*?</select>', page, re.DOTALL)
    assert re.findall(r'optgroup label="([^"]+)"', offered) == ["France métropolitaine", "Outre-mer", "Ailleurs"]
    assert re.findall(r'<option selected value="([^"]+)"', offered) == ["Indian/Reunion"]
    assert "9 h reste 9 h" in page.replace("\u00a0", " ")


def test_a_zone_that_was_imported_stays_offered(organiser: FlaskClient) -> None:
    make_edition(timezone="Asia/Tokyo")
    assert "Asia/Tokyo" in {one.value for one in zone_choices("Asia/Tokyo")}
    assert "Asia/Tokyo" not in {one.value for one in zone_choices(HOME)}
    assert sent(organiser, IDENTITY, TYPED | {"timezone": "Asia/Tokyo"}).status_code == 303
    assert sent(organiser, IDENTITY, TYPED).status_code == 303  # a form that does not send it keeps it
    assert the().timezone == "Asia/Tokyo"


@pytest.mark.parametrize("forged", ["", "Asia/Tokyo", "Europe/Atlantis", "../../etc/passwd", "x" * 200])
def test_what_is_not_offered_is_refused_and_the_rest_is_kept(organiser: FlaskClient, forged: str) -> None:
    make_edition()
    answer = sent(organiser, IDENTITY, TYPED | {"title": "Titre gardé", "timezone": forged})
    assert answer.status_code == 422
    assert 'href="#timezone"' in answer.text
    assert "Titre gardé" in answer.text
    assert the().timezone == HOME


@pytest.mark.parametrize("zone", ["Indian/Reunion", "Pacific/Noumea", "Pacific/Tahiti", "America/Miquelon", "UTC"])
def test_another_zone_leaves_the_clock_and_moves_the_instants(organiser: FlaskClient, zone: str) -> None:
    edition = make_edition()
    edition.phases = [
        Phase(
            kind="call", opens_at=datetime(2017, 7, 1, 7, tzinfo=UTC), closes_at=datetime(2017, 11, 1, 17, tzinfo=UTC)
        )
    ]
    start = datetime(2017, 11, 8, 13, tzinfo=UTC)
    db.session.add(CoachingSlot(edition_id=edition.id, coach="Agence", start=start, end=start + timedelta(hours=1)))
    db.session.add(Jury(edition_id=edition.id, decks_until=start))
    db.session.commit()
    before, first = clocks(edition), edition.slots[0].start
    answer = sent(organiser, IDENTITY, TYPED | {"timezone": zone})
    assert answer.status_code == 303
    moved = the()
    assert clocks(moved) == before
    gap = first.astimezone(ZoneInfo(HOME)).utcoffset() - first.astimezone(ZoneInfo(zone)).utcoffset()  # type: ignore[operator]
    assert moved.slots[0].start - first == gap != timedelta(0)
    assert db.session.get_one(Jury, moved.id, populate_existing=True).decks_until == start + gap
    told = organiser.get("/editions/essai/preparation").text
    assert zone_label(zone) in told
    assert f"heure locale : {zone_label(zone)}" in organiser.get("/editions/essai").text.replace("\u00a0", " ")
    entry = next(one for one in entries_of_edition(db.session, moved.id, limit=5) if one.action == "edition.changed")
    assert entry.changes["timezone"] == [HOME, zone]


def test_another_day_and_another_zone_at_once(organiser: FlaskClient) -> None:
    edition = make_edition()
    before = [clock for _day, clock in clocks(edition)]
    sent(organiser, IDENTITY, TYPED | {"timezone": "Pacific/Noumea", "held_on": "2018-07-05"})
    moved = the()
    assert {day for day, _clock in clocks(moved)} == {date(2018, 7, 5)}
    assert [clock for _day, clock in clocks(moved)] == before


def test_a_zone_does_not_change_once_meetings_are_planned(organiser: FlaskClient) -> None:
    edition = make_edition()
    make_plan(edition)
    first = edition.slots[0].start
    answer = sent(organiser, IDENTITY, TYPED | {"title": "Titre gardé", "timezone": "Indian/Reunion"})
    assert answer.status_code == 409
    assert "le fuseau horaire ne change plus" in answer.text
    assert 'href="#timezone"' in answer.text
    assert "Titre gardé" in answer.text
    assert (the().timezone, the().title) == (HOME, edition.title)
    assert db.session.get_one(Slot, edition.slots[0].id, populate_existing=True).start == first
    assert sent(organiser, IDENTITY, TYPED | {"timezone": HOME, "title": "Autre"}).status_code == 303


def test_reminders_that_tell_the_former_hours_do_not_leave(organiser: FlaskClient) -> None:
    edition = make_edition()
    waiting = Message(
        key="k", purpose="reminder.day_before", recipient="a@essai.example", subject="s", body="b", state="queued",
        edition_id=edition.id, attachments=[], created_at=now(), due_at=now(),
    )  # fmt: skip
    db.session.add(waiting)
    db.session.commit()
    sent(organiser, IDENTITY, TYPED | {"timezone": "Indian/Reunion"})
    assert db.session.get_one(Message, waiting.id, populate_existing=True).state == "dropped"


def test_a_new_edition_is_at_home_and_a_copy_stays_where_its_model_is(app: Flask) -> None:
    del app
    by = make_person("o@essai.example", ADMINISTRATOR)
    made = services.create(db.session, title="Rencontre", held_on=date(2030, 1, 1), by=by, now=now())
    assert made.timezone == HOME
    model = make_edition(timezone="Indian/Reunion")
    copy = services.copy(db.session, model, title="Copie", held_on=date(2018, 7, 5), by=by, now=now())
    assert copy.timezone == "Indian/Reunion"
    assert [one.start.astimezone(copy.zone).time() for one in copy.slots] == [
        one.start.astimezone(model.zone).time() for one in model.slots
    ]
