"""A first plan of the wishes told so far, and what it would be with other means: nobody in it is real."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import select

from openmap.events.models import Edition
from openmap.extensions import db
from openmap.meetings.completing import complete
from openmap.meetings.models import Participation, Solve
from openmap.meetings.services import plan_now, request_solve, run_solve
from openmap.meetings.supposing import Assumptions, Someone
from openmap.people.models import ORGANISER, Person

SECONDS: Final = 3.0


def demo_supposing(edition: Edition, people: Mapping[str, Person], now: datetime) -> None:
    """Plan the edition, and suppose more slots, half of them, and a buyer who comes with two people; once."""
    if db.session.scalar(select(Solve.id).where(Solve.edition_id == edition.id).limit(1)) is not None:
        return
    by = people[ORGANISER]
    complete(db.session, edition, by=by, now=now)
    db.session.commit()
    plan_now(db.session, edition, time_limit=SECONDS, seed=1, clock=_now)
    asked = select(Participation).where(Participation.edition_id == edition.id, Participation.side == "buyer")
    first = db.session.scalars(asked.order_by(Participation.id)).first()
    last = edition.slots[-1].end.astimezone(edition.zone)
    supposed = [
        ("Deux créneaux de plus", Assumptions(more=2, start=last.isoformat(), minutes=15)),
        ("Une matinée de six créneaux", Assumptions(fewer=6)),
    ]
    if first is not None:
        pair = (Someone(first.code, delegates=2),)
        supposed.append(("Six créneaux, un acheteur vient à deux", Assumptions(fewer=6, people=pair)))
    for name, assumptions in supposed:
        run = request_solve(
            db.session, edition, time_limit=SECONDS, seed=1, now=_now(), kind="what_if", name=name,
            assumptions=assumptions, by=by,
        )  # fmt: skip
        run_solve(db.session, run.id, clock=_now)


def _now() -> datetime:
    return datetime.now(UTC)
