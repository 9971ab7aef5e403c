"""The same call makes the same plan where its time limit is not reached, also with levels that nobody could prove."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.instances import MORNING, instance
from scheduler import Options, check, solve
from scheduler import search as search_module
from scheduler.annealing import Annealing
from scheduler.colouring import first_timetable
from scheduler.instance import Instance
from scheduler.objectives.idle import Idle
from scheduler.reading import plan_from_json, problem_to_json
from scheduler.search import Pace, Search

AFTERNOON = replace(MORNING, buyers=14, structures=44, requests=260, slots=14, half_day_absence=0.35, missing_slot=0.25)
"""Small enough for the exact model, larger than what it proves here."""

LIMIT = 300.0
"""Seconds that no run here comes near, on however busy a machine: each does a small part of what such a call may do."""

CHILD = f"""
import sys
import time
from types import SimpleNamespace
from scheduler import annealing, search
from scheduler.__main__ import main
haste = float(sys.argv.pop(1))
search.time = SimpleNamespace(monotonic=lambda: time.monotonic() + haste * time.process_time())
search.WORK_PER_SECOND /= 500
annealing.STEPS_PER_SECOND /= 500
sys.exit(main(["solve", *sys.argv[1:], "--time-limit", "{LIMIT}", "--seed", "3"]))
"""


@contextmanager
def others_at_work() -> Iterator[None]:
    """Keep every processor busy."""
    spin = [sys.executable, "-c", "while True: pass"]
    busy = [subprocess.Popen(spin) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def planned(problem: Path, workers: int, haste: float = 0.0) -> str:
    """Return the plan that a process of its own writes, in which names are hashed with a seed of its own.

    Its clock goes ``haste`` seconds further with each second of processor, as if it had that much less of one.
    """
    finished = subprocess.run(
        [sys.executable, "-c", CHILD, str(haste), str(problem), "--workers", str(workers)],
        capture_output=True,
        check=True,
        text=True,
    )
    return finished.stdout


def without_seconds(plan: str) -> str:
    return re.sub(r'"seconds": [0-9.]+', '"seconds": …', plan)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_busy_machine_makes_the_same_plan_to_the_byte(workers: int, tmp_path: Path) -> None:
    problem = instance(AFTERNOON, 1)
    file = tmp_path / "problem.json"
    file.write_text(json.dumps(problem_to_json(problem)), encoding="utf-8")
    alone = planned(file, workers)
    with others_at_work():
        beside = planned(file, workers, haste=25.0)
    plan = plan_from_json(alone)
    unproved = {level.name for level in plan.objectives if not level.proved}
    assert plan.status == "feasible"
    assert {"idle", "early"} <= unproved
    assert max(plan.seconds, plan_from_json(beside).seconds) < LIMIT
    assert check(problem, plan) == ()
    assert without_seconds(alone) == without_seconds(beside)


def test_a_walk_goes_by_its_steps_while_they_keep_up_with_the_clock() -> None:
    pace = Pace(Search(Options(time_limit=1_000.0)), lambda: None)
    assert [pace.over(done) for done in (0.0, 0.25, 0.5, 0.75, 1.0)] == [0.0, 0.25, 0.5, 0.75, 1.0]


def test_a_walk_that_the_clock_overtakes_cools_down_and_ends_at_the_limit() -> None:
    index = Instance(instance(MORNING, 2))
    timetable = first_timetable(index, index.requests)
    annealing = Annealing(timetable, seed=1)
    before = annealing.total
    search = Search(Options(time_limit=1.0))
    heard: list[float] = []
    done = annealing.run(10**9, Pace(search, lambda: heard.append(search.elapsed)).over)
    assert done < 10**9
    assert 1.0 <= search.elapsed < 2.0
    assert heard
    assert annealing.best < before / 3


def test_what_takes_long_leaves_the_walk_its_time_and_the_call_ends_at_its_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem = instance(AFTERNOON, 1)
    index = Instance(problem)
    first = first_timetable(index, index.requests)
    monkeypatch.setattr(search_module, "HURRY", 0.0)  # everything takes long
    plan = solve(problem, Options(time_limit=1.5))
    waiting = plan.level("idle")
    assert plan.seconds >= 1.5
    assert waiting is not None
    assert int(waiting.value) < Idle(index).measure(first.placements) / 2  # type: ignore[arg-type]
    assert check(problem, plan) == ()
