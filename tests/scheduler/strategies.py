"""Hypothesis strategies: problems of a few people, and plans that someone spoiled."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from benchmarks.instances import timetable
from scheduler.plan import Meeting
from scheduler.problem import (
    OBJECTIVES,
    Exclusion,
    Participant,
    Problem,
    Request,
    Settings,
    Side,
    Slot,
    Table,
)


@st.composite
def problems(draw: st.DrawFn, *, most_requests: int = 9) -> Problem:
    """Draw a usable problem without locks: up to 3 buyers, 4 structures and 5 slots."""
    slots = timetable(draw(st.integers(1, 5)), draw(st.integers(1, 2)))
    tables = draw(st.none() | st.integers(1, 4).map(lambda n: tuple(Table(f"A{k}") for k in range(1, n + 1))))
    own = ["A1", "A2"] if tables is None else [table.id for table in tables]
    buyers = draw(_side("buyer", 3, slots, own))
    structures = draw(_side("structure", 4, slots, own))
    pairs = [(buyer.id, structure.id) for buyer in buyers for structure in structures]
    wished = draw(st.lists(st.sampled_from(pairs), max_size=most_requests, unique=True))
    return Problem(
        slots=slots,
        participants=(*buyers, *structures),
        requests=tuple(draw(_request(f"R{n}", pair, slots)) for n, pair in enumerate(wished, start=1)),
        tables=tables,
        exclusions=tuple(Exclusion(*pair) for pair in draw(st.lists(st.sampled_from(pairs), max_size=1))),
        settings=Settings(draw(objectives())),
    )


def objectives() -> st.SearchStrategy[tuple[str, ...]]:
    """Draw the usual levels most of the time, another order or some of them otherwise."""
    shuffled = st.permutations(OBJECTIVES).map(tuple)
    some = st.lists(st.sampled_from(OBJECTIVES), min_size=1, unique=True).map(tuple)
    return st.just(OBJECTIVES) | shuffled | some


@st.composite
def _side(draw: st.DrawFn, side: Side, most: int, slots: tuple[Slot, ...], own: list[str]) -> tuple[Participant, ...]:
    count = draw(st.integers(1, most))
    prefix = "B" if side == "buyer" else "S"
    return tuple(draw(_participant(f"{prefix}{n}", side, slots, own)) for n in range(1, count + 1))


@st.composite
def _participant(draw: st.DrawFn, name: str, side: Side, slots: tuple[Slot, ...], own: list[str]) -> Participant:
    least = draw(st.integers(0, 2))
    return Participant(
        id=name,
        side=side,
        name=draw(st.sampled_from(("", "Inventé·e", "Œuvre inventée «\u00a01\u00a0»"))),
        delegates=draw(st.sampled_from((1, 1, 1, 2))),
        available=draw(st.none() | _some_of(slots)),
        min_meetings=least,
        max_meetings=draw(st.none() | st.integers(least, 4)),
        max_run=draw(st.none() | st.integers(1, 3)),
        table=draw(st.none() | st.none() | st.sampled_from(own)),
    )


def _some_of(slots: tuple[Slot, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    names = [slot.id for slot in slots]
    return st.sets(st.sampled_from(names)).map(lambda kept: tuple(n for n in names if n in kept))


@st.composite
def _request(draw: st.DrawFn, name: str, pair: tuple[str, str], slots: tuple[Slot, ...]) -> Request:
    return Request(
        id=name,
        buyer=pair[0],
        structure=pair[1],
        value=draw(st.integers(1, 13)),
        required=draw(st.booleans()) and draw(st.booleans()),
        slots=draw(st.none() | st.none() | _some_of(slots)),
    )


@st.composite
def spoiled(draw: st.DrawFn, problem: Problem, meetings: tuple[Meeting, ...]) -> tuple[Meeting, ...]:
    """Draw the same meetings after one to three careless edits: any of them may still be right."""
    plan = list(meetings)
    for _ in range(draw(st.integers(1, 3))):
        edit = draw(st.sampled_from(("slot", "table", "add", "cancel", "twice", "stranger")))
        if edit == "add":
            plan += draw(_added(problem))
        elif plan:
            place = draw(st.integers(0, len(plan) - 1))
            plan[place : place + 1] = draw(_edited(problem, plan[place], edit))
    return tuple(plan)


def _seats(problem: Problem) -> list[str | None]:
    own = {person.table for person in problem.participants if person.table is not None}
    return [None, *sorted({table.id for table in problem.tables or ()} | own), "nowhere"]


@st.composite
def _added(draw: st.DrawFn, problem: Problem) -> list[Meeting]:
    if not problem.requests:
        return []
    wish = draw(st.sampled_from(problem.requests))
    slot = draw(st.sampled_from(problem.slots)).id
    return [Meeting(wish.id, wish.buyer, wish.structure, slot, draw(st.sampled_from(_seats(problem))))]


@st.composite
def _edited(draw: st.DrawFn, problem: Problem, meeting: Meeting, edit: str) -> list[Meeting]:
    if edit == "slot":
        return [replace(meeting, slot=draw(st.sampled_from(problem.slots)).id)]
    if edit == "table":
        return [replace(meeting, table=draw(st.sampled_from(_seats(problem))))]
    if edit == "twice":
        return [meeting, replace(meeting, slot=draw(st.sampled_from(problem.slots)).id)]
    if edit == "stranger":
        stranger = draw(st.sampled_from(("request", "buyer", "structure", "slot")))
        return [replace(meeting, **{stranger: "X99"})]
    return []
