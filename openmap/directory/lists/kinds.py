"""Kinds of structure in any wording: « EI », « Entreprise d’insertion (EI) », « ESAT », « EI / ETTI »."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from openmap.directory.models import STRUCTURE_KINDS
from openmap.reference.words import folded

_WORDS: Final[Mapping[str, str]] = {
    wording: kind
    for kind, wordings in {
        "ei": "entreprise d insertion|entreprises d insertion|siae ei",
        "ai": "association intermediaire|associations intermediaires",
        "aci": "atelier et chantier d insertion|ateliers et chantiers d insertion|atelier chantier d insertion"
        "|ateliers chantiers d insertion|chantier d insertion|atelier d insertion|acipa|acipa ph|aci phc",
        "etti": "entreprise de travail temporaire d insertion|entreprises de travail temporaire d insertion"
        "|interim d insertion",
        "eiti": "entreprise d insertion par le travail independant|entreprises d insertion par le travail independant",
        "geiq": "groupement d employeurs pour l insertion et la qualification"
        "|groupements d employeurs pour l insertion et la qualification|groupement d employeurs geiq",
        "ea": "entreprise adaptee|entreprises adaptees",
        "eatt": "entreprise adaptee de travail temporaire|entreprises adaptees de travail temporaire",
        "esat": "etablissement et service d aide par le travail"
        "|etablissement et service d accompagnement par le travail"
        "|etablissements et services d aide par le travail|etablissement d aide par le travail|cat",
        "association": "association|asso|association loi 1901|ass l 1901|association declaree",
        "cooperative": "cooperative|scop|scic|cae|societe cooperative|societe cooperative et participative"
        "|societe cooperative d interet collectif",
        "ess": "ess|economie sociale et solidaire|esus|societe commerciale de l ess|mutuelle|fondation"
        "|regie de quartier|regie de territoire|entreprise de l ess|entreprise sociale",
    }.items()
    for wording in (*wordings.split("|"), kind)
}
_ACRONYMS: Final = frozenset(STRUCTURE_KINDS[:9])
_BESIDE: Final = frozenset({"siae", "structure", "type", "une", "un", "les", "phc", "ph"})
_BETWEEN: Final = re.compile(r"[;/,|+\n]| et (?=[A-Z]{2,5}\b)")
_BRACKETS: Final = re.compile(r"\(([^)]*)\)")


@lru_cache(maxsize=2_000)
def kinds_in(text: str) -> tuple[str, ...]:
    """Return the kinds that a cell names, in its order; none where a part of it is no kind of ours."""
    found: list[str] = []
    whole = _kind(text)
    for part in [text] if whole else _BETWEEN.split(text):
        kind = _kind(part)
        if kind is None:
            if part.strip():
                return ()
        elif kind not in found:
            found.append(kind)
    return tuple(found)


def _kind(text: str) -> str | None:
    plain = folded(text)
    if plain in _WORDS:
        return _WORDS[plain]
    inside = [folded(part) for part in _BRACKETS.findall(text)]
    outside = folded(_BRACKETS.sub(" ", text))
    for part in (*inside, outside):
        if part in _WORDS:
            return _WORDS[part]
    words = set(plain.split()) - _BESIDE
    return words.pop() if len(words) == 1 and words <= _ACRONYMS else None
