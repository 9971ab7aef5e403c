"""Lines of a list one by one: what each says of a structure in our words, and everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from flask_babel import gettext as _

from openmap.directory.lists import cells
from openmap.directory.lists.cells import Mended, Wrong
from openmap.directory.lists.kinds import kinds_in
from openmap.directory.lists.places import FAR_KM, Places
from openmap.directory.lists.reading import Sheet
from openmap.reference.words import folded

LONGEST: Final[Mapping[str, int]] = {
    "name": 200, "brand": 200, "legal_form": 60, "activity": 500, "address": 300, "city": 120, "description": 5_000,
    "website": 300,
}  # fmt: skip
_PLACE: Final = frozenset({"city", "commune_code", "departement", "lon", "lat", "point"})
_APART: Final = frozenset({"kind", "updated_on", "address_more", "summary", *_PLACE})
HIDDEN: Final = "…"
"""Stands for a mail address among the faults."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a line; ``column`` is its title in the file. An ``error`` leaves the line out."""

    line: int
    column: str
    value: str
    message: str
    level: str = "warning"


@dataclass(slots=True)
class Line:
    """What a line says: fields of ours that it fills, the kinds, the day it was written. ``faults`` are of this line.

    ``lines`` are those that tell of the same structure.
    """

    number: int
    values: dict[str, Any] = field(default_factory=dict)
    kinds: list[str] = field(default_factory=list)
    updated_on: date | None = None
    outside: bool = False
    repeats: bool = False
    faults: list[Fault] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)

    @property
    def is_refused(self) -> bool:
        """Whether a fault leaves the line out."""
        return any(fault.level == "error" for fault in self.faults)

    @property
    def key(self) -> tuple[str, str]:
        """Return what tells a structure that has no SIRET: its name and where it is, as they are compared."""
        return folded(self.values["name"]), self.values.get("commune_code") or folded(self.values.get("city", ""))


class Judge:
    """Reads the lines of one sheet by what its columns hold."""

    def __init__(self, sheet: Sheet, columns: Mapping[str, str], places: Places) -> None:
        self._sheet, self._places = sheet, places
        self._columns = {
            name: int(rank) for rank, name in columns.items() if rank.isdigit() and int(rank) < len(sheet.header)
        }
        self._kind = columns.get("kind", "")
        """The kind of all lines, where no column tells it."""

    def lines(self) -> Iterator[Line]:
        """Yield what each line that holds something says."""
        for place, row in enumerate(self._sheet.rows[1:], start=1):
            if row:
                yield self._line(self._sheet.first_line + place, row)

    def _line(self, number: int, row: list[str]) -> Line:
        line = Line(number, lines=[number])
        written = {name: row[rank] for name, rank in self._columns.items() if row[rank]}
        read: dict[str, Any] = {}
        for name, text in written.items():
            value = self._read(line, name, text)
            if value not in (None, ""):
                read[name] = value
        self._name(line, read)
        self._kinds(line, read)
        self._texts(line, read)
        self._place(line, read)
        line.updated_on = read.get("updated_on")
        line.values |= {name: value for name, value in read.items() if name not in _APART}
        if number in self._sheet.cut:
            told = _("Une cellule est démesurée : elle est coupée à 5 000 caractères.")
            line.faults.append(Fault(number, "", "", told))
        if number in self._sheet.spread:
            told = _("Des cellules sont fusionnées : leur valeur est reprise sur chaque ligne.")
            line.faults.append(Fault(number, "", "", told))
        return line

    def _read(self, line: Line, name: str, text: str) -> Any:
        """Return a cell as ours; ``None`` and a fault where it cannot be."""
        if text.startswith("=") and not text.startswith('="'):
            self._tell(line, name, text, _("Cette cellule contient une formule : elle n’est pas reprise."))
            return None
        reader = cells.READERS.get(name)
        if reader is None:
            if cells.SPOILT.search(text):
                told = _("Des lettres sont abîmées : exportez de nouveau la liste en « CSV UTF-8 ».")
                self._tell(line, name, text, told)
            return " ".join(text.split()) if name != "description" else text
        try:
            return reader(text)
        except Mended as mended:
            self._tell(line, name, text, str(mended))
            return mended.value
        except Wrong as wrong:
            shown = HIDDEN if name == "contact_email" else text
            self._tell(line, name, shown, str(wrong), "error" if name == "siret" else "warning")
            return None

    def _name(self, line: Line, read: dict[str, Any]) -> None:
        if not read.get("name") and read.get("brand"):
            read["name"] = read.pop("brand")
        if not read.get("name"):
            self._tell(line, "name", "", _("Cette ligne n’a pas de nom : complétez-la."), "error")
            read["name"] = ""
        elif read.get("brand") and folded(read["brand"]) == folded(read["name"]):
            del read["brand"]

    def _kinds(self, line: Line, read: dict[str, Any]) -> None:
        text = read.get("kind", "")
        if text:
            line.kinds = list(kinds_in(text))
            if not line.kinds:
                told = _("Ce type n’est pas de ceux de l’annuaire (EI, AI, ACI, ETTI, EITI, GEIQ, EA, EATT, ESAT, "
                         "association, coopérative, ESS) : corrigez-le.")  # fmt: skip
                self._tell(line, "kind", text, told, "error")
        elif self._kind:
            line.kinds = [self._kind]
        else:
            told = _("Aucun type n’est donné : la structure est notée « économie sociale et solidaire ».")
            self._tell(line, "kind", "", told)
            line.kinds = ["ess"]

    def _texts(self, line: Line, read: dict[str, Any]) -> None:
        more = read.get("address_more")
        if more and more not in read.get("address", ""):
            read["address"] = f"{read['address']}, {more}" if read.get("address") else more
        if read.get("summary") and not read.get("description"):
            read["description"] = read["summary"]
        for name, longest in LONGEST.items():
            if len(read.get(name, "")) > longest:
                told = _("Ce texte est trop long : il est coupé à %(n)s caractères.", n=longest)
                self._tell(line, name, read[name], told)
                read[name] = read[name][:longest].rstrip()

    def _place(self, line: Line, read: dict[str, Any]) -> None:
        place = self._places.find(
            read.get("commune_code", ""), read.get("city", ""), read.get("postal_code", ""),
            read.get("departement", ""),
        )  # fmt: skip
        line.outside = place.outside
        if place.told:
            self._tell(line, place.column, read.get(place.column, ""), place.told)
        city = place.name or read.get("city", "")
        line.values |= {name: value for name, value in (("city", city), ("commune_code", place.code)) if value}
        lon, lat = read.get("point") or (read.get("lon"), read.get("lat"))
        if lon is None or lat is None:
            return
        column = "point" if "point" in read else "lon"
        shown = f"{lon} {lat}"
        if not cells.in_france(lon, lat) and cells.in_france(lat, lon):
            lon, lat = lat, lon
            self._tell(line, column, shown, _("Longitude et latitude étaient échangées : elles sont remises."))
        if not cells.in_france(lon, lat):
            self._tell(line, column, shown, _("Ce point n’est pas en France : il n’est pas repris."))
            return
        if place.code and (far := self._places.distance(place.code, lon, lat)) > FAR_KM:
            told = _("Ce point est à %(km)d km de %(name)s : il n’est pas repris.", km=far, name=place.name)
            self._tell(line, column, shown, told)
            return
        line.values |= {"lon": round(lon, 6), "lat": round(lat, 6)}

    def _tell(self, line: Line, name: str, value: str, message: str, level: str = "warning") -> None:
        rank = self._columns.get(name)
        title = self._sheet.header[rank] if rank is not None else ""
        line.faults.append(Fault(line.number, title[:120], value[:200], message[:300], level))


def gathered(lines: Iterator[Line]) -> Iterator[Line]:
    """Yield the lines with those that tell of the same structure in one: the first, with the others' kinds.

    The lines that are only told of (refused, repeated) are yielded too, refused.
    """
    first: dict[Any, Line] = {}
    for line in lines:
        if line.is_refused:
            yield line
            continue
        key = line.values.get("siret") or line.key
        kept = first.setdefault(key, line)
        if kept is line:
            continue
        new = [kind for kind in line.kinds if kind not in kept.kinds]
        if new:
            kept.kinds += new
            kept.lines.append(line.number)
            told = _(
                "Même établissement que la ligne %(n)s, autre type : une seule page, avec les deux.", n=kept.number
            )
            kept.faults += [*line.faults, Fault(line.number, "", line.values["name"][:200], told)]
            continue
        same = line.values == kept.values
        told = (
            _("Ligne en double de la ligne %(n)s : elle est laissée de côté.", n=kept.number)
            if same
            else _("Même structure que la ligne %(n)s, mais d’autres valeurs : gardez la bonne ligne, celle-ci est "
                   "laissée de côté.", n=kept.number)
        )  # fmt: skip
        line.repeats = True
        line.faults = [Fault(line.number, "", line.values["name"][:200], told, "error")]
        yield line
    yield from first.values()
