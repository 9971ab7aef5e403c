"""The door to the engine: rows become a problem, plans become rows, and nothing is lost on the way."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import event, select

import scheduler
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.meetings import planning
from openmap.meetings.models import Participation, Plan, Wish
from openmap.meetings.tasks import clock
from openmap.meetings.workbook.importing import import_edition
from tests.meetings.folders import EXAMPLE, folder, wishes


def brought_in(source: Path) -> Edition:
    """Import an edition and return it."""
    report = import_edition(db.session, source, replace=False)
    return db.session.scalars(select(Edition).where(Edition.slug == report.slug)).one()


def version(edition: Edition, problem: scheduler.Problem) -> Plan:
    """Return a new, empty version of the edition's plan."""
    row = Plan(
        edition_id=edition.id,
        version=1,
        status="feasible",
        seed=1,
        problem_digest=planning.digest_of(problem),
        created_at=clock(),
    )
    db.session.add(row)
    db.session.flush()
    return row


@pytest.mark.usefixtures("app")
def test_problem_says_what_the_workbook_said(tmp_path: Path) -> None:
    edition = brought_in(
        folder(tmp_path, **wishes("B01;S01;5;oui;T03;T03;A1", "B02;S02;3;;T01, T02-T03", "B02;S01;;;;;;oui"))
    )
    problem = planning.problem_of(db.session, edition)
    assert [(slot.id, slot.start.isoformat(), slot.block) for slot in problem.slots] == [
        ("T01", "2017-11-16T09:00:00+01:00", "a"),
        ("T02", "2017-11-16T09:15:00+01:00", "a"),
        ("T03", "2017-11-16T10:00:00+01:00", "b"),
    ]
    people = {person.id: person for person in problem.participants}
    assert people["B01"] == scheduler.Participant("B01", "buyer", "Ville inventée", available=("T03",), table="A1")
    assert people["S02"] == scheduler.Participant("S02", "structure", "Ferme inventée")
    assert problem.requests == (
        scheduler.Request("R001", "B01", "S01", 5, required=True, slots=("T03",)),
        scheduler.Request("R002", "B02", "S02", 3, slots=("T01", "T02", "T03")),
    )
    assert problem.locks == (scheduler.Lock("R001", "T03", "A1"),)
    assert problem.exclusions == (scheduler.Exclusion("B02", "S01"),)
    assert scheduler.validate(problem) == []


@pytest.mark.usefixtures("app")
def test_plan_comes_back_as_it_was_stored(tmp_path: Path) -> None:
    edition = brought_in(folder(tmp_path))
    problem = planning.problem_of(db.session, edition)
    plan = planning.solve(problem, time_limit=10, seed=1)
    row = version(edition, problem)
    planning.store(db.session, row, plan)
    db.session.commit()
    assert planning.plan_of(db.session, row).meetings == plan.meetings
    assert [(left.wish.code, left.reason) for left in row.unserved] == [(u.request, u.reason) for u in plan.unserved]
    assert planning.violations_of(db.session, row) == []
    planning.store(db.session, row, plan)
    db.session.commit()
    assert len(row.meetings) == len(plan.meetings)


@pytest.mark.usefixtures("app")
def test_plan_is_stale_as_soon_as_a_wish_changes(tmp_path: Path) -> None:
    edition = brought_in(folder(tmp_path))
    row = version(edition, planning.problem_of(db.session, edition))
    assert not planning.is_stale(db.session, row)
    db.session.scalars(select(Wish).where(Wish.code == "R001")).one().value += 1
    db.session.flush()
    assert planning.is_stale(db.session, row)


@pytest.mark.usefixtures("app")
def test_stored_plan_that_breaks_a_new_limit_is_told(tmp_path: Path) -> None:
    edition = brought_in(folder(tmp_path))
    problem = planning.problem_of(db.session, edition)
    row = version(edition, problem)
    planning.store(db.session, row, planning.solve(problem, time_limit=10, seed=1))
    buyer = db.session.scalars(select(Participation).where(Participation.code == "B02")).one()
    buyer.max_meetings = 1
    db.session.flush()
    assert any("B02" in sentence for sentence in planning.violations_of(db.session, row))


@pytest.mark.usefixtures("app")
def test_problem_is_read_in_as_many_queries_for_three_wishes_as_for_130(tmp_path: Path) -> None:
    small, large = brought_in(folder(tmp_path)), brought_in(EXAMPLE)
    counts = []
    for edition in (small, large):
        db.session.expire_all()
        db.session.refresh(edition)
        heard: list[str] = []
        listener = lambda *args, heard=heard: heard.append(args[2])  # noqa: E731 - removed by identity below
        event.listen(db.engine, "before_cursor_execute", listener)
        planning.problem_of(db.session, edition)
        event.remove(db.engine, "before_cursor_execute", listener)
        counts.append(len(heard))
    assert counts[0] == counts[1]
