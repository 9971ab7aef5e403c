"""The level ``changes``, for repairs: what people must be told anew."""

from __future__ import annotations

from typing import Final

import numpy as np

from scheduler.flow import Flow, Reward
from scheduler.instance import Instance, Placement, Placements
from scheduler.model import Expression, Model

CANCELLED: Final = 3
MOVED_IN_TIME: Final = 2
MOVED_TABLE: Final = 1


class Changes:
    """3 × cancelled + 2 × moved in time + 1 × moved table, against ``previous``.

    ``gone`` counts the previous meetings whose request the problem no longer has; ``previous`` keeps those that may
    still change.
    """

    name = "changes"
    maximise = False

    def __init__(self, instance: Instance, previous: Placements, gone: int = 0) -> None:
        self._instance = instance
        self.previous = {r: place for r, place in previous.items() if r not in instance.past}
        self.base = CANCELLED * (gone + len(self.previous))
        self._gone = gone
        allowed, host, locks, pool = instance.allowed, instance.host, instance.locks, instance.pool_tables
        self._best_gains = [
            CANCELLED  # nearly all can keep slot and table
            if host[r] is None and before.table in pool and allowed[r] >> before.slot & 1 and r not in locks
            else self._best_gain(r, before)
            for r, before in self.previous.items()
        ]

    def measure(self, plan: Placements) -> int:
        """Add up what changed."""
        cost = CANCELLED * self._gone
        for request, before in self.previous.items():
            after = plan.get(request)
            if after is None:
                cost += CANCELLED
            elif after is not before:
                cost += MOVED_IN_TIME * (after.slot != before.slot) + MOVED_TABLE * (after.table != before.table)
        return cost

    def limit(self) -> int:
        """Return what the problem forces request by request: no slot, another slot, another table."""
        return self.base - sum(self._best_gains)

    def _best_gain(self, request: int, before: Placement) -> int:
        """Return how much of the cost of cancelling ``request`` can be spared at best."""
        allowed = self._instance.allowed[request]
        if not allowed:
            return 0
        gain = CANCELLED if allowed >> before.slot & 1 else CANCELLED - MOVED_IN_TIME
        return gain - MOVED_TABLE * (not self._may_keep_table(request, before.table))

    def _may_keep_table(self, request: int, table: str | None) -> bool:
        instance = self._instance
        host = instance.host[request]
        if host is not None:
            return table == host
        if instance.pool is None:
            return table is None
        lock = instance.locks.get(request)
        return table in instance.pool_tables and (lock is None or lock.table in {None, table})

    def reward(self, flow: Flow) -> Reward:
        """What serving each request again spares at best: the flow bounds the level, whatever the clock."""
        del flow
        requests = np.fromiter(self.previous, np.int64, len(self.previous))
        return requests, np.array(self._best_gains, dtype=np.int64)

    def expression(self, model: Model) -> Expression:
        """Sum the cost of each previous meeting; a table can be kept only where the model seats it."""
        instance = self._instance
        terms: list[Expression | int] = [self.base]
        for request, before in self.previous.items():
            keeps = self._may_keep_table(request, before.table)
            needs_seat = keeps and instance.host[request] is None and instance.pool is not None
            for slot, literal in self._literals(model, request):
                gain = CANCELLED - MOVED_IN_TIME * (slot != before.slot) - MOVED_TABLE * (not keeps or needs_seat)
                terms.append(-gain * literal)
                if needs_seat and before.table is not None:
                    terms.append(-MOVED_TABLE * model.seated(request, slot, before.table))
        return model.total(terms)

    def _literals(self, model: Model, request: int) -> list[tuple[int, Expression]]:
        return [
            (slot, model.at[request, slot]) for slot in range(self._instance.slot_count) if (request, slot) in model.at
        ]
