"""The words that are known: a slip of the pen finds the word it was meant to be, a trade the word for who does it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

from openmap.reference.words import folded

_ENDINGS: Final = (
    "issement", "ateur", "ement", "ation", "icien", "isseur", "ien", "eur", "eus", "ier", "ist", "ast", "air", "ag",
    "iqu", "al", "ur", "er", "it", "oi", "i", "r", "s",
)  # fmt: skip
"""What is left of a French ending on a stem (Snowball), the longest first."""

_SHORT: Final = 5
_SHORTEST: Final = 3
_SEARCHED: Final = 4
"""Shorter words are not mended: « bus » is not « bois »."""


def root_of(stem: str) -> str:
    """Return what « peintre » and « peinture », « laveur » and « lavage » share.

    Where little is left, a mark keeps it apart from a whole word: « paysage » is not « pays ».
    """
    if stem.isdecimal():
        return stem
    for ending in _ENDINGS:
        left = stem.removesuffix(ending)
        if left != stem and len(left) >= _SHORTEST:
            # A short rest is no proof where the ending is short as well: « serr(e) » and « serr(ur) ».
            if len(left) >= _SHORT:
                return left
            return f"{left}~" if len(ending) > 1 else stem
    return stem


class Lexicon:
    """Stems with how each is written in full, for one vocabulary; learns as an index grows."""

    def __init__(self) -> None:
        self.written: dict[str, str] = {}
        self._relatives: dict[str, list[str]] = {}
        self._stem_of: dict[str, str] = {}
        self._by_length: dict[int, list[str]] = {}

    def learn(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Add stems with a word that each comes from (``stems.stems_and_words``); the first word of a stem stays."""
        for stem, word in pairs:
            if stem not in self.written:
                self.written[stem] = word or stem
                self._relatives.setdefault(root_of(stem), []).append(stem)
            plain = folded(word)
            if plain not in self._stem_of and plain.isalpha():
                self._stem_of[plain] = stem
                self._by_length.setdefault(len(plain), []).append(plain)

    def __contains__(self, stem: object) -> bool:
        return stem in self.written

    def relatives(self, stem: str) -> list[str]:
        """Return the other stems of the same root."""
        return [one for one in self._relatives.get(root_of(stem), ()) if one != stem]

    def nearest(self, word: str) -> tuple[str, int] | None:
        """Return the stem of the known word that an unknown one is a slip of, and how many letters differ, or ``None``.

        One letter is missing, doubled, wrong or swapped with its neighbour; two in a word of eight letters or more
        (optimal string alignment). A word with digits is never mended, nor one whose first letter is another.
        """
        plain = folded(word)
        if len(plain) < _SEARCHED or not plain.isalpha():
            return None
        most = 2 if len(plain) >= 8 else 1
        sizes = range(len(plain) - most, len(plain) + most + 1)
        near = [one for size in sizes for one in self._by_length.get(size, ()) if one[0] == plain[0]]
        found = extract(plain, near, scorer=OSA.distance, score_cutoff=most, limit=1)
        return (self._stem_of[str(found[0][0])], int(found[0][1])) if found else None
