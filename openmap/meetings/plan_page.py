"""What the organiser's plan page shows for one address: filters in, rows out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.meetings.board import Board, Indicators, Row, board_of, indicators_of
from openmap.meetings.models import Plan, Solve, UnservedWish, Wish
from openmap.meetings.planning import is_stale
from openmap.meetings.queries import attendance_of, contents_of, newest_solve, plans_of, wishes_of
from openmap.meetings.wording import LevelLine, Names, level_lines, verdict
from openmap.web.french import sort_key

VIEWS = ("grille", "acheteurs", "structures", "souhaits")
PER_PAGE = 100


class UnknownVersion(Exception):
    """The address asks for a version of the plan that does not exist."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for. ``version`` is ``None`` for the newest plan, ``page`` counts from 1."""

    view: str = "grille"
    version: int | None = None
    text: str = ""
    reason: str = ""
    page: int = 1

    @classmethod
    def of(cls, args: Mapping[str, str]) -> Asked:
        """Read the query string; raise UnknownVersion for a version that is not a number."""
        version = args.get("version", "")
        if version and not (version.isascii() and version.isdigit() and len(version) < 9):
            raise UnknownVersion
        view, page = args.get("vue", ""), args.get("page", "")
        return cls(
            view=view if view in VIEWS else VIEWS[0],
            version=int(version) if version else None,
            text=args.get("q", "").strip()[:100],
            reason=args.get("motif", ""),
            page=max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 6 else 1,
        )

    def args(self, **changes: object) -> dict[str, object]:
        """Return the query string that asks for this with ``changes``; what is empty is left out."""
        mine = {"vue": self.view, "version": self.version, "q": self.text, "motif": self.reason, "page": self.page}
        merged = mine | changes
        return {name: value for name, value in merged.items() if value and (name, value) != ("page", 1)}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A wish that the plan does not serve, in words. ``reason`` is empty until the engine has told it."""

    wish: Wish
    buyer: str
    structure: str
    reason: str
    sentence: str
    would_need: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlanPage:
    """Everything the page shows. ``plan`` and what comes of it are ``None`` while there is no plan."""

    edition: Edition
    asked: Asked
    plans: Sequence[Plan]
    plan: Plan | None
    solve: Solve | None
    board: Board
    rows: Sequence[Row]
    row_total: int
    left_out: Sequence[LeftOut]
    left_out_found: int
    left_out_total: int
    reasons: Mapping[str, int]
    indicators: Indicators
    lines: Sequence[LevelLine]
    verdict: str
    stale: bool

    @property
    def last_page(self) -> int:
        """The number of the last page of wishes."""
        return max(1, -(-self.left_out_found // PER_PAGE))

    @property
    def is_newest(self) -> bool:
        """Whether the plan shown is the last version."""
        return self.plan is not None and self.plan.version == self.plans[0].version


def plan_page(session: AnySession, edition: Edition, asked: Asked) -> PlanPage:
    """Gather the page; raise UnknownVersion when the version asked for does not exist."""
    plans = plans_of(session, edition)
    plan = _chosen(plans, asked)
    attendance, wishes = attendance_of(session, edition), wishes_of(session, edition)
    meetings, unserved = contents_of(session, plan) if plan is not None else ([], [])
    board = board_of(edition.slots, attendance, wishes, meetings)
    served = {meeting.wish_id for meeting in meetings}
    names = Names(attendance.people.values(), wishes, edition)
    people = {person.id: person.organisation.name for person in attendance.people.values()}
    told = {line.wish_id: line for line in unserved}
    left_out = [wish for wish in wishes if wish.id not in served]
    found = [
        wish
        for wish in left_out
        if _mentions(asked.text, people[wish.buyer_id], people[wish.structure_id])
        and asked.reason in ("", told[wish.id].reason if wish.id in told else "")
    ]
    shown = found[(asked.page - 1) * PER_PAGE : asked.page * PER_PAGE]
    every = board.structures if asked.view == "structures" else board.buyers
    rows = [row for row in every if _row_matches(row, asked.text)]
    lines = level_lines(plan.objectives) if plan is not None else []
    return PlanPage(
        edition=edition,
        asked=asked,
        plans=plans,
        plan=plan,
        solve=newest_solve(session, edition),
        board=board,
        rows=rows,
        row_total=len(every),
        left_out=[_left_out(wish, people, told.get(wish.id), names) for wish in shown],
        left_out_found=len(found),
        left_out_total=len(left_out),
        reasons=_counts(unserved),
        indicators=indicators_of(board, wishes),
        lines=lines,
        verdict=verdict(lines),
        stale=plan is not None and is_stale(session, plan),
    )


def _chosen(plans: Sequence[Plan], asked: Asked) -> Plan | None:
    """Return the plan asked for, the newest when the address names none."""
    if asked.version is None:
        return plans[0] if plans else None
    for plan in plans:
        if plan.version == asked.version:
            return plan
    raise UnknownVersion


def _left_out(wish: Wish, people: Mapping[int, str], told: UnservedWish | None, names: Names) -> LeftOut:
    return LeftOut(
        wish=wish,
        buyer=people[wish.buyer_id],
        structure=people[wish.structure_id],
        reason=told.reason if told is not None else "",
        sentence=names.told(told.sentence) if told is not None else "",
        would_need=tuple(names.told(step) for step in told.would_need) if told is not None else (),
    )


def _mentions(text: str, *names: str) -> bool:
    """Say whether a name contains the text, without regard to accents or case."""
    wanted = sort_key(text)
    return any(wanted in sort_key(name) for name in names)


def _row_matches(row: Row, text: str) -> bool:
    partners = (appointment.other(row.person).organisation.name for appointment in row.appointments)
    return _mentions(text, row.person.organisation.name, *partners)


def _counts(unserved: Sequence[UnservedWish]) -> dict[str, int]:
    """Count the reasons, the most frequent first."""
    return dict(Counter(line.reason for line in unserved).most_common())
