"""A participant's half-day as rows to read: meetings, free time, absences, breaks and the turn on stage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Literal

from openmap.agendas.queries import Appointment, Moment, Party, Sheet

Kind = Literal["meeting", "free", "absent", "break", "stage"]


@dataclass(frozen=True, slots=True)
class Row:
    """One stretch of the half-day; ``appointment`` is given for a meeting only."""

    kind: Kind
    start: datetime
    end: datetime
    appointment: Appointment | None = None


def timeline(sheet: Sheet, party: Party) -> list[Row]:
    """Return the half-day of ``party``, first slot to last; neighbouring slots without meeting are one row.

    Its turn on stage has a row of its own where it falls beside the slots, or in one that a meeting takes.
    """
    meetings = {
        slot: list(found) for slot, found in groupby(sheet.of(party), key=lambda appointment: appointment.slot.id)
    }
    rows: list[Row] = []
    for before, slot in zip((None, *sheet.slots), sheet.slots, strict=False):
        if before is not None and before.block != slot.block and before.end < slot.start:
            rows.append(Row("break", before.end, slot.start))
        for row in _rows_of(slot, meetings.get(slot.id, []), party):
            last = rows[-1] if rows else None
            if last is not None and row.kind != "meeting" and last.kind == row.kind:
                rows[-1] = Row(row.kind, last.start, row.end)
            else:
                rows.append(row)
    if party.stage is not None and all(row.kind != "stage" for row in rows):
        rows.append(Row("stage", *party.stage))
        rows.sort(key=lambda row: (row.start, row.kind != "stage"))
    return rows


def _rows_of(slot: Moment, meetings: list[Appointment], party: Party) -> Iterator[Row]:
    if not meetings:
        kind: Kind = "stage" if party.is_on_stage(slot) else "absent" if slot.id in party.absent else "free"
        yield Row(kind, slot.start, slot.end)
    for appointment in meetings:
        yield Row("meeting", slot.start, slot.end, appointment)
