"""Places found by what people type, and what a form offers to choose from: areas of any level and communes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from openmap.extensions import AnySession
from openmap.reference.models import Area, Commune
from openmap.reference.queries import find_communes
from openmap.reference.words import folded

MOST: Final = 12
"""How many of a kind a search shows: more would not be read on a phone."""

_PLACE: Final = re.compile(r"^(.*?)\s*\((\w{2,5})\)$")

WIDE: Final = ("region", "departement")
"""The levels that are offered without searching: a tap is enough for most choices."""


@dataclass(frozen=True, slots=True)
class Places:
    """What a search among places found."""

    areas: Sequence[Area] = ()
    communes: Sequence[Commune] = ()


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


def find_places(session: AnySession, typed: str) -> Places:
    """Return the areas and the communes of today in whose name a word begins so, or whose code is this."""
    asked = folded(typed)
    if not asked:
        return Places()
    # No database folds the name of an area: there are some eighty of them, read whole.
    everywhere = session.scalars(select(Area).order_by(Area.level, Area.code))
    areas = [one for one in everywhere if one.code.lower() == asked or f" {asked}" in f" {folded(one.name)}"]
    return Places(areas[:MOST], find_communes(session, typed)[:MOST])


def areas_by_id(session: AnySession, ids: Iterable[int]) -> list[Area]:
    """Return these areas, by level."""
    wanted = list(ids)
    return list(session.scalars(select(Area).where(Area.id.in_(wanted)).order_by(Area.id))) if wanted else []


def communes_by_code(session: AnySession, codes: Iterable[str]) -> list[Commune]:
    """Return these communes, by name."""
    wanted = list(codes)
    asked = select(Commune).where(Commune.code.in_(wanted)).order_by(Commune.folded)
    return list(session.scalars(asked)) if wanted else []


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


def place_name(commune: Commune | None) -> str:
    """Return a commune as the form shows it: with a postal code, which tells it from its namesakes."""
    if commune is None:
        return ""
    return f"{commune.name} ({(commune.postal_codes or [commune.code])[0]})"


def communes_meant(session: AnySession, typed: str) -> list[Commune]:
    """Return the communes that what was typed may mean; one alone where it says enough."""
    found = _PLACE.match(typed)
    name, code = (found[1], found[2]) if found else (typed, "")
    near = find_communes(session, name)
    exact = [one for one in near if one.folded == folded(name)] or near
    coded = [one for one in exact if code in {one.code, *(one.postal_codes or [])}]
    return coded if code and coded else exact
