"""The jobs of this room: fetch by id, call a service."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Final

from flask import current_app

from openmap.extensions import db
from openmap.jobs import enqueue, job, queue_of
from openmap.meetings import services
from openmap.meetings.models import Solve

log = logging.getLogger(__name__)

FORGOTTEN_AFTER: Final = timedelta(seconds=10)
"""A calculation that has waited for so long beside an idle worker has lost its job."""


def clock() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)


@job
def solve_edition(solve_id: int) -> None:
    """Run a queued calculation, then hand out the one of its edition that waits next."""
    stopping = queue_of(current_app).stopping
    services.run_solve(db.session, solve_id, clock=clock, stopping=stopping.is_set)
    solve = db.session.get(Solve, solve_id)
    if solve is not None:
        log.info("Calcul %s (%s) : %s", solve.id, solve.edition.slug, solve.message)
        following = services.next_in_turn(db.session, solve.edition_id)
        if solve.ended_at is not None and following is not None:
            enqueue_solve(following)


def enqueue_solve(solve_id: int) -> None:
    """Hand a queued calculation to the workers."""
    enqueue(solve_edition, solve_id)


def tend() -> None:
    """Tell which calculations were lost with their worker, and hand out again those whose job was lost."""
    for solve_id in services.mark_lost(db.session, now=clock()):
        log.warning("Calcul %s : interrompu, son programme ne répond plus.", solve_id)
    if queue_of(current_app).is_idle:
        resume(before=clock() - FORGOTTEN_AFTER)


def resume(before: datetime | None = None) -> None:
    """Hand out what was asked for before this instant and still waits; a job delivered twice runs once."""
    for solve_id in services.queued_solves(db.session, before=before or clock()):
        enqueue_solve(solve_id)
