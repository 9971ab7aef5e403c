"""What the organiser's plan page shows for one address: filters in, rows out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.meetings import desk, editing
from openmap.meetings.board import Appointment, Block, Row, appointments_of, blocks_of, rows_of
from openmap.meetings.ledger import Indicators, Ledger, Load, Wished, indicators_of, ledger_of, loads_of, mutual_wishes
from openmap.meetings.models import Participation, Plan, PlanEdit, Solve, UnservedWish, Wish
from openmap.meetings.planning import is_stale
from openmap.meetings.queries import newest_solve, plans_of
from openmap.meetings.wording import LevelLine, Names, level_lines, verdict
from openmap.web.french import clock, sort_key

T = TypeVar("T")
VIEWS = ("grille", "acheteurs", "structures", "creneaux", "souhaits", "chiffres")
PER_PAGE: Final = {"grille": 50, "acheteurs": 50, "structures": 50, "creneaux": 200, "souhaits": 100, "chiffres": 1}


class UnknownVersion(Exception):
    """The address asks for a version of the plan that does not exist."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for. ``version`` is ``None`` for the working plan, ``page`` counts from 1."""

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


@dataclass(slots=True)
class Shown:
    """What the chosen view lists: a page of it, and how much there is (``found`` by the filters, ``total`` in all)."""

    rows: Sequence[Row] = ()
    slots: Sequence[Sequence[Appointment]] = ()
    left_out: Sequence[LeftOut] = ()
    found: int = 0
    total: int = 0


@dataclass(slots=True)
class PlanPage:
    """Everything the page shows. ``plan`` and what comes of it are ``None`` while there is no plan."""

    edition: Edition
    asked: Asked
    plans: Sequence[Plan]
    plan: Plan | None
    working: Plan | None
    solve: Solve | None
    blocks: Sequence[Block]
    indicators: Indicators
    shown: Shown = field(default_factory=Shown)
    left_out_total: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    slot_loads: Sequence[Load] = ()
    table_loads: Sequence[Load] = ()
    lines: Sequence[LevelLine] = ()
    verdict: str = ""
    stale: bool = False
    last_edit: PlanEdit | None = None

    @property
    def last_page(self) -> int:
        """The number of the last page of the view."""
        return max(1, -(-self.shown.found // PER_PAGE[self.asked.view]))

    @property
    def is_working(self) -> bool:
        """Whether the plan shown is the one that is worked on, and so may be corrected."""
        return self.plan is not None and self.working is not None and self.plan.id == self.working.id

    @property
    def newer(self) -> Plan | None:
        """A calculation newer than the working plan, which nobody has chosen yet."""
        made = [plan for plan in self.plans if plan.kind in desk.COUNTED]
        return made[0] if made and self.working is not None and made[0].version > self.working.version else None

    @property
    def mark(self) -> str:
        """What the forms of this page keep of the state shown."""
        return desk.mark_of(self.plan) if self.plan is not None else ""


def plan_page(session: AnySession, edition: Edition, asked: Asked) -> PlanPage:
    """Gather the page; raise UnknownVersion when the version asked for does not exist."""
    plans, working = plans_of(session, edition), desk.working_plan(session, edition)
    plan = _chosen(plans, working, asked)
    ledger, slots = ledger_of(session, edition, plan), list(edition.slots)
    page = PlanPage(
        edition=edition, asked=asked, plans=plans, plan=plan, working=working, blocks=blocks_of(slots),
        solve=newest_solve(session, edition),
        indicators=indicators_of(ledger, slots, mutual_wishes(session, edition)),
    )  # fmt: skip
    if plan is None:
        return page
    served = {meeting.wish for meeting in ledger.meetings}
    left_out = [wish for wish in ledger.wishes if wish.id not in served]
    page.left_out_total = len(left_out)
    page.shown = _shown(session, page, plan, ledger, left_out)
    page.reasons = _reasons(session, plan) if asked.view == "souhaits" else {}
    if asked.view == "chiffres":
        hours = {slot.id: clock(slot.start, edition.zone) for slot in slots}
        page.slot_loads, page.table_loads = loads_of(ledger, edition, hours)
    page.lines = level_lines(plan.objectives)
    page.verdict = verdict(page.lines, by_hand=plan.kind == "hand")
    page.stale = is_stale(session, plan)
    page.last_edit = editing.last_edit(session, plan) if page.is_working else None
    return page


def _chosen(plans: Sequence[Plan], working: Plan | None, asked: Asked) -> Plan | None:
    """Return the plan asked for, the working one when the address names none."""
    if asked.version is None:
        return working
    for plan in plans:
        if plan.version == asked.version:
            return plan
    raise UnknownVersion


def _shown(session: AnySession, page: PlanPage, plan: Plan, ledger: Ledger, left_out: Sequence[Wished]) -> Shown:
    asked = page.asked
    if asked.view == "chiffres":
        return Shown()
    named = {person.id for person in ledger.people.values() if sort_key(asked.text) in person.key}
    if asked.view == "souhaits":
        found = [wish for wish in left_out if named & {wish.buyer, wish.structure}]
        if asked.reason:
            told = select(UnservedWish.wish_id).where(UnservedWish.plan_id == plan.id)
            wanted = set(session.scalars(told.where(UnservedWish.reason == asked.reason)))
            found = [wish for wish in found if wish.id in wanted]
        lines = _left_out(session, page, plan, ledger, _page_of(found, asked))
        return Shown(left_out=lines, found=len(found), total=len(left_out))
    if asked.view == "creneaux":
        return _by_slot(session, page, plan, ledger, named)
    side = ledger.side("structure" if asked.view == "structures" else "buyer")
    people = [
        person.id
        for person in side
        if person.id in named
        or any(named & {meeting.buyer, meeting.structure} for meeting in ledger.met.get(person.id, ()))
    ]
    rows = rows_of(session, plan, ledger, _page_of(people, asked), page.blocks)
    return Shown(rows=rows, found=len(people), total=len(side))


def _page_of(found: Sequence[T], asked: Asked) -> Sequence[T]:
    size = PER_PAGE[asked.view]
    return found[(asked.page - 1) * size : asked.page * size]


def _by_slot(session: AnySession, page: PlanPage, plan: Plan, ledger: Ledger, named: set[int]) -> Shown:
    order = {slot.id: rank for rank, slot in enumerate(page.edition.slots)}
    found = [meeting for meeting in ledger.meetings if named & {meeting.buyer, meeting.structure}]
    found.sort(key=lambda one: (order[one.slot], ledger.people[one.buyer].key, one.wish))
    wanted = [meeting.wish for meeting in _page_of(found, page.asked)]
    runs: dict[int, list[Appointment]] = {}
    for appointment in appointments_of(session, plan, wishes=wanted):
        runs.setdefault(appointment.slot.id, []).append(appointment)
    return Shown(slots=list(runs.values()), found=len(found), total=len(ledger.meetings))


def _left_out(
    session: AnySession, page: PlanPage, plan: Plan, ledger: Ledger, shown: Sequence[Wished]
) -> list[LeftOut]:
    ids = [wish.id for wish in shown]
    side = joinedload(Participation.organisation)
    asked = select(Wish).where(Wish.id.in_(ids))
    asked = asked.options(joinedload(Wish.buyer).options(side), joinedload(Wish.structure).options(side))
    wishes = {wish.id: wish for wish in session.scalars(asked)}
    lines = select(UnservedWish).where(UnservedWish.plan_id == plan.id, UnservedWish.wish_id.in_(ids))
    told = {line.wish_id: line for line in session.scalars(lines)}
    names = Names.of(
        {one.code: one.name for one in ledger.people.values()}, {w.code for w in ledger.wishes}, page.edition
    )
    return [told_of(wishes[number], told.get(number), names) for number in ids]


def told_of(wish: Wish, line: UnservedWish | None, names: Names) -> LeftOut:
    """Put into words why a wish is left out."""
    return LeftOut(
        wish=wish,
        buyer=wish.buyer.organisation.name,
        structure=wish.structure.organisation.name,
        reason=line.reason if line is not None else "",
        sentence=names.told(line.sentence) if line is not None else "",
        would_need=tuple(names.told(step) for step in line.would_need) if line is not None else (),
    )


def _reasons(session: AnySession, plan: Plan) -> dict[str, int]:
    """Count the reasons, the most frequent first."""
    asked = select(UnservedWish.reason, func.count()).where(UnservedWish.plan_id == plan.id)
    counted = asked.group_by(UnservedWish.reason).order_by(func.count().desc(), UnservedWish.reason)
    return {reason: count for reason, count in session.execute(counted)}  # noqa: C416 - rows are no pairs to the types
