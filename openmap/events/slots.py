"""Meeting slots out of a start, an end and a rhythm."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete

from openmap.events.models import Edition, Slot
from openmap.extensions import AnySession
from openmap.people import journal
from openmap.people.models import Person

MOST: Final = 60
"""More slots than that in half a day is a mistyped hour."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """``duration`` of a meeting, ``transfer`` between two, ``breaks`` during which nobody meets."""

    start: datetime
    end: datetime
    duration: timedelta
    transfer: timedelta
    breaks: Sequence[tuple[datetime, datetime]] = ()


class RefusedSlots(Exception):
    """The slots cannot be made or removed; the sentence says why and what to do."""


_in_use: list[Callable[[AnySession, Edition], str | None]] = []


def register_use(reason: Callable[[AnySession, Edition], str | None]) -> None:
    """Let a room below say why an edition's slots must stay, in French; ``None`` when they may go."""
    _in_use.append(reason)


def intervals(rhythm: Rhythm) -> list[tuple[datetime, datetime, int]]:
    """Return start, end and block of each slot; a break begins a new block.

    Raises RefusedSlots when none fits, or more than ``MOST`` do.
    """
    found: list[tuple[datetime, datetime, int]] = []
    breaks = sorted(rhythm.breaks)
    begin, block = rhythm.start, 1
    while begin + rhythm.duration <= rhythm.end and len(found) <= MOST:
        hit = next((pause for pause in breaks if pause[0] < begin + rhythm.duration and begin < pause[1]), None)
        if hit is not None:
            begin = hit[1]
            block += bool(found) and found[-1][2] == block
            continue
        found.append((begin, begin + rhythm.duration, block))
        begin += rhythm.duration + rhythm.transfer
    if not found:
        raise RefusedSlots(
            "Aucun créneau ne tient entre ces heures : allongez la plage ou raccourcissez les entretiens."
        )
    if len(found) > MOST:
        raise RefusedSlots(f"Ces réglages donnent plus de {MOST} créneaux : vérifiez les heures et la durée.")
    return found


def generate(session: AnySession, edition: Edition, rhythm: Rhythm, *, by: Person, now: datetime) -> int:
    """Replace an edition's slots; return how many there are now.

    Raises RefusedSlots.
    """
    require_free(session, edition)
    made = intervals(rhythm)
    before = len(edition.slots)
    session.execute(delete(Slot).where(Slot.edition_id == edition.id))
    session.expire(edition, ["slots"])
    for number, (start, end, block) in enumerate(made, start=1):
        session.add(Slot(edition_id=edition.id, code=f"C{number:02d}", start=start, end=end, block=str(block)))
    session.flush()
    changes = {"slots": [before, len(made)]}
    journal.record(session, "edition.slots", edition, by=by, now=now, edition_id=edition.id, changes=changes)
    return len(made)


def require_free(session: AnySession, edition: Edition) -> None:
    """Raise RefusedSlots while a room below holds on to the slots."""
    for reason in _in_use:
        sentence = reason(session, edition)
        if sentence is not None:
            raise RefusedSlots(sentence)
