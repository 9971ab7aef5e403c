"""Verbs about editions: create, copy, change, publish; add, change and remove their parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from openmap.events.models import Category, Edition, Phase, ProgrammeItem, Registration, Slot, Stand, Table
from openmap.events.slots import RefusedSlots, require_free
from openmap.extensions import AnySession, Base
from openmap.mail.reminders import copy_switches
from openmap.mail.services import copy_words, drop_reminders
from openmap.people import journal
from openmap.people.models import ORGANISER, Person
from openmap.people.services import give_role
from openmap.reference.models import Activity
from openmap.reference.words import folded

FIRST_CATEGORIES: Final = ("Acheteur public", "Structure de l’ESS", "Partenaire", "Autre")
LONGEST_SLUG: Final = 70
_ASIDE: Final = timedelta(days=365)

Moved = Callable[[datetime], datetime]
"""Gives an instant that an organiser typed as an hour its new place."""


class RefusedPart(Exception):
    """The part cannot be kept or removed; the sentence says why and what to do."""


class RefusedZone(Exception):
    """The time zone cannot change; the sentence says why and what to do."""


_copies: dict[str, Callable[[AnySession, Edition, Edition, datetime], None]] = {}


def register_copy(name: str, copy: Callable[[AnySession, Edition, Edition, datetime], None]) -> None:
    """Let a room below copy what it keeps of an edition: the model, then the copy; a name again replaces it."""
    _copies[name] = copy


_moves: dict[str, Callable[[AnySession, Edition, Moved], None]] = {}


def register_hours(name: str, move: Callable[[AnySession, Edition, Moved], None]) -> None:
    """Let a room below move the hours that it keeps of an edition, when its zone changes; a name again replaces it."""
    _moves[name] = move


def first_categories() -> list[Category]:
    """Return the categories of registrations that an edition begins with."""
    return [Category(name=name, position=rank) for rank, name in enumerate(FIRST_CATEGORIES)]


def create(session: AnySession, *, title: str, held_on: date, trade: str = "", by: Person, now: datetime) -> Edition:
    """Create an edition that only its organisers see; who creates it organises it."""
    journal.lock(session)  # of two tabs the second finds what the first has made
    edition = Edition(slug=_free_slug(session, title, held_on), title=title, held_on=held_on, trade=trade)
    edition.categories = first_categories()
    session.add(edition)
    session.flush()
    journal.record(
        session, "edition.created", edition, by=by, now=now, edition_id=edition.id, changes={"title": [None, title]}
    )
    give_role(session, by, ORGANISER, edition.id, by=by, now=now)
    return edition


def copy(session: AnySession, model: Edition, *, title: str, held_on: date, by: Person, now: datetime) -> Edition:
    """Create an edition like another, every date moved by as many days; hours stay what they are on the clock.

    Programme, slots, tables, categories, phases, the words of mails and the reminders switched off are
    copied, and what other rooms have registered; people, stands, documents are not.
    """
    edition = create(session, title=title, held_on=held_on, trade=model.trade, by=by, now=now)
    for name in ("timezone", "venue", "address", "access", "description", "contact_name", "contact_email",
                 "contact_phone", "capacity", "area_id"):  # fmt: skip
        setattr(edition, name, getattr(model, name))
    edition.activities = list(model.activities)
    days = held_on - model.held_on

    def moved(instant: datetime) -> datetime:
        return _moved(instant, days, model.zone, model.zone)

    if model.categories:
        edition.categories.clear()
        session.flush()  # the same names come back
        edition.categories = [
            Category(name=one.name, capacity=one.capacity, position=one.position) for one in model.categories
        ]
    edition.programme = [
        ProgrammeItem(
            start=moved(one.start), end=moved(one.end), kind=one.kind, title=one.title, room=one.room,
            description=one.description,
        )
        for one in model.programme
    ]  # fmt: skip
    edition.slots = [
        Slot(code=one.code, start=moved(one.start), end=moved(one.end), block=one.block) for one in model.slots
    ]
    edition.tables = [
        Table(code=one.code, label=one.label, seats=one.seats, position=one.position) for one in model.tables
    ]
    edition.phases = [
        Phase(kind=one.kind, opens_at=moved(one.opens_at), closes_at=one.closes_at and moved(one.closes_at))
        for one in model.phases
    ]
    session.flush()
    copy_words(session, model.id, edition.id, now=now)
    copy_switches(session, model.id, edition.id)
    for copied in _copies.values():
        copied(session, model, edition, now)
    changes = {"from": [None, model.slug]}
    journal.record(session, "edition.cloned", edition, by=by, now=now, edition_id=edition.id, changes=changes)
    return edition


def _moved(instant: datetime, days: timedelta, before: ZoneInfo, after: ZoneInfo) -> datetime:
    """Return the same hour of the clock so many days later, whatever daylight saving or another zone makes of it."""
    local = instant.astimezone(before)
    return datetime.combine(local.date() + days, local.time(), after)


def change(session: AnySession, edition: Edition, values: Mapping[str, Any], *, by: Person, now: datetime) -> None:
    """Change what an edition says of itself; a new date moves everything that hangs on the day.

    Another time zone leaves every hour what it is on the clock, and so moves each instant that was typed as an hour.
    Raises RefusedZone, before anything is changed, when a plan uses the hours that another zone would move.
    """
    journal.lock(session)  # before the edition's row, as who registers does
    values = dict(values)
    activities = values.pop("activities", None)
    days, former = values["held_on"] - edition.held_on, edition.zone
    if values.get("timezone", edition.timezone) != edition.timezone:
        _require_no_plan(session, edition)
    for name, value in values.items():
        setattr(edition, name, value)
    changes = journal.changes_of(edition, *values)
    if activities is not None:
        before = sorted(one.code for one in edition.activities)
        edition.activities = list(session.scalars(select(Activity).where(Activity.id.in_(activities))))
        after = sorted(one.code for one in edition.activities)
        if before != after:
            changes["activities"] = [before, after]
    if days or edition.zone != former:
        _move_day(session, edition, lambda instant: _moved(instant, days, former, edition.zone))
    if edition.zone != former:
        _move_deadlines(session, edition, lambda instant: _moved(instant, timedelta(), former, edition.zone))
    if days or edition.zone != former:
        drop_reminders(session, edition.id)  # they tell the former day; those of the new one are written in their time
    session.flush()
    if changes:
        journal.record(session, "edition.changed", edition, by=by, now=now, edition_id=edition.id, changes=changes)


def _require_no_plan(session: AnySession, edition: Edition) -> None:
    try:
        require_free(session, edition)
    except RefusedSlots:
        raise RefusedZone(
            "Un planning place déjà des entretiens : le fuseau horaire ne change plus. Corrigez plutôt les heures des "
            "créneaux et du programme."
        ) from None


def _move_day(session: AnySession, edition: Edition, moved: Moved) -> None:
    """Move the programme and the slots; these in two leaps, as no two begin together on the way either."""
    for item in edition.programme:
        item.start, item.end = moved(item.start), moved(item.end)
    aims = [(slot, moved(slot.start), moved(slot.end)) for slot in edition.slots]
    for slot, start, end in aims:
        slot.start, slot.end = start + _ASIDE, end + _ASIDE
    session.flush()
    for slot, start, end in aims:
        slot.start, slot.end = start, end


def _move_deadlines(session: AnySession, edition: Edition, moved: Moved) -> None:
    """Move the phases, and the hours that the rooms below keep."""
    for phase in edition.phases:
        phase.opens_at, phase.closes_at = moved(phase.opens_at), phase.closes_at and moved(phase.closes_at)
    for move in _moves.values():
        move(session, edition, moved)


def publish(session: AnySession, edition: Edition, *, public: bool, by: Person, now: datetime) -> None:
    """Show an edition to the public, or take it back."""
    journal.lock(session)
    session.refresh(edition, ["published_at"])
    if (edition.published_at is not None) == public:
        return
    edition.published_at = now if public else None
    session.flush()
    action = "edition.published" if public else "edition.hidden"
    journal.record(session, action, edition, by=by, now=now, edition_id=edition.id, changes={})


def add_part(
    session: AnySession, edition: Edition, model: type[Base], values: Mapping[str, Any], *, by: Person, now: datetime
) -> None:
    """Add a part to an edition.

    Raises RefusedPart when its name or code is taken, or its hour for a slot.
    """
    row: Any = model(edition_id=edition.id, **values)
    if hasattr(model, "position") and "position" not in values:
        last = session.scalar(select(func.max(model.position)).where(model.edition_id == edition.id))  # type: ignore[attr-defined]
        row.position = 0 if last is None else last + 1
    session.add(row)
    _flushed(session)
    changes = {"name": [None, _named(row)]}
    journal.record(session, "part.added", row, by=by, now=now, edition_id=edition.id, changes=changes)


def change_part(
    session: AnySession, edition: Edition, row: Base, values: Mapping[str, Any], *, by: Person, now: datetime
) -> None:
    """Change a part of an edition.

    Raises RefusedPart.
    """
    for name, value in values.items():
        setattr(row, name, value)
    changes = journal.changes_of(row, *values)
    if changes:
        _flushed(session)
        journal.record(session, "part.changed", row, by=by, now=now, edition_id=edition.id, changes=changes)


def remove_part(session: AnySession, edition: Edition, row: Base, *, by: Person, now: datetime) -> None:
    """Remove a part of an edition.

    Raises RefusedPart when people registered in a category; RefusedSlots when a plan uses the slots.
    """
    if isinstance(row, Category) and session.scalar(
        select(Registration.id).where(Registration.category_id == row.id).limit(1)
    ):
        raise RefusedPart("Des personnes se sont inscrites dans cette catégorie : renommez-la plutôt.")
    if isinstance(row, Slot):
        require_free(session, edition)
    changes = {"name": [_named(row), None]}
    journal.record(session, "part.removed", row, by=by, now=now, edition_id=edition.id, changes=changes)
    session.delete(row)
    session.flush()


def request_stand(
    session: AnySession, edition: Edition, person: Person, values: Mapping[str, Any], *, now: datetime
) -> Stand:
    """Ask for a stand, or change one's own: what is asked anew after a refusal is to be decided anew.

    Raises RefusedPart when another partner has that name.
    """
    journal.lock(session)  # of two tabs the second finds what the first has made
    own = select(Stand).where(Stand.edition_id == edition.id, Stand.person_id == person.id)
    stand = session.scalars(own).one_or_none()
    if stand is None:
        last = max((one.position for one in edition.stands), default=-1)
        asked = {**values, "state": "requested", "person_id": person.id, "position": last + 1}
        add_part(session, edition, Stand, asked, by=person, now=now)
        return session.scalars(own).one()
    again = {"state": "requested"} if stand.state == "refused" else {}
    change_part(session, edition, stand, {**values, **again}, by=person, now=now)
    return stand


def decide_stand(session: AnySession, stand: Stand, *, accepted: bool, by: Person, now: datetime) -> bool:
    """Accept or refuse a stand; an accepted partner gets the role. False where it is decided so already."""
    journal.lock(session)
    session.refresh(stand)
    before, decided = stand.state, "accepted" if accepted else "refused"
    if before == decided:
        return False
    stand.state = decided
    session.flush()
    changes = {"state": [before, stand.state]}
    journal.record(session, "stand.decided", stand, by=by, now=now, edition_id=stand.edition_id, changes=changes)
    if accepted and stand.person is not None:
        give_role(session, stand.person, "partner", stand.edition_id, by=by, now=now)
    return True


def _flushed(session: AnySession) -> None:
    try:
        session.flush()
    except IntegrityError:
        session.rollback()
        raise RefusedPart("Ce nom, ce code ou cette heure est déjà pris : choisissez-en un autre.") from None


def _named(row: Any) -> str:
    return str(next(getattr(row, name) for name in ("title", "name", "code", "kind") if hasattr(row, name)))


def _free_slug(session: AnySession, title: str, held_on: date) -> str:
    """Return an address for the edition that no other has."""
    stem = "-".join(folded(title).split())[:LONGEST_SLUG].strip("-") or "edition"
    stem = stem if str(held_on.year) in stem else f"{stem}-{held_on.year}"
    taken = set(session.scalars(select(Edition.slug).where(Edition.slug.like(f"{stem}%"))))
    if stem not in taken and stem not in RESERVED:
        return stem
    return next(f"{stem}-{number}" for number in range(2, len(taken) + 3) if f"{stem}-{number}" not in taken)


RESERVED: Final = frozenset({"nouvelle"})
"""Addresses that pages have."""
