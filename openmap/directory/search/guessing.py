"""What an offer that is told in words only is about: a guess that helps to rank it, never shown as its activity."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from openmap.reference.meaning import Meanings
from openmap.reference.stems import stems_of

LONGEST_TITLE, LONGEST_TEXT = 12, 20
"""How many stems of a title and of what follows are read."""

_OF_THE_TEXT: Final = 0.4


class Guesser:
    """Guesses for one vocabulary; a list of thousands of like titles asks once for each."""

    def __init__(self, vocabulary: Meanings) -> None:
        self._vocabulary = vocabulary
        self.activity = lru_cache(maxsize=20_000)(self._guessed)

    def _guessed(self, title: str, description: str) -> int | None:
        """Return the id of the activity that an offer's words are most about, or ``None``."""
        stems = dict.fromkeys(stems_of(description)[:LONGEST_TEXT], _OF_THE_TEXT)
        stems |= dict.fromkeys(stems_of(title)[:LONGEST_TITLE], 1.0)
        return next(iter(self._vocabulary.about(stems)), None)
