"""Releases: named, frozen states of the working plan, what changes from one to the next, and going back to one."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from openmap.events.models import Edition, Slot, Table
from openmap.extensions import AnySession
from openmap.meetings import desk
from openmap.meetings.models import Meeting, Participation, Plan, Release, Wish
from openmap.people import journal
from openmap.people.models import Person


@dataclass(frozen=True, slots=True)
class Place:
    """When and where a meeting is held."""

    slot: Slot
    table: Table | None


@dataclass(frozen=True, slots=True)
class Change:
    """What changes for one participant: a meeting ``added``, ``moved`` in time, at another ``table``, ``cancelled``."""

    kind: str
    other: Participation
    before: Place | None
    after: Place | None


def release(
    session: AnySession, edition: Edition, plan: Plan, name: str, note: str = "", *, by: Person | None, now: datetime
) -> Release:
    """Freeze the state of ``plan`` under a name; nobody is told of it until it is published.

    Raises RefusedPlan for another edition's plan, one without a meeting, or a blank name.
    """
    if plan.edition_id != edition.id:
        raise desk.RefusedPlan(_("Ce planning est celui d’une autre édition."))
    if not name.strip():
        raise desk.RefusedPlan(_("Donnez un nom à cette version."))
    journal.lock(session)
    if not session.scalar(select(func.count()).select_from(Meeting).where(Meeting.plan_id == plan.id)):
        raise desk.RefusedPlan(_("Ce planning n’a aucun entretien : il n’y a rien à figer."))
    last = session.scalar(select(func.max(Release.number)).where(Release.edition_id == edition.id)) or 0
    frozen = desk.copied(session, plan, kind="release", name=name.strip(), now=now, frozen=True)
    made = Release(
        edition_id=edition.id, number=last + 1, name=name.strip(), note=note.strip(), plan_id=frozen.id,
        person_id=by.id if by is not None else None, released_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    changes: dict[str, list[Any]] = {"name": [None, made.name], "version": [plan.version, frozen.version]}
    journal.record(session, "plan.released", made, by=by, now=now, edition_id=edition.id, changes=changes)
    return made


def restore(session: AnySession, edition: Edition, made: Release, *, by: Person | None, now: datetime) -> Plan:
    """Work again on what a release holds: a copy of it becomes the working plan, the one before stays as a version."""
    plan = desk.copied(session, made.plan, kind="restored", name=made.name, now=now)
    desk.choose(session, edition, plan, by=by, now=now)
    return plan


def releases_of(session: AnySession, edition: Edition) -> list[Release]:
    """Return the releases of an edition, newest first, with who made them."""
    asked = select(Release).where(Release.edition_id == edition.id).order_by(Release.number.desc())
    return list(session.scalars(asked.options(joinedload(Release.person), joinedload(Release.plan))))


def release_numbered(session: AnySession, edition: Edition, number: int) -> Release | None:
    """Return one release of an edition."""
    asked = select(Release).where(Release.edition_id == edition.id, Release.number == number)
    return session.scalars(asked.options(joinedload(Release.person), joinedload(Release.plan))).one_or_none()


def current_release(session: AnySession, edition: Edition) -> Release | None:
    """Return the newest published release: the plan that participants know."""
    asked = select(Release).where(Release.edition_id == edition.id, Release.published_at.is_not(None))
    return session.scalars(asked.order_by(Release.number.desc()).limit(1)).one_or_none()


def newest_release(session: AnySession, edition: Edition) -> Release | None:
    """Return the newest release, published or not; ``None`` while there is none."""
    asked = select(Release).where(Release.edition_id == edition.id)
    return session.scalars(asked.order_by(Release.number.desc()).limit(1)).one_or_none()


def differences(session: AnySession, before: Plan | None, after: Plan) -> dict[int, list[Change]]:
    """Return what changes from one plan to another by participation, each in order of time.

    The meetings are told apart by their pair, so that plans made for other wishes compare too. Both plans are read as
    plain rows, and only those whom something changes for as objects.
    """
    old, new = _held(session, before) if before is not None else {}, _held(session, after)
    changed = {pair: kind for pair in {**old, **new} if (kind := _kind(old.get(pair), new.get(pair)))}
    people = _people(session, {person for pair in changed for person in pair})
    places = _Places(after.edition)
    found: dict[int, list[Change]] = defaultdict(list)
    for pair, kind in changed.items():
        buyer, structure = (people[person] for person in pair)
        was, now = places.of(old.get(pair)), places.of(new.get(pair))
        found[buyer.id].append(Change(kind, structure, was, now))
        found[structure.id].append(Change(kind, buyer, was, now))
    for changes in found.values():
        changes.sort(key=lambda one: ((one.after or one.before).slot.start, one.other.code))  # type: ignore[union-attr]
    return dict(found)


Pair = tuple[int, int]
"""The participations of a meeting, the buyer's first."""

Spot = tuple[int, int | None]
"""Ids of a slot and of a table."""


def _kind(before: Spot | None, after: Spot | None) -> str | None:
    if before is None or after is None:
        return "added" if before is None else "cancelled"
    if before[0] != after[0]:
        return "moved"
    return "table" if before[1] != after[1] else None


def _held(session: AnySession, plan: Plan) -> dict[Pair, Spot]:
    asked = select(Wish.buyer_id, Wish.structure_id, Meeting.slot_id, Meeting.table_id)
    rows = session.execute(asked.join(Wish, Wish.id == Meeting.wish_id).where(Meeting.plan_id == plan.id))
    return {(buyer, structure): (slot, table) for buyer, structure, slot, table in rows}


def _people(session: AnySession, ids: set[int]) -> dict[int, Participation]:
    """Return participations with their organisations, some hundreds a query."""
    asked, wanted = select(Participation).options(joinedload(Participation.organisation)), sorted(ids)
    found: dict[int, Participation] = {}
    for start in range(0, max(1, len(wanted)), 900):
        part = wanted[start : start + 900]
        found |= {one.id: one for one in session.scalars(asked.where(Participation.id.in_(part)))}
    return found


class _Places:
    """The slots and tables of an edition, found by id."""

    def __init__(self, edition: Edition) -> None:
        self._slots = {slot.id: slot for slot in edition.slots}
        self._tables = {table.id: table for table in edition.tables}

    def of(self, spot: Spot | None) -> Place | None:
        return None if spot is None else Place(self._slots[spot[0]], self._tables.get(spot[1] or 0))
