"""In what order structures answer, and why, in words.

The score adds few things that can be told: how well the texts answer the words, whether an offer is of the activity,
how far the seat is from the place, references, a page that is kept. What remains equal is turned: each day the equals
begin at another of them, the same for everyone on that day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
from flask_babel import gettext as _
from numpy.typing import NDArray

from openmap.directory.search.columns import Columns, Longs
from openmap.directory.search.filters import WHAT, Asked, offers_through
from openmap.directory.search.reading import Understood
from openmap.directory.search.vocabulary import Floats, Place, Vocabulary
from openmap.reference.queries import EARTH_RADIUS_KM
from openmap.web.french import number

TEXT: Final = 40
ABOUT: Final = 45
NEAR: Final = 12
SERVED: Final = 4
KEPT: Final = 4
"""What each part of the score is worth, of about a hundred."""

BANDS: Final = (5.0, 10.0, 20.0, 40.0)
"""Kilometres from the place: the nearer bands are worth more; within one band nobody is before another."""

ELSEWHERE: Final = 0.4
"""What is left of the score where no offer goes to the place that the words name."""

KEPT_DAYS: Final = 365
_GOLDEN: Final = 0.6180339887498949


@dataclass(frozen=True, slots=True)
class Ranked:
    """Rows in their order, with their score and the distance (km, NaN where unknown) of each from the place."""

    rows: Longs
    scores: NDArray[np.float64]
    km: Floats | None


def ranked(columns: Columns, asked: Asked, rows: Longs, today: date) -> Ranked:
    """Return rows from the best to the least."""
    held = columns.structures
    scores = np.zeros(len(rows), dtype=np.float64)
    if asked.words is not None:
        texts, about = asked.words.relevance[rows].astype(np.float64), asked.words.about[rows].astype(np.float64)
        scores += TEXT * np.round(texts, 2) + ABOUT * np.round(about, 2)
    if asked.there is not None:
        scores *= np.where(asked.there[rows], 1.0, ELSEWHERE)
    km = None if asked.place is None else distances(columns, asked.place, rows)
    if km is not None:
        scores += NEAR * nearness(km)
    scores += SERVED * held.served_public[rows]
    scores += KEPT * (held.confirmed[rows] > today.toordinal() - KEPT_DAYS)
    order = _turned(scores, held.ids[rows], today)
    return Ranked(rows[order], scores[order], None if km is None else km[order])


def nearness(km: Floats) -> Floats:
    """Return 1 within the place, then less by band of distance, 0 beyond the last or where it is unknown."""
    beyond = np.searchsorted((0.0, *BANDS), km, side="left")
    near: Floats = 1.0 - beyond / (len(BANDS) + 1)
    near[np.isnan(km)] = 0.0
    return near


def distances(columns: Columns, place: Place, rows: Longs) -> Floats:
    """Return how far the seats of rows are from a place, in km: 0 inside it, else to the nearest inside point of it."""
    seat = columns.structures.seat[rows]
    points = columns.structures.points[rows]
    inside = np.where(seat >= 0, place.communes[seat], False)
    targets = _targets(columns.vocabulary, place)
    km = np.full(len(rows), np.nan)
    if len(targets) == 1:
        km = _km(points @ targets[0])
    elif len(targets):
        # Of a large place, the seat's commune stands for the seat; a seat without one is measured itself.
        km = np.where(seat >= 0, _by_commune(columns.vocabulary, place, targets)[seat], np.nan)
        alone = np.flatnonzero((seat < 0) & ~np.isnan(points[:, 0]))
        km[alone] = _km((points[alone] @ targets.T).max(axis=1, initial=-1.0))
    if not place.is_commune or not len(targets):
        km[inside] = 0.0
    return km


def _targets(words: Vocabulary, place: Place) -> Floats:
    points = words.points[place.communes]
    return points[~np.isnan(points[:, 0])]


def _by_commune(words: Vocabulary, place: Place, targets: Floats) -> Floats:
    """Return how far each commune is from a place; kept, for the same places are asked again and again."""
    known: Floats | None = words.kept.get(("km", place.value))
    if known is None:
        known = _km((words.points @ targets.T).max(axis=1))
        words.kept["km", place.value] = known
    return known


class Why:
    """Tells of the structures of a page why they stand there."""

    def __init__(self, columns: Columns, asked: Asked, meant: Understood, today: date) -> None:
        self._columns, self._asked, self._meant, self._today = columns, asked, meant, today
        self._fitting = offers_through(columns, asked)
        self._meant_at = {columns.vocabulary.activity_at[one] for one in meant.activities}
        stems = {} if meant.siren else meant.written
        self._holders = {word: columns.stem(stem)[0] for stem, word in stems.items()}

    def offers(self, row: int) -> list[int]:
        """Return the offers of a row that answer (places in the columns), those that the words name first."""
        held = self._columns.offers
        first, last = np.searchsorted(held.rows, [row, row + 1])
        passing = [one for one in range(first, last) if held.ids[one]]
        fitting = [one for one in passing if self._fitting is None or self._fitting[one]]
        return sorted(fitting, key=lambda one: int(held.activity[one]) not in self._meant_at)

    def reasons(self, row: int, km: float | None) -> list[str]:
        """Return why a structure stands where it does, in sentences."""
        told: list[str] = []
        held, activities = self._columns.structures, self._columns.vocabulary.activities
        places = dict.fromkeys(int(self._columns.offers.activity[one]) for one in self.offers(row))
        by_filter = WHAT in self._asked.offers
        named = [activities[at].name for at in places if at >= 0 and (by_filter or at in self._meant_at)]
        if named:
            told.append(_("Propose : %(activities)s", activities=", ".join(named[:3])))
        found = [word for word, rows in self._holders.items() if np.any(rows == row)]
        if found:
            told.append(_("Sa page parle de : %(words)s", words=", ".join(found[:5])))
        if self._asked.place is not None:
            told.append(_where(self._asked.place, km))
        if held.served_public[row]:
            told.append(_("A déjà servi des acheteurs publics"))
        if held.confirmed[row] > self._today.toordinal() - KEPT_DAYS:
            told.append(_("Page à jour depuis moins d’un an"))
        return told


def _where(place: Place, km: float | None) -> str:
    if km is None or np.isnan(km):
        return str(_("Intervient : %(place)s", place=place.name))
    if km == 0:
        return str(_("Intervient et a son siège : %(place)s", place=place.name))
    return str(_("Intervient : %(place)s, à %(km)s km", place=place.name, km=number(max(1, round(km)))))


def _km(cosine: Floats) -> Floats:
    """Return the distance of points whose unit vectors have this product."""
    chord = np.sqrt(np.maximum(0.0, 2.0 - 2.0 * cosine))
    km: Floats = 2.0 * EARTH_RADIUS_KM * np.arcsin(np.minimum(1.0, chord / 2.0))
    return km


def _turned(scores: NDArray[np.float64], ids: Longs, today: date) -> Longs:
    """Return the order: the best first, equals in an order of their own that begins elsewhere each day.

    The turn of the day is a multiple of the golden ratio: over any days it spreads evenly among the equals (Weyl 1916),
    so that each of n is first about every n-th day, and each page shows others the next day.
    """
    if not len(ids):
        return np.zeros(0, dtype=np.int64)
    steps = np.round(scores * 100).astype(np.int64)
    order: Longs = np.lexsort((_scattered(ids), -steps))
    starts = np.flatnonzero(np.diff(steps[order], prepend=steps[order][0] + 1))
    sizes = np.diff(np.append(starts, len(order)))
    turn = np.floor(((today.toordinal() * _GOLDEN) % 1.0) * sizes).astype(np.int64)
    place = np.arange(len(order)) - np.repeat(starts, sizes)
    moved = (place + np.repeat(turn, sizes)) % np.repeat(sizes, sizes)
    turned: Longs = order[np.repeat(starts, sizes) + moved]
    return turned


def _scattered(ids: Longs) -> NDArray[np.uint64]:
    """Return numbers that tell nothing of the ids, always the same (SplitMix64, Steele, Lea and Flood 2014)."""
    with np.errstate(over="ignore"):
        z = ids.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
