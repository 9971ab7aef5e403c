"""Who presents its work reads so in its agenda, on paper, in the workbook and on the plan's page; it is not free."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import select

from openmap.agendas.printing import agendas_pdf
from openmap.agendas.queries import Sheet, load_sheet
from openmap.agendas.spreadsheets import workbook_of
from openmap.agendas.timeline import Row, timeline
from openmap.agendas.wording import hours
from openmap.events.models import Edition, ProgrammeItem
from openmap.extensions import db
from openmap.meetings.models import Participation
from openmap.pitches import releasing, selecting
from tests.agendas.test_printing import pages
from tests.deciding import make_room
from tests.factories import make_edition, make_plan
from tests.house.counting import statements
from tests.signing import administrator_client, make_person, now


@pytest.fixture
def edition(app: Flask) -> Edition:
    """Return an edition of six slots from 11 h where nobody pitches yet."""
    del app
    edition = make_edition("essai")
    for person in db.session.scalars(select(Participation)):
        person.pitches = False
    db.session.commit()
    return edition


def pitch(edition: Edition, *, after: timedelta, lasting: timedelta) -> None:
    """Let S01, then S02 pitch: their files are picked and released, their turns shared out of one moment."""
    begin = edition.slots[0].start + after
    edition.programme.append(ProgrammeItem(kind="pitches", title="Pitchs", start=begin, end=begin + lasting))
    organiser = make_person("organisation@essai.example", "organiser", edition_id=edition.id)
    files, _jurors = make_room(edition)
    rows = db.session.scalars(
        select(Participation)
        .where(Participation.edition_id == edition.id, Participation.side == "structure")
        .order_by(Participation.code)
    ).all()
    for application, row in zip(files, rows, strict=False):
        application.structure_id = row.organisation_id
    for application, decision in zip(files, ("picked", "picked", "declined", "declined"), strict=True):
        selecting.decide(db.session, edition, application, decision, by=organiser, now=now())
    releasing.release(db.session, edition, held=True, by=organiser, now=now())
    db.session.commit()


def sheet_of(edition: Edition) -> Sheet:
    return load_sheet(db.session, edition, make_plan(edition))


def rows_of(sheet: Sheet, code: str) -> list[Row]:
    return timeline(sheet, next(party for party in sheet.parties if party.code == code))


def told(rows: list[Row], kind: str) -> list[str]:
    return [hours(row.start, row.end).replace("\u00a0", " ").replace("\u202f", " ") for row in rows if row.kind == kind]


LAST = timedelta(minutes=15 * 5)  # the first slot after the break is the fourth; these are the fifth and the sixth


def test_a_turn_takes_its_slots_and_no_free_time_is_told_there(edition: Edition) -> None:
    pitch(edition, after=LAST, lasting=timedelta(minutes=30))
    sheet = sheet_of(edition)
    assert told(rows_of(sheet, "S01"), "stage") == ["12 h 15 – 12 h 30"]
    assert told(rows_of(sheet, "S02"), "stage") == ["12 h 30 – 12 h 45"]
    assert told(rows_of(sheet, "S03"), "stage") == []
    for code in ("S01", "S02"):
        starts = [row.start for row in rows_of(sheet, code)]
        assert starts == sorted(set(starts))
        assert not {"12 h 15 – 12 h 45"} & set(told(rows_of(sheet, code), "free"))


def test_a_turn_beside_the_slots_has_a_row_of_its_own(edition: Edition) -> None:
    pitch(edition, after=timedelta(hours=-1), lasting=timedelta(minutes=20))
    rows = rows_of(sheet_of(edition), "S02")
    assert rows[0].kind == "stage"
    assert told(rows, "stage") == ["10 h 10 – 10 h 20"]


def test_a_turn_within_a_slot_tells_its_own_hours(edition: Edition) -> None:
    pitch(edition, after=LAST + timedelta(minutes=15), lasting=timedelta(minutes=10))
    sheet = sheet_of(edition)
    assert told(rows_of(sheet, "S02"), "stage") == ["12 h 30 – 12 h 45"]
    first, second = (one for one in sheet.parties if one.code in {"S01", "S02"})
    text, other = (" ".join(page.split()) for page in pages(agendas_pdf(sheet, [first, second])))
    assert sheet.of(first)
    assert "Passage sur scène, 12 h 30 – 12 h 35" in text
    assert "Vous présentez aussi votre structure en public : 12 h 30 – 12 h 35." in text
    assert not sheet.of(second)  # who meets nobody is told the hour all the same
    assert "Vous présentez aussi votre structure en public : 12 h 35 – 12 h 40." in other


def test_a_meeting_that_was_planned_before_stays_told(edition: Edition) -> None:
    sheet = sheet_of(edition)
    code = next(meeting.structure.code for meeting in sheet.appointments if meeting.structure.code == "S01")
    taken = [row for row in rows_of(sheet, code) if row.kind == "meeting"]
    pitch(edition, after=timedelta(), lasting=edition.slots[-1].end - edition.slots[0].start)
    rows = rows_of(sheet_of(edition), code)
    assert [row.start for row in rows if row.kind == "meeting"] == [row.start for row in taken]
    assert told(rows, "stage")


def test_who_pitches_by_its_row_alone_is_on_stage_for_the_whole_moment(edition: Edition) -> None:
    row = db.session.scalars(select(Participation).where(Participation.code == "S03")).one()
    row.pitches = True
    begin = edition.slots[4].start
    edition.programme.append(
        ProgrammeItem(kind="pitches", title="Pitchs", start=begin, end=begin + timedelta(minutes=30))
    )
    db.session.commit()
    assert told(rows_of(sheet_of(edition), "S03"), "stage") == ["12 h 15 – 12 h 45"]


def test_the_workbook_and_the_page_of_the_plan_say_it_too(app: Flask, edition: Edition) -> None:
    pitch(edition, after=LAST, lasting=timedelta(minutes=30))
    book = openpyxl.load_workbook(BytesIO(workbook_of(sheet_of(edition))))
    grid = {row[0]: row for row in book["Par structure"].iter_rows(min_row=2, values_only=True)}
    assert grid["S01"][3 + 4] == "sur scène"
    assert grid["S02"][3 + 5] == "sur scène"
    assert "sur scène" not in grid["S03"]
    page = administrator_client(app).get("/editions/essai/planning?vue=structures").text.replace("\u00a0", " ")
    assert "passage sur scène, de 12 h 15 à 12 h 30" in page
    assert page.count("passage sur scène") == 2


def test_the_number_of_structures_does_not_change_the_number_of_queries(edition: Edition) -> None:
    pitch(edition, after=LAST, lasting=timedelta(minutes=30))
    plan = make_plan(edition)
    other = make_edition("grande", buyers=3, structures=30)
    larger = make_plan(other)
    counts = []
    for one, version in ((edition, plan), (other, larger)):
        with statements() as sent:
            load_sheet(db.session, one, version)
        counts.append(len(sent))
    assert counts[0] == counts[1]
