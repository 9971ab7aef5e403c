"""What is searched follows what is kept: each room says how its objects read, and a commit indexes those it changed.

Rows that never pass through a session (bulk statements, a deletion by the database's own cascade) are brought in by
``rebuild``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import event, func, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.interfaces import ORMOption

from openmap.extensions import AnySession, Base
from openmap.reference import fulltext
from openmap.reference.fulltext import Document, SearchDocument

_PENDING: Final = "search_pending"
_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Indexed:
    """A kind of object that is searched: how it reads, ``None`` while it is not to be found; what to load with it.

    ``parts``: the models of its parts, each with the attribute that holds the object's id; it is read anew with them.
    """

    kind: str
    model: type[Base]
    reads: Callable[[Any], Document | None]
    options: Sequence[ORMOption] = ()
    parts: Mapping[type[Base], str] = field(default_factory=dict)


_kinds: dict[str, Indexed] = {}


def register(indexed: Indexed) -> None:
    """Let a kind of object be searched; registering it again replaces how it reads."""
    _kinds[indexed.kind] = indexed


def index(session: AnySession, kind: str, object_ids: Iterable[int]) -> None:
    """Index objects as they are now, and forget those that are gone or not to be found; does not commit."""
    indexed, numbers = _kinds[kind], sorted(object_ids)
    for start in range(0, len(numbers), _BATCH):
        batch = numbers[start : start + _BATCH]
        asked = select(indexed.model).where(indexed.model.id.in_(batch))  # type: ignore[attr-defined]
        read = {one.id: indexed.reads(one) for one in session.scalars(asked.options(*indexed.options))}  # type: ignore[attr-defined]
        found = {number: document for number, document in read.items() if document is not None}
        fulltext.forget(session, kind, set(batch) - found.keys())
        fulltext.write(session, kind, found)


def rebuild(session: AnySession) -> dict[str, int]:
    """Index everything anew and return how many objects of each kind are found; does not commit."""
    for kind, indexed in _kinds.items():
        fulltext.forget(session, kind)
        index(session, kind, session.scalars(select(indexed.model.id)).all())  # type: ignore[attr-defined]
    counted = select(SearchDocument.kind, func.count()).group_by(SearchDocument.kind)
    numbers = dict(session.execute(counted).all())
    return {kind: numbers.get(kind, 0) for kind in _kinds}


def rebuild_if_empty(session: AnySession) -> None:
    """Index a database that has been filled before there was an index."""
    if session.scalar(select(SearchDocument.id).limit(1)) is None:
        rebuild(session)


def _objects_of(row: Any) -> list[tuple[str, int]]:
    """Return what a row is, or is a part of: kind and id."""
    found = []
    for kind, one in _kinds.items():
        holder = "id" if isinstance(row, one.model) else one.parts.get(type(row))
        if holder is not None:
            found.append((kind, getattr(row, holder)))
    return found


@event.listens_for(Session, "after_flush")
def _note(session: Session, _context: object) -> None:
    """Remember what this flush has written of what is searched."""
    changed = [row for row in session.dirty if session.is_modified(row)]
    for row in (*session.new, *changed, *session.deleted):
        for kind, number in _objects_of(row):
            session.info.setdefault(_PENDING, {}).setdefault(kind, set()).add(number)


@event.listens_for(Session, "before_commit")
def _bring_in(session: Session) -> None:
    """Index what was written, in the transaction that wrote it."""
    session.flush()
    for kind, numbers in session.info.pop(_PENDING, {}).items():
        index(session, kind, numbers)


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, _previous: object) -> None:
    if not session.in_transaction():
        session.info.pop(_PENDING, None)
