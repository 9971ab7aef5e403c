"""Who answers for a commune on a day: computed on communes, for a territory may span two départements.

The narrowest facilitator comes first, wider ones are the fallback; where one is away, its deputy answers in its place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from openmap.directory.facilitator_models import Facilitator
from openmap.extensions import AnySession
from openmap.reference.models import Area, AreaCommune, Commune
from openmap.reference.queries import commune_by_code

WIDTHS: Final = ("commune", "cell", "epci", "departement", "region")
"""From the narrowest: a commune; a territory of the partition (EPT, or EPCI outside the Métropole); the Métropole as a
whole; a département; a région."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Someone who answers for a commune; ``for_`` is who is away, where ``facilitator`` is its deputy.

    ``width`` is one of ``WIDTHS``, ``place`` the name of the narrowest area or commune by which it answers.
    """

    facilitator: Facilitator
    width: str
    place: str
    for_: Facilitator | None = None


def width_of(area: Area) -> str:
    """Return how wide an area is, one of ``WIDTHS``."""
    return "cell" if area.is_cell else {"ept": "cell"}.get(area.level, area.level)


def is_active(facilitator: Facilitator, on: date) -> bool:
    """Say whether a facilitator answers on a day: both ends count, either may be open."""
    begun = facilitator.active_from is None or facilitator.active_from <= on
    return begun and (facilitator.active_until is None or facilitator.active_until >= on)


def who_answers(facilitator: Facilitator, on: date) -> Facilitator | None:
    """Return the facilitator, else the first of its deputies (and theirs) who is there on that day."""
    seen: set[int] = set()
    one: Facilitator | None = facilitator
    while one is not None and one.id not in seen:
        if is_active(one, on):
            return one
        seen.add(one.id)
        one = one.deputy
    return None


def facilitators_of(session: AnySession, commune_code: str, on: date) -> list[Facilitator]:
    """Return who answers for a commune (a former INSEE code too) on a day, narrowest first; empty: a hole."""
    return [answer.facilitator for answer in answers_for(session, commune_code, on)]


def answers_for(session: AnySession, commune_code: str, on: date) -> list[Answer]:
    """Return who answers for a commune (a former INSEE code too) on a day, narrowest first, and for whom."""
    commune = commune_by_code(session, commune_code)
    return [] if commune is None else Coverage(session, on, [commune.code]).answers(commune.code)


class Coverage:
    """Who answers on a day, for these communes (all those of today by default); read in a fixed number of queries."""

    def __init__(self, session: AnySession, on: date, codes: Collection[str] | None = None) -> None:
        asked = select(Facilitator).order_by(Facilitator.id).options(
            selectinload(Facilitator.areas), selectinload(Facilitator.communes), selectinload(Facilitator.person)
        )  # fmt: skip
        self.on = on
        self.facilitators = list(session.scalars(asked))
        self.codes = frozenset(_codes(session) if codes is None else codes)
        self._inside = _communes_of(session, {area.id for one in self.facilitators for area in one.areas})
        self._held = self._by_commune()

    def answers(self, code: str) -> list[Answer]:
        """Return who answers for a commune of today, narrowest first; each once, by its narrowest place."""
        found: dict[int, Answer] = {}
        for width, place, facilitator in self._held.get(code, ()):
            who = who_answers(facilitator, self.on)
            if who is not None and who.id not in found:
                found[who.id] = Answer(who, width, place, None if who is facilitator else facilitator)
        return list(found.values())

    def holes(self) -> set[str]:
        """Return the communes for which nobody answers."""
        return {code for code in self.codes if not self.answers(code)}

    def doubles(self) -> dict[tuple[int, int, str], set[str]]:
        """Return the pairs of facilitators of one role who answer at the same width, with the communes where they do.

        Keys are the two numbers, the smaller first, and the width.
        """
        found: dict[tuple[int, int, str], set[str]] = defaultdict(set)
        for code in self.codes:
            at: dict[tuple[str, str], list[int]] = defaultdict(list)
            for answer in self.answers(code):
                for other in at[answer.width, answer.facilitator.role]:
                    found[min(other, answer.facilitator.id), max(other, answer.facilitator.id), answer.width].add(code)
                at[answer.width, answer.facilitator.role].append(answer.facilitator.id)
        return dict(found)

    def communes_of(self, facilitator: Facilitator) -> set[str]:
        """Return the communes of today that a facilitator answers for, whether it is there or away."""
        single = {one.current_code or one.code for one in facilitator.communes}
        return single.union(*(self._inside.get(area.id, ()) for area in facilitator.areas))

    def _by_commune(self) -> dict[str, list[tuple[str, str, Facilitator]]]:
        """Return, by commune, the width and the place by which each facilitator holds it, narrowest first."""
        held: dict[str, dict[int, tuple[str, str, Facilitator]]] = defaultdict(dict)
        for facilitator in self.facilitators:
            for width, place, codes in self._places(facilitator):
                for code in self.codes & codes:
                    known = held[code].get(facilitator.id)
                    if known is None or WIDTHS.index(width) < WIDTHS.index(known[0]):
                        held[code][facilitator.id] = (width, place, facilitator)
        return {code: sorted(rows.values(), key=_narrowest) for code, rows in held.items()}

    def _places(self, facilitator: Facilitator) -> Iterable[tuple[str, str, frozenset[str]]]:
        for commune in facilitator.communes:
            yield "commune", commune.name, frozenset((commune.current_code or commune.code,))
        for area in facilitator.areas:
            yield width_of(area), area.name, self._inside.get(area.id, frozenset())


def _narrowest(row: tuple[str, str, Facilitator]) -> tuple[int, bool, int]:
    """Order by width; at the same width whoever is on the spot comes before a coordination."""
    return WIDTHS.index(row[0]), row[2].role == "coordination", row[2].id


def _codes(session: AnySession) -> Sequence[str]:
    return session.scalars(select(Commune.code).where(Commune.current_code.is_(None))).all()


def _communes_of(session: AnySession, area_ids: Collection[int]) -> Mapping[int, frozenset[str]]:
    asked = select(AreaCommune.area_id, AreaCommune.commune_code).where(AreaCommune.area_id.in_(area_ids))
    found: dict[int, set[str]] = defaultdict(set)
    for area_id, code in session.execute(asked):
        found[area_id].add(code)
    return {area_id: frozenset(codes) for area_id, codes in found.items()}
