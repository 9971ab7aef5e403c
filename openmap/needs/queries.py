"""Reads of needs: a buyer's own, and those that matching and wishes are made from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from openmap.directory.models import Buyer, Delegate
from openmap.extensions import AnySession
from openmap.needs.models import STATES, Need
from openmap.people.models import Person
from openmap.reference.models import Activity

PER_PAGE: Final = 50
WHEN: Final = ("coming", "past", "undated")


@dataclass(frozen=True, slots=True)
class OwnNeeds:
    """A page of a buyer's needs, with how many there are in each state and before or after today."""

    rows: list[Need]
    states: dict[str, int]
    whens: dict[str, int]
    total: int
    everything: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are, one at least."""
        return max(1, -(-self.total // PER_PAGE))


def needs_of_buyer(
    session: AnySession, buyer: Buyer, *, today: date, state: str = "", when: str = "", page: int = 1
) -> OwnNeeds:
    """Return a buyer's needs of a ``state`` and of one of ``WHEN``, the soonest first, those without a date last."""
    own = Need.buyer_id == buyer.id
    dated: dict[str, Any] = {
        "coming": Need.ends_on >= today,
        "past": Need.ends_on < today,
        "undated": Need.ends_on.is_(None),
    }
    in_state = Need.state == state if state in STATES else Need.state.in_(STATES)
    in_time = dated.get(when, or_(*dated.values()))
    grouped = select(Need.state, func.count()).where(own, in_time).group_by(Need.state)
    states = dict.fromkeys(STATES, 0) | {row[0]: row[1] for row in session.execute(grouped)}
    timed = select(*(func.count().filter(dated[name]) for name in WHEN)).select_from(Need).where(own, in_state)
    whens = dict(zip(WHEN, session.execute(timed).one(), strict=True))
    total = states[state] if state in STATES else sum(states.values())
    everything = session.scalar(select(func.count()).select_from(Need).where(own)) or 0
    page = max(1, min(page, max(1, -(-total // PER_PAGE))))
    asked = select(Need).where(own, in_state, in_time)
    asked = asked.order_by(Need.starts_on.is_(None), Need.starts_on, Need.id).limit(PER_PAGE)
    rows = list(session.scalars(with_words(asked).offset(PER_PAGE * (page - 1))))
    return OwnNeeds(rows, states, whens, total, everything, page)


def declared_needs(
    session: AnySession,
    *,
    buyers: Iterable[int] | None = None,
    visible: Sequence[str] = ("public", "participants"),
    since: date | None = None,
) -> list[Need]:
    """Return the declared needs of these buyers (ids; all by default) and visibilities, the soonest first.

    ``since`` leaves out those that were over before it; one without a date stays. Activities with their trades, areas
    and communes come with them: the number of queries is the same for any number of needs.
    """
    asked = select(Need).where(Need.state == "declared", Need.visibility.in_(visible))
    if buyers is not None:
        asked = asked.where(Need.buyer_id.in_(list(buyers)))
    if since is not None:
        asked = asked.where(or_(Need.ends_on.is_(None), Need.ends_on >= since))
    asked = asked.order_by(Need.starts_on.is_(None), Need.starts_on, Need.title, Need.id)
    return list(session.scalars(with_words(asked)))


def with_words(asked: Select[Need]) -> Select[Need]:
    """Load with each need what it is told with, in one statement a table."""
    return asked.options(
        joinedload(Need.buyer),
        selectinload(Need.activities).joinedload(Activity.trade),
        selectinload(Need.areas),
        selectinload(Need.communes),
    )


def own_buyers(session: AnySession, person: Person) -> list[tuple[Buyer, int]]:
    """Return the buyers that ``person`` acts for, by name, with how many needs each has."""
    counted = select(Need.buyer_id, func.count().label("count")).group_by(Need.buyer_id).subquery()
    asked = (
        select(Buyer, func.coalesce(counted.c.count, 0))
        .join(Delegate, Delegate.organisation_id == Buyer.id)
        .outerjoin(counted, counted.c.buyer_id == Buyer.id)
        .where(Delegate.person_id == person.id)
        .order_by(Buyer.name)
    )
    return [(row[0], row[1]) for row in session.execute(asked)]
