"""An edition in people's calendars (RFC 5545): its programme, and one's own registration. Instants are in UTC."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from icalendar import Alarm, Calendar, Event

from openmap.events.models import Edition, Registration
from openmap.events.queries import hours_of

PRODID: Final = "-//OpenMap ESS//Editions 1.0//FR"
DAY_BEFORE: Final = timedelta(days=1)
_NAMESPACE: Final = UUID("0f0f7a5e-0a2f-5c3d-8a53-0f6f7b7a7d21")


def programme_calendar(edition: Edition, *, address: str, now: datetime) -> bytes:
    """Return the programme, one event a moment; ``address`` is the edition's page."""
    calendar = _calendar("PUBLISH", edition.title)
    for item in edition.programme:
        event = Event()
        event.add("uid", str(uuid5(_NAMESPACE, f"{edition.slug}/programme/{item.id}")))
        event.add("dtstamp", now)
        event.add("dtstart", item.start)
        event.add("dtend", item.end)
        event.add("summary", f"{item.title} – {edition.title}")
        event.add("location", ", ".join(part for part in (item.room, edition.venue, edition.address) if part))
        event.add("description", "\n".join(part for part in (item.description, item.speakers) if part))
        event.add("url", address)
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def registration_calendar(edition: Edition, registration: Registration, *, address: str, now: datetime) -> bytes | None:
    """Return one's registration as a calendar entry, cancelled once it is; ``None`` while no hours are set."""
    hours = hours_of(edition)
    if hours is None:
        return None
    gone = registration.state == "cancelled"
    calendar = _calendar("CANCEL" if gone else "PUBLISH", edition.title)
    event = Event()
    event.add("uid", str(uuid5(_NAMESPACE, f"{edition.slug}/inscription/{registration.id}")))
    event.add("sequence", registration.sequence)
    event.add("status", "CANCELLED" if gone else "CONFIRMED")
    event.add("dtstamp", now)
    event.add("dtstart", hours[0])
    event.add("dtend", hours[1])
    event.add("summary", edition.title)
    event.add("location", ", ".join(part for part in (edition.venue, edition.address) if part))
    event.add("description", address)
    event.add("url", address)
    if not gone:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", edition.title)
        alarm.add("trigger", -DAY_BEFORE)
        event.add_component(alarm)
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def _calendar(method: str, name: str) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    return calendar
