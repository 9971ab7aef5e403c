"""Reads of people."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import func, or_, select
from sqlalchemy.orm import selectinload

from openmap.extensions import AnySession
from openmap.people.models import ADMINISTRATOR, JournalEntry, Person, Role


def normalised(email: str) -> str:
    """Return an address as it is kept: without spaces around, in lower case, its domain as mail servers read it."""
    email = email.strip()
    if not email.isascii():
        with suppress(EmailNotValidError):
            email = validate_email(email, check_deliverability=False).ascii_email or email
    return email.lower()


def person_by_email(session: AnySession, email: str) -> Person | None:
    """Return the person with this address, however it was typed."""
    return session.scalars(select(Person).where(Person.email == normalised(email))).one_or_none()


PER_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """A page of people, and how many there are in all."""

    people: list[Person]
    total: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are, one at least."""
        return max(1, -(-self.total // PER_PAGE))


def everyone(session: AnySession, *, words: str = "", page: int = 1) -> PeoplePage:
    """Return the people who are not erased and whose name or address holds ``words``, with their roles, by name."""
    base = select(Person).where(Person.erased_at.is_(None))
    if words:
        fields = (func.lower(Person.name), Person.email)
        base = base.where(or_(*(field.contains(words.lower(), autoescape=True) for field in fields)))
    total = session.scalar(base.with_only_columns(func.count())) or 0
    page = max(1, min(page, max(1, -(-total // PER_PAGE))))
    asked = base.options(selectinload(Person.roles)).order_by(func.lower(Person.name), Person.email)
    return PeoplePage(list(session.scalars(asked.limit(PER_PAGE).offset(PER_PAGE * (page - 1)))), total, page)


def people_of(session: AnySession, edition_id: int) -> list[tuple[Person, Role]]:
    """Return the people of an edition, with each role that they hold in it, by role and name."""
    asked = select(Person, Role).join(Role, Role.person_id == Person.id).where(Role.edition_id == edition_id)
    return [(person, role) for person, role in session.execute(asked.order_by(Role.role, func.lower(Person.name)))]


def administrators(session: AnySession) -> int:
    """Return how many administrators there are."""
    return session.scalar(select(func.count()).select_from(Role).where(Role.role == ADMINISTRATOR)) or 0


def names_in(session: AnySession, entries: Iterable[JournalEntry]) -> dict[int, str]:
    """Return the names of those who did what the journal tells."""
    numbers = {entry.actor_id for entry in entries if entry.actor_id is not None}
    return {person.id: person.shown_name for person in session.scalars(select(Person).where(Person.id.in_(numbers)))}
