"""Whether a structure's page is to be found, and whether what it says still holds."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from flask_babel import gettext as _

from openmap.directory.maintaining import RefusedPage, hold
from openmap.directory.models import Structure
from openmap.extensions import AnySession
from openmap.people import journal
from openmap.people.models import Person

CONFIRMED_FOR: Final = timedelta(days=548)
"""Eighteen months: a page that nobody has confirmed since is to be confirmed."""


def held_since(structure: Structure) -> datetime | None:
    """Return when a page was last said to hold: confirmed by its people, else when it entered the directory."""
    return structure.confirmed_at or structure.listed_at


def is_stale(structure: Structure, now: datetime) -> bool:
    """Say whether a listed page is to be confirmed."""
    since = held_since(structure)
    return since is not None and since < now - CONFIRMED_FOR


def lacking(structure: Structure) -> list[str]:
    """Return what a page must have before it is published, in words."""
    found = []
    if structure.commune_code is None:
        found.append(str(_("la commune où vous êtes")))
    if not structure.offers and not structure.description:
        found.append(str(_("une offre, ou une présentation")))
    return found


def publish(session: AnySession, structure: Structure, *, by: Person, now: datetime) -> None:
    """Put a page in the directory, and confirm it. Publishing twice changes nothing.

    Raises RefusedPage where it was taken off by an administrator, or says too little.
    """
    hold(session, structure)
    if structure.delisted_at is not None:
        raise RefusedPage(
            _("Cette page a été retirée de l’annuaire par l’administration : écrivez-lui pour la rétablir.")
        )
    if structure.listed_at is not None:
        return
    missing = lacking(structure)
    if missing:
        raise RefusedPage(_("Avant de publier, ajoutez %(missing)s.", missing=", ".join(missing)))
    structure.listed_at = structure.confirmed_at = now
    _end(session, structure, "structure.published", {}, by=by, now=now)


def withdraw(session: AnySession, structure: Structure, *, by: Person, now: datetime) -> None:
    """Take a page out of the directory, as its people wish; what it says stays for them."""
    hold(session, structure)
    if structure.listed_at is None:
        return
    structure.listed_at = None
    _end(session, structure, "structure.withdrawn", {}, by=by, now=now)


def confirm(session: AnySession, structure: Structure, *, by: Person | None, now: datetime) -> None:
    """Say that all of a page still holds; ``by`` is ``None`` for who came by a mail's link."""
    hold(session, structure)
    structure.confirmed_at = now
    session.flush()
    journal.record(session, "structure.confirmed", structure, by=by, now=now, changes={})


def delist(session: AnySession, structure: Structure, reason: str, *, by: Person, now: datetime) -> None:
    """Take a page off the directory for a reason, as an administrator: its people cannot put it back themselves."""
    hold(session, structure)
    if structure.delisted_at is not None:
        return
    structure.delisted_at, structure.delisted_reason = now, reason
    _end(session, structure, "structure.delisted", {"why": [None, reason]}, by=by, now=now)


def restore(session: AnySession, structure: Structure, *, by: Person, now: datetime) -> None:
    """Let a page that was taken off be in the directory again, where it was listed."""
    hold(session, structure)
    if structure.delisted_at is None:
        return
    structure.delisted_at, structure.delisted_reason = None, ""
    _end(session, structure, "structure.restored", {}, by=by, now=now)


def _end(
    session: AnySession, structure: Structure, action: str, changes: dict[str, list[Any]], *, by: Person, now: datetime
) -> None:
    structure.changed_at = now
    session.flush()
    journal.record(session, action, structure, by=by, now=now, changes=changes)
