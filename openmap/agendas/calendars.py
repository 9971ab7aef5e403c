"""One iCalendar file per participant (RFC 5545, 5546 and 7986): builds bytes, writes nothing."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from icalendar import Alarm, Calendar, Event, vCalAddress

from openmap.agendas.models import CalendarEntry
from openmap.agendas.queries import Appointment, Party, Sheet
from openmap.agendas.timezones import vtimezone
from openmap.web.french import clock_range

CONTENT_TYPE: Final = "text/calendar; method=PUBLISH"
"""Mail clients take the file for a calendar only with its method; Flask adds the charset."""

PRODID: Final = "-//OpenMap ESS//Agendas 1.0//FR"
WARNING: Final = timedelta(minutes=10)

_NAMESPACE = UUID("5b0a5c9e-7d0c-5d53-9f0b-2a9d1f0c6e41")
_MAIL = re.compile(r"[^\s@<>\"(),:;\\]+@[^\s@<>\"(),:;\\]+\.[^\s@<>\"(),:;\\]+")


@dataclass(frozen=True, slots=True)
class Entry:
    """What a calendar says of one meeting, with the RFC's counters."""

    uid: str
    start: datetime
    end: datetime
    summary: str
    place: str
    description: str
    cancelled: bool
    fingerprint: str
    sequence: int
    stamped_at: datetime


def entries_of(sheet: Sheet, party: Party, published: Mapping[str, CalendarEntry], *, now: datetime) -> list[Entry]:
    """Return the entries of ``party``: its meetings by time, then the cancellations of those published before.

    ``published`` (by UID) is what its calendar was last told. An entry that says the same keeps its sequence
    and its stamp; one that says something else takes the next sequence and the stamp ``now``.
    """
    now = now.replace(microsecond=0)
    entries = [_entry(sheet, party, appointment, published, now) for appointment in sheet.of(party)]
    held = {entry.uid for entry in entries}
    gone = [row for uid, row in published.items() if uid not in held]
    cancellations = [_cancellation(row, sheet, now) for row in gone]
    return entries + sorted(cancellations, key=lambda entry: (entry.start, entry.uid))


def calendar_bytes(sheet: Sheet, party: Party, entries: Sequence[Entry]) -> bytes:
    """Return the iCalendar file that tells ``entries`` to ``party``."""
    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    name = f"{sheet.title} – {party.name}"
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("x-wr-timezone", sheet.zone.key)
    calendar.add("uid", str(uuid5(_NAMESPACE, json.dumps([sheet.slug, party.organisation]))))
    if entries:
        calendar.add("last-modified", max(entry.stamped_at for entry in entries))
    calendar.add_component(vtimezone(sheet.zone, sheet.held_on))
    for entry in entries:
        calendar.add_component(event_of(sheet, entry))
    return bytes(calendar.to_ical(sorted=False))


def uid_of(sheet: Sheet, party: Party, other: Party) -> str:
    """Return the UID of the meeting of ``party`` with ``other``: the same in every plan of the edition."""
    return str(uuid5(_NAMESPACE, json.dumps([sheet.slug, party.organisation, other.organisation])))


def _entry(
    sheet: Sheet,
    party: Party,
    appointment: Appointment,
    published: Mapping[str, CalendarEntry],
    now: datetime,
) -> Entry:
    other = appointment.other(party)
    summary = f"Entretien avec {other.name}"
    place = ", ".join(part for part in (appointment.table, sheet.venue, sheet.address) if part)
    description = description_of(sheet, appointment, other)
    start, end = appointment.slot.start, appointment.slot.end
    said = [start.isoformat(), end.isoformat(), sheet.zone.key, summary, place, description, sheet.contact]
    fingerprint = hashlib.sha256(json.dumps(said).encode()).hexdigest()
    uid = uid_of(sheet, party, other)
    before = published.get(uid)
    same = before is not None and not before.cancelled and before.fingerprint == fingerprint
    return Entry(
        uid=uid,
        start=start,
        end=end,
        summary=summary,
        place=place,
        description=description,
        cancelled=False,
        fingerprint=fingerprint,
        sequence=0 if before is None else before.sequence + (0 if same else 1),
        stamped_at=before.stamped_at if before is not None and same else now,
    )


def _cancellation(row: CalendarEntry, sheet: Sheet, now: datetime) -> Entry:
    return Entry(
        uid=row.uid,
        start=row.start.astimezone(sheet.zone),
        end=row.end.astimezone(sheet.zone),
        summary=row.summary,
        place=row.place,
        description="Cet entretien n’a plus lieu. Votre agenda à jour indique vos autres entretiens.",
        cancelled=True,
        fingerprint=row.fingerprint,
        sequence=row.sequence if row.cancelled else row.sequence + 1,
        stamped_at=row.stamped_at if row.cancelled else now,
    )


def description_of(sheet: Sheet, appointment: Appointment, other: Party) -> str:
    """Say where, with whom, about what, and what to do when late."""
    who = f"{other.name} ({other.subtitle})" if other.subtitle else other.name
    lines = [f"Vous rencontrez {who}, {clock_range(appointment.slot.start, appointment.slot.end, sheet.zone)}."]
    if appointment.table:
        lines.append(f"Table\u00a0: {appointment.table}.")
    if other.activity:
        lines.append(f"Activité\u00a0: {other.activity}")
    if other.needs:
        lines.append("Besoins annoncés\u00a0: " + "\u00a0; ".join(other.needs))
    late = "En cas de retard ou d’empêchement, prévenez l’accueil"
    if sheet.contact:
        late += f" ou écrivez à {sheet.contact}"
    lines.append(f"{late}. L’entretien se termine à l’heure prévue, pour que les suivants commencent à l’heure.")
    return "\n".join(lines)


def event_of(sheet: Sheet, entry: Entry, organizer: vCalAddress | None = None) -> Event:
    """Return the VEVENT of ``entry``; ``organizer`` where it is not the edition's contact."""
    event = Event()
    event.add("uid", entry.uid)
    event.add("dtstamp", entry.stamped_at)
    event.add("last-modified", entry.stamped_at)
    event.add("sequence", entry.sequence)
    event.add("status", "CANCELLED" if entry.cancelled else "CONFIRMED")
    event.add("dtstart", entry.start)
    event.add("dtend", entry.end)
    event.add("summary", f"Annulé\u00a0: {entry.summary}" if entry.cancelled else entry.summary)
    event.add("location", entry.place)
    event.add("description", entry.description)
    event.add("categories", ["OpenMap ESS", *([sheet.trade] if sheet.trade else [])])
    event.add("transp", "TRANSPARENT" if entry.cancelled else "OPAQUE")
    if organizer is not None:
        event.add("organizer", organizer)
    elif _MAIL.fullmatch(sheet.contact):
        organizer = vCalAddress(f"mailto:{sheet.contact}")
        organizer.params["CN"] = sheet.title
        event.add("organizer", organizer)
    if not entry.cancelled:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("trigger", -WARNING)
        alarm.add("description", f"{entry.summary}\u00a0: {entry.place}" if entry.place else entry.summary)
        event.add_component(alarm)
    return event
