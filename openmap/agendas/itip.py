"""Calendar objects for one person: what mails carry (RFC 5546, 6047), what is attached, what a feed tells.

One meeting is one object, for REQUEST and CANCEL hold one UID only (RFC 5546, 3.2.2 and 3.2.5) and one method
(RFC 6047, 2.4); a mail carries as many parts as it has to tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from email.utils import parseaddr
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vCalAddress

from openmap.agendas.calendars import PRODID, Entry, event_of
from openmap.agendas.queries import Sheet
from openmap.agendas.timezones import vtimezone
from openmap.people.models import Person

ATTACHMENT_NAME: Final = "agenda.ics"
_VERSION: Final = f"BEGIN:VCALENDAR\r\nPRODID:{PRODID}\r\nVERSION:2.0\r\nCALSCALE:GREGORIAN\r\nMETHOD:"


def organizer_of(sheet: Sheet, sender: str) -> vCalAddress:
    """Return the address that mails are sent from as ORGANIZER: readers take no invitation from anyone else."""
    organizer = vCalAddress(f"mailto:{parseaddr(sender)[1]}")
    organizer.params["CN"] = sheet.title
    return organizer


def parts_of(sheet: Sheet, entries: Sequence[Entry], person: Person, sender: str, page: str) -> list[dict[str, Any]]:
    """Return the parts of a mail (``mail.models.Message``) that tell ``entries`` to ``person``, as REQUEST or CANCEL.

    The first request is a form of the body, as readers that show an invitation expect it; the rest are their own parts.
    """
    parts: list[dict[str, Any]] = []
    for entry in sorted(entries, key=lambda entry: entry.cancelled):
        method = "CANCEL" if entry.cancelled else "REQUEST"
        parts.append(
            {
                "name": "",
                "type": f"text/calendar; method={method}; component=VEVENT",
                "text": _object(method, sheet, [_invitation(sheet, entry, person, sender, page)]),
                "as": "part" if parts or entry.cancelled else "alternative",
            }
        )
    return parts


def file_of(sheet: Sheet, entries: Iterable[Entry], sender: str, page: str) -> str:
    """Return a file with a person's meetings: to be opened by hand, nobody is asked to answer."""
    organizer = organizer_of(sheet, sender)
    events = [_with_page(event_of(sheet, entry, organizer), page) for entry in entries if not entry.cancelled]
    return _object("PUBLISH", sheet, events)


def feed_of(name: str, told: Sequence[tuple[Sheet, Sequence[Entry], str]], sender: str) -> bytes:
    """Return a subscription: every edition's entries with its page, cancelled ones too."""
    calendar = Calendar()
    for key, value in (
        ("prodid", PRODID), ("version", "2.0"), ("calscale", "GREGORIAN"), ("method", "PUBLISH"), ("name", name),
        ("x-wr-calname", name), ("x-published-ttl", "PT1H"),
    ):  # fmt: skip
        calendar.add(key, value)
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    for sheet in {sheet.zone.key: sheet for sheet, _entries, _page in told}.values():
        calendar.add_component(vtimezone(sheet.zone, sheet.held_on))
    for sheet, entries, page in told:
        organizer = organizer_of(sheet, sender)
        for entry in entries:
            calendar.add_component(_with_page(event_of(sheet, entry, organizer), page))
    return bytes(calendar.to_ical(sorted=False))


def _invitation(sheet: Sheet, entry: Entry, person: Person, sender: str, page: str) -> Event:
    event = _with_page(event_of(sheet, entry, organizer_of(sheet, sender)), page)
    attendee = vCalAddress(f"mailto:{person.email}")
    attendee.params["CN"] = person.shown_name
    attendee.params["CUTYPE"] = "INDIVIDUAL"
    attendee.params["ROLE"] = "REQ-PARTICIPANT"
    if not entry.cancelled:
        attendee.params["PARTSTAT"] = "NEEDS-ACTION"
        attendee.params["RSVP"] = "TRUE"
    event.add("attendee", attendee)
    return event


def _with_page(event: Event, page: str) -> Event:
    event.add("url", page)
    return event


def _object(method: str, sheet: Sheet, events: Iterable[Event]) -> str:
    zone = _zone_text(sheet.zone.key, sheet.held_on)
    told = "".join(event.to_ical(sorted=False).decode() for event in events)
    return f"{_VERSION}{method}\r\n{zone}{told}END:VCALENDAR\r\n"


@lru_cache(maxsize=64)
def _zone_text(key: str, day: date) -> str:
    return str(vtimezone(ZoneInfo(key), day).to_ical(sorted=False).decode())
