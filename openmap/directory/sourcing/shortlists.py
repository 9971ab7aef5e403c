"""Lists of structures with notes: of one person, or shared by those who act for an organisation."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from openmap.directory.models import Delegate, Organisation, Structure
from openmap.directory.sourcing_models import ITEM_STATES, Shortlist, ShortlistItem
from openmap.extensions import AnySession, insert_unless_there
from openmap.people import journal
from openmap.people.models import Person

MOST_LISTS: Final = 100
MOST_ITEMS: Final = 500


class RefusedList(Exception):
    """What is asked of a list cannot be done; the sentence says why and what to do."""


class ChangedElsewhere(RefusedList):
    """Someone else wrote the note since the page was opened."""

    def __init__(self) -> None:
        super().__init__(_("Quelqu’un a modifié cette note depuis que vous avez ouvert la page."))


def open_to(person: Person) -> ColumnElement[bool]:
    """Return the condition on lists that leaves one's own, and those shared by an organisation that one acts for.

    Administrators are nobody here: what a buyer notes of structures is the buyer's.
    """
    own = select(Delegate.organisation_id).where(Delegate.person_id == person.id)
    alone = and_(Shortlist.organisation_id.is_(None), Shortlist.person_id == person.id)
    return or_(alone, Shortlist.organisation_id.in_(own))


def may_open_list(session: AnySession, person: Person | None, shortlist: Shortlist) -> bool:
    """Say whether ``person`` reads a list and writes in it."""
    if person is None or person.erased_at is not None:
        return False
    return session.scalar(select(Shortlist.id).where(Shortlist.id == shortlist.id, open_to(person))) is not None


def lists_of(session: AnySession, person: Person) -> list[tuple[Shortlist, int]]:
    """Return the lists that ``person`` may open with how many structures are in each, newest first."""
    counts = select(ShortlistItem.shortlist_id, func.count().label("size")).group_by(ShortlistItem.shortlist_id)
    sized = counts.subquery()
    asked = select(Shortlist, func.coalesce(sized.c.size, 0)).outerjoin(sized, sized.c.shortlist_id == Shortlist.id)
    asked = asked.where(open_to(person)).options(joinedload(Shortlist.organisation)).order_by(Shortlist.id.desc())
    return [(row[0], row[1]) for row in session.execute(asked)]


def whole(session: AnySession, shortlist_id: int) -> Shortlist | None:
    """Return a list with its structures and who wrote what, in a handful of queries."""
    items = selectinload(Shortlist.items)
    asked = select(Shortlist).where(Shortlist.id == shortlist_id)
    asked = asked.options(
        joinedload(Shortlist.organisation),
        items.joinedload(ShortlistItem.structure).joinedload(Structure.commune),
        items.joinedload(ShortlistItem.person),
        items.joinedload(ShortlistItem.noted_by),
    )
    return session.scalars(asked.execution_options(populate_existing=True)).one_or_none()


def kept_of(session: AnySession, person: Person, structure_ids: Collection[int]) -> dict[int, list[ShortlistItem]]:
    """Return which of these structures are in lists that ``person`` may open, in one query."""
    found: dict[int, list[ShortlistItem]] = {}
    if not structure_ids:
        return found
    asked = select(ShortlistItem).join(ShortlistItem.shortlist).where(open_to(person))
    asked = asked.where(ShortlistItem.structure_id.in_(structure_ids)).options(joinedload(ShortlistItem.shortlist))
    for item in session.scalars(asked.order_by(ShortlistItem.id)):
        found.setdefault(item.structure_id, []).append(item)
    return found


def create(
    session: AnySession, name: str, organisation: Organisation | None, *, by: Person, now: datetime
) -> Shortlist:
    """Begin a list; one of this name that the person can open already, shared alike, is returned instead.

    Raises RefusedList where there are too many.
    """
    journal.lock(session)  # of two tabs the second finds what the first has made
    shared = None if organisation is None else organisation.id
    known = [one for one, _size in lists_of(session, by)]
    for one in known:
        if one.name == name and one.organisation_id == shared:
            return one
    if len(known) >= MOST_LISTS:
        raise RefusedList(_("Vous avez déjà cent listes : supprimez-en une avant d’en créer une autre."))
    shortlist = Shortlist(person_id=by.id, organisation_id=shared, name=name, created_at=now)
    session.add(shortlist)
    journal.record(session, "shortlist.created", shortlist, by=by, now=now, changes={})
    return shortlist


def change(
    session: AnySession,
    shortlist: Shortlist,
    name: str,
    organisation: Organisation | None,
    *,
    by: Person,
    now: datetime,
) -> None:
    """Give a list another name, or other readers; one that is no longer shared is whose it is who says so."""
    shared = None if organisation is None else organisation.id
    if (shortlist.name, shortlist.organisation_id) == (name, shared):
        return
    changes = {"organisation": [shortlist.organisation_id, shared]} if shared != shortlist.organisation_id else {}
    if shared is None:
        shortlist.person_id = by.id
    shortlist.name, shortlist.organisation_id = name, shared
    journal.record(session, "shortlist.changed", shortlist, by=by, now=now, changes=changes)


def delete(session: AnySession, shortlist: Shortlist, *, by: Person, now: datetime) -> None:
    """Delete a list with its notes."""
    changes = {"structures": [len(shortlist.items), 0]}
    journal.record(session, "shortlist.deleted", shortlist, by=by, now=now, changes=changes)
    session.delete(shortlist)
    session.flush()


def default_list(session: AnySession, person: Person, *, now: datetime) -> Shortlist:
    """Return the list that ``person`` last put something in, else their newest, else a first one."""
    last = select(Shortlist).join(Shortlist.items).where(open_to(person), ShortlistItem.person_id == person.id)
    found = session.scalars(last.order_by(ShortlistItem.id.desc()).limit(1)).first()
    if found is None:
        found = session.scalars(select(Shortlist).where(open_to(person)).order_by(Shortlist.id.desc()).limit(1)).first()
    return create(session, _("Ma liste"), None, by=person, now=now) if found is None else found


def add(session: AnySession, shortlist: Shortlist, structure: Structure, *, by: Person, now: datetime) -> bool:
    """Put a structure into a list; false where it is there.

    Raises RefusedList where the list is full, or the structure is in the directory no more.
    """
    if not structure.is_listed:
        raise RefusedList(_("Cette structure n’est plus dans l’annuaire."))
    journal.lock(session)
    size = session.scalar(select(func.count()).where(ShortlistItem.shortlist_id == shortlist.id)) or 0
    if size >= MOST_ITEMS:
        raise RefusedList(_("Cette liste a cinq cents structures : commencez-en une autre."))
    values = {"shortlist_id": shortlist.id, "structure_id": structure.id, "person_id": by.id, "added_at": now}
    return insert_unless_there(session, ShortlistItem, **values) is not None


def remove(session: AnySession, item: ShortlistItem, *, by: Person, now: datetime) -> None:
    """Take a structure out of a list, with its note; the journal says so where there was one."""
    if item.note:
        journal.record(session, "shortlist.removed", item.shortlist, by=by, now=now, changes={})
    session.delete(item)
    session.flush()


def note(
    session: AnySession, item: ShortlistItem, state: str, text: str, *, version: int, by: Person, now: datetime
) -> None:
    """Keep where a buyer stands with a structure and what they note of it; the same again changes nothing.

    Raises RefusedList of an unknown state, ChangedElsewhere where someone else wrote meanwhile.
    """
    if state not in ITEM_STATES:
        raise RefusedList(_("Choisissez une des étapes."))
    journal.lock(session)
    session.refresh(item)
    if (item.state, item.note) == (state, text):
        return
    if item.version != version:
        raise ChangedElsewhere
    item.state, item.note, item.noted_by_id, item.noted_at = state, text, by.id, now
    item.version = version + 1
    journal.record(session, "shortlist.noted", item.shortlist, by=by, now=now, changes={})


def in_order(items: Sequence[ShortlistItem]) -> list[ShortlistItem]:
    """Return a list's structures as a page shows them: by name, those that were set aside last."""
    return sorted(items, key=lambda one: (one.state == "dropped", one.structure.name.casefold(), one.id))
