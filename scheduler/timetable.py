"""A timetable under construction: who meets in which slot, every rule of the clock kept at each step.

Meetings are placed, taken out, and moved along *Kempe chains*: to bring a meeting from slot ``a`` to slot ``b``,
whoever of its two participants is taken in ``b`` sends that meeting to ``a``, and so on. In two slots each
participant has at most one meeting each, so a chain is a path or an even cycle of the two slots' meetings, and
exchanging the slots along it leaves everybody with the meetings it had (Kempe, American Journal of Mathematics 2,
1879; for timetables: Thompson & Dowsland, Annals of Operations Research 63, 1996).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from typing import Final

from scheduler.instance import Instance, Placement, Placements, bits

NOWHERE: Final = -1

Moves = dict[int, int]
"""Meetings and the slots they move to; ``NOWHERE`` takes a meeting out of the plan."""


class Timetable:
    """Who meets when. Tables are counted, not given (``scheduler.seating``).

    ``slot[r]`` is the slot of request ``r`` or ``NOWHERE``; ``at[p][t]`` holds the meetings of ``p`` in slot ``t``;
    ``busy[p]`` is the bit set of the slots in which ``p`` meets; ``count[p]`` how many meetings it holds.
    """

    def __init__(self, instance: Instance, placements: Placements | None = None) -> None:
        self.instance = instance
        self.slot = [NOWHERE] * len(instance.requests)
        self.at: list[list[tuple[int, ...]]] = [[()] * instance.slot_count for _ in instance.people]
        self.busy = [0] * len(instance.people)
        self.count = [0] * len(instance.people)
        self.pool_load = [0] * instance.slot_count
        self._pool_size = len(instance.requests) if instance.pool is None else len(instance.pool)
        self._hosting: dict[tuple[int, str], list[int]] = defaultdict(list)
        self._shared = instance.shared_tables
        fixed = {r: placement.slot for r, placement in (instance.past | instance.locks).items()}
        given = {r: placement.slot for r, placement in (placements or {}).items()}
        self.place_all(fixed | given)

    @property
    def placed(self) -> dict[int, int]:
        """The slot of each request that has one."""
        return {request: slot for request, slot in enumerate(self.slot) if slot != NOWHERE}

    @property
    def placements(self) -> dict[int, Placement]:
        """The plan so far, tables still to be given where none is locked."""
        return {request: Placement(slot, None) for request, slot in self.placed.items()}

    def place(self, request: int, slot: int) -> None:
        """Put ``request``, which has no slot, into ``slot``."""
        instance = self.instance
        self.slot[request] = slot
        for person in instance.sides(request):
            self.at[person][slot] += (request,)
            self.busy[person] |= 1 << slot
            self.count[person] += 1
        host = instance.host[request]
        if host is None:
            self.pool_load[slot] += 1
        elif host in self._shared:
            self._hosting[slot, host].append(request)

    def place_all(self, slots: Mapping[int, int]) -> None:
        """Put many requests, none of which has a slot, into theirs: ``place`` without its calls."""
        instance, at, busy, held = self.instance, self.at, self.busy, self.count
        buyer, structure, host = instance.buyer, instance.structure, instance.host
        for request, slot in slots.items():
            self.slot[request] = slot
            here = (request,)
            for person in (buyer[request], structure[request]):
                days = at[person]
                days[slot] = days[slot] + here if days[slot] else here
                busy[person] |= 1 << slot
                held[person] += 1
            table = host[request]
            if table is None:
                self.pool_load[slot] += 1
            elif table in self._shared:
                self._hosting[slot, table].append(request)

    def remove(self, request: int) -> None:
        """Take ``request`` out of its slot."""
        instance = self.instance
        slot = self.slot[request]
        self.slot[request] = NOWHERE
        for person in instance.sides(request):
            here = self.at[person][slot]
            if len(here) == 1:
                self.at[person][slot] = ()
                self.busy[person] &= ~(1 << slot)
            else:
                self.at[person][slot] = tuple(other for other in here if other != request)
            self.count[person] -= 1
        host = instance.host[request]
        if host is None:
            self.pool_load[slot] -= 1
        elif host in self._shared:
            self._hosting[slot, host].remove(request)

    def fits(self, request: int, slot: int) -> bool:
        """Say whether ``request``, which has no slot, can be added in ``slot`` without breaking a rule."""
        instance = self.instance
        if not instance.allowed[request] >> slot & 1 or self.slot[request] != NOWHERE:
            return False
        host = instance.host[request]
        if host is None:
            if self.pool_load[slot] >= self._pool_size:
                return False
        elif host in self._shared and not self._may_join(request, slot, host):
            return False
        return all(self.has_room(person, slot) for person in instance.sides(request))

    def _may_join(self, request: int, slot: int, host: str) -> bool:
        """Say whether a shared table's meetings would still all involve one of its owners."""
        owners = {p for p in self.instance.sides(request) if self.instance.own_table[p] == host}
        for other in self._hosting[slot, host]:
            owners &= set(self.instance.sides(other))
        return bool(owners)

    def has_room(self, person: int, slot: int) -> bool:
        """Say whether ``person``'s own limits leave room for one more meeting in ``slot``."""
        instance = self.instance
        here = self.at[person][slot]
        if len(here) >= instance.delegates[person] or self.count[person] >= instance.most[person]:
            return False
        longest = instance.max_run[person]
        return longest is None or bool(here) or self._run_through(person, slot) <= longest

    def slots_with_room(self, person: int) -> int:
        """Return the slots in which ``person``'s own limits leave room for one more meeting, as a bit set."""
        instance = self.instance
        if self.count[person] >= instance.most[person]:
            return 0
        if instance.delegates[person] == 1 and instance.max_run[person] is None:
            return instance.every_slot & ~self.busy[person]
        return sum(1 << slot for slot in range(instance.slot_count) if self.has_room(person, slot))

    def _run_through(self, person: int, slot: int) -> int:
        """Return how many slots in a row ``person`` would meet around ``slot``, if it met there."""
        busy, block = self.busy[person], self.instance.block_of[slot]
        before = next(n for n in count() if slot - n - 1 not in block or not busy >> slot - n - 1 & 1)
        after = next(n for n in count() if slot + n + 1 not in block or not busy >> slot + n + 1 & 1)
        return before + after + 1

    def tables_left(self, slot: int) -> int:
        """Return how many pool tables are free in ``slot``."""
        return self._pool_size - self.pool_load[slot]

    def free_slots(self, request: int) -> Iterable[int]:
        """Return the slots in which ``request`` could be added, earliest first."""
        return (slot for slot in bits(self.instance.allowed[request]) if self.fits(request, slot))

    def chain(self, request: int, slot: int, other: int) -> Moves | None:
        """Return what follows from putting ``request`` into ``slot``: whoever is in its way there goes to ``other``.

        For a meeting that has a slot, ``other`` is that slot. ``None`` when someone cannot follow.
        """
        instance = self.instance
        allowed, delegates, at = instance.allowed, instance.delegates, self.at
        moves = {request: slot}
        waiting = [request]
        both = slot + other
        while waiting:
            moving = waiting.pop()
            to = moves[moving]
            if not allowed[moving] >> to & 1:
                return None
            for person in (instance.buyer[moving], instance.structure[moving]):
                here = at[person][to]
                if not here:
                    continue
                if delegates[person] == 1:
                    if here[0] not in moves:
                        moves[here[0]] = both - to
                        waiting.append(here[0])
                    continue
                staying = [one for one in here if one not in moves]
                coming = sum(moves[one] == to for one in moves if person in instance.sides(one) and one not in here)
                if len(staying) + coming > delegates[person]:
                    if not staying:
                        return None
                    moves[staying[0]] = both - to
                    waiting.append(staying[0])
        return moves

    def apply(self, moves: Mapping[int, int]) -> bool:
        """Carry ``moves`` out, if every rule still holds afterwards; else change nothing and say so."""
        before = {request: self.slot[request] for request in moves}
        self._carry_out(moves)
        if self._sound(moves):
            return True
        self._carry_out(before)
        return False

    def restore(self, slots: Sequence[int]) -> None:
        """Bring every request back to where ``slots`` (by request) has it."""
        self._carry_out({request: slot for request, slot in enumerate(slots) if self.slot[request] != slot})

    def _carry_out(self, moves: Mapping[int, int]) -> None:
        for request in moves:
            if self.slot[request] != NOWHERE:
                self.remove(request)
        for request, slot in moves.items():
            if slot != NOWHERE:
                self.place(request, slot)

    def _sound(self, moves: Mapping[int, int]) -> bool:
        """Say whether the limits of everybody and every table that ``moves`` concern hold."""
        instance = self.instance
        for request, slot in moves.items():
            if slot == NOWHERE:
                continue
            host = instance.host[request]
            if host is None:
                if self.pool_load[slot] > self._pool_size:
                    return False
            elif host in self._shared and not self._may_join(request, slot, host):
                return False
            for person in instance.sides(request):
                if (
                    self.count[person] > instance.most[person]
                    or len(self.at[person][slot]) > instance.delegates[person]
                ):
                    return False
                longest = instance.max_run[person]
                if longest is not None and self._run_through(person, slot) > longest:
                    return False
        return True
