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

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final

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


_ROUNDS: Final = 50
"""Rounds of Bellman–Ford after which a flow that was not solved for is taken not to be optimal."""

Reward = tuple[np.ndarray, np.ndarray | int]
"""Arcs (a request's rank, or ``Flow.units``), each once, and what a unit on each is worth, ≥ 0."""

Bounds = tuple[np.ndarray, np.ndarray]
"""The least and the most that each request's and unit's arc carries on every flow that is left: 0 or 1."""


class Flow:
    """The network of an instance, narrowed level after level."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        arrays, people, requests = instance.arrays, len(instance.people), len(instance.requests)
        self._source, self._sink = people, people + 1
        self._gate = people + 2
        capacity = np.array(instance.capacity, dtype=np.int64)
        ends = requests + np.cumsum(capacity)
        self._unit = np.stack([ends - capacity, ends], axis=1)  # first and last + 1 arc of each participant's units
        person = np.repeat(np.arange(people), capacity)
        buying = np.array([person.side == "buyer" for person in instance.problem.participants], dtype=bool)[person]
        door = np.where(arrays.gated, self._gate, self._source)[person]
        tails, heads = np.where(buying, door, person), np.where(buying, person, self._sink)
        self._tail = np.concatenate([arrays.buyer, tails, [self._source, self._source]])
        self._head = np.concatenate([arrays.structure, heads, [self._gate, self._sink]])
        self._low = np.zeros(len(self._tail), dtype=np.int64)
        self._high = np.ones(len(self._tail), dtype=np.int64)
        self._high[-2] = self._pool_limit()
        self._high[-1] = len(self._tail)
        self._high[:requests] = arrays.open.any(axis=1)
        self._low[:requests] = np.where(arrays.fixed, self._high[:requests], 0)
        self._flow = self._low.copy()
        self._found = False
        self._near = False

    def _pool_limit(self) -> int:
        pool = self.instance.pool
        return (
            len(self.instance.requests)
            if pool is None
            else self.instance.slot_count * len(pool) + len(self.instance.past)
        )

    def units(self, people: np.ndarray, ranks: np.ndarray) -> np.ndarray:
        """Return the arcs of the people's meetings number ``ranks`` (from 1), without those beyond their capacity."""
        arcs: np.ndarray = self._unit[people, 0] + ranks - 1
        kept: np.ndarray = arcs[arcs < self._unit[people, 1]]
        return kept

    def maximise(self, reward: Reward) -> int | None:
        """Return the greatest total reward over arcs and narrow the network to the flows that reach it.

        ``None``: no flow is feasible, which only locks can cause.
        """
        arcs, gains = reward
        cost = np.zeros(len(self._tail), dtype=np.int64)
        cost[arcs] = -gains
        settled = self._found and not np.any(cost[arcs[self._low[arcs] < self._high[arcs]]])
        if not settled:
            potential = self._potential(cost, _ROUNDS) if self._near else None
            if potential is None and self._solve(cost):
                potential, self._near = self._potential(cost), False
            if potential is None:
                return None
            self._found = True
            self._narrow(cost, potential)
        return int((gains * self._flow[arcs]).sum())

    def begin(self, requests: Sequence[int]) -> None:
        """Start from a flow that serves ``requests``, the first before the later ones, as far as there is room.

        A repair is near what was planned before: often this is an optimal flow already, which potentials prove.
        """
        buyer, structure, gated = self.instance.buyer, self.instance.structure, self.instance.arrays.gated.tolist()
        number, gate = len(self.instance.requests), int(self._high[-2])
        forced = np.flatnonzero(self._low[:number]).tolist()
        may = self._high[:number].tolist()
        room = (self._unit[:, 1] - self._unit[:, 0]).tolist()
        left = list(room)
        for request in [*forced, *requests]:
            one, other = buyer[request], structure[request]
            if may[request] and left[one] and left[other] and (gate or not gated[one]):
                may[request] = 0
                left[one] -= 1
                left[other] -= 1
                gate -= gated[one]
        served = self._high[:number] - np.array(may, dtype=np.int64)
        if not served[forced].all():
            return
        units = np.arange(number, len(self._flow) - 2)
        held = np.array(room) - np.array(left)
        self._flow[:number] = served
        self._flow[units] = units < np.repeat(self._unit[:, 0] + held, room)
        self._flow[-2:] = self._high[-2] - gate, number - served.sum()
        self._found = self._near = True

    def _solve(self, cost: np.ndarray) -> bool:
        """Find a cheapest flow between the arcs' bounds."""
        free = np.flatnonzero(self._high > self._low)
        nodes = self._gate + 1
        # What the lower bounds carry is taken off the balance; the rest goes along the free arcs.
        carried = np.flatnonzero(self._low[:-2])
        supply = np.bincount(self._head[carried], minlength=nodes) - np.bincount(self._tail[carried], minlength=nodes)
        np.subtract.at(supply, self._tail[-2:], self._low[-2:])
        np.add.at(supply, self._head[-2:], self._low[-2:])
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

    def _potential(self, cost: np.ndarray, rounds: int | None = None) -> np.ndarray | None:
        """Return the potentials that prove the flow optimal, or ``None`` when ``rounds`` do not settle them.

        Bellman–Ford on the residual network: it settles if and only if no negative cycle is left, that is where the
        flow is optimal.
        """
        potential = np.zeros(self._gate + 1, dtype=np.int64)
        forward = np.flatnonzero(self._flow < self._high)
        backward = np.flatnonzero(self._flow > self._low)
        tail = np.concatenate([self._tail[forward], self._head[backward]])
        head = np.concatenate([self._head[forward], self._tail[backward]])
        weight = np.concatenate([cost[forward], -cost[backward]])
        for _ in count() if rounds is None else range(rounds):
            reached = potential.copy()
            np.minimum.at(reached, head, potential[tail] + weight)
            if np.array_equal(reached, potential):
                return potential
            potential = reached
        return None

    def _narrow(self, cost: np.ndarray, potential: np.ndarray) -> None:
        """Fix every arc whose reduced cost is not zero: what is left is the optimal face."""
        free = np.flatnonzero(self._low < self._high)
        reduced = cost[free] + potential[self._tail[free]] - potential[self._head[free]]
        empty, full = free[reduced > 0], free[reduced < 0]
        self._high[empty] = self._low[empty]
        self._low[full] = self._high[full]
        requests = len(self.instance.requests)
        if np.any(empty < requests) or np.any(full < requests):
            self._settle()

    def _settle(self) -> None:
        """Fix what is settled around each participant.

        Whose meetings are all promised gets no other. Who has no choice left holds its first units: a flow that uses
        a later one instead is worth no more on any level, so flows whose units are filled from the first suffice.
        """
        arrays, requests = self.instance.arrays, len(self.instance.requests)
        low, high = self._low[:requests], self._high[:requests]
        units = slice(requests, -2)
        most = np.concatenate([[0], np.cumsum(self._high[units])])
        first, end = (self._unit - requests).T
        promised = self._by_person(low)
        full = promised == most[end] - most[first]
        high[(low < high) & (full[arrays.buyer] | full[arrays.structure])] = 0
        settled = np.repeat(self._by_person(high) == promised, end - first)
        filled = np.arange(len(settled)) < np.repeat(first + promised, end - first)
        for bound in (self._low, self._high, self._flow):
            bound[units][settled] = filled[settled]

    def _by_person(self, requests: np.ndarray) -> np.ndarray:
        """Count the requests of each participant that carry something."""
        arrays, people = self.instance.arrays, len(self.instance.people)
        both = np.concatenate([arrays.buyer, arrays.structure])
        return np.bincount(both[np.tile(requests, 2) > 0], minlength=people)

    def bounds(self) -> Bounds:
        """Return what is left of the network, for ``face`` to read at any later time."""
        return self._low[:-2].astype(np.int8), self._high[:-2].astype(np.int8)

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
