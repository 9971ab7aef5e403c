"""How well documents answer questions: BM25 over the fields that the database's engine has indexed.

The engine says which documents hold which stems (``fulltext.postings``); worth is the same figure on both engines.
Source: Robertson, Zaragoza and Taylor, « Simple BM25 extension to multiple weighted fields », CIKM 2004.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from openmap.extensions import AnySession
from openmap.reference import fulltext

Matrix = NDArray[np.float32]

SATURATION: Final = 1.2
"""k1 of BM25: how soon repeating a word stops adding."""

LENGTH_MATTERS: Final = 0.4
"""b of BM25, lower than its usual 0.75: an offer told at length is not a worse offer."""

BY_NAME: Final = (3.0, 2.0, 1.0)
"""What a word is worth in each field when someone searches: the name first."""


@dataclass(frozen=True, slots=True)
class Question:
    """Stems with what each is worth. ``own`` are the asker's words, ``more`` those that only widen the question."""

    own: Mapping[str, float]
    more: Mapping[str, float]

    def weights(self) -> dict[str, float]:
        """Return all stems; one that the asker wrote and that widens too is worth the more of both."""
        return {
            stem: max(self.own.get(stem, 0.0), self.more.get(stem, 0.0)) for stem in self.own.keys() | self.more.keys()
        }


@dataclass(frozen=True, slots=True)
class Found:
    """An object that answers, and how much of the question it answers (0 to 1)."""

    object_id: int
    relevance: float


def stretch_of(size: Matrix, usual: float) -> Matrix:
    """Return what the count of a word is measured against in documents of these sizes (stems), ``usual`` on average."""
    stretch: Matrix = (SATURATION * (1 - LENGTH_MATTERS + LENGTH_MATTERS * size / usual)).astype(np.float32)
    return stretch


def rarity_of(documents: int, held: NDArray[Any]) -> Matrix:
    """Return what words are worth that so many documents of all hold (``held``, an array)."""
    rarity: Matrix = np.log1p((documents - held + 0.5) / (held + 0.5)).astype(np.float32)
    return rarity


class Corpus:
    """Documents of a kind, as far as some questions are about them: read in two queries."""

    def __init__(
        self,
        session: AnySession,
        kind: str,
        stems: Collection[str],
        *,
        among: Collection[int] | None = None,
        fields: Sequence[float] = BY_NAME,
    ) -> None:
        known = fulltext.lengths(session, kind)
        lengths = known if among is None else {number: known.get(number, 0) for number in among}
        self.ids = sorted(lengths)
        column = {number: at for at, number in enumerate(self.ids)}
        found = [one for one in fulltext.postings(session, kind, stems) if one.object_id in column]
        self.stems = {stem: at for at, stem in enumerate(sorted({one.stem for one in found}))}
        count: Matrix = np.zeros((len(self.stems), len(self.ids)), dtype=np.float32)
        for one in found:
            count[self.stems[one.stem], column[one.object_id]] += fields[one.field] * one.count
        size: Matrix = np.array([lengths[number] for number in self.ids], dtype=np.float32)
        usual = float(size.mean()) if size.any() else 1.0
        stretch = stretch_of(size, usual)
        self.holds: Matrix = (count / (count + stretch)).astype(np.float32)
        held = (count > 0).sum(axis=1)
        self.rarity: Matrix = rarity_of(len(self.ids), held)
        self.unheard = float(rarity_of(len(self.ids), np.zeros(1))[0])
        """What a word that no document holds is worth in the question, as the rarest of all."""

    def relevance(self, questions: Sequence[Question], *, only: Sequence[int] | None = None) -> Matrix:
        """Return how much of each question (rows) each document (columns, as ``ids``) answers, from 0 to 1.

        ``only``: of these columns, in this order.

        A document that holds all the asker's own words, each more than once, comes near 1; words that only widen the
        question add to what is found, not to what is asked.
        """
        asked: Matrix = np.zeros((len(questions), len(self.stems)), dtype=np.float32)
        whole: Matrix = np.ones(len(questions), dtype=np.float32)
        for row, question in enumerate(questions):
            for stem, weight in question.weights().items():
                if stem in self.stems:
                    asked[row, self.stems[stem]] = weight
            worth = (weight * self._rarity_of(stem) for stem, weight in question.own.items())
            whole[row] = sum(worth) or 1.0
        holds = self.holds if only is None else self.holds[:, list(only)]
        answered = (asked * self.rarity) @ holds
        return np.minimum(1.0, answered / whole[:, None]).astype(np.float32)

    def shared(self, question: Question, object_id: int) -> list[str]:
        """Return the stems of a question that a document holds, those that count most first."""
        column = self.ids.index(object_id)
        worth = {
            stem: weight * float(self.rarity[self.stems[stem]] * self.holds[self.stems[stem], column])
            for stem, weight in question.weights().items()
            if stem in self.stems
        }
        return sorted((stem for stem in worth if worth[stem] > 0), key=lambda stem: (-worth[stem], stem))

    def _rarity_of(self, stem: str) -> float:
        return float(self.rarity[self.stems[stem]]) if stem in self.stems else self.unheard


def search(
    session: AnySession, kind: str, question: Question, *, among: Collection[int] | None = None, limit: int = 100
) -> list[Found]:
    """Return the objects of a kind that answer a question, best first; two queries whatever their number."""
    corpus = Corpus(session, kind, question.weights(), among=among)
    if not corpus.ids:
        return []
    worth = corpus.relevance([question])[0]
    ranked = sorted(zip(corpus.ids, worth.tolist(), strict=True), key=lambda pair: (-round(pair[1], 6), pair[0]))
    return [Found(number, value) for number, value in ranked[:limit] if value > 0]
