"""A repair keeps what has begun, changes as little as any repair could, and then plans as well as before."""

from __future__ import annotations

import gc
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.instances import MORNING, instance, timetable
from scheduler import InputError, Options, Plan, check, lexicographic, repair, solve
from scheduler.plan import Figure, Meeting
from scheduler.problem import Exclusion, Lock, Participant, Problem, Request, Settings
from tests.scheduler import independent
from tests.scheduler.brute_force import best, best_repair
from tests.scheduler.strategies import problems
from tests.scheduler.tiny import change, tiny

BATCH = 20
BATCHES = range(0, 160, BATCH)


def figures(plan: Plan) -> dict[str, Figure]:
    return {level.name: level.value for level in plan.objectives}


def before(problem: Problem, meetings: tuple[Meeting, ...], now: str | None) -> set[Meeting]:
    """Return the meetings in slots before ``now``."""
    names = [slot.id for slot in problem.slots]
    past = names[: names.index(now)] if now is not None else []
    return {meeting for meeting in meetings if meeting.slot in past}


def assert_best_repair(seed: int) -> bool:
    """Hold the repair of a tiny plan against all repairs; tell whether anything had to change."""
    problem = tiny(seed)
    planned = best(problem)
    if planned is None or not planned.meetings:
        return False
    changed, now = change(seed, problem, planned.meetings)
    expected = best_repair(changed, planned.meetings, now)
    repaired = repair(changed, Plan("optimal", planned.meetings), now=now)
    if expected is None:
        assert repaired.status == "infeasible", f"change({seed})"
        assert repaired.conflict is not None
        return False
    assert repaired.status == "optimal", f"change({seed})"
    assert [level.name for level in repaired.objectives] == list(expected.figures), f"change({seed})"
    assert before(changed, repaired.meetings, now) == before(changed, planned.meetings, now), f"change({seed})"
    for level in repaired.objectives:
        assert level.value == expected.figures[level.name], f"change({seed}): {level.name}"
        assert level.proved, f"change({seed}): {level.name}"
        assert level.bound == level.value, f"change({seed}): {level.name}"
        measured = independent.figure(level.name, changed, repaired.meetings, planned.meetings)
        assert independent.same(level.value, measured), f"change({seed}): {level.name}"
    return expected.figures["changes"] != 0


@pytest.mark.parametrize("first", BATCHES)
def test_no_other_repair_is_better_on_any_level(first: int) -> None:
    for seed in range(first, first + BATCH):
        assert_best_repair(seed)


def test_a_new_request_takes_a_free_table_when_all_others_keep_theirs() -> None:
    assert not assert_best_repair(438)


@settings(max_examples=60, deadline=None)
@given(problems(), st.data())
def test_what_did_not_change_needs_no_change(problem: Problem, data: st.DataObject) -> None:
    plan = solve(problem)
    now = data.draw(st.none() | st.sampled_from([slot.id for slot in problem.slots]))
    repaired = repair(problem, plan, now=now)
    assert figures(repaired)["changes"] == 0
    assert repaired.warnings == ()
    assert set(plan.meetings) <= set(repaired.meetings)
    assert independent.broken_rules(problem, repaired.meetings) == []
    for name, value in figures(plan).items():
        assert independent.same(figures(repaired)[name], value)


@settings(max_examples=100, deadline=None)
@given(problems(), st.data())
def test_the_past_is_kept_and_the_future_keeps_every_rule(problem: Problem, data: st.DataObject) -> None:
    plan = solve(problem)
    now = data.draw(st.sampled_from([slot.id for slot in problem.slots]))
    person = data.draw(st.sampled_from(problem.participants))
    there = data.draw(st.sets(st.sampled_from([slot.id for slot in problem.slots])))
    available = tuple(slot.id for slot in problem.slots if slot.id in there)
    people = tuple(replace(p, available=available) if p == person else p for p in problem.participants)
    changed = replace(problem, participants=people)
    repaired = repair(changed, plan, now=now)
    past = before(changed, plan.meetings, now)
    assert before(changed, repaired.meetings, now) == past
    forbidden = {
        broken.requests[0] for broken in independent.broken_rules(changed, tuple(past)) if broken.rule == "served_once"
    }
    broken = independent.broken_rules(changed, repaired.meetings)
    assert {fault.requests[0] for fault in broken} == forbidden
    assert {fault.rule for fault in broken} <= {"served_once"}
    for name in forbidden:
        assert any(name in warning for warning in repaired.warnings)
    if not forbidden:
        assert repaired.warnings == ()
        assert check(changed, repaired) == ()


def test_a_meeting_of_the_past_is_not_served_a_second_time() -> None:
    problem = _two_by_two()
    plan = Plan("feasible", (Meeting("R1", "B1", "S1", "T01"),))
    people = tuple(replace(p, available=("T03",)) if p.id == "B1" else p for p in problem.participants)
    repaired = repair(replace(problem, participants=people), plan, now="T02")
    assert [m.slot for m in repaired.meetings if m.request == "R1"] == ["T01"]
    assert len(repaired.warnings) == 1


def test_a_meeting_whose_request_is_withdrawn_is_told_and_counted() -> None:
    problem = _two_by_two()
    plan = solve(problem)
    fewer = replace(problem, requests=problem.requests[1:])
    repaired = repair(fewer, plan)
    assert "R1" not in {meeting.request for meeting in repaired.meetings}
    assert any("R1" in warning for warning in repaired.warnings)
    assert figures(repaired)["changes"] == independent.changes(repaired.meetings, plan.meetings) == 3


def test_an_excluded_pair_is_parted_for_the_future_only() -> None:
    problem = _two_by_two()
    plan = Plan("feasible", (Meeting("R1", "B1", "S1", "T01"), Meeting("R4", "B2", "S2", "T02")))
    apart = replace(problem, exclusions=(Exclusion("B1", "S1"), Exclusion("B2", "S2")))
    repaired = repair(apart, plan, now="T02")
    served = {meeting.request for meeting in repaired.meetings}
    assert "R1" in served
    assert "R4" not in served
    assert any("R1" in warning for warning in repaired.warnings)


def _two_by_two() -> Problem:
    """Return two buyers and two structures that all want to meet in three slots."""
    return Problem(
        slots=timetable(3),
        participants=(
            Participant("B1", "buyer"),
            Participant("B2", "buyer"),
            Participant("S1", "structure"),
            Participant("S2", "structure"),
        ),
        requests=(
            Request("R1", "B1", "S1", 1),
            Request("R2", "B1", "S2", 1),
            Request("R3", "B2", "S1", 1),
            Request("R4", "B2", "S2", 1),
        ),
    )


def test_changes_may_be_placed_elsewhere() -> None:
    problem = _two_by_two()
    plan = Plan("feasible", (Meeting("R1", "B1", "S1", "T03"),))
    late = replace(problem, settings=Settings(("value", "early", "changes")))
    repaired = repair(late, plan)
    assert list(figures(repaired)) == ["value", "early", "changes"]
    assert figures(repaired)["early"] == 6
    soon = replace(problem, settings=Settings(("changes", "value", "early")))
    assert figures(repair(soon, plan))["changes"] == 0


def test_changes_come_after_the_promises_by_default() -> None:
    plan = repair(_two_by_two(), Plan("feasible"))
    assert tuple(figures(plan)) == independent.REPAIR_ORDER
    value_only = replace(_two_by_two(), settings=Settings(("value",)))
    assert tuple(figures(repair(value_only, Plan("feasible")))) == ("changes", "value")


def test_a_lock_in_the_past_that_was_not_kept_is_told_and_forgotten() -> None:
    problem = replace(_two_by_two(), locks=(Lock("R1", "T01"),))
    repaired = repair(problem, Plan("feasible"), now="T02")
    assert repaired.status == "optimal"
    assert any("R1" in warning for warning in repaired.warnings)
    assert before(problem, repaired.meetings, "T02") == set()


def test_locks_that_the_past_makes_impossible_are_a_conflict() -> None:
    problem = replace(_two_by_two(), locks=(Lock("R2", "T02"),))
    people = tuple(replace(p, max_meetings=1) if p.id == "B1" else p for p in problem.participants)
    plan = Plan("feasible", (Meeting("R1", "B1", "S1", "T01"),))
    repaired = repair(replace(problem, participants=people), plan, now="T02")
    assert repaired.status == "infeasible"
    assert repaired.conflict is not None
    assert repaired.conflict.requests == ("R2",)


def test_the_collector_is_left_as_it_was() -> None:
    gc.disable()
    try:
        repair(_two_by_two(), Plan("feasible"))
        assert not gc.isenabled()
    finally:
        gc.enable()
    with pytest.raises(InputError):
        repair(_two_by_two(), Plan("feasible"), now="T99")
    assert gc.isenabled()


@pytest.mark.parametrize("seed", range(1, 4))
def test_above_the_exact_models_size_nobody_moves_who_need_not(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexicographic, "LARGEST_MODEL", 0)
    problem = instance(replace(MORNING, tables="pool", pool_tables=10), seed)
    plan = solve(problem, Options(time_limit=1.5))
    for what in ("late", "leaves", "absent"):
        changed = _after(problem, plan, what)
        repaired = repair(changed, plan, now="T05")
        hit = {fault.requests[0] for fault in independent.broken_rules(changed, plan.meetings)}
        kept = {meeting for meeting in plan.meetings if meeting.request not in hit}
        assert kept <= set(repaired.meetings), what
        assert figures(repaired)["changes"] == independent.changes(repaired.meetings, plan.meetings) <= 3 * len(hit)
        assert [level.name for level in repaired.objectives] == list(independent.REPAIR_ORDER)


def test_an_unknown_now_is_refused() -> None:
    with pytest.raises(InputError):
        repair(_two_by_two(), Plan("feasible"), now="T99")


@pytest.mark.parametrize("what", ["late", "leaves", "absent", "table", "arrives"])
@pytest.mark.parametrize("seed", range(1, 4))
def test_a_morning_is_repaired_with_proof(seed: int, what: str) -> None:
    problem = instance(MORNING, seed)
    plan = solve(problem, Options(time_limit=1.5))
    now = "T05"
    changed = _after(problem, plan, what)
    levels = tuple(name for name in independent.REPAIR_ORDER if name not in {"idle", "moves", "early"})
    repaired = repair(replace(changed, settings=Settings(levels)), plan, now=now)
    assert repaired.status == "optimal"
    assert before(changed, repaired.meetings, now) == before(changed, plan.meetings, now)
    assert figures(repaired)["changes"] == independent.changes(repaired.meetings, plan.meetings)
    names = {m.request for m in plan.meetings} | {m.request for m in repaired.meetings}
    broken = independent.broken_rules(changed, repaired.meetings)
    past = {meeting.request for meeting in before(changed, plan.meetings, now)}
    assert all(set(fault.requests) <= past <= names for fault in broken)


def _after(problem: Problem, plan: Plan, what: str) -> Problem:
    """Return the morning after its busiest buyer, a table or a new pair changed the day from the fifth slot on."""
    held = [meeting.buyer for meeting in plan.meetings]
    busiest = max(problem.participants, key=lambda person: held.count(person.id))
    slots = [slot.id for slot in problem.slots]
    was = slots if busiest.available is None else [slot for slot in slots if slot in busiest.available]
    still = {"late": [*slots[:4], *slots[7:]], "leaves": slots[:7], "absent": slots[:4]}
    if what in still:
        now = replace(busiest, available=tuple(slot for slot in was if slot in still[what]))
        return replace(problem, participants=tuple(now if p == busiest else p for p in problem.participants))
    if what == "table":
        other = next(p.table for p in problem.participants if p.side == "buyer" and p != busiest)
        now = replace(busiest, table=other)
        return replace(problem, participants=tuple(now if p == busiest else p for p in problem.participants))
    met = {request.structure for request in problem.requests if request.buyer == busiest.id}
    newcomer = next(p.id for p in problem.participants if p.side == "structure" and p.id not in met)
    return replace(problem, requests=(*problem.requests, Request("R999", busiest.id, newcomer, 13)))
