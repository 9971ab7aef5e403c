"""Who has met whom at an edition before: read from the plan that each of them kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import aliased

from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.meetings.models import Desk, Meeting, Participation, Plan, Release, Wish

_KEPT_KINDS: Final = ("solve", "repair", "hand", "restored")


@dataclass(frozen=True, slots=True, order=True)
class Encounter:
    """An edition at which two organisations had an interview."""

    held_on: date
    title: str


def met_before(session: AnySession, edition: Edition) -> Mapping[tuple[int, int], list[Encounter]]:
    """Return the former encounters of organisations (buyer, structure), oldest first; three queries.

    An edition's plan is the newest that it published; else its working plan, else the newest that was made.
    """
    plans = kept_plans(session, edition.held_on)
    buyer, structure = aliased(Participation), aliased(Participation)
    asked = (
        select(buyer.organisation_id, structure.organisation_id, Edition.held_on, Edition.title)
        .select_from(Meeting)
        .join(Wish, Wish.id == Meeting.wish_id)
        .join(buyer, buyer.id == Wish.buyer_id)
        .join(structure, structure.id == Wish.structure_id)
        .join(Edition, Edition.id == Wish.edition_id)
        .where(Meeting.plan_id.in_(plans))
    )
    met: defaultdict[tuple[int, int], list[Encounter]] = defaultdict(list)
    for one, other, held_on, title in session.execute(asked):
        met[one, other].append(Encounter(held_on, title))
    return {pair: sorted(encounters) for pair, encounters in met.items()}


def kept_plans(session: AnySession, day: date) -> list[int]:
    """Return one plan for each edition held before a day: the one by which its interviews took place; two queries."""
    earlier = Edition.held_on < day
    made = (
        select(Plan.edition_id, Plan.id, Desk.plan_id)
        .join(Edition, Edition.id == Plan.edition_id)
        .outerjoin(Desk, Desk.edition_id == Plan.edition_id)
        .where(earlier, Plan.kind.in_(_KEPT_KINDS))
        .order_by(Plan.version)
    )
    published = (
        select(Release.edition_id, Release.plan_id)
        .join(Edition, Edition.id == Release.edition_id)
        .where(earlier, Release.published_at.is_not(None))
        .order_by(Release.number)
    )
    kept = {edition_id: desk or newest for edition_id, newest, desk in session.execute(made)}
    kept |= dict(session.execute(published).all())
    return sorted(kept.values())
