"""The level ``changes``, for repairs: what people must be told anew."""

from __future__ import annotations

from typing import Final

from scheduler.flow import Flow
from scheduler.instance import Instance, Placements
from scheduler.model import Expression, Model

CANCELLED: Final = 3
MOVED_IN_TIME: Final = 2
MOVED_TABLE: Final = 1


class Changes:
    """3 × cancelled + 2 × moved in time + 1 × moved table, against ``previous``.

    ``gone`` counts the previous meetings whose request the problem no longer has.
    """

    name = "changes"
    maximise = False

    def __init__(self, instance: Instance, previous: Placements, gone: int = 0) -> None:
        self._instance = instance
        self._previous = {r: place for r, place in previous.items() if r not in instance.past}
        self.base = CANCELLED * (gone + len(self._previous))
        self._gone = gone

    def measure(self, plan: Placements) -> int:
        """Add up what changed."""
        cost = CANCELLED * self._gone
        for request, before in self._previous.items():
            after = plan.get(request)
            if after is None:
                cost += CANCELLED
            else:
                cost += MOVED_IN_TIME * (after.slot != before.slot) + MOVED_TABLE * (after.table != before.table)
        return cost

    def limit(self) -> int:
        """Return what the problem forces request by request: no slot, another slot, another table."""
        return self.base - sum(self._best_gain(request) for request in self._previous)

    def _best_gain(self, request: int) -> int:
        """Return how much of the cost of cancelling ``request`` can be spared at best."""
        before = self._previous[request]
        allowed = self._instance.allowed[request]
        if not allowed:
            return 0
        gain = CANCELLED if allowed >> before.slot & 1 else CANCELLED - MOVED_IN_TIME
        return gain - MOVED_TABLE * (not self._may_keep_table(request))

    def _may_keep_table(self, request: int) -> bool:
        instance, table = self._instance, self._previous[request].table
        host = instance.host[request]
        if host is not None:
            return table == host
        if instance.pool is None:
            return table is None
        lock = instance.locks.get(request)
        return table in instance.pool and (lock is None or lock.table in {None, table})

    def reward(self, flow: Flow) -> dict[int, int]:
        """What serving each request again spares at best: the flow bounds the level, whatever the clock."""
        del flow
        return {request: gain for request in self._previous if (gain := self._best_gain(request)) > 0}

    def expression(self, model: Model) -> Expression:
        """Sum the cost of each previous meeting; a table can be kept only where the model seats it."""
        instance = self._instance
        terms: list[Expression | int] = [self.base]
        for request, before in self._previous.items():
            keeps = self._may_keep_table(request)
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
