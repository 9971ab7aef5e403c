"""Who of the other side fits: the match score where it is there, else the words that both have in common."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import select

from openmap.directory.models import Organisation
from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.meetings.models import Participation
from openmap.needs.models import Need
from openmap.reference.words import folded

POINTS_A_WORD: Final = 20
LEAST_LETTERS: Final = 4
SEEN_BY_PARTICIPANTS: Final = ("public", "participants")
_EMPTY: Final = frozenset({"pour", "avec", "dans", "sans", "leur", "leurs", "plus", "tous", "toute", "entre", "autre"})


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Another participant by its id, its score from 0 to 100, and why, in words."""

    other_id: int
    score: int
    reasons: tuple[str, ...]


@cache
def _matching() -> Any:
    """Return the module of the match score, or ``None`` where this house has none."""
    name = "openmap.meetings.matching"
    try:
        return import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name != name:
            raise
        return None


def suggestions(session: AnySession, participation: Participation, *, limit: int | None = None) -> list[Suggestion]:
    """Return the other side, best first; the number of queries does not depend on how many they are."""
    theirs = _matching()
    if theirs is None:
        return _by_words(session, participation)[:limit]
    return [
        Suggestion(one.other.id, one.score, tuple(part.reason for part in one.parts if part.points and part.reason))
        for one in theirs.ranked(session, participation, limit=limit)
    ]


def scores(session: AnySession, edition: Edition) -> Mapping[tuple[int, int], int]:
    """Return the score of every pair (buyer's participation, structure's); a fixed number of queries."""
    theirs = _matching()
    if theirs is not None:
        found: Mapping[tuple[int, int], int] = theirs.scores(session, edition)
        return found
    words = _words(session, edition.id)
    sides: dict[str, list[int]] = {"buyer": [], "structure": []}
    for number, (side, _found) in words.items():
        sides[side].append(number)
    return {
        (buyer, structure): _points(words[buyer][1] & words[structure][1])
        for buyer in sides["buyer"]
        for structure in sides["structure"]
    }


def _by_words(session: AnySession, participation: Participation) -> list[Suggestion]:
    words = _words(session, participation.edition_id)
    own = words[participation.id][1] if participation.id in words else frozenset()
    found = []
    for number, (side, theirs) in words.items():
        if side != participation.side:
            shared = sorted(own & theirs)
            reason = _("Mots en commun : %(words)s.", words=", ".join(shared[:5]))
            found.append(Suggestion(number, _points(shared), (reason,) if shared else ()))
    return sorted(found, key=lambda one: (-one.score, one.other_id))


def _points(shared: Any) -> int:
    return min(100, POINTS_A_WORD * len(shared))


def _words(session: AnySession, edition_id: int) -> dict[int, tuple[str, frozenset[str]]]:
    """Return each participant's side and the words of its activity and, of a buyer, of its needs; two queries."""
    here = select(Participation.id, Participation.side, Participation.organisation_id, Organisation.activity)
    rows = session.execute(here.join(Participation.organisation).where(Participation.edition_id == edition_id)).all()
    texts: dict[int, list[str]] = {}
    declared = (
        select(Need.buyer_id, Need.title, Need.description)
        .join(Participation, Participation.organisation_id == Need.buyer_id)
        .where(
            Participation.edition_id == edition_id, Need.state == "declared", Need.visibility.in_(SEEN_BY_PARTICIPANTS)
        )
    )
    for buyer, title, description in session.execute(declared):
        texts.setdefault(buyer, []).append(f"{title} {description}")
    return {
        number: (side, _kept(" ".join([activity, *texts.get(organisation, ())])))
        for number, side, organisation, activity in rows
    }


def _kept(text: str) -> frozenset[str]:
    words = re.findall(rf"[a-z]{{{LEAST_LETTERS},}}", folded(text))
    return frozenset(word.rstrip("s") for word in words) - _EMPTY
