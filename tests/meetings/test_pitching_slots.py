"""Who is on stage meets nobody at that time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from openmap.applications.models import Application
from openmap.events.models import Edition, ProgrammeItem
from openmap.extensions import db
from openmap.meetings import planning
from openmap.meetings.models import Participation
from openmap.people.models import Person
from openmap.pitches import passage, releasing, selecting
from tests.deciding import make_room
from tests.factories import make_edition, make_plan
from tests.house.counting import statements
from tests.signing import make_person, now


@pytest.fixture
def edition(app: Flask) -> Edition:
    """Return an edition whose pitches take the time of its first two slots; nobody pitches by their own row."""
    del app
    edition = make_edition("essai")
    begin = edition.slots[0].start
    edition.programme.append(
        ProgrammeItem(kind="pitches", title="Pitchs", start=begin, end=begin + timedelta(minutes=30))
    )
    for person in db.session.scalars(select(Participation)):
        person.pitches = False
    db.session.commit()
    return edition


def release_two(edition: Edition) -> tuple[list[Application], Person]:
    """Let two structures of the meetings pitch, one after the other."""
    organiser = make_person("organisation@essai.example", "organiser", edition_id=edition.id)
    files, _jurors = make_room(edition)
    structures = db.session.scalars(
        select(Participation)
        .where(Participation.edition_id == edition.id, Participation.side == "structure")
        .order_by(Participation.code)
    ).all()
    for application, participation in zip(files, structures, strict=False):
        application.structure_id = participation.organisation_id
    for application, decision in zip(files, ("picked", "picked", "declined", "declined"), strict=True):
        selecting.decide(db.session, edition, application, decision, by=organiser, now=now())
    releasing.release(db.session, edition, held=True, by=organiser, now=now())
    db.session.commit()
    return files, organiser


def available(edition: Edition) -> dict[str, tuple[str, ...] | None]:
    """Return where each structure may be met."""
    problem = planning.problem_of(db.session, edition)
    return {one.id: one.available for one in problem.participants if one.side == "structure"}


def test_a_structure_is_not_met_during_its_own_turn(edition: Edition) -> None:
    release_two(edition)
    assert available(edition)["S01"] == ("T02", "T03", "T04", "T05", "T06")
    assert available(edition)["S02"] == ("T01", "T03", "T04", "T05", "T06")
    assert available(edition)["S03"] is None


def test_a_structure_that_pitches_by_its_row_alone_is_away_for_the_whole_moment(edition: Edition) -> None:
    row = db.session.scalars(select(Participation).where(Participation.code == "S03")).one()
    row.pitches = True
    assert available(edition)["S03"] == ("T03", "T04", "T05", "T06")


def test_another_order_of_passage_makes_the_plan_stale(edition: Edition) -> None:
    files, organiser = release_two(edition)
    plan = make_plan(edition, digest=planning.digest_of(planning.problem_of(db.session, edition)))
    assert not planning.is_stale(db.session, plan)
    passage.move(db.session, edition, files[1], up=True, by=organiser, now=now())
    assert planning.is_stale(db.session, plan)
    assert available(edition)["S01"] == ("T01", "T03", "T04", "T05", "T06")


def test_a_release_and_a_withdrawal_make_the_plan_stale(edition: Edition) -> None:
    plan = make_plan(edition, digest=planning.digest_of(planning.problem_of(db.session, edition)))
    files, organiser = release_two(edition)
    assert planning.is_stale(db.session, plan)
    releasing.replace(db.session, edition, files[0], by=organiser, now=now())
    assert available(edition)["S01"] is None
    assert available(edition)["S02"] == ("T03", "T04", "T05", "T06")


def test_the_queries_do_not_grow_with_those_who_pitch(edition: Edition) -> None:
    with statements() as before:
        planning.problem_of(db.session, edition)
    release_two(edition)
    db.session.expire_all()
    planning.problem_of(db.session, edition)
    db.session.expunge_all()
    again = db.session.scalars(select(Edition)).first()
    assert again is not None
    with statements() as after:
        planning.problem_of(db.session, again)
    assert len(after) <= len(before) + 1
