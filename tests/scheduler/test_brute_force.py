"""The engine against every plan there is: on tiny problems nothing is left to believe."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product

import pytest

from scheduler import Plan, lock_conflict, solve
from scheduler.plan import Figure, Meeting
from scheduler.problem import Lock, Problem
from tests.scheduler import independent
from tests.scheduler.brute_force import Enumeration, best, is_feasible
from tests.scheduler.tiny import tiny

BATCH = 20
BATCHES = range(0, 640, BATCH)
"""About one tiny problem in six has locks that cannot be kept; more than 500 others are left."""


def assert_best(problem: Problem, plan: Plan, seed: int) -> None:
    """Hold a plan of the engine against the enumeration, or against the absence of any plan."""
    expected = best(problem)
    if expected is None:
        assert plan.status == "infeasible", f"tiny({seed}): no plan keeps the locks, one was told"
        assert plan.conflict is not None
        assert plan.meetings == ()
        return
    assert plan.status == "optimal", f"tiny({seed}): {plan.status}"
    assert plan.conflict is None
    assert [level.name for level in plan.objectives] == list(expected.figures)
    assert independent.broken_rules(problem, plan.meetings) == [], f"tiny({seed})"
    for level in plan.objectives:
        assert level.proved, f"tiny({seed}): {level.name}"
        assert level.value == expected.figures[level.name], f"tiny({seed}): {level.name}"
        assert level.bound == level.value, f"tiny({seed}): {level.name}"
        measured = independent.figure(level.name, problem, plan.meetings)
        assert independent.same(level.value, measured), f"tiny({seed}): {level.name}"


@pytest.mark.parametrize("first", BATCHES)
def test_the_engine_reaches_the_best_plan_on_every_level(first: int) -> None:
    for seed in range(first, first + BATCH):
        problem = tiny(seed)
        assert_best(problem, solve(problem), seed)


def test_more_than_500_tiny_problems_have_a_plan() -> None:
    assert sum(is_feasible(tiny(seed)) for seed in range(BATCHES.stop)) >= 500


def test_tiny_problems_hold_every_part_of_the_contract() -> None:
    problems = [tiny(seed) for seed in range(BATCHES.stop)]
    people = [person for problem in problems for person in problem.participants]
    assert any(person.delegates > 1 for person in people)
    assert any(person.max_run for person in people)
    assert any(person.min_meetings for person in people)
    assert any(person.max_meetings for person in people)
    assert any(person.available is not None for person in people)
    assert {person.side for person in people if person.table} == {"buyer", "structure"}
    assert any(_share_a_table(problem) for problem in problems)
    assert any(problem.tables is None for problem in problems)
    assert any(Enumeration(problem).pool for problem in problems)
    assert any(problem.exclusions for problem in problems)
    assert any(lock.table for problem in problems for lock in problem.locks)
    assert any(request.slots for problem in problems for request in problem.requests)
    assert {len({slot.block for slot in problem.slots}) for problem in problems} == {1, 2}


def _share_a_table(problem: Problem) -> bool:
    own = [person.table for person in problem.participants if person.table is not None]
    return len(own) > len(set(own))


def test_the_enumeration_itself_agrees_with_trying_everything_blindly() -> None:
    tried = 0
    for seed in range(200):
        problem = tiny(seed)
        if _choices(problem) > 800:
            continue
        tried += 1
        expected, found = _blind(problem), best(problem)
        assert (found is None) == (expected is None), f"tiny({seed})"
        if found is not None and expected is not None:
            shown = [independent.trimmed(value) for value in expected]
            assert list(found.figures.values()) == shown, f"tiny({seed})"
    assert tried >= 30


def _seats(problem: Problem) -> list[str | None]:
    tables = {table.id for table in problem.tables or ()}
    return [None, *sorted(tables | {person.table for person in problem.participants if person.table})]


def _choices(problem: Problem) -> int:
    return int((1 + len(problem.slots) * len(_seats(problem))) ** len(problem.requests))


def _blind(problem: Problem) -> list[Figure] | None:
    """Return the figures of the best plan among all products of slot and table, right or wrong."""
    places = [None, *product([slot.id for slot in problem.slots], _seats(problem))]
    names = problem.settings.objectives
    top: tuple[list[tuple[int, ...]], list[Figure]] | None = None
    for choice in product(places, repeat=len(problem.requests)):
        meetings = [
            Meeting(request.id, request.buyer, request.structure, *place)
            for request, place in zip(problem.requests, choice, strict=True)
            if place is not None
        ]
        if independent.broken_rules(problem, meetings):
            continue
        figures = [independent.figure(name, problem, meetings) for name in names]
        key = [
            value if isinstance(value, tuple) else (value if name in independent.MAXIMISED else -value,)
            for name, value in zip(names, figures, strict=True)
        ]
        if top is None or key > top[0]:
            top = key, figures
    return None if top is None else top[1]


def test_locks_that_contradict_each_other_are_told_by_a_smallest_set() -> None:
    contradictory = 0
    for seed in range(1200):
        problem = tiny(seed)
        conflict = lock_conflict(problem)
        assert (conflict is None) == is_feasible(problem), f"tiny({seed})"
        if conflict is None:
            continue
        contradictory += 1
        assert conflict.sentence
        assert len(conflict.requests) == _smallest_conflict(problem), f"tiny({seed})"
        assert not is_feasible(_with_locks(problem, conflict.requests)), f"tiny({seed})"
        for left_out in conflict.requests:
            rest = tuple(name for name in conflict.requests if name != left_out)
            assert is_feasible(_with_locks(problem, rest)), f"tiny({seed})"
    assert contradictory >= 100


def _with_locks(problem: Problem, requests: tuple[str, ...]) -> Problem:
    return replace(problem, locks=tuple(lock for lock in problem.locks if lock.request in requests))


def _smallest_conflict(problem: Problem) -> int:
    names = sorted({lock.request for lock in problem.locks})
    return next(
        size
        for size in range(1, len(names) + 1)
        if any(not is_feasible(_with_locks(problem, chosen)) for chosen in combinations(names, size))
    )


def test_two_locks_of_one_request_are_a_conflict_of_that_request_alone() -> None:
    problem = tiny(0, locks=False)
    name = problem.requests[0].id
    twice = tuple(Lock(name, slot.id) for slot in problem.slots[:2])
    plan = solve(replace(problem, locks=twice))
    assert plan.status == "infeasible"
    assert plan.conflict is not None
    assert plan.conflict.requests == (name,)
