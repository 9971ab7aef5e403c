"""The published problem of this field: business-to-business forums (Bofill et al., CP 2014; JAIR 2022).

All meetings are given and must be held, between any two participants; each participant has forbidden slots, some
meetings are bound to the morning or the afternoon, tables are counted per slot. A *break* is a maximal run of slots
without meeting between two meetings of a participant; breaks are as few as possible, and no participant has over two
more than another. The authors' files are not public: ``forum`` draws instances of their sizes around a hidden
timetable, so that each has a solution.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

from scheduler import Participant, Problem, Request, Slot, Table
from scheduler.instance import Instance

MOST_DIFFERENCE: Final = 2
"""Breaks that one participant may have over another."""

FORBIDDEN: Final = 0.10
"""Share of a participant's slots in which it cannot meet."""

BOUND: Final = 0.15
"""Share of the meetings bound to the half of the day in which the hidden timetable has them."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a forum is."""

    name: str
    participants: int
    meetings: int
    tables: int
    slots: int


SIZES: Final = (
    Size("A", 42, 125, 21, 8),
    Size("B", 47, 180, 21, 10),
    Size("C", 70, 154, 14, 21),
    Size("D", 78, 302, 22, 22),
)
"""Sizes of published instances."""


def forum(size: Size, seed: int) -> Instance:
    """Return a forum that has a solution; the same seed gives the same forum.

    Participants are written as buyers and structures alike: nothing in an ``Instance`` or a ``Timetable`` asks that
    a meeting be between the two sides.
    """
    random = Random(f"{size.name}-{seed}")
    hidden = _hidden_timetable(size, random)
    taken = Counter(person for pair in hidden for person in pair)
    met: dict[int, set[int]] = {person: set() for person in range(size.participants)}
    for pair, slot in hidden.items():
        for person in pair:
            met[person].add(slot)
    forbidden = round(FORBIDDEN * size.slots)
    slots = [f"t{rank}" for rank in range(size.slots)]
    people = []
    for person in range(size.participants):
        idle = [slot for slot in range(size.slots) if slot not in met[person]]
        closed = set(random.sample(idle, min(forbidden, len(idle))))
        available = tuple(name for rank, name in enumerate(slots) if rank not in closed)
        people.append(Participant(f"p{person}", "buyer", available=available, min_meetings=taken[person]))
    requests = []
    for rank, (pair, slot) in enumerate(hidden.items()):
        half = slots[: size.slots // 2] if slot < size.slots // 2 else slots[size.slots // 2 :]
        own = tuple(half) if random.random() < BOUND else None
        requests.append(Request(f"m{rank}", f"p{pair[0]}", f"p{pair[1]}", 1, required=True, slots=own))
    begin = datetime(2017, 11, 16, 9, tzinfo=UTC)
    length = timedelta(minutes=20)
    return Instance(
        Problem(
            slots=tuple(Slot(name, begin + n * length, begin + (n + 1) * length) for n, name in enumerate(slots)),
            participants=tuple(people),
            requests=tuple(requests),
            tables=tuple(Table(f"table {n + 1}") for n in range(size.tables)),
        )
    )


def _hidden_timetable(size: Size, random: Random) -> dict[tuple[int, int], int]:
    """Draw meetings of different pairs, each in a slot in which both are free and a table is."""
    hidden: dict[tuple[int, int], int] = {}
    busy: set[tuple[int, int]] = set()
    load: Counter[int] = Counter()
    while len(hidden) < size.meetings:
        first, second = random.sample(range(size.participants), 2)
        pair = (min(first, second), max(first, second))
        free = [
            slot
            for slot in range(size.slots)
            if load[slot] < size.tables and not {(first, slot), (second, slot)} & busy
        ]
        if pair in hidden or not free:
            continue
        slot = random.choice(free)
        hidden[pair] = slot
        busy |= {(first, slot), (second, slot)}
        load[slot] += 1
    return hidden


def breaks_in(busy: int) -> int:
    """Count the runs of slots without meeting between the first and the last bit of ``busy``."""
    starts = busy & ~(busy << 1)
    return max(0, starts.bit_count() - 1)


def breaks(instance: Instance, slot_of: Mapping[int, int]) -> int:
    """Check a timetable, given as the slot of each meeting, and return how many breaks it has.

    Raises:
        ValueError: when a meeting is missing or a rule is broken.
    """
    if set(slot_of) != set(instance.requests):
        raise ValueError("a meeting is missing")
    busy = [0] * len(instance.people)
    load: Counter[int] = Counter(slot_of.values())
    tables = len(instance.problem.tables or ())
    if max(load.values()) > tables:
        raise ValueError("more meetings than tables in a slot")
    for request, slot in slot_of.items():
        if not instance.common[request] >> slot & 1:
            raise ValueError(f"meeting {request} in a slot that is forbidden to it")
        for person in instance.sides(request):
            if busy[person] >> slot & 1:
                raise ValueError(f"participant {person} at two tables in slot {slot}")
            busy[person] |= 1 << slot
    each = [breaks_in(mask) for mask in busy]
    if max(each) - min(each) > MOST_DIFFERENCE:
        raise ValueError("breaks differ by more than two between participants")
    return sum(each)
