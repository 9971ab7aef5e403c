"""What matches are judged on, kept by each process of the server until something changes it.

Hundreds open their wishes in the same minutes, and all are judged on the same facts. The journal tells what has been
done since they were read: an entry that may not be known to leave them as they are makes them be read again, and so do
counts of the rows that weigh most. What never passes through either (a new release's communes) is taken up in time.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import func, select

from openmap.applications.models import Application
from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.meetings.matching import Engine
from openmap.meetings.models import Participation
from openmap.needs.models import Need
from openmap.people import journal
from openmap.reference.models import Activity

HARMLESS: Final = ("wishes.", "participation.changed", "participation.limited", "signed_in.", "session.", "mail.",
                   "feed.")  # fmt: skip
"""What begins so changes no fact of a match; of the edition's own plans neither: only earlier ones are looked at."""

LARGEST: Final = 1_000
"""Participants: beyond that the facts of an edition weigh tens of megabytes in each process, and are read each time."""

MOST_EDITIONS: Final = 4
LONGEST_SECONDS: Final = 600.0


@dataclass(frozen=True, slots=True)
class _Kept:
    """The facts of an edition, the last entry of the journal before they were read, counts, and until when."""

    engine: Engine
    mark: journal.Mark
    counts: tuple[Any, ...]
    until: float


class _Shelf:
    """What a process keeps of a database. One thread reads an edition, the others wait for what it finds."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.kept: OrderedDict[int, _Kept] = OrderedDict()


_shelves: WeakKeyDictionary[Any, _Shelf] = WeakKeyDictionary()
_making = threading.Lock()


def engine_of(session: AnySession, edition: Edition, one: Participation) -> Engine:
    """Return what ranks the other side of ``one``, as the database says now."""
    counts = _counts(session, edition)
    if counts[0] > LARGEST:
        return Engine(session, edition, only=one)
    with _making:
        shelf = _shelves.setdefault(session.get_bind().engine, _Shelf())
    with shelf.lock:
        kept = shelf.kept.get(edition.id)
        mark = None if kept is None or kept.counts != counts else _standing(session, edition, kept)
        if kept is None or mark is None:
            mark = journal.last_mark(session)  # before the facts: what is done meanwhile makes them be read again
            counts = _counts(session, edition)
            kept = _Kept(Engine(session, edition), mark, counts, time.monotonic() + LONGEST_SECONDS)
        shelf.kept[edition.id] = replace(kept, mark=mark)
        shelf.kept.move_to_end(edition.id)
        while len(shelf.kept) > MOST_EDITIONS:
            shelf.kept.popitem(last=False)
        return kept.engine


def _standing(session: AnySession, edition: Edition, kept: _Kept) -> journal.Mark | None:
    """Return up to where the journal leaves what is kept as it is, ``None`` where it may not."""
    if time.monotonic() > kept.until:
        return None
    since = journal.since(session, kept.mark)
    if since is None:
        return None
    for entry in since:
        own_plan = entry.edition_id == edition.id and entry.action.startswith("plan.")
        if not own_plan and not entry.action.startswith(HARMLESS):
            return None
    return journal.Mark(since[-1].id, since[-1].hash) if since else kept.mark


def _counts(session: AnySession, edition: Edition) -> tuple[Any, ...]:
    """Return how many participants there are, and sums that move with every save of a need, a file, a word."""
    here = select(func.count()).select_from(Participation).where(Participation.edition_id == edition.id)
    files = select(func.sum(Application.version + 1)).where(Application.edition_id == edition.id)
    sums = (files, select(func.sum(Need.version + 1)), select(func.sum(Activity.version + 1)))
    row = session.execute(select(here.scalar_subquery(), *(one.scalar_subquery() for one in sums))).one()
    return (*row, edition.held_on)
