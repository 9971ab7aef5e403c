"""Which activities some words are about, weighed over what the vocabulary says of each: names, synonyms, CPV labels.

Each activity is a short document; a text is a question to them (BM25 over weighted fields, as in ``relevance``).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from sqlalchemy import select

from openmap.extensions import AnySession
from openmap.reference import cpv
from openmap.reference.lexicon import Lexicon
from openmap.reference.models import Activity, Trade
from openmap.reference.stems import stems_and_words

RELATED: Final = 0.6
"""What a word of the same root is worth beside the word itself."""

LEAST: Final = 0.55
"""An activity that answers less of the words than this share of what the best one answers is not meant."""

_SURE: Final = 0.35
"""Where the best activity answers less of the question, the words name none."""

_SATURATION: Final = 1.2
_FIELDS: Final = (3.0, 2.0, 1.0, 0.8)
"""What a word is worth in a name, a synonym, a definition or label, a trade's name."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the vocabulary says of an activity in use."""

    number: int
    code: str
    name: str
    trade: str
    synonyms: tuple[str, ...]
    definition: str
    cpv: tuple[str, ...]


class Meanings:
    """The activities in use by their words; made once for a vocabulary."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = {one.number: one for one in entries}
        self.lexicon = Lexicon()
        self._holds: dict[str, dict[int, float]] = {}
        self._phrases: dict[str, list[tuple[tuple[str, ...], int]]] = {}
        self._words: dict[int, dict[str, float]] = {}
        for one in entries:
            self._read(one)
        self._rarity = {
            stem: math.log1p((len(entries) - len(held) + 0.5) / (len(held) + 0.5)) for stem, held in self._holds.items()
        }

    def _read(self, one: Entry) -> None:
        counts: dict[str, float] = {}
        labels = [cpv.label_of(code) for code in one.cpv]
        fields = ([one.name], one.synonyms, [one.definition, *labels], [one.trade])
        for weight, texts in zip(_FIELDS, fields, strict=True):
            for text in texts:
                pairs = stems_and_words(text)
                self.lexicon.learn(pairs)
                for stem, _word in pairs:
                    counts[stem] = counts.get(stem, 0.0) + weight
                if weight >= 2 and pairs:
                    stems = tuple(stem for stem, _word in pairs)
                    self._phrases.setdefault(stems[0], []).append((stems, one.number))
        for stem, count in counts.items():
            self._holds.setdefault(stem, {})[one.number] = count / (count + _SATURATION)
        named = [stem for text in (one.name, *one.synonyms) for stem, _word in stems_and_words(text)]
        self._words[one.number] = {stem: counts[stem] / (counts[stem] + _SATURATION) for stem in named}

    def words_of(self, number: int) -> Mapping[str, float]:
        """Return the stems of an activity's name and synonyms, with how much each says of it (0 to 1)."""
        return self._words.get(number, {})

    def named(self, stems: Sequence[str]) -> dict[int, int]:
        """Return the activities of which a whole name or synonym stands in a text, with its length in words."""
        best: dict[int, int] = {}
        for at, stem in enumerate(stems):
            for phrase, number in self._phrases.get(stem, ()):
                if tuple(stems[at : at + len(phrase)]) == phrase:
                    best[number] = max(best.get(number, 0), len(phrase))
        return best

    def about(self, stems: Mapping[str, float]) -> dict[int, float]:
        """Return the activities that words are about, with how surely (0 to 1); those near the best one only."""
        unheard = math.log1p(2 * len(self.entries))
        asked, points = 0.0, dict[int, float]()
        for stem, worth in stems.items():
            held = self._found(stem)
            rarity = max((self._rarity[one] for one in held), default=unheard / 2)
            asked += worth * rarity
            best: dict[int, float] = {}
            for one, share in held.items():
                for number, holds in self._holds[one].items():
                    best[number] = max(best.get(number, 0.0), share * holds * self._rarity[one])
            for number, value in best.items():
                points[number] = points.get(number, 0.0) + worth * value
        whole = len(tuple(stems))
        for number, length in self.named(list(stems)).items():
            points[number] = points.get(number, 0.0) + asked * 0.5 * length / whole
        top = max(points.values(), default=0.0)
        if not asked or top / asked < _SURE:
            return {}
        kept = {number: min(1.0, value / asked) for number, value in points.items() if value >= LEAST * top}
        return dict(sorted(kept.items(), key=lambda pair: (-pair[1], pair[0])))

    def _found(self, stem: str) -> dict[str, float]:
        """Return the stems by which a word is found in the vocabulary: itself, else those of its root."""
        if stem in self._holds:
            return {stem: 1.0} | dict.fromkeys(self.lexicon.relatives(stem), RELATED)
        return dict.fromkeys(self.lexicon.relatives(stem), RELATED)

    def coded(self, codes: Iterable[str]) -> dict[int, float]:
        """Return the activities whose CPV codes are these, else the narrowest that hold them or are a part of them."""
        asked = list(codes)
        found: dict[int, float] = {}
        for one in self.entries.values():
            for code in asked:
                shared = [cpv.depth(code, other) / 8 for other in one.cpv if cpv.is_within(code, other)]
                if shared:
                    found[one.number] = max(found.get(one.number, 0.0), 1.0 if code in one.cpv else 0.8 * max(shared))
        top = max(found.values(), default=0.0)
        return {number: value for number, value in found.items() if value == top}


def meanings(session: AnySession) -> Meanings:
    """Return the vocabulary's meanings; one query, and no more work while it says the same."""
    asked = (
        select(
            Activity.id, Activity.code, Activity.name, Trade.name, Activity.synonyms, Activity.definition, Activity.cpv
        )
        .join(Activity.trade)
        .where(Activity.retired_at.is_(None))
        .order_by(Activity.id)
    )
    rows = session.execute(asked).all()
    return _made(
        tuple(
            Entry(number, code, name, trade, tuple(synonyms), definition, tuple(codes))
            for number, code, name, trade, synonyms, definition, codes in rows
        )
    )


@lru_cache(maxsize=4)
def _made(entries: tuple[Entry, ...]) -> Meanings:
    return Meanings(entries)
