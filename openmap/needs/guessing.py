"""Which column of a purchase plan is what: by the words that buyers use, by what was learned, by its cells."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from flask_babel import LazyString, lazy_gettext
from rapidfuzz.fuzz import ratio, token_sort_ratio

from openmap.needs.plan_words import ALIASES
from openmap.reference.words import folded

AUTOMATIC: Final = 90
"""From there on (of 100, rapidfuzz) a guess needs no confirmation."""
PROBABLE: Final = 68
"""From there on it is proposed; below, nothing is."""

FIELDS: Final[Mapping[str, LazyString]] = {
    "title": lazy_gettext("Objet de l’achat"),
    "description": lazy_gettext("Description"),
    "activity": lazy_gettext("Activité ou famille d’achat"),
    "cpv": lazy_gettext("Codes CPV"),
    "area": lazy_gettext("Lieu d’exécution"),
    "period": lazy_gettext("Date ou trimestre de lancement"),
    "period_end": lazy_gettext("Fin de la période de lancement"),
    "amount": lazy_gettext("Montant hors taxes, sur toute la durée"),
    "yearly": lazy_gettext("Montant hors taxes d’une année"),
    "duration": lazy_gettext("Durée du marché"),
    "recurrence": lazy_gettext("Récurrence"),
    "lots": lazy_gettext("Lots"),
    "delivery": lazy_gettext("Forme de l’achat"),
    "lever": lazy_gettext("Levier social prévu"),
    "procedure": lazy_gettext("Procédure"),
    "certainty": lazy_gettext("Certitude"),
    "renews": lazy_gettext("Marché renouvelé"),
    "renewed_ends_on": lazy_gettext("Fin du marché renouvelé"),
    "contact_name": lazy_gettext("Nom du contact"),
    "contact_email": lazy_gettext("Adresse électronique du contact"),
    "contact_phone": lazy_gettext("Téléphone du contact"),
}
"""What a column can be, in the order of the lists."""

SEVERAL: Final = frozenset({"description"})
"""What several columns may be together: their cells follow one another, each after its title."""

_BY_ALIAS: Final = {folded(alias): field for field, aliases in ALIASES.items() for alias in aliases}
_CODES: Final = re.compile(r"\d{8}(-\d)?([\s,;/]+\d{8}(-\d)?)*")
_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+\.[a-z]{2,}", re.IGNORECASE)
_NOISE: Final = re.compile(
    r"\b(n|no|numero|en|eur|euros?|k|ht|hors taxes?|previsionnel(le)?|estime(e)?|approximati(f|ve))\b"
)

How = Literal["own", "learned", "alias", "close", "cells", "unknown"]


@dataclass(frozen=True, slots=True)
class Guess:
    """What a column is taken for: a field or nothing, how surely (of 100) and by what."""

    field: str
    confidence: int
    how: How

    @property
    def is_sure(self) -> bool:
        """Whether it needs no confirmation."""
        return self.confidence >= AUTOMATIC


def header_score(cells: Sequence[str]) -> float:
    """Return how many columns of a line are known by their titles, each counted by its confidence (0 to 1)."""
    found: dict[str, float] = {}
    for cell in cells:
        guess = _by_title(cell)
        if guess.confidence >= PROBABLE:
            found[guess.field] = max(found.get(guess.field, 0.0), guess.confidence / 100)
    return sum(found.values())


def guess_columns(
    titles: Sequence[str], cells: Sequence[Sequence[str]], own: Mapping[str, str], learned: Mapping[str, str]
) -> list[Guess]:
    """Return a guess for every column. ``own`` and ``learned`` map folded titles to fields, the buyer's own first.

    A field that two columns claim is the surer one's; the other is left to be told.
    """
    guesses = [_guess(title, [row[rank] for row in cells], own, learned) for rank, title in enumerate(titles)]
    for rank, one in enumerate(guesses):
        rivals = [other for other in guesses[:rank] if other.field == one.field]
        rivals += [
            other for other in guesses[rank + 1 :] if other.field == one.field and other.confidence > one.confidence
        ]
        if one.field and one.field not in SEVERAL and rivals and max(r.confidence for r in rivals) >= one.confidence:
            guesses[rank] = Guess("", 0, "unknown")
    return guesses


def _guess(title: str, cells: Sequence[str], own: Mapping[str, str], learned: Mapping[str, str]) -> Guess:
    name = folded(title)[:300]
    if name in own:
        return Guess(own[name], 100, "own")
    if name in learned:
        return Guess(learned[name], 95, "learned")
    by_title = _by_title(title)
    if by_title.is_sure:
        return by_title
    held = [cell for cell in cells if cell]
    for field, shape in (("cpv", _CODES), ("contact_email", _ADDRESS)):
        if held and sum(1 for cell in held if shape.fullmatch(cell)) >= 0.8 * len(held):
            return Guess(field, 85, "cells")
    return by_title


def _by_title(title: str) -> Guess:
    name = folded(title)
    if name in _BY_ALIAS:
        return Guess(_BY_ALIAS[name], 100, "alias")
    bare = " ".join(_NOISE.sub(" ", name).split())
    if len(bare) < 3:
        return Guess("", 0, "unknown")
    best, alias = max((max(token_sort_ratio(bare, one), ratio(name, one)), one) for one in _BY_ALIAS)
    if best < PROBABLE:
        return Guess("", 0, "unknown")
    return Guess(_BY_ALIAS[alias], min(99, int(best)), "alias" if best >= AUTOMATIC else "close")
