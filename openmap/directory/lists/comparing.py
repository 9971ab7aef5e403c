"""A line beside what the directory holds: the same establishment, one that may be, or none; and what would change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from math import floor
from typing import Any, Final

from flask_babel import gettext as _
from rapidfuzz import fuzz
from sqlalchemy import select

from openmap.directory.lists.judging import Line
from openmap.directory.models import Delegate, FieldSource, Organisation, Structure
from openmap.extensions import AnySession
from openmap.reference.queries import distance_km
from openmap.reference.words import folded

OF_ORGANISATION: Final = ("name", "siret", "city", "activity")
OF_STRUCTURE: Final = (
    "brand", "legal_form", "naf", "description", "address", "postal_code", "commune_code", "lon", "lat", "website",
    "contact_email", "workforce",
)  # fmt: skip
FIELDS: Final = (*OF_ORGANISATION, *OF_STRUCTURE)

ALIKE: Final = 88.0
"""Names at least so alike (token sort ratio, 0 to 100) in the same commune or nearer than ``NEAR_KM`` are a doubt."""

NEAR_KM: Final = 2.0
_BATCH: Final = 500
_TOLD: Final = """
    association asso sarl sas sasu scop scic scea eurl sa ess esat ea ei aci etti eiti ai geiq entreprise adaptee
    insertion de du des la le les l d et en pour par au aux atelier ateliers chantier service services
"""
_COMMON: Final = frozenset(_TOLD.split())


@dataclass(slots=True)
class Known:
    """A structure as it is: its fields, kinds, where each field comes from, whether someone represents it."""

    id: int
    type: str
    values: dict[str, Any]
    kinds: list[str]
    listed: bool
    delisted: bool
    sources: dict[str, tuple[str, datetime, int | None]] = field(default_factory=dict)
    is_kept: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """What a line changes of a structure: values by field, kinds to add; and the fields that people keep."""

    values: Mapping[str, Any]
    kinds: Sequence[str]
    kept: Sequence[str]
    lists: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing changes."""
        return not (self.values or self.kinds or self.lists)


def known_by_siret(session: AnySession, sirets: Iterable[str]) -> dict[str, Known]:
    """Return the organisations that bear these SIRET."""
    numbers = sorted(set(sirets))
    ids: list[int] = []
    for start in range(0, len(numbers), _BATCH):
        asked = select(Organisation.id).where(Organisation.siret.in_(numbers[start : start + _BATCH]))
        ids.extend(session.scalars(asked))
    return {one.values["siret"]: one for one in known_by_id(session, ids).values()}


def known_by_id(session: AnySession, ids: Iterable[int]) -> dict[int, Known]:
    """Return these organisations with where their fields come from; read past the session's own rows."""
    organisation, structure = Organisation.__table__, Structure.__table__
    columns = [organisation.c[name] for name in OF_ORGANISATION] + [structure.c[name] for name in OF_STRUCTURE]
    asked = select(
        organisation.c.id, organisation.c.type, structure.c.kind, structure.c.also_kinds, structure.c.listed_at,
        structure.c.delisted_at, *columns,
    ).select_from(organisation.outerjoin(structure, structure.c.id == organisation.c.id))  # fmt: skip
    found: dict[int, Known] = {}
    numbers = sorted(set(ids))
    for start in range(0, len(numbers), _BATCH):
        batch = numbers[start : start + _BATCH]
        for row in session.execute(asked.where(organisation.c.id.in_(batch))):
            values = {name: row[6 + rank] for rank, name in enumerate(FIELDS)}
            kinds = [row.kind, *(row.also_kinds or ())] if row.kind else []
            found[row.id] = Known(
                row.id, row.type, values, kinds, row.listed_at is not None, row.delisted_at is not None
            )
        told = select(
            FieldSource.structure_id, FieldSource.field, FieldSource.kind, FieldSource.at, FieldSource.import_id
        ).where(FieldSource.structure_id.in_(batch))
        for number, name, kind, at, import_id in session.execute(told):
            found[number].sources[name] = kind, at, import_id
        kept = select(Delegate.organisation_id).where(Delegate.organisation_id.in_(batch))
        for number in session.scalars(kept):
            found[number].is_kept = True
    return found


def difference(known: Known, line: Line, *, listing: bool) -> Difference:
    """Return what a line changes. An empty cell changes nothing, nor does a list what people or applications wrote.

    A value of unknown origin was written by someone before lists were; an application older than the line's own day
    gives way.
    """
    values: dict[str, Any] = {}
    kept: list[str] = []
    for name, value in line.values.items():
        held = known.values.get(name)
        if held == value:
            continue
        if (held in (None, "") and name not in known.sources) or _gives_way(known.sources.get(name), line):
            values[name] = value
        else:
            kept.append(name)
    if ("lon" in values) != ("lat" in values):  # half a point is none
        both = [name for name in ("lon", "lat") if name in line.values]
        if {"lon", "lat"} & set(kept):
            values = {name: value for name, value in values.items() if name not in both}
        else:
            values |= {name: line.values[name] for name in both}
    kinds = [kind for kind in line.kinds if kind not in known.kinds]
    source = known.sources.get("kind")
    if kinds and source is not None and source[0] == "person":
        kinds, kept = [], [*kept, "kind"]
    lists = listing and not known.listed and not known.delisted and not known.is_kept
    return Difference(values, kinds, kept, lists)


def _gives_way(source: tuple[str, datetime, int | None] | None, line: Line) -> bool:
    if source is None or source[0] == "person":
        return False
    if source[0] == "application":
        return line.updated_on is not None and datetime.combine(line.updated_on, time(), UTC) > source[1]
    return True


@dataclass(frozen=True, slots=True)
class Alike:
    """A structure that a line may be, and why."""

    structure_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class _Row:
    id: int
    name: str
    siret: str | None
    commune: str
    lon: float | None
    lat: float | None
    key: tuple[str, str]


class Namesakes:
    """The structures of the directory by their names, to find those that a line may be.

    Compared are only those of the same commune, or of the same or a neighbouring cell of some 2 km, that share the
    beginning of a word of the name: a few, whatever the directory's size. ``but`` is the import under way, whose own
    structures are none of them.
    """

    def __init__(self, session: AnySession, *, but: int | None = None) -> None:
        made = select(FieldSource.structure_id).where(FieldSource.field == "name", FieldSource.import_id == but)
        own = set(session.scalars(made)) if but is not None else set()
        listed = select(FieldSource.structure_id).where(FieldSource.field == "name", FieldSource.kind == "import")
        self._from_lists = set(session.scalars(listed))
        organisation, structure = Organisation.__table__, Structure.__table__
        asked = select(
            organisation.c.id, organisation.c.name, organisation.c.siret, organisation.c.city, structure.c.brand,
            structure.c.commune_code, structure.c.lon, structure.c.lat,
        ).join(structure, structure.c.id == organisation.c.id)  # fmt: skip
        self._by_start: dict[tuple[object, ...], list[_Row]] = defaultdict(list)
        self._same: dict[tuple[str, str], int] = {}
        for row in session.execute(asked):
            commune = row.commune_code or folded(row.city)
            if row.siret is None and row.id in self._from_lists:
                self._same.setdefault((folded(row.name), commune), row.id)
            if row.id in own:
                continue
            for text in {row.name, row.brand} - {""}:
                words = _words(text)
                one = _Row(row.id, " ".join(words), row.siret, commune, row.lon, row.lat, (folded(text), commune))
                for start in {word[:4] for word in words}:
                    self._by_start[start, commune].append(one)
                    if row.lon is not None:
                        self._by_start[(start, *_cell(row.lon, row.lat))].append(one)

    def same(self, line: Line) -> int | None:
        """Return the structure without SIRET that a former list named the very same in the same place."""
        return None if line.values.get("siret") else self._same.get(line.key)

    def alike(self, line: Line) -> list[Alike]:
        """Return the structures that a line may be, likeliest first; at most five."""
        own = line.values.get("siret")
        commune = line.values.get("commune_code") or folded(line.values.get("city", ""))
        found: dict[int, tuple[float, str]] = {}
        for text in {line.values["name"], line.values.get("brand", "")} - {""}:
            words = _words(text)
            name = " ".join(words)
            for row in self._around(line, {word[:4] for word in words}, commune):
                if own and row.siret and own[:9] != row.siret[:9] and name != row.name:
                    continue  # two legal persons, two names
                near = self._near(line, commune, row)
                if near and (score := fuzz.ratio(name, row.name, score_cutoff=ALIKE)):
                    found[row.id] = max(found.get(row.id, (0.0, "")), (score, _reason(own, row.siret, near)))
        ranked = sorted(found.items(), key=lambda one: (-one[1][0], one[0]))[:5]
        return [Alike(number, reason) for number, (_score, reason) in ranked]

    def _around(self, line: Line, starts: set[str], commune: str) -> list[_Row]:
        keys: list[tuple[object, ...]] = [(start, commune) for start in starts if commune]
        if "lon" in line.values:
            east, north = _cell(line.values["lon"], line.values["lat"])
            keys += [(start, east + x, north + y) for start in starts for x in (-1, 0, 1) for y in (-1, 0, 1)]
        return [row for key in keys for row in self._by_start.get(key, ())]

    @staticmethod
    def _near(line: Line, commune: str, row: _Row) -> str:
        if commune and commune == row.commune:
            return str(_("même commune"))
        lon, lat = line.values.get("lon"), line.values.get("lat")
        if lon is None or lat is None or row.lon is None or row.lat is None:
            return ""
        if abs(lat - row.lat) > 0.02 or distance_km(lon, lat, row.lon, row.lat) > NEAR_KM:
            return ""
        return str(_("à moins de 2 km"))


def _cell(lon: float, lat: float) -> tuple[int, int]:
    """Return the cell of a grid whose sides are 2 km or more in France."""
    return floor(lon / 0.03), floor(lat / 0.02)


def _reason(own: str | None, siret: str | None, near: str) -> str:
    if own and siret and own[:9] == siret[:9]:
        return str(_("Même nom, même SIREN, %(near)s, autre SIRET.", near=near))
    if own and siret:
        return str(_("Même nom, %(near)s, autre SIRET.", near=near))
    return str(_("Nom très proche, %(near)s.", near=near))


def _words(text: str) -> list[str]:
    """Return the words of a name that tell it, in a fixed order; all of them where none does."""
    words = sorted(set(folded(text).split()))
    return [word for word in words if word not in _COMMON] or words
