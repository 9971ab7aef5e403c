"""Each hard rule with a plan that keeps it and one that breaks it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from scheduler import (
    Exclusion,
    Lock,
    Meeting,
    Participant,
    Plan,
    Problem,
    Request,
    Settings,
    Slot,
    Table,
    check,
    solve,
)

START = datetime(2031, 3, 4, 9, 0, tzinfo=UTC)


def slots(count: int, block_length: int = 99) -> tuple[Slot, ...]:
    """Return ``count`` slots of a quarter of an hour, a new block every ``block_length``."""
    quarter = timedelta(minutes=15)
    return tuple(
        Slot(f"T{n}", START + n * quarter, START + (n + 1) * quarter, f"bloc {n // block_length}") for n in range(count)
    )


def meeting(text: str) -> Meeting:
    """Read ``B1-S1 T0`` or ``B1-S1 T0 A1``."""
    pair, slot, *table = text.split()
    buyer, structure = pair.split("-")
    return Meeting(pair, buyer, structure, slot, table[0] if table else None)


def problem(pairs: str, *people: Participant, slot_count: int = 4, **changes: object) -> Problem:
    """Return a problem that asks for ``pairs``; participants not given have no limits."""
    requests = tuple(Request(pair, *pair.split("-"), value=1) for pair in pairs.split())
    given = {person.id: person for person in people}
    names = sorted({name for request in requests for name in (request.buyer, request.structure)} | set(given))
    everyone = tuple(given.get(n, Participant(n, "buyer" if n[0] == "B" else "structure")) for n in names)
    return Problem(**({"slots": slots(slot_count), "participants": everyone, "requests": requests} | changes))


A1 = (Table("A1"),)
A1_A2 = (Table("A1"), Table("A2"))

KEPT_AND_BROKEN = {
    "a slot that both allow": (
        problem("B1-S1", Participant("S1", "structure", available=("T1",))),
        ["B1-S1 T1"],
        ["B1-S1 T0"],
        "served_once",
    ),
    "a slot that the request allows": (
        problem("B1-S1", requests=(Request("B1-S1", "B1", "S1", 1, slots=("T2",)),)),
        ["B1-S1 T2"],
        ["B1-S1 T0"],
        "served_once",
    ),
    "served once": (problem("B1-S1"), ["B1-S1 T0"], ["B1-S1 T0", "B1-S1 T1"], "served_once"),
    "one meeting a slot": (problem("B1-S1 B1-S2"), ["B1-S1 T0", "B1-S2 T1"], ["B1-S1 T0", "B1-S2 T0"], "delegates"),
    "as many as delegates": (
        problem("B1-S1 B1-S2 B1-S3", Participant("B1", "buyer", delegates=2)),
        ["B1-S1 T0", "B1-S2 T0", "B1-S3 T1"],
        ["B1-S1 T0", "B1-S2 T0", "B1-S3 T0"],
        "delegates",
    ),
    "no more than the maximum": (
        problem("B1-S1 B1-S2 B1-S3", Participant("B1", "buyer", max_meetings=2)),
        ["B1-S1 T0", "B1-S2 T1"],
        ["B1-S1 T0", "B1-S2 T1", "B1-S3 T2"],
        "max_meetings",
    ),
    "a pause after two in a row": (
        problem("B1-S1 B1-S2 B1-S3", Participant("B1", "buyer", max_run=2)),
        ["B1-S1 T0", "B1-S2 T1", "B1-S3 T3"],
        ["B1-S1 T0", "B1-S2 T1", "B1-S3 T2"],
        "max_run",
    ),
    "the break between blocks is a pause": (
        problem("B1-S1 B1-S2 B1-S3", Participant("B1", "buyer", max_run=2), slots=slots(4, block_length=2)),
        ["B1-S1 T0", "B1-S2 T1", "B1-S3 T2"],
        [],
        None,
    ),
    "one's own table": (
        problem("B1-S1", Participant("B1", "buyer", table="A1"), tables=A1_A2),
        ["B1-S1 T0 A1"],
        ["B1-S1 T0 A2"],
        "tables",
    ),
    "the buyer's table wins": (
        problem(
            "B1-S1",
            Participant("B1", "buyer", table="A1"),
            Participant("S1", "structure", table="A2"),
            tables=A1_A2,
        ),
        ["B1-S1 T0 A1"],
        ["B1-S1 T0 A2"],
        "tables",
    ),
    "delegates share their own table": (
        problem("B1-S1 B1-S2", Participant("B1", "buyer", delegates=2, table="A1"), tables=A1),
        ["B1-S1 T0 A1", "B1-S2 T0 A1"],
        ["B1-S1 T0 A1", "B1-S2 T0"],
        "tables",
    ),
    "one meeting a pool table": (
        problem("B1-S1 B2-S2", tables=A1_A2),
        ["B1-S1 T0 A1", "B2-S2 T0 A2"],
        ["B1-S1 T0 A1", "B2-S2 T0 A1"],
        "tables",
    ),
    "a shared table has one host at a time": (
        problem(
            "B1-S1 B2-S2", Participant("B1", "buyer", table="A1"), Participant("B2", "buyer", table="A1"), tables=A1
        ),
        ["B1-S1 T0 A1", "B2-S2 T1 A1"],
        ["B1-S1 T0 A1", "B2-S2 T0 A1"],
        "tables",
    ),
    "no table where none is counted": (problem("B1-S1"), ["B1-S1 T0"], ["B1-S1 T0 A1"], "tables"),
    "a lock": (problem("B1-S1", locks=(Lock("B1-S1", "T2"),)), ["B1-S1 T2"], ["B1-S1 T1"], "locks"),
    "a lock is served": (problem("B1-S1", locks=(Lock("B1-S1", "T2"),)), ["B1-S1 T2"], [], "locks"),
    "a lock at a table": (
        problem("B1-S1", locks=(Lock("B1-S1", "T2", "A2"),), tables=A1_A2),
        ["B1-S1 T2 A2"],
        ["B1-S1 T2 A1"],
        "locks",
    ),
    "an excluded pair": (problem("B1-S1", exclusions=(Exclusion("B1", "S1"),)), [], ["B1-S1 T0"], "exclusions"),
}


@pytest.mark.parametrize("case", KEPT_AND_BROKEN)
def test_rule_accepts_the_plan_that_keeps_it(case: str) -> None:
    asked, kept, _broken, _rule = KEPT_AND_BROKEN[case]
    assert check(asked, Plan("feasible", tuple(map(meeting, kept)))) == ()


@pytest.mark.parametrize("case", [name for name, (*_, rule) in KEPT_AND_BROKEN.items() if rule])
def test_rule_tells_the_plan_that_breaks_it(case: str) -> None:
    asked, _kept, broken, rule = KEPT_AND_BROKEN[case]
    violations = check(asked, Plan("feasible", tuple(map(meeting, broken))))
    assert {violation.rule for violation in violations} == {rule}
    assert all(violation.sentence for violation in violations)


@pytest.mark.parametrize("case", KEPT_AND_BROKEN)
def test_model_keeps_the_rule_whatever_it_gains(case: str) -> None:
    asked, kept, _broken, _rule = KEPT_AND_BROKEN[case]
    plan = solve(asked)
    assert plan.status == "optimal"
    assert check(asked, plan) == ()
    assert len(plan.meetings) >= len(kept)


CONFLICTS = {
    "two slots for one request": (problem("B1-S1", locks=(Lock("B1-S1", "T0"), Lock("B1-S1", "T1"))), {"B1-S1"}),
    "two meetings at once, among many locks": (
        problem(
            "B1-S1 B1-S2 B2-S3 B2-S4",
            locks=(Lock("B2-S3", "T0"), Lock("B1-S1", "T1"), Lock("B2-S4", "T2"), Lock("B1-S2", "T1")),
        ),
        {"B1-S1", "B1-S2"},
    ),
    "an absence": (
        problem("B1-S1", Participant("S1", "structure", available=("T1",)), locks=(Lock("B1-S1", "T0"),)),
        {"B1-S1"},
    ),
    "more than the maximum": (
        problem(
            "B1-S1 B1-S2 B1-S3 B2-S1",
            Participant("B1", "buyer", max_meetings=1),
            locks=(Lock("B2-S1", "T3"), Lock("B1-S1", "T0"), Lock("B1-S2", "T1"), Lock("B1-S3", "T2")),
        ),
        {"B1-S1", "B1-S2"},
    ),
    "one table locked twice": (
        problem("B1-S1 B2-S2", tables=A1_A2, locks=(Lock("B1-S1", "T0", "A1"), Lock("B2-S2", "T0", "A1"))),
        {"B1-S1", "B2-S2"},
    ),
    "fewer tables than locked meetings": (
        problem("B1-S1 B2-S2", tables=A1, locks=(Lock("B1-S1", "T0"), Lock("B2-S2", "T0"))),
        {"B1-S1", "B2-S2"},
    ),
    "somebody else's table": (
        problem(
            "B1-S1 B2-S2", Participant("B1", "buyer", table="A1"), tables=A1_A2, locks=(Lock("B2-S2", "T0", "A1"),)
        ),
        {"B2-S2"},
    ),
    "an excluded pair": (
        problem("B1-S1", exclusions=(Exclusion("B1", "S1"),), locks=(Lock("B1-S1", "T0"),)),
        {"B1-S1"},
    ),
}


@pytest.mark.parametrize("case", CONFLICTS)
def test_locks_that_contradict_each_other_are_told_and_no_more_of_them(case: str) -> None:
    asked, guilty = CONFLICTS[case]
    plan = solve(asked)
    assert plan.status == "infeasible"
    assert plan.conflict is not None
    assert set(plan.conflict.requests) == guilty
    for name in guilty:
        rest = tuple(lock for lock in asked.locks if lock.request in guilty - {name})
        without = Problem(asked.slots, asked.participants, asked.requests, asked.tables, rest, asked.exclusions)
        assert solve(without).status == "optimal"


def test_levels_left_out_are_not_optimised() -> None:
    asked = problem("B1-S1 B1-S2", settings=Settings(("value",)))
    assert [level.name for level in solve(asked).objectives] == ["value"]
