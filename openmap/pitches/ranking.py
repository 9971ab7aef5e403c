"""What the marks say: medians, scores, ranks and spread. Exact fractions; one decimal is for the eye only.

The formula, told on every page that shows a score: for each criterion the median of the marks of the readings that are
finished; the score is the mean of these medians weighted by the criteria. Why medians: ``docs/decisions``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from sqlalchemy import exists, select

from openmap.applications.models import Application
from openmap.extensions import AnySession
from openmap.pitches.models import HIGHEST_MARK, Conflict, Jury, Reading, Score
from openmap.pitches.permissions import for_the_jury
from openmap.pitches.queries import criteria_of
from openmap.web.french import sort_key

Marks = Mapping[int, int]
"""A reader's marks: criterion → mark."""

READERS: Final = 3
"""How many readings a file is asked for, where no jury is set up."""


@dataclass(frozen=True, slots=True)
class Line:
    """Where a file stands. ``score`` and ``rank`` are ``None`` while no reading of it is finished.

    ``medians`` and ``spreads`` (highest mark less lowest) are by criterion; ``spread`` is that of its readers' own
    weighted means. ``is_tied``: another file has the same score, and so the same rank.
    """

    application_id: int
    score: Fraction | None
    finished: int
    is_complete: bool
    medians: Mapping[int, Fraction] = field(default_factory=dict)
    spreads: Mapping[int, int] = field(default_factory=dict)
    spread: Fraction = Fraction(0)
    rank: int | None = None
    is_tied: bool = False

    @property
    def shown(self) -> str:
        """The score for the eye, or a dash."""
        return "–" if self.score is None else one_decimal(self.score)


def median(marks: Iterable[int]) -> Fraction:
    """Return the middle mark, or the mean of the two in the middle; ``marks`` holds one at least."""
    ordered = sorted(marks)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return Fraction(ordered[middle])
    return Fraction(ordered[middle - 1] + ordered[middle], 2)


def weighted(values: Mapping[int, Fraction | int], weights: Mapping[int, int]) -> Fraction:
    """Return the mean of ``values`` by criterion, weighted."""
    return sum((weights[one] * Fraction(values[one]) for one in weights), Fraction(0)) / sum(weights.values())


def line_of(application_id: int, readings: Sequence[Marks], weights: Mapping[int, int], *, asked: int) -> Line:
    """Return where a file stands by its finished readings, each with a mark for every criterion of ``weights``."""
    finished = [marks for marks in readings if weights.keys() <= marks.keys()]
    if not finished or not weights:
        return Line(application_id, None, len(finished), is_complete=False)
    columns = {one: [marks[one] for marks in finished] for one in weights}
    medians = {one: median(marks) for one, marks in columns.items()}
    means = [weighted(marks, weights) for marks in finished]
    return Line(
        application_id,
        weighted(medians, weights),
        len(finished),
        is_complete=len(finished) >= asked,
        medians=medians,
        spreads={one: max(marks) - min(marks) for one, marks in columns.items()},
        spread=max(means) - min(means),
    )


def ranked(lines: Iterable[Line]) -> list[Line]:
    """Return the files from the highest score down, then those without one.

    Equal scores have the same rank, and the next rank counts them all: 1, 2, 2, 4.
    """
    listed = list(lines)
    scores = [line.score for line in listed if line.score is not None]
    placed = [
        Line(
            line.application_id,
            line.score,
            line.finished,
            line.is_complete,
            line.medians,
            line.spreads,
            line.spread,
            rank=None if line.score is None else 1 + sum(score > line.score for score in scores),
            is_tied=line.score is not None and scores.count(line.score) > 1,
        )
        for line in listed
    ]
    return sorted(placed, key=lambda line: (line.rank is None, line.rank or 0))


def one_decimal(value: Fraction) -> str:
    """Write ``3,7``: half a tenth goes up."""
    tenths = (value * 10 + Fraction(1, 2)).__floor__()
    return f"{tenths // 10},{tenths % 10}"


def on_percent(value: Fraction) -> int:
    """Return a mark as a share of the highest, for a bar."""
    return round(value * 100 / HIGHEST_MARK)


def marks_of(session: AnySession, edition_id: int) -> dict[int, list[Marks]]:
    """Return the marks of the finished readings by file; those of a juror who has told a conflict since are left out.

    One query.
    """
    barred = exists().where(Conflict.application_id == Reading.application_id, Conflict.person_id == Reading.person_id)
    rows = session.execute(
        select(Reading.application_id, Reading.id, Score.criterion_id, Score.mark)
        .join(Application, Application.id == Reading.application_id)
        .join(Score, Score.reading_id == Reading.id)
        .where(Application.edition_id == edition_id, Reading.finished_at.is_not(None), ~barred)
    )
    readings: dict[tuple[int, int], dict[int, int]] = {}
    for application_id, reading_id, criterion_id, mark in rows:
        readings.setdefault((application_id, reading_id), {})[criterion_id] = mark
    files: dict[int, list[Marks]] = {}
    for (application_id, _reading), marks in sorted(readings.items()):
        files.setdefault(application_id, []).append(marks)
    return files


def ranking_of(session: AnySession, edition_id: int, *, hidden: Collection[int] = ()) -> list[Line]:
    """Return the ranking of an edition's files as if those of ``hidden`` were not there; equals by name.

    What a juror in conflict is shown never tells, by a gap in the others' ranks, where the hidden file stands.
    """
    names = {
        number: name
        for number, name in session.execute(
            select(Application.id, Application.name).where(for_the_jury(edition_id))
        ).all()
        if number not in hidden
    }
    jury = session.get(Jury, edition_id)
    asked = READERS if jury is None else jury.readers
    weights = {criterion.id: criterion.weight for criterion in criteria_of(session, edition_id)}
    marks = marks_of(session, edition_id)
    in_order = sorted(names, key=lambda number: (sort_key(names[number]), number))
    return ranked(line_of(number, marks.get(number, []), weights, asked=asked) for number in in_order)
