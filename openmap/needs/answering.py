"""From a need to the structures that could answer it, by the directory's own search.

Sets of structures that answer together come with the atlas: ``Answers`` is where they will stand, beside the ranking.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from openmap.directory.models import Structure
from openmap.directory.search.finding import Hit, Results, find
from openmap.directory.search.legal import SOCIAL
from openmap.directory.search.query import LONGEST_WORDS, Query
from openmap.extensions import AnySession
from openmap.needs.models import Need

RESERVED: Final = frozenset({"reserved_lot", "reserved_contract"})


@dataclass(frozen=True, slots=True)
class Place:
    """A place where a need is to be carried out: « niveau:code », as the search has it, and its name."""

    value: str
    name: str


@dataclass(frozen=True, slots=True)
class Answers:
    """A page of the structures that answer, each with its reasons, and the question that was asked of the directory."""

    query: Query
    results: Results
    found: Sequence[tuple[Structure, Hit]]


def places_of(need: Need) -> list[Place]:
    """Return where a need is to be carried out, single communes first: the narrowest place is the hardest to serve."""
    communes = [Place(f"commune:{one.code}", one.name) for one in need.communes]
    return communes + [Place(f"{one.level}:{one.code}", one.name) for one in need.areas]


def query_of(need: Need, *, place: str = "", page: int = 1) -> Query:
    """Return what a need asks of the directory: its object, CPV codes and activities, in one of its places.

    The activities rank, they do not narrow: a structure that tells its offer in words only is found as well. A lot or
    contract that is to be reserved keeps to insertion and handicap.
    """
    named = [place] if place else [one.value for one in places_of(need)]
    words = " ".join([*need.cpv[:3], need.title, *(one.name for one in need.activities)])
    kinds = SOCIAL if need.lever in RESERVED else frozenset[str]()
    return Query(words=shortened(words), kinds=kinds, place=next(iter(named), ""), page=page)


def shortened(words: str) -> str:
    """Return as many whole words of a text as a search reads."""
    text = " ".join(words.split())
    return text if len(text) <= LONGEST_WORDS else text[: LONGEST_WORDS + 1].rsplit(" ", 1)[0][:LONGEST_WORDS]


def answers(session: AnySession, query: Query, *, today: date) -> Answers:
    """Return the structures that answer a question; two queries more than the search itself."""
    results = find(session, query, today=today)
    numbers = [hit.structure_id for hit in results.hits]
    asked = select(Structure).where(Structure.id.in_(numbers)).options(joinedload(Structure.commune))
    by_id = {one.id: one for one in session.scalars(asked)}
    found = [(by_id[hit.structure_id], hit) for hit in results.hits if hit.structure_id in by_id]
    return Answers(query, results, found)
