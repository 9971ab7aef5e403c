"""Each part of the portfolio on its own: whatever settles a level, the plan keeps every rule and the bound holds."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.instances import MORNING, instance
from scheduler import Options, Problem, Settings, lexicographic, relaxation, solve
from scheduler.annealing import Annealing
from scheduler.colouring import first_timetable, insert, nearest_timetable
from scheduler.flow import Flow
from scheduler.instance import Instance
from scheduler.matching import rematch
from scheduler.objectives import objectives_of
from scheduler.objectives.idle import Idle
from scheduler.polishing import Polishing
from scheduler.relaxation import Promises, relax
from scheduler.search import Search
from scheduler.seating import seat
from scheduler.timetable import NOWHERE, Timetable
from tests.scheduler import independent
from tests.scheduler.brute_force import best
from tests.scheduler.strategies import problems
from tests.scheduler.tiny import tiny

COUNTED = ("required", "minimum", "coverage", "value", "balance")
SEEDS = range(120)


def started(problem: Problem) -> Timetable | None:
    """Return a first timetable, or nothing when the locks contradict each other."""
    if solve(problem, Options(time_limit=1e-6)).status == "infeasible":
        return None
    index = Instance(problem)
    return first_timetable(index, index.requests)


def assert_sound(problem: Problem, timetable: Timetable) -> None:
    """Hold a timetable, seated, against every rule, and its own books against its meetings."""
    index = timetable.instance
    plan = seat(index, timetable.placements)
    assert independent.broken_rules(problem, index.meetings(plan)) == []
    fresh = Timetable(index, timetable.placements)
    assert (fresh.slot, fresh.busy, fresh.count) == (timetable.slot, timetable.busy, timetable.count)
    assert fresh.pool_load == timetable.pool_load


def counted(problem: Problem, timetable: Timetable) -> list[object]:
    meetings = timetable.instance.meetings(seat(timetable.instance, timetable.placements))
    return [independent.trimmed(independent.figure(name, problem, meetings)) for name in COUNTED]


@settings(max_examples=150, deadline=None)
@given(problems())
def test_every_step_of_a_timetable_keeps_the_rules(problem: Problem) -> None:
    timetable = started(problem)
    if timetable is None:
        return
    assert_sound(problem, timetable)
    index, random = timetable.instance, Random(1)
    for request in index.requests:
        if timetable.slot[request] == NOWHERE and index.allowed[request]:
            insert(timetable, request, random, attempts=3)
    assert_sound(problem, timetable)
    promises = Promises(index, COUNTED[:3])
    for slot in range(index.slot_count):
        rematch(timetable, slot)
        assert_sound(problem, timetable)
    assert promises.worth(timetable.slot) >= 0


@settings(max_examples=150, deadline=None)
@given(problems())
def test_annealing_changes_no_count_and_never_adds_waiting(problem: Problem) -> None:
    timetable = started(problem)
    if timetable is None:
        return
    index = timetable.instance
    before, idle = counted(problem, timetable), Idle(index).measure(timetable.placements)
    annealing = Annealing(timetable, seed=1)
    annealing.run(2_000)
    assert_sound(problem, timetable)
    assert counted(problem, timetable) == before
    assert annealing.best == Idle(index).measure(timetable.placements) <= idle


def test_annealing_finds_what_chance_alone_does_not() -> None:
    index = Instance(instance(MORNING, 2))
    timetable = first_timetable(index, index.requests)
    idle = Idle(index).measure(timetable.placements)
    assert Annealing(timetable, seed=1).run(20_000) == 20_000
    assert Idle(index).measure(timetable.placements) < idle / 3


@pytest.mark.parametrize("largest_corner", [0, relaxation.LARGEST_CORNER], ids=["first-order", "simplex"])
def test_the_relaxation_bounds_every_plan(largest_corner: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relaxation, "LARGEST_CORNER", largest_corner)
    for seed in SEEDS:
        problem = replace(tiny(seed), settings=Settings(("required", "minimum", "coverage", "value")))
        expected = best(problem)
        if expected is None:
            continue
        index = Instance(problem)
        timetable = first_timetable(index, index.requests)
        promises = Promises(index, COUNTED[:3])
        optimum = promises.worth(Timetable(index, index.placements(expected.meetings)).slot)
        relaxed = relax(timetable, range(index.slot_count), promises, Search(Options()))
        assert relaxed is not None
        assert relaxation.whole_bound(relaxed.bound) >= optimum, f"tiny({seed})"


def test_polishing_never_loses_and_often_reaches_the_best() -> None:
    reached = tried = 0
    for seed in SEEDS:
        problem = replace(tiny(seed), settings=Settings(("required", "minimum", "coverage", "value")))
        expected = best(problem)
        if expected is None:
            continue
        index = Instance(problem)
        timetable = Timetable(index)
        promises = Promises(index, COUNTED[:3])
        before = promises.worth(timetable.slot)
        polishing = Polishing(timetable, promises, Search(Options(time_limit=2.0)))
        polishing.run(0.5, lambda: None)
        assert_sound(problem, timetable)
        assert polishing.bound is not None
        assert before <= promises.worth(timetable.slot) == polishing.worth <= polishing.bound
        tried += 1
        reached += independent.figure("value", problem, _meetings(timetable)) == expected.figures["value"]
    assert reached >= 0.7 * tried


def _meetings(timetable: Timetable) -> tuple[object, ...]:
    return timetable.instance.meetings(seat(timetable.instance, timetable.placements))  # type: ignore[return-value]


@pytest.mark.parametrize("first", range(0, 120, 20))
def test_without_the_exact_model_bounds_hold_and_proofs_are_true(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexicographic, "LARGEST_MODEL", 0)
    for seed in range(first, first + 20):
        problem = tiny(seed)
        expected = best(problem)
        plan = solve(problem, Options(time_limit=1.0))
        if expected is None:
            assert plan.status == "infeasible"
            continue
        assert independent.broken_rules(problem, plan.meetings) == []
        for level in plan.objectives:
            figure = expected.figures[level.name]
            assert independent.at_least_as_good(level.name, level.bound, figure), f"tiny({seed}): {level}"
            if not level.proved:
                break  # what follows is solved among other plans than the best ones
            assert independent.same(level.value, figure), f"tiny({seed}): {level}"


@settings(max_examples=150, deadline=None)
@given(problems(), st.randoms(use_true_random=False))
def test_a_flow_begun_from_some_plan_bounds_as_one_begun_from_none(problem: Problem, random: Random) -> None:
    index = Instance(problem)
    near, far = Flow(index), Flow(index)
    near.begin(random.sample(index.requests, random.randint(0, len(index.requests))))
    for objective in objectives_of(index, COUNTED):
        reward = objective.reward(far)
        assert reward is not None
        assert near.maximise(reward) == far.maximise(reward), objective.name
        requests = slice(0, len(index.requests))
        for flow in (near, far):
            low, high = flow.bounds()
            served = np.isin(index.requests, flow.chosen())
            assert np.all((low[requests] <= served) & (served <= high[requests]))


def test_many_requests_placed_at_once_are_placed_as_one_by_one() -> None:
    for seed in SEEDS:
        plan = solve(tiny(seed), Options(time_limit=1.0))
        index = Instance(tiny(seed))
        if plan.status == "infeasible":
            continue
        slots = {request: place.slot for request, place in index.placements(plan.meetings).items()}
        free = {request: slot for request, slot in slots.items() if request not in index.locks}
        at_once, one_by_one = Timetable(index), Timetable(index)
        at_once.place_all(free)
        for request, slot in free.items():
            one_by_one.place(request, slot)
        assert (at_once.slot, at_once.busy, at_once.count) == (one_by_one.slot, one_by_one.busy, one_by_one.count)
        assert (at_once.at, at_once.pool_load) == (one_by_one.at, one_by_one.pool_load)


@settings(max_examples=100, deadline=None)
@given(problems())
def test_the_nearest_timetable_moves_nobody_it_need_not(problem: Problem) -> None:
    plan = solve(problem)
    if plan.status == "infeasible":
        return
    index = Instance(problem)
    pinned = index.placements(plan.meetings)
    timetable = nearest_timetable(index, pinned, pinned)
    assert_sound(problem, timetable)
    assert timetable.placed == {request: place.slot for request, place in pinned.items()}


def test_the_same_call_makes_the_same_plan_without_any_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexicographic, "LARGEST_MODEL", 0)
    problem = instance(replace(MORNING, buyers=12, structures=40, requests=200, half_day_absence=0.4), 1)
    one, other = (solve(problem, Options(time_limit=300.0, seed=3)) for _ in range(2))
    assert one.status == "feasible"
    assert one.meetings == other.meetings
    assert [(level.name, level.value) for level in one.objectives] == [
        (level.name, level.value) for level in other.objectives
    ]
