"""Which structures have changed since an index last read them: every commit stamps those it touched.

The stamp is taken last in the transaction, from one row that stays locked until the commit, so that whoever reads
revision N has all that came before it. Bulk statements that pass no session call ``touch`` themselves.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlalchemy import event, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from openmap.directory.models import ClientReference, DirectoryClock, GoneStructure, Offer, Structure
from openmap.extensions import AnySession

_TOUCHED: Final = "directory_touched"
_GONE: Final = "directory_gone"
_BATCH: Final = 500


def current(session: AnySession) -> int:
    """Return the revision that the directory stands at."""
    return session.scalar(select(DirectoryClock.revision).where(DirectoryClock.id == 1)) or 0


def touch(session: AnySession, structure_ids: Collection[int], gone: Collection[int] = ()) -> int:
    """Stamp these structures as changed now, and say which were deleted; returns the revision; does not commit."""
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    clock = (sqlite.insert if on_sqlite else postgresql.insert)(DirectoryClock).values(id=1, revision=1)
    step = clock.on_conflict_do_update(index_elements=["id"], set_={"revision": DirectoryClock.revision + 1})
    revision = int(session.execute(step.returning(DirectoryClock.revision)).scalar_one())
    numbers = sorted(structure_ids)
    for start in range(0, len(numbers), _BATCH):
        held = Structure.__table__.c.id.in_(numbers[start : start + _BATCH])
        session.execute(update(Structure.__table__).where(held).values(revision=revision))  # type: ignore[arg-type]
    for number in sorted(gone):
        session.merge(GoneStructure(structure_id=number, revision=revision))
    return revision


@event.listens_for(Session, "after_flush")
def _note(session: Session, _context: object) -> None:
    """Remember which structures this flush has written."""
    changed = [row for row in session.dirty if session.is_modified(row)]
    for row in (*session.new, *changed, *session.deleted):
        if isinstance(row, Structure):
            kept = _GONE if row in session.deleted else _TOUCHED
            session.info.setdefault(kept, set()).add(row.id)
        elif isinstance(row, Offer | ClientReference):
            session.info.setdefault(_TOUCHED, set()).add(row.structure_id)


@event.listens_for(Session, "before_commit")
def _stamp(session: Session) -> None:
    """Stamp what was written, in the transaction that wrote it and last in it."""
    session.flush()
    gone = session.info.pop(_GONE, set())
    touched = session.info.pop(_TOUCHED, set()) - gone
    if touched or gone:
        touch(session, touched, gone)


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, _previous: object) -> None:
    if not session.in_transaction():
        session.info.pop(_TOUCHED, None)
        session.info.pop(_GONE, None)
