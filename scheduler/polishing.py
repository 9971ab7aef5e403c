"""Value, at any size: where the flow's bound has no timetable, a bound that knows the clock and plans that come close.

First all slots at once: the relaxation's bound, and its corner as a plan where it is whole. Then, as long as there is a
gap, a few slots at a time: their best choice by the same relaxation, taken when the plan gains by it.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

from scheduler.matching import rematch
from scheduler.relaxation import Promises, relax, whole_bound
from scheduler.search import Search
from scheduler.timetable import NOWHERE, Moves, Timetable

TOGETHER: Final = 4
"""Slots that are chosen anew at once."""

_SECONDS_PER_COLUMN: Final = 1e-5
"""What an ordinary machine needs to choose a few slots anew, for each request that could be held in one of them."""

_SECONDS_PER_COLUMN_OF_ALL: Final = 3e-5
"""What it needs to bound all slots at once."""


class Polishing:
    """A timetable on its way to more promises kept and more value; it never loses any."""

    def __init__(self, timetable: Timetable, promises: Promises, search: Search) -> None:
        self.timetable = timetable
        self.promises = promises
        self.search = search
        self.worth = promises.worth(timetable.slot)
        self.bound: int | None = None

    def run(self, share: float, on_beat: Callable[[], None]) -> None:
        """Bound, then improve until the bound is met or the ``share`` of the work left after bounding is done.

        ``on_beat`` is called again and again meanwhile.
        """
        instance = self.timetable.instance
        slots = range(instance.now, instance.slot_count)
        relaxed = relax(self.timetable, slots, self.promises, self.search, on_beat)
        self.search.worked(_SECONDS_PER_COLUMN_OF_ALL * int(instance.arrays.open.sum()))
        if relaxed is not None:
            self.bound = whole_bound(relaxed.bound)
            if relaxed.moves:
                self._take(relaxed.moves)
        if len(slots) <= TOGETHER:
            return  # all slots at once have been tried
        seconds = self._seconds_a_round()
        rounds = int(share * self.search.work_left / seconds)
        random = Random(self.search.options.seed)  # noqa: S311 - a choice of slots, not a secret
        for _round in range(rounds):
            if self.worth == self.bound or self.search.cut:
                return
            together = sorted(random.sample(slots, TOGETHER))
            found = relax(self.timetable, together, self.promises, self.search)
            self.search.worked(seconds)
            if found is not None and whole_bound(found.bound) > self.worth:
                self._take(found.moves)
            on_beat()

    def _seconds_a_round(self) -> float:
        arrays = self.timetable.instance.arrays
        columns: float = TOGETHER * int(arrays.open.sum()) / max(1, arrays.open.shape[1])
        return 0.01 + _SECONDS_PER_COLUMN * columns

    def _take(self, moves: Moves) -> None:
        """Carry ``moves`` out, fill what they leave open, and keep the result unless it is worth less."""
        timetable = self.timetable
        before = list(timetable.slot)
        if timetable.apply(moves):
            for slot in sorted(set(moves.values()) - {NOWHERE}):
                rematch(timetable, slot)
        worth = self.promises.worth(timetable.slot)
        if worth >= self.worth:
            self.worth = worth
        else:
            timetable.restore(before)
