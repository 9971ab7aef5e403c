"""What is known of people: the one table of personal fields, each with its purpose and retention.

A room that keeps personal data registers it here: where it lies, why, for how long, how it is exported, erased and
purged. The page « Vie privée » and each person's own export are made of this table, and a test holds it against the
database.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from flask_babel import LazyString, lazy_gettext
from sqlalchemy import delete, select

from openmap.extensions import AnySession
from openmap.people import journal
from openmap.people.models import Consent, JournalEntry, Person, Role

INACTIVE: Final = timedelta(days=3 * 365)
"""People who have neither signed in nor held a role for so long are erased."""

Exported = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Holding:
    """Personal fields of one table.

    ``export`` returns the person's rows, ``erase`` forgets them, ``purge`` forgets what is past its retention and
    returns how many rows that were.
    """

    table: str
    columns: tuple[str, ...]
    title: LazyString
    purpose: LazyString
    retention: LazyString
    export: Callable[[AnySession, Person], Exported]
    erase: Callable[[AnySession, Person], None]
    purge: Callable[[AnySession, datetime], int]


_holdings: dict[str, Holding] = {}


def register(holding: Holding) -> None:
    """Add a table's personal fields; registering a table again replaces it."""
    _holdings[holding.table] = holding
    journal.hide(holding.table, *holding.columns)


def holdings() -> list[Holding]:
    """Return what is kept of people, in the order of the rooms."""
    return list(_holdings.values())


def export(session: AnySession, person: Person) -> dict[str, Exported]:
    """Return everything that is known of ``person``, by table."""
    return {holding.table: holding.export(session, person) for holding in holdings()}


def forget(session: AnySession, person: Person, *, by: Person | None, now: datetime) -> None:
    """Let every room forget ``person``; what is left is a number."""
    for holding in holdings():
        holding.erase(session, person)
    person.roles.clear()
    person.email, person.name, person.position, person.phone = None, "", "", ""
    person.erased_at = now
    journal.record(session, "person.erased", person, by=by, now=now, changes={})


def purge(session: AnySession, *, now: datetime) -> dict[str, int]:
    """Forget what is past its retention; return how many rows of each table."""
    journal.lock(session)  # first, as everywhere: what others are changing is waited for in one order
    counts = {holding.table: holding.purge(session, now) for holding in holdings()}
    return {table: count for table, count in counts.items() if count}


def row_of(row: object, *columns: str) -> dict[str, Any]:
    """Return the named columns of a row, ready for JSON."""
    values = {column: getattr(row, column) for column in columns}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}


def _export_person(session: AnySession, person: Person) -> Exported:
    del session
    return [row_of(person, "email", "name", "position", "phone", "created_at", "seen_at")]


def _purge_people(session: AnySession, now: datetime) -> int:
    """Erase those who have not been here for three years and hold no role."""
    asked = select(Person).where(
        Person.erased_at.is_(None), ~Person.roles.any(), (Person.seen_at.is_(None)) | (Person.seen_at < now - INACTIVE)
    )
    gone = [person for person in session.scalars(asked) if (person.seen_at or person.created_at) < now - INACTIVE]
    for person in gone:
        forget(session, person, by=None, now=now)
    return len(gone)


def _export_roles(session: AnySession, person: Person) -> Exported:
    roles = session.scalars(select(Role).where(Role.person_id == person.id))
    return [row_of(role, "role", "edition_id", "granted_at") for role in roles]


def _export_consents(session: AnySession, person: Person) -> Exported:
    consents = session.scalars(select(Consent).where(Consent.person_id == person.id))
    return [row_of(consent, "purpose", "given_at", "withdrawn_at") for consent in consents]


def _erase_consents(session: AnySession, person: Person) -> None:
    session.execute(delete(Consent).where(Consent.person_id == person.id))


def _export_journal(session: AnySession, person: Person) -> Exported:
    entries = session.scalars(select(JournalEntry).where(JournalEntry.actor_id == person.id))
    return [row_of(entry, "at", "action", "object_type", "object_id") for entry in entries]


def nothing(session: AnySession, person: Person) -> None:
    """Forget nothing: the rows leave with the person, or hold a number only."""
    del session, person


def never(session: AnySession, now: datetime) -> int:
    """Purge nothing of its own."""
    del session, now
    return 0


register(
    Holding(
        "people",
        ("email", "name", "position", "phone"),
        lazy_gettext("Votre identité"),
        lazy_gettext("Vous reconnaître quand vous vous connectez et vous écrire au sujet des rencontres."),
        lazy_gettext("Trois ans après votre dernière connexion, ou dès que vous demandez l’effacement."),
        _export_person,
        nothing,
        _purge_people,
    )
)
register(
    Holding(
        "roles",
        ("person_id", "role"),
        lazy_gettext("Vos rôles"),
        lazy_gettext("Savoir ce que vous pouvez voir et faire dans chaque édition."),
        lazy_gettext("Tant que l’édition est gardée, ou jusqu’à l’effacement de votre compte."),
        _export_roles,
        nothing,
        never,
    )
)
register(
    Holding(
        "consents",
        ("person_id", "purpose"),
        lazy_gettext("Vos accords"),
        lazy_gettext("Prouver ce que vous avez accepté, et quand."),
        lazy_gettext("Jusqu’à l’effacement de votre compte."),
        _export_consents,
        _erase_consents,
        never,
    )
)
register(
    Holding(
        "journal_entries",
        ("actor_id",),
        lazy_gettext("Le journal de vos actions"),
        lazy_gettext("Établir qui a décidé quoi, en cas de contestation. Il garde un numéro, jamais votre nom."),
        lazy_gettext("Sans limite ; après effacement, ce numéro ne désigne plus personne."),
        _export_journal,
        nothing,
        never,
    )
)
