"""Seeded mornings of the size of the real one: proofs where they are promised, bounds everywhere."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC

import pytest

from benchmarks.instances import MORNING, SHAPES, Shape, instance
from scheduler import Options, check, solve
from scheduler.problem import OBJECTIVES, Problem, Settings
from tests.scheduler import independent


def morning_of(seed: int, *levels: str) -> Problem:
    room = instance(MORNING, seed)
    return replace(room, settings=Settings(levels)) if levels else room


@pytest.mark.parametrize("seed", range(1, 6))
def test_who_meets_whom_is_proved_on_a_morning(seed: int) -> None:
    room = morning_of(seed, "required", "minimum", "coverage", "value", "balance")
    plan = solve(room)
    assert plan.status == "optimal"
    assert all(level.proved and level.value == level.bound for level in plan.objectives)
    assert independent.broken_rules(room, plan.meetings) == []
    assert len(plan.meetings) + len(plan.unserved) == len(room.requests)


@pytest.mark.parametrize("seed", range(1, 6))
def test_a_whole_morning_is_planned_with_a_bound_on_every_level(seed: int) -> None:
    room = morning_of(seed)
    plan = solve(room, Options(time_limit=3.0))
    assert independent.broken_rules(room, plan.meetings) == []
    assert check(room, plan) == ()
    assert tuple(level.name for level in plan.objectives) == OBJECTIVES
    for level in plan.objectives:
        assert independent.same(level.value, independent.figure(level.name, room, plan.meetings))
        assert independent.at_least_as_good(level.name, level.bound, level.value)
        assert level.name in {"idle", "moves", "early"} or level.proved
    assert (plan.status == "optimal") == all(level.proved for level in plan.objectives)


@pytest.mark.parametrize(
    "shape",
    [
        replace(MORNING, tables="pool", pool_tables=8),
        replace(MORNING, tables="none", half_day_absence=0.3, missing_slot=0.2),
        replace(MORNING, blocks=2, cap=3),
    ],
    ids=["small pool", "scarce", "two blocks"],
)
def test_other_mornings_are_planned_by_the_same_rules(shape: Shape) -> None:
    room = instance(shape, 1)
    plan = solve(room, Options(time_limit=3.0))
    assert independent.broken_rules(room, plan.meetings) == []
    for level in plan.objectives:
        assert independent.same(level.value, independent.figure(level.name, room, plan.meetings))
        assert independent.at_least_as_good(level.name, level.bound, level.value)


def test_a_morning_asked_to_stop_returns_its_best_plan_at_once() -> None:
    room = instance(replace(SHAPES["day"], tables="pool", pool_tables=40), 1)
    asked: list[float] = []

    def stop() -> bool:
        if time.monotonic() - begun > 1.0:
            asked.append(time.monotonic())
        return bool(asked)

    begun = time.monotonic()
    plan = solve(room, Options(time_limit=600.0), stop=stop)
    assert asked
    assert time.monotonic() - asked[0] < 10.0
    assert independent.broken_rules(room, plan.meetings) == []
    assert tuple(level.name for level in plan.objectives) == OBJECTIVES
    assert all(independent.at_least_as_good(level.name, level.bound, level.value) for level in plan.objectives)


def test_instances_are_the_same_every_time_and_of_their_size() -> None:
    for shape in (MORNING, SHAPES["day"]):
        room = instance(shape, 7)
        assert room == instance(shape, 7)
        assert room != instance(shape, 8)
        sides = [person.side for person in room.participants]
        assert (sides.count("buyer"), sides.count("structure")) == (shape.buyers, shape.structures)
        assert len({(request.buyer, request.structure) for request in room.requests}) == shape.requests
        assert len(room.slots) == shape.slots
        assert {request.value for request in room.requests} <= set(range(1, 14))
        assert all(slot.start.tzinfo == UTC for slot in room.slots)
