"""The index that each process keeps, brought up to date when it is asked for.

A search takes the index as it stands and keeps it to its end. While one thread brings in changes, the others search
what was known just before.
"""

from __future__ import annotations

import threading
from typing import Any, Final

from flask import current_app
from sqlalchemy import func, select

from openmap.directory.models import DirectoryClock, GoneStructure, Structure
from openmap.directory.search import gathering
from openmap.directory.search.columns import Columns
from openmap.directory.search.vocabulary import Vocabulary
from openmap.extensions import AnySession
from openmap.reference.models import Activity, Label, Load, Trade

_HELD: Final = "openmap_directory_index"
_DEAD_ROWS: Final = 0.25
"""Beyond this share of dead rows the index is read anew."""


class _Holder:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.columns: Columns | None = None


def snapshot(session: AnySession) -> Columns:
    """Return the index as the session sees the directory; one query when nothing has changed."""
    holder: _Holder = current_app.extensions.setdefault(_HELD, _Holder())
    known, (revision, stamp) = holder.columns, _state(session)
    if known is not None and (known.revision, known.stamp) == (revision, stamp):
        return known
    if not holder.lock.acquire(blocking=known is None):
        return known  # type: ignore[return-value]  # only an index that is there makes it not wait
    try:
        holder.columns = _brought(session, holder.columns, revision, stamp)
        return holder.columns
    finally:
        holder.lock.release()


def _brought(session: AnySession, known: Columns | None, revision: int, stamp: tuple[Any, ...]) -> Columns:
    """Return the index at this revision, from the one that is known where that is quicker."""
    if known is not None and (known.revision, known.stamp) == (revision, stamp):
        return known
    if known is None or known.stamp != stamp or known.revision > revision or _is_worn(known):
        return gathering.read(session, Vocabulary(session), revision=revision, stamp=stamp)
    changed = set(session.scalars(select(Structure.id).where(Structure.revision > known.revision)))
    gone = set(session.scalars(select(GoneStructure.structure_id).where(GoneStructure.revision > known.revision)))
    if len(changed) > len(known):
        return gathering.read(session, known.vocabulary, revision=revision, stamp=stamp)
    more = gathering.read(session, known.vocabulary, revision=revision, stamp=stamp, only=changed)
    left = known.without((gone | changed) - more.row_of.keys(), revision)
    return left.grown(more) if more.row_of else left


def _is_worn(known: Columns) -> bool:
    return len(known.structures) > 1_000 and len(known) < (1 - _DEAD_ROWS) * len(known.structures)


def _state(session: AnySession) -> tuple[int, tuple[Any, ...]]:
    """Return the revision of the directory, and what tells that reference data has changed."""
    asked = select(
        select(DirectoryClock.revision).where(DirectoryClock.id == 1).scalar_subquery(),
        select(func.max(Load.id)).scalar_subquery(),
        *(
            select(figure).select_from(model).scalar_subquery()
            for model in (Activity, Trade, Label)
            for figure in (func.count(), func.sum(model.version))
        ),
    )
    row = tuple(session.execute(asked).one())
    return row[0] or 0, row[1:]
