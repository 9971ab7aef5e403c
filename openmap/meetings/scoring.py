"""How well needs and structures match, part by part, as matrices: needs are rows, structures columns.

Each part says from 0 to 1 how much it speaks for the pair; what is not known counts for what ``UNKNOWN`` says. The
points of a part are its worth times its share of 100 points, rounded; the score is their sum, so that the parts shown
add up to it. A buyer's score with a structure is that of its best need.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from openmap.extensions import AnySession
from openmap.meetings.encounters import Encounter
from openmap.meetings.facts import Facts, NeedFacts, OfferFacts
from openmap.meetings.weighing import PARTS, points_of
from openmap.reference.queries import EARTH_RADIUS_KM
from openmap.reference.relevance import Corpus, Question

Matrix = NDArray[np.float32]
Whole = NDArray[np.int16]

UNKNOWN: Final[Mapping[str, float]] = {"sector": 0.25, "territory": 0.5, "capacity": 0.5}
"""What a part is worth when one of the two has not told: half, and less for the trade, since most are of another."""

SAME_TRADE: Final = 0.4
"""What another activity of the same trade is worth beside the same activity."""

SOMEWHERE: Final = 0.25
"""What having a first commune in common is worth; the rest follows the share that is covered."""

SPOKEN_FULLY: Final = 0.45
"""The relevance (``reference.relevance``) of an offer that has each word of the need once: full worth."""

OFFER_FIELDS: Final = (0.5, 1.0, 0.6)
"""What a word is worth in a structure's name, in its offers, in the rest: the name matters less than to a search."""

EUROS_A_HEAD: Final = 40_000
LARGEST_SHARE: Final = 1 / 3
"""Coarse: a contract beyond a third of a year's turnover, at so many euros for each person, is a large one."""

USUAL_AMOUNT: Final[Mapping[str, int]] = {
    "under_10k": 5_000, "10k_40k": 25_000, "40k_90k": 65_000, "90k_221k": 155_000, "221k_500k": 360_000,
    "500k_1m": 750_000, "over_1m": 1_500_000,
}  # fmt: skip
"""The middle of each band of amounts, in euros."""

TIGHT_FROM: Final = 0.5
TIGHT, SMALL = 0.5, 0.15
"""What a workforce of at least half (``TIGHT_FROM``) of what is usual is worth, and a smaller one."""

BLOCK: Final = 256
"""Buyers that are scored at a time: memory stays the same however many there are."""


@dataclass(frozen=True, slots=True)
class Table:
    """Needs beside structures: how much each part speaks for each pair."""

    facts: Facts
    needs: Sequence[int]
    """The places of the rows among ``facts.needs``."""
    structures: Sequence[int]
    """The places of the columns among ``facts.structures``."""
    worth: Mapping[str, Matrix]

    def weigh(self, weights: Mapping[str, int]) -> Weighed:
        """Return the scores under these weights."""
        share = points_of(weights)
        points = {
            part: np.floor(self.worth[part] * share[part] + 0.5).astype(np.int16) for part in PARTS if share[part]
        }
        shape = (len(self.needs), len(self.structures))
        exact: Matrix = np.zeros(shape, dtype=np.float32)
        for part in points:
            exact += self.worth[part] * share[part]
        total: Whole = np.zeros(shape, dtype=np.int16)
        for one in points.values():
            total += one
        return Weighed(self, share, points, total, exact)


@dataclass(frozen=True, slots=True)
class Weighed:
    """A table under some weights. ``exact`` is the score before rounding, for what the points leave equal."""

    table: Table
    share: Mapping[str, int]
    points: Mapping[str, Whole]
    total: Whole
    exact: Matrix

    def best_needs(self) -> tuple[list[int], NDArray[np.intp]]:
        """Return the buyers of the rows, and for each (rows) and structure (columns) the row of its best need."""
        rows_of: dict[int, list[int]] = {}
        for row, place in enumerate(self.table.needs):
            rows_of.setdefault(self.table.facts.needs[place].buyer, []).append(row)
        buyers = sorted(rows_of)
        best = np.zeros((len(buyers), len(self.table.structures)), dtype=np.intp)
        # The score first, what is left of it second: it is 100 at most, and never overtakes a point.
        worth = self.total.astype(np.float64) * 1_000 + self.exact
        for at, buyer in enumerate(buyers):
            rows = rows_of[buyer]
            best[at] = np.asarray(rows)[worth[rows].argmax(axis=0)]
        return buyers, best


class Scorer:
    """What every table of an edition needs, prepared once."""

    def __init__(self, session: AnySession, facts: Facts, met: Mapping[tuple[int, int], list[Encounter]]) -> None:
        self.facts = facts
        self._met = met
        stems = {stem for need in facts.needs for stem in need.question.weights()}
        self.corpora: dict[str, Corpus] = {}
        for kind in sorted({offer.kind for offer in facts.offers}):
            among = [offer.object_id for offer in facts.offers if offer.kind == kind]
            self.corpora[kind] = Corpus(session, kind, stems, among=among, fields=OFFER_FIELDS)
        self._activities = {number: at for at, number in enumerate(sorted(facts.names))}
        self._trades = {number: at for at, number in enumerate(sorted(facts.trade_names))}
        held = facts.area_communes.values()
        communes = set(facts.points).union(*held, *(need.communes for need in facts.needs))
        communes |= {offer.commune for offer in facts.offers if offer.commune}
        self.communes = {code: at for at, code in enumerate(sorted(communes))}
        self._areas = {
            area: np.array([self.communes[code] for code in codes]) for area, codes in facts.area_communes.items()
        }
        points = np.radians([facts.points.get(code, (np.nan, np.nan)) for code in self.communes]).reshape(-1, 2)
        self._lon, self._lat, self._cosine = points[:, 0], points[:, 1], np.cos(points[:, 1])
        self._reached: dict[OfferFacts, NDArray[np.bool_]] = {}

    def table(self, needs: Sequence[int], structures: Sequence[int] | None = None) -> Table:
        """Return the table of needs and structures by their places; all structures where none are named."""
        columns = range(len(self.facts.structures)) if structures is None else structures
        rows = [self.facts.needs[place] for place in needs]
        offers = [self.facts.offers[place] for place in columns]
        met = self._met_matrix(rows, columns)
        worth = {
            "sector": self._sector(rows, offers),
            "territory": self._territory(rows, offers),
            "text": self._text(rows, columns),
            "capacity": _capacity(rows, offers),
            "novelty": (1 - met).astype(np.float32),
            "met": met,
        }
        return Table(self.facts, needs, columns, worth)

    def blocks(self) -> list[list[int]]:
        """Return the places of all needs, some hundreds of buyers at a time."""
        blocks: dict[int, list[int]] = {}
        for place, need in enumerate(self.facts.needs):
            blocks.setdefault(need.buyer // BLOCK, []).append(place)
        return list(blocks.values())

    def reach(self, offer: OfferFacts) -> NDArray[np.bool_]:
        """Return in which communes a structure works: those of its areas, its own, those within its radius."""
        if offer in self._reached:
            return self._reached[offer]
        reach = np.zeros(len(self.communes), dtype=bool)
        for area in offer.areas:
            if area in self._areas:
                reach[self._areas[area]] = True
        if offer.commune:
            reach[self.communes[offer.commune]] = True
        if offer.radius and offer.commune and offer.commune in self.facts.points:
            reach |= self._distances(*self.facts.points[offer.commune]) <= offer.radius
        self._reached[offer] = reach
        return reach

    def _distances(self, lon: float, lat: float) -> Matrix:
        """Return how far each commune is from a point, in km (haversine); not a number where its place is unknown."""
        here_lon, here_lat = np.radians(lon), np.radians(lat)
        half = np.sin((self._lat - here_lat) / 2) ** 2
        half += np.cos(here_lat) * self._cosine * np.sin((self._lon - here_lon) / 2) ** 2
        return _narrowed(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(1.0, half))))

    def _sector(self, needs: Sequence[NeedFacts], offers: Sequence[OfferFacts]) -> Matrix:
        """Mean of the best of a need's activities and of their average: each is worth 1 done, less in its trade."""
        wanted, trades = self._chosen([need.activities for need in needs])
        done, worked = self._chosen([offer.activities for offer in offers])
        same = wanted @ done.T
        related = trades @ np.minimum(worked, 1).T - same
        number = wanted.sum(axis=1, keepdims=True)
        average = (same + SAME_TRADE * related) / np.maximum(number, 1)
        best = np.where(same > 0, 1.0, np.where(related > 0, SAME_TRADE, 0.0))
        untold = (number == 0) | (done.sum(axis=1) == 0)[None, :]
        return np.where(untold, UNKNOWN["sector"], (best + average) / 2).astype(np.float32)

    def _chosen(self, chosen: Sequence[frozenset[int]]) -> tuple[Matrix, Matrix]:
        """Return which activities are chosen, and how many of each trade."""
        activities: Matrix = np.zeros((len(chosen), len(self._activities)), dtype=np.float32)
        trades: Matrix = np.zeros((len(chosen), len(self._trades)), dtype=np.float32)
        for row, numbers in enumerate(chosen):
            for number in numbers:
                activities[row, self._activities[number]] = 1
                trades[row, self._trades[self.facts.trade_of[number]]] += 1
        return activities, trades

    def _territory(self, needs: Sequence[NeedFacts], offers: Sequence[OfferFacts]) -> Matrix:
        asked: Matrix = np.zeros((len(needs), len(self.communes)), dtype=np.float32)
        for row, need in enumerate(needs):
            asked[row, [self.communes[code] for code in need.communes]] = 1
        reach: Matrix = np.zeros((len(offers), len(self.communes)), dtype=np.float32)
        for row, offer in enumerate(offers):
            reach[row] = self.reach(offer)
        shared = asked @ reach.T
        number = asked.sum(axis=1, keepdims=True)
        covered = SOMEWHERE + (1 - SOMEWHERE) * shared / np.maximum(number, 1)
        untold = (number == 0) | (reach.sum(axis=1) == 0)[None, :]
        return np.where(untold, UNKNOWN["territory"], np.where(shared > 0, covered, 0)).astype(np.float32)

    def _text(self, needs: Sequence[NeedFacts], columns: Sequence[int]) -> Matrix:
        questions: list[Question] = [need.question for need in needs]
        worth: Matrix = np.zeros((len(needs), len(columns)), dtype=np.float32)
        for kind, corpus in self.corpora.items():
            offers = self.facts.offers
            mine = [(at, offers[place].object_id) for at, place in enumerate(columns) if offers[place].kind == kind]
            if mine:
                place_of = {number: at for at, number in enumerate(corpus.ids)}
                found = corpus.relevance(questions, only=[place_of[number] for _at, number in mine])
                worth[:, [at for at, _number in mine]] = found
        return _narrowed(np.sqrt(np.minimum(1.0, worth / SPOKEN_FULLY)))

    def _met_matrix(self, needs: Sequence[NeedFacts], columns: Sequence[int]) -> Matrix:
        met: Matrix = np.zeros((len(needs), len(columns)), dtype=np.float32)
        buyers = [self.facts.buyers[need.buyer].organisation_id for need in needs]
        rows: dict[int, list[int]] = {}
        for row, buyer in enumerate(buyers):
            rows.setdefault(buyer, []).append(row)
        column_of = {self.facts.structures[place].organisation_id: at for at, place in enumerate(columns)}
        for buyer, structure in self._met:
            if buyer in rows and structure in column_of:
                met[rows[buyer], column_of[structure]] = 1
        return met


def usual_workforce(amount: str) -> int | None:
    """Return how many people usually stand behind a contract of a band, ``None`` where the band says nothing."""
    euros = USUAL_AMOUNT.get(amount)
    return None if euros is None else max(1, round(euros / (EUROS_A_HEAD * LARGEST_SHARE)))


def _capacity(needs: Sequence[NeedFacts], offers: Sequence[OfferFacts]) -> Matrix:
    usual = np.array([usual_workforce(need.amount) or np.nan for need in needs], dtype=np.float32)[:, None]
    heads = [np.nan if offer.workforce is None else offer.workforce for offer in offers]
    ratio = np.array(heads, dtype=np.float32)[None, :] / usual
    worth = np.where(ratio >= 1, 1.0, np.where(ratio >= TIGHT_FROM, TIGHT, SMALL))
    return np.where(np.isnan(ratio), UNKNOWN["capacity"], worth).astype(np.float32)


def _narrowed(matrix: NDArray[np.floating]) -> Matrix:
    return matrix.astype(np.float32)


def lot(buyer_code: str, structure_code: str) -> int:
    """Return the place that a pair drew, once for all, among those that nothing else tells apart."""
    return zlib.crc32(f"{buyer_code}/{structure_code}".encode())
