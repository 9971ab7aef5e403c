"""What plans are worth side by side: the same figures for the working plan and for each what-if run."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.meetings import planning
from openmap.meetings.models import Choice, Participation, Plan, Wish

if TYPE_CHECKING:
    from openmap.meetings.planning import AnyPlan, AnyProblem


@dataclass(frozen=True, slots=True)
class Figures:
    """What a plan gives, counted on its meetings and not taken from the engine's word.

    ``mutual`` counts wishes of both sides, ``None`` where no side has told its choices. ``covered`` of ``people`` who
    have a wish meet someone; they have from ``fewest`` to ``most`` meetings. ``seats`` is tables × slots, ``None``
    where tables are not counted. ``proved`` of ``levels`` are proved; ``seconds`` of search.
    """

    slots: int
    held: int
    asked: int
    mutual: int | None
    mutual_asked: int | None
    required: int
    required_asked: int
    covered: int
    people: int
    value: int
    value_asked: int
    fewest: int
    most: int
    idle: int
    seats: int | None
    proved: int
    levels: int
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """Return what is kept of a what-if run."""
        return asdict(self)


def figures_of(
    problem: AnyProblem, plan: AnyPlan, levels: Sequence[Mapping[str, Any]], mutual: Collection[str] | None
) -> Figures:
    """Count what ``plan`` gives; ``levels`` are the engine's, ``mutual`` the codes of the wishes of both sides."""
    wishes = {wish.id: wish for wish in problem.requests}
    held = [meeting.request for meeting in plan.meetings if meeting.request in wishes]
    meets = Counter(code for wish in held for code in (wishes[wish].buyer, wishes[wish].structure))
    wished = {code for wish in problem.requests for code in (wish.buyer, wish.structure)}
    each = [meets[code] for code in wished]
    return Figures(
        slots=len(problem.slots),
        held=len(held),
        asked=len(wishes),
        mutual=None if mutual is None else sum(wish in mutual for wish in held),
        mutual_asked=None if mutual is None else sum(wish in mutual for wish in wishes),
        required=sum(wishes[wish].required for wish in held),
        required_asked=sum(wish.required for wish in problem.requests),
        covered=sum(count > 0 for count in each),
        people=len(each),
        value=sum(wishes[wish].value for wish in held),
        value_asked=sum(wish.value for wish in problem.requests),
        fewest=min(each, default=0),
        most=max(each, default=0),
        idle=_idle(problem, plan),
        seats=None if problem.tables is None else len(problem.tables) * len(problem.slots),
        proved=sum(bool(level.get("proved")) for level in levels),
        levels=len(levels),
        seconds=plan.seconds,
    )


def _idle(problem: AnyProblem, plan: AnyPlan) -> int:
    """Count the slots in which someone, available, waits between two meetings of a block."""
    ranks = {slot.id: rank for rank, slot in enumerate(problem.slots)}
    blocks: dict[str, int] = defaultdict(int)
    for slot, rank in ranks.items():
        blocks[problem.slots[ranks[slot]].block] |= 1 << rank
    busy: dict[str, int] = defaultdict(int)
    for meeting in plan.meetings:
        if meeting.slot in ranks:
            for code in (meeting.buyer, meeting.structure):
                busy[code] |= 1 << ranks[meeting.slot]
    idle = 0
    for person in problem.participants:
        here = -1 if person.available is None else sum(1 << ranks[code] for code in person.available if code in ranks)
        for block in blocks.values():
            met = busy[person.id] & block if person.id in busy else 0
            if met:
                span = ((1 << met.bit_length()) - (met & -met)) & block
                idle += (span & here & ~met).bit_count()
    return idle


def mutual_wishes(session: AnySession, edition: Edition) -> frozenset[str] | None:
    """Return the codes of the wishes that both sides want or hold for a must; ``None`` while nobody has chosen."""
    asked = select(Choice.participation_id, Choice.other_id, Choice.level)
    asked = asked.join(Participation, Participation.id == Choice.participation_id)
    rows = session.execute(asked.where(Participation.edition_id == edition.id)).all()
    if not rows:
        return None
    wanted = {(one, other) for one, other, level in rows if level in {"must", "want"}}
    wishes = select(Wish.code, Wish.buyer_id, Wish.structure_id).where(
        Wish.edition_id == edition.id, Wish.withdrawn_at.is_(None)
    )
    return frozenset(
        code
        for code, buyer, structure in session.execute(wishes)
        if (buyer, structure) in wanted and (structure, buyer) in wanted
    )


def figures_of_plan(session: AnySession, plan: Plan) -> Figures:
    """Count what a stored plan gives for today's wishes and room."""
    problem = planning.problem_of(session, plan.edition)
    mutual = mutual_wishes(session, plan.edition)
    return figures_of(problem, planning.plan_of(session, plan), plan.objectives, mutual)
