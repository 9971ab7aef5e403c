"""Which commune of today a line means: by INSEE code, a former one too, else by name with post code or département."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from flask_babel import gettext as _
from rapidfuzz import fuzz, process
from sqlalchemy import select

from openmap.extensions import AnySession
from openmap.reference.models import Commune
from openmap.reference.queries import distance_km
from openmap.reference.words import folded

_AFTER: Final = re.compile(r"\b(cedex.*|\d+\s*(e|er|eme)?( arrondissement)?)$")
FAR_KM: Final = 25.0
"""A point farther than that from its commune's is told."""


@dataclass(frozen=True, slots=True)
class Place:
    """A commune of today, if one is meant; ``outside`` where the territory is not loaded here; what to say of it."""

    code: str | None = None
    name: str = ""
    outside: bool = False
    column: str = ""
    told: str = ""


class Places:
    """The communes that are loaded, as lists name them."""

    def __init__(self, session: AnySession) -> None:
        rows = session.execute(
            select(Commune.code, Commune.name, Commune.folded, Commune.current_code, Commune.lon, Commune.lat,
                   Commune.postal_codes)
        ).all()  # fmt: skip
        leads = {row.code: row.current_code for row in rows}
        self._name = {row.code: row.name for row in rows}
        self._today = {code: self._follow(leads, code) for code in leads}
        self._named: dict[str, set[str]] = defaultdict(set)
        self._posted: dict[str, set[str]] = defaultdict(set)
        for row in rows:
            self._named[row.folded].add(self._today[row.code])
            for postal in row.postal_codes:
                self._posted[postal].add(self._today[row.code])
        self._point = {row.code: (row.lon, row.lat) for row in rows if row.lon is not None and row.lat is not None}
        self._departements = {code[:2] for code in leads}
        self._known: dict[tuple[str, str, str, str], Place] = {}

    @staticmethod
    def _follow(leads: dict[str, str | None], code: str) -> str:
        for _step in range(5):
            code = leads.get(code) or code
        return code

    def find(self, code: str, city: str, postal: str, departement: str) -> Place:
        """Return what a line's code, name, post code and département mean together; each may be empty."""
        key = (code, city, postal, departement)
        if key not in self._known:
            self._known[key] = self._found(*key)
        return self._known[key]

    def distance(self, code: str, lon: float, lat: float) -> float:
        """Return how far a point is from a commune's own, in km; 0 where it has none."""
        there = self._point.get(code)
        return distance_km(lon, lat, *there) if there else 0.0

    def _found(self, code: str, city: str, postal: str, departement: str) -> Place:
        if code in self._today:
            today = self._today[code]
            former = today != code and not code.startswith("751")
            if not former:
                return Place(today, self._name[today])
            told = _("Ancien code INSEE : c’est aujourd’hui %(name)s (%(code)s).", name=self._name[today], code=today)
            return Place(today, self._name[today], column="commune_code", told=told)
        where = (code or postal or departement)[:2]
        if where and where not in self._departements:
            return Place(outside=True)
        unknown = _("Ce code INSEE n’existe pas : la commune est cherchée par son nom.") if code else ""
        found = self._by_name(city, postal, departement)
        return Place(found.code, found.name, found.outside, found.column or ("commune_code" if unknown else ""),
                     found.told or unknown)  # fmt: skip

    def _by_name(self, city: str, postal: str, departement: str) -> Place:
        name = _AFTER.sub("", folded(city)).strip()
        posted = self._posted.get(postal, set())
        inside = {one for one in self._named.get(name, set()) if self._is_in(one, departement or postal[:2])}
        best = (inside & posted) or inside
        if len(best) == 1:
            return self._place(best.pop())
        if len(best) > 1:
            return Place(column="city", told=_("Plusieurs communes portent ce nom : ajoutez le code postal."))
        if len(posted) == 1 and not name:
            return self._place(next(iter(posted)))
        near = process.extractOne(name, {one: folded(self._name[one]) for one in posted}, score_cutoff=85,
                                  scorer=fuzz.ratio) if name and posted else None  # fmt: skip
        if near is not None:
            told = _("Commune reconnue à une faute près : %(name)s.", name=self._name[near[2]])
            return Place(near[2], self._name[near[2]], column="city", told=told)
        if not name and not postal:
            return Place(column="city", told=_("Aucune commune n’est donnée : la structure ne sera pas située."))
        if not postal and not departement:
            return Place(outside=True)
        return Place(column="city", told=_("Commune introuvable à ce code postal : corrigez l’un des deux."))

    @staticmethod
    def _is_in(code: str, departement: str) -> bool:
        plain = departement.strip().zfill(2)
        return not (plain[:2].isdigit() and len(plain) in {2, 3} and departement) or code.startswith(plain[:2])

    def _place(self, code: str) -> Place:
        return Place(code, self._name[code])
