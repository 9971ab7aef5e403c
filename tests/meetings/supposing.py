"""A what-if run that is over, without waiting for the engine."""

from __future__ import annotations

from dataclasses import replace

from openmap.events.models import Edition
from openmap.extensions import db
from openmap.meetings import planning
from openmap.meetings.comparing import Figures, figures_of
from openmap.meetings.models import Solve
from openmap.meetings.solved import SolveOutcome
from openmap.meetings.supposing import Assumptions, supposed
from tests.factories import make_solve


def make_what_if(edition: Edition, name: str, assumptions: Assumptions, **changes: int) -> Solve:
    """Add a finished what-if run that holds one meeting; ``changes`` are figures to tell instead."""
    problem = supposed(planning.problem_of(db.session, edition), assumptions)
    plan = planning.solve(problem, time_limit=0.3, seed=1)
    document = planning.as_json(plan)
    figures: Figures = replace(figures_of(problem, plan, document["objectives"], None), **changes)
    solve = make_solve(
        edition, "finished", kind="what_if", name=name, assumptions=assumptions.as_json(), progress=[]
    )  # fmt: skip
    db.session.add(SolveOutcome(solve_id=solve.id, figures=figures.as_json(), document=document))
    db.session.commit()
    return solve
