"""What a silent side would probably say: its best matches, marked as such, and taken back once it speaks."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from heapq import heappush, heappushpop
from typing import Any, Final

from sqlalchemy import delete, insert, select

from openmap.events.models import Edition, Phase
from openmap.extensions import AnySession
from openmap.meetings.gathering import gather
from openmap.meetings.holding import hold
from openmap.meetings.matching import scores
from openmap.meetings.models import Choice, MatchSetting, Participation
from openmap.people import journal
from openmap.people.models import Person

COMPLETES: Final = 5
"""How many wishes a silent side is given where the organiser has not said."""

RECENT: Final = timedelta(days=3)
"""Phases that ended longer ago are left as they were: someone may have planned by hand since."""


def completes_of(session: AnySession, edition: Edition) -> int:
    """Return how many wishes a silent side is given."""
    told = session.scalar(select(MatchSetting.completes).where(MatchSetting.edition_id == edition.id))
    return COMPLETES if told is None else told


def silent_of(session: AnySession, edition: Edition) -> list[Participation]:
    """Return who has not answered."""
    asked = select(Participation).where(Participation.edition_id == edition.id, Participation.answered_at.is_(None))
    return list(session.scalars(asked.order_by(Participation.id)))


def complete(
    session: AnySession,
    edition: Edition,
    *,
    by: Person | None,
    now: datetime,
    only: Collection[int] | None = None,
    again: bool = True,
) -> int:
    """Give each silent side its best matches at level « open »; return how many sides.

    Whom the other side vetoed is left out. ``only`` names participations; without ``again``, those that have been
    completed are left as they are. A fixed number of queries.
    """
    journal.lock(session)
    hold(session, edition.id)
    most = completes_of(session, edition)
    silent = [one for one in silent_of(session, edition) if only is None or one.id in only]
    done = set(session.scalars(select(Choice.participation_id).where(Choice.source == "completed").distinct()))
    silent = [one for one in silent if again or one.id not in done]
    if not silent or not most:
        return 0
    mine = [one.id for one in silent]
    apart = _vetoed(session, edition)
    best: dict[int, list[tuple[int, int]]] = {number: [] for number in mine}
    for (buyer, structure), score in scores(session, edition).items():
        for one, other in ((buyer, structure), (structure, buyer)):
            if score and one in best and (other, one) not in apart:
                keep = heappush if len(best[one]) < most else heappushpop  # of millions of pairs, a few each
                keep(best[one], (score, -other))
    session.execute(delete(Choice).where(Choice.participation_id.in_(mine), Choice.source == "completed"))
    rows = [
        {
            "participation_id": number, "other_id": -other, "level": "open", "rank": rank, "source": "completed",
            "note": "", "said_at": now,
        }
        for number, found in best.items()
        for rank, (_score, other) in enumerate(sorted(found, reverse=True), 1)
    ]  # fmt: skip
    if not rows:
        return 0
    session.execute(insert(Choice), rows)
    told = len({row["participation_id"] for row in rows})
    changes: dict[str, list[Any]] = {"completed": [None, told]}
    journal.record(session, "wishes.completed", edition, by=by, now=now, edition_id=edition.id, changes=changes)
    gather(session, edition, by=by, now=now)
    return told


def take_back(session: AnySession, participation: Participation) -> None:
    """Forget what was said for a side that speaks for itself."""
    said_for_it = Choice.participation_id == participation.id, Choice.source == "completed"
    session.execute(delete(Choice).where(*said_for_it).execution_options(synchronize_session="fetch"))


def complete_closed(session: AnySession, *, now: datetime) -> int:
    """Complete the silent sides of every edition whose wishes have closed lately; return how many sides."""
    closed = select(Edition).join(Phase, Phase.edition_id == Edition.id)
    closed = closed.where(Phase.kind == "wishes", Phase.closes_at <= now, Phase.closes_at > now - RECENT)
    return sum(complete(session, edition, by=None, now=now, again=False) for edition in session.scalars(closed).all())


def _vetoed(session: AnySession, edition: Edition) -> set[tuple[int, int]]:
    """Return who has vetoed whom."""
    asked = select(Choice.participation_id, Choice.other_id).join(
        Participation, Participation.id == Choice.participation_id
    )
    rows = session.execute(asked.where(Participation.edition_id == edition.id, Choice.level == "veto"))
    return {(one, other) for one, other in rows}
