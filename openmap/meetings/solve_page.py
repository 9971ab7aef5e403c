"""What the page of a calculation shows: where it is, level by level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import select

from openmap.extensions import AnySession
from openmap.meetings.keeping import Proposal, outcome_of, proposal_of
from openmap.meetings.models import Plan, Solve
from openmap.meetings.queries import meeting_counts, plan_before
from openmap.meetings.services import ahead_of
from openmap.meetings.solved import SolveOutcome
from openmap.meetings.wording import LEVELS, LevelLine, level_lines

PATIENCE: Final = timedelta(seconds=10)
"""How long a queued calculation waits before the page says that nobody may be there to take it."""


@dataclass(frozen=True, slots=True)
class SolvePage:
    """One calculation at one instant. ``elapsed`` is in seconds; ``meetings`` is ``None`` before the first plan.

    ``ahead`` counts the calculations that a queued one waits for. ``proposal`` is what an ended one would change.
    While it runs ``lines`` hold every level, those not reached yet without figures; ``current`` names the one at work.
    """

    solve: Solve
    elapsed: float
    meetings: int | None
    lines: Sequence[LevelLine]
    before: Plan | None
    meetings_before: int | None
    waits_long: bool
    ahead: int
    current: str
    proposal: Proposal | None = None
    outcome: SolveOutcome | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self.solve.ended_at is not None

    @property
    def is_wording(self) -> bool:
        """Whether the search is done and the reasons of what is left out are being worked out."""
        done = all(line.proved for line in self.lines)
        return (
            self.solve.state == "running"
            and self.solve.kind == "solve"
            and (done or self.elapsed > self.solve.time_limit + 1)
        )

    @property
    def difference(self) -> str:
        """Say how many interviews this plan has more or less than the version before, empty for the first."""
        if self.before is None or self.meetings is None:
            return ""
        more = self.meetings - (self.meetings_before or 0)
        if not more:
            return str(_("autant que la version %(n)s", n=self.before.version))
        sign = "+" if more > 0 else "−"
        return str(_("%(diff)s par rapport à la version %(n)s", diff=f"{sign}{abs(more)}", n=self.before.version))


def solve_page(session: AnySession, solve: Solve, *, now: datetime, page: int = 1) -> SolvePage:
    """Gather the page of a calculation as it stands at ``now``; ``page`` of those for whom something would change."""
    before = plan_before(session, solve.plan) if solve.plan is not None and solve.ended_at is not None else None
    counts = meeting_counts(session, [plan for plan in (solve.plan, before) if plan is not None])
    started = solve.started_at or solve.requested_at
    ahead = ahead_of(session, solve) if solve.state == "queued" else 0
    long = solve.state == "queued" and not ahead and now - solve.requested_at > PATIENCE
    outcome = outcome_of(session, solve) if solve.kind == "what_if" else None
    return SolvePage(
        solve=solve,
        elapsed=max(0.0, ((solve.ended_at or now) - started).total_seconds()),
        meetings=counts.get(solve.plan.id, 0) if solve.plan is not None else _heard(solve),
        lines=level_lines(outcome.document["objectives"] if outcome and outcome.document else _levels(solve)),
        current=solve.progress[-1]["name"] if solve.state == "running" and solve.progress else "",
        before=before,
        meetings_before=counts.get(before.id, 0) if before is not None else None,
        waits_long=long and not _someone_works(session),
        ahead=ahead,
        proposal=proposal_of(session, solve, page=page),
        outcome=outcome,
    )


def _heard(solve: Solve) -> int | None:
    """Return how many meetings a what-if run has found: no plan of the edition holds them."""
    heard: int | None = solve.progress[-1].get("meetings") if solve.kind == "what_if" and solve.progress else None
    return heard


def _someone_works(session: AnySession) -> bool:
    """Whether a calculation of some edition is under way: the worker is there, and busy."""
    return session.scalar(select(Solve.id).where(Solve.state == "running").limit(1)) is not None


def _levels(solve: Solve) -> list[dict[str, Any]]:
    """Return the levels of the plan once it is made; until then what is known of each, in the engine's order."""
    kept = solve.plan.objectives if solve.plan is not None else []
    if solve.ended_at is not None:
        return kept or solve.progress
    known = {level["name"]: level for level in solve.progress}
    known |= {level["name"]: level for level in kept if level["proved"]}
    if not known:
        return []
    return [known.get(name, {"name": name}) for name in LEVELS if name != "changes" or solve.kind == "repair"]
