"""The match score: for each buyer the structures, for each structure the buyers, best first, with the reasons."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.meetings.encounters import Encounter, met_before
from openmap.meetings.facts import Facts, NeedFacts, facts_of
from openmap.meetings.models import Participation
from openmap.meetings.reasons import reason_of
from openmap.meetings.scoring import Scorer, Weighed, lot
from openmap.meetings.weighing import PARTS, setting_of, weights_of

SHOWN_CHANGES: Final = 6
TOP: Final = 5
_SAME: Final = 0.01
"""Of what is left of a score once rounded, less than that tells nothing apart."""


@dataclass(frozen=True, slots=True)
class Part:
    """What a part gives, of how many points, and why."""

    name: str
    points: int
    out_of: int
    reason: str


@dataclass(frozen=True, slots=True)
class Match:
    """Another participant with its score, from 0 to 100: the sum of the points of its parts.

    ``need`` is the object of the buyer's need that matches best, empty where it has declared none that counts.
    """

    other: Participation
    score: int
    parts: tuple[Part, ...]
    need: str = ""


@dataclass(frozen=True, slots=True)
class Shift:
    """A buyer's first structures under two sets of weights."""

    buyer: Participation
    before: list[Match]
    after: list[Match]


@dataclass(frozen=True, slots=True)
class Preview:
    """What other weights would do: for how many buyers the first five change, and for whom most."""

    changed: int
    buyers: int
    shifts: list[Shift]


class Scores(Mapping[tuple[int, int], int]):
    """The score of every pair (buyer's participation, structure's), held as a matrix."""

    def __init__(self, buyers: Sequence[int], structures: Sequence[int], matrix: NDArray[np.uint8]) -> None:
        self.buyers, self.structures, self.matrix = list(buyers), list(structures), matrix
        self._row = {number: at for at, number in enumerate(self.buyers)}
        self._column = {number: at for at, number in enumerate(self.structures)}

    def __getitem__(self, pair: tuple[int, int]) -> int:
        return int(self.matrix[self._row[pair[0]], self._column[pair[1]]])

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return ((buyer, structure) for buyer in self.buyers for structure in self.structures)

    def __len__(self) -> int:
        return len(self.buyers) * len(self.structures)


def ranked(
    session: AnySession,
    participation: Participation,
    *,
    limit: int | None = None,
    weights: Mapping[str, int] | None = None,
) -> list[Match]:
    """Return the other side's participants, best match first; the number of queries does not depend on how many.

    ``weights``: others than those of the edition. Raises NoWeight where they are all nought.
    """
    weights = weights or weights_of(setting_of(session, participation.edition))
    engine = Engine(session, participation.edition, only=participation)
    found = engine.ranking(participation, weights, limit)
    people = _participations(session, found.ids)
    return [found.match(at, people[number]) for at, number in enumerate(found.ids)]


def scores(session: AnySession, edition: Edition) -> Scores:
    """Return the score of every pair of an edition; a fixed number of queries."""
    weights = weights_of(setting_of(session, edition))
    engine = Engine(session, edition)
    matrix: NDArray[np.uint8] = np.zeros((len(engine.facts.buyers), len(engine.facts.structures)), dtype=np.uint8)
    for needs in engine.scorer.blocks():
        weighed = engine.scorer.table(needs).weigh(weights)
        buyers, best = weighed.best_needs()
        matrix[buyers] = np.take_along_axis(weighed.total, best, axis=0)
    return Scores([one.id for one in engine.facts.buyers], [one.id for one in engine.facts.structures], matrix)


def preview(session: AnySession, edition: Edition, tried: Mapping[str, int]) -> Preview:
    """Return what weights would change in the first five structures of each buyer, beside those in force."""
    now = weights_of(setting_of(session, edition))
    engine = Engine(session, edition)
    moved: list[_Move] = []
    changed = 0
    for needs in engine.scorer.blocks():
        table = engine.scorer.table(needs)
        two = (table.weigh(now), table.weigh(tried))
        bests = [one.best_needs() for one in two]
        for at, buyer in enumerate(bests[0][0]):
            tops = tuple(
                _first(one, [(int(best[at, column]), column) for column in _leaders(one, best[at])], TOP)
                for one, (_buyers, best) in zip(two, bests, strict=True)
            )
            places = [[column for _row, column in top] for top in tops]
            if places[0] != places[1]:
                changed += 1
                moved.append(_Move(-len(set(places[1]) - set(places[0])), buyer, two, tops))
        moved = sorted(moved, key=lambda one: one[:2])[:SHOWN_CHANGES]
    return Preview(changed, len(engine.facts.buyers), _shifts(session, engine, moved))


class _Move(NamedTuple):
    """A buyer whose first structures change: how many enter (negative, most first), both tables and both tops."""

    entered: int
    buyer: int
    tables: tuple[Weighed, ...]
    tops: tuple[list[tuple[int, int]], ...]


@dataclass(frozen=True, slots=True)
class Ranking:
    """Cells of a table (row, column), best first, and whom each is about; told in words when one is asked for."""

    engine: Engine
    weighed: Weighed
    cells: Sequence[tuple[int, int]]
    ids: Sequence[int]
    """Of the participations of the other side."""

    def score(self, at: int) -> int:
        """Return the score of a cell, from 0 to 100."""
        return int(self.weighed.total[self.cells[at]])

    def parts(self, at: int) -> tuple[Part, ...]:
        """Return what makes the score of a cell, with the reasons."""
        need, place = self._of(at)
        facts, weighed, cell = self.engine.facts, self.weighed, self.cells[at]
        offer, buyer, structure = facts.offers[place], facts.buyers[need.buyer], facts.structures[place]
        met = self.engine.met.get((buyer.organisation_id, structure.organisation_id), [])
        return tuple(
            Part(
                part, int(weighed.points[part][cell]), weighed.share[part],
                reason_of(part, need, offer, self.engine.scorer, met),
            )
            for part in PARTS if part in weighed.points
        )  # fmt: skip

    def match(self, at: int, other: Participation) -> Match:
        """Return a cell as a match of ``other``."""
        return Match(other, self.score(at), self.parts(at), self._of(at)[0].title)

    def _of(self, at: int) -> tuple[NeedFacts, int]:
        row, column = self.cells[at]
        table = self.weighed.table
        return self.engine.facts.needs[table.needs[row]], table.structures[column]


class Engine:
    """The facts of an edition and what scores them; plain values that keep no session."""

    def __init__(self, session: AnySession, edition: Edition, only: Participation | None = None) -> None:
        self.facts: Facts = facts_of(session, edition, only)
        self.met: Mapping[tuple[int, int], list[Encounter]] = met_before(session, edition)
        self.scorer = Scorer(session, self.facts, self.met)

    def ranking(self, one: Participation, weights: Mapping[str, int], limit: int | None = None) -> Ranking:
        """Rank the other side of a participant. Raises NoWeight where all weights are nought."""
        facts, columns = self.facts, None
        if one.side == "buyer":
            needs = [at for at, need in enumerate(facts.needs) if facts.buyers[need.buyer].id == one.id]
        else:
            needs = list(range(len(facts.needs)))
            columns = [at for at, structure in enumerate(facts.structures) if structure.id == one.id]
        weighed = self.scorer.table(needs, columns).weigh(weights)
        buyers, best = weighed.best_needs()
        if one.side == "buyer":
            cells = [(int(best[0, at]), at) for at in range(best.shape[1])] if buyers else []
        else:
            cells = [(int(best[at, 0]), 0) for at in range(len(buyers))]
        return self.told(weighed, _first(weighed, cells, limit), of_structure=one.side == "structure")

    def told(self, weighed: Weighed, cells: Sequence[tuple[int, int]], *, of_structure: bool = False) -> Ranking:
        """Return cells of a table with whom each is about: the buyer of its need, or its structure."""
        table, facts = weighed.table, self.facts
        if of_structure:
            ids = [facts.buyers[facts.needs[table.needs[row]].buyer].id for row, _column in cells]
        else:
            ids = [facts.structures[table.structures[column]].id for _row, column in cells]
        return Ranking(self, weighed, cells, ids)


def _shifts(session: AnySession, engine: Engine, moves: Sequence[_Move]) -> list[Shift]:
    """Return moves with the matches of before and after; one query."""
    told = [[engine.told(*one) for one in zip(move.tables, move.tops, strict=True)] for move in moves]
    buyers = [engine.facts.buyers[move.buyer].id for move in moves]
    people = _participations(session, {number for pair in told for one in pair for number in one.ids}.union(buyers))

    def matches(found: Ranking) -> list[Match]:
        return [found.match(at, people[number]) for at, number in enumerate(found.ids)]

    return [
        Shift(people[buyer], matches(before), matches(after))
        for buyer, (before, after) in zip(buyers, told, strict=True)
    ]


def _participations(session: AnySession, ids: Collection[int]) -> dict[int, Participation]:
    asked = select(Participation).where(Participation.id.in_(ids)).options(joinedload(Participation.organisation))
    return {one.id: one for one in session.scalars(asked)}


def _leaders(weighed: Weighed, best: NDArray[np.intp]) -> list[int]:
    """Return the columns that may be among the first of a buyer: those worth as much as the last of them, or more."""
    cells = best, np.arange(len(best))
    worth = weighed.total[cells] * 1_000.0 + weighed.exact[cells]
    if len(worth) <= TOP:
        return list(range(len(worth)))
    last = np.partition(worth, len(worth) - TOP)[len(worth) - TOP]
    return [int(column) for column in np.flatnonzero(worth >= last - _SAME)]


def _first(weighed: Weighed, cells: Sequence[tuple[int, int]], limit: int | None) -> list[tuple[int, int]]:
    """Return the best cells, first first. Where two are equal in all, the lot that each pair drew decides."""
    facts = weighed.table.facts

    def order(cell: tuple[int, int]) -> tuple[int, float, int]:
        row, column = cell
        buyer = facts.buyers[facts.needs[weighed.table.needs[row]].buyer]
        structure = facts.structures[weighed.table.structures[column]]
        exact = round(float(weighed.exact[cell]), 3)
        return -int(weighed.total[cell]), -exact, lot(buyer.code, structure.code)

    return sorted(cells, key=order)[:limit]
