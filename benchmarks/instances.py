"""Seeded instances of realistic shape, for benchmarks and for tests.

Popularity is skewed (weight rank^-0.4 among buyers, rank^-0.3 among structures). A request is wished by the
buyer, by the structure or by both; each wish brings the rank it was given (1 to 5 points) and a mutual
request 3 points more, so that values run from 1 to 13. A share ``half_day_absence`` of each side misses the
first half of the slots, as many others the second half, and each single slot left is missing with
probability ``missing_slot``. Everyone and everything here is invented.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Literal

from scheduler.problem import Participant, Problem, Request, Side, Slot, Table

SLOT_LENGTH = timedelta(minutes=15)
BREAK = timedelta(minutes=30)
FIRST_START = datetime(2031, 3, 4, 8, 0, tzinfo=UTC)

Tables = Literal["none", "own", "pool"]


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of an instance and how scarce time is in it.

    ``tables`` says whether meetings are held nowhere in particular, at one table of each buyer, or at the
    ``pool_tables`` tables of a common pool. ``cap`` bounds the meetings of a structure.
    """

    buyers: int
    structures: int
    requests: int
    slots: int
    blocks: int = 1
    cap: int | None = None
    tables: Tables = "own"
    pool_tables: int = 0
    half_day_absence: float = 0.15
    missing_slot: float = 0.06


MORNING = Shape(10, 27, 130, 12, blocks=1, cap=5, missing_slot=0.08)
DAY = Shape(50, 200, 1_500, 20, blocks=2, cap=6)
CONVENTION = Shape(200, 1_000, 10_000, 30, blocks=4, cap=8, tables="pool", pool_tables=180)
NATIONAL = Shape(1_000, 3_000, 40_000, 40, blocks=4, cap=15, tables="pool", pool_tables=900)

SHAPES = {"morning": MORNING, "day": DAY, "convention": CONVENTION, "national": NATIONAL}


def instance(shape: Shape, seed: int) -> Problem:
    """Return the instance of this shape that belongs to ``seed``; the same one on every machine."""
    random = Random(f"{shape}/{seed}")
    slots = timetable(shape.slots, shape.blocks)
    return Problem(
        slots=slots,
        participants=_side("buyer", slots, shape, random) + _side("structure", slots, shape, random),
        requests=_requests(shape, random),
        tables=_tables(shape),
    )


def timetable(count: int, blocks: int = 1) -> tuple[Slot, ...]:
    """Return ``count`` slots of a quarter of an hour in ``blocks`` blocks, a break between two blocks."""
    slots: list[Slot] = []
    start = FIRST_START
    for number in range(count):
        block = number * blocks // count
        if slots and slots[-1].block != f"block {block + 1}":
            start += BREAK
        slots.append(Slot(f"T{number + 1:02}", start, start + SLOT_LENGTH, f"block {block + 1}"))
        start += SLOT_LENGTH
    return tuple(slots)


def _tables(shape: Shape) -> tuple[Table, ...] | None:
    if shape.tables == "none":
        return None
    if shape.tables == "own":
        return tuple(Table(f"A{number + 1}", f"Table {number + 1}") for number in range(shape.buyers))
    return tuple(Table(f"P{number + 1}", f"Table {number + 1}") for number in range(shape.pool_tables))


def _side(side: Side, slots: tuple[Slot, ...], shape: Shape, random: Random) -> tuple[Participant, ...]:
    """Return one side of the room, with its absences drawn."""
    buying = side == "buyer"
    prefix, title = ("B", "Acheteur inventé") if buying else ("S", "Structure inventée")
    count = shape.buyers if buying else shape.structures
    own = buying and shape.tables == "own"
    return tuple(
        Participant(
            id=f"{prefix}{number + 1:0{len(str(count))}}",
            side=side,
            name=f"{title} {number + 1}",
            available=_availability(slots, shape, random),
            max_meetings=None if buying else shape.cap,
            table=f"A{number + 1}" if own else None,
        )
        for number in range(count)
    )


def _availability(slots: tuple[Slot, ...], shape: Shape, random: Random) -> tuple[str, ...] | None:
    half = len(slots) // 2
    draw = random.random()
    if draw < shape.half_day_absence:
        present = slots[half:]
    elif draw < 2 * shape.half_day_absence:
        present = slots[:half]
    else:
        present = slots
    present = tuple(slot for slot in present if random.random() >= shape.missing_slot)
    return None if len(present) == len(slots) else tuple(slot.id for slot in present)


def _requests(shape: Shape, random: Random) -> tuple[Request, ...]:
    """Draw distinct pairs by weight without replacement (exponential keys: Efraimidis, Spirakis 2006)."""
    keyed = (
        (random.random() ** ((buyer + 1) ** 0.4 * (structure + 1) ** 0.3), buyer, structure)
        for buyer in range(shape.buyers)
        for structure in range(shape.structures)
    )
    chosen = sorted((buyer, structure) for _, buyer, structure in heapq.nlargest(shape.requests, keyed))
    digits = len(str(shape.requests))
    wide, deep = len(str(shape.buyers)), len(str(shape.structures))
    return tuple(
        Request(
            id=f"R{number + 1:0{digits}}",
            buyer=f"B{buyer + 1:0{wide}}",
            structure=f"S{structure + 1:0{deep}}",
            value=_value(random),
        )
        for number, (buyer, structure) in enumerate(chosen)
    )


def _value(random: Random) -> int:
    """Return what a request is worth: the points of the sides that wish it, more when both do."""
    wished = random.choices(("buyer", "structure", "both"), weights=(45, 25, 30))[0]
    if wished == "both":
        return random.randint(1, 5) + random.randint(1, 5) + 3
    return random.randint(1, 5)
