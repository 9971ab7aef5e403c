"""A plan laid out for reading: rows and cells of the grid, agendas by person, indicators."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from openmap.events.models import Slot, Table
from openmap.meetings.models import Meeting, Participation, Wish
from openmap.meetings.queries import Attendance
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


@dataclass(frozen=True, slots=True)
class Board:
    """A whole plan."""

    blocks: tuple[Block, ...]
    buyers: tuple[Row, ...]
    structures: tuple[Row, ...]
    appointments: tuple[Appointment, ...]

    @property
    def slots(self) -> list[Slot]:
        """Every slot in order."""
        return [slot for block in self.blocks for slot in block.slots]


@dataclass(frozen=True, slots=True)
class Indicators:
    """The figures of a plan, counted on its rows and not taken from the engine's word.

    ``fewest`` and ``most`` are interviews per structure.
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


def board_of(
    slots: Sequence[Slot], attendance: Attendance, wishes: Sequence[Wish], meetings: Sequence[Meeting]
) -> Board:
    """Lay a plan out. ``slots`` come in order of start."""
    people = attendance.people
    appointments = [
        Appointment(meeting.wish, meeting.slot, meeting.table, people[wish.buyer_id], people[wish.structure_id])
        for meeting in meetings
        for wish in (meeting.wish,)
    ]
    appointments.sort(key=lambda a: (a.slot.start, sort_key(a.buyer.organisation.name), a.structure.code))
    blocks = tuple(Block(name, tuple(run)) for name, run in groupby(slots, key=lambda slot: slot.block))
    held: dict[tuple[int, int], list[Appointment]] = defaultdict(list)
    wished: dict[int, int] = defaultdict(int)
    for appointment in appointments:
        for person in (appointment.buyer, appointment.structure):
            held[person.id, appointment.slot.id].append(appointment)
    for wish in wishes:
        wished[wish.buyer_id] += 1
        wished[wish.structure_id] += 1

    def row(person: Participation) -> Row:
        absent = attendance.absent.get(person.id, frozenset())
        stage = attendance.stage.get(person.id)
        cells = [cell for block in blocks for cell in _cells(block, person, held, absent, stage)]
        return Row(person, tuple(cells), wished[person.id], stage)

    return Board(
        blocks=blocks,
        buyers=tuple(map(row, attendance.buyers)),
        structures=tuple(map(row, attendance.structures)),
        appointments=tuple(appointments),
    )


def _cells(
    block: Block,
    person: Participation,
    held: dict[tuple[int, int], list[Appointment]],
    absent: frozenset[int],
    stage: Span | None,
) -> Iterator[Cell]:
    """Tell each slot of a block apart; waiting is counted inside a block only, as the engine does."""
    busy = [rank for rank, slot in enumerate(block.slots) if (person.id, slot.id) in held]
    for rank, slot in enumerate(block.slots):
        appointments = tuple(held.get((person.id, slot.id), ()))
        if appointments:
            state = "met"
        elif stage is not None and slot.start < stage[1] and stage[0] < slot.end:
            state = "stage"
        elif slot.id in absent:
            state = "absent"
        else:
            state = "idle" if busy and busy[0] < rank < busy[-1] else "free"
        yield Cell(slot, state, appointments, opens_block=rank == 0)


def indicators_of(board: Board, wishes: Sequence[Wish]) -> Indicators:
    """Count what a plan gives. Those who have no wish are left out of who could be met."""
    buyers = [row for row in board.buyers if row.wished]
    structures = [row for row in board.structures if row.wished]
    rows = (*board.buyers, *board.structures)
    per_structure = [len(row.appointments) for row in structures]
    return Indicators(
        meetings=len(board.appointments),
        wishes=len(wishes),
        buyers_met=sum(bool(row.appointments) for row in buyers),
        buyers=len(buyers),
        structures_met=sum(bool(row.appointments) for row in structures),
        structures=len(structures),
        value=sum(appointment.wish.value for appointment in board.appointments),
        value_wished=sum(wish.value for wish in wishes),
        idle=sum(row.idle for row in rows),
        people_waiting=sum(row.idle > 0 for row in rows),
        fewest=min(per_structure, default=0),
        most=max(per_structure, default=0),
    )
