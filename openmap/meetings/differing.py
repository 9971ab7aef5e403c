"""The differences between two plans as a page shows them: person by person, some fifty at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from openmap.extensions import AnySession
from openmap.meetings.models import Participation, Plan
from openmap.meetings.releasing import Change, differences
from openmap.web.french import sort_key

PER_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class Difference:
    """What changes for one participant."""

    person: Participation
    changes: Sequence[Change]


@dataclass(frozen=True, slots=True)
class Differences:
    """A page of those whom something changes for, buyers first; ``kinds`` counts meetings, not sides."""

    shown: Sequence[Difference]
    people: int
    kinds: Mapping[str, int]
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are, one at least."""
        return max(1, -(-self.people // PER_PAGE))


def difference_page(session: AnySession, before: Plan | None, after: Plan, *, page: int = 1) -> Differences:
    """Compare two plans of one edition."""
    found = differences(session, before, after)
    listed = list(found)
    asked = select(Participation).options(joinedload(Participation.organisation))
    people: list[Participation] = []
    for start in range(0, max(1, len(listed)), 900):
        people += session.scalars(asked.where(Participation.id.in_(listed[start : start + 900])))
    people.sort(key=lambda one: (one.side, sort_key(one.organisation.name)))
    page = max(1, min(page, max(1, -(-len(people) // PER_PAGE))))
    kinds = Counter(change.kind for person in people if person.side == "buyer" for change in found[person.id])
    part = people[(page - 1) * PER_PAGE : page * PER_PAGE]
    return Differences([Difference(one, found[one.id]) for one in part], len(people), dict(kinds), page)
