"""From the database to the columns: all listed structures at first, then those that have changed."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any, Final, TypeVar

import numpy as np
from sqlalchemy import Select, Text, cast, select

from openmap.directory.models import (
    STRUCTURE_KINDS,
    ClientReference,
    Offer,
    Structure,
    offer_areas,
    offer_communes,
    structure_labels,
)
from openmap.directory.search import zones
from openmap.directory.search.columns import Columns, LabelsHeld, Offers, Structures
from openmap.directory.search.guessing import Guesser
from openmap.directory.search.postings import gathered
from openmap.directory.search.query import SIZES
from openmap.directory.search.vocabulary import Vocabulary, unit
from openmap.extensions import AnySession
from openmap.reference.fulltext import SearchDocument
from openmap.reference.meaning import meanings
from openmap.reference.stems import stems_and_words

T = TypeVar("T")
_BATCH: Final = 500
_NOWHERE: Final = math.nan
_STARTS: Final = tuple(first for first, _last in SIZES.values())


def read(
    session: AnySession,
    vocabulary: Vocabulary,
    *,
    revision: int,
    stamp: tuple[Any, ...],
    only: Collection[int] | None = None,
) -> Columns:
    """Return the columns of the listed structures, of those among ``only`` where it is given; six queries a batch."""
    return _Reader(session, vocabulary, only).columns(revision, stamp)


class _Reader:
    def __init__(self, session: AnySession, vocabulary: Vocabulary, only: Collection[int] | None) -> None:
        self._session, self._words = session, vocabulary
        self._only = None if only is None else sorted(only)
        self._row_of: dict[int, int] = {}
        self._seats: list[zones.Seat] = []

    def columns(self, revision: int, stamp: tuple[Any, ...]) -> Columns:
        structures = self._structures()
        offers, drawn = self._offers()
        documents = select(
            SearchDocument.object_id, SearchDocument.strong, SearchDocument.plain, SearchDocument.weak
        ).where(SearchDocument.kind == "organisation")
        found = (
            (self._row_of[row[0]], row[1:])
            for row in self._rows(documents, SearchDocument.object_id)
            if row[0] in self._row_of
        )
        postings, length = gathered(found, len(self._row_of))
        self._words.lexicon.learn((stem, stem) for stem in postings.stems)
        return Columns(
            revision=revision,
            stamp=stamp,
            vocabulary=self._words,
            structures=Structures(**structures, length=length),
            alive=np.ones(len(self._row_of), dtype=np.bool_),
            offers=offers,
            labels=self._labels(),
            zones=drawn,
            postings=(postings,),
            row_of=self._row_of,
        )

    def _rows(self, asked: Select[*tuple[Any, ...]], owner: Any) -> Iterator[Any]:
        """Yield the rows of a query, of the structures that are read only."""
        if self._only is None:
            yield from self._session.execute(asked.execution_options(yield_per=5_000))
            return
        for start in range(0, len(self._only), _BATCH):
            yield from self._session.execute(asked.where(owner.in_(self._only[start : start + _BATCH])))

    def _structures(self) -> dict[str, Any]:
        asked = select(
            Structure.id, Structure.kind, cast(Structure.also_kinds, Text).label("others"),
            Structure.workforce, Structure.commune_code,
            Structure.lon, Structure.lat, Structure.siret, Structure.confirmed_at, Structure.listed_at,
            Structure.name, Structure.brand,
        ).where(Structure.listed_at.is_not(None), Structure.delisted_at.is_(None))  # fmt: skip
        bit = {kind: 1 << at for at, kind in enumerate(STRUCTURE_KINDS)}
        lines: list[tuple[int, ...]] = []
        for row in self._rows(asked, Structure.id):
            seat = self._words.commune_at.get(row.commune_code, -1)
            self._row_of[row.id] = len(lines)
            self._words.lexicon.learn(stems_and_words(f"{row.name} {row.brand}"))
            self._seats.append((_NOWHERE, _NOWHERE, seat) if row.lon is None else (row.lon, row.lat, seat))
            kinds = sum(
                {
                    bit[kind]
                    for kind in (row.kind, *(json.loads(row.others) if len(row.others) > 2 else ()))
                    if kind in bit
                }
            )
            size = -1 if not row.workforce else sum(row.workforce >= first for first in _STARTS) - 1
            day = (row.confirmed_at or row.listed_at).toordinal()
            lines.append((row.id, kinds, size, seat, int(row.siret) if (row.siret or "").isdecimal() else 0, day))
        made = np.array(lines, dtype=np.int64).reshape(-1, 6)
        seats = np.array(self._seats, dtype=np.float64).reshape(-1, 3)
        points = unit(seats[:, 0], seats[:, 1])
        borrowed = np.isnan(points[:, 0]) & (made[:, 3] >= 0)
        points[borrowed] = self._words.points[made[borrowed, 3]]
        served = np.zeros(len(lines), dtype=np.bool_)
        public = select(ClientReference.structure_id).where(ClientReference.is_public).distinct()
        known = (row[0] for row in self._rows(public, ClientReference.structure_id))
        served[[self._row_of[one] for one in known if one in self._row_of]] = True
        return {
            "ids": made[:, 0],
            "kinds": made[:, 1].astype(np.uint16),
            "size": made[:, 2].astype(np.int8),
            "served_public": served,
            "seat": made[:, 3].astype(np.int32),
            "points": points,
            "siret": made[:, 4],
            "confirmed": made[:, 5].astype(np.int32),
        }

    def _offers(self) -> tuple[Offers, zones.Zones]:
        areas: dict[int, list[int]] = defaultdict(list)
        communes: dict[int, list[str]] = defaultdict(list)
        for chosen, table, value in (
            (areas, offer_areas, offer_areas.c.area_id),
            (communes, offer_communes, offer_communes.c.commune_code),
        ):
            asked = select(table.c.offer_id, value, Offer.structure_id).join(Offer, Offer.id == table.c.offer_id)
            for offer, one, _owner in self._rows(asked, Offer.structure_id):
                chosen[offer].append(one)
        asked = select(
            Offer.id, Offer.structure_id, Offer.activity_id, Offer.is_service, Offer.is_supply, Offer.is_staff,
            Offer.reach, Offer.radius_km,
        )  # fmt: skip
        numbers: dict[zones.Key, int] = {}
        pairs: dict[tuple[int, int], int] = {}
        lines = []
        for one in self._rows(asked, Offer.structure_id):
            row = self._row_of.get(one.structure_id)
            if row is None:
                continue
            activity = self._words.activity_at.get(one.activity_id, -1)
            match one.reach:
                case "radius":
                    key = zones.radius(self._seats[row], one.radius_km)
                case "places":
                    key = zones.places(areas.get(one.id, ()), communes.get(one.id, ()))
                case _:
                    key = zones.FRANCE
            delivery = one.is_service + 2 * one.is_supply + 4 * one.is_staff
            lines.append((row, one.id, activity, delivery, _numbered(numbers, key), _numbered(pairs, (row, activity))))
        told = {line[0] for line in lines}
        for row, seat in enumerate(self._seats):
            if row not in told:
                zone = _numbered(numbers, zones.seat_only(seat[2]))
                lines.append((row, 0, -1, 0, zone, _numbered(pairs, (row, -1))))
        lines.sort()  # by row: a structure's offers lie together
        made = np.array(lines, dtype=np.int64).reshape(-1, 6)
        guesses = self._guesses()
        offers = Offers(
            rows=made[:, 0].astype(np.int32),
            ids=made[:, 1],
            activity=made[:, 2].astype(np.int32),
            delivery=made[:, 3].astype(np.uint8),
            zone=made[:, 4].astype(np.int32),
            pair=made[:, 5].astype(np.int32),
            guess=np.array([guesses.get(line[1], -1) for line in lines], dtype=np.int32),
        )
        return offers, zones.drawn(list(numbers), self._words)

    def _guesses(self) -> dict[int, int]:
        """Return the place of the activity that offers without one seem to be of, by offer."""
        guesser = Guesser(meanings(self._session))
        asked = select(Offer.id, Offer.title, Offer.description).where(Offer.activity_id.is_(None))
        meant = {row.id: guesser.activity(row.title, row.description) for row in self._rows(asked, Offer.structure_id)}
        return {offer: self._words.activity_at[one] for offer, one in meant.items() if one is not None}

    def _labels(self) -> LabelsHeld:
        asked = select(structure_labels.c.structure_id, structure_labels.c.label_id)
        held = [
            (self._row_of[owner], self._words.label_at[label])
            for owner, label in self._rows(asked, structure_labels.c.structure_id)
            if owner in self._row_of and label in self._words.label_at
        ]
        made = np.array(held, dtype=np.int32).reshape(-1, 2)
        return LabelsHeld(made[:, 0], made[:, 1])


def _numbered(numbers: dict[T, int], key: T) -> int:
    return numbers.setdefault(key, len(numbers))
