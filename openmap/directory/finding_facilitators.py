"""« Qui est mon facilitateur ? »: from a place that was typed or chosen to an answer in words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from flask_babel import gettext as _

from openmap.directory.covering import Answer, Coverage
from openmap.directory.facilitator_labels import width_label
from openmap.extensions import AnySession
from openmap.reference.models import LEVELS, Area, Commune
from openmap.reference.places import Places, find_places
from openmap.reference.queries import area_by_code, commune_by_code
from openmap.reference.words import folded

_PLACE: Final = re.compile(rf"(commune|{'|'.join(LEVELS)}):([0-9A-Za-z]{{1,9}})")


@dataclass(frozen=True, slots=True)
class Group:
    """Communes for which the same people answer, narrowest first; nobody: a hole."""

    answers: Sequence[Answer]
    communes: Sequence[Commune]


@dataclass(frozen=True, slots=True)
class Found:
    """What was found for a place: the place, its groups of communes, the largest first; or places to choose from."""

    place: Commune | Area | None = None
    groups: Sequence[Group] = ()
    choices: Places = field(default_factory=Places)
    is_unknown: bool = False

    @property
    def name(self) -> str:
        """The name of the place."""
        return "" if self.place is None else self.place.name


def find(session: AnySession, words: str, place: str, on: date) -> Found:
    """Return who answers where: ``place`` reads « commune:93066 » or « ept:T6 », ``words`` are what was typed."""
    if place:
        chosen = place_of(session, place)
        return Found(is_unknown=True) if chosen is None else _answered(session, chosen, on)
    if not words:
        return Found()
    choices = find_places(session, words)
    everything: list[Commune | Area] = [*choices.communes, *choices.areas]
    exact = [one for one in everything if folded(one.name) == folded(words)]
    if len(everything) == 1 or len(exact) == 1:
        return _answered(session, (exact or everything)[0], on)
    return Found(choices=choices, is_unknown=not everything)


def place_of(session: AnySession, place: str) -> Commune | Area | None:
    """Return the commune of today or the area that « niveau:code » names, or ``None``."""
    match = _PLACE.fullmatch(place)
    if match is None:
        return None
    level, code = match.groups()
    return commune_by_code(session, code) if level == "commune" else area_by_code(session, level, code)


def key_of(place: Commune | Area) -> str:
    """Return how an address names a place."""
    return f"commune:{place.code}" if isinstance(place, Commune) else f"{place.level}:{place.code}"


def sentences(name: str, answers: Sequence[Answer]) -> list[str]:
    """Return in words who answers for a place: first whom to ask, then who else, and who stands in for whom."""
    if not answers:
        return [_("Personne ne répond encore pour %(place)s.", place=name)]
    first, *others = answers
    said = [_("Pour %(place)s, adressez-vous à %(who)s, %(reach)s.", place=name, who=_who(first), reach=_reach(first))]
    said += [_("Sinon, à %(who)s, %(reach)s.", who=_who(one), reach=_reach(one)) for one in others]
    said += [
        _(
            "%(who)s répond à la place de %(away)s, qui n’est pas là aujourd’hui.",
            who=one.facilitator.organisation,
            away=one.for_.organisation,
        )
        for one in answers
        if one.for_ is not None
    ]
    return said


def _who(answer: Answer) -> str:
    return answer.facilitator.organisation


def _reach(answer: Answer) -> str:
    if not answer.place:
        return str(_("qui répond pour %(width)s de chacune", width=width_label(answer.width)))
    return str(_("qui répond pour %(width)s %(place)s", width=width_label(answer.width), place=answer.place))


def _answered(session: AnySession, place: Commune | Area, on: date) -> Found:
    communes = [place] if isinstance(place, Commune) else place.communes
    coverage = Coverage(session, on, [one.code for one in communes])
    held: dict[tuple[tuple[int, str], ...], list[tuple[list[Answer], Commune]]] = {}
    for commune in communes:
        answers = coverage.answers(commune.code)
        held.setdefault(tuple((one.facilitator.id, one.width) for one in answers), []).append((answers, commune))
    groups = [
        Group(_together([answers for answers, _one in rows]), [one for _a, one in rows]) for rows in held.values()
    ]
    return Found(place, sorted(groups, key=lambda group: (-len(group.communes), group.communes[0].folded)))


def _together(rows: Sequence[Sequence[Answer]]) -> list[Answer]:
    """Return the answers that communes share; the place of one is left out where it is another in each."""
    columns = zip(*rows, strict=True)
    return [one[0] if len({answer.place for answer in one}) == 1 else replace(one[0], place="") for one in columns]
