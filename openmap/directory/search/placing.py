"""Places inside the words of a search: « nettoyage Montreuil », « traiteur 93 », « jardiniers à Versailles »."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract
from sqlalchemy import func, select

from openmap.extensions import AnySession
from openmap.reference.models import Area, Commune
from openmap.reference.stems import stems_of
from openmap.reference.words import folded

_TAIL: Final = re.compile(r" (sur|sous|en|les|lez|le|la|au|aux|l|d|de|du|des)( .*)?$")
_HEAD: Final = re.compile(r"^(le|la|les|l|ville de|ca de|ca du|ca|cc de la|cc du|cc des|cc le|cc les|cc l|cc|cu) ")
_BEFORE: Final = frozenset(
    (
        "a",
        "au",
        "aux",
        "sur",
        "dans",
        "en",
        "pour",
        "de",
        "du",
        "vers",
        "pres",
        "le",
        "la",
        "les",
        "ville",
        "departement",
    )
)
_WELL_KNOWN: Final = 15_000
"""Inhabitants from which a commune is meant by the first part of its name: « Ivry », « Champigny »."""

_NO_NAME: Final = frozenset(("saint", "sainte", "bois", "maisons", "villeneuve", "fontenay", "ville", "mont"))
_LEVELS: Final = ("departement", "region", "ept", "epci")
_ARRONDISSEMENT: Final = re.compile(r"paris (\d{1,2})(?: ?(?:e|er|eme))?")


@dataclass(frozen=True, slots=True)
class Place:
    """A place that words name: « niveau:code », its name, and the words, as they were typed."""

    value: str
    name: str
    written: str


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """Names of places, folded; a name that several places bear is the most populous commune's, else the area's."""

    names: dict[str, tuple[str, str]]
    longest: int


def gazetteer(session: AnySession) -> Gazetteer:
    """Return the places by name; one query that says whether they are those known already, two more where not."""
    counted = select(func.count(Commune.code), func.sum(Commune.population), func.max(Commune.folded))
    state = session.execute(counted.add_columns(select(func.sum(Area.id)).scalar_subquery())).one()
    key = (str(session.get_bind().url), *state)  # type: ignore[union-attr]
    if key not in _kept:
        _kept.clear()
        _kept[key] = _read_all(session)
    return _kept[key]


_kept: dict[tuple[object, ...], Gazetteer] = {}


def _read_all(session: AnySession) -> Gazetteer:
    communes = session.execute(
        select(Commune.code, Commune.name, Commune.folded, Commune.population, Commune.postal_codes)
        .where(Commune.current_code.is_(None))
        .order_by(func.coalesce(Commune.population, 0).desc(), Commune.code)
    ).all()
    areas = session.execute(select(Area.level, Area.code, Area.name).order_by(Area.id)).all()
    return _made([tuple(row) for row in communes], [tuple(row) for row in areas])


def read(session: AnySession, words: Sequence[str], *, known: Callable[[str], bool]) -> tuple[list[Place], list[int]]:
    """Return the places among words, and the ranks of the words that name them.

    ``known`` says whether a lone word is one that structures use: « vert » is not the commune of Vert, unless it is
    written « à Vert ».
    """
    places = gazetteer(session)
    plain = [folded(word) for word in words]
    found: list[Place] = []
    taken: list[int] = []
    at = 0
    while at < len(words):
        length = next(
            (n for n in range(min(places.longest, len(words) - at), 0, -1) if _meant(places, plain, at, n, known)), 0
        )
        if length:
            value, name = _meaning(places, " ".join(plain[at : at + length]))
            found.append(Place(value, name, " ".join(words[at : at + length])))
            taken += range(at, at + length)
        at += max(1, length)
    return found, taken


def nearest(session: AnySession, word: str) -> Place | None:
    """Return the place whose name, in one word, an unknown one is a slip of, or ``None``."""
    typed = folded(word)
    if len(typed) < 6 or not typed.isalpha():
        return None
    places = gazetteer(session)
    near = [one for one in places.names if one[0] == typed[0] and abs(len(one) - len(typed)) < 2 and " " not in one]
    found = extract(typed, near, scorer=OSA.distance, score_cutoff=1, limit=1)
    if not found:
        return None
    value, name = places.names[found[0][0]]
    return Place(value, name, word)


def _meant(places: Gazetteer, plain: Sequence[str], at: int, length: int, known: Callable[[str], bool]) -> bool:
    text = " ".join(plain[at : at + length])
    if not _meaning(places, text)[0]:
        return False
    after_word = at > 0 and plain[at - 1] in _BEFORE
    if text.isdigit() and len(text) == 2:
        # « traiteur 93 », « dans le 93 », but not « 75 couverts ».
        return at + length == len(plain) or plain[at - 1 : at] in (["le"], ["du"], ["departement"])
    if length == 1 and " " not in text and not text.isdigit() and not after_word:
        return not any(known(stem) for stem in stems_of(text))
    return True


def _meaning(places: Gazetteer, text: str) -> tuple[str, str]:
    district = _ARRONDISSEMENT.fullmatch(text)
    if district is not None and 1 <= int(district.group(1)) <= 20:
        text = "paris"
    return places.names.get(text, ("", ""))


def _made(communes: Sequence[tuple[Any, ...]], areas: Sequence[tuple[Any, ...]]) -> Gazetteer:
    names: dict[str, tuple[str, str]] = {}
    for level, code, name in sorted(areas, key=lambda one: _LEVELS.index(one[0])):
        value = (f"{level}:{code}", name)
        plain = folded(name.split("(")[0])
        spellings = [plain, _HEAD.sub("", plain)]
        if level == "departement":
            spellings += [code.lower(), f"departement {code.lower()}"]
        for one in spellings:
            names.setdefault(one, value)
    for code, name, plain, _population, _postal in communes:
        if plain not in names or names[plain][0].startswith("epci:"):
            names[plain] = (f"commune:{code}", name)
    shared = Counter(one for row in communes for one in row[4])
    for code, name, plain, population, postal in communes:
        value = (f"commune:{code}", name)
        for one in postal:
            if shared[one] == 1:
                names.setdefault(one, value)
        if (population or 0) >= _WELL_KNOWN:
            headless = _HEAD.sub("", plain)
            for short in (headless, _TAIL.sub("", headless), *_halves(name)):
                if len(short) > 3:
                    names.setdefault(short, value)
    return Gazetteer(names, max((len(name.split()) for name in names), default=1))


def _halves(name: str) -> list[str]:
    """Return the first half of a joined commune's name: « Évry » of « Évry-Courcouronnes »."""
    parts = name.split("-")
    half = folded(parts[0])
    return [half] if len(parts) == 2 and half not in _NO_NAME else []
