"""Reads of the outbox."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Select, func, or_, select

from openmap.extensions import AnySession
from openmap.mail.models import STATES, Message
from openmap.mail.permissions import open_to
from openmap.people.models import ORGANISER, Person

PER_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class Outbox:
    """A page of messages, newest first, with how many there are in each state."""

    messages: list[Message]
    counts: dict[str, int]
    total: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are, one at least."""
        return max(1, -(-self.total // PER_PAGE))


def outbox(
    session: AnySession,
    person: Person,
    *,
    state: str = "",
    edition_id: int | None = None,
    words: str = "",
    page: int = 1,
) -> Outbox:
    """Return the messages that ``person`` may read: an administrator all, an organiser those of their editions."""
    base = _readable(select(Message), person)
    if edition_id is not None:
        base = base.where(Message.edition_id == edition_id)
    if words:
        fields = (Message.recipient, Message.recipient_name, Message.subject)
        base = base.where(or_(*(func.lower(field).contains(words.lower(), autoescape=True) for field in fields)))
    grouped = base.with_only_columns(Message.state, func.count()).group_by(Message.state)
    counts = dict.fromkeys(STATES, 0) | {row[0]: row[1] for row in session.execute(grouped)}
    chosen = base.where(Message.state == state) if state in STATES else base
    total = counts[state] if state in STATES else sum(counts.values())
    page = max(1, min(page, max(1, -(-total // PER_PAGE))))
    listed = chosen.order_by(Message.id.desc()).limit(PER_PAGE).offset(PER_PAGE * (page - 1))
    return Outbox(list(session.scalars(listed)), counts, total, page)


def _readable(asked: Select[tuple[Message]], person: Person) -> Select[tuple[Message]]:
    asked = asked.where(open_to(person))
    if person.is_administrator:
        return asked
    return asked.where(Message.edition_id.in_(editions_of(person)))


def editions_of(person: Person) -> Iterable[int]:
    """Return the editions that ``person`` organises."""
    return [role.edition_id for role in person.roles if role.role == ORGANISER and role.edition_id is not None]


def people_written_to(session: AnySession, edition_id: int, reader: Person) -> list[Person]:
    """Return who has a mail of an edition, by name: those on whom ``reader`` previews its templates.

    A preview tells what the mail would: nobody is among them whose mails are kept from ``reader``.
    """
    wrote = select(Message.person_id).where(Message.edition_id == edition_id, open_to(reader))
    asked = select(Person).where(Person.id.in_(wrote), Person.erased_at.is_(None)).order_by(Person.name, Person.id)
    return list(session.scalars(asked))
