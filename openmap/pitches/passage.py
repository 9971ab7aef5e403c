"""The order in which the picked structures pitch, and the times that follow from the programme."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from openmap.applications.models import Application
from openmap.events.models import Edition, ProgrammeItem
from openmap.extensions import AnySession
from openmap.people import journal
from openmap.people.models import Person
from openmap.pitches.models import Selection
from openmap.pitches.selecting import renumber, take_turn
from openmap.web.french import sort_key

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Passage:
    """A structure's turn; ``start`` and ``end`` are ``None`` while the programme has no moment for the pitches."""

    number: int
    application: Application
    start: datetime | None
    end: datetime | None


def pitching(session: AnySession, edition_id: int) -> list[Selection]:
    """Return the released selections of those who pitch, in the order of passage."""
    asked = select(Selection).where(
        Selection.edition_id == edition_id,
        Selection.decision == "picked",
        Selection.released_at.is_not(None),
        Selection.withdrawn_at.is_(None),
    )
    found = session.scalars(asked.options(joinedload(Selection.application).joinedload(Application.structure)))
    return sorted(found, key=lambda one: (one.passage is None, one.passage or 0, sort_key(one.application.name)))


def passages(session: AnySession, edition: Edition) -> list[Passage]:
    """Return who pitches when: the moment of the pitches shared out equally, in whole minutes."""
    rows = pitching(session, edition.id)
    moment = pitches_moment(session, edition.id)
    if moment is None or not rows:
        return [Passage(at, row.application, None, None) for at, row in enumerate(rows, start=1)]
    begin, end = moment
    share = (end - begin) / len(rows)
    turn = timedelta(minutes=share // timedelta(minutes=1)) or share
    return [Passage(at + 1, row.application, begin + at * turn, begin + (at + 1) * turn) for at, row in enumerate(rows)]


def pitches_moment(session: AnySession, edition_id: int) -> Span | None:
    """Return when the pitches begin and end, from the first such moment of the programme to the last."""
    asked = select(ProgrammeItem.start, ProgrammeItem.end)
    rows = session.execute(asked.where(ProgrammeItem.edition_id == edition_id, ProgrammeItem.kind == "pitches")).all()
    return (min(row[0] for row in rows), max(row[1] for row in rows)) if rows else None


def unavailable(session: AnySession, edition: Edition) -> tuple[dict[int, Span], Span | None]:
    """Return each structure's own turn (by its id), and the whole moment for those of whom no turn is known."""
    own = {
        passage.application.structure_id: (passage.start, passage.end)
        for passage in passages(session, edition)
        if passage.application.structure_id is not None and passage.start is not None and passage.end is not None
    }
    return own, pitches_moment(session, edition.id)


def on_stage(session: AnySession, edition: Edition, people: Iterable[tuple[int, int, bool]]) -> dict[int, Span]:
    """Return when each is on stage; of ``people`` each has a key, an organisation, and whether its own row pitches.

    The turn is that of the released selection of the structure's file; of a structure that only pitches by its own row,
    the whole moment of the pitches. Who is not on stage is left out.
    """
    turns, moment = unavailable(session, edition)
    spans = {key: turns.get(organisation, moment if pitches else None) for key, organisation, pitches in people}
    return {key: span for key, span in spans.items() if span is not None}


def move(
    session: AnySession, edition: Edition, application: Application, *, up: bool, by: Person, now: datetime
) -> bool:
    """Let a structure pass before or after its neighbour; say whether it moved.

    Raises NoJury, NotOpen.
    """
    take_turn(session, edition, "released")
    rows = pitching(session, edition.id)
    at = next((at for at, row in enumerate(rows) if row.application_id == application.id), None)
    other = None if at is None else at - 1 if up else at + 1
    if at is None or other is None or not 0 <= other < len(rows):
        return False
    rows[at], rows[other] = rows[other], rows[at]
    renumber(session, rows, "passage")
    changes = {"passage": [at + 1, other + 1]}
    journal.record(session, "passage.moved", application, by=by, now=now, edition_id=edition.id, changes=changes)
    return True
