"""What the jury room shows to one person: the ranking of the files that no conflict keeps from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from openmap.applications.models import Application
from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.people.models import Person
from openmap.pitches.choosing import Candidate
from openmap.pitches.models import DECISIONS, Conflict, Criterion, Jury, Reading, Selection
from openmap.pitches.permissions import for_the_jury, hidden_from
from openmap.pitches.queries import criteria_of
from openmap.pitches.ranking import Line, ranking_of
from openmap.reference.models import Activity, Area, AreaCommune

Option = tuple[str, str]
"""What is chosen from a list: value and words."""

PLACES: Final = ("departement", "ept", "epci")


@dataclass(frozen=True, slots=True)
class Row:
    """A file in the room: where it stands, what is decided of it, where it is from (départements and territories)."""

    application: Application
    line: Line
    selection: Selection | None
    places: tuple[Area, ...]

    @property
    def decision(self) -> str:
        """What is decided, or an empty text."""
        return "" if self.selection is None else self.selection.decision

    @property
    def department(self) -> str:
        """The département it is in, or an empty text."""
        return next((area.name for area in self.places if area.level == "departement"), "")

    @property
    def candidate(self) -> Candidate:
        """The file as quotas see it."""
        return Candidate(self.application.id, self.line.score or Fraction(0), traits_of(self))


@dataclass(frozen=True, slots=True)
class Filters:
    """What part of the list is shown; empty texts show all."""

    kind: str = ""
    place: str = ""
    activity: str = ""
    decision: str = ""


@dataclass(frozen=True, slots=True)
class Room:
    """The room as one person sees it. ``rows`` answer the filters, ``everything`` is all that they may see.

    ``sees_all``: no file is kept from them. ``cut_is_tied``: the first N are not told apart from the next.
    """

    jury: Jury
    criteria: Sequence[Criterion]
    rows: Sequence[Row]
    everything: Sequence[Row]
    sees_all: bool
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def scored(self) -> list[Row]:
        """The files that have a score, in their order."""
        return [row for row in self.everything if row.line.score is not None]

    @property
    def cut_is_tied(self) -> bool:
        """Whether the last of the first N has the same score as the next."""
        listed = self.scored
        at = self.jury.picks
        return len(listed) > at and listed[at - 1].line.score == listed[at].line.score

    @property
    def reserve(self) -> list[Row]:
        """The reserve in its order."""
        held = [row for row in self.everything if row.decision == "reserve"]
        return sorted(held, key=lambda row: (row.selection and row.selection.rank) or 0)

    @property
    def picked(self) -> list[Row]:
        """The files that are picked and have not given up."""
        return [row for row in self.everything if row.selection and _pitches(row.selection)]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the readings are: by juror and over all. No mark is in it."""

    finished: int
    asked: int
    jurors: Sequence[tuple[Person, int, int]]


def room_of(session: AnySession, edition: Edition, jury: Jury, person: Person, filters: Filters) -> Room:
    """Return the room for ``person``; a fixed number of queries, whatever the number of files."""
    hidden = hidden_from(session, person, edition.id)
    return build(session, edition, jury, hidden, filters)


def build(session: AnySession, edition: Edition, jury: Jury, hidden: frozenset[int], filters: Filters) -> Room:
    """Return the room without the files of ``hidden``, ranked as if these did not exist."""
    asked = select(Application).where(for_the_jury(edition.id)).options(selectinload(Application.activities))
    files = {one.id: one for one in session.scalars(asked) if one.id not in hidden}
    decided = select(Selection).where(Selection.edition_id == edition.id)
    selections = {one.application_id: one for one in session.scalars(decided)}
    places = places_of(session, files.values())
    lines = {line.application_id: line for line in ranking_of(session, edition.id, hidden=hidden)}
    everything = [
        Row(files[number], line, selections.get(number), places.get(files[number].commune_code or "", ()))
        for number, line in lines.items()
    ]
    counts = Counter(row.decision for row in everything)
    return Room(
        jury=jury,
        criteria=criteria_of(session, edition.id),
        rows=[row for row in everything if _answers(row, filters)],
        everything=everything,
        sees_all=not session.scalar(
            select(func.count()).select_from(Application).where(for_the_jury(edition.id), Application.id.in_(hidden))
        ),
        counts={decision: counts[decision] for decision in ("", *DECISIONS)},
    )


def row_of(room: Room, application_id: int) -> Row | None:
    """Return a file of the room, or ``None``."""
    return next((row for row in room.everything if row.application.id == application_id), None)


def readings_of(session: AnySession, application_id: int) -> list[Reading]:
    """Return the finished readings of a file with reader, marks and comments, but those of jurors in conflict."""
    barred = select(Conflict.person_id).where(Conflict.application_id == application_id)
    asked = select(Reading).where(
        Reading.application_id == application_id, Reading.finished_at.is_not(None), Reading.person_id.not_in(barred)
    )
    return list(
        session.scalars(asked.options(joinedload(Reading.person), selectinload(Reading.scores)).order_by(Reading.id))
    )


def progress_of(session: AnySession, edition: Edition, person: Person) -> Progress:
    """Return how many readings are finished, by juror in the order of their names, but those kept from ``person``."""
    hidden = hidden_from(session, person, edition.id)
    asked = (
        select(Person, func.count(Reading.finished_at), func.count(Reading.id))
        .join(Reading, Reading.person_id == Person.id)
        .join(Application, Application.id == Reading.application_id)
        .where(for_the_jury(edition.id), Application.id.not_in(hidden))
        .group_by(Person.id)
        .order_by(Person.name, Person.id)
    )
    jurors = [(person, finished, given) for person, finished, given in session.execute(asked)]
    return Progress(sum(one[1] for one in jurors), sum(one[2] for one in jurors), jurors)


def places_of(session: AnySession, files: object) -> dict[str, tuple[Area, ...]]:
    """Return the département and the territory of each commune that files are in, by its code."""
    codes = {one.commune_code for one in files if one.commune_code}  # type: ignore[attr-defined]
    asked = select(AreaCommune.commune_code, Area).join(Area, Area.id == AreaCommune.area_id)
    found: dict[str, list[Area]] = {}
    for code, area in session.execute(
        asked.where(AreaCommune.commune_code.in_(codes), Area.level.in_(PLACES)).order_by(Area.level, Area.name)
    ):
        if area.level == "departement" or area.is_cell:
            found.setdefault(code, []).append(area)
    return {code: tuple(areas) for code, areas in found.items()}


def traits_of(row: Row) -> frozenset[str]:
    """Return what quotas and filters may count of a file: its kind, where it is from, what it does."""
    return frozenset(
        [
            f"kind:{row.application.kind}",
            *(f"in:{area.id}" for area in row.places),
            *(f"activity:{activity.id}" for activity in row.application.activities),
        ]
    )


def outside(candidate: Candidate, areas: Sequence[str]) -> Candidate:
    """Return the file with a trait for each area that it is not in; where it is from must be known."""
    if not any(trait.startswith("in:") for trait in candidate.traits):
        return candidate
    away = {f"out:{area}" for area in areas if f"in:{area}" not in candidate.traits}
    return replace(candidate, traits=candidate.traits | away)


def kinds_in(room: Room) -> list[str]:
    """Return the kinds of structure of the room."""
    return sorted({row.application.kind for row in room.everything if row.application.kind})


def places_in(room: Room) -> list[Area]:
    """Return the départements, then the territories, that files of the room are from."""
    areas = {area.id: area for row in room.everything for area in row.places}
    return sorted(areas.values(), key=lambda area: (area.level != "departement", area.name))


def activities_in(room: Room) -> list[Activity]:
    """Return the activities of the room's files, by name."""
    found = {one.id: one for row in room.everything for one in row.application.activities}
    return sorted(found.values(), key=lambda activity: activity.name)


def latest_change(room: Room) -> datetime | None:
    """Return when something was last decided of what is seen."""
    return max((row.selection.decided_at for row in room.everything if row.selection), default=None)


def _answers(row: Row, filters: Filters) -> bool:
    wanted = [f"kind:{filters.kind}"] if filters.kind else []
    wanted += [f"in:{filters.place}"] if filters.place else []
    wanted += [f"activity:{filters.activity}"] if filters.activity else []
    if not set(wanted) <= traits_of(row):
        return False
    return not filters.decision or row.decision == ("" if filters.decision == "none" else filters.decision)


def _pitches(selection: Selection) -> bool:
    return selection.decision == "picked" and selection.withdrawn_at is None
