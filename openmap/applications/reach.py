"""In which territories a structure works: compared as sets of communes, whatever they are called."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from sqlalchemy import select

from openmap.applications.models import Application, application_areas
from openmap.extensions import AnySession
from openmap.reference.models import Area, AreaCommune, Commune
from openmap.reference.queries import distance_km

_NONE: Final[frozenset[int]] = frozenset()


class Reach:
    """The areas that the files of an edition name, with their communes, read once."""

    def __init__(self, session: AnySession, edition_id: int) -> None:
        mine = select(application_areas.c.area_id).join(
            Application, Application.id == application_areas.c.application_id
        )
        asked = select(Area.id, Area.name).where(Area.id.in_(mine.where(Application.edition_id == edition_id)))
        self.names = {row[0]: row[1] for row in session.execute(asked)}
        self._communes: dict[int, set[str]] = defaultdict(set)
        self._points: dict[str, tuple[float, float]] = {}
        held = (
            select(AreaCommune.area_id, Commune.code, Commune.lon, Commune.lat)
            .join(Commune, Commune.code == AreaCommune.commune_code)
            .where(AreaCommune.area_id.in_(self.names))
        )
        for area_id, code, lon, lat in session.execute(held):
            self._communes[area_id].add(code)
            if lon is not None and lat is not None:
                self._points[code] = (lon, lat)
        self._sharing = {
            one: frozenset(other for other in self.names if one == other or self._communes[one] & self._communes[other])
            for one in self.names
        }

    def of(
        self, areas: Iterable[int], commune: str | None, radius: int | None, lon: float | None, lat: float | None
    ) -> frozenset[int]:
        """Return the areas in which a structure works: where one it names has a commune, where it is, or near it."""
        found = set(_NONE.union(*(self._sharing.get(area, _NONE) for area in areas)))
        near = {commune} if commune else set()
        if radius and lon is not None and lat is not None:
            near |= {code for code, (x, y) in self._points.items() if distance_km(lon, lat, x, y) <= radius}
        if near:
            found |= {area for area in self.names if self._communes[area] & near}
        return frozenset(found)
