"""How many structures each value of a filter would show beside the other filters, and what dropping one would bring."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from flask_babel import gettext as _
from numpy.typing import NDArray

from openmap.directory.labels import DELIVERY_LABELS, KIND_LABELS
from openmap.directory.models import DELIVERIES, STRUCTURE_KINDS
from openmap.directory.search.columns import Columns
from openmap.directory.search.filters import HOW, WHAT, Asked, offers_through, through
from openmap.directory.search.met import MetAt
from openmap.directory.search.query import SIZES, Query
from openmap.directory.search.vocabulary import Bools

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value of a filter, with how many structures it would show beside the other filters."""

    value: str
    label: str
    count: int
    chosen: bool = False
    group: str = ""


@dataclass(frozen=True, slots=True)
class Relaxation:
    """A filter that may be dropped: the pair of the address, its name in words, how many more it would show."""

    name: str
    value: str
    label: str
    more: int


def size_label(size: str) -> str:
    """Return what a band of workforce is called."""
    first, last = SIZES[size]
    if last is None:
        return str(_("%(first)s personnes et plus", first=first))
    return str(_("%(first)s à %(last)s personnes", first=first, last=last))


class Counter:
    """Counts the values of every filter for one query."""

    def __init__(self, columns: Columns, query: Query, asked: Asked, met: Sequence[MetAt]) -> None:
        self._columns, self._query, self._asked, self._met = columns, query, asked, met

    def facets(self) -> dict[str, list[FacetValue]]:
        """Return the values by the name that an address gives a filter, those that show nobody left out."""
        activities, trades = self._what()
        return {
            "filiere": trades,
            "activite": activities,
            "type": self._kinds(),
            "livraison": self._deliveries(),
            "label": self._labels(),
            "taille": self._sizes(),
            "references": self._references(),
            "rencontre": self._editions(),
        }

    def _rows(self, but: str) -> Bools:
        return through(self._columns, self._asked, but)

    def _what(self) -> tuple[list[FacetValue], list[FacetValue]]:
        """Return activities and trades: a structure with two offers of one activity counts once."""
        columns, words = self._columns, self._columns.vocabulary
        offers, rows = columns.offers, self._rows(WHAT)
        passing = rows[offers.rows]
        others = offers_through(columns, self._asked, WHAT)
        if others is not None:
            passing &= others
        passing &= offers.activity >= 0
        seen = np.zeros(int(offers.pair.max(initial=-1)) + 1, dtype=np.bool_)
        seen[offers.pair[passing]] = True
        activity_of = np.zeros(len(seen), dtype=np.int32)
        activity_of[offers.pair] = offers.activity
        by_activity = np.bincount(activity_of[seen], minlength=len(words.activities))
        trade = words.trade_of_activity[offers.activity[passing]].astype(np.int64)
        once = np.unique(offers.rows[passing].astype(np.int64) * (len(words.trades) + 1) + trade)
        by_trade = np.bincount(once % (len(words.trades) + 1), minlength=len(words.trades))
        chosen = {words.activity_of_code.get(code) for code in self._query.activities}
        activities = [
            FacetValue(row.code, row.name, int(by_activity[at]), at in chosen, words.trades[trade_at].code)
            for at, row in enumerate(words.activities)
            for trade_at in (int(words.trade_of_activity[at]),)
            if by_activity[at] or at in chosen
        ]
        trades = self._shown(words.trades, by_trade, lambda row: (row.code, row.name), self._query.trades)
        return activities, trades

    def _kinds(self) -> list[FacetValue]:
        held = self._columns.structures.kinds[self._rows("type")]
        counts = [int(np.count_nonzero(held & (1 << at))) for at in range(len(STRUCTURE_KINDS))]
        return self._shown(STRUCTURE_KINDS, counts, lambda kind: (kind, str(KIND_LABELS[kind])), self._query.kinds)

    def _deliveries(self) -> list[FacetValue]:
        columns = self._columns
        passing = self._rows(HOW)[columns.offers.rows]
        others = offers_through(columns, self._asked, HOW)
        if others is not None:
            passing &= others
        counts = []
        for at in range(len(DELIVERIES)):
            with_it = passing & ((columns.offers.delivery & (1 << at)) != 0)
            counts.append(int(np.count_nonzero(columns.with_rows(with_it))))
        return self._shown(DELIVERIES, counts, lambda one: (one, str(DELIVERY_LABELS[one])), self._query.deliveries)

    def _labels(self) -> list[FacetValue]:
        held = self._columns.labels
        counts = np.bincount(held.label[self._rows("label")[held.rows]], minlength=len(self._columns.vocabulary.labels))
        labels = self._columns.vocabulary.labels
        return self._shown(labels, counts, lambda row: (row.code, row.name), self._query.labels)

    def _sizes(self) -> list[FacetValue]:
        held = self._columns.structures.size[self._rows("taille")]
        counts = np.bincount(held[held >= 0], minlength=len(SIZES))
        return self._shown(list(SIZES), counts, lambda one: (one, size_label(one)), {self._query.size})

    def _references(self) -> list[FacetValue]:
        count = int(np.count_nonzero(self._rows("references") & self._columns.structures.served_public))
        chosen = {"oui"} if self._query.public_references else set()
        return self._shown(["oui"], [count], lambda one: (one, _("A déjà servi des acheteurs publics")), chosen)

    def _editions(self) -> list[FacetValue]:
        if not self._met:
            return []
        rows, row_of = self._rows("rencontre"), self._columns.row_of
        counts = [sum(bool(rows[row_of[one]]) for one in met.structure_ids if one in row_of) for met in self._met]
        return self._shown(self._met, counts, lambda met: (met.slug, met.title), {self._query.met})

    @staticmethod
    def _shown(
        values: Sequence[Any], counts: Any, named: Callable[[Any], tuple[str, str]], chosen: Any
    ) -> list[FacetValue]:
        made = []
        for one, count in zip(values, counts, strict=False):
            value, label = named(one)
            if count or value in chosen:
                made.append(FacetValue(value, label, int(count), value in chosen))
        return made


def relaxations(columns: Columns, asked: Asked, total: int, named: Callable[[str], str]) -> list[Relaxation]:
    """Return the filters whose dropping shows more, the most first; ``named`` tells a filter in words."""
    found = []
    for name in (*asked.offers, *asked.structures):
        more = int(np.count_nonzero(through(columns, asked, name))) - total
        if more > 0:
            found.append(Relaxation(name, "", named(name), more))
    return sorted(found, key=lambda one: (-one.more, one.name))
