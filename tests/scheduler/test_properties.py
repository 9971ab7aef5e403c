"""What holds of every plan of every problem, held against the independent reading of the contract."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from benchmarks.instances import timetable
from scheduler import (
    Lock,
    Options,
    Plan,
    check,
    plan_from_json,
    plan_to_json,
    problem_from_json,
    problem_to_json,
    solve,
)
from scheduler.plan import Figure, Level, Meeting, Progress, Reason
from scheduler.problem import OBJECTIVES, Exclusion, Participant, Problem, Request, Settings, Slot, Table
from tests.scheduler import independent
from tests.scheduler.strategies import problems, spoiled
from tests.scheduler.tiny import tiny

often = settings(max_examples=100, deadline=None)
seldom = settings(max_examples=50, deadline=None)


def values(plan: Plan) -> dict[str, Figure]:
    return {level.name: level.value for level in plan.objectives}


def without_seconds(plan: Plan) -> Plan:
    levels = tuple(replace(level, seconds=0.0) for level in plan.objectives)
    return replace(plan, objectives=levels, seconds=0.0)


def is_no_better_than_its_bound(level: Level) -> bool:
    return independent.at_least_as_good(level.name, level.bound, level.value)


@often
@given(problems())
def test_a_plan_keeps_every_rule_and_tells_its_own_figures(problem: Problem) -> None:
    plan = solve(problem)
    assert independent.broken_rules(problem, plan.meetings) == []
    assert check(problem, plan) == ()
    assert plan.status == "optimal"
    assert tuple(values(plan)) == problem.settings.objectives
    for level in plan.objectives:
        assert independent.same(level.value, independent.figure(level.name, problem, plan.meetings))
        assert level.proved
        assert level.bound == level.value


@often
@given(problems())
def test_what_a_plan_leaves_out_is_told_with_a_reason_that_holds(problem: Problem) -> None:
    plan = solve(problem)
    served = {meeting.request for meeting in plan.meetings}
    assert [left.request for left in plan.unserved] == [r.id for r in problem.requests if r.id not in served]
    for left in plan.unserved:
        assert left.sentence.strip()
        assert left.reason in possible_reasons(problem, plan, left.request)


def possible_reasons(problem: Problem, plan: Plan, name: str) -> set[Reason]:
    """Work out which reasons may be told of a request that this optimal plan leaves out."""
    room = independent.Room(problem)
    wish = room.wishes[name]
    pair = {(exclusion.buyer, exclusion.structure) for exclusion in problem.exclusions}
    if (wish.buyer, wish.structure) in pair:
        return {"excluded"}
    both = [room.people[wish.buyer], room.people[wish.structure]]
    common = [
        slot
        for slot in room.rank
        if all(room.here(person, slot) for person in both) and (wish.slots is None or slot in wish.slots)
    ]
    if not common:
        return {"no_common_slot"}
    free = {person.id: [slot for slot in common if _has_room(room, plan, person, slot)] for person in both}
    reasons: set[Reason] = set()
    if not free[wish.buyer]:
        reasons.add("buyer_full")
    if not free[wish.structure]:
        reasons.add("structure_full")
    if reasons:
        return reasons
    together = [slot for slot in common if all(slot in slots for slots in free.values())]
    if together and not any(_has_table(room, plan, wish, slot) for slot in together):
        return {"no_table"}
    return {"others_preferred"}


def _has_room(room: independent.Room, plan: Plan, person: Participant, slot: str) -> bool:
    """Tell whether this participant could hold one more meeting here, whomever it met."""
    mine = independent.by_person(plan.meetings)[person.id]
    if sum(meeting.slot == slot for meeting in mine) >= person.delegates:
        return False
    if person.max_meetings is not None and len(mine) >= person.max_meetings:
        return False
    busy = {meeting.slot for meeting in mine} | {slot}
    block = next(block for block in room.blocks if slot in block)
    run, longest = 0, 0
    for other in block:
        run = run + 1 if other in busy else 0
        longest = max(longest, run)
    return person.max_run is None or longest <= person.max_run


def _has_table(room: independent.Room, plan: Plan, wish: Request, slot: str) -> bool:
    """Tell whether one more meeting of this pair could be seated in this slot."""
    here = [meeting for meeting in plan.meetings if meeting.slot == slot]
    own = room.people[wish.buyer].table or room.people[wish.structure].table
    if own is None:
        taken = [meeting for meeting in here if room.own_table(meeting) is None]
        return room.pool is None or len(taken) < len(room.pool)
    guests = [meeting for meeting in here if meeting.table == own]
    owners = [person.id for person in room.people.values() if person.table == own]
    return not guests or any(
        owner in (wish.buyer, wish.structure) and len(independent.by_person(guests)[owner]) == len(guests)
        for owner in owners
    )


@often
@given(problems(), st.data())
def test_check_tells_the_same_broken_rules_of_a_spoiled_plan(problem: Problem, data: st.DataObject) -> None:
    plan = solve(problem)
    if data.draw(st.booleans()) and plan.meetings:
        held = data.draw(st.sampled_from(plan.meetings))
        problem = replace(problem, locks=(Lock(held.request, held.slot, held.table),))
    meetings = data.draw(spoiled(problem, plan.meetings))
    expected = {broken.rule for broken in independent.broken_rules(problem, meetings)}
    told = check(problem, replace(plan, meetings=meetings))
    assert all(violation.sentence.strip() and violation.requests for violation in told)
    if is_senseless(problem, meetings):
        assert "served_once" in {violation.rule for violation in told}
    else:
        assert {violation.rule for violation in told} == expected


def is_senseless(problem: Problem, meetings: tuple[Meeting, ...]) -> bool:
    """Tell whether a meeting is nobody's or is there twice, so that other rules have no meaning."""
    room = independent.Room(problem)
    names = [meeting.request for meeting in meetings]
    return len(set(names)) < len(names) or not all(independent.is_known(room, meeting) for meeting in meetings)


@seldom
@given(problems(), st.randoms(use_true_random=False))
def test_other_names_and_another_order_leave_the_figures_as_they_are(problem: Problem, random: Random) -> None:
    renamed = relabelled(problem)
    participants, requests = list(renamed.participants), list(renamed.requests)
    random.shuffle(participants)
    random.shuffle(requests)
    tables = None if renamed.tables is None else tuple(reversed(renamed.tables))
    shuffled = replace(renamed, participants=tuple(participants), requests=tuple(requests), tables=tables)
    assert values(solve(shuffled)) == values(solve(problem))


def relabelled(problem: Problem) -> Problem:
    """Return the same problem with every identifier and every name replaced."""

    def other(name: str) -> str:
        return f"~{name[::-1]}"

    def others(names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return None if names is None else tuple(other(name) for name in names)

    return Problem(
        slots=tuple(Slot(other(s.id), s.start, s.end, other(s.block)) for s in problem.slots),
        tables=None if problem.tables is None else tuple(Table(other(table.id)) for table in problem.tables),
        participants=tuple(
            replace(
                p, id=other(p.id), name="", available=others(p.available), table=other(p.table) if p.table else None
            )
            for p in problem.participants
        ),
        requests=tuple(
            replace(r, id=other(r.id), buyer=other(r.buyer), structure=other(r.structure), slots=others(r.slots))
            for r in problem.requests
        ),
        exclusions=tuple(Exclusion(other(e.buyer), other(e.structure)) for e in problem.exclusions),
        settings=problem.settings,
    )


@seldom
@given(problems())
def test_the_day_read_backwards_is_worth_the_same_but_for_early(problem: Problem) -> None:
    names = tuple(name for name in problem.settings.objectives if name != "early")
    forwards = replace(problem, settings=Settings(names))
    times = [(slot.start, slot.end) for slot in problem.slots]
    backwards = tuple(
        replace(slot, start=start, end=end) for slot, (start, end) in zip(reversed(problem.slots), times, strict=True)
    )
    assert values(solve(replace(forwards, slots=backwards))) == values(solve(forwards))


@seldom
@given(problems(), st.data())
def test_a_lock_that_the_optimum_already_keeps_changes_nothing(problem: Problem, data: st.DataObject) -> None:
    plan = solve(problem)
    assume(plan.meetings)
    held = data.draw(st.sets(st.sampled_from(plan.meetings), min_size=1))
    with_table = data.draw(st.booleans())
    locks = tuple(
        Lock(m.request, m.slot, m.table if with_table else None) for m in sorted(held, key=lambda m: m.request)
    )
    locked = solve(replace(problem, locks=locks))
    assert locked.status == "optimal"
    assert values(locked) == values(plan)
    assert independent.broken_rules(replace(problem, locks=locks), locked.meetings) == []


@seldom
@given(problems(), st.data())
def test_a_request_less_never_adds_value(problem: Problem, data: st.DataObject) -> None:
    assume(problem.requests)
    problem = replace(problem, settings=Settings(("value",)))
    gone = data.draw(st.sampled_from(problem.requests))
    fewer = replace(problem, requests=tuple(request for request in problem.requests if request != gone))
    most, less = solve(problem).level("value"), solve(fewer).level("value")
    assert most is not None
    assert less is not None
    assert independent.at_least_as_good("value", most.bound, less.bound)
    assert independent.at_least_as_good("value", most.value, less.value)


@seldom
@given(problems(), st.integers(1, 2), st.integers(1, 1000))
def test_the_same_seed_gives_the_same_plan(problem: Problem, workers: int, seed: int) -> None:
    options = Options(workers=workers, seed=seed)
    assert without_seconds(solve(problem, options)) == without_seconds(solve(problem, options))


@pytest.mark.parametrize("workers", [1, 2])
def test_a_free_choice_between_equal_plans_is_made_the_same_way_each_time(workers: int) -> None:
    structures = tuple(Participant(f"S{n}", "structure") for n in (1, 2, 3))
    room = Problem(
        slots=timetable(5),
        tables=(Table("A1"), Table("A2")),
        participants=(
            Participant("B1", "buyer", delegates=2),
            *structures,
            Participant("S4", "structure", "", 1, ("T04",)),
        ),
        requests=tuple(Request(f"R{n}", "B1", f"S{n}", 1) for n in (1, 3, 4)),
    )
    assert len({solve(room, Options(workers=workers)).meetings for _ in range(30)}) == 1


@seldom
@given(problems(), st.integers(2, 2**31 - 1))
def test_another_seed_gives_the_same_figures(problem: Problem, seed: int) -> None:
    assert values(solve(problem, Options(seed=seed))) == values(solve(problem))


@seldom
@given(problems())
def test_json_gives_back_what_it_was_given(problem: Problem) -> None:
    assert problem_from_json(json.dumps(problem_to_json(problem))) == problem
    plan = solve(problem)
    assert plan_from_json(json.dumps(plan_to_json(plan))) == plan


@seldom
@given(problems())
def test_no_time_at_all_still_gives_a_right_plan_with_a_bound_on_every_level(problem: Problem) -> None:
    assert_honest(problem, solve(problem, Options(time_limit=1e-9)), solve(problem))


@pytest.mark.parametrize("seed", range(12))
def test_no_bound_is_refuted_however_short_the_time(seed: int) -> None:
    problem = tiny(seed, locks=False)
    best = solve(problem)
    for quarter in range(1, 41):
        assert_honest(problem, solve(problem, Options(time_limit=quarter / 4000)), best)


def assert_honest(problem: Problem, plan: Plan, best: Plan) -> None:
    """Hold what an unfinished plan claims against the best plan there is."""
    assert independent.broken_rules(problem, plan.meetings) == []
    assert tuple(values(plan)) == problem.settings.objectives
    assert (plan.status == "optimal") == all(level.proved for level in plan.objectives)
    as_good = True
    for level, optimum in zip(plan.objectives, best.objectives, strict=True):
        assert independent.same(level.value, independent.figure(level.name, problem, plan.meetings))
        assert is_no_better_than_its_bound(level), level
        assert not level.proved or independent.same(level.value, level.bound), level
        if as_good:
            assert independent.at_least_as_good(level.name, level.bound, optimum.value), level
            as_good = independent.same(level.value, optimum.value)
            assert as_good or not level.proved, level


@seldom
@given(problems())
def test_stopping_at_once_still_gives_a_right_plan(problem: Problem) -> None:
    plan = solve(problem, stop=lambda: True)
    assert independent.broken_rules(problem, plan.meetings) == []
    assert tuple(values(plan)) == problem.settings.objectives
    assert all(is_no_better_than_its_bound(level) for level in plan.objectives)


@seldom
@given(problems())
def test_progress_tells_right_plans_that_end_with_the_one_returned(problem: Problem) -> None:
    told: list[Progress] = []
    plan = solve(problem, on_progress=told.append)
    assert {progress.objective for progress in told} <= set(problem.settings.objectives)
    assert told[-1].meetings == len(plan.meetings)
    for progress in told:
        assert independent.broken_rules(problem, progress.plan.meetings) == []


def test_the_strategies_know_every_level() -> None:
    assert set(OBJECTIVES) | {"changes"} == set(independent.REPAIR_ORDER)
