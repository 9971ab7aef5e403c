"""From words to a question: the synonyms of the activities that they name widen what is searched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from sqlalchemy import select

from openmap.extensions import AnySession
from openmap.reference.models import Activity
from openmap.reference.relevance import Question
from openmap.reference.stems import stems_and_words, stems_of

WIDENING: Final = 0.25
"""What a synonym is worth beside a word that was written."""

_MOST_IMPLIED: Final = 2


class Synonyms:
    """The activities in use with the words for each; read in one query."""

    def __init__(self, session: AnySession) -> None:
        asked = select(Activity.id, Activity.name, Activity.synonyms).where(Activity.retired_at.is_(None))
        self._phrases: dict[int, list[tuple[str, ...]]] = {}
        self._starting: dict[str, list[tuple[tuple[str, ...], int]]] = {}
        self.written: dict[str, str] = {}
        """How a stem of these words is written in full."""
        for number, name, synonyms in session.execute(asked.order_by(Activity.id)):
            phrases = [pairs for phrase in (name, *synonyms) if (pairs := stems_and_words(phrase))]
            self._phrases[number] = [tuple(stem for stem, _word in pairs) for pairs in phrases]
            for pairs in phrases:
                self.written |= {stem: word for stem, word in pairs if stem not in self.written}
            for stems in self._phrases[number]:
                self._starting.setdefault(stems[0], []).append((stems, number))

    def words_of(self, activities: Iterable[int]) -> dict[str, float]:
        """Return the stems of the names and synonyms of activities, with what each is worth in a question."""
        return {stem: WIDENING for number in activities for phrase in self._phrases.get(number, ()) for stem in phrase}

    def implied(self, stems: Sequence[str]) -> list[int]:
        """Return the activities that a text names: those with the longest phrase in it, one or two at most.

        A lone word that two or more activities share names none: « bureau » is cleaned, furnished and moved.
        """
        best: dict[int, int] = {}
        for at, stem in enumerate(stems):
            for phrase, number in self._starting.get(stem, ()):
                if tuple(stems[at : at + len(phrase)]) == phrase:
                    best[number] = max(best.get(number, 0), len(phrase))
        longest = max(best.values(), default=0)
        named = sorted(number for number, length in best.items() if length == longest)
        return named if len(named) <= (1 if longest == 1 else _MOST_IMPLIED) else []

    def question(self, texts: Mapping[str, float], activities: Iterable[int] = ()) -> Question:
        """Return the question that texts, each with its worth, ask about activities; of those they name, if none is."""
        own: dict[str, float] = {}
        for text, worth in texts.items():
            for stem in stems_of(text):
                own[stem] = max(own.get(stem, 0.0), worth)
        meant = list(activities) or self.implied(stems_of(" ".join(texts)))
        return Question(own, self.words_of(meant))
