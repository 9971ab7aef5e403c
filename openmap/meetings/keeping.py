"""What a calculation proposes: its difference with the working plan, and what an organiser decides of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from flask_babel import gettext as _
from sqlalchemy import CursorResult, func, select, update
from sqlalchemy.orm import joinedload

from openmap.events.models import Edition
from openmap.extensions import AnySession, insert_unless_there
from openmap.meetings import desk, releasing
from openmap.meetings.models import Participation, Plan, PlanEdit, Solve
from openmap.meetings.solved import SolveOutcome
from openmap.people import journal
from openmap.people.models import Person
from openmap.web.french import sort_key

PER_PAGE: Final = 50


class AlreadyDecided(desk.RefusedPlan):
    """Someone has kept or dropped it already; the message says which."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What would change if a calculation's plan became the working plan, by participant, a page of them.

    ``counts`` has meetings by kind of change. ``seen`` names the working plan as it is shown. ``corrections`` were
    made by hand to it since the calculation began. ``outcome`` is set once someone has decided.
    """

    working: Plan | None
    plan: Plan
    seen: str
    people: Sequence[tuple[Participation, Sequence[releasing.Change]]]
    total: int
    page: int
    counts: Mapping[str, int]
    corrections: int
    outcome: SolveOutcome | None

    @property
    def pages(self) -> int:
        """How many pages of participants there are."""
        return max(1, -(-self.total // PER_PAGE))

    @property
    def is_working(self) -> bool:
        """Whether it is the working plan already."""
        return self.working is not None and self.working.id == self.plan.id

    @property
    def is_open(self) -> bool:
        """Whether someone still has to decide."""
        return not self.is_working and (self.outcome is None or self.outcome.decision is None)


def seen_of(plan: Plan | None) -> str:
    """Name a working plan as it is now, so that a decision is taken on what was shown."""
    return "0" if plan is None else f"{plan.id}-{plan.revision}"


def outcome_of(session: AnySession, solve: Solve) -> SolveOutcome | None:
    """Return what came of a calculation, with who decided."""
    asked = select(SolveOutcome).where(SolveOutcome.solve_id == solve.id).options(joinedload(SolveOutcome.person))
    return session.scalars(asked).one_or_none()


def proposal_of(session: AnySession, solve: Solve, *, page: int = 1) -> Proposal | None:
    """Return what an ended calculation proposes; ``None`` where it made no plan. A fixed number of queries."""
    if solve.plan is None or solve.ended_at is None:
        return None
    working, plan = desk.working_plan(session, solve.edition), solve.plan
    found: dict[int, list[releasing.Change]] = {}
    if working is not None and working.id != plan.id:
        found = releasing.differences(session, working, plan)
    asked = select(Participation).where(Participation.edition_id == solve.edition_id)
    people = [one for one in session.scalars(asked.options(joinedload(Participation.organisation))) if one.id in found]
    people.sort(key=lambda one: (one.side, sort_key(one.organisation.name)))
    # A meeting changes for both of its sides: the buyers' changes are each told once.
    counts = Counter(change.kind for one in people if one.side == "buyer" for change in found[one.id])
    begins = (page - 1) * PER_PAGE
    return Proposal(
        working=working, plan=plan, seen=seen_of(working),
        people=[(one, found[one.id]) for one in people[begins : begins + PER_PAGE]],
        total=len(people), page=page, counts=counts, corrections=_corrections(session, working, solve),
        outcome=outcome_of(session, solve),
    )  # fmt: skip


def _corrections(session: AnySession, working: Plan | None, solve: Solve) -> int:
    if working is None or solve.started_at is None:
        return 0
    made = select(func.count()).select_from(PlanEdit)
    made = made.where(PlanEdit.plan_id == working.id, PlanEdit.at > solve.started_at, PlanEdit.undone_at.is_(None))
    return session.scalar(made) or 0


def keep(session: AnySession, edition: Edition, solve: Solve, *, seen: str, by: Person, now: datetime) -> None:
    """Make a calculation's plan the working plan.

    Raises AlreadyDecided; ChangedMeanwhile when the working plan is not the one that was ``seen``; RefusedPlan.
    """
    journal.lock(session)
    if solve.plan is None or solve.ended_at is None:
        raise desk.RefusedPlan(_("Ce calcul n’a pas de planning à garder."))
    decide(session, solve, "kept", by=by, now=now)
    working = desk.working_plan(session, edition)
    if working is not None:
        session.refresh(working)
    if seen_of(working) != seen:
        raise desk.ChangedMeanwhile(
            _(
                "Le planning en cours a changé depuis que cette page est ouverte : rien n’a été fait. "
                "Relisez la différence."
            )
        )
    desk.choose(session, edition, solve.plan, by=by, now=now)


def drop(session: AnySession, solve: Solve, *, by: Person, now: datetime) -> None:
    """Leave a calculation's plan aside: it stays among the versions. Raises AlreadyDecided, RefusedPlan."""
    journal.lock(session)
    if solve.plan is None or solve.ended_at is None:
        raise desk.RefusedPlan(_("Ce calcul n’a pas de planning à laisser de côté."))
    decide(session, solve, "dropped", by=by, now=now)
    versions: dict[str, list[Any]] = {"version": [solve.plan.version, None]}
    journal.record(session, "solve.dropped", solve, by=by, now=now, edition_id=solve.edition_id, changes=versions)


def decide(session: AnySession, solve: Solve, decision: str, *, by: Person, now: datetime) -> None:
    """Note what is decided of a calculation, for exactly one of those who decide at once. Raises AlreadyDecided."""
    insert_unless_there(session, SolveOutcome, solve_id=solve.id, figures={}, document={})
    taken = session.execute(
        update(SolveOutcome)
        .where(SolveOutcome.solve_id == solve.id, SolveOutcome.decision.is_(None))
        .values(decision=decision, decided_at=now, person_id=by.id)
    )
    if not cast("CursorResult[Any]", taken).rowcount:
        raise AlreadyDecided(_("Quelqu’un a déjà décidé de ce calcul : rien n’a été fait. Voici son état présent."))
    session.expire_all()
