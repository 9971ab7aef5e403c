"""The contract sentence by sentence, on problems whose answer anyone can see."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from benchmarks.instances import timetable
from scheduler import Plan, check, solve
from scheduler.plan import Figure, Meeting
from scheduler.problem import (
    OBJECTIVES,
    Exclusion,
    Lock,
    Participant,
    Problem,
    Request,
    Settings,
    Side,
    Slot,
    Table,
)
from tests.scheduler import independent


def buyer(name: str, **limits: object) -> Participant:
    return _participant(name, "buyer", limits)


def structure(name: str, **limits: object) -> Participant:
    return _participant(name, "structure", limits)


def _participant(name: str, side: Side, limits: dict[str, object]) -> Participant:
    return replace(Participant(name, side), **limits)  # type: ignore[arg-type]


def wish(pair: str, value: int = 1, **more: object) -> Request:
    """Return the request of a pair written ``B1-S1``; its identifier is the pair itself."""
    left, right = pair.split("-")
    return replace(Request(pair, left, right, value), **more)  # type: ignore[arg-type]


def problem(
    slots: int | tuple[Slot, ...],
    people: list[Participant],
    requests: list[Request],
    *levels: str,
    tables: int | None = None,
    locks: tuple[Lock, ...] = (),
    exclusions: tuple[Exclusion, ...] = (),
) -> Problem:
    """Return a problem of one block unless its slots say otherwise; tables are called A1, A2 …"""
    return Problem(
        slots=timetable(slots) if isinstance(slots, int) else slots,
        participants=tuple(people),
        requests=tuple(requests),
        tables=None if tables is None else tuple(Table(f"A{n}") for n in range(1, tables + 1)),
        locks=locks,
        exclusions=exclusions,
        settings=Settings(levels or OBJECTIVES),
    )


def value_of(plan: Plan, name: str) -> Figure:
    level = plan.level(name)
    assert level is not None
    assert level.proved
    return level.value


def served(plan: Plan) -> set[str]:
    return {meeting.request for meeting in plan.meetings}


# --- rules -----------------------------------------------------------------------------------------------


def test_delegates_meet_in_parallel_at_their_own_table() -> None:
    room = problem(
        1,
        [buyer("B1", delegates=2, table="A1"), structure("S1"), structure("S2")],
        [wish("B1-S1"), wish("B1-S2")],
        tables=1,
    )
    plan = solve(room)
    assert {(meeting.slot, meeting.table) for meeting in plan.meetings} == {("T01", "A1")}
    assert served(plan) == {"B1-S1", "B1-S2"}


def test_a_table_that_two_buyers_share_hosts_only_one_of_them_at_a_time() -> None:
    room = problem(
        1,
        [buyer("B1", table="A1"), buyer("B2", table="A1"), structure("S1"), structure("S2")],
        [wish("B1-S1"), wish("B2-S2")],
        tables=2,
    )
    assert value_of(solve(room), "value") == 1


def test_the_buyers_table_wins_over_the_structures() -> None:
    room = problem(1, [buyer("B1", table="A1"), structure("S1", table="A2")], [wish("B1-S1")], tables=2)
    assert [meeting.table for meeting in solve(room).meetings] == ["A1"]


def test_a_structure_hosts_a_buyer_that_has_no_table() -> None:
    room = problem(1, [buyer("B1"), structure("S1", table="A2")], [wish("B1-S1")], tables=2)
    assert [meeting.table for meeting in solve(room).meetings] == ["A2"]


def test_own_tables_are_not_part_of_the_pool() -> None:
    room = problem(
        1,
        [buyer("B1", table="A1"), buyer("B2"), structure("S1"), structure("S2")],
        [wish("B2-S1"), wish("B1-S2")],
        tables=1,
    )
    plan = solve(room)
    assert served(plan) == {"B1-S2"}
    assert [left.reason for left in plan.unserved] == ["no_table"]


def test_without_a_list_of_tables_meetings_have_none_but_their_own() -> None:
    room = problem(
        1, [buyer("B1", table="A1"), buyer("B2"), structure("S1"), structure("S2")], [wish("B1-S1"), wish("B2-S2")]
    )
    assert {meeting.request: meeting.table for meeting in solve(room).meetings} == {"B1-S1": "A1", "B2-S2": None}


def test_an_empty_list_of_tables_is_no_table_at_all() -> None:
    room = problem(1, [buyer("B1"), structure("S1")], [wish("B1-S1")], tables=0)
    assert solve(room).meetings == ()


def test_a_run_ends_with_its_block() -> None:
    people = [buyer("B1", max_run=2), *(structure(f"S{n}") for n in range(1, 5))]
    requests = [wish(f"B1-S{n}") for n in range(1, 5)]
    assert value_of(solve(problem(4, people, requests)), "value") == 3
    assert value_of(solve(problem(timetable(4, 2), people, requests)), "value") == 4


def test_a_run_counts_slots_and_not_delegates() -> None:
    people = [buyer("B1", max_run=1, delegates=2), *(structure(f"S{n}") for n in range(1, 5))]
    requests = [wish(f"B1-S{n}") for n in range(1, 5)]
    assert value_of(solve(problem(3, people, requests)), "value") == 4


def test_a_maximum_of_nothing_is_no_meeting() -> None:
    room = problem(2, [buyer("B1", max_meetings=0), structure("S1")], [wish("B1-S1")])
    plan = solve(room)
    assert plan.meetings == ()
    assert [left.reason for left in plan.unserved] == ["buyer_full"]


def test_an_excluded_pair_never_meets_even_when_required() -> None:
    room = problem(
        2, [buyer("B1"), structure("S1")], [wish("B1-S1", required=True)], exclusions=(Exclusion("B1", "S1"),)
    )
    plan = solve(room)
    assert plan.meetings == ()
    assert [left.reason for left in plan.unserved] == ["excluded"]
    assert value_of(plan, "required") == 0


def test_a_lock_is_kept_against_every_objective() -> None:
    people = [buyer("B1"), structure("S1"), structure("S2")]
    room = problem(1, people, [wish("B1-S1"), wish("B1-S2", 13, required=True)], locks=(Lock("B1-S1", "T01"),))
    assert served(solve(room)) == {"B1-S1"}


@pytest.mark.parametrize(
    "room",
    [
        problem(1, [buyer("B1", available=()), structure("S1")], [wish("B1-S1")], locks=(Lock("B1-S1", "T01"),)),
        problem(1, [buyer("B1", max_meetings=0), structure("S1")], [wish("B1-S1")], locks=(Lock("B1-S1", "T01"),)),
        problem(
            1,
            [buyer("B1", table="A1"), structure("S1")],
            [wish("B1-S1")],
            tables=2,
            locks=(Lock("B1-S1", "T01", "A2"),),
        ),
        problem(
            1,
            [buyer("B1"), structure("S1", table="A1")],
            [wish("B1-S1")],
            tables=1,
            locks=(Lock("B1-S1", "T01"),),
            exclusions=(Exclusion("B1", "S1"),),
        ),
        problem(2, [buyer("B1"), structure("S1")], [wish("B1-S1", slots=("T01",))], locks=(Lock("B1-S1", "T02"),)),
    ],
    ids=["absent", "full", "other table", "excluded", "other slot"],
)
def test_one_lock_can_be_impossible_by_itself(room: Problem) -> None:
    plan = solve(room)
    assert plan.status == "infeasible"
    assert plan.meetings == ()
    assert plan.conflict is not None
    assert plan.conflict.requests == ("B1-S1",)
    assert plan.conflict.sentence


def test_locks_at_one_pool_table_conflict_by_two() -> None:
    people = [buyer(f"B{n}") for n in (1, 2, 3)] + [structure(f"S{n}") for n in (1, 2, 3)]
    locks = (Lock("B1-S1", "T01", "A1"), Lock("B2-S2", "T01"), Lock("B3-S3", "T01", "A1"))
    room = problem(2, people, [wish(f"B{n}-S{n}") for n in (1, 2, 3)], tables=3, locks=locks)
    plan = solve(room)
    assert plan.conflict is not None
    assert set(plan.conflict.requests) == {"B1-S1", "B3-S3"}


# --- objectives ------------------------------------------------------------------------------------------


def test_required_comes_before_any_value() -> None:
    people = [buyer("B1"), structure("S1"), structure("S2")]
    room = problem(1, people, [wish("B1-S1", required=True), wish("B1-S2", 1_000_000)])
    assert served(solve(room)) == {"B1-S1"}


def test_the_order_of_the_settings_is_the_order_of_the_levels() -> None:
    people = [buyer("B1"), structure("S1"), structure("S2")]
    requests = [wish("B1-S1", required=True), wish("B1-S2", 9)]
    assert served(solve(problem(1, people, requests, "value", "required"))) == {"B1-S2"}
    assert served(solve(problem(1, people, requests, "required", "value"))) == {"B1-S1"}


def test_a_level_left_out_is_not_told() -> None:
    plan = solve(problem(1, [buyer("B1"), structure("S1")], [wish("B1-S1")], "early"))
    assert [level.name for level in plan.objectives] == ["early"]
    assert plan.meetings == ()


def test_minimum_sums_what_is_missing_even_when_it_cannot_be_had() -> None:
    room = problem(3, [buyer("B1", min_meetings=3), structure("S1", min_meetings=2)], [wish("B1-S1")])
    assert value_of(solve(room), "minimum") == 3


def test_coverage_does_not_count_those_without_a_request() -> None:
    room = problem(1, [buyer("B1"), buyer("B2"), structure("S1"), structure("S2")], [wish("B1-S1")])
    assert value_of(solve(room), "coverage") == 2


def test_coverage_comes_before_value() -> None:
    people = [buyer("B1"), buyer("B2"), structure("S1"), structure("S2")]
    requests = [wish("B1-S1", 9), wish("B1-S2"), wish("B2-S1")]
    assert served(solve(problem(1, people, requests))) == {"B1-S2", "B2-S1"}


def test_balance_counts_everyone_up_to_the_last_step_that_changes() -> None:
    people = [buyer("B1"), structure("S1"), structure("S2"), structure("S3")]
    room = problem(3, people, [wish("B1-S1"), wish("B1-S2")], "balance")
    assert value_of(solve(room), "balance") == (4,)


def test_balance_prefers_the_meeting_of_the_one_that_has_least() -> None:
    people = [
        buyer("B1", max_meetings=2),
        buyer("B2"),
        structure("S1"),
        structure("S2"),
        structure("S3", max_meetings=1),
    ]
    requests = [wish("B1-S1", 5), wish("B1-S2", 5), wish("B1-S3", 5), wish("B2-S3", 5)]
    assert served(solve(problem(3, people, requests))) >= {"B2-S3"}
    assert value_of(solve(problem(3, people, requests)), "balance") == (5, 4, 3)


def test_idle_counts_only_slots_where_the_participant_was_there() -> None:
    people = [buyer("B1"), structure("S1"), structure("S2")]
    requests = [wish("B1-S1", slots=("T01",)), wish("B1-S2", slots=("T03",))]
    assert value_of(solve(problem(3, people, requests)), "idle") == 1
    away = [buyer("B1", available=("T01", "T03")), *people[1:]]
    assert value_of(solve(problem(3, away, requests)), "idle") == 0


def test_idle_does_not_cross_a_break() -> None:
    people = [buyer("B1"), structure("S1"), structure("S2")]
    requests = [wish("B1-S1", slots=("T01",)), wish("B1-S2", slots=("T04",))]
    assert value_of(solve(problem(timetable(4, 2), people, requests)), "idle") == 0
    assert value_of(solve(problem(4, people, requests)), "idle") == 2


def test_moves_are_counted_over_the_pool_and_inside_a_block() -> None:
    people = [buyer("B1"), structure("S1"), structure("S2")]
    requests = [wish("B1-S1", slots=("T01",)), wish("B1-S2", slots=("T02",))]
    locks = (Lock("B1-S1", "T01", "A1"), Lock("B1-S2", "T02", "A2"))
    assert value_of(solve(problem(2, people, requests, tables=2, locks=locks)), "moves") == 1
    assert value_of(solve(problem(timetable(2, 2), people, requests, tables=2, locks=locks)), "moves") == 0
    at_home = [buyer("B1"), structure("S1", table="A1"), structure("S2", table="A2")]
    assert value_of(solve(problem(2, at_home, requests, tables=2, locks=locks)), "moves") == 0


def test_a_move_may_lie_beyond_an_idle_slot() -> None:
    people = [buyer("B1"), structure("S1"), structure("S2")]
    requests = [wish("B1-S1"), wish("B1-S2")]
    locks = (Lock("B1-S1", "T01", "A1"), Lock("B1-S2", "T03", "A2"))
    assert value_of(solve(problem(3, people, requests, tables=2, locks=locks)), "moves") == 1


def test_early_ranks_the_first_slot_one() -> None:
    people = [buyer("B1"), structure("S1"), structure("S2")]
    assert value_of(solve(problem(5, people, [wish("B1-S1"), wish("B1-S2")])), "early") == 3


# --- edges -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "room",
    [
        problem(1, [], []),
        problem(1, [buyer("B1")], []),
        problem(2, [buyer("B1"), structure("S1")], []),
        problem(1, [buyer("B1", available=()), structure("S1")], [wish("B1-S1")]),
        problem(1, [buyer("B1"), structure("S1")], [wish("B1-S1", slots=())]),
    ],
    ids=["nobody", "one buyer", "no request", "never there", "no slot allowed"],
)
def test_nothing_to_plan_is_an_optimal_empty_plan(room: Problem) -> None:
    plan = solve(room)
    assert plan.status == "optimal"
    assert plan.meetings == ()
    assert tuple(level.name for level in plan.objectives) == OBJECTIVES
    for level in plan.objectives:
        assert independent.same(level.value, independent.figure(level.name, room, ()))


def test_slots_without_a_time_zone_are_welcome_when_none_has_one() -> None:
    start = datetime(2031, 3, 4, 9, 0)  # noqa: DTZ001 - what is tested
    slots = (
        Slot("T1", start, start + timedelta(minutes=15)),
        Slot("T2", start + timedelta(minutes=15), start + timedelta(minutes=30)),
    )
    room = problem(slots, [buyer("B1"), structure("S1")], [wish("B1-S1")])
    assert [meeting.slot for meeting in solve(room).meetings] == ["T1"]


def test_a_large_value_is_not_rounded() -> None:
    people = [buyer("B1"), *(structure(f"S{n}") for n in range(1, 9))]
    requests = [wish(f"B1-S{n}", 1_000_000 - n) for n in range(1, 9)]
    assert value_of(solve(problem(4, people, requests)), "value") == 4_000_000 - 10


def test_a_plan_for_nobody_breaks_every_lock() -> None:
    room = problem(1, [buyer("B1"), structure("S1")], [wish("B1-S1")], locks=(Lock("B1-S1", "T01"),))
    assert [violation.rule for violation in check(room, Plan("feasible"))] == ["locks"]


def test_a_meeting_of_a_wrong_pair_is_told() -> None:
    room = problem(1, [buyer("B1"), buyer("B2"), structure("S1")], [wish("B1-S1")])
    plan = Plan("feasible", (Meeting("B1-S1", "B2", "S1", "T01"),))
    assert "served_once" in {violation.rule for violation in check(room, plan)}
