"""Verbs of facilitators: add, change, confirm, remove. Who keeps the list is an administrator."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import select, update

from openmap.directory.facilitator_models import Facilitator
from openmap.extensions import AnySession
from openmap.people import journal
from openmap.people.models import Person

FIELDS: Final = (
    "role", "organisation", "presentation", "website", "contact_name", "contact_email", "contact_phone",
    "deputy_id", "active_from", "active_until",
)  # fmt: skip
CONTACT: Final = ("contact_name", "contact_email", "contact_phone")


class RefusedFacilitator(Exception):
    """What is asked of an entry cannot be done; the message says why and what to do."""


class ChangedElsewhere(RefusedFacilitator):
    """Another tab saved the entry since the page was opened."""

    def __init__(self) -> None:
        super().__init__(_("Cette fiche a été modifiée ailleurs depuis que vous avez ouvert cette page."))


class RoundOfDeputies(RefusedFacilitator):
    """The deputies would stand in for one another in a circle."""

    def __init__(self) -> None:
        super().__init__(_("Ces suppléances tourneraient en rond : choisissez quelqu’un d’autre, ou personne."))


def add(session: AnySession, values: Mapping[str, Any], *, by: Person | None, now: datetime) -> Facilitator:
    """Add an entry that holds ``values``: names of ``FIELDS``, ``areas``, ``communes`` and ``is_published``."""
    entry = Facilitator(confirmed_at=now, is_invented=bool(values.get("is_invented")))
    session.add(entry)
    _hold_values(entry, values, now)
    session.flush()
    journal.record(session, "facilitator.added", entry, by=by, now=now, changes={"places": [None, _places(entry)]})
    return entry


def change(
    session: AnySession, entry: Facilitator, values: Mapping[str, Any], *, version: int, by: Person, now: datetime
) -> bool:
    """Keep ``values``; false where nothing changes. A save confirms the entry.

    Raises ChangedElsewhere, RoundOfDeputies.
    """
    _hold(session, entry)
    places, published = _places(entry), entry.published_at is not None
    same = all(values[name] == getattr(entry, name) for name in FIELDS) and published == values["is_published"]
    if same and set(values["areas"]) == set(entry.areas) and set(values["communes"]) == set(entry.communes):
        return False
    if entry.version != version:
        raise ChangedElsewhere
    if _goes_round(session, entry, values["deputy_id"]):
        raise RoundOfDeputies
    _hold_values(entry, values, now)
    entry.version, entry.confirmed_at = version + 1, now
    changes = journal.changes_of(entry, *FIELDS, "published_at")
    if "organisation" in changes:
        changes["name"] = changes.pop("organisation")
    if _places(entry) != places:
        changes["places"] = [places, _places(entry)]
    journal.record(session, "facilitator.changed", entry, by=by, now=now, changes=changes)
    return True


def confirm(session: AnySession, entry: Facilitator, *, by: Person, now: datetime) -> None:
    """Note that what the entry says still holds."""
    _hold(session, entry)
    entry.confirmed_at = now
    journal.record(session, "facilitator.confirmed", entry, by=by, now=now, changes={})


def remove(session: AnySession, entry: Facilitator, *, by: Person, now: datetime) -> None:
    """Delete an entry; its territories are then answered for by whoever else holds them."""
    _hold(session, entry)
    changes = {"name": [entry.organisation, None]}
    journal.record(session, "facilitator.removed", entry, by=by, now=now, changes=changes)
    session.delete(entry)
    session.flush()


def _hold_values(entry: Facilitator, values: Mapping[str, Any], now: datetime) -> None:
    """Keep values; who is named anew has agreed anew, today."""
    renamed = any(values[name] != getattr(entry, name) for name in CONTACT)
    for name in FIELDS:
        setattr(entry, name, values[name])
    entry.areas, entry.communes = list(values["areas"]), list(values["communes"])
    if not values["is_published"]:
        entry.published_at = None
    elif renamed or entry.published_at is None:
        entry.published_at = now


def _hold(session: AnySession, entry: Facilitator) -> None:
    """Keep every other transaction from this entry until ours ends, and read it as it is now."""
    journal.lock(session)
    taken = update(Facilitator).where(Facilitator.id == entry.id).values(version=Facilitator.version)
    session.execute(taken.execution_options(synchronize_session=False))
    session.expire(entry)


def _goes_round(session: AnySession, entry: Facilitator, deputy_id: int | None) -> bool:
    """Say whether the deputy of its deputies would be the entry itself."""
    rows = session.execute(select(Facilitator.id, Facilitator.deputy_id))
    deputies = {number: deputy for number, deputy in rows}  # noqa: C416 - rows are no pairs to mypy
    seen: set[int] = {entry.id}
    while deputy_id is not None and deputy_id not in seen:
        seen.add(deputy_id)
        deputy_id = deputies.get(deputy_id)
    return deputy_id is not None


def _places(entry: Facilitator) -> list[str]:
    return [*(one.name for one in entry.areas), *(one.name for one in entry.communes)]
