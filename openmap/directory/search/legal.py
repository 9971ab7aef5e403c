"""Words of the law and of kinds of structure inside a search: « marché réservé », « L. 2113-12 », « ESAT »."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from flask_babel import LazyString, lazy_gettext

IAE: Final = frozenset({"ei", "ai", "aci", "etti", "eiti"})
HANDICAP: Final = frozenset({"ea", "eatt", "esat"})
SOCIAL: Final = IAE | HANDICAP
_ANY: Final[frozenset[str]] = frozenset()

_IAE_ONLY: Final = lazy_gettext("seules les structures d’insertion par l’activité économique sont montrées")
_HANDICAP_ONLY: Final = lazy_gettext("seules les entreprises adaptées et les ESAT sont montrés")
_SOCIAL_ONLY: Final = lazy_gettext("seuls l’insertion, les entreprises adaptées et les ESAT sont montrés")
_EVERYONE: Final = lazy_gettext("tout l’annuaire relève de l’économie sociale et solidaire, rien n’est écarté")
_PRISON: Final = lazy_gettext("aucune structure du travail en prison n’est dans l’annuaire, rien n’est écarté")
_ONLY: Final = lazy_gettext("seul ce type de structure est montré")


@dataclass(frozen=True, slots=True)
class Rule:
    """Words that name kinds. ``keeps``: they are also searched as words, since names of structures hold them."""

    words: re.Pattern[str]
    kinds: frozenset[str]
    told: LazyString
    keeps: bool = False


def _rule(words: str, kinds: frozenset[str], told: LazyString, *, keeps: bool = False, exact: bool = False) -> Rule:
    return Rule(re.compile(rf"(?<!\w)(?:{words})(?!\w)", 0 if exact else re.IGNORECASE), kinds, told, keeps)


def _article(number: str) -> str:
    """Return how an article of the code of public procurement is written: « L2113-12 », « article L. 2113-12 »."""
    return rf"(?:(?:l[’']\s?)?art(?:icle|\.)?s?\s+)?l\.?\s?{number.replace('-', '[-–‑ ]')}(?![-–‑]?\d)"


RULES: Final = (
    _rule(_article("2113-13-1"), _ANY, _PRISON),
    _rule(_article("2113-12"), HANDICAP, _HANDICAP_ONLY),
    _rule(_article("2113-13"), IAE, _IAE_ONLY),
    _rule(_article("2113-14"), SOCIAL, _SOCIAL_ONLY),
    _rule(_article("2113-1[56]"), _ANY, _EVERYONE),
    _rule(_article("2112-2"), SOCIAL, _SOCIAL_ONLY),
    _rule(r"(?:march[ée]s?|lots?)\s+r[ée]serv[ée]s?|r[ée]servations?\s+sociales?", SOCIAL, _SOCIAL_ONLY),
    _rule(r"clauses?\s+(?:sociales?|d[’' ]\s?insertion)", SOCIAL | {"geiq"}, _SOCIAL_ONLY),
    _rule(r"(?:e\.?s\.?a\.?t\.?s?)|[ée]tablissements?\s+et\s+services?\s+d[’' ]\s?(?:aide|accompagnement)\s+par\s+le\s+"
          r"travail", frozenset({"esat"}), _ONLY),
    _rule(r"entreprises?\s+adapt[ée]es?\s+de\s+travail\s+temporaire|e\.?a\.?t\.?t\.?", frozenset({"eatt"}), _ONLY),
    _rule(r"entreprises?\s+adapt[ée]es?", frozenset({"ea", "eatt"}), _ONLY),
    _rule(r"EA|E\.A\.", frozenset({"ea", "eatt"}), _ONLY, exact=True),
    _rule(r"(?:secteurs?|milieux?)\s+(?:adapt[ée]s?|prot[ée]g[ée]s?)(?:\s+et\s+(?:adapt[ée]|prot[ée]g[ée])s?)?|stpa",
          HANDICAP, _HANDICAP_ONLY),
    _rule(r"(?:du\s+)?handicap|travailleurs?\s+handicap[ée]s?", HANDICAP, _HANDICAP_ONLY, keeps=True),
    _rule(r"(?:agences?\s+d[’' ]\s?)?int[ée]rim\s+(?:d[’' ]\s?)?insertion", frozenset({"etti"}), _ONLY, keeps=True),
    _rule(r"entreprises?\s+de\s+travail\s+temporaire\s+d[’' ]\s?insertion|etti", frozenset({"etti"}), _ONLY),
    _rule(r"(?:par\s+le\s+)?travail\s+ind[ée]pendant\s+d?[’' ]?\s?insertion|eiti", frozenset({"eiti"}), _ONLY),
    _rule(r"(?:ateliers?\s+(?:et\s+|[-/]\s?)?)?chantiers?\s+d[’' ]\s?insertion|aci", frozenset({"aci"}), _ONLY,
          keeps=True),
    _rule(r"associations?\s+interm[ée]diaires?", frozenset({"ai"}), _ONLY),
    _rule(r"AI|A\.I\.", frozenset({"ai"}), _ONLY, exact=True),
    _rule(r"entreprises?\s+d[’' ]\s?insertion", frozenset({"ei"}), _ONLY, keeps=True),
    _rule(r"EI|E\.I\.", frozenset({"ei"}), _ONLY, exact=True),
    _rule(r"geiq", frozenset({"geiq"}), _ONLY, keeps=True),
    _rule(r"siae|iae|insertion\s+par\s+l[’' ]\s?activit[ée](?:\s+[ée]conomique)?", IAE, _IAE_ONLY),
    _rule(r"(?:d[’' ]\s?)?insertion", IAE | {"geiq"}, _IAE_ONLY, keeps=True),
    _rule(r"scops?|scics?|soci[ée]t[ée]s?\s+coop[ée]ratives?", frozenset({"cooperative"}), _ONLY, keeps=True),
    _rule(r"ess|[ée]conomie\s+sociale(?:\s+et\s+solidaire)?", _ANY, _EVERYONE),
)  # fmt: skip
"""Articles of the code of public procurement and what each reserves: handicap L. 2113-12, insertion L. 2113-13, both
L. 2113-14, prison L. 2113-13-1, ESS L. 2113-15 and 16; L. 2112-2 for the conditions of execution (social clause)."""


@dataclass(frozen=True, slots=True)
class Legal:
    """What the law and the kinds in a text ask for: kinds, the words that told it, and what is left to search."""

    kinds: frozenset[str]
    told: tuple[tuple[str, LazyString], ...]
    left: str
    kept: str


def read(text: str) -> Legal:
    """Return the kinds that a text names: those that all its words allow, else those that any of them does."""
    left, kept = text, []
    named: list[frozenset[str]] = []
    told: list[tuple[str, LazyString]] = []
    for rule in RULES:
        for match in list(rule.words.finditer(left)):
            told.append((" ".join(match.group().split()), rule.told))
            kept += [match.group()] if rule.keeps else []
            if rule.kinds:
                named.append(rule.kinds)
        left = rule.words.sub(" ", left)
    both = frozenset.intersection(*named) if named else _ANY
    return Legal(both or frozenset().union(*named), tuple(told), " ".join(left.split()), " ".join(kept))
