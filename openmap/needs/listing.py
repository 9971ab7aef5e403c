"""The list of what buyers intend to buy in the next eighteen months: filters, counts, pages and the timeline.

The list works on one light line a need, read whole in a handful of statements whatever their number: filters, counts
and the timeline are then plain Python, with the same folding of accents as everywhere. Each sees only the needs that
their visibility opens to them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Final

from sqlalchemy import Select, select, union_all

from openmap.directory.models import Buyer
from openmap.extensions import AnySession
from openmap.needs.labels import AMOUNT_LABELS, LEVER_LABELS
from openmap.needs.models import Need, need_activities, need_areas, need_communes
from openmap.needs.periods import horizon, place_of, quarters_from
from openmap.needs.permissions import buyers_of_edition, open_to
from openmap.needs.queries import with_words
from openmap.people.models import Person
from openmap.reference.labels import level_label
from openmap.reference.models import Activity, Area, AreaCommune, Trade
from openmap.reference.words import folded
from openmap.web.french import quarter, sort_key

PER_PAGE: Final = 30
NO_TRADE: Final = 0


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to; empty means all. ``area``, ``trade`` and ``activity`` are ids."""

    words: str = ""
    trade: int | None = None
    activity: int | None = None
    area: int | None = None
    quarter: str = ""
    lever: str = ""
    amount: str = ""
    edition: int | None = None

    @property
    def is_narrow(self) -> bool:
        """Whether something is filtered."""
        return any(getattr(self, one.name) not in {"", None} for one in fields(self))


@dataclass(frozen=True, slots=True)
class Line:
    """A need as the list filters it."""

    id: int
    quarter: str
    certainty: str
    lever: str
    amount: str
    activities: frozenset[int]
    trades: frozenset[int]
    words: str
    order: tuple[date, str, int]


@dataclass(frozen=True, slots=True)
class Option:
    """Something that a filter offers, with how many needs it would show; ``group`` is the title it stands under."""

    value: str
    label: str
    count: int
    group: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """The needs of a trade that begin in a quarter."""

    quarter: str
    lines: Sequence[Line]

    @property
    def certainties(self) -> Mapping[str, int]:
        """How many are certain, probable, an idea."""
        return Counter(line.certainty for line in self.lines)


@dataclass(slots=True)
class Listed:
    """The needs that someone may see: all lines, those that the filters show in order, and what filters offer."""

    lines: list[Line]
    shown: list[Line]
    options: dict[str, list[Option]]
    trades: dict[int, str]
    quarters: list[str]
    page: int = 1

    @property
    def total(self) -> int:
        """How many needs the filters show."""
        return len(self.shown)

    @property
    def pages(self) -> int:
        """How many pages there are, one at least."""
        return max(1, -(-len(self.shown) // PER_PAGE))

    @property
    def rows(self) -> list[int]:
        """The ids of the page."""
        return [line.id for line in self.shown[PER_PAGE * (self.page - 1) : PER_PAGE * self.page]]

    def timeline(self) -> list[tuple[int, str, list[Cell]]]:
        """Return the trades that have needs, by name, with a cell a quarter; a need of two trades stands in both."""
        held: dict[int, dict[str, list[Line]]] = defaultdict(lambda: defaultdict(list))
        for line in self.shown:
            for trade in line.trades or {NO_TRADE}:
                held[trade][line.quarter].append(line)
        named = sorted(held, key=lambda trade: (trade == NO_TRADE, sort_key(self.trades.get(trade, ""))))
        return [
            (trade, self.trades.get(trade, ""), [Cell(code, held[trade][code]) for code in self.quarters])
            for trade in named
        ]


def listed(session: AnySession, person: Person | None, filters: Filters, *, today: date, page: int = 1) -> Listed:
    """Return the declared needs of the eighteen months that ``person`` may see: filtered, counted, soonest first."""
    base = _open(person, filters, today)
    trades = {row[0]: row[1] for row in session.execute(select(Trade.id, Trade.name))}
    activities = {row.id: row for row in session.execute(select(Activity.id, Activity.name, Activity.trade_id))}
    lines = _lines(session, base, trades, activities, today, searched=bool(filters.words))
    inside = None if filters.area is None else _reaching(session, filters.area)
    tests = _tests(filters, inside)
    shown = sorted((line for line in lines if all(test(line) for test in tests.values())), key=lambda line: line.order)
    quarters = quarters_from(today)
    found = Listed(lines, shown, {}, trades, quarters)
    found.options = _options(session, found, filters, tests, activities)
    found.page = max(1, min(page, found.pages))
    return found


def whole(session: AnySession, ids: Sequence[int]) -> list[Need]:
    """Return these needs with everything that is told of them, in this order."""
    rank = {number: place for place, number in enumerate(ids)}
    asked = with_words(select(Need).where(Need.id.in_(ids)))
    return sorted(session.scalars(asked), key=lambda one: rank[one.id]) if ids else []


def _open(person: Person | None, filters: Filters, today: date) -> Select[Any]:
    asked = select(Need).where(open_to(person), Need.ends_on >= today, Need.starts_on <= horizon(today))
    if filters.edition is not None:
        for buyers in buyers_of_edition(filters.edition):
            asked = asked.where(Need.buyer_id.in_(buyers))
    return asked


def _lines(
    session: AnySession,
    base: Select[Any],
    trades: Mapping[int, str],
    activities: Mapping[int, Any],
    today: date,
    *,
    searched: bool,
) -> list[Line]:
    """Return a line a need; its words only where they are searched, for folding them is what takes time."""
    rows = session.execute(
        base.join(Buyer, Buyer.id == Need.buyer_id).with_only_columns(
            Need.id, Need.title, Need.description, Need.lots, Need.cpv, Need.starts_on, Need.certainty, Need.lever,
            Need.amount, Buyer.name.label("buyer"),
        )
    ).all()  # fmt: skip
    chosen: dict[int, list[int]] = defaultdict(list)
    asked = select(need_activities.c.need_id, need_activities.c.activity_id)
    for need_id, activity_id in session.execute(
        asked.where(need_activities.c.need_id.in_(base.with_only_columns(Need.id)))
    ):
        chosen[need_id].append(activity_id)
    lines = []
    for row in rows:
        mine = [activities[one] for one in chosen[row.id]]
        held = frozenset(one.trade_id for one in mine)
        texts = [row.title, row.description, row.lots, row.buyer, *row.cpv, *(one.name for one in mine)]
        words = folded(" ".join([*texts, *(trades[one] for one in held)])) if searched else ""
        lines.append(
            Line(
                row.id, place_of(row.starts_on, today), row.certainty, row.lever, row.amount,
                frozenset(chosen[row.id]), held, words, (row.starts_on, sort_key(row.title), row.id),
            )
        )  # fmt: skip
    return lines


def _reaching(session: AnySession, area_id: int) -> frozenset[int]:
    """Return the needs carried out in some commune of an area, whatever level they were stated at."""
    inside = select(AreaCommune.commune_code).where(AreaCommune.area_id == area_id)
    sharing = select(AreaCommune.area_id).where(AreaCommune.commune_code.in_(inside))
    found = union_all(
        select(need_areas.c.need_id).where(need_areas.c.area_id.in_(sharing)),
        select(need_communes.c.need_id).where(need_communes.c.commune_code.in_(inside)),
    )
    return frozenset(session.scalars(found))


def _tests(filters: Filters, inside: frozenset[int] | None) -> dict[str, Callable[[Line], bool]]:
    """Return the test of each filter, by its name."""
    words = folded(filters.words).split()
    return {
        "words": lambda line: all(f" {word}" in f" {line.words}" for word in words),
        "trade": lambda line: filters.trade is None or filters.trade in (line.trades or {NO_TRADE}),
        "activity": lambda line: filters.activity is None or filters.activity in line.activities,
        "area": lambda line: inside is None or line.id in inside,
        "quarter": lambda line: not filters.quarter or line.quarter == filters.quarter,
        "lever": lambda line: not filters.lever or line.lever == filters.lever,
        "amount": lambda line: not filters.amount or line.amount == filters.amount,
    }


def _options(
    session: AnySession,
    found: Listed,
    filters: Filters,
    tests: Mapping[str, Callable[[Line], bool]],
    activities: Mapping[int, Any],
) -> dict[str, list[Option]]:
    """Return what each filter offers, counted under the other filters."""

    def counted(name: str, values: Callable[[Line], Iterable[Any]]) -> Counter[Any]:
        others = [test for other, test in tests.items() if other != name]
        return Counter(value for line in found.lines if all(test(line) for test in others) for value in values(line))

    trades = counted("trade", lambda line: line.trades)
    used = counted("activity", lambda line: line.activities)
    quarters = counted("quarter", lambda line: [line.quarter])
    levers = counted("lever", lambda line: [line.lever])
    amounts = counted("amount", lambda line: [line.amount])
    stated = {one for line in found.lines for one in line.activities} | {filters.activity}
    named = sorted((one for one in activities if one in stated), key=lambda one: sort_key(activities[one].name))
    inside = sorted({one for line in found.lines for one in line.trades}, key=lambda one: sort_key(found.trades[one]))
    return {
        "trade": [Option(str(one), found.trades[one], trades[one]) for one in inside],
        "activity": [Option(str(one), activities[one].name, used[one]) for one in named],
        "area": [
            Option(str(one.id), one.name, 0, level_label(one.level))
            for one in session.scalars(select(Area).order_by(Area.level.desc(), Area.code))
        ],
        "quarter": [Option(code, quarter(code), quarters[code]) for code in found.quarters],
        "lever": [Option(code, str(label), levers[code]) for code, label in LEVER_LABELS.items()],
        "amount": [Option(code, str(label), amounts[code]) for code, label in AMOUNT_LABELS.items() if code],
    }
