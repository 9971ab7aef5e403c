"""One slot at a time: the best set of meetings for a slot, all other slots kept as they are.

Among the meetings of one slot the clock plays no part, so the best choice is a min-cost flow, levels included: what a
person's first or next meeting is worth stands on that person's units, as in ``scheduler.flow``. Going through the slots
again and again never loses anything, and with a touch of chance among equals it walks along plateaus.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ortools.graph.python import min_cost_flow

from scheduler.timetable import NOWHERE, Timetable


@dataclass(frozen=True, slots=True)
class Limits:
    """What a slot allows: meetings ``free`` by participant, what its ``first`` brings besides, and pool ``tables``."""

    free: np.ndarray
    first: np.ndarray
    tables: int


def room(timetable: Timetable, slot: int) -> Limits:
    """Return how many more meetings each participant, and the pool, could hold in ``slot``."""
    instance, arrays = timetable.instance, timetable.instance.arrays
    here = np.array([len(at[slot]) for at in timetable.at])
    free = np.minimum(arrays.delegates - here, arrays.most - np.array(timetable.count))
    for person in instance.rests:
        if not timetable.has_room(person, slot):
            free[person] = 0
    return Limits(np.maximum(free, 0), np.zeros(len(free), dtype=np.int64), timetable.tables_left(slot))


def best_matching(timetable: Timetable, candidates: np.ndarray, worth: np.ndarray, limits: Limits) -> np.ndarray:
    """Return for each of ``candidates`` whether the best set for one slot holds it; ``worth`` (> 0) is maximised."""
    arrays = timetable.instance.arrays
    buyer, structure = arrays.buyer[candidates], arrays.structure[candidates]
    people = len(limits.free)
    source, gate, sink = people, people + 1, people + 2
    network = _Network()
    network.add(buyer, structure, np.ones(len(candidates), dtype=np.int64), -worth)
    for side, of_pool in ((np.unique(buyer), True), (np.unique(structure), False)):
        door = np.where(arrays.gated[side], gate, source) if of_pool else np.full(len(side), sink)
        keen = limits.first[side] > 0
        free = limits.free[side]
        for who, capacity, gain in (
            (slice(None), free - keen, np.zeros(len(side), dtype=np.int64)),
            (keen, np.ones(int(keen.sum()), dtype=np.int64), limits.first[side][keen]),
        ):
            tails, heads = (door[who], side[who]) if of_pool else (side[who], door[who])
            network.add(tails, heads, capacity, -gain)
    every = np.array([len(candidates)])
    network.add(np.array([source]), np.array([gate]), np.minimum(every, limits.tables), np.zeros(1, dtype=np.int64))
    network.add(np.array([source]), np.array([sink]), every, np.zeros(1, dtype=np.int64))
    return network.solve(source, sink, len(candidates))[: len(candidates)] > 0


class _Network:
    """Arcs of a min-cost flow, added many at a time."""

    def __init__(self) -> None:
        self._arcs: list[tuple[np.ndarray, ...]] = []

    def add(self, tails: np.ndarray, heads: np.ndarray, capacity: np.ndarray, cost: np.ndarray) -> None:
        self._arcs.append((tails, heads, capacity, cost))

    def solve(self, source: int, sink: int, amount: int) -> np.ndarray:
        """Return the flow on each arc when ``amount`` goes from ``source`` to ``sink`` at the least cost."""
        solver = min_cost_flow.SimpleMinCostFlow()
        arcs = solver.add_arcs_with_capacity_and_unit_cost(
            *(np.concatenate(part) for part in zip(*self._arcs, strict=True))
        )
        solver.set_nodes_supplies(np.array([source, sink]), np.array([amount, -amount]))
        if solver.solve() != solver.OPTIMAL:
            raise AssertionError("a flow with a way past every arc is feasible")
        flows: np.ndarray = solver.flows(arcs)
        return flows


def rematch(timetable: Timetable, slot: int) -> bool:
    """Give ``slot`` the best set of meetings, those of the other slots kept; say whether anything changed.

    The best is lexicographic: required meetings, missing minima, people without any, value.
    """
    instance, arrays = timetable.instance, timetable.instance.arrays
    when = np.array(timetable.slot)
    candidates = np.flatnonzero(((when == NOWHERE) | (when == slot)) & arrays.open[:, slot] & ~arrays.fixed)
    here = when[candidates] == slot
    people = len(instance.people)
    moving = np.bincount(
        np.concatenate([arrays.buyer[candidates[here]], arrays.structure[candidates[here]]]), minlength=people
    )
    elsewhere = np.array(timetable.count) - moving
    present = np.array([len(at[slot]) for at in timetable.at])
    free = np.maximum(np.minimum(arrays.delegates - (present - moving), arrays.most - elsewhere), 0)
    ready = (free[arrays.buyer[candidates]] > 0) & (free[arrays.structure[candidates]] > 0)
    candidates, here = candidates[ready], here[ready]
    if not len(candidates):
        return False
    value = int(arrays.value[candidates].sum()) + 1
    covered, promised = value, value * (people + 1)
    first = np.where(elsewhere == 0, covered, 0) + np.where(elsewhere < arrays.least, promised, 0)
    worth = arrays.value[candidates] + arrays.required[candidates] * (promised * (people + 1))
    pooled = sum(instance.host[request] is None for request in candidates[here].tolist())
    limits = Limits(free, first, timetable.tables_left(slot) + pooled)
    chosen = best_matching(timetable, candidates, worth, limits)
    out, new = candidates[here & ~chosen], candidates[chosen & ~here]
    if not len(out) and not len(new):
        return False
    return timetable.apply(dict.fromkeys(out.tolist(), NOWHERE) | dict.fromkeys(new.tolist(), slot))
