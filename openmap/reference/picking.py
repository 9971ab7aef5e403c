"""Activities and CPV codes found by what people type: words with any ending or accent, digits of a code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz.fuzz import ratio
from rapidfuzz.process import extractOne
from snowballstemmer import stemmer
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from openmap.extensions import AnySession
from openmap.reference.models import Activity
from openmap.reference.words import folded

MOST: Final = 12
"""How many of a kind a search shows: more would not be read on a phone."""

ALIKE: Final = 82
"""From there on (of 100, rapidfuzz) a word that fits nothing is taken for one of ours with a slip."""

_IDLE: Final = frozenset((
    "a", "au", "aux", "d", "de", "des", "du", "en", "et", "l", "la", "le", "les", "ou", "par", "pour", "sur", "un",
    "une",
))  # fmt: skip
_FRENCH: Final = stemmer("french")
_WHOLE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Code:
    """A CPV code of eight digits, and the activities whose it is."""

    code: str
    label: str


@dataclass(frozen=True, slots=True)
class Trades:
    """What a search among activities found; ``read_as`` are the words where a slip was mended."""

    activities: Sequence[Activity] = ()
    codes: Sequence[Code] = ()
    read_as: str = ""


@dataclass(frozen=True, slots=True)
class TradesOffered:
    """Activities and codes: those chosen, and those that were found besides. ``typed`` is what was searched."""

    chosen: Sequence[Activity]
    codes: Sequence[Code]
    found: Trades
    typed: str

    @property
    def count(self) -> int:
        """How many things were found besides those chosen."""
        return len(self.found.activities) + len(self.found.codes)


def find_trades(session: AnySession, typed: str) -> Trades:
    """Return the activities in use that ``typed`` means, best first, and the CPV codes of those or of these digits."""
    known = usable_activities(session)
    digits = "".join(typed.split()).split("-")[0]
    if digits.isdecimal():
        digits = digits.rstrip("0") or digits
        codes = [code for code in codes_of(known) if len(digits) >= 2 and code.code.startswith(digits)]
        held = {code.code for code in codes}
        return Trades([one for one in known if held & set(one.cpv)][:MOST], codes[:MOST])
    words = _stems(folded(typed))[:MOST]
    if not words:
        return Trades()
    weighed = [_weights(one) for one in known]
    stems = sorted({stem for weights in weighed for stem in weights})
    mended = [_mended(word, stems) for word in words]
    scored = [
        (_score(mended, weights), -rank, one) for rank, (one, weights) in enumerate(zip(known, weighed, strict=True))
    ]
    best = sorted((one for one in scored if one[0]), key=lambda one: one[:2], reverse=True)
    found = [one for points, _rank, one in best if points >= _WHOLE or best[0][0] < _WHOLE][:MOST]
    told = " ".join(mended) if mended != words else ""
    return Trades(found, codes_of(found)[:MOST], told)


def usable_activities(session: AnySession) -> list[Activity]:
    """Return the activities in use with their trades, in the order of the vocabulary."""
    asked = select(Activity).where(Activity.retired_at.is_(None)).options(joinedload(Activity.trade))
    return sorted(session.scalars(asked), key=lambda one: (one.trade.rank, one.trade_id, one.rank, one.id))


def codes_of(activities: Iterable[Activity]) -> list[Code]:
    """Return the CPV codes of some activities, each once, with the names of those whose it is."""
    named: dict[str, list[str]] = {}
    for one in activities:
        for code in one.cpv:
            named.setdefault(code, []).append(one.name)
    return [Code(code, ", ".join(names)) for code, names in named.items()]


def labels_of(session: AnySession, codes: Sequence[str]) -> list[Code]:
    """Return these codes with the names of their activities, where there are some."""
    if not codes:
        return []
    known = {one.code: one.label for one in codes_of(usable_activities(session))}
    return [Code(code, known.get(code, "")) for code in codes]


def chosen_activities(session: AnySession, typed: Iterable[str]) -> list[Activity]:
    """Return the activities of these ids, those retired since among them."""
    ids = [int(one) for one in typed]
    if not ids:
        return []
    return list(session.scalars(select(Activity).where(Activity.id.in_(ids)).order_by(Activity.rank, Activity.id)))


def trades_offered(session: AnySession, ids: Sequence[str], codes: Sequence[str], typed: str) -> TradesOffered:
    """Return what is chosen (ids of activities, CPV codes) and what ``typed`` finds besides."""
    chosen = chosen_activities(session, ids[:100])
    held = {one.id for one in chosen}
    found = find_trades(session, typed) if typed else Trades()
    besides = Trades(
        [one for one in found.activities if one.id not in held],
        [one for one in found.codes if one.code not in codes],
        found.read_as,
    )
    return TradesOffered(chosen, labels_of(session, codes[:100]), besides, typed)


def _stems(text: str) -> list[str]:
    return [str(word) for word in _FRENCH.stemWords([one for one in text.split() if one not in _IDLE])]


def _weights(activity: Activity) -> Mapping[str, int]:
    """Return the stems by which an activity is found, with how much each says."""
    weights: dict[str, int] = {}
    told = (activity.definition, activity.trade.name, " ".join(activity.synonyms), activity.name)
    for weight, text in enumerate(told, start=1):
        weights |= dict.fromkeys(_stems(folded(text)), weight)
    return weights


def _score(words: Sequence[str], weights: Mapping[str, int]) -> int:
    """Return nothing where no word fits; a thing that all the words fit comes before one that some fit."""
    points = [max((w for stem, w in weights.items() if stem.startswith(word)), default=0) for word in words]
    fitting = sum(1 for one in points if one)
    return fitting and (_WHOLE * (fitting == len(words)) + 10 * fitting + sum(points))


def _mended(word: str, stems: Sequence[str]) -> str:
    if len(word) < 4 or any(stem.startswith(word) for stem in stems):
        return word
    alike = extractOne(word, stems, scorer=ratio, score_cutoff=ALIKE)
    return str(alike[0]) if alike is not None else word
