"""What each person's calendar is to hold, and how that differs from what it was last told: values, nothing is written.

RFC 5546: a meeting keeps its UID in a person's calendar; SEQUENCE rises when its time, place or delegate changes, and
when it is cancelled or held again. What an entry merely describes (needs, activities) changes nothing of that.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID, uuid5

from openmap.agendas.calendars import Entry, description_of
from openmap.agendas.models import Invitation
from openmap.agendas.queries import Appointment, Party, Sheet

_NAMESPACE: Final = UUID("0d3b8a51-2f0e-5c0b-8d8e-5f4f2b1c9a77")
_GONE: Final = "Cet entretien n’a plus lieu. Votre agenda à jour indique vos autres entretiens."

Pair = tuple[int, int]
"""An organisation and the one that it meets, by id."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A meeting that a person's calendar is to hold. ``number`` tells apart those held at once (0: it is alone)."""

    uid: str
    own: Party
    appointment: Appointment
    number: int
    summary: str
    place: str
    description: str
    fingerprint: str

    @property
    def other(self) -> Party:
        """Return whom the person meets."""
        return self.appointment.other(self.own)


@dataclass(frozen=True, slots=True)
class Was:
    """What a calendar said of a meeting before."""

    start: datetime
    end: datetime
    place: str
    number: int


@dataclass(frozen=True, slots=True)
class Change:
    """What one meeting of a person becomes; ``entry`` carries the counters of its calendar object."""

    kind: Literal["new", "moved", "cancelled"]
    entry: Entry
    organisation: int
    other: int
    number: int
    was: Was | None


@dataclass(frozen=True, slots=True)
class Told:
    """What a person is to be told. ``entries``: their calendar with the counters it gets, cancellations last.

    ``quiet`` are meetings that go without a word, for no mail about them ever left.
    """

    wanted: tuple[Wanted, ...]
    entries: tuple[Entry, ...]
    changes: tuple[Change, ...]
    quiet: tuple[Invitation, ...]


def numbers_of(sheet: Sheet, party: Party, remembered: Mapping[Pair, int]) -> dict[str, int]:
    """Return, by wish, which of a party's people holds each meeting; the same as before wherever that is free.

    Empty for a party that comes alone.
    """
    if party.delegates < 2:
        return {}
    by_slot: dict[int, list[Appointment]] = defaultdict(list)
    for appointment in sheet.of(party):
        by_slot[appointment.slot.id].append(appointment)
    numbers: dict[str, int] = {}
    for held in by_slot.values():
        taken: set[int] = set()
        for appointment in held:
            before = remembered.get((party.organisation, appointment.other(party).organisation), 0)
            if 0 < before <= party.delegates and before not in taken:
                numbers[appointment.wish] = before
                taken.add(before)
        free = (number for number in range(1, len(held) + party.delegates + 1) if number not in taken)
        for appointment in held:
            if appointment.wish not in numbers:
                numbers[appointment.wish] = next(free)
    return numbers


def wanted_of(sheet: Sheet, person_id: int, parties: Iterable[Party], remembered: Mapping[Pair, int]) -> list[Wanted]:
    """Return what the calendar of a person who acts for ``parties`` is to hold, by time."""
    found = [
        _wanted(sheet, person_id, party, appointment, numbers.get(appointment.wish, 0))
        for party in parties
        for numbers in (numbers_of(sheet, party, remembered),)
        for appointment in sheet.of(party)
    ]
    return sorted(found, key=lambda one: (one.appointment.slot.start, one.own.code, one.number, one.other.code))


def _wanted(sheet: Sheet, person_id: int, party: Party, appointment: Appointment, number: int) -> Wanted:
    other = appointment.other(party)
    summary = f"Entretien avec {other.name}" + (f" (personne\u00a0{number})" if number else "")
    place = ", ".join(part for part in (appointment.table, sheet.venue, sheet.address) if part)
    description = description_of(sheet, appointment, other)
    if number:
        description = (
            f"Votre organisation vient à plusieurs\u00a0: cet entretien est celui de la personne n°\u00a0{number}, à "
            f"répartir entre vous.\n{description}"
        )
    start, end = appointment.slot.start, appointment.slot.end
    said = [start.isoformat(), end.isoformat(), sheet.zone.key, summary, place, number]
    return Wanted(
        uid=str(uuid5(_NAMESPACE, json.dumps([sheet.slug, person_id, party.organisation, other.organisation]))),
        own=party,
        appointment=appointment,
        number=number,
        summary=summary,
        place=place,
        description=description,
        fingerprint=hashlib.sha256(json.dumps(said).encode()).hexdigest(),
    )


def told_of(
    sheet: Sheet, wanted: Sequence[Wanted], rows: Mapping[str, Invitation], lost: Collection[int], *, now: datetime
) -> Told:
    """Return how ``wanted`` differs from ``rows`` (by UID), what this person's calendar was last told.

    ``lost`` are the mails that never arrived: what only they told is told again, with the same counters where it
    still holds. New counters are stamped ``now``.
    """
    now = now.replace(microsecond=0)
    entries: list[Entry] = []
    changes: list[Change] = []
    for one in wanted:
        entry, change = _held(one, rows.get(one.uid), lost, now)
        entries.append(entry)
        changes += [] if change is None else [change]
    quiet: list[Invitation] = []
    held = {one.uid for one in wanted}
    for row in sorted((row for uid, row in rows.items() if uid not in held), key=lambda row: (row.start, row.uid)):
        if not has_heard(row, lost):
            quiet += [] if row.cancelled else [row]
            continue
        entry = _gone(row, sheet, now)
        entries.append(entry)
        if not row.cancelled or row.message_id in lost:
            changes.append(Change("cancelled", entry, row.organisation_id, row.other_id, row.party, _was(row, sheet)))
    return Told(tuple(wanted), tuple(entries), tuple(changes), tuple(quiet))


def has_heard(row: Invitation, lost: Collection[int]) -> bool:
    """Say whether any mail about this meeting has left."""
    return row.known or row.message_id not in lost


def _held(one: Wanted, row: Invitation | None, lost: Collection[int], now: datetime) -> tuple[Entry, Change | None]:
    sequence, stamped_at = 0, now
    same = row is not None and not row.cancelled and row.fingerprint == one.fingerprint
    if row is not None:
        sequence, stamped_at = (row.sequence, row.stamped_at) if same else (row.sequence + 1, now)
    entry = Entry(
        uid=one.uid,
        start=one.appointment.slot.start,
        end=one.appointment.slot.end,
        summary=one.summary,
        place=one.place,
        description=one.description,
        cancelled=False,
        fingerprint=one.fingerprint,
        sequence=sequence,
        stamped_at=stamped_at,
    )
    if same and row is not None and row.message_id not in lost:
        return entry, None
    is_new = row is None or row.cancelled or not has_heard(row, lost)
    was = None if row is None or is_new else Was(row.start, row.end, row.place, row.party)
    kind: Literal["new", "moved"] = "new" if is_new else "moved"
    return entry, Change(kind, entry, one.own.organisation, one.other.organisation, one.number, was)


def _was(row: Invitation, sheet: Sheet) -> Was:
    return Was(row.start.astimezone(sheet.zone), row.end.astimezone(sheet.zone), row.place, row.party)


def _gone(row: Invitation, sheet: Sheet, now: datetime) -> Entry:
    return Entry(
        uid=row.uid,
        start=row.start.astimezone(sheet.zone),
        end=row.end.astimezone(sheet.zone),
        summary=row.summary,
        place=row.place,
        description=_GONE,
        cancelled=True,
        fingerprint=row.fingerprint,
        sequence=row.sequence if row.cancelled else row.sequence + 1,
        stamped_at=row.stamped_at if row.cancelled else now,
    )
