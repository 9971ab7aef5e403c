"""The coaching half-day: moments with a coach, booked by the structures that pitch, one each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from icalendar import Alarm, Calendar, Event
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from openmap.applications.models import Application
from openmap.directory.models import Delegate
from openmap.events.models import Edition
from openmap.events.services import Moved, register_hours
from openmap.events.slots import Rhythm, intervals
from openmap.extensions import AnySession
from openmap.people import journal
from openmap.people.models import Person
from openmap.pitches.letters import BOOKED, UNBOOKED, slot_in_words, tell_coaching
from openmap.pitches.models import CoachingSlot, Jury
from openmap.pitches.passage import pitching
from openmap.pitches.selecting import Refused, take_turn

PRODID: Final = "-//OpenMap ESS//Accompagnement 1.0//FR"
HOUR_BEFORE: Final = timedelta(hours=1)
_NAMESPACE: Final = UUID("7d2b3c1e-41a5-5f0e-9c35-2f1f8d1a6b90")


class TooLate(Refused):
    """The deadline is past, or the moment itself."""

    def __init__(self) -> None:
        super().__init__(
            "La date limite ou l’heure du créneau est passée : écrivez à l’organisation, qui peut encore changer "
            "la réservation."
        )


class Taken(Refused):
    """Someone else has this moment."""

    def __init__(self) -> None:
        super().__init__("Ce créneau vient d’être réservé par une autre structure : choisissez-en un autre.")


class NotPitching(Refused):
    """The structure is not among those who pitch."""

    def __init__(self) -> None:
        super().__init__("L’accompagnement est réservé aux structures retenues pour présenter.")


class Booked(Refused):
    """A moment that is booked cannot go."""

    def __init__(self) -> None:
        super().__init__("Ce créneau est réservé : annulez d’abord la réservation.")


def slots_of(session: AnySession, edition_id: int) -> list[CoachingSlot]:
    """Return the moments of an edition by time, then by coach."""
    asked = select(CoachingSlot).where(CoachingSlot.edition_id == edition_id)
    asked = asked.options(joinedload(CoachingSlot.application))
    return list(session.scalars(asked.order_by(CoachingSlot.start, CoachingSlot.coach, CoachingSlot.id)))


def own_files(session: AnySession, person: Person, edition_id: int) -> list[Application]:
    """Return the files among those who pitch that are ``person``'s own, or of a structure that they act for."""
    structures = set(session.scalars(select(Delegate.organisation_id).where(Delegate.person_id == person.id)))
    files = [selection.application for selection in pitching(session, edition_id)]
    return [one for one in files if one.person_id == person.id or one.structure_id in structures]


def is_late(session: AnySession, edition: Edition, *, now: datetime) -> bool:
    """Say whether structures can no longer change their booking; at the deadline itself they no longer can."""
    jury = session.get(Jury, edition.id)
    return jury is not None and jury.booking_until is not None and now >= jury.booking_until


def generate(
    session: AnySession,
    edition: Edition,
    rhythm: Rhythm,
    coaches: Sequence[str],
    *,
    place: str,
    by: Person,
    now: datetime,
) -> int:
    """Add a moment a coach and interval; those that are there already stay as they are. Return how many are new.

    Raises events.slots.RefusedSlots.
    """
    there = {(one.start, one.coach) for one in slots_of(session, edition.id)}
    made = [(start, end, coach) for start, end, _block in intervals(rhythm) for coach in dict.fromkeys(coaches)]
    new = [one for one in made if (one[0], one[2]) not in there]
    for start, end, coach in new:
        session.add(CoachingSlot(edition_id=edition.id, coach=coach, place=place, start=start, end=end))
    changes = {"slots": [len(there), len(there) + len(new)]}
    journal.record(session, "coaching.slots", edition, by=by, now=now, edition_id=edition.id, changes=changes)
    return len(new)


def change(session: AnySession, slot: CoachingSlot, values: dict[str, Any], *, by: Person, now: datetime) -> None:
    """Change a moment; who has booked it is told, with a calendar entry that replaces the one they have."""
    for name, value in values.items():
        setattr(slot, name, value)
    changes = journal.changes_of(slot, *values)
    journal.record(session, "coaching.changed", slot, by=by, now=now, edition_id=slot.edition_id, changes=changes)
    if changes and slot.application is not None:
        key = f"{slot.id}:{_stamp(slot)}:{now.timestamp():.0f}"
        entry = [_entry(slot, slot.application, sequence=_next(slot, now), now=now)]
        tell_coaching(session, BOOKED, slot, slot.application, key=key, attachments=entry, now=now)


def remove(session: AnySession, slot: CoachingSlot, *, by: Person, now: datetime) -> None:
    """Remove a moment that nobody has booked. Raises Booked."""
    if slot.application_id is not None:
        raise Booked
    journal.record(session, "coaching.removed", slot, by=by, now=now, edition_id=slot.edition_id, changes={})
    session.delete(slot)


def book(
    session: AnySession, slot: CoachingSlot, application: Application, *, by: Person, now: datetime, late: bool = False
) -> None:
    """Give a moment to a structure that pitches; one that it had before is free again.

    One at a time, by the jury's row: of two who ask at once, one gets it. ``late``: an organiser books after the
    deadline. Raises NoJury, NotOpen, NotPitching, TooLate, Taken.
    """
    edition = application.edition
    take_turn(session, edition, "released")
    session.refresh(slot)
    if application.id not in {one.application_id for one in pitching(session, edition.id)}:
        raise NotPitching
    if not late and (is_late(session, edition, now=now) or slot.start <= now):
        raise TooLate
    if slot.application_id == application.id:
        return
    if slot.application_id is not None:
        raise Taken
    had = session.scalars(select(CoachingSlot).where(CoachingSlot.application_id == application.id)).one_or_none()
    cancelled = [] if had is None else [_entry(had, application, sequence=_next(had, now), now=now, gone=True)]
    if had is not None:
        _free(session, had)
    slot.application, slot.booked_at, slot.attended = application, now, None
    session.flush()
    journal.record(session, "coaching.booked", slot, by=by, now=now, edition_id=edition.id, changes={})
    tell_coaching(
        session, BOOKED, slot, application, key=f"{slot.id}:{_stamp(slot)}",
        attachments=[*cancelled, _entry(slot, application, sequence=0, now=now)], now=now,
    )  # fmt: skip


def cancel(session: AnySession, slot: CoachingSlot, *, by: Person, now: datetime, late: bool = False) -> None:
    """Give a moment back; the structure is told, with the entry that takes it out of its calendar. Twice: nothing.

    Raises NoJury, TooLate.
    """
    take_turn(session, slot.edition)
    session.refresh(slot)
    application = slot.application
    if application is None:
        return
    if not late and (is_late(session, application.edition, now=now) or slot.start <= now):
        raise TooLate
    key = f"{slot.id}:{_stamp(slot)}"
    entry = _entry(slot, application, sequence=_next(slot, now), now=now, gone=True)
    _free(session, slot)
    journal.record(session, "coaching.cancelled", slot, by=by, now=now, edition_id=slot.edition_id, changes={})
    tell_coaching(session, UNBOOKED, slot, application, key=key, attachments=[entry], now=now)


def attend(session: AnySession, slot: CoachingSlot, attended: bool | None, *, by: Person, now: datetime) -> None:
    """Note whether the structure came (``None``: not told). Nothing, where nobody has booked."""
    if slot.application_id is None:
        return
    slot.attended = attended
    journal.record(session, "coaching.attended", slot, by=by, now=now, edition_id=slot.edition_id)


def set_deadlines(
    session: AnySession, edition: Edition, jury: Jury, booking: datetime | None, decks: datetime | None,
    *, by: Person, now: datetime,
) -> None:  # fmt: skip
    """Say until when structures book and hand in their slides."""
    jury.booking_until, jury.decks_until = booking, decks
    changes = journal.changes_of(jury, "booking_until", "decks_until")
    journal.record(session, "coaching.deadlines", edition, by=by, now=now, edition_id=edition.id, changes=changes)


def _free(session: AnySession, slot: CoachingSlot) -> None:
    slot.application, slot.application_id, slot.booked_at, slot.attended = None, None, None, None
    session.flush()


def _booked_at(slot: CoachingSlot) -> datetime:
    if slot.booked_at is None:
        raise ValueError("nobody has booked this moment")
    return slot.booked_at


def _stamp(slot: CoachingSlot) -> str:
    return f"{_booked_at(slot):%Y%m%d%H%M%S%f}"


def _next(slot: CoachingSlot, now: datetime) -> int:
    """Return a sequence above those that the booking has had: the seconds since it was made, one at least."""
    return max(1, int((now - _booked_at(slot)).total_seconds()) + 1)


def _entry(
    slot: CoachingSlot, application: Application, *, sequence: int, now: datetime, gone: bool = False
) -> dict[str, Any]:
    """Return the calendar entry of a booking as an attachment (RFC 5545); each booking has its own UID."""
    edition, method = application.edition, "CANCEL" if gone else "PUBLISH"
    calendar, event = Calendar(), Event()
    for name, value in (("prodid", PRODID), ("version", "2.0"), ("method", method)):
        calendar.add(name, value)
    event.add("uid", str(uuid5(_NAMESPACE, f"{slot.id}/{_stamp(slot)}")))
    event.add("sequence", sequence)
    event.add("status", "CANCELLED" if gone else "CONFIRMED")
    event.add("dtstamp", now)
    event.add("dtstart", slot.start)
    event.add("dtend", slot.end)
    event.add("summary", f"Accompagnement au pitch – {edition.title}")
    event.add("location", slot.place)
    event.add("description", f"{application.name} : {slot_in_words(slot, edition)}")
    if not gone:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", f"Accompagnement au pitch – {edition.title}")
        alarm.add("trigger", -HOUR_BEFORE)
        event.add_component(alarm)
    calendar.add_component(event)
    name = "annulation.ics" if gone else "accompagnement.ics"
    return {"name": name, "type": f"text/calendar; method={method}", "text": calendar.to_ical().decode()}


def _move_hours(session: AnySession, edition: Edition, moved: Moved) -> None:
    """Keep the hours of the coaching and of what is due before it as they are on the clock, in another time zone."""
    for slot in session.scalars(select(CoachingSlot).where(CoachingSlot.edition_id == edition.id)):
        slot.start, slot.end = moved(slot.start), moved(slot.end)
    jury = session.get(Jury, edition.id)
    if jury is not None:
        jury.booking_until = jury.booking_until and moved(jury.booking_until)
        jury.decks_until = jury.decks_until and moved(jury.decks_until)
    session.flush()


register_hours("coaching", _move_hours)
