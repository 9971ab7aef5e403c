"""A real worker process: it works, it dies in the middle, another takes over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from sqlalchemy import func, select

from openmap.extensions import db
from openmap.meetings import planning
from openmap.meetings.models import Meeting, Plan, Solve
from openmap.meetings.services import request_solve
from openmap.meetings.supposing import Assumptions
from openmap.meetings.tasks import FORGOTTEN_AFTER, clock, enqueue_solve
from tests.meetings.large import large_edition

PATIENCE = 60.0


@contextmanager
def worker(app: Flask) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``openmap worker`` on the test's database and queue."""
    config = app.config["OPENMAP"]
    environment = os.environ | {
        "OPENMAP_INSTANCE": str(config.instance),
        "DATABASE_URL": config.database_url,
        "REDIS_URL": config.redis_url or "",
    }
    command = [str(Path(sys.executable).with_name("openmap")), "worker"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def seen(solve_id: int, wanted: Callable[[Solve], bool]) -> Solve:
    """Wait until the calculation is as wanted, and return it."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        db.session.rollback()
        solve = db.session.get_one(Solve, solve_id)
        if wanted(solve):
            return solve
        time.sleep(0.1)
    raise AssertionError(f"the calculation stays {solve.state}: {solve.message}")


def test_worker_killed_during_a_what_if_run_tells_it_and_the_next_in_turn_is_taken(app: Flask) -> None:
    edition = large_edition()
    what_if = request_solve(
        db.session, edition, time_limit=600, seed=1, now=clock(), kind="what_if", name="Une de moins",
        assumptions=Assumptions(fewer=1),
    )  # fmt: skip
    following = request_solve(db.session, edition, time_limit=2, seed=1, now=clock())
    for solve in (following, what_if):  # in the wrong order: the turn is kept all the same
        enqueue_solve(solve.id)
    with worker(app) as process:
        seen(what_if.id, lambda solve: solve.state == "running" and bool(solve.progress))
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert db.session.get_one(Solve, following.id).state == "queued"
    with worker(app):
        lost = seen(what_if.id, lambda solve: solve.state == "lost")
        assert "Cette hypothèse n’a aucun résultat" in lost.message
        finished = seen(following.id, lambda solve: solve.state == "finished")
    assert finished.plan is not None
    assert finished.plan.version == 1


def test_worker_killed_in_the_middle_loses_nothing_that_was_found(app: Flask) -> None:
    edition = large_edition()
    solve = request_solve(db.session, edition, time_limit=600, seed=1, now=clock())
    enqueue_solve(solve.id)
    with worker(app) as process:
        seen(solve.id, lambda solve: solve.state == "running" and solve.plan_id is not None)
        process.send_signal(signal.SIGKILL)
        process.wait()

    # The second worker starts at once: it is there before the first is known to be lost, and tells it.
    with worker(app):
        lost = seen(solve.id, lambda solve: solve.state == "lost")
        assert "Le meilleur planning trouvé jusque-là est conservé (version 1)" in lost.message
        assert "Vous pouvez le relancer" in lost.message
        kept = db.session.scalars(select(Plan)).one()
        assert (db.session.scalar(select(func.count()).select_from(Meeting)) or 0) > 500
        assert planning.violations_of(db.session, kept) == []

        again = request_solve(db.session, edition, time_limit=3, seed=1, now=clock())
        enqueue_solve(again.id)
        finished = seen(again.id, lambda solve: solve.state == "finished")
    assert finished.plan is not None
    assert finished.plan.version == 2
    assert planning.violations_of(db.session, finished.plan) == []


def test_worker_asked_to_end_keeps_the_plan_and_leaves(app: Flask) -> None:
    edition = large_edition()
    solve = request_solve(db.session, edition, time_limit=600, seed=1, now=clock())
    enqueue_solve(solve.id)
    with worker(app) as process:
        seen(solve.id, lambda solve: solve.plan_id is not None)
        process.terminate()
        assert process.wait(timeout=30) == 0
    assert seen(solve.id, lambda solve: solve.state == "finished").plan is not None


def test_calculation_queued_before_the_worker_starts_is_not_forgotten(app: Flask) -> None:
    edition = large_edition()
    solve = request_solve(db.session, edition, time_limit=2, seed=1, now=clock())
    with worker(app):
        assert seen(solve.id, lambda solve: solve.state == "finished").plan is not None


def test_calculation_whose_job_was_lost_is_handed_out_again(app: Flask) -> None:
    with worker(app) as process:
        first = request_solve(db.session, large_edition(), time_limit=2, seed=1, now=clock())
        enqueue_solve(first.id)
        seen(first.id, lambda solve: solve.state == "finished")  # the worker has started, and looked for waiting ones
        asked_at = clock() - FORGOTTEN_AFTER
        forgotten = request_solve(db.session, first.edition, time_limit=2, seed=1, now=asked_at)
        assert seen(forgotten.id, lambda solve: solve.state == "finished").plan is not None
        assert process.poll() is None
