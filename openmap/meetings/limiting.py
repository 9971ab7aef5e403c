"""What organisers put right before a calculation: a participant's limits, a wish that no plan could serve."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, cast

from flask_babel import gettext as _
from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import joinedload, selectinload

from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.meetings.holding import hold
from openmap.meetings.models import Exclusion, Participation, Wish
from openmap.people import journal
from openmap.people.models import Person


class ChangedElsewhere(Exception):
    """Someone has changed the same limits since they were shown; the message is for the organiser."""


def participation_of(session: AnySession, edition: Edition, number: int) -> Participation | None:
    """Return a participant of this edition with its organisation and absences."""
    asked = select(Participation).where(Participation.id == number, Participation.edition_id == edition.id)
    loaded = asked.options(joinedload(Participation.organisation), selectinload(Participation.absent_slots))
    return session.scalars(loaded).one_or_none()


def wish_of(session: AnySession, edition: Edition, number: int) -> Wish | None:
    """Return a wish of this edition with both sides, its slots and its lock."""
    side = joinedload(Participation.organisation)
    asked = select(Wish).where(Wish.id == number, Wish.edition_id == edition.id)
    loaded = asked.options(joinedload(Wish.buyer).options(side), joinedload(Wish.structure).options(side))
    return session.scalars(loaded.options(selectinload(Wish.slots), selectinload(Wish.lock))).one_or_none()


def limit(
    session: AnySession, edition: Edition, person: Participation, values: Mapping[str, Any], absent: Collection[int], *,
    seen: int, by: Person | None, now: datetime,
) -> None:  # fmt: skip
    """Set a participant's limits and the slots (by id) in which it is not there.

    Raises ChangedElsewhere when they are not those of the version ``seen``: the participant itself may tell them too.
    """
    journal.lock(session)
    hold(session, edition.id)
    taken = session.execute(
        update(Participation)
        .where(Participation.id == person.id, Participation.version == seen)
        .values(version=Participation.version + 1)
        .execution_options(synchronize_session=False)
    )
    if not cast("CursorResult[Any]", taken).rowcount:
        raise ChangedElsewhere(
            _("Ces limites ont changé depuis que cette page est ouverte : rien n’a été fait. Relisez-les.")
        )
    session.refresh(person)
    before = sorted(slot.code for slot in person.absent_slots)
    for name, value in values.items():
        setattr(person, name, value)
    changes = journal.changes_of(person, *values)
    person.absent_slots = [slot for slot in edition.slots if slot.id in absent]
    after = sorted(slot.code for slot in person.absent_slots)
    if after != before:
        changes["absent"] = [before, after]
    journal.record(session, "participation.limited", person, by=by, now=now, edition_id=edition.id, changes=changes)


def is_excluded(session: AnySession, wish: Wish) -> bool:
    """Say whether organisers keep the two sides of a wish apart."""
    return session.get(Exclusion, (wish.buyer_id, wish.structure_id)) is not None


def amend(
    session: AnySession, edition: Edition, wish: Wish, *, required: bool, any_slot: bool = False, unlock: bool = False,
    allow: bool = False, withdraw: bool = False, by: Person | None, now: datetime,
) -> None:  # fmt: skip
    """Put a wish right: required or not, in any slot, without its lock, its pair allowed again, or taken back."""
    journal.lock(session)
    hold(session, edition.id)
    wish.required = required
    if withdraw and wish.withdrawn_at is None:
        wish.withdrawn_at = now
    changes = journal.changes_of(wish, "required", "withdrawn_at")
    if any_slot and wish.slots:
        changes["slots"] = [sorted(slot.code for slot in wish.slots), None]
        wish.slots = []
    if (unlock or withdraw) and wish.lock is not None:
        changes["lock"] = [wish.lock.slot.code, None]
        wish.lock = None
    kept_apart = session.get(Exclusion, (wish.buyer_id, wish.structure_id)) if allow else None
    if kept_apart is not None:
        changes["excluded"] = [True, False]
        session.delete(kept_apart)
    if changes:
        journal.record(session, "wish.amended", wish, by=by, now=now, edition_id=edition.id, changes=changes)
