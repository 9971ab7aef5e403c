"""Reads for those who examine: the list with its filters and counts, and what a file's page and exports need.

The list works on one light line a file, read whole in a handful of statements whatever their number: filters, counts
and order are then plain Python, with the same folding of accents as everywhere. No line is read of a file that a
conflict keeps from the one who looks.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from openmap.applications.models import (
    STANDINGS,
    STATES,
    Answer,
    Application,
    Attendee,
    application_activities,
    application_areas,
)
from openmap.applications.permissions import open_to
from openmap.applications.reach import Reach
from openmap.extensions import AnySession
from openmap.people.models import Person
from openmap.reference.models import Activity, Commune
from openmap.reference.words import folded
from openmap.web.french import sort_key

PER_PAGE: Final = 50
UNDECIDED: Final = "undecided"
SORTS: Final = ("depot", "nom", "type")


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to; empty means all. ``state`` empty leaves out the files merged into another."""

    state: str = ""
    standing: str = ""
    pitch: str = ""
    kind: str = ""
    activity: int | None = None
    area: int | None = None
    words: str = ""
    late: bool = False
    doubles: bool = False

    def without(self, name: str) -> Filters:
        """Return the same filters but one: what its own counts are counted under."""
        return replace(self, **{name: getattr(_NONE, name)})

    @property
    def is_narrow(self) -> bool:
        """Whether something is filtered."""
        return any(getattr(self, one.name) != getattr(_NONE, one.name) for one in fields(self))


_NONE: Final = Filters()


@dataclass(frozen=True, slots=True)
class Line:
    """A file as the list shows it."""

    id: int
    state: str
    standing: str | None
    wants_pitch: bool | None
    kind: str
    is_late: bool
    siret: str
    name: str
    pitch_title: str
    commune: str
    submitted_at: datetime | None
    changed_at: datetime
    contact: str
    is_double: bool
    activities: frozenset[int]
    reached: frozenset[int]
    """The areas of the list's filter in which the structure works."""
    words: str


@dataclass(frozen=True, slots=True)
class Option:
    """Something that a filter offers, with how many files it would show."""

    value: str
    label: str
    count: int


@dataclass(slots=True)
class Listed:
    """The files of an edition for one who examines them: all lines, those that the filters show, a page of them."""

    lines: list[Line]
    shown: list[Line]
    barred: int
    options: dict[str, list[Option]]
    page: int = 1
    _index: dict[int, int] = field(default_factory=dict)

    @property
    def rows(self) -> list[Line]:
        """The lines of the page."""
        return self.shown[PER_PAGE * (self.page - 1) : PER_PAGE * self.page]

    @property
    def pages(self) -> int:
        """How many pages there are, one at least."""
        return max(1, -(-len(self.shown) // PER_PAGE))

    @property
    def doubles(self) -> int:
        """How many files share their SIRET with another."""
        return sum(line.is_double for line in self.lines)

    def neighbours(self, application_id: int) -> tuple[int | None, int | None]:
        """Return the files before and after one, in the order that the list shows."""
        ids = [line.id for line in self.shown]
        if application_id not in ids:
            return None, ids[0] if ids else None
        at = ids.index(application_id)
        return ids[at - 1] if at else None, ids[at + 1] if at + 1 < len(ids) else None


def listed(
    session: AnySession, edition_id: int, person: Person, filters: Filters, *, sort: str = "depot", page: int = 1
) -> Listed:
    """Return the files of an edition that ``person`` may examine, filtered, counted and in order."""
    reach = Reach(session, edition_id)
    lines = _lines(session, edition_id, person, reach)
    tests = _tests(filters)
    shown = sorted((line for line in lines if all(test(line) for test in tests.values())), key=_order(sort))
    total = select(func.count()).select_from(Application).where(Application.edition_id == edition_id)
    barred = (session.scalar(total) or 0) - len(lines)
    found = Listed(lines, shown, barred, _options(session, lines, filters, reach))
    found.page = max(1, min(page, found.pages))
    return found


def chosen(session: AnySession, ids: Iterable[int], edition_id: int, person: Person) -> list[Application]:
    """Return these files of an edition, whole, in this order; those of others and the barred are left out."""
    wanted = list(dict.fromkeys(ids))
    asked = select(Application).where(Application.id.in_(wanted), Application.edition_id == edition_id, open_to(person))
    rank = {number: place for place, number in enumerate(wanted)}
    return sorted(session.scalars(_whole(asked)), key=lambda one: rank[one.id])


def doubles_of(session: AnySession, application: Application, person: Person) -> list[Application]:
    """Return the other files of the same SIRET in the same edition, newest first."""
    if not application.siret or application.state not in _CURRENT:
        return []
    asked = select(Application).where(
        Application.edition_id == application.edition_id,
        Application.siret == application.siret,
        Application.id != application.id,
        Application.state.in_(_CURRENT),
        open_to(person),
    )
    return list(session.scalars(asked.order_by(Application.id.desc())))


def _whole(asked: Any) -> Any:
    """Load with each file everything that its presentation reads, in one statement a table."""
    return asked.options(
        selectinload(Application.edition),
        selectinload(Application.person),
        selectinload(Application.commune),
        selectinload(Application.activities),
        selectinload(Application.areas),
        selectinload(Application.labels),
        selectinload(Application.absent_slots),
        selectinload(Application.attendees),
        selectinload(Application.answers).selectinload(Answer.question),
        selectinload(Application.attachments),
    )


_CURRENT: Final = ("draft", "submitted")


def _lines(session: AnySession, edition_id: int, person: Person, reach: Reach) -> list[Line]:
    asked = (
        select(
            Application.id, Application.state, Application.standing, Application.wants_pitch, Application.kind,
            Application.is_late, Application.siret, Application.name, Application.pitch_title,
            Application.commune_code, Commune.name.label("commune"), Application.submitted_at,
            Application.changed_at, Application.radius_km, Commune.lon, Commune.lat,
        )
        .outerjoin(Commune, Commune.code == Application.commune_code)
        .where(Application.edition_id == edition_id, open_to(person))
    )  # fmt: skip
    rows = session.execute(asked).all()
    activities = _pairs(session, edition_id, application_activities, "activity_id")
    areas = _pairs(session, edition_id, application_areas, "area_id")
    people: dict[int, list[tuple[str, str]]] = defaultdict(list)
    coming = select(Attendee.application_id, Attendee.name, Attendee.email).join(Attendee.application)
    for row in session.execute(coming.where(Application.edition_id == edition_id).order_by(Attendee.rank, Attendee.id)):
        people[row[0]].append((row[1], row[2]))
    sirets = Counter(row.siret for row in rows if row.siret and row.state in _CURRENT)
    return [
        Line(
            row.id, row.state, row.standing, row.wants_pitch, row.kind, row.is_late, row.siret, row.name,
            row.pitch_title, row.commune or "", row.submitted_at, row.changed_at,
            next((name or email for name, email in people[row.id]), ""),
            row.state in _CURRENT and sirets[row.siret] > 1,
            frozenset(activities[row.id]),
            reach.of(areas[row.id], row.commune_code, row.radius_km, row.lon, row.lat),
            folded(" ".join(
                [row.name, row.siret, row.pitch_title, row.commune or "", f"n{row.id}"]
                + [f"{name} {email}" for name, email in people[row.id]]
            )),
        )
        for row in rows
    ]  # fmt: skip


def _pairs(session: AnySession, edition_id: int, table: Any, column: str) -> Mapping[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    asked = select(table.c.application_id, table.c[column]).join(Application, Application.id == table.c.application_id)
    for row in session.execute(asked.where(Application.edition_id == edition_id)):
        found[row[0]].append(row[1])
    return found


def _tests(filters: Filters) -> dict[str, Callable[[Line], bool]]:
    """Return the test of each filter, by its name."""
    words = _words(filters.words)
    return {
        "state": lambda line: line.state == filters.state if filters.state else line.state != "merged",
        "standing": lambda line: not filters.standing or (line.standing or UNDECIDED) == filters.standing,
        "pitch": lambda line: not filters.pitch or _pitch(line) == filters.pitch,
        "kind": lambda line: not filters.kind or line.kind == filters.kind,
        "activity": lambda line: filters.activity is None or filters.activity in line.activities,
        "area": lambda line: filters.area is None or filters.area in line.reached,
        "words": lambda line: all(f" {word}" in f" {line.words}" for word in words),
        "late": lambda line: not filters.late or line.is_late,
        "doubles": lambda line: not filters.doubles or line.is_double,
    }


def _words(typed: str) -> list[str]:
    """Return what each must begin a word of the file; a SIRET is one word, however it is spaced."""
    said = folded(typed)
    digits = said.replace(" ", "")
    return [digits] if digits.isdigit() and len(digits) >= 9 else said.split()


def _pitch(line: Line) -> str:
    return "oui" if line.wants_pitch else "non"


def _order(sort: str) -> Callable[[Line], tuple[Any, ...]]:
    if sort == "nom":
        return lambda line: (sort_key(line.name), line.id)
    if sort == "type":
        return lambda line: (line.kind, sort_key(line.name), line.id)
    return lambda line: (line.submitted_at is None, -(line.submitted_at or line.changed_at).timestamp(), line.id)


def _options(session: AnySession, lines: Sequence[Line], filters: Filters, reach: Reach) -> dict[str, list[Option]]:
    """Return what each filter offers, counted under the other filters."""

    def counted(name: str, values: Callable[[Line], Iterable[Any]]) -> Counter[Any]:
        tests = [test for other, test in _tests(filters).items() if other != name]
        return Counter(value for line in lines if all(test(line) for test in tests) for value in values(line))

    kinds = counted("kind", lambda line: [line.kind] if line.kind else [])
    activities = counted("activity", lambda line: line.activities)
    areas = counted("area", lambda line: line.reached)
    named = {row[0]: row[1] for row in session.execute(
        select(Activity.id, Activity.name).where(Activity.id.in_({one for line in lines for one in line.activities}))
    )}  # fmt: skip
    states = counted("state", lambda line: [line.state])
    standings = counted("standing", lambda line: [line.standing or UNDECIDED])
    pitches = counted("pitch", lambda line: [_pitch(line)])
    return {
        "state": [Option(one, one, states[one]) for one in STATES],
        "standing": [Option(one, one, standings[one]) for one in (UNDECIDED, *STANDINGS)],
        "pitch": [Option(one, one, pitches[one]) for one in ("oui", "non")],
        "kind": [Option(one, one, kinds[one]) for one in sorted({line.kind for line in lines if line.kind})],
        "activity": _named(named, activities),
        "area": _named(reach.names, areas),
        "late": [Option("1", "", counted("late", lambda line: [line.is_late])[True])],
        "doubles": [Option("1", "", counted("doubles", lambda line: [line.is_double])[True])],
    }


def _named(names: Mapping[int, str], counts: Counter[Any]) -> list[Option]:
    ordered = sorted(names.items(), key=lambda pair: sort_key(pair[1]))
    return [Option(str(number), name, counts[number]) for number, name in ordered]
