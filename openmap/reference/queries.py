"""Reads of territories and words. Territories are compared as sets of INSEE codes, never by name or postal code."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import String, cast, func, or_, select
from sqlalchemy.orm import selectinload

from openmap.extensions import AnySession
from openmap.reference.models import (
    VOCABULARIES,
    Activity,
    Area,
    AreaCommune,
    Commune,
    Label,
    Load,
    StructureKind,
    Term,
    Trade,
)
from openmap.reference.words import folded

EARTH_RADIUS_KM: Final = 6371.0088
"""Mean radius of the Earth (IUGG)."""

LONGEST_LIST: Final = 30


@dataclass(frozen=True, slots=True)
class Extent:
    """An area with how many communes and inhabitants it has here."""

    area: Area
    communes: int
    population: int


def areas(session: AnySession, level: str | None = None) -> list[Extent]:
    """Return the areas with their extent, by level and code; those of one level when it is named."""
    asked = (
        select(Area, func.count(Commune.code), func.coalesce(func.sum(Commune.population), 0))
        .join(AreaCommune, AreaCommune.area_id == Area.id)
        .join(Commune, Commune.code == AreaCommune.commune_code)
        .group_by(Area.id)
        .order_by(Area.level, func.length(Area.code), Area.code)
    )
    if level is not None:
        asked = asked.where(Area.level == level)
    return [Extent(area, communes, population or 0) for area, communes, population in session.execute(asked)]


def area_by_code(session: AnySession, level: str, code: str) -> Area | None:
    """Return an area with its communes, or ``None``."""
    asked = select(Area).where(Area.level == level, Area.code == code).options(selectinload(Area.communes))
    return session.scalars(asked).one_or_none()


def codes_of(session: AnySession, area_ids: Iterable[int]) -> set[str]:
    """Return the INSEE codes that one of the areas holds."""
    return set(session.scalars(select(AreaCommune.commune_code).where(AreaCommune.area_id.in_(list(area_ids)))))


def commune_by_code(session: AnySession, code: str) -> Commune | None:
    """Return the commune that a code means today, be it a former code, or ``None``."""
    commune = session.get(Commune, code)
    while commune is not None and commune.current_code is not None:
        commune = session.get(Commune, commune.current_code)
    return commune


def cells_of(session: AnySession, communes: Iterable[Commune]) -> dict[str, Area]:
    """Return the territory of the partition that holds each commune, by INSEE code."""
    codes = [commune.code for commune in communes]
    asked = select(AreaCommune.commune_code, Area).join(Area, Area.id == AreaCommune.area_id)
    rows = session.execute(asked.where(AreaCommune.commune_code.in_(codes), Area.is_cell))
    return {row[0]: row[1] for row in rows}


def find_communes(session: AnySession, words: str) -> list[Commune]:
    """Return the communes of today whose name, postal code or INSEE code (a former one too) begins with ``words``.

    Names that begin so come first, then those with a later word that does; at most 30.
    """
    asked = folded(words)
    if not asked:
        return []
    digits = asked.replace(" ", "")
    matching = or_(Commune.folded.like(f"{asked}%"), Commune.folded.like(f"% {asked}%"))
    if digits.isdigit() or (len(digits) == 5 and digits[1:].isalnum()):
        code = digits.upper()
        matching = or_(matching, Commune.code.like(f"{code}%"), cast(Commune.postal_codes, String).like(f'%"{digits}%'))
    found = session.execute(select(Commune.code, Commune.current_code).where(matching)).all()
    today = session.scalars(select(Commune).where(Commune.code.in_({current or code for code, current in found})))
    ranked = sorted(today, key=lambda one: (not one.folded.startswith(asked), -(one.population or 0)))
    return ranked[:LONGEST_LIST]


def communes_near(session: AnySession, lon: float, lat: float, km: float) -> dict[str, float]:
    """Return the communes whose inside point lies within ``km`` of a point, with the distance in km.

    Haversine on the sphere; a box in degrees first, so that only neighbours are measured.
    """
    tall = math.degrees(km / EARTH_RADIUS_KM)
    wide = tall / max(0.01, math.cos(math.radians(lat)))
    asked = select(Commune.code, Commune.lon, Commune.lat).where(
        Commune.current_code.is_(None),
        Commune.lon.is_not(None),
        Commune.lon.between(lon - wide, lon + wide),
        Commune.lat.between(lat - tall, lat + tall),
    )
    measured = {code: distance_km(lon, lat, x or 0.0, y or 0.0) for code, x, y in session.execute(asked)}
    return {code: distance for code, distance in measured.items() if distance <= km}


def distance_km(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Return the great-circle distance of two points in degrees, in km (haversine, Sinnott 1984)."""
    rise, run = math.radians(lat2 - lat1), math.radians(lon2 - lon1)
    half = math.sin(rise / 2) ** 2
    half += math.cos(math.radians(lat1)) * math.cos(math.radians(lat2)) * math.sin(run / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(half)))


def trades(session: AnySession, *, retired: bool = False) -> list[Trade]:
    """Return the trades with their activities, in order; those no longer used only on request."""
    asked = select(Trade).options(selectinload(Trade.activities)).order_by(Trade.rank, Trade.id)
    return list(session.scalars(asked if retired else asked.where(Trade.retired_at.is_(None))))


def kinds(session: AnySession) -> list[StructureKind]:
    """Return the kinds of structure in use, in order."""
    return list(session.scalars(select(StructureKind).where(StructureKind.retired_at.is_(None)).order_by("rank", "id")))


def labels(session: AnySession) -> list[Label]:
    """Return the labels and networks in use, in order."""
    return list(session.scalars(select(Label).where(Label.retired_at.is_(None)).order_by("rank", "id")))


def term(session: AnySession, vocabulary: str, code: str) -> Term | None:
    """Return a word by its code, in use or not; ``None`` when there never was one."""
    model = VOCABULARIES.get(vocabulary)
    return None if model is None else session.scalars(select(model).where(model.code == code)).one_or_none()


def activity_by_code(session: AnySession, code: str) -> Activity | None:
    """Return the activity that a code means today: the one that replaced it, where it was retired."""
    found = session.scalars(select(Activity).where(Activity.code == code)).one_or_none()
    seen: set[str] = set()
    while found is not None and found.replaced_by and found.code not in seen:
        seen.add(found.code)
        found = session.scalars(select(Activity).where(Activity.code == found.replaced_by)).one_or_none()
    return found


def loads(session: AnySession, kind: str) -> list[Load]:
    """Return what was loaded, newest first."""
    return list(session.scalars(select(Load).where(Load.kind == kind).order_by(Load.id.desc())))


def sharing(session: AnySession, area: Area) -> list[Extent]:
    """Return the other areas that hold some of an area's communes, with how many and their inhabitants."""
    inside = select(AreaCommune.commune_code).where(AreaCommune.area_id == area.id)
    asked = (
        select(Area, func.count(Commune.code), func.coalesce(func.sum(Commune.population), 0))
        .join(AreaCommune, AreaCommune.area_id == Area.id)
        .join(Commune, Commune.code == AreaCommune.commune_code)
        .where(Area.id != area.id, Commune.code.in_(inside))
        .group_by(Area.id)
        .order_by(Area.level, func.length(Area.code), Area.code)
    )
    return [Extent(area, communes, population or 0) for area, communes, population in session.execute(asked)]


def choices(session: AnySession, vocabulary: str) -> list[tuple[str, str]]:
    """Return code and name of the words in use."""
    model = VOCABULARIES[vocabulary]
    rows = session.execute(
        select(model.code, model.name).where(model.retired_at.is_(None)).order_by(model.rank, model.id)
    )
    return [(code, name) for code, name in rows]


def retired(session: AnySession) -> list[tuple[str, Term]]:
    """Return the words that are no longer used, with the vocabulary of each."""
    return [
        (vocabulary, term)
        for vocabulary, model in VOCABULARIES.items()
        for term in session.scalars(select(model).where(model.retired_at.is_not(None)).order_by(model.code))
    ]
