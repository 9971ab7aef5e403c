"""What the form offers to choose from: what is chosen, what a search found, what is wanted most often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from openmap.extensions import AnySession
from openmap.reference.models import Activity, Area, Commune
from openmap.reference.picking import (
    Code,
    Places,
    Trades,
    areas_by_id,
    chosen_activities,
    communes_by_code,
    find_places,
    find_trades,
    labels_of,
)

WIDE: Final = ("region", "departement")
"""The levels that are offered without searching: a tap is enough for most needs."""


@dataclass(frozen=True, slots=True)
class TradesOffered:
    """Activities and codes: those chosen, and those that were found besides. ``typed`` is what was searched."""

    chosen: Sequence[Activity]
    codes: Sequence[Code]
    found: Trades
    typed: str

    @property
    def count(self) -> int:
        """How many things were found besides those chosen."""
        return len(self.found.activities) + len(self.found.codes)


@dataclass(frozen=True, slots=True)
class PlacesOffered:
    """Areas and communes: those chosen, the widest, and those that were found besides."""

    areas: Sequence[Area]
    communes: Sequence[Commune]
    wide: Sequence[Area]
    found: Places
    typed: str

    @property
    def count(self) -> int:
        """How many places were found besides those that are on the page anyway."""
        return len(self.found.areas) + len(self.found.communes)


def trades_offered(session: AnySession, ids: Sequence[str], codes: Sequence[str], typed: str) -> TradesOffered:
    """Return what is chosen (ids of activities, CPV codes) and what ``typed`` finds besides."""
    chosen = chosen_activities(session, ids[:100])
    held = {one.id for one in chosen}
    found = find_trades(session, typed) if typed else Trades()
    besides = Trades(
        [one for one in found.activities if one.id not in held],
        [one for one in found.codes if one.code not in codes],
        found.read_as,
    )
    return TradesOffered(chosen, labels_of(session, codes[:100]), besides, typed)


def places_offered(session: AnySession, ids: Sequence[str], codes: Sequence[str], typed: str) -> PlacesOffered:
    """Return what is chosen (ids of areas, codes of communes) and what ``typed`` finds besides."""
    areas = areas_by_id(session, map(int, ids[:100]))
    communes = communes_by_code(session, codes[:100])
    asked = select(Area).where(Area.level.in_(WIDE)).order_by(Area.level.desc(), Area.code)
    wide = [one for one in session.scalars(asked) if one not in areas]
    found = find_places(session, typed) if typed else Places()
    besides = Places(
        [one for one in found.areas if one not in areas and one not in wide],
        [one for one in found.communes if one not in communes],
    )
    return PlacesOffered(areas, communes, wide, besides, typed)
