"""From a query to the structures that answer it, best first, each with its reasons in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from openmap.directory.models import Offer, Structure
from openmap.directory.search.query import Query
from openmap.directory.search.reading import understand
from openmap.extensions import AnySession
from openmap.reference.words import folded

PER_PAGE: Final = 20


@dataclass(frozen=True, slots=True)
class Hit:
    """A structure that answers: ``reasons`` are sentences in French, ``distance_km`` counts from the place asked."""

    structure_id: int
    score: float
    reasons: list[str]
    distance_km: float | None = None


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value of a filter, with how many structures it would show beside the other filters."""

    value: str
    label: str
    count: int
    chosen: bool = False
    group: str = ""


@dataclass(frozen=True, slots=True)
class Relaxation:
    """A filter that may be dropped: the pair of the address, its name in words, how many more it would show."""

    name: str
    value: str
    label: str
    more: int


@dataclass(frozen=True, slots=True)
class Results:
    """A page of a search. ``facets`` by the name that the address gives a filter; ``notes`` are French sentences."""

    total: int
    hits: list[Hit]
    facets: Mapping[str, Sequence[FacetValue]] = field(default_factory=dict)
    relaxations: Sequence[Relaxation] = ()
    notes: Sequence[str] = ()
    page: int = 1
    pages: int = 1


def find(session: AnySession, query: Query, *, today: date) -> Results:
    """Return the page of a query, with what its filters offer."""
    ids = matching_ids(session, query, today=today)
    pages = max(1, -(-len(ids) // PER_PAGE))
    page = min(query.page, pages)
    hits = [Hit(number, 1.0, []) for number in ids[PER_PAGE * (page - 1) : PER_PAGE * page]]
    return Results(len(ids), hits, page=page, pages=pages)


def matching_ids(session: AnySession, query: Query, *, today: date) -> list[int]:
    """Return all structures that answer a query, best first."""
    _ = today
    meant = understand(session, query.words)
    asked = select(Structure).where(Structure.listed_at.is_not(None), Structure.delisted_at.is_(None))
    asked = asked.options(selectinload(Structure.offers).joinedload(Offer.activity)).order_by(Structure.id)
    found = []
    for one in session.scalars(asked):
        text = folded(" ".join([one.name, one.activity, *(offer.title for offer in one.offers)]))
        codes = {offer.activity.code for offer in one.offers if offer.activity}
        if query.kinds and not query.kinds & set(one.kinds):
            continue
        if query.activities and not query.activities & codes:
            continue
        if query.words and not any(stem in text for stem in meant.question.own):
            continue
        found.append(one.id)
    return found
