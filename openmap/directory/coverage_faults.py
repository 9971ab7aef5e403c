"""What is wrong with the coverage of the territory, and where: for who keeps the list of facilitators."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import select

from openmap.directory.covering import WIDTHS, Coverage, is_active, who_answers, width_of
from openmap.directory.facilitator_models import Facilitator
from openmap.extensions import AnySession
from openmap.reference.models import Area, AreaCommune, Commune

CONFIRMED_FOR: Final = timedelta(days=548)
"""Eighteen months: from then on an entry that nobody has confirmed is out of date."""

KINDS: Final = ("nobody", "double", "left", "stale", "no_contact", "no_place", "former")


@dataclass(frozen=True, slots=True)
class Folded:
    """A set of communes in as few names as possible: whole areas, widest first, and the communes that are left."""

    areas: Sequence[Area] = ()
    communes: Sequence[Commune] = ()
    count: int = 0
    """How many communes there are in all."""


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Something to put right: its kind (of ``KINDS``), whom it concerns, and where."""

    kind: str
    facilitators: Sequence[Facilitator] = ()
    where: Folded = field(default_factory=Folded)


def anomalies(session: AnySession, *, now: datetime, on: date) -> list[Anomaly]:
    """Return all that is wrong on a day, by kind; the number of queries is the same whatever their number."""
    coverage = Coverage(session, on)
    folder = Folder(session)
    known = {one.id: one for one in coverage.facilitators}
    found = []
    if holes := coverage.holes():
        found.append(Anomaly("nobody", (), folder.fold(holes)))
    for (first, second, _width), codes in sorted(coverage.doubles().items()):
        found.append(Anomaly("double", (known[first], known[second]), folder.fold(codes)))
    for one in coverage.facilitators:
        where = folder.fold(coverage.communes_of(one))
        found += [Anomaly(kind, (one,), where) for kind in _faults(one, where, now=now, on=on)]
    return sorted(found, key=lambda one: KINDS.index(one.kind))


def is_stale(facilitator: Facilitator, now: datetime) -> bool:
    """Say whether nobody has confirmed an entry for eighteen months."""
    return facilitator.confirmed_at is None or facilitator.confirmed_at < now - CONFIRMED_FOR


def _faults(one: Facilitator, where: Folded, *, now: datetime, on: date) -> Iterable[str]:
    """Say what is wrong with one entry. One that is still to come is judged by its places and contact only."""
    ended = one.active_until is not None and one.active_until < on
    if ended and who_answers(one, on) is None:
        yield "left"
    if is_active(one, on) and is_stale(one, now):
        yield "stale"
    if not ended and not (one.contact_email or one.contact_phone):
        yield "no_contact"
    if not where.count:
        yield "no_place"
    if any(commune.current_code for commune in one.communes):
        yield "former"


class Folder:
    """Names for sets of communes; read in three queries."""

    def __init__(self, session: AnySession) -> None:
        self._areas = list(session.scalars(select(Area).order_by(Area.id)))
        self._communes = {one.code: one for one in session.scalars(select(Commune).order_by(Commune.folded))}
        self._inside: dict[int, set[str]] = {area.id: set() for area in self._areas}
        for area_id, code in session.execute(select(AreaCommune.area_id, AreaCommune.commune_code)):
            self._inside[area_id].add(code)
        self._areas.sort(key=lambda area: (-WIDTHS.index(width_of(area)), -len(self._inside[area.id]), area.id))

    def fold(self, codes: Collection[str]) -> Folded:
        """Return these communes as whole areas that share none, and the single communes that are left."""
        left, areas = set(codes), []
        for area in self._areas:
            inside = self._inside[area.id]
            if len(inside) > 1 and inside <= left:
                areas.append(area)
                left -= inside
        return Folded(areas, [one for code, one in self._communes.items() if code in left], len(codes))
