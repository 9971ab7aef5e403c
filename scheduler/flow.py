"""Who meets whom, without the clock: a min-cost flow that bounds the first levels.

Forget slots and tables. A plan then is a flow: source → buyer → structure → sink, one unit a meeting, where
each participant's units pass through parallel arcs of capacity one, so that "the first meeting", "the second
meeting" … can each carry a reward. Required requests, missing minima, coverage, value and every step of
balance are rewards on single arcs, so each level is one min-cost flow.

The levels are held one after the other without big weights. By complementary slackness, the optimal flows of
a level are exactly the feasible flows in which arcs of positive reduced cost are empty and arcs of negative
reduced cost are full (Ahuja, Magnanti & Orlin, *Network Flows*, 1993, theorem 9.4). Fixing those arcs leaves
a smaller network whose flows are *all* the equally good choices: the face of the optimum. The next level
is solved on it. Whatever timetable reaches the last face has every level proved.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ortools.graph.python import min_cost_flow

from scheduler.instance import Instance


@dataclass(frozen=True, slots=True)
class Face:
    """All equally good choices of meetings: requests in or out, and how many meetings each person holds."""

    served: frozenset[int]
    refused: frozenset[int]
    least: tuple[int, ...]
    most: tuple[int, ...]


Bounds = tuple[np.ndarray, np.ndarray]
"""The least and the most that each arc carries on every flow that is left."""


class Flow:
    """The network of an instance, narrowed level after level."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        people, requests = len(instance.people), len(instance.requests)
        self._source, self._sink = people, people + 1
        self._gate = people + 2
        tails: list[int] = []
        heads: list[int] = []
        self._unit: list[tuple[int, int]] = []  # first and last + 1 arc of each participant's units
        arc = requests
        for person in instance.people:
            units = instance.capacity[person]
            self._unit.append((arc, arc + units))
            arc += units
            if instance.problem.participants[person].side == "buyer":
                door = self._gate if instance.arrays.gated[person] else self._source
                tails += [door] * units
                heads += [person] * units
            else:
                tails += [person] * units
                heads += [self._sink] * units
        everything = requests + arc
        self._tail = np.array([*instance.buyer, *tails, self._source, self._source], dtype=np.int64)
        self._head = np.array([*instance.structure, *heads, self._gate, self._sink], dtype=np.int64)
        self._low = np.zeros(len(self._tail), dtype=np.int64)
        self._high = np.ones(len(self._tail), dtype=np.int64)
        self._high[-2] = self._pool_limit()
        self._high[-1] = everything
        for request in instance.requests:
            if not instance.allowed[request]:
                self._high[request] = 0
            if request in instance.past or request in instance.locks:
                self._low[request] = self._high[request]
        self._flow = self._low.copy()
        self._found = False

    def _pool_limit(self) -> int:
        pool = self.instance.pool
        return (
            len(self.instance.requests)
            if pool is None
            else self.instance.slot_count * len(pool) + len(self.instance.past)
        )

    def unit(self, person: int, rank: int) -> int | None:
        """Return the arc of the participant's meeting number ``rank`` (from 1), if it can hold so many."""
        first, end = self._unit[person]
        return first + rank - 1 if first + rank - 1 < end else None

    def maximise(self, reward: dict[int, int]) -> int | None:
        """Return the greatest total reward over arcs and narrow the network to the flows that reach it.

        ``reward`` maps arcs (a request's rank, or ``unit``) to integers ≥ 0. ``None``: no flow is feasible,
        which only locks can cause.
        """
        cost = np.zeros(len(self._tail), dtype=np.int64)
        cost[np.fromiter(reward, np.int64, len(reward))] = [-gain for gain in reward.values()]
        settled = self._found and not np.any((cost != 0) & (self._low < self._high))
        if not settled:
            if not self._solve(cost):
                return None
            self._found = True
            self._narrow(cost)
        return int(-(cost * self._flow).sum())

    def _solve(self, cost: np.ndarray) -> bool:
        """Find a cheapest flow between the arcs' bounds."""
        free = np.flatnonzero(self._high > self._low)
        nodes = self._gate + 1
        supply = np.zeros(nodes, dtype=np.int64)
        # What the lower bounds carry is taken off the balance; the rest goes along the free arcs.
        np.subtract.at(supply, self._tail, self._low)
        np.add.at(supply, self._head, self._low)
        total = len(self.instance.requests)
        supply[self._source] += total
        supply[self._sink] -= total
        solver = min_cost_flow.SimpleMinCostFlow()
        solver.add_arcs_with_capacity_and_unit_cost(
            self._tail[free], self._head[free], (self._high - self._low)[free], cost[free]
        )
        solver.set_nodes_supplies(np.arange(nodes), supply)
        if solver.solve() != solver.OPTIMAL:
            return False
        self._flow = self._low.copy()
        self._flow[free] += solver.flows(np.arange(len(free)))
        return True

    def _narrow(self, cost: np.ndarray) -> None:
        """Fix every arc whose reduced cost is not zero: what is left is the optimal face."""
        potential = np.zeros(self._gate + 1, dtype=np.int64)
        forward = np.flatnonzero(self._flow < self._high)
        backward = np.flatnonzero(self._flow > self._low)
        tail = np.concatenate([self._tail[forward], self._head[backward]])
        head = np.concatenate([self._head[forward], self._tail[backward]])
        weight = np.concatenate([cost[forward], -cost[backward]])
        # Bellman–Ford on the residual network: no negative cycle is left, so it settles.
        while True:
            reached = potential.copy()
            np.minimum.at(reached, head, potential[tail] + weight)
            if np.array_equal(reached, potential):
                break
            potential = reached
        reduced = cost + potential[self._tail] - potential[self._head]
        self._high = np.where(reduced > 0, self._low, self._high)
        self._low = np.where(reduced < 0, self._high, self._low)

    def bounds(self) -> Bounds:
        """Return what is left of the network, for ``face`` to read at any later time."""
        return self._low, self._high

    def face(self, bounds: Bounds) -> Face:
        """Return what all flows between ``bounds`` have in common."""
        requests = len(self.instance.requests)
        low, high = bounds
        return Face(
            served=frozenset(np.flatnonzero(low[:requests] == 1).tolist()),
            refused=frozenset(np.flatnonzero(high[:requests] == 0).tolist()),
            least=tuple(int(low[first:end].sum()) for first, end in self._unit),
            most=tuple(int(high[first:end].sum()) for first, end in self._unit),
        )

    def chosen(self) -> list[int]:
        """Return the requests that the last flow serves."""
        return np.flatnonzero(self._flow[: len(self.instance.requests)]).tolist()
