"""The listed structures as arrays: what a search reads instead of the database.

A row never moves. A structure that changes gets a new row and its old one dies, so that arrays only grow, and a search
that is under way keeps those that it began with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from openmap.directory.search.postings import Postings, Weights, merged
from openmap.directory.search.vocabulary import Bools, Floats, Vocabulary
from openmap.directory.search.zones import Zones

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Bits = NDArray[np.uint16]

MOST_PARTS: Final = 16
"""How many small postings may lie beside the large one before they become one."""


@dataclass(frozen=True, slots=True)
class Structures:
    """One value a row. ``siret`` 0, ``seat`` -1 and ``points`` NaN where unknown; days count from year 1."""

    ids: Longs
    kinds: Bits
    """Bit n: the n-th of ``STRUCTURE_KINDS``."""
    size: NDArray[np.int8]
    """Place of the band of workforce among ``SIZES``, -1 where unknown."""
    served_public: Bools
    seat: Ints
    points: Floats
    """On the unit sphere."""
    siret: Longs
    confirmed: Ints
    """Day of the last confirmation, else of the listing."""
    length: Weights
    """Stems of its document."""

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Offers:
    """One value an offer. A structure without any has one line of no activity and no delivery, over its commune."""

    rows: Ints
    ids: Longs
    activity: Ints
    """Place among ``Vocabulary.activities``; -1: told in words only."""
    delivery: NDArray[np.uint8]
    """Bit n: the n-th of ``DELIVERIES``."""
    zone: Ints
    pair: Ints
    """The number of its structure and activity: offers of one pair count once."""
    guess: Ints
    """For an offer told in words only: the activity that its words are about, never shown as its own; else -1."""

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class LabelsHeld:
    """Which row holds which label (place among ``Vocabulary.labels``)."""

    rows: Ints
    label: Ints


@dataclass(frozen=True, slots=True)
class Columns:
    """An immutable index at a ``revision`` of the directory and a ``stamp`` of the reference data."""

    revision: int
    stamp: tuple[Any, ...]
    vocabulary: Vocabulary
    structures: Structures
    alive: Bools
    offers: Offers
    labels: LabelsHeld
    zones: Zones
    postings: tuple[Postings, ...]
    row_of: Mapping[int, int]
    """The living row of a structure by its id."""

    def __len__(self) -> int:
        return int(np.count_nonzero(self.alive))

    def stem(self, stem: str) -> tuple[Ints, Weights]:
        """Return the living rows that hold a stem, with how much of it."""
        found = [part.of(stem) for part in self.postings]
        rows = np.concatenate([one for one, _weights in found])
        weights = np.concatenate([one for _rows, one in found])
        living = self.alive[rows]
        return rows[living], weights[living]

    def knows(self, stem: str) -> bool:
        """Say whether some document holds a stem."""
        return any(stem in part.stems for part in self.postings)

    def serving(self, communes: Bools) -> Bools:
        """Return which offers go to one of these communes (masks). The atlas reads supply through this door."""
        found: Bools = self.zones.serving(communes)[self.offers.zone]
        return found & self.alive[self.offers.rows]

    def with_rows(self, offers: Bools) -> Bools:
        """Return which rows have one of these offers (masks)."""
        made = np.zeros(len(self.structures), dtype=np.bool_)
        made[self.offers.rows[offers]] = True
        return made

    def grown(self, more: Columns) -> Columns:
        """Return the index with changed structures in place of what was known of them."""
        count, zones = len(self.structures), len(self.zones)
        pairs = int(self.offers.pair.max()) + 1 if len(self.offers) else 0
        alive = self.alive.copy()
        alive[[self.row_of[one] for one in more.row_of if one in self.row_of]] = False
        offers = replace(
            more.offers,
            rows=more.offers.rows + np.int32(count),
            zone=more.offers.zone + np.int32(zones),
            pair=more.offers.pair + np.int32(pairs),
        )
        moved = [replace(part, rows=part.rows + np.int32(count)) for part in more.postings]
        parts = (*self.postings, *moved)
        return Columns(
            revision=more.revision,
            stamp=self.stamp,
            vocabulary=self.vocabulary,
            structures=_joined(self.structures, more.structures),
            alive=np.concatenate([alive, more.alive]),
            offers=_joined(self.offers, offers),
            labels=_joined(self.labels, replace(more.labels, rows=more.labels.rows + np.int32(count))),
            zones=self.zones.joined([more.zones]),
            postings=parts if len(parts) <= MOST_PARTS else (parts[0], merged(parts[1:])),
            row_of={**self.row_of, **{one: row + count for one, row in more.row_of.items()}},
        )

    def without(self, ids: set[int], revision: int) -> Columns:
        """Return the index without these structures."""
        gone = [self.row_of[one] for one in ids if one in self.row_of]
        if not gone:
            return replace(self, revision=revision)
        alive = self.alive.copy()
        alive[gone] = False
        left = {one: row for one, row in self.row_of.items() if one not in ids}
        return replace(self, revision=revision, alive=alive, row_of=left)


T = TypeVar("T", Structures, Offers, LabelsHeld)


def _joined(one: T, other: T) -> T:
    made = {part.name: np.concatenate([getattr(one, part.name), getattr(other, part.name)]) for part in fields(one)}
    return type(one)(**made)
