"""Reads of how the readings go: a juror's own list, and what organisers and the chair follow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from openmap.applications.models import Application, Revision
from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.people.models import Person
from openmap.pitches.models import Reading, Score
from openmap.pitches.permissions import is_juror
from openmap.pitches.queries import (
    conflicting,
    jurors,
    jury_of,
    own_files,
    read_files,
    told_names,
    visible_applications,
)

State = Literal["todo", "begun", "changed", "finished"]
FAR_APART: Final = 3
"""Marks of one criterion that lie so far from each other are worth talking about."""

_SHUFFLE: Final = 2_654_435_761
"""Knuth's multiplier: each juror reads in an order of their own, so that tiredness does not always fall on the same."""


@dataclass(frozen=True, slots=True)
class Line:
    """A file of a juror's list, and where its reading stands; ``changed``: finished, but the file has changed."""

    reading: Reading
    application: Application
    state: State


def lines_of(session: AnySession, edition: Edition, person: Person) -> list[Line]:
    """Return the files that a juror is to read and whose name they were told, in the order in which they read."""
    told = told_names(session, edition.id)[person.id]
    kept = conflicting(session, edition.id)[person.id] | own_files(session, edition.id)[person.id]
    asked = (
        select(Reading)
        .where(Reading.person_id == person.id)
        .join(Application)
        .where(Application.edition_id == edition.id)
        .options(selectinload(Reading.scores))
    )
    readings = {one.application_id: one for one in session.scalars(asked)}
    files = [one for one in read_files(session, edition.id) if one.id in readings and one.id in told - kept]
    changed = _last_changes(session, edition)
    lines = [Line(readings[one.id], one, _state(readings[one.id], changed.get(one.id, 0))) for one in files]
    return sorted(lines, key=lambda line: (line.application.id * _SHUFFLE + person.id * 40_503) % 2**32)


def _last_changes(session: AnySession, edition: Edition) -> dict[int, int]:
    asked = (
        select(Revision.application_id, func.max(Revision.id))
        .join(Application)
        .where(Application.edition_id == edition.id)
        .group_by(Revision.application_id)
    )
    return {row[0]: row[1] for row in session.execute(asked)}


def _state(reading: Reading, changed: int) -> State:
    if reading.opened_at is not None and changed > (reading.seen_revision_id or 0):
        return "changed"
    if reading.finished_at is not None:
        return "finished"
    return "begun" if reading.opened_at is not None else "todo"


def following(lines: Sequence[Line], application_id: int, *, back: bool = False) -> Line | None:
    """Return the neighbour of a file in a juror's list, round the end; ``None`` where it is alone."""
    numbers = [line.application.id for line in lines]
    if application_id not in numbers or len(lines) < 2:
        return None
    return lines[(numbers.index(application_id) + (-1 if back else 1)) % len(lines)]


def next_to_read(lines: Sequence[Line], application_id: int | None = None) -> Line | None:
    """Return the next file that is not finished, after this one and round the end; ``None`` when all are."""
    numbers = [line.application.id for line in lines]
    start = numbers.index(application_id) + 1 if application_id in numbers else 0
    turned = [*lines[start:], *lines[:start]]
    return next((one for one in turned if one.state != "finished" and one.application.id != application_id), None)


@dataclass(frozen=True, slots=True)
class JurorProgress:
    """How far a juror is. ``untold`` counts the names that they have not been through."""

    person: Person
    given: int
    finished: int
    untold: int
    last_at: datetime | None

    @property
    def is_late(self) -> bool:
        """Whether something is left for this juror to do."""
        return self.untold > 0 or self.finished < self.given


@dataclass(frozen=True, slots=True)
class FileProgress:
    """How many readers a file has, of those asked for; ``apart``: the widest gap between marks of one criterion.

    ``apart`` is ``None`` with fewer than two finished readings, and for a juror who is to read the file.
    """

    application: Application
    given: int
    finished: int
    apart: int | None

    @property
    def is_disputed(self) -> bool:
        """Whether the readers see this file quite differently."""
        return self.apart is not None and self.apart >= FAR_APART


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the jury stands."""

    jurors: list[JurorProgress]
    files: list[FileProgress]
    readers: int
    former: int
    """Unfinished readings of people who sit in the jury no more."""

    @property
    def given(self) -> int:
        """How many readings there are."""
        return sum(one.given for one in self.files)

    @property
    def finished(self) -> int:
        """How many of them are finished."""
        return sum(one.finished for one in self.files)


def progress_of(session: AnySession, edition: Edition, person: Person | None) -> Progress:
    """Return how the readings go, as ``person`` may know it: no file with which they are in conflict, in no count.

    While the jury is blind a juror, be they the chair or an organiser, learns nothing of the marks of a file that they
    are to read themselves. ``None``: all of it, for what the house itself reckons.
    """
    asked = (
        select(Reading)
        .join(Application)
        .where(Application.edition_id == edition.id)
        .options(selectinload(Reading.scores), joinedload(Reading.person))
    )
    read = read_files(session, edition.id)
    visible = {one.id: one for one in (read if person is None else visible_applications(session, person, edition))}
    by_file: dict[int, list[Reading]] = defaultdict(list)
    by_person: dict[int, list[Reading]] = defaultdict(list)
    known = {one.id for one in read}
    for reading in session.scalars(asked):
        if reading.application_id in visible:
            by_file[reading.application_id].append(reading)
            by_person[reading.person_id].append(reading)
    people, jury = jurors(session, edition.id), jury_of(session, edition)
    told, own = told_names(session, edition.id), own_files(session, edition.id)
    reader = person.id if person is not None and jury.stage == "blind" and is_juror(person, edition.id) else None
    present = {one.id for one in people}
    return Progress(
        [_of_juror(one, by_person[one.id], len(known - told[one.id] - own[one.id])) for one in people],
        [
            _of_file(one, by_file[one.id], hidden=any(r.person_id == reader for r in by_file[one.id]))
            for one in visible.values()
        ],
        jury.readers,
        sum(1 for number, rows in by_person.items() if number not in present for one in rows if not one.finished_at),
    )


def _of_juror(person: Person, readings: list[Reading], untold: int) -> JurorProgress:
    moments = [at for one in readings for at in (one.opened_at, one.finished_at) if at is not None]
    finished = sum(1 for one in readings if one.finished_at is not None)
    return JurorProgress(person, len(readings), finished, untold, max(moments, default=None))


def _of_file(application: Application, readings: list[Reading], *, hidden: bool) -> FileProgress:
    done = [one for one in readings if one.finished_at is not None]
    apart = None if hidden or len(done) < 2 else widest([score for one in done for score in one.scores])
    return FileProgress(application, len(readings), len(done), apart)


def widest(scores: Sequence[Score]) -> int:
    """Return the widest gap between the marks of one criterion."""
    marks: dict[int, list[int]] = defaultdict(list)
    for score in scores:
        marks[score.criterion_id].append(score.mark)
    return max((max(given) - min(given) for given in marks.values()), default=0)
