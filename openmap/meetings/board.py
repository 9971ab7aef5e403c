"""A part of a plan laid out for reading: rows and cells of the grid, agendas by person, lists by slot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from openmap.events.models import Slot, Table
from openmap.extensions import AnySession
from openmap.meetings.ledger import Ledger
from openmap.meetings.models import Meeting, Participation, Plan, Wish
from openmap.pitches.passage import Span
from openmap.web.french import sort_key


@dataclass(frozen=True, slots=True)
class Appointment:
    """An interview with both sides. ``own_table``: it is held where the buyer sits all morning."""

    wish: Wish
    slot: Slot
    table: Table | None
    buyer: Participation
    structure: Participation

    @property
    def own_table(self) -> bool:
        """Whether the row head already says the table."""
        return self.table is not None and self.table.id == self.buyer.table_id

    @property
    def locked(self) -> bool:
        """Whether every calculation keeps it where it is."""
        return self.wish.lock is not None

    def other(self, person: Participation) -> Participation:
        """The side that ``person`` meets."""
        return self.structure if person.id == self.buyer.id else self.buyer


@dataclass(frozen=True, slots=True)
class Cell:
    """One participant in one slot: ``met``, ``absent``, ``stage`` (presents its work), ``idle`` (waits
    between two interviews) or ``free``.
    """

    slot: Slot
    state: str
    appointments: tuple[Appointment, ...]
    opens_block: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One participant's morning. ``wished`` counts its wishes; ``stage`` is its turn to present its work."""

    person: Participation
    cells: tuple[Cell, ...]
    wished: int
    stage: Span | None

    @property
    def appointments(self) -> list[Appointment]:
        """The interviews in order of time."""
        return [appointment for cell in self.cells for appointment in cell.appointments]

    @property
    def idle(self) -> int:
        """Slots spent waiting between two interviews of one block."""
        return sum(cell.state == "idle" for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive slots between two breaks."""

    name: str
    slots: tuple[Slot, ...]


def blocks_of(slots: Sequence[Slot]) -> tuple[Block, ...]:
    """Part the slots, in order of start, at the breaks."""
    return tuple(Block(name, tuple(run)) for name, run in groupby(slots, key=lambda slot: slot.block))


def appointments_of(
    session: AnySession, plan: Plan, *, people: Iterable[int] = (), wishes: Iterable[int] = ()
) -> list[Appointment]:
    """Return the interviews of some participants, or of some wishes, in order of time; one query."""
    side = joinedload(Participation.organisation)
    asked = select(Meeting).join(Wish, Wish.id == Meeting.wish_id).where(Meeting.plan_id == plan.id)
    asked = asked.options(
        joinedload(Meeting.slot),
        joinedload(Meeting.table),
        joinedload(Meeting.wish).options(
            joinedload(Wish.lock), joinedload(Wish.buyer).options(side), joinedload(Wish.structure).options(side)
        ),
    )
    chosen = list(people)
    asked = asked.where(
        or_(Wish.buyer_id.in_(chosen), Wish.structure_id.in_(chosen), Meeting.wish_id.in_(list(wishes)))
    )
    found = [
        Appointment(one.wish, one.slot, one.table, one.wish.buyer, one.wish.structure) for one in session.scalars(asked)
    ]
    return sorted(found, key=lambda a: (a.slot.start, sort_key(a.buyer.organisation.name), a.structure.code))


def rows_of(
    session: AnySession, plan: Plan, ledger: Ledger, shown: Sequence[int], blocks: Sequence[Block]
) -> list[Row]:
    """Lay the mornings of some participants out, in the order given; two queries."""
    asked = select(Participation).where(Participation.id.in_(shown))
    asked = asked.options(joinedload(Participation.organisation), joinedload(Participation.table))
    people = {person.id: person for person in session.scalars(asked)}
    held: dict[tuple[int, int], list[Appointment]] = defaultdict(list)
    for appointment in appointments_of(session, plan, people=shown):
        for person in (appointment.buyer, appointment.structure):
            held[person.id, appointment.slot.id].append(appointment)

    def row(person: int) -> Row:
        absent, stage = ledger.absent.get(person, frozenset()), ledger.stage.get(person)
        cells = [cell for block in blocks for cell in _cells(block, person, held, absent, stage)]
        return Row(people[person], tuple(cells), ledger.wished[person], stage)

    return [row(person) for person in shown]


def _cells(
    block: Block,
    person: int,
    held: Mapping[tuple[int, int], list[Appointment]],
    absent: frozenset[int],
    stage: Span | None,
) -> Iterator[Cell]:
    """Tell each slot of a block apart; waiting is counted inside a block only, as the engine does."""
    busy = [rank for rank, slot in enumerate(block.slots) if (person, slot.id) in held]
    for rank, slot in enumerate(block.slots):
        appointments = tuple(held.get((person, slot.id), ()))
        if appointments:
            state = "met"
        elif stage is not None and slot.start < stage[1] and stage[0] < slot.end:
            state = "stage"
        elif slot.id in absent:
            state = "absent"
        else:
            state = "idle" if busy and busy[0] < rank < busy[-1] else "free"
        yield Cell(slot, state, appointments, opens_block=rank == 0)
