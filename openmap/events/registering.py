"""Registrations: a place while there is one, else the queue, which moves up by itself.

Every verb first takes the edition's row (an UPDATE, which both engines let only one transaction do at a time), so that
180 people who register in the same minute are counted one after the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update

from openmap.events.models import Category, Edition, Registration
from openmap.extensions import AnySession
from openmap.people import journal
from openmap.people.models import Person

Told = Callable[[Registration], None]
"""What is to be done in the same transaction when someone gets a place, a rank in the queue, or leaves."""


@dataclass(frozen=True, slots=True)
class Places:
    """How many places an edition has, are taken, and how many people wait. ``free`` is ``None`` without a bound."""

    capacity: int | None
    confirmed: int
    waiting: int

    @property
    def free(self) -> int | None:
        """How many places are left."""
        return None if self.capacity is None else max(0, self.capacity - self.confirmed)


def places(session: AnySession, edition: Edition) -> Places:
    """Count an edition's places."""
    asked = select(Registration.state, func.count()).where(Registration.edition_id == edition.id)
    counts = {row[0]: row[1] for row in session.execute(asked.group_by(Registration.state))}
    return Places(edition.capacity, counts.get("confirmed", 0), counts.get("waiting", 0))


def register(
    session: AnySession,
    edition: Edition,
    person: Person,
    category: Category,
    *,
    name: str,
    organisation: str,
    requirements: str = "",
    by: Person | None,
    now: datetime,
    told: Told,
) -> Registration:
    """Give a person a place or a rank in the queue.

    Someone who is registered already keeps their place, and is told it again; someone who had cancelled comes last.
    """
    rank = _take_turn(session, edition)
    known = session.scalars(
        select(Registration).where(Registration.edition_id == edition.id, Registration.person_id == person.id)
    ).one_or_none()
    if known is not None and known.state != "cancelled":
        told(known)
        return known
    registration = known or Registration(edition_id=edition.id, person_id=person.id, registered_at=now)
    fits = _room(session, edition)
    registration.rank, registration.category_id, registration.registered_at = rank, category.id, now
    registration.name, registration.organisation, registration.requirements = name, organisation, requirements
    registration.cancelled_at, registration.confirmed_at = None, None
    registration.state = "waiting"
    if fits(category):
        registration.state, registration.confirmed_at = "confirmed", now
    registration.sequence = 0 if known is None else known.sequence + 1
    session.add(registration)
    session.flush()
    journal.record(
        session, "registration.made", registration, by=by or person, now=now, edition_id=edition.id,
        changes={"state": [None, registration.state]},
    )  # fmt: skip
    told(registration)
    return registration


def cancel(
    session: AnySession, edition: Edition, registration: Registration, *, by: Person | None, now: datetime, told: Told
) -> list[Registration]:
    """Give a place back, and let the queue move up; return who moved. Cancelling twice changes nothing."""
    _take_turn(session, edition)
    session.refresh(registration)
    if registration.state == "cancelled":
        return []
    before = registration.state
    registration.state, registration.cancelled_at = "cancelled", now
    registration.sequence += 1
    session.flush()
    journal.record(
        session, "registration.cancelled", registration, by=by, now=now, edition_id=edition.id,
        changes={"state": [before, "cancelled"]},
    )  # fmt: skip
    told(registration)
    return promote(session, edition, now=now, told=told)


def promote(session: AnySession, edition: Edition, *, now: datetime, told: Told) -> list[Registration]:
    """Give the free places to those who wait, by order of arrival; who does not fit lets the next one pass."""
    _take_turn(session, edition)
    fits = _room(session, edition)
    waiting = select(Registration).where(Registration.edition_id == edition.id, Registration.state == "waiting")
    moved = []
    for registration in session.scalars(waiting.order_by(Registration.rank)).all():
        if fits(registration.category):
            registration.state, registration.confirmed_at = "confirmed", now
            registration.sequence += 1
            session.flush()
            journal.record(
                session, "registration.promoted", registration, by=None, now=now, edition_id=edition.id,
                changes={"state": ["waiting", "confirmed"]},
            )  # fmt: skip
            told(registration)
            moved.append(registration)
    return moved


def position_in_queue(session: AnySession, registration: Registration) -> int:
    """Return a waiting person's position, from 1."""
    before = select(func.count()).where(
        Registration.edition_id == registration.edition_id,
        Registration.state == "waiting",
        Registration.rank <= registration.rank,
    )
    return session.scalar(before) or 1


def _take_turn(session: AnySession, edition: Edition) -> int:
    """Wait for one's turn at the edition until the transaction ends, and draw the next number of arrival.

    The journal is taken first, as everywhere: two who take two rows in the same order never wait for each other.
    """
    journal.lock(session)
    drawn = update(Edition).where(Edition.id == edition.id).values(arrivals=Edition.arrivals + 1)
    rank: int = session.execute(
        drawn.returning(Edition.arrivals), execution_options={"synchronize_session": False}
    ).scalar_one()
    session.refresh(edition, ["capacity", "arrivals"])
    return rank


def _room(session: AnySession, edition: Edition) -> Callable[[Category], bool]:
    """Return a question that takes a place of a category where one is left, and says whether it did."""
    asked = select(Registration.category_id, func.count()).where(
        Registration.edition_id == edition.id, Registration.state == "confirmed"
    )
    taken = Counter({row[0]: row[1] for row in session.execute(asked.group_by(Registration.category_id))})

    def fits(category: Category) -> bool:
        full = edition.capacity is not None and taken.total() >= edition.capacity
        if full or (category.capacity is not None and taken[category.id] >= category.capacity):
            return False
        taken[category.id] += 1
        return True

    return fits
