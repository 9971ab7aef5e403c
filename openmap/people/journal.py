"""The journal: append-only, each entry chained by hash to the one before.

Whoever changes an entry must change the hash of every later one, and the head; whoever cuts the end off leaves a head
that counts more. Source of the idea: Haber & Stornetta, Journal of Cryptology 3, 1991.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import ScalarResult, func, insert, inspect, select, update

from openmap.extensions import AnySession, Base, insert_unless_there
from openmap.people.models import GENESIS, JournalEntry, JournalHead, Person

HIDDEN: Final = "•"
"""Stands for what a personal field held before or after: the journal outlives the person's data."""

_BATCH: Final = 1_000

_personal: set[tuple[str, str]] = {
    ("people", "email"), ("people", "name"), ("people", "position"), ("people", "phone"),
}  # fmt: skip


def hide(table: str, *columns: str) -> None:
    """Declare personal fields whose contents the journal must not keep."""
    _personal.update((table, column) for column in columns)


def changes_of(row: Base, *fields: str) -> dict[str, list[Any]]:
    """Return what a flush would change of ``row``: field → before and after; all fields unless some are named."""
    state: Any = inspect(row)
    table = row.__tablename__
    changes: dict[str, list[Any]] = {}
    for name in fields or [column.key for column in state.mapper.column_attrs]:
        history = state.attrs[name].load_history()
        if history.has_changes() and name != "id":
            before = history.deleted[0] if history.deleted else None
            after = history.added[0] if history.added else None
            if (table, name) in _personal:
                before, after = (None if value in {None, ""} else HIDDEN for value in (before, after))
                changes[name] = [before, after]
            elif before != after:
                changes[name] = [_plain(before), _plain(after)]
    return changes


def record(
    session: AnySession,
    action: str,
    about: Base,
    *,
    by: Person | None,
    now: datetime,
    edition_id: int | None = None,
    changes: dict[str, list[Any]] | None = None,
) -> None:
    """Write that ``by`` (``None``: the program) did ``action`` to ``about``, in the transaction under way.

    Changes default to what is about to be flushed. Writers queue for the head until this transaction ends.
    """
    changes = changes_of(about) if changes is None else changes
    session.flush()
    previous = lock(session)
    entry = {
        "at": now.astimezone(UTC).replace(microsecond=0),
        "actor_id": None if by is None else by.id,
        "action": action,
        "object_type": about.__tablename__,
        "object_id": about.id,  # type: ignore[attr-defined]
        "edition_id": edition_id,
        "changes": changes,
        "previous_hash": previous,
    }
    entry["hash"] = digest(entry)
    session.execute(insert(JournalEntry).values(**entry))
    session.execute(update(JournalHead).values(entries=JournalHead.entries + 1, hash=entry["hash"]))


def lock(session: AnySession) -> str:
    """Wait until nobody else writes to the journal, and return the hash of its last entry."""
    taking = update(JournalHead).values(entries=JournalHead.entries).returning(JournalHead.hash)
    found = session.execute(taking).scalar_one_or_none()
    if found is None:  # the very first entry, which two may be about to write
        insert_unless_there(session, JournalHead, id=1, entries=0, hash=GENESIS)
        found = session.execute(taking).scalar_one()
    return found


def digest(entry: dict[str, Any]) -> str:
    """Return the SHA-256 of an entry's fields and of the hash before it."""
    listed = [
        entry["previous_hash"], entry["at"].astimezone(UTC).isoformat(), entry["actor_id"], entry["action"],
        entry["object_type"], entry["object_id"], entry["edition_id"], entry["changes"],
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(listed, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many entries follow each other, and the first that does not (its id; 0: the end is missing)."""

    entries: int
    broken_at: int | None


class Mark(NamedTuple):
    """A place in the journal: an entry by its id and hash, (0, "") before the first."""

    id: int
    hash: str


def last_mark(session: AnySession) -> Mark:
    """Return where the journal ends now."""
    asked = select(JournalEntry.id, JournalEntry.hash).order_by(JournalEntry.id.desc()).limit(1)
    found = session.execute(asked).one_or_none()
    return Mark(0, "") if found is None else Mark(found.id, found.hash)


def since(session: AnySession, mark: Mark) -> list[Any] | None:
    """Return id, action, edition_id and hash of what was written after a mark; ``None`` where it is no longer there.

    Who writes holds the head until its commit: no entry turns up later below one that was seen.
    """
    asked = select(JournalEntry.id, JournalEntry.action, JournalEntry.edition_id, JournalEntry.hash)
    found = list(session.execute(asked.where(JournalEntry.id >= mark.id).order_by(JournalEntry.id)))
    if not mark.id:
        return found
    return found[1:] if found and (found[0].id, found[0].hash) == mark else None


def verify(session: AnySession) -> Verdict:
    """Follow the chain from its beginning to its head."""
    head = session.get(JournalHead, 1)
    previous, count = GENESIS, 0
    with closing(_entries(session)) as entries:
        for entry in entries:
            fields = {column.key: getattr(entry, column.key) for column in inspect(JournalEntry).column_attrs}
            if entry.previous_hash != previous or digest(fields) != entry.hash:
                return Verdict(count, entry.id)
            previous, count = entry.hash, count + 1
    expected = (0, GENESIS) if head is None else (head.entries, head.hash)
    return Verdict(count, None if expected == (count, previous) else 0)


def _entries(session: AnySession) -> ScalarResult[JournalEntry]:
    return session.scalars(select(JournalEntry).order_by(JournalEntry.id).execution_options(yield_per=_BATCH))


def entries_about(session: AnySession, row: Base) -> list[JournalEntry]:
    """Return what was done to an object, newest first."""
    asked = select(JournalEntry).where(
        JournalEntry.object_type == row.__tablename__,
        JournalEntry.object_id == row.id,  # type: ignore[attr-defined]
    )
    return list(session.scalars(asked.order_by(JournalEntry.id.desc())))


PER_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class History:
    """A page of what was done in an edition, how much there is in all, and to which kinds of object."""

    entries: list[JournalEntry]
    kinds: list[str]
    total: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are, one at least."""
        return max(1, -(-self.total // PER_PAGE))


def edition_history(
    session: AnySession, edition_id: int, *, kind: str = "", number: int | None = None, page: int = 1
) -> History:
    """Return what was done in an edition, newest first: to objects of one ``kind`` (a table), to one of them."""
    inside = JournalEntry.edition_id == edition_id
    kinds = session.scalars(select(JournalEntry.object_type).where(inside).distinct().order_by("object_type"))
    base = select(JournalEntry).where(inside)
    if kind:
        base = base.where(JournalEntry.object_type == kind)
    if number is not None:
        base = base.where(JournalEntry.object_id == number)
    total = session.scalar(base.with_only_columns(func.count())) or 0
    page = max(1, min(page, max(1, -(-total // PER_PAGE))))
    asked = base.order_by(JournalEntry.id.desc()).limit(PER_PAGE).offset(PER_PAGE * (page - 1))
    return History(list(session.scalars(asked)), list(kinds), total, page)


def entries_of_edition(session: AnySession, edition_id: int, *, limit: int) -> list[JournalEntry]:
    """Return what was done last in an edition, newest first."""
    asked = select(JournalEntry).where(JournalEntry.edition_id == edition_id)
    return list(session.scalars(asked.order_by(JournalEntry.id.desc()).limit(limit)))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value
