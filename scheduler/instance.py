"""A problem with its names turned into small integers, read many times by every algorithm.

Slots, participants and requests are known by rank. Sets of slots are integers used as bit sets: bit ``t``
stands for slot ``t``, so "both can" is one ``&``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from scheduler.plan import Meeting
from scheduler.problem import Problem


class Placement(NamedTuple):
    """Where a request is served: slot rank and table id (``None``: no tables are counted)."""

    slot: int
    table: str | None


Placements = Mapping[int, Placement]
"""A plan by rank of request; a request that is left out has no entry."""


def bits(mask: int) -> Iterator[int]:
    """Yield the ranks in the bit set ``mask``, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


@dataclass(frozen=True, slots=True)
class Arrays:
    """An instance as arrays.

    By request ``buyer``, ``structure``, ``value``, ``required``, ``fixed`` (its slot is given) and ``open`` (× slots:
    may be held there); by participant ``available`` (× slots), ``delegates``, ``most`` and ``least`` meetings, how many
    requests it ``asked`` for, and ``gated`` (a buyer that only meets at pool tables).
    """

    buyer: np.ndarray
    structure: np.ndarray
    value: np.ndarray
    required: np.ndarray
    open: np.ndarray
    fixed: np.ndarray
    available: np.ndarray
    delegates: np.ndarray
    most: np.ndarray
    least: np.ndarray
    asked: np.ndarray
    gated: np.ndarray


def _matrix(masks: list[int], width: int) -> np.ndarray:
    """Return bit sets as a Boolean matrix, one row a set."""
    size = max(1, (width + 7) // 8)
    packed = np.frombuffer(b"".join(mask.to_bytes(size, "little") for mask in masks), dtype=np.uint8)
    return np.unpackbits(packed.reshape(len(masks), size), axis=1, bitorder="little")[:, :width].astype(bool)


class Instance:
    """The indexed problem.

    ``now`` is the rank of the first slot that may still change; ``past`` holds the meetings already begun,
    kept as they are whatever the problem says of them today.
    """

    def __init__(self, problem: Problem, *, now: int = 0, past: Placements | None = None) -> None:
        self.problem = problem
        self.now = now
        self.past: dict[int, Placement] = dict(past or {})

        self.slot_rank = {slot.id: rank for rank, slot in enumerate(problem.slots)}
        self.participant_rank = {person.id: rank for rank, person in enumerate(problem.participants)}
        self.request_rank = {request.id: rank for rank, request in enumerate(problem.requests)}
        self.slot_count = len(problem.slots)
        self.every_slot = (1 << self.slot_count) - 1
        self._slot_bit = {slot: 1 << rank for slot, rank in self.slot_rank.items()}

        self.delegates = [person.delegates for person in problem.participants]
        self.max_run = [person.max_run for person in problem.participants]
        self.available = [self._mask(person.available) for person in problem.participants]
        self.buyer = [self.participant_rank[request.buyer] for request in problem.requests]
        self.structure = [self.participant_rank[request.structure] for request in problem.requests]
        self.value = [request.value for request in problem.requests]
        self.required = [request.required for request in problem.requests]
        self.requests_of: list[list[int]] = [[] for _ in problem.participants]
        for rank in range(len(problem.requests)):
            self.requests_of[self.buyer[rank]].append(rank)
            self.requests_of[self.structure[rank]].append(rank)

        # The buyer's own table wins; a pool meeting has no host table.
        own = [person.table for person in problem.participants]
        self.own_table = own
        self.host = [own[b] or own[s] for b, s in zip(self.buyer, self.structure, strict=True)]
        owned = {table for table in own if table is not None}
        self.pool: tuple[str, ...] | None = (
            None if problem.tables is None else tuple(table.id for table in problem.tables if table.id not in owned)
        )
        self.locks = {
            self.request_rank[lock.request]: Placement(self.slot_rank[lock.slot], lock.table) for lock in problem.locks
        }
        excluded = {(pair.buyer, pair.structure) for pair in problem.exclusions}
        self.excluded = [(request.buyer, request.structure) in excluded for request in problem.requests]
        self.common = self._common()
        self.allowed = self._allowed()
        self._held = Counter(person for request in self.past for person in self.sides(request))
        self.capacity = [self._capacity(rank) for rank in range(len(problem.participants))]
        self._counted: list[tuple[Placements, np.ndarray]] = []

    def _mask(self, slots: tuple[str, ...] | None) -> int:
        return self.every_slot if slots is None else reduce(or_, map(self._slot_bit.__getitem__, slots), 0)

    def _common(self) -> list[int]:
        """Return the slots that each request and both its participants allow, as bit sets."""
        available = self.available
        common = [available[b] & available[s] for b, s in zip(self.buyer, self.structure, strict=True)]
        for rank, request in enumerate(self.problem.requests):
            if request.slots is not None:
                common[rank] &= self._mask(request.slots)
        return common

    def _allowed(self) -> list[int]:
        """Return the slots in which the plan may still place each request, as bit sets."""
        future = self.every_slot >> self.now << self.now
        allowed = [common & future for common in self.common]
        for request, lock in self.locks.items():
            allowed[request] &= 1 << lock.slot
        for request, excluded in enumerate(self.excluded):
            if excluded:
                allowed[request] = 0
        for request, held in self.past.items():
            allowed[request] = 1 << held.slot
        return allowed

    def _gated(self, person: int) -> bool:
        """Say whether ``person`` is a buyer all of whose meetings are held at pool tables."""
        return self.problem.participants[person].side == "buyer" and all(
            self.host[request] is None for request in self.requests_of[person]
        )

    def _capacity(self, person: int) -> int:
        """Return how many meetings ``person`` can hold at most, by its limits and its availability alone."""
        usable = 0
        for request in self.requests_of[person]:
            if request not in self.past:
                usable |= self.allowed[request]
        limit = self._held[person] + self._busiest(person, usable) * self.delegates[person]
        return min(limit, self.most[person], len(self.requests_of[person]))

    def _busiest(self, person: int, usable: int) -> int:
        """Return in how many of the ``usable`` slots ``person`` can meet, pauses taken."""
        longest = self.max_run[person]
        if longest is None:
            return usable.bit_count()
        busy_slots = 0
        for block in self.blocks:
            run = 0
            for slot in block:
                run = run + 1 if usable >> slot & 1 else 0
                if run > longest:
                    run = 0
                busy_slots += run > 0
        return busy_slots

    @cached_property
    def blocks(self) -> list[range]:
        """The slots between two breaks, as ranges of ranks."""
        ranges: list[range] = []
        first = 0
        for rank in range(1, self.slot_count + 1):
            at_end = rank == self.slot_count
            if at_end or self.problem.slots[rank].block != self.problem.slots[first].block:
                ranges.append(range(first, rank))
                first = rank
        return ranges

    @cached_property
    def block_of(self) -> list[range]:
        """The block of each slot."""
        return [block for block in self.blocks for _ in block]

    @cached_property
    def most(self) -> list[int]:
        """How many meetings each participant may hold: its maximum, or what it has held already."""
        return [
            max(person.max_meetings, self._held[rank])
            if person.max_meetings is not None
            else len(self.requests_of[rank])
            for rank, person in enumerate(self.problem.participants)
        ]

    @cached_property
    def rests(self) -> list[int]:
        """The participants who need a pause after so many meetings in a row."""
        return [person for person, longest in enumerate(self.max_run) if longest is not None]

    @cached_property
    def shared_tables(self) -> frozenset[str]:
        """The tables that several participants call their own."""
        owners = Counter(table for table in self.own_table if table is not None)
        return frozenset(table for table, number in owners.items() if number > 1)

    @cached_property
    def arrays(self) -> Arrays:
        """What every request and participant may do, as arrays for the algorithms that treat all at once."""
        return Arrays(
            buyer=np.array(self.buyer, dtype=np.int64),
            structure=np.array(self.structure, dtype=np.int64),
            value=np.array(self.value, dtype=np.int64),
            required=np.array(self.required, dtype=bool),
            open=_matrix(self.allowed, self.slot_count),
            fixed=np.array([request in self.past or request in self.locks for request in self.requests], dtype=bool),
            available=_matrix(self.available, self.slot_count),
            delegates=np.array(self.delegates, dtype=np.int64),
            most=np.array(self.most, dtype=np.int64),
            least=np.array([person.min_meetings for person in self.problem.participants], dtype=np.int64),
            asked=np.array([len(requests) for requests in self.requests_of], dtype=np.int64),
            gated=np.array([self._gated(person) for person in self.people], dtype=bool),
        )

    @cached_property
    def pool_tables(self) -> frozenset[str]:
        """The tables of the pool, to look one up."""
        return frozenset(self.pool or ())

    @cached_property
    def literals(self) -> int:
        """How many (request, slot) pairs the plan may choose from."""
        return sum(mask.bit_count() for mask in self.allowed)

    @cached_property
    def people(self) -> range:
        """The ranks of all participants."""
        return range(len(self.problem.participants))

    @cached_property
    def requests(self) -> range:
        """The ranks of all requests."""
        return range(len(self.problem.requests))

    def sides(self, request: int) -> tuple[int, int]:
        """Return the ranks of the request's buyer and structure."""
        return self.buyer[request], self.structure[request]

    def placements(self, meetings: tuple[Meeting, ...]) -> dict[int, Placement]:
        """Turn meetings whose requests and slots are known into placements."""
        return {
            self.request_rank[meeting.request]: Placement(self.slot_rank[meeting.slot], meeting.table)
            for meeting in meetings
        }

    def meetings(
        self, placements: Placements, known: Mapping[int, Meeting] = MappingProxyType({})
    ) -> tuple[Meeting, ...]:
        """Turn placements into meetings, in the order of slots, then of requests.

        Those of ``known``, by rank of request, that are still right are not made again.
        """
        requests, slots = self.problem.requests, [slot.id for slot in self.problem.slots]
        width = max(1, len(requests))
        meetings = []
        for place in sorted(placement.slot * width + rank for rank, placement in placements.items()):
            request, slot, table = requests[place % width], slots[place // width], placements[place % width].table
            same = known.get(place % width)
            if (
                same is not None
                and same.slot == slot
                and same.table == table
                and (same.buyer, same.structure) == (request.buyer, request.structure)
            ):
                meetings.append(same)
            else:
                meetings.append(Meeting(request.id, request.buyer, request.structure, slot, table))
        return tuple(meetings)

    def busy(self, placements: Placements) -> list[int]:
        """Return, for each participant, the bit set of the slots in which it meets."""
        masks = [0] * len(self.problem.participants)
        buyer, structure = self.buyer, self.structure
        for request, (slot, _table) in placements.items():
            bit = 1 << slot
            masks[buyer[request]] |= bit
            masks[structure[request]] |= bit
        return masks

    def counts(self, placements: Placements) -> np.ndarray:
        """Return the number of meetings by participant.

        Every step of ``balance`` asks for them: those of the last two plans, which are compared, are kept.
        """
        for plan, counts in self._counted:
            if plan is placements:
                return counts
        served = np.fromiter(placements, np.int64, len(placements))
        people = np.concatenate([self.arrays.buyer[served], self.arrays.structure[served]])
        counts = np.bincount(people, minlength=len(self.people))
        self._counted = [*self._counted[-1:], (placements, counts)]
        return counts
