"""A second reading of the contract, in plain Python: which rules a plan breaks and how good it is.

It shares the value classes with the engine and nothing else, and prefers the obvious to the fast.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from scheduler.plan import Figure, Meeting
from scheduler.problem import Participant, Problem

MAXIMISED = frozenset({"required", "coverage", "value", "balance"})
"""The levels of which more is better; of the others less is."""

REPAIR_ORDER = (
    "required",
    "minimum",
    "coverage",
    "changes",
    "value",
    "balance",
    "idle",
    "moves",
    "early",
)


class Broken(NamedTuple):
    """A rule that is broken and the requests of the meetings that break it together."""

    rule: str
    requests: tuple[str, ...]


class Room:
    """The problem by identifier, and the questions that several rules ask."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.people = {person.id: person for person in problem.participants}
        self.wishes = {request.id: request for request in problem.requests}
        self.rank = {slot.id: number for number, slot in enumerate(problem.slots, start=1)}
        self.blocks = [[slot.id for slot in group] for _, group in groupby(problem.slots, key=lambda slot: slot.block)]
        self.owned = {person.table for person in problem.participants if person.table is not None}
        self.pool = (
            None if problem.tables is None else {table.id for table in problem.tables if table.id not in self.owned}
        )

    def here(self, person: Participant, slot: str) -> bool:
        """Tell whether this participant is available in this slot."""
        return person.available is None or slot in person.available

    def own_table(self, meeting: Meeting) -> str | None:
        """Return the table that the meeting must have because a participant brings it, the buyer first."""
        return self.people[meeting.buyer].table or self.people[meeting.structure].table

    def wish_count(self) -> dict[str, int]:
        """Count each participant's own requests."""
        counts = dict.fromkeys(self.people, 0)
        for request in self.problem.requests:
            counts[request.buyer] += 1
            counts[request.structure] += 1
        return counts


def by_person(meetings: Iterable[Meeting]) -> defaultdict[str, list[Meeting]]:
    """Return the meetings that each participant takes part in."""
    held: defaultdict[str, list[Meeting]] = defaultdict(list)
    for meeting in meetings:
        for person in {meeting.buyer, meeting.structure}:
            held[person].append(meeting)
    return held


# --- rules -----------------------------------------------------------------------------------------------


def broken_rules(problem: Problem, meetings: Sequence[Meeting]) -> list[Broken]:
    """Return every rule that these meetings break, under the names that the engine tells them by.

    Meetings that no one knows or that are there twice are told alone: the rest has no meaning then.
    """
    room = Room(problem)
    senseless = [Broken("served_once", (m.request,)) for m in meetings if not is_known(room, m)]
    senseless += _once(meetings)
    if senseless:
        return senseless
    return [
        *_available(room, meetings),
        *_delegates(room, meetings),
        *_maximum(room, meetings),
        *_run(room, meetings),
        *_tables(room, meetings),
        *_locks(room, meetings),
        *_exclusions(room, meetings),
    ]


def is_known(room: Room, meeting: Meeting) -> bool:
    """Tell whether the meeting is a request of the problem, between the right people, in a slot there is."""
    wish = room.wishes.get(meeting.request)
    return (
        wish is not None
        and (wish.buyer, wish.structure) == (meeting.buyer, meeting.structure)
        and meeting.slot in room.rank
    )


def _once(meetings: Sequence[Meeting]) -> Iterator[Broken]:
    times = Counter(meeting.request for meeting in meetings)
    for name in sorted(times):
        if times[name] > 1:
            yield Broken("served_once", (name,))


def _available(room: Room, meetings: Sequence[Meeting]) -> Iterator[Broken]:
    for meeting in meetings:
        asked = room.wishes[meeting.request].slots
        everyone = all(room.here(room.people[p], meeting.slot) for p in (meeting.buyer, meeting.structure))
        if not everyone or (asked is not None and meeting.slot not in asked):
            yield Broken("served_once", (meeting.request,))


def _delegates(room: Room, meetings: Sequence[Meeting]) -> Iterator[Broken]:
    held = by_person(meetings)
    for person in room.people.values():
        for slot in room.rank:
            together = [meeting.request for meeting in held[person.id] if meeting.slot == slot]
            if len(together) > person.delegates:
                yield Broken("delegates", tuple(together))


def _maximum(room: Room, meetings: Sequence[Meeting]) -> Iterator[Broken]:
    held = by_person(meetings)
    for person in room.people.values():
        mine = [meeting.request for meeting in held[person.id]]
        if person.max_meetings is not None and len(mine) > person.max_meetings:
            yield Broken("max_meetings", tuple(mine))


def _run(room: Room, meetings: Sequence[Meeting]) -> Iterator[Broken]:
    held = by_person(meetings)
    for person in room.people.values():
        if person.max_run is None:
            continue
        mine = held[person.id]
        for block in room.blocks:
            flags = [(any(m.slot == slot for m in mine), slot) for slot in block]
            for busy, group in groupby(flags, key=lambda flag: flag[0]):
                slots = [slot for _, slot in group]
                if busy and len(slots) > person.max_run:
                    yield Broken("max_run", tuple(m.request for m in mine if m.slot in slots))


def _tables(room: Room, meetings: Sequence[Meeting]) -> Iterator[Broken]:
    for meeting in meetings:
        own = room.own_table(meeting)
        if own is not None:
            right = meeting.table == own
        elif room.pool is None:
            right = meeting.table is None
        else:
            right = meeting.table in room.pool
        if not right:
            yield Broken("tables", (meeting.request,))
    brought: defaultdict[str, list[str]] = defaultdict(list)
    for person in room.people.values():
        if person.table is not None:
            brought[person.table].append(person.id)
    for slot in room.rank:
        hosts = defaultdict(list)
        for meeting in meetings:
            if meeting.slot == slot and meeting.table is not None:
                hosts[meeting.table].append(meeting)
        for table, guests in hosts.items():
            theirs = by_person(guests)
            if len(guests) > 1 and not any(len(theirs[owner]) == len(guests) for owner in brought[table]):
                yield Broken("tables", tuple(guest.request for guest in guests))


def _locks(room: Room, meetings: Sequence[Meeting]) -> Iterator[Broken]:
    for lock in room.problem.locks:
        if not any(
            m.request == lock.request and m.slot == lock.slot and lock.table in (None, m.table) for m in meetings
        ):
            yield Broken("locks", (lock.request,))


def _exclusions(room: Room, meetings: Sequence[Meeting]) -> Iterator[Broken]:
    apart = {(exclusion.buyer, exclusion.structure) for exclusion in room.problem.exclusions}
    for meeting in meetings:
        if (meeting.buyer, meeting.structure) in apart:
            yield Broken("exclusions", (meeting.request,))


# --- objectives ------------------------------------------------------------------------------------------


def figure(
    name: str, problem: Problem, meetings: Sequence[Meeting], previous: Sequence[Meeting] | None = None
) -> Figure:
    """Return what this level is worth; ``changes`` is measured against ``previous``."""
    room = Room(problem)
    if name == "changes":
        assert previous is not None
        return changes(meetings, previous)
    measures: dict[str, Callable[[Room, Sequence[Meeting]], Figure]] = {
        "required": _required,
        "minimum": _missing,
        "coverage": _coverage,
        "value": _value,
        "balance": _balance,
        "idle": _idle,
        "moves": _moves,
        "early": _early,
    }
    return measures[name](room, meetings)


def _required(room: Room, meetings: Sequence[Meeting]) -> int:
    return sum(room.wishes[meeting.request].required for meeting in meetings)


def _missing(room: Room, meetings: Sequence[Meeting]) -> int:
    held = by_person(meetings)
    return sum(max(0, person.min_meetings - len(held[person.id])) for person in room.people.values())


def _coverage(room: Room, meetings: Sequence[Meeting]) -> int:
    held = by_person(meetings)
    return sum(1 for person, asked in room.wish_count().items() if asked and held[person])


def _value(room: Room, meetings: Sequence[Meeting]) -> int:
    return sum(room.wishes[meeting.request].value for meeting in meetings)


def _balance(room: Room, meetings: Sequence[Meeting]) -> tuple[int, ...]:
    asked = room.wish_count()
    held = by_person(meetings)
    return tuple(
        sum(len(held[person]) >= min(k, asked[person]) for person in room.people)
        for k in range(1, max([1, *asked.values()]) + 1)
    )


def _busy_by_block(room: Room, meetings: Iterable[Meeting]) -> Iterator[tuple[list[str], list[int]]]:
    """Yield each block with the places in it where one of these meetings is held."""
    held = {meeting.slot for meeting in meetings}
    for block in room.blocks:
        yield block, [place for place, slot in enumerate(block) if slot in held]


def _idle(room: Room, meetings: Sequence[Meeting]) -> int:
    idle, held = 0, by_person(meetings)
    for person in room.people.values():
        for block, busy in _busy_by_block(room, held[person.id]):
            if busy:
                between = set(range(busy[0], busy[-1])) - set(busy)
                idle += sum(room.here(person, block[place]) for place in between)
    return idle


def _moves(room: Room, meetings: Sequence[Meeting]) -> int:
    pooled = by_person(meeting for meeting in meetings if meeting.table in (room.pool or ()))
    moves = 0
    for person in room.people:
        mine = pooled[person]
        for block, busy in _busy_by_block(room, mine):
            seats = [{m.table for m in mine if m.slot == block[place]} for place in busy]
            moves += sum(not before & after for before, after in pairwise(seats))
    return moves


def _early(room: Room, meetings: Sequence[Meeting]) -> int:
    return sum(room.rank[meeting.slot] for meeting in meetings)


def changes(meetings: Sequence[Meeting], previous: Sequence[Meeting]) -> int:
    """Return 3 per meeting gone, 2 per meeting at another time, 1 per meeting at another table."""
    now = {meeting.request: meeting for meeting in meetings}
    total = 0
    for old in previous:
        new = now.get(old.request)
        if new is None:
            total += 3
        else:
            total += 2 * (new.slot != old.slot) + (new.table != old.table)
    return total


# --- comparing -------------------------------------------------------------------------------------------


def trimmed(value: Figure) -> Figure:
    """Return a figure without the tail of a list that no longer changes, for lists of unequal length."""
    if isinstance(value, int):
        return value
    shown = list(value)
    while len(shown) > 1 and shown[-1] == shown[-2]:
        shown.pop()
    return tuple(shown)


def padded(first: Figure, second: Figure) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return both figures as lists of one length, the last figure of each repeated."""
    a = (first,) if isinstance(first, int) else tuple(first)
    b = (second,) if isinstance(second, int) else tuple(second)
    length = max(len(a), len(b))
    return a + a[-1:] * (length - len(a)), b + b[-1:] * (length - len(b))


def at_least_as_good(name: str, first: Figure, second: Figure) -> bool:
    """Tell whether the first figure is as good as the second on this level; lists compare in turn."""
    a, b = padded(first, second)
    return a >= b if name in MAXIMISED else a <= b


def same(first: Figure, second: Figure) -> bool:
    """Tell whether two figures are equal, whatever the length of the tail that no longer changes."""
    a, b = padded(first, second)
    return a == b
