"""Where offers go, as bitmaps over the communes: « serves this place » is any bit in common.

A zone is an area that one or several offers share. Its bits lie in a column, so that a place of one commune reads one
row whatever the number of zones. A radius holds the communes whose inside point lies within it, and always the one
where the structure has its seat.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from openmap.directory.search.vocabulary import Bools, Vocabulary, unit
from openmap.reference.queries import EARTH_RADIUS_KM

Bytes = NDArray[np.uint8]
_CHUNK: Final = 4_096

Seat = tuple[float, float, int]
"""Longitude and latitude in degrees (NaN where unknown), and the place of the commune (-1 where unknown)."""

Key = tuple[str, tuple[int, ...], tuple[str, ...], Seat, int]
"""What makes two areas one zone: reach, areas, communes, seat and kilometres."""

FRANCE: Final[Key] = ("france", (), (), (0.0, 0.0, -1), 0)


def radius(seat: Seat, km: int) -> Key:
    """Return the zone around a seat."""
    return ("radius", (), (), seat, km)


def places(areas: Sequence[int], communes: Sequence[str]) -> Key:
    """Return the zone of areas and communes."""
    return ("places", tuple(sorted(areas)), tuple(sorted(communes)), (0.0, 0.0, -1), 0)


def seat_only(commune: int) -> Key:
    """Return the zone of a structure that tells no area: where it has its seat."""
    return ("radius", (), (), (np.nan, np.nan, commune), 0)


@dataclass(frozen=True, slots=True)
class Zones:
    """Zones by number. ``bits``: a row for each eight communes (most significant bit first), a column a zone."""

    bits: Bytes
    everywhere: Bools

    def __len__(self) -> int:
        return len(self.everywhere)

    def serving(self, communes: Bools) -> Bools:
        """Return which zones hold one of these communes (a mask)."""
        asked = np.packbits(communes)
        found = self.everywhere.copy()
        for row in np.flatnonzero(asked):
            found |= (self.bits[row] & asked[row]) != 0
        return found

    def communes(self, zone: int, count: int) -> Bools:
        """Return which communes a zone holds, all for one that goes everywhere; ``count`` is how many there are."""
        if self.everywhere[zone]:
            return np.ones(count, dtype=np.bool_)
        return np.unpackbits(self.bits[:, zone], count=count).astype(np.bool_)

    def joined(self, others: Sequence[Zones]) -> Zones:
        """Return these zones and others, numbered one after the other."""
        parts = (self, *others)
        return Zones(
            np.concatenate([one.bits for one in parts], axis=1), np.concatenate([one.everywhere for one in parts])
        )


def drawn(keys: Sequence[Key], vocabulary: Vocabulary) -> Zones:
    """Return the zones of these keys, in their order."""
    count = len(vocabulary.communes)
    bits = np.zeros((-(-count // 8), len(keys)), dtype=np.uint8)
    everywhere = np.array([key[0] == "france" for key in keys], dtype=np.bool_)
    named = [at for at, key in enumerate(keys) if key[0] == "places"]
    for at in named:
        held = np.zeros(count, dtype=np.bool_)
        for area in keys[at][1]:
            held[vocabulary.communes_of_area[area]] = True
        held[[vocabulary.commune_at[code] for code in keys[at][2] if code in vocabulary.commune_at]] = True
        bits[:, at] = np.packbits(held)
    round_ = np.array([at for at, key in enumerate(keys) if key[0] == "radius"], dtype=np.int64)
    for start in range(0, len(round_), _CHUNK):
        chunk = round_[start : start + _CHUNK]
        bits[:, chunk] = np.packbits(_within([keys[at] for at in chunk], vocabulary), axis=1).T
    return Zones(bits, everywhere)


def _within(keys: Sequence[Key], vocabulary: Vocabulary) -> Bools:
    """Return which communes (columns) each radius (rows) holds."""
    seats = np.array([key[3] for key in keys], dtype=np.float64)
    own = seats[:, 2].astype(np.int64)
    points = unit(seats[:, 0], seats[:, 1])
    borrowed = np.isnan(points[:, 0]) & (own >= 0)
    points[borrowed] = vocabulary.points[own[borrowed]]
    km = np.array([key[4] for key in keys], dtype=np.float64)
    # Two unit vectors are as far apart as their chord: its square is 2 - 2 cos.
    chord = 2.0 * np.sin(np.minimum(km / EARTH_RADIUS_KM / 2.0, np.pi / 2))
    with np.errstate(invalid="ignore"):
        held: Bools = (2.0 - 2.0 * (points @ vocabulary.points.T)) <= (chord**2)[:, None]
    held[km == 0] = False
    seated = np.flatnonzero(own >= 0)
    held[seated, own[seated]] = True
    return held
