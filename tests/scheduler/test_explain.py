"""Each remedy that is told is applied, held against the rules, and against every cheaper one there could be."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from benchmarks.instances import MORNING, instance, timetable
from scheduler import Counterfactual, InputError, Options, Plan, Unserved, explain, solve
from scheduler.plan import Meeting
from scheduler.problem import Exclusion, Lock, Participant, Problem, Request, Settings
from tests.scheduler import independent
from tests.scheduler.brute_force import best_repair
from tests.scheduler.strategies import problems
from tests.scheduler.tiny import tiny

Cost = tuple[int, int, int]
"""What must be opened, then 3 × cancelled + 2 × moved + 1 × moved table, then the value that is lost."""

BATCH = 20
BATCHES = range(0, 200, BATCH)


def applied(plan: Plan, remedy: Counterfactual) -> tuple[Meeting, ...]:
    """Return the plan's meetings after the remedy, which must speak of meetings that the plan has."""
    moves = {move.before: move.after for move in remedy.moved}
    assert set(moves) <= set(plan.meetings)
    assert set(remedy.cancelled) <= set(plan.meetings)
    assert not set(remedy.cancelled) & set(moves)
    assert all(before.request == after.request for before, after in moves.items())
    left = [moves.get(meeting, meeting) for meeting in plan.meetings if meeting not in remedy.cancelled]
    return (*left, remedy.meeting)


def opened(problem: Problem, given: tuple[tuple[str, str], ...]) -> Problem:
    """Return the problem after the participants and requests named in ``given`` gave the slots beside them."""

    def more(name: str, slots: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return None if slots is None else (*slots, *(slot for who, slot in given if who == name))

    return replace(
        problem,
        participants=tuple(replace(p, available=more(p.id, p.available)) for p in problem.participants),
        requests=tuple(replace(r, slots=more(r.id, r.slots)) for r in problem.requests),
    )


def cost_of(problem: Problem, plan: Plan, remedy: Counterfactual) -> Cost:
    value = {request.id: request.value for request in problem.requests}
    required = {request.id for request in problem.requests if request.required}
    return (
        len(remedy.opened),
        sum(meeting.request in required for meeting in remedy.cancelled),
        independent.changes(applied(plan, remedy), plan.meetings),
        sum(value[meeting.request] for meeting in remedy.cancelled),
    )


def cheapest(problem: Problem, plan: Plan, name: str) -> Cost | None:
    """Try everything: return the cost of the cheapest remedy, or nothing when there is none."""
    wish = next(request for request in problem.requests if request.id == name)
    costs = []
    for gift in _gifts(problem, wish):
        cost = _cheapest_with(opened(problem, gift), plan, wish, gift[0][1] if gift else None)
        if cost is not None:
            costs.append((len(gift), *cost))
    return min(costs, default=None)


def _gifts(problem: Problem, wish: Request) -> list[tuple[tuple[str, str], ...]]:
    """List what could be given so that the pair has a slot: nothing when it already has one."""
    room = independent.Room(problem)
    missing = []
    for slot in room.rank:
        away = [name for name in (wish.buyer, wish.structure) if not room.here(room.people[name], slot)]
        away += [wish.id] if wish.slots is not None and slot not in wish.slots else []
        missing.append(tuple((name, slot) for name in away))
    return [()] if () in missing else missing


def _cheapest_with(problem: Problem, plan: Plan, wish: Request, only: str | None) -> tuple[int, int, int] | None:
    kept = {meeting.request for meeting in plan.meetings}
    requests = tuple(r for r in problem.requests if r.id in kept | {wish.id})
    promised = sum(request.required for request in requests)
    costs = []
    for slot in problem.slots if only is None else [s for s in problem.slots if s.id == only]:
        few = replace(
            problem,
            requests=requests,
            locks=(*problem.locks, Lock(wish.id, slot.id)),
            settings=Settings(("required", "changes", "value")),
        )
        found = best_repair(few, plan.meetings)
        if found is not None:
            required, changes, value = (found.figures[name] for name in ("required", "changes", "value"))
            assert isinstance(required, int)
            assert isinstance(changes, int)
            assert isinstance(value, int)
            costs.append((promised - required, changes, sum(request.value for request in requests) - value))
    return min(costs, default=None)


def assert_remedy_holds(problem: Problem, plan: Plan, told: Unserved) -> None:
    """Apply what is told and hold the result against the rules and the levels."""
    assert told.sentence.endswith(".")
    remedy = told.counterfactual
    assert bool(told.would_need) == (remedy is not None)
    if remedy is None:
        return
    after = applied(plan, remedy)
    assert remedy.meeting.request == told.request
    assert independent.broken_rules(opened(problem, remedy.opened), after) == []
    assert remedy.worse == first_worse(problem, plan.meetings, after)
    words = " ".join(told.would_need)
    for meeting in remedy.cancelled:
        assert meeting.request in words
    for move in remedy.moved:
        assert move.before.request in words
    for who, slot in remedy.opened:
        assert any(who in step and slot in step for step in told.would_need)
    assert remedy.meeting.slot in told.would_need[-1]


def first_worse(problem: Problem, before: tuple[Meeting, ...], after: tuple[Meeting, ...]) -> str | None:
    """Name the first level that differs when it differs for the worse."""
    for name in problem.settings.objectives:
        old = independent.figure(name, problem, before)
        new = independent.figure(name, problem, after)
        if not independent.same(old, new):
            return None if independent.at_least_as_good(name, new, old) else name
    return None


@pytest.mark.parametrize("first", BATCHES)
def test_no_cheaper_remedy_exists(first: int) -> None:
    for seed in range(first, first + BATCH):
        problem = tiny(seed)
        plan = solve(problem)
        if plan.status == "infeasible":
            continue
        explained = explain(problem, plan)
        assert [told.request for told in explained] == [left.request for left in plan.unserved]
        for told in explained:
            assert_remedy_holds(problem, plan, told)
            remedy = told.counterfactual
            found = None if remedy is None else cost_of(problem, plan, remedy)
            expected = None if told.reason == "excluded" else cheapest(problem, plan, told.request)
            assert found == expected, f"tiny({seed}): {told}"


@settings(max_examples=60, deadline=None)
@given(problems())
def test_every_remedy_keeps_the_rules(problem: Problem) -> None:
    plan = solve(problem)
    for told, left in zip(explain(problem, plan), plan.unserved, strict=True):
        assert (told.request, told.reason) == (left.request, left.reason)
        assert_remedy_holds(problem, plan, told)


def test_a_morning_is_explained_request_by_request() -> None:
    problem = replace(instance(MORNING, 2), settings=Settings(("coverage", "value", "balance")))
    plan = solve(problem)
    explained = explain(problem, plan)
    assert {told.request for told in explained} | {m.request for m in plan.meetings} == {
        request.id for request in problem.requests
    }
    assert sum(told.counterfactual is not None for told in explained) >= 0.9 * len(explained)
    for told in explained:
        assert_remedy_holds(problem, plan, told)
    one = explained[0]
    assert explain(problem, plan, one.request) == (one,)


def _three(**limits: int) -> Problem:
    """Return one buyer that three structures want, in two slots."""
    return Problem(
        slots=timetable(2),
        participants=(
            replace(Participant("B1", "buyer"), **limits),  # type: ignore[arg-type]
            Participant("S1", "structure"),
            Participant("S2", "structure"),
            Participant("S3", "structure"),
        ),
        requests=(Request("R1", "B1", "S1", 9), Request("R2", "B1", "S2", 5), Request("R3", "B1", "S3", 1)),
    )


def test_a_full_buyer_is_told_with_the_meeting_that_would_go() -> None:
    problem = _three()
    told = explain(problem, solve(problem))
    assert [(left.request, left.reason) for left in told] == [("R3", "buyer_full")]
    remedy = told[0].counterfactual
    assert remedy is not None
    assert [meeting.request for meeting in remedy.cancelled] == ["R2"]
    assert remedy.worse == "value"


def test_a_locked_meeting_is_never_the_price() -> None:
    problem = replace(_three(), locks=(Lock("R1", "T01"), Lock("R2", "T02")))
    told = explain(problem, solve(problem))
    assert [(left.request, left.reason, left.counterfactual) for left in told] == [("R3", "buyer_full", None)]


def test_an_excluded_pair_has_no_remedy() -> None:
    problem = replace(_three(), exclusions=(Exclusion("B1", "S3"),))
    told = explain(problem, solve(problem))
    assert [(left.reason, left.would_need) for left in told] == [("excluded", ())]


def test_a_request_whose_own_slots_are_closed_says_which_would_have_to_open() -> None:
    problem = Problem(
        slots=timetable(2),
        participants=(Participant("B1", "buyer", available=("T01",)), Participant("S1", "structure")),
        requests=(Request("R1", "B1", "S1", 1, slots=("T02",)),),
    )
    (told,) = explain(problem, solve(problem))
    assert told.reason == "no_common_slot"
    assert_remedy_holds(problem, Plan("optimal"), told)
    assert told.counterfactual is not None
    assert len(told.counterfactual.opened) == 1


def test_a_plan_made_by_hand_is_explained_too() -> None:
    problem = _three()
    plan = Plan("feasible", (Meeting("R3", "B1", "S3", "T02"),))
    explained = explain(problem, plan)
    assert [told.request for told in explained] == ["R1", "R2"]
    for told in explained:
        assert_remedy_holds(problem, plan, told)
        assert told.counterfactual is not None
        assert told.counterfactual.cancelled == ()


def test_a_served_request_needs_no_explanation_and_an_unknown_one_is_refused() -> None:
    problem = _three()
    plan = solve(problem)
    assert explain(problem, plan, "R1") == ()
    with pytest.raises(InputError):
        explain(problem, plan, "R99")


def test_the_reason_is_told_even_when_no_time_is_left_for_remedies() -> None:
    problem = _three()
    (told,) = explain(problem, solve(problem), options=Options(time_limit=1e-9))
    assert told.reason == "buyer_full"
    assert told.counterfactual is None
