"""A small edition to match in: a few communes, two trades, buyers with a need each, structures with a file each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any, Final

from sqlalchemy import select

from openmap.directory.models import Buyer, Structure
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.meetings.matching import Match
from openmap.meetings.models import Participation
from openmap.meetings.weighing import PARTS
from openmap.needs.models import Need
from openmap.reference.models import Activity, Area, AreaCommune, Commune, Trade
from tests.applying import make_application
from tests.needing import make_need

NOW: Final = datetime(2017, 10, 1, 8, tzinfo=UTC)
PLACES: Final = (("99001", 2.0), ("99002", 2.1), ("99003", 2.2), ("99004", 3.0))
"""INSEE codes and longitudes, on the 49th parallel: some 7.3 km between the first three."""

WORDS: Final = {
    "vert": ("Espaces verts", {"tonte": ["gazon", "pelouse"], "taille": ["haies"]}),
    "linge": ("Linge", {"lavage": ["blanchisserie"]}),
}


class Place:
    """The reference words of the test, and what makes participants of an edition."""

    def __init__(self, slug: str = "essai", held_on: date = date(2017, 11, 16)) -> None:
        if db.session.scalar(select(Trade.id).limit(1)) is None:
            self._name_words()
        self.words = {one.code: one for one in db.session.scalars(select(Activity))}
        self.areas = {one.code: one for one in db.session.scalars(select(Area))}
        self.edition = Edition(slug=slug, title=f"Édition {slug}", held_on=held_on)
        db.session.add(self.edition)
        db.session.flush()
        self._number = 0

    def buyer(self, code: str, title: str = "", **need: Any) -> Participation:
        """Add a buyer, with a need where it has a title; ``activities``, ``areas`` and ``communes`` by their codes."""
        buyer = Buyer(name=f"Acheteur {code}", is_invented=True)
        person = Participation(edition=self.edition, organisation=buyer, code=code, side="buyer")
        db.session.add(person)
        if title:
            self.need(person, title, **need)
        db.session.commit()
        return person

    def need(self, buyer: Participation, title: str, **need: Any) -> Need:
        """Add a need of a buyer."""
        made = make_need(buyer.organisation, title, **self._chosen(need))
        db.session.add(made)
        db.session.commit()
        return made

    def structure(self, code: str, **file: Any) -> Participation:
        """Add a structure with its submitted file."""
        self._number += 1
        structure = Structure(name=f"Structure {code}", kind="ei", is_invented=True)
        values = {"offers": "", "presentation": "", "clients": "", "pitch_title": "", "workforce": None, "name": ""}
        make_application(self.edition, self._number, structure=structure, **{**values, **self._chosen(file)})
        person = Participation(edition=self.edition, organisation=structure, code=code, side="structure")
        db.session.add(person)
        db.session.commit()
        return person

    def _chosen(self, given: dict[str, Any]) -> dict[str, Any]:
        chosen = dict(given)
        if "activities" in chosen:
            chosen["activities"] = [self.words[code] for code in chosen["activities"]]
        if "areas" in chosen:
            chosen["areas"] = [self.areas[code] for code in chosen["areas"]]
        if "communes" in chosen:
            chosen["communes"] = [db.session.get_one(Commune, code) for code in chosen["communes"]]
        return chosen

    def _name_words(self) -> None:
        for name, activities in WORDS.values():
            trade = Trade(code=name, name=name)
            trade.activities = [Activity(code=one, name=one.title(), synonyms=more) for one, more in activities.items()]
            db.session.add(trade)
        for code, lon in PLACES:
            db.session.add(Commune(code=code, name=f"Commune {code}", folded=f"commune {code}", lon=lon, lat=49.0))
        areas = {"A": ("99001", "99002"), "B": ("99004",), "R": tuple(code for code, _lon in PLACES)}
        for code, communes in areas.items():
            area = Area(level="region" if code == "R" else "ept", code=code, name=f"Territoire {code}")
            db.session.add(area)
            db.session.flush()
            db.session.add_all([AreaCommune(area_id=area.id, commune_code=one) for one in communes])
        db.session.commit()


def only(part: str) -> dict[str, int]:
    """Return weights under which a part is worth all 100 points."""
    return {one: 10 * (one == part) for one in PARTS}


def order(matches: Iterable[Match]) -> list[str]:
    """Return the codes of the others, in their order."""
    return [one.other.code for one in matches]
