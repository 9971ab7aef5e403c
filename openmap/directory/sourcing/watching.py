"""Verbs of saved searches: keep, rename, switch the alert on and off, and the digest of what newly matches.

A digest is one transaction a person: the mail, what it tells as known, and the moment of the look. A worker that dies
before its end has done nothing, one that dies after has written a mail that waits in the outbox.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select

from openmap.directory.sourcing.choosing import whole_address
from openmap.directory.sourcing.digest import DIGEST, MOST_TOLD, Finding, paragraphs_of
from openmap.directory.sourcing.watched import Told, Watched, arguments_of, kinds
from openmap.directory.sourcing_models import FoundBefore, SavedSearch
from openmap.extensions import AnySession, insert_unless_there
from openmap.mail.reminders import LEAVES_AT
from openmap.mail.services import write
from openmap.people import journal
from openmap.people.models import Person
from openmap.web.addresses import address_of
from openmap.web.french import HERE, counted

MOST_SEARCHES: Final = 50
MOST_KNOWN: Final = 5_000
"""A search that finds more is too wide to be told about by mail."""

LONGEST_QUERY: Final = 1_000
_BATCH: Final = 1_000


class RefusedSearch(Exception):
    """What is asked of a search cannot be done; the sentence says why and what to do."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a saved search finds now, and the revision at which it was looked for."""

    search_id: int
    watched: Watched
    revision: int
    ids: Sequence[int]


def watched_of(search: SavedSearch) -> Watched | None:
    """Return the kind of a search; ``None`` where this house searches it no more."""
    return kinds().get(search.searched)


def searches_of(session: AnySession, person: Person) -> list[SavedSearch]:
    """Return what ``person`` has saved, by name."""
    asked = select(SavedSearch).where(SavedSearch.person_id == person.id)
    return list(session.scalars(asked.order_by(func.lower(SavedSearch.name), SavedSearch.id)))


def token_of(search: SavedSearch) -> str:
    """Return the token of the link that stops an alert: made anew for each mail, kept nowhere but as its hash."""
    key = str(current_app.config["OPENMAP"].secret_key).encode()
    text = f"stop:{search.person_id}:{search.searched}:{search.query}".encode()
    return urlsafe_b64encode(hmac.digest(key, text, "sha256")[:24]).decode()


def token_hash(token: str) -> str:
    """Return what is kept of a link's token."""
    return hashlib.sha256(token.encode()).hexdigest()


def search_by_token(session: AnySession, token: str) -> SavedSearch | None:
    """Return the search that a link stops."""
    return session.scalars(select(SavedSearch).where(SavedSearch.stop_hash == token_hash(token))).one_or_none()


def save(session: AnySession, watched: Watched, query: str, name: str, *, by: Person, now: datetime) -> SavedSearch:
    """Keep a search, with what it finds today as known; one that is kept already gets the new name.

    Its alert is off where it finds more than ``MOST_KNOWN``. Raises RefusedSearch of an empty or endless query.
    """
    if not query or query != watched.canonical(arguments_of(query)):
        raise RefusedSearch(_("Choisissez d’abord des mots ou un filtre, puis enregistrez la recherche."))
    if len(query) > LONGEST_QUERY:
        raise RefusedSearch(_("Cette recherche a trop de filtres pour être enregistrée : retirez-en."))
    look = _look(session, watched, 0, query, by, now)
    journal.lock(session)  # of two tabs the second finds what the first has kept
    mine = select(func.count()).where(SavedSearch.person_id == by.id)
    if (session.scalar(mine) or 0) >= MOST_SEARCHES:
        raise RefusedSearch(_("Vous avez déjà cinquante recherches : supprimez-en une, puis recommencez."))
    unsaved = SavedSearch(person_id=by.id, searched=watched.name, query=query)
    values: dict[str, Any] = {
        "person_id": by.id, "searched": watched.name, "query": query, "name": name, "saved_at": now, "looked_at": now,
        "stop_hash": token_hash(token_of(unsaved)), "alerts": len(look.ids) <= MOST_KNOWN, "revision": look.revision,
    }  # fmt: skip
    number = insert_unless_there(session, SavedSearch, **values)
    if number is None:
        known = session.scalars(select(SavedSearch).where(_same(by, watched.name, query))).one()
        known.name = name
        return known
    search = session.get_one(SavedSearch, number)
    if search.alerts:
        _know(session, number, look.ids)
    return search


def switch(session: AnySession, search: SavedSearch, *, on: bool, by: Person, now: datetime) -> None:
    """Let an alert tell again, of what is new from now on, or no more.

    Raises RefusedSearch where it finds too much to be told about.
    """
    watched = watched_of(search)
    if not on or watched is None:
        search.alerts = False
        return
    if search.alerts:
        return
    look = _look(session, watched, search.id, search.query, by, now)
    if len(look.ids) > MOST_KNOWN:
        raise RefusedSearch(
            _("Cette recherche trouve %(count)s fiches : précisez-la pour être averti.", count=len(look.ids))
        )
    journal.lock(session)
    session.execute(delete(FoundBefore).where(FoundBefore.search_id == search.id))
    _know(session, search.id, look.ids)
    search.alerts, search.looked_at, search.revision = True, now, look.revision


def due_people(session: AnySession, *, now: datetime) -> list[int]:
    """Return whose searches are to be looked at: once a day, and only where what they search has changed."""
    changed = _changed(session)
    if not changed:
        return []
    asked = select(SavedSearch.person_id).where(_due(now), or_(*changed)).distinct().order_by(SavedSearch.person_id)
    return list(session.scalars(asked))


def write_digest(session: AnySession, person_id: int, *, now: datetime) -> bool:
    """Write a person's digest of the day where something is new, in the transaction under way; false where not.

    Searches are made before anything is locked; two workers that look at once write one mail.
    """
    person = session.get(Person, person_id)
    if person is None or person.email is None:
        return False
    due = _due_searches(session, person_id, now)
    looks = [
        _look(session, watched, one.id, one.query, person, now)
        for one in due
        if (watched := watched_of(one)) is not None
    ]
    journal.lock(session)
    still = {one.id: one for one in _due_searches(session, person_id, now)}
    findings = []
    for look in looks:
        search = still.get(look.search_id)
        if search is None or look.revision < look.watched.revision(session):
            continue  # told already, or the index has not read all yet: the next round looks again
        search.looked_at, search.revision = now, look.revision
        new = _unknown(session, search.id, look.ids)
        _know(session, search.id, new)
        told = look.watched.told(session, person, new[:MOST_TOLD])
        if told:
            search.stop_hash = token_hash(token_of(search))
            findings.append(_finding(look.watched, search, told, len(new)))
    if not findings:
        return False
    count = sum(one.count for one in findings)
    values = {
        "prenom_nom": person.name,
        "combien": counted(count, _("nouveauté")),
        "recherches": "\n\n".join(one for finding in findings for one in paragraphs_of(finding)),
        "adresse": address_of("searches.index"),
    }
    local = now.astimezone(HERE)
    morning = datetime.combine(local.date(), LEAVES_AT, HERE)
    key = f"{person.id}:{local.date():%Y%m%d}"
    return write(session, DIGEST, person, values, key=key, now=now, due_at=max(now, morning)) is not None


def _finding(watched: Watched, search: SavedSearch, told: Sequence[Told], count: int) -> Finding:
    page = whole_address(watched.page(search.query))
    return Finding(search.name, page, address_of("searches.stopping", token=token_of(search)), told, count)


def _look(session: AnySession, watched: Watched, search_id: int, query: str, person: Person, now: datetime) -> Look:
    revision = watched.seen(session)  # before it is searched: what comes in between is looked for next time
    ids = watched.matching(session, person, query, now.astimezone(HERE).date())
    return Look(search_id, watched, revision, ids)


def _due(now: datetime) -> ColumnElement[bool]:
    midnight = now.astimezone(HERE).replace(hour=0, minute=0, second=0, microsecond=0)
    return and_(SavedSearch.alerts, SavedSearch.looked_at < midnight)


def _changed(session: AnySession) -> list[ColumnElement[bool]]:
    return [
        and_(SavedSearch.searched == name, SavedSearch.revision < watched.revision(session))
        for name, watched in kinds().items()
    ]


def _due_searches(session: AnySession, person_id: int, now: datetime) -> list[SavedSearch]:
    asked = select(SavedSearch).where(SavedSearch.person_id == person_id, _due(now), or_(*_changed(session)))
    return list(session.scalars(asked.order_by(SavedSearch.id).execution_options(populate_existing=True)))


def _same(by: Person, searched: str, query: str) -> ColumnElement[bool]:
    return and_(SavedSearch.person_id == by.id, SavedSearch.searched == searched, SavedSearch.query == query)


def _unknown(session: AnySession, search_id: int, ids: Sequence[int]) -> list[int]:
    known = set(session.scalars(select(FoundBefore.object_id).where(FoundBefore.search_id == search_id)))
    return [one for one in ids if one not in known]


def _know(session: AnySession, search_id: int, ids: Collection[int]) -> None:
    rows = [{"search_id": search_id, "object_id": one} for one in dict.fromkeys(ids)]
    for start in range(0, len(rows), _BATCH):
        session.execute(insert(FoundBefore), rows[start : start + _BATCH])
