"""When, fast: place chosen meetings slot after slot, those with the least room left first.

Placing meetings so that nobody is at two tables at once is a bipartite edge colouring with slots for colours.
Without absences it always exists (Kőnig, 1916); with them deciding it is NP-complete in general (Kubale,
Discrete Applied Mathematics 36, 1992). This pass is the heuristic that gives a first plan: each slot takes a
matching of greatest urgency among the meetings still to place, found as a small min-cost flow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count
from types import MappingProxyType
from typing import Final

import numpy as np
from ortools.graph.python import min_cost_flow

from scheduler.instance import Instance, Placement, Placements, bits

_URGENT: Final = 1_000_000


class Colouring:
    """A timetable under construction: every rule of the clock holds at each step."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.placed: dict[int, int] = {}
        self._load = [[0] * instance.slot_count for _ in instance.people]
        self._count = [0] * len(instance.people)
        self._pool_load = [0] * instance.slot_count
        self._hosting: dict[tuple[int, str], list[int]] = {}
        for request, placement in (instance.past | instance.locks).items():
            self.place(request, placement.slot)

    def place(self, request: int, slot: int) -> None:
        """Put ``request`` into ``slot``."""
        self.placed[request] = slot
        for person in self.instance.sides(request):
            self._load[person][slot] += 1
            self._count[person] += 1
        host = self.instance.host[request]
        if host is None:
            self._pool_load[slot] += 1
        else:
            self._hosting.setdefault((slot, host), []).append(request)

    def fits(self, request: int, slot: int) -> bool:
        """Say whether ``request`` can be added in ``slot`` without breaking a rule."""
        instance = self.instance
        if not instance.allowed[request] >> slot & 1 or request in self.placed:
            return False
        host = instance.host[request]
        if host is None:
            if instance.pool is not None and self._pool_load[slot] >= len(instance.pool):
                return False
        elif not self._may_join(request, slot, host):
            return False
        return all(self.has_room(person, slot) for person in instance.sides(request))

    def _may_join(self, request: int, slot: int, host: str) -> bool:
        """Say whether a table's meetings would still all involve one of its owners."""
        seated = self._hosting.get((slot, host), [])
        owners = {p for p in self.instance.sides(request) if self.instance.own_table[p] == host}
        for other in seated:
            owners &= set(self.instance.sides(other))
        return bool(owners)

    def meetings(self, person: int) -> int:
        """Return how many meetings ``person`` holds so far."""
        return self._count[person]

    def has_room(self, person: int, slot: int) -> bool:
        """Say whether ``person``'s own limits leave room for one more meeting in ``slot``."""
        who = self.instance.problem.participants[person]
        load = self._load[person]
        if load[slot] >= who.delegates:
            return False
        if who.max_meetings is not None and self._count[person] >= who.max_meetings:
            return False
        if who.max_run is None or load[slot]:
            return True
        block = next(block for block in self.instance.blocks if slot in block)
        before = next(n for n in count() if slot - n - 1 not in block or not load[slot - n - 1])
        after = next(n for n in count() if slot + n + 1 not in block or not load[slot + n + 1])
        return before + after + 1 <= who.max_run

    def fill(self, chosen: Iterable[int]) -> None:
        """Place as many of ``chosen`` as matchings can, in the order of the slots."""
        waiting = [request for request in chosen if request not in self.placed]
        for slot in range(self.instance.now, self.instance.slot_count):
            ready = [request for request in waiting if self.fits(request, slot)]
            for request in self._match(ready, waiting, slot):
                if self.fits(request, slot):
                    self.place(request, slot)
            waiting = [request for request in waiting if request not in self.placed]
        # What the matchings left out may still fit somewhere.
        for request in waiting:
            free = (slot for slot in bits(self.instance.allowed[request]) if self.fits(request, slot))
            earliest = next(free, None)
            if earliest is not None:
                self.place(request, earliest)

    def _match(self, ready: list[int], waiting: list[int], slot: int) -> Iterator[int]:
        """Yield the matching of greatest urgency among ``ready``, the most urgent first."""
        if not ready:
            return
        urgency = self._urgencies(ready, waiting, slot)
        instance = self.instance
        people = sorted({person for request in ready for person in instance.sides(request)})
        node = {person: rank + 2 for rank, person in enumerate(people)}
        tails, heads, capacity, cost = [], [], [], []
        for request, gain in zip(ready, urgency, strict=True):
            tails.append(node[instance.buyer[request]])
            heads.append(node[instance.structure[request]])
            capacity.append(1)
            cost.append(-gain)
        for person in people:
            is_buyer = instance.problem.participants[person].side == "buyer"
            tails.append(0 if is_buyer else node[person])
            heads.append(node[person] if is_buyer else 1)
            capacity.append(instance.delegates[person] - self._load[person][slot])
            cost.append(0)
        tails.append(0)
        heads.append(1)
        capacity.append(len(ready))
        cost.append(0)
        solver = min_cost_flow.SimpleMinCostFlow()
        solver.add_arcs_with_capacity_and_unit_cost(
            np.array(tails), np.array(heads), np.array(capacity), np.array(cost)
        )
        solver.set_nodes_supplies(np.array([0, 1]), np.array([len(ready), -len(ready)]))
        if solver.solve() != solver.OPTIMAL:
            raise AssertionError("a flow with a way past every arc is feasible")
        taken = [rank for rank in range(len(ready)) if solver.flow(rank)]
        yield from (ready[rank] for rank in sorted(taken, key=lambda rank: -urgency[rank]))

    def _urgencies(self, ready: list[int], waiting: list[int], slot: int) -> list[int]:
        """Return how little room each meeting has left: what is still to place over the slots that remain."""
        instance = self.instance
        remaining = instance.every_slot >> slot << slot
        todo = [0] * len(instance.people)
        open_slots = [0] * len(instance.people)
        for request in waiting:
            for person in instance.sides(request):
                todo[person] += 1
                open_slots[person] |= instance.allowed[request] & remaining
        pressure = [
            (need / max(1, mask.bit_count() * instance.delegates[person])) ** 4 if need else 0.0
            for person, (need, mask) in enumerate(zip(todo, open_slots, strict=True))
        ]
        return [
            1
            + round(
                _URGENT
                * (
                    pressure[instance.buyer[request]]
                    + pressure[instance.structure[request]]
                    + 1 / (instance.allowed[request] & remaining).bit_count() ** 2
                )
            )
            for request in ready
        ]


def first_timetable(
    instance: Instance, chosen: Iterable[int], pinned: Placements = MappingProxyType({})
) -> dict[int, Placement]:
    """Return a timetable that keeps every rule and holds as many of ``chosen`` as the heuristic can place.

    ``pinned`` requests take their slot first; those that were not chosen fill what is left, by falling value.
    """
    colouring = Colouring(instance)
    chosen = list(chosen)
    for request in chosen:
        if request in pinned and colouring.fits(request, pinned[request].slot):
            colouring.place(request, pinned[request].slot)
    colouring.fill(chosen)
    if len(colouring.placed) < len(chosen):
        others = sorted(instance.requests, key=lambda request: -instance.value[request])
        colouring.fill(request for request in others if instance.allowed[request])
    pool = instance.pool or ()

    def table(request: int, slot: int) -> str | None:
        kept = pinned.get(request)
        return kept.table if kept is not None and kept.slot == slot and kept.table in pool else None

    return {request: Placement(slot, table(request, slot)) for request, slot in colouring.placed.items()}
