"""A whole plan in plain rows, light enough for 1,000 buyers and 40,000 wishes, and the figures counted on it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import aliased

from openmap.directory.models import Organisation
from openmap.events.models import Edition, Slot
from openmap.extensions import AnySession
from openmap.meetings.models import Choice, Meeting, Participation, Plan, Wish, absences
from openmap.pitches.passage import Span, on_stage
from openmap.web.french import sort_key

ASKED = ("must", "want")
"""The levels by which a side asks for a meeting; a wish is mutual when both sides do."""


class Somebody(NamedTuple):
    """A participant: ``key`` is its name as lists are sorted by it."""

    id: int
    code: str
    side: str
    name: str
    key: str


class Wished(NamedTuple):
    """A wish: ids of itself and both sides, and its value."""

    id: int
    buyer: int
    structure: int
    value: int
    code: str


class Held(NamedTuple):
    """A meeting of the plan: ids of its wish, both sides, slot and table, and the wish's value."""

    wish: int
    buyer: int
    structure: int
    slot: int
    table: int | None
    value: int


@dataclass(frozen=True)
class Ledger:
    """Who takes part (sorted by name), what is wished (most valuable first), what the plan holds.

    ``stage`` says from when to when someone presents its work in public.
    """

    people: Mapping[int, Somebody]
    wishes: Sequence[Wished]
    meetings: Sequence[Held]
    absent: Mapping[int, frozenset[int]]
    stage: Mapping[int, Span]

    @cached_property
    def wished(self) -> Mapping[int, int]:
        """How many wishes each participant is in."""
        return Counter(side for wish in self.wishes for side in (wish.buyer, wish.structure))

    @cached_property
    def met(self) -> Mapping[int, list[Held]]:
        """The meetings of each participant."""
        met: dict[int, list[Held]] = defaultdict(list)
        for meeting in self.meetings:
            met[meeting.buyer].append(meeting)
            met[meeting.structure].append(meeting)
        return met

    def side(self, side: str) -> list[Somebody]:
        """Return one side, by name."""
        return [person for person in self.people.values() if person.side == side]


@dataclass(frozen=True, slots=True)
class Load:
    """How full a slot or a table is: meetings, and tables or slots taken out of how many."""

    name: str
    meetings: int
    taken: int
    out_of: int


@dataclass(frozen=True, slots=True)
class Indicators:
    """The figures of a plan, counted on its rows and not taken from the engine's word.

    ``fewest`` and ``most`` are interviews per structure; ``spread`` says how many buyers and structures have so many;
    ``mutual`` is ``None`` where no side has told its wishes here.
    """

    meetings: int
    wishes: int
    buyers_met: int
    buyers: int
    structures_met: int
    structures: int
    value: int
    value_wished: int
    idle: int
    people_waiting: int
    fewest: int
    most: int
    mutual: int | None
    mutual_served: int
    spread: tuple[tuple[int, int, int], ...]


def ledger_of(session: AnySession, edition: Edition, plan: Plan | None) -> Ledger:
    """Read a plan, or what there is without one; a fixed number of queries."""
    named = select(
        Participation.id, Participation.code, Participation.side, Organisation.name,
        Participation.organisation_id, Participation.pitches,
    )  # fmt: skip
    named = named.join(Organisation, Organisation.id == Participation.organisation_id)
    rows = session.execute(named.where(Participation.edition_id == edition.id)).all()
    people = [Somebody(row.id, row.code, row.side, row.name, sort_key(row.name)) for row in rows]
    people.sort(key=lambda one: (one.key, one.id))
    wishes = select(Wish.id, Wish.buyer_id, Wish.structure_id, Wish.value, Wish.code)
    wishes = wishes.where(Wish.edition_id == edition.id, Wish.withdrawn_at.is_(None))
    held = select(
        Meeting.wish_id, Wish.buyer_id, Wish.structure_id, Meeting.slot_id, Meeting.table_id, Wish.value
    ).join(Wish, Wish.id == Meeting.wish_id)
    held = held.where(Meeting.plan_id == (plan.id if plan is not None else 0))
    away = select(absences.c.participation_id, absences.c.slot_id).join(Slot, Slot.id == absences.c.slot_id)
    absent: dict[int, set[int]] = defaultdict(set)
    for person, slot in session.execute(away.where(Slot.edition_id == edition.id)):
        absent[person].add(slot)
    return Ledger(
        people={person.id: person for person in people},
        wishes=[Wished(*row) for row in session.execute(wishes.order_by(Wish.value.desc(), Wish.code))],
        meetings=[Held(*row) for row in session.execute(held)],
        absent={person: frozenset(slots) for person, slots in absent.items()},
        stage=on_stage(session, edition, [(row.id, row.organisation_id, row.pitches) for row in rows]),
    )


def indicators_of(ledger: Ledger, slots: Sequence[Slot], mutual: frozenset[int]) -> Indicators:
    """Count what a plan gives. Those who have no wish are left out of who could be met.

    ``slots`` come in order of start; ``mutual`` are the wishes that both sides have asked for.
    """
    counts = {
        side: [len(ledger.met.get(one.id, ())) for one in ledger.side(side) if ledger.wished[one.id]]
        for side in ("buyer", "structure")
    }
    waits = [wait for wait in _waits(ledger, slots) if wait]
    spread = {side: Counter(numbers) for side, numbers in counts.items()}
    served = {meeting.wish for meeting in ledger.meetings}
    return Indicators(
        meetings=len(ledger.meetings),
        wishes=len(ledger.wishes),
        buyers_met=sum(map(bool, counts["buyer"])),
        buyers=len(counts["buyer"]),
        structures_met=sum(map(bool, counts["structure"])),
        structures=len(counts["structure"]),
        value=sum(meeting.value for meeting in ledger.meetings),
        value_wished=sum(wish.value for wish in ledger.wishes),
        idle=sum(waits),
        people_waiting=len(waits),
        fewest=min(counts["structure"], default=0),
        most=max(counts["structure"], default=0),
        mutual=len(mutual) if mutual else None,
        mutual_served=len(mutual & served),
        spread=tuple(
            (count, spread["buyer"][count], spread["structure"][count])
            for count in sorted({*spread["buyer"], *spread["structure"]})
        ),
    )


def _waits(ledger: Ledger, slots: Sequence[Slot]) -> Iterator[int]:
    """Yield how many slots each participant waits between two meetings of one block, absences and its stage aside."""
    hours = {slot.id: (slot.start, slot.end) for slot in slots}
    block, rank, blocks = {}, {}, list[list[int]]()
    for place, slot in enumerate(slots):
        if not blocks or slots[place - 1].block != slot.block:
            blocks.append([])
        block[slot.id], rank[slot.id] = len(blocks) - 1, len(blocks[-1])
        blocks[-1].append(slot.id)
    for person, meetings in ledger.met.items():
        busy: dict[int, set[int]] = defaultdict(set)
        for meeting in meetings:
            busy[block[meeting.slot]].add(rank[meeting.slot])
        away = ledger.absent.get(person, frozenset())
        if turn := ledger.stage.get(person):
            away |= {slot for slot, (start, end) in hours.items() if start < turn[1] and turn[0] < end}
        yield sum(
            place not in ranks and blocks[number][place] not in away
            for number, ranks in busy.items()
            for place in range(min(ranks) + 1, max(ranks))
        )


def mutual_wishes(session: AnySession, edition: Edition) -> frozenset[int]:
    """Return the wishes that both sides have asked for themselves, silent sides that were completed aside."""
    buyer, structure = aliased(Choice), aliased(Choice)
    asked = (
        select(Wish.id)
        .join(buyer, (buyer.participation_id == Wish.buyer_id) & (buyer.other_id == Wish.structure_id))
        .join(structure, (structure.participation_id == Wish.structure_id) & (structure.other_id == Wish.buyer_id))
        .where(Wish.edition_id == edition.id, Wish.withdrawn_at.is_(None))
    )
    for side in (buyer, structure):
        asked = asked.where(side.level.in_(ASKED), side.source != "completed")
    return frozenset(session.scalars(asked))


def loads_of(ledger: Ledger, edition: Edition, hours: Mapping[int, str]) -> tuple[list[Load], list[Load]]:
    """Return how full each slot is, in order of time, and each table that is used, the fullest first.

    ``hours`` maps the ids of the slots, in order, to what they are called.
    """
    by_slot: dict[int, list[Held]] = defaultdict(list)
    by_table: dict[int, list[Held]] = defaultdict(list)
    for meeting in ledger.meetings:
        by_slot[meeting.slot].append(meeting)
        if meeting.table is not None:
            by_table[meeting.table].append(meeting)
    slots = [
        Load(hour, len(by_slot[slot]), len({one.table for one in by_slot[slot]} - {None}), len(edition.tables))
        for slot, hour in hours.items()
    ]
    tables = [
        Load(table.label or table.code, len(held), len({one.slot for one in held}), len(hours))
        for table in edition.tables
        if (held := by_table.get(table.id))
    ]
    return slots, sorted(tables, key=lambda load: -load.taken)
