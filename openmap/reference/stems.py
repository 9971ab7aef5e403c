"""Words as they are searched: without accents or French endings, the same at indexing and at query time."""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import Final

import snowballstemmer

from openmap.reference.words import folded

LONGEST_TEXT: Final = 4_000
"""Words of a text beyond that are not indexed: PostgreSQL counts positions up to 16,383."""

_LONGEST_WORD: Final = 60
_APART: Final = str.maketrans("’'-", "   ")
_PUNCTUATION: Final = '.,;:!?()[]«»"/…'

_TOLD: Final = """
    a afin ainsi alors apres au aucun aucune aussi autour autre autres aux avant avec avoir car ce cela ces cet cette
    chaque chez ci comme comment d dans de deja depuis des dont du durant elle elles en encore entre es est et etaient
    etait etant etc ete etre eux font fois hors ici il ils j je jusqu l la le les leur leurs lors lui m ma mais me meme
    memes mes moins mon n ne ni non nos notre nous on ont ou par parmi pas pendant peu peut peuvent plus pour pres qu
    quand que quel quelle quelles quels qui quoi s sa sans se selon ses si soit son sont sous sur t ta te tel telle tels
    tes tous tout toute toutes tres tu un une vers via voir vos votre vous y fictif
    deux trois quatre cinq six sept huit neuf dix
"""
_EMPTY: Final = frozenset(_TOLD.split())
"""What stands in every text, folded; « fictif » marks what is invented, and says nothing of it."""

_local: Final = threading.local()


def stems_of(text: str) -> list[str]:
    """Return the stems of a text in its order; words that mean nothing by themselves are left out."""
    return [stem for stem, _word in stems_and_words(text)]


def stems_and_words(text: str) -> list[tuple[str, str]]:
    """Return each stem of a text with the word that it comes from, as it was written."""
    return [pair for piece in text.translate(_APART).split() for pair in _read(piece)]


@lru_cache(maxsize=50_000)
def _read(piece: str) -> tuple[tuple[str, str], ...]:
    """Return the stems of what stands between two spaces, with how it is written without its punctuation."""
    written = piece.strip(_PUNCTUATION).lower()
    words = (word for word in folded(piece).split() if word not in _EMPTY and (len(word) > 1 or word.isdigit()))
    return tuple((_stem(word[:_LONGEST_WORD]), written) for word in words)


def _stem(word: str) -> str:
    """Return the stem of a folded word (Snowball, French). A stemmer keeps its state: one for each thread."""
    if not hasattr(_local, "stemmer"):
        _local.stemmer = snowballstemmer.stemmer("french")
    return str(_local.stemmer.stemWord(word))
