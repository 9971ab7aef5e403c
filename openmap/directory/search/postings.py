"""Which structures hold which stems, in memory: for each stem its rows, with how much it is written in each."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openmap.reference.relevance import BY_NAME

Rows = NDArray[np.int32]
Weights = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Postings:
    """Rows by stem: those of ``stems[stem]`` lie from ``starts`` of that place to the next; ``weights`` beside them.

    A weight counts the stem in the fields of the document, each at its worth (``relevance.BY_NAME``).
    """

    stems: Mapping[str, int]
    starts: NDArray[np.int64]
    rows: Rows
    weights: Weights

    def of(self, stem: str) -> tuple[Rows, Weights]:
        """Return rows and weights of a stem; none where nobody holds it."""
        at = self.stems.get(stem)
        if at is None:
            return self.rows[:0], self.weights[:0]
        span = slice(self.starts[at], self.starts[at + 1])
        return self.rows[span], self.weights[span]


def gathered(documents: Iterable[tuple[int, Sequence[str]]], rows: int) -> tuple[Postings, Weights]:
    """Return the postings of documents (row, its fields' stems), and the length of each of ``rows`` documents."""
    stems: dict[str, int] = defaultdict()
    stems.default_factory = stems.__len__  # type: ignore[attr-defined]
    terms = array("i")
    spans: list[tuple[int, int, float]] = []
    for row, fields in documents:
        for worth, text in zip(BY_NAME, fields, strict=True):
            before = len(terms)
            terms.extend(map(stems.__getitem__, text.split()))
            spans.append((row, len(terms) - before, worth))
    counts = np.array([span[1] for span in spans], dtype=np.int64)
    row_of = np.repeat(np.array([span[0] for span in spans], dtype=np.int64), counts)
    worth_of = np.repeat(np.array([span[2] for span in spans], dtype=np.float32), counts)
    lengths = np.bincount(row_of, minlength=rows).astype(np.float32)
    term_of = np.frombuffer(terms, dtype=np.int32) if terms else np.zeros(0, dtype=np.int32)
    return _sorted(dict(stems), term_of.astype(np.int64), row_of, worth_of), lengths


def merged(parts: Sequence[Postings]) -> Postings:
    """Return several postings as one; no row stands in two of them."""
    stems: dict[str, int] = {}
    terms = []
    for part in parts:
        numbers = np.array([stems.setdefault(stem, len(stems)) for stem in part.stems], dtype=np.int64)
        terms.append(np.repeat(numbers, np.diff(part.starts)))
    rows = np.concatenate([part.rows for part in parts]).astype(np.int64)
    return _sorted(stems, np.concatenate(terms), rows, np.concatenate([part.weights for part in parts]))


def _sorted(stems: Mapping[str, int], terms: NDArray[np.int64], rows: NDArray[np.int64], worth: Weights) -> Postings:
    """Return the postings of loose triples, those of one stem and row summed."""
    wide = int(rows.max()) + 1 if len(rows) else 1
    key = terms * wide + rows
    order = np.argsort(key, kind="stable")
    key = key[order]
    first = np.flatnonzero(np.diff(key, prepend=-1))
    summed: Any = np.add.reduceat(worth[order], first) if len(key) else worth
    kept = key[first]
    held = np.bincount(kept // wide, minlength=len(stems))
    starts = np.concatenate([[0], np.cumsum(held)]).astype(np.int64)
    return Postings(stems, starts, (kept % wide).astype(np.int32), summed.astype(np.float32))
