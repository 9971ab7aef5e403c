"""Facilitators of the demonstration: all invented, covering the région but for two holes left on purpose."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from openmap.directory.facilitating import add, change
from openmap.directory.facilitator_models import Facilitator
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.people.models import Person
from openmap.reference.models import Area

COORDINATED: Final = ("75", "78", "91", "92", "93", "94", "95")
"""The départements that have a coordination; Seine-et-Marne has none, so that two of its territories stay uncovered."""

HOLES: Final = 2
LOCAL: Final = ("T4", "T6", "T8", "T12")


def demo_facilitating(_edition: Edition, people: Mapping[str, Person], now: datetime) -> None:
    """Add a coordination a département, some territories' facilitators, one of whom is away; once."""
    by = people["administrator"]
    if db.session.scalar(select(Facilitator.id).limit(1)) is not None:
        return
    areas = {(one.level, one.code): one for one in db.session.scalars(select(Area).order_by(Area.id))}
    for code in COORDINATED:
        if (area := areas.get(("departement", code))) is not None:
            _entry(f"Coordination fictive {area.name}", "coordination", [area], by, now, is_published=True)
    territories = [areas[key] for code in LOCAL if (key := ("ept", code)) in areas]
    local = [
        _entry(f"Maison de l’emploi fictive {one.name}", "facilitator", [one], by, now, is_published=rank % 2 == 0)
        for rank, one in enumerate(territories)
    ]
    _entry("Mission fictive de Seine-et-Marne", "facilitator", _eastern(areas), by, now, is_published=True)
    if len(local) > 1:
        values = _values(local[0], is_published=True) | {
            "deputy_id": local[1].id, "active_until": (now - timedelta(days=9)).date(),
        }  # fmt: skip
        change(db.session, local[0], values, version=local[0].version, by=by, now=now)


def _eastern(areas: Mapping[tuple[str, str], Area]) -> list[Area]:
    """Return the territories that reach into Seine-et-Marne but the smallest that lie wholly in it: the holes."""
    whole = areas.get(("departement", "77"))
    inside = {one.code for one in whole.communes} if whole else set()
    held = {area: {one.code for one in area.communes} for area in areas.values() if area.is_cell}
    reaching = [area for area, codes in held.items() if codes & inside]
    wholly = sorted((one for one in reaching if held[one] <= inside), key=lambda one: (len(held[one]), one.code))
    return [one for one in reaching if one not in wholly[:HOLES]]


def _entry(name: str, role: str, areas: list[Area], by: Person, now: datetime, *, is_published: bool) -> Facilitator:
    values = {
        "role": role, "organisation": name, "website": "", "deputy_id": None, "active_from": None,
        "active_until": None, "presentation": "Organisme inventé pour la démonstration.",
        "contact_name": "Personne fictive", "contact_email": "facilitateur@demonstration.example",
        "contact_phone": "", "areas": areas, "communes": [], "is_published": is_published, "is_invented": True,
    }  # fmt: skip
    return add(db.session, values, by=by, now=now)


def _values(entry: Facilitator, *, is_published: bool) -> dict[str, object]:
    names = ("role", "organisation", "presentation", "website", "contact_name", "contact_email", "contact_phone",
             "deputy_id", "active_from", "active_until")  # fmt: skip
    kept = {name: getattr(entry, name) for name in names}
    return kept | {"areas": list(entry.areas), "communes": list(entry.communes), "is_published": is_published}
