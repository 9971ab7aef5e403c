"""Calendars: what an independent reader (vobject) finds in the files that icalendar wrote."""

import re
import warnings
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import func, select

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import vobject

from openmap.agendas.exports import calendar_of
from openmap.agendas.models import CalendarEntry
from openmap.agendas.services import write_agendas
from openmap.agendas.timezones import vtimezone
from openmap.extensions import db
from tests.agendas.factory import FIRST_PLAN, NOW, Morning, build

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:vobject", "ignore::DeprecationWarning:dateutil")


def read(content: bytes) -> Any:
    return vobject.readOne(content.decode())


def events(content: bytes) -> list[Any]:
    return read(content).contents.get("vevent", [])


def of(morning: Morning, plan: Any, code: str, *, now: datetime = NOW) -> bytes:
    return calendar_of(db.session, plan, morning.people[code], now=now)


@pytest.fixture
def morning(app: Flask) -> Morning:
    return build(db.session)


def test_each_calendar_holds_exactly_the_plans_meetings(morning: Morning) -> None:
    plan = morning.plan()
    for code, person in morning.people.items():
        expected = {
            (f"Entretien avec {morning.people[structure if code == buyer else buyer].organisation.name}",
             morning.slots[slot].start, morning.slots[slot].end)
            for buyer, structure, slot, _ in FIRST_PLAN
            if code in {buyer, structure}
        }  # fmt: skip
        found = {(e.summary.value, e.dtstart.value, e.dtend.value) for e in events(of(morning, plan, code))}
        assert found == expected, person.organisation.name


def test_a_meeting_says_where_with_whom_and_what_to_do_when_late(morning: Morning) -> None:
    (event,) = events(of(morning, morning.plan(), "S01"))
    assert event.location.value == "Table 1, Ressourcerie du Spectacle, Vitry-sur-Seine"
    assert event.status.value == "CONFIRMED"
    assert event.organizer.value == "mailto:contact@example.org"
    assert "Ville de Paris (Acheteur · Paris), de 11\u00a0h à 11\u00a0h\u00a015" in event.description.value
    assert "Réemploi de mobilier 1" in event.description.value
    assert "retard" in event.description.value
    assert event.valarm.trigger.value == timedelta(minutes=-10)
    assert event.dtstamp.value == NOW


def test_the_file_is_published_not_an_invitation(morning: Morning) -> None:
    calendar = read(of(morning, morning.plan(), "B01"))
    assert calendar.method.value == "PUBLISH"
    assert calendar.version.value == "2.0"
    assert not any("attendee" in event.contents for event in calendar.vevent_list)


def test_without_a_contact_no_organizer_is_made_up(app: Flask) -> None:
    morning = build(db.session, contact="")
    assert "organizer" not in events(of(morning, morning.plan(), "B01"))[0].contents


def test_a_contact_that_is_no_address_is_not_an_organizer(app: Flask) -> None:
    morning = build(db.session, contact="accueil, 2e étage\r\nATTENDEE:mailto:x@example.org")
    content = of(morning, morning.plan(), "B01")
    assert "organizer" not in events(content)[0].contents
    assert b"\r\nATTENDEE" not in content


def test_a_buyers_calendar_never_names_another_buyer_nor_a_wishs_value(morning: Morning) -> None:
    text = of(morning, morning.plan(), "B01").decode().replace("\r\n ", "")
    assert "Val-de-Marne" not in text
    assert "7919" not in text
    assert "Lemon Aide" not in text


@pytest.mark.parametrize(
    ("zone", "day", "offset"),
    [
        ("Europe/Paris", date(2017, 11, 16), 1),
        ("Europe/Paris", date(2018, 6, 14), 2),
        ("Europe/Paris", date(2018, 3, 25), 2),
        ("Europe/Paris", date(2018, 10, 28), 1),
        ("Indian/Reunion", date(2018, 6, 14), 4),
        ("America/Martinique", date(2018, 6, 14), -4),
        ("America/New_York", date(2018, 3, 11), -4),
        ("UTC", date(2018, 6, 14), 0),
    ],
)
def test_hours_are_local_in_every_zone_and_season(app: Flask, zone: str, day: date, offset: int) -> None:
    morning = build(db.session, timezone=zone, held_on=day)
    content = of(morning, morning.plan(), "B01")
    first = events(content)[0]
    assert (first.dtstart.value.hour, first.dtstart.value.utcoffset()) == (11, timedelta(hours=offset))
    if zone != "UTC":
        assert f"DTSTART;TZID={zone}:{day:%Y%m%d}T110000" in content.decode()


@pytest.mark.parametrize("zone", ["Europe/Paris", "Europe/Dublin", "Australia/Lord_Howe", "Indian/Reunion"])
def test_the_vtimezone_tells_the_offsets_of_the_zone_database(zone: str) -> None:
    """Reads the observances as the RFC says: the last that began, each told in the time before it."""
    day = date(2018, 3, 25)
    component = vtimezone(ZoneInfo(zone), day)
    began = [
        (part["DTSTART"].dt.replace(tzinfo=UTC) - part["TZOFFSETFROM"].td, part["TZOFFSETTO"].td)
        for part in component.subcomponents
    ]
    at = datetime(2017, 6, 1, 0, 30, tzinfo=UTC)
    while at < datetime(2018, 12, 1, tzinfo=UTC):
        offset = max((start, to) for start, to in began if start <= at)[1]
        assert offset == at.astimezone(ZoneInfo(zone)).utcoffset(), at
        at += timedelta(hours=1)


def test_sequence_follows_what_the_entry_says_over_four_plans(morning: Morning, tmp_path: Any) -> None:
    def told(version: int) -> dict[str, tuple[int, str, datetime]]:
        now = NOW + timedelta(days=version)
        write_agendas(db.session, morning.edition, tmp_path / "out", now=now)
        content = (tmp_path / "out" / "calendriers" / "B01-ville-de-paris.ics").read_bytes()
        return {e.uid.value: (int(e.sequence.value), e.status.value, e.dtstamp.value) for e in events(content)}

    morning.plan()
    first = told(1)
    assert {state[:2] for state in first.values()} == {(0, "CONFIRMED")}

    morning.plan(version=2)
    assert told(2) == first, "the same meetings: no new sequence, no new stamp"

    morning.plan([("B01", "S01", "T03", "A1")], version=3)
    third = told(3)
    assert third.keys() == first.keys(), "a meeting keeps its UID whether it moves or goes"
    assert sorted(state[:2] for state in third.values()) == [(1, "CANCELLED"), (1, "CONFIRMED")]
    assert {state[2] for state in third.values()} == {NOW + timedelta(days=3)}

    morning.plan(version=4)
    assert {state[:2] for state in told(4).values()} == {(2, "CONFIRMED")}, "moved back, and back again"


def test_a_cancellation_is_told_once_and_keeps_its_hour(morning: Morning, tmp_path: Any) -> None:
    morning.plan()
    write_agendas(db.session, morning.edition, tmp_path, now=NOW)
    plan = morning.plan([], version=2)
    write_agendas(db.session, morning.edition, tmp_path, now=NOW + timedelta(days=1))
    later = of(morning, plan, "S01", now=NOW + timedelta(days=9))
    (event,) = events(later)
    assert (event.status.value, event.sequence.value) == ("CANCELLED", "1")
    assert event.dtstart.value == morning.slots["T01"].start
    assert event.dtstamp.value == NOW + timedelta(days=1)
    assert "valarm" not in event.contents


def test_calendars_outlive_an_edition_that_is_imported_again(app: Flask, tmp_path: Any) -> None:
    morning = build(db.session)
    morning.plan()
    write_agendas(db.session, morning.edition, tmp_path, now=NOW)
    before = events((tmp_path / "calendriers" / "S01-ares-services.ics").read_bytes())[0]
    for row in [*morning.wishes.values(), *morning.people.values(), morning.edition]:
        db.session.delete(row)
    db.session.commit()
    again = build(db.session)
    again.plan([("B01", "S01", "T02", "A1")])
    write_agendas(db.session, again.edition, tmp_path, now=NOW + timedelta(days=1))
    after = events((tmp_path / "calendriers" / "S01-ares-services.ics").read_bytes())[0]
    assert after.uid.value == before.uid.value
    assert (before.sequence.value, after.sequence.value) == ("0", "1")


def test_looking_at_a_calendar_records_nothing(morning: Morning) -> None:
    plan = morning.plan()
    assert of(morning, plan, "B01") == of(morning, plan, "B01")
    assert db.session.scalar(select(func.count()).select_from(CalendarEntry)) == 0
    assert not db.session.new


HOSTILE = (
    "Atelier \x01\x07sonné",
    "Saut\r\nBEGIN:VEVENT\r\nSUMMARY:faux\r\nEND:VEVENT",
    "Virgules, points;virgules: et \\ barres",
    "Réemploi 🌱♻️ Île \u202eéniahc",
    "é" * 200,
    "a" * 200,
)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_one_field(app: Flask, name: str) -> None:
    morning = build(db.session, structures=[name, "Extramuros", "Lemon Aide"])
    content = of(morning, morning.plan(), "B01")
    assert len(events(content)) == 2
    kept = events(content)[0].summary.value.removeprefix("Entretien avec ")
    assert re.sub(r"\s", "", kept) == re.sub("[\x00-\x20\u202e]", "", name)
    assert not re.search(rb"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]", content)
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))


def test_a_participant_without_meeting_gets_a_valid_empty_calendar(morning: Morning) -> None:
    calendar = read(of(morning, morning.plan([]), "S03"))
    assert "vevent" not in calendar.contents
    assert calendar.vtimezone.tzid.value == "Europe/Paris"
