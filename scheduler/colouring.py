"""When, fast: a first timetable for chosen meetings.

Placing meetings so that nobody is at two tables at once is a bipartite edge colouring with slots for colours.
Without absences it always exists (Kőnig, 1916); with them deciding it is NP-complete in general (Kubale,
Discrete Applied Mathematics 36, 1992). Each slot in turn takes a matching of greatest urgency among the meetings
still to place, found as a small min-cost flow; what is left over comes in along Kempe chains, as in Kőnig's proof.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import Final

import numpy as np

from scheduler.instance import Instance, Placements, bits
from scheduler.matching import best_matching, rematch, room
from scheduler.timetable import NOWHERE, Timetable

_CHAINS: Final = 30_000
"""Chains tried in all for the meetings that the matchings leave over."""
_SHAKEN: Final = 4
_URGENT: Final = 1_000_000
_HOPELESS: Final = 3.0
"""So many meetings to place for each slot left make nobody more urgent still."""
_GOES_ON: Final = 40_000
"""Worth of a meeting for someone who met in the slot before: waiting is avoided where nothing urgent is at stake."""


def first_timetable(instance: Instance, chosen: Iterable[int], over: Callable[[], bool] = lambda: False) -> Timetable:
    """Return a timetable that keeps every rule and holds as many of ``chosen`` as the heuristic can place.

    Where some find no place, each slot in turn is given the best that it can hold, whether chosen or not; not once
    ``over`` says that time is up.
    """
    timetable = Timetable(instance)
    chosen = list(chosen)
    fill(timetable, chosen)
    left = [request for request in chosen if timetable.slot[request] == NOWHERE]
    if left:
        random = Random(len(left))  # noqa: S311 - a shake, not a secret
        attempts = max(1, _CHAINS // (instance.slot_count**2 * len(left)))
        left = [request for request in left if over() or not insert(timetable, request, random, attempts)]
    if left:
        for slot in range(instance.now, instance.slot_count):
            if not over():
                rematch(timetable, slot)
    return timetable


def nearest_timetable(instance: Instance, chosen: Iterable[int], pinned: Placements) -> Timetable:
    """Return a timetable in which ``pinned`` requests keep their slot and the other ``chosen`` take what is free.

    Only for the promises that come before few changes is anybody moved: for a required meeting, and for someone who
    would be left with less than its minimum or with nothing.
    """
    timetable = Timetable(instance)
    chosen = list(chosen)
    timetable.place_all(_undisputed(timetable, {r: pinned[r].slot for r in chosen if r in pinned}))
    chosen = [request for request in chosen if timetable.slot[request] == NOWHERE]
    chosen.sort(key=lambda request: (request not in pinned, -instance.value[request], request))
    for request in chosen:
        if request in pinned and timetable.fits(request, pinned[request].slot):
            timetable.place(request, pinned[request].slot)
    for request in chosen:
        free = next(iter(timetable.free_slots(request)), None) if timetable.slot[request] == NOWHERE else None
        if free is not None:
            timetable.place(request, free)
    random = Random(len(chosen))  # noqa: S311 - never drawn from: one attempt does not shake
    for request in chosen:
        if timetable.slot[request] == NOWHERE and _is_promised(timetable, request):
            insert(timetable, request, random, 1)
    return timetable


def _undisputed(timetable: Timetable, slots: Mapping[int, int]) -> dict[int, int]:
    """Return those of ``slots`` that can be placed whatever becomes of the others, as nothing is short around them."""
    instance, arrays = timetable.instance, timetable.instance.arrays
    request = np.fromiter(slots, np.int64, len(slots))
    slot = np.fromiter(slots.values(), np.int64, len(slots))
    sides = (arrays.buyer[request], arrays.structure[request])
    pooled = np.array([instance.host[one] is None for one in slots], dtype=bool)
    load = np.array([timetable.tables_left(one) for one in range(instance.slot_count)])
    load -= np.bincount(slot[pooled], minlength=instance.slot_count)
    sound = arrays.open[request, slot] & ~arrays.fixed[request] & np.where(pooled, load[slot] >= 0, True)
    if instance.shared_tables:
        sound &= np.array([instance.host[one] not in instance.shared_tables for one in slots], dtype=bool)
    held, here = np.array(timetable.count), np.zeros((len(instance.people), instance.slot_count), dtype=np.int64)
    for person in np.flatnonzero(held).tolist():
        here[person] = [len(meetings) for meetings in timetable.at[person]]
    for side in sides:
        held += np.bincount(side, minlength=len(held))
        np.add.at(here, (side, slot), 1)
    rests = np.isin(np.arange(len(held)), instance.rests)
    for side in sides:
        sound &= (held[side] <= arrays.most[side]) & (here[side, slot] <= arrays.delegates[side]) & ~rests[side]
    return dict(zip(request[sound].tolist(), slot[sound].tolist(), strict=True))


def _is_promised(timetable: Timetable, request: int) -> bool:
    """Say whether ``request`` is required, or one of its people lacks it for its minimum or for a first meeting."""
    instance = timetable.instance
    people = instance.problem.participants
    return instance.required[request] or any(
        timetable.count[person] < max(1, people[person].min_meetings) for person in instance.sides(request)
    )


def fill(timetable: Timetable, chosen: Iterable[int]) -> None:
    """Place as many of ``chosen`` as matchings can, in the order of the slots, each with what is left to place."""
    instance = timetable.instance
    waiting = np.array([r for r in chosen if timetable.slot[r] == NOWHERE and instance.allowed[r]], dtype=np.int64)
    for slot in range(instance.now, instance.slot_count):
        if not len(waiting):
            return
        for request in _matched(timetable, waiting, slot):
            if timetable.fits(request, slot):
                timetable.place(request, slot)
        waiting = waiting[np.array([timetable.slot[request] == NOWHERE for request in waiting], dtype=bool)]
    for request in waiting.tolist():
        earliest = next(iter(timetable.free_slots(request)), None)
        if earliest is not None:
            timetable.place(request, earliest)


def insert(timetable: Timetable, request: int, random: Random, attempts: int) -> bool:
    """Place ``request`` in a free slot, or along a Kempe chain that makes room for it; say whether it was.

    Where no chain does, some meetings of its people are moved at random and all are tried again, ``attempts`` times.
    """
    instance = timetable.instance
    if any(timetable.count[person] >= instance.most[person] for person in instance.sides(request)):
        return False
    for _attempt in range(attempts):
        for slot in timetable.free_slots(request):
            timetable.place(request, slot)
            return True
        for slot in bits(instance.allowed[request]):
            for other in range(instance.now, instance.slot_count):
                if other != slot:
                    moves = timetable.chain(request, slot, other)
                    if moves is not None and timetable.apply(moves):
                        return True
        if attempts > 1:
            _shake(timetable, request, random)
    return False


def _shake(timetable: Timetable, request: int, random: Random) -> None:
    """Move a few meetings of the people of ``request`` to other slots, along chains."""
    instance = timetable.instance
    for person in instance.sides(request):
        mine = [other for other in instance.requests_of[person] if timetable.slot[other] != NOWHERE]
        for moving in random.sample(mine, min(_SHAKEN, len(mine))):
            slot = random.choice(list(bits(instance.allowed[moving])))
            if slot != timetable.slot[moving]:
                moves = timetable.chain(moving, slot, timetable.slot[moving])
                if moves is not None:
                    timetable.apply(moves)


def _matched(timetable: Timetable, waiting: np.ndarray, slot: int) -> list[int]:
    """Return the matching of greatest urgency among ``waiting``, the most urgent first."""
    arrays = timetable.instance.arrays
    limits = room(timetable, slot)
    has_room = limits.free > 0
    ready = waiting[arrays.open[waiting, slot] & has_room[arrays.buyer[waiting]] & has_room[arrays.structure[waiting]]]
    if not len(ready):
        return []
    urgency = _urgencies(timetable, ready, waiting, slot)
    taken = np.flatnonzero(best_matching(timetable, ready, urgency, limits))
    order = np.argsort(-urgency[taken], kind="stable")
    matched: list[int] = ready[taken[order]].tolist()
    return matched


def _urgencies(timetable: Timetable, ready: np.ndarray, waiting: np.ndarray, slot: int) -> np.ndarray:
    """Return how little room each meeting has left: what its people still have to place over the slots they have."""
    instance, arrays = timetable.instance, timetable.instance.arrays
    people = len(instance.people)
    todo = np.bincount(np.concatenate([arrays.buyer[waiting], arrays.structure[waiting]]), minlength=people)
    left = arrays.available[:, slot:].sum(axis=1) * arrays.delegates
    pressure = np.minimum(todo / np.maximum(1, left), _HOPELESS) ** 4
    own = arrays.open[ready, slot:].sum(axis=1)
    urgency = pressure[arrays.buyer[ready]] + pressure[arrays.structure[ready]] + 1.0 / own**2
    worth: np.ndarray = 1 + np.rint(_URGENT * urgency).astype(np.int64)
    if slot > instance.block_of[slot].start:
        met = np.array([busy >> slot - 1 & 1 for busy in timetable.busy], dtype=np.int64)
        worth += _GOES_ON * (met[arrays.buyer[ready]] + met[arrays.structure[ready]])
    return worth
