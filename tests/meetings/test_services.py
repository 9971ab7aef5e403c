"""A calculation: asked for once, followed, stopped, failed, lost, started again."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from openmap.events.models import Edition
from openmap.extensions import db
from openmap.meetings import planning
from openmap.meetings.models import Lock, Meeting, Plan, Solve, Wish
from openmap.meetings.planning import EXPLAINED_REQUESTS, EXPLAINING_SECONDS
from openmap.meetings.services import (
    LOST_AFTER,
    MOST_WAITING,
    AlreadyRunning,
    NothingToPlan,
    TooManyWaiting,
    UnusableEdition,
    _take,
    ahead_of,
    mark_lost,
    next_in_turn,
    plan_now,
    queued_solves,
    request_solve,
    run_solve,
    stop_solve,
)
from openmap.meetings.tasks import clock
from tests.factories import make_solve
from tests.meetings.folders import EXAMPLE, folder
from tests.meetings.large import large_edition
from tests.meetings.test_planning import brought_in


def asked(edition: Edition, time_limit: float = 30) -> Solve:
    """Ask for a calculation."""
    return request_solve(db.session, edition, time_limit=time_limit, seed=1, now=clock())


@pytest.mark.usefixtures("app")
def test_calculation_makes_a_new_version_each_time(tmp_path: Path) -> None:
    edition = brought_in(folder(tmp_path))
    versions = [plan_now(db.session, edition, time_limit=10, seed=1, clock=clock).version for _ in range(2)]
    assert versions == [1, 2]
    states = db.session.scalars(select(Solve.state)).all()
    assert states == ["finished", "finished"]
    plan = db.session.scalars(select(Plan).where(Plan.version == 2)).one()
    assert plan.status == "optimal"
    assert {level["name"] for level in plan.objectives} >= {"value", "idle"}
    assert planning.violations_of(db.session, plan) == []


@pytest.mark.usefixtures("app")
def test_second_calculation_waits_for_the_first(tmp_path: Path) -> None:
    edition = brought_in(folder(tmp_path))
    first, second = asked(edition), asked(edition)
    assert (ahead_of(db.session, first), ahead_of(db.session, second)) == (0, 1)
    assert queued_solves(db.session, before=clock()) == [first.id]
    run_solve(db.session, second.id, clock=clock)  # its job came first: it is not its turn
    assert (first.state, second.state) == ("queued", "queued")
    first.state, first.started_at, first.beat_at = "running", clock(), clock()
    db.session.commit()
    assert queued_solves(db.session, before=clock()) == []
    run_solve(db.session, second.id, clock=clock)
    assert second.state == "queued"
    first.state, first.ended_at = "finished", clock()
    db.session.commit()
    assert next_in_turn(db.session, edition.id) == second.id
    run_solve(db.session, second.id, clock=clock)
    db.session.refresh(second)
    assert (second.state, second.plan_id is not None) == ("finished", True)


@pytest.mark.usefixtures("app")
def test_foreground_calculation_does_not_wait(tmp_path: Path) -> None:
    edition = brought_in(folder(tmp_path))
    asked(edition)
    with pytest.raises(AlreadyRunning, match="déjà en cours"):
        plan_now(db.session, edition, time_limit=10, seed=1, clock=clock)


@pytest.mark.usefixtures("app")
def test_only_so_many_wait(tmp_path: Path) -> None:
    edition = brought_in(folder(tmp_path))
    for _ in range(MOST_WAITING):
        asked(edition)
    with pytest.raises(TooManyWaiting, match="annulez-en"):
        asked(edition)


def test_of_many_workers_at_once_one_runs_and_the_others_wait(app: Flask, tmp_path: Path) -> None:
    edition = brought_in(folder(tmp_path))
    ids = [asked(edition).id for _ in range(4)]
    db.session.remove()
    together = threading.Barrier(4)

    def take(solve_id: int) -> bool:
        with app.app_context():
            db.session.get_one(Solve, solve_id)
            db.session.rollback()
            together.wait()
            return _take(db.session, solve_id, clock())

    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(take, ids))
    assert taken == [True, False, False, False]
    assert [db.session.get_one(Solve, one).state for one in ids] == ["running", "queued", "queued", "queued"]


@pytest.mark.usefixtures("app")
def test_database_itself_holds_one_calculation_that_runs(tmp_path: Path) -> None:
    edition = brought_in(folder(tmp_path))
    for state in ("running", "queued", "queued"):
        make_solve(edition, state)
    with pytest.raises(IntegrityError):
        make_solve(edition, "running")
    db.session.rollback()


@pytest.mark.usefixtures("app")
def test_edition_without_wishes_is_refused(tmp_path: Path) -> None:
    edition = brought_in(folder(tmp_path, souhaits="Acheteur;Structure\n"))
    with pytest.raises(NothingToPlan, match="importez-les"):
        asked(edition)


@pytest.mark.usefixtures("app")
def test_contradictory_locks_are_refused_with_their_reason(tmp_path: Path) -> None:
    edition = brought_in(folder(tmp_path))
    for code, slot in (("R002", 0), ("R003", 0)):
        wish = db.session.scalars(select(Wish).where(Wish.code == code)).one()
        wish.lock = Lock(slot_id=edition.slots[slot].id)
    db.session.commit()
    with pytest.raises(UnusableEdition, match="R002, R003"):
        asked(edition)


@pytest.mark.usefixtures("app")
def test_job_delivered_twice_runs_once(tmp_path: Path) -> None:
    solve = asked(brought_in(folder(tmp_path)))
    for _ in range(2):
        run_solve(db.session, solve.id, clock=clock)
    assert db.session.scalar(select(func.count()).select_from(Plan)) == 1


@pytest.mark.usefixtures("app")
def test_stop_keeps_the_best_plan() -> None:
    edition = brought_in(EXAMPLE)
    solve = asked(edition)
    heard: list[str] = []

    def stop_at_once(running: Solve) -> None:
        heard.append(running.state)
        stop_solve(db.session, running, now=clock())

    run_solve(db.session, solve.id, clock=clock, on_tick=stop_at_once)
    db.session.refresh(solve)
    assert solve.state == "finished"
    assert "Arrêté à votre demande" in solve.message
    assert solve.plan is not None
    assert db.session.scalar(select(func.count()).select_from(Meeting)) == 79
    assert planning.violations_of(db.session, solve.plan) == []


@pytest.mark.usefixtures("app")
def test_queued_calculation_can_be_cancelled(tmp_path: Path) -> None:
    edition = brought_in(folder(tmp_path))
    solve = asked(edition)
    assert queued_solves(db.session, before=clock()) == [solve.id]
    stop_solve(db.session, solve, now=clock())
    assert (solve.state, queued_solves(db.session, before=clock())) == ("finished", [])
    run_solve(db.session, solve.id, clock=clock)
    assert db.session.scalar(select(func.count()).select_from(Plan)) == 0


@pytest.mark.usefixtures("app")
def test_process_that_has_to_end_keeps_the_best_plan() -> None:
    solve = asked(brought_in(EXAMPLE))
    ending = threading.Event()
    run_solve(db.session, solve.id, clock=clock, stopping=ending.is_set, on_tick=lambda _solve: ending.set())
    db.session.refresh(solve)
    assert (solve.state, solve.plan is not None) == ("finished", True)
    assert "vous pouvez relancer" in solve.message


@pytest.mark.usefixtures("app")
def test_silent_calculation_is_lost_and_can_be_started_again(tmp_path: Path) -> None:
    edition = brought_in(folder(tmp_path))
    solve = asked(edition)
    solve.state, solve.started_at, solve.beat_at = "running", clock(), clock()
    db.session.commit()
    assert mark_lost(db.session, now=clock()) == []
    assert mark_lost(db.session, now=clock() + LOST_AFTER + timedelta(seconds=1)) == [solve.id]
    db.session.refresh(solve)
    assert solve.state == "lost"
    assert "Vous pouvez le relancer" in solve.message
    assert plan_now(db.session, edition, time_limit=10, seed=1, clock=clock).status == "optimal"


@pytest.mark.usefixtures("app")
def test_beat_goes_on_while_the_engine_works() -> None:
    solve = asked(brought_in(EXAMPLE), time_limit=3)
    beats = []
    run_solve(db.session, solve.id, clock=clock, on_tick=lambda running: beats.append(running.beat_at))
    gaps = [later - earlier for earlier, later in pairwise(beats)]
    assert len(beats) >= 3
    assert max(gaps) < timedelta(seconds=2)


@pytest.mark.usefixtures("app")
def test_asking_to_stop_also_shortens_the_explanations() -> None:
    edition = large_edition()
    assert db.session.scalar(select(func.count()).select_from(Wish)) == EXPLAINED_REQUESTS
    solve = asked(edition, time_limit=600)
    stopped_at: list[float] = []

    def stop_once_there_is_a_plan(running: Solve) -> None:
        if running.plan_id is not None and not stopped_at:
            stopped_at.append(time.monotonic())
            stop_solve(db.session, running, now=clock())

    run_solve(db.session, solve.id, clock=clock, on_tick=stop_once_there_is_a_plan)
    assert time.monotonic() - stopped_at[0] < EXPLAINING_SECONDS / 2
    db.session.refresh(solve)
    assert solve.plan is not None
    assert len(solve.plan.meetings) + len(solve.plan.unserved) == EXPLAINED_REQUESTS


@pytest.mark.usefixtures("app")
def test_edition_that_changes_under_a_calculation_is_told() -> None:
    edition = brought_in(EXAMPLE)
    solve = asked(edition)

    def lose_every_wish(_solve: Solve) -> None:
        db.session.execute(delete(Wish).where(Wish.edition_id == edition.id))
        db.session.commit()

    run_solve(db.session, solve.id, clock=clock, on_tick=lose_every_wish)
    db.session.refresh(solve)
    assert solve.state == "failed"
    assert "ont changé pendant le calcul" in solve.message
    assert "relancez-le" in solve.message


@pytest.mark.usefixtures("app")
def test_failure_is_told_and_not_left_running() -> None:
    solve = asked(brought_in(EXAMPLE))

    def break_down(_solve: Solve) -> None:
        raise MemoryError

    with pytest.raises(MemoryError):
        run_solve(db.session, solve.id, clock=clock, on_tick=break_down)
    db.session.refresh(solve)
    assert solve.state == "failed"
    assert "Vous pouvez le relancer" in solve.message
    assert solve.plan is not None
    assert planning.violations_of(db.session, solve.plan) == []
