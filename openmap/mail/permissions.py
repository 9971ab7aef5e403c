"""Questions about the outbox. Rooms below add what a conflict keeps even from who organises."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select, true
from sqlalchemy.sql.elements import ColumnElement

from openmap.extensions import db
from openmap.mail.models import Message
from openmap.people.models import Person
from openmap.people.permissions import organises, organises_something

_bars: list[Callable[[Person], ColumnElement[bool]]] = []


def register_bar(barred: Callable[[Person], ColumnElement[bool]]) -> None:
    """Let a room below say, as a condition on messages, which of them a person must not read, organiser or not."""
    _bars.append(barred)


def open_to(person: Person) -> ColumnElement[bool]:
    """Return the condition on messages that leaves out those kept from ``person``."""
    condition: ColumnElement[bool] = true()
    for barred in _bars:
        condition &= ~barred(person)
    return condition


def may_open_outbox(person: Person | None) -> bool:
    """Say whether ``person`` has an outbox to look after."""
    return organises_something(person)


def may_handle(person: Person | None, message: Message) -> bool:
    """Say whether ``person`` may read, edit, release or drop a message: as organiser of its edition, unless barred."""
    if person is None or not organises(person, message.edition_id):
        return False
    return db.session.scalar(select(Message.id).where(Message.id == message.id, open_to(person))) is not None


def may_reword(person: Person | None, edition_id: int) -> bool:
    """Say whether ``person`` may change an edition's templates."""
    return organises(person, edition_id)
