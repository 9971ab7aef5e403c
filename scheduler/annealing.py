"""Waiting, at any size: simulated annealing over Kempe chains.

Most steps exchange two slots along one chain (``scheduler.timetable``): the meetings stay what they are, no level
that counts them changes, and only the people at a chain's two ends see their day change, which makes a step cheap to
weigh. The others replace a meeting by a request of one of its people that is as good on every level that counts, so
that the walk goes through other choices of meetings too. The number of steps is settled beforehand, and the walk cools
down as they are made: the same call makes the same plan wherever it is not cut short. Source: Kirkpatrick, Gelatt &
Vecchi, Science 220, 1983; Kempe chains for timetables: Thompson & Dowsland, Annals of Operations Research 63, 1996.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp
from random import Random
from typing import Final

from scheduler.instance import bits
from scheduler.objectives.idle import Waiting
from scheduler.timetable import NOWHERE, Moves, Timetable

WARM: Final = 0.8
COLD: Final = 0.12
"""Temperatures: a slot more of waiting is taken in three cases of ten at the warm one, hardly ever at the cold one."""

EXCHANGES: Final = 0.2
"""Share of the steps that try another choice of meetings, as good on every level that counts them."""

STEPS_PER_SECOND: Final = 200_000
"""What an ordinary machine does, of steps into a slot that is open; the others cost next to nothing."""

CROWDED: Final = 15_000
"""So many meetings, far apart in memory, halve that."""

_BEAT: Final = 1_000
"""Steps at one temperature."""


class Annealing:
    """A walk from timetable to timetable; ``run`` leaves the best one met in ``timetable``.

    ``cost`` says what a person's day costs, given as the bit set of the slots in which it meets.
    """

    def __init__(self, timetable: Timetable, seed: int, cost: Callable[[int, int], int] | None = None) -> None:
        self.timetable = timetable
        self._random = Random(seed)  # noqa: S311 - a walk, not a secret
        instance = timetable.instance
        self._cost = cost or Waiting(instance).of
        self._fixed = [request in instance.past or request in instance.locks for request in instance.requests]
        self._movable = [request for request in timetable.placed if not self._fixed[request]]
        self._left_out = [r for r in instance.requests if timetable.slot[r] == NOWHERE and instance.allowed[r]]
        self._place = {
            request: place for listed in (self._movable, self._left_out) for place, request in enumerate(listed)
        }
        self._asked = [len(requests) for requests in instance.requests_of]
        self._least = [person.min_meetings for person in instance.problem.participants]
        self.costs = [self._cost(person, busy) for person, busy in enumerate(timetable.busy)]
        self.total = sum(self.costs)
        self.best = self.total

    def steps_a_second(self) -> float:
        """Return how many steps an ordinary machine does in a second, on a timetable that holds some meeting."""
        share = float(self.timetable.instance.arrays.open.mean())
        return STEPS_PER_SECOND / (1 + len(self.timetable.placed) / CROWDED) / share

    def run(self, steps: int, over: Callable[[float], float] = lambda done: done, warm: float = WARM) -> int:
        """Walk ``steps`` steps, cooling down from ``warm``, and return how many were made.

        ``over`` is given again and again the share of the steps that are done, and says which share of the walk is
        over; where that is another one, the walk is longer or shorter than its steps.
        """
        kept = list(self.timetable.slot)
        done, gone = 0, over(0.0)
        while self._movable and gone < 1.0:
            if not self.total and gone == done / steps:
                break  # nobody waits; but a walk led by the clock goes on for as long as that says
            heat = warm * (COLD / warm) ** gone
            beat = min(_BEAT, steps - done) if done < steps else _BEAT
            for _ in range(beat):
                self._step(heat)
            done += beat
            if self.total < self.best:
                self.best = self.total
                kept = list(self.timetable.slot)
            gone = over(done / steps)
        self.timetable.restore(kept)
        return done

    def _step(self, heat: float) -> None:
        """Propose one change and take it or leave it."""
        proposal = self._exchange() if self._left_out and self._random.random() < EXCHANGES else self._chain()
        if proposal is None:
            return
        moves, busy = proposal
        change = sum(self._cost(person, mask) - self.costs[person] for person, mask in busy.items())
        if change > 0 and self._random.random() >= exp(-change / heat):
            return
        if self.timetable.apply(moves):
            for person, mask in busy.items():
                self.costs[person] = self._cost(person, mask)
            self.total += change
            if len(moves) == 2 and NOWHERE in moves.values():
                self._note_exchange(*moves)

    def _chain(self) -> tuple[Moves, dict[int, int]] | None:
        """Draw a meeting and another slot that it allows; return the chain and the days that it changes."""
        random, instance = self._random.random, self.timetable.instance
        request = self._movable[int(random() * len(self._movable))]
        slot = self.timetable.slot[request]
        target = int(random() * instance.slot_count)
        if target == slot or not instance.allowed[request] >> target & 1:
            return None
        moves = self.timetable.chain(request, target, slot)
        return None if moves is None else (moves, self._busy_after(moves))

    def _exchange(self) -> tuple[Moves, dict[int, int]] | None:
        """Draw a request that is left out, and a meeting of one of its people that it can replace at no loss."""
        timetable, random = self.timetable, self._random.random
        instance = timetable.instance
        comes = self._left_out[int(random() * len(self._left_out))]
        buyer, structure = instance.sides(comes)
        person, other = (buyer, structure) if random() < 0.5 else (structure, buyer)
        day = timetable.at[person][int(random() * instance.slot_count)]
        if not day:
            return None
        goes = day[0]
        if not self._are_equal(goes, comes, other):
            return None
        slot, before = self._free_slot(comes, goes), timetable.slot[goes]
        if slot is None:
            return None
        leaver = instance.buyer[goes] if instance.structure[goes] == person else instance.structure[goes]
        moves = {goes: NOWHERE, comes: slot}
        after = {
            person: self._without(person, before) | 1 << slot,
            leaver: self._without(leaver, before),
            other: timetable.busy[other] | 1 << slot,
        }
        return moves, after

    def _free_slot(self, comes: int, goes: int) -> int | None:
        """Draw a slot for ``comes`` in which its people are free once ``goes`` has gone."""
        timetable, instance = self.timetable, self.timetable.instance
        leaving = timetable.slot[goes]
        free = instance.allowed[comes]
        for person in instance.sides(comes):
            taken = timetable.busy[person]
            if person in instance.sides(goes):
                taken &= ~(1 << leaving)
            free &= ~taken
        slots = list(bits(free))
        return slots[int(self._random.random() * len(slots))] if slots else None

    def _without(self, person: int, slot: int) -> int:
        """Return the busy slots of ``person`` once one of its meetings has gone from ``slot``."""
        busy = self.timetable.busy[person]
        return busy if len(self.timetable.at[person][slot]) > 1 else busy & ~(1 << slot)

    def _are_equal(self, goes: int, comes: int, gainer: int) -> bool:
        """Say whether ``comes`` instead of ``goes`` changes no count: same value, and who gains is as who loses was.

        On ``balance``, who loses a meeting no longer counts where it had its last one (or all it asked for), and who
        gains counts there instead.
        """
        instance, count = self.timetable.instance, self.timetable.count
        if instance.value[goes] != instance.value[comes] or instance.required[goes] != instance.required[comes]:
            return False
        if self._fixed[goes]:
            return False
        loser = next(person for person in instance.sides(goes) if person not in instance.sides(comes))
        held, gained = count[loser], count[gainer] + 1
        asked, least = self._asked, self._least
        return (
            held == gained
            and (held == asked[loser]) == (gained == asked[gainer])
            and held > least[loser]
            and gained > least[gainer]
            and gained <= instance.most[gainer]
        )

    def _note_exchange(self, goes: int, comes: int) -> None:
        place, other = self._place[goes], self._place[comes]
        self._movable[place], self._left_out[other] = comes, goes
        self._place[goes], self._place[comes] = other, place

    def _busy_after(self, moves: Moves) -> dict[int, int]:
        """Return the busy slots that ``moves`` give those whose day they change."""
        timetable = self.timetable
        instance = timetable.instance
        request, target = next(iter(moves.items()))
        both = 1 << target | 1 << timetable.slot[request]
        after: dict[int, int] = {}
        for request in moves:
            for person in (instance.buyer[request], instance.structure[request]):
                if instance.delegates[person] > 1:
                    after[person] = self._busy_with_delegates(person, moves)
                elif person in after:
                    del after[person]  # it had one meeting in each slot and exchanges them
                else:
                    after[person] = timetable.busy[person] ^ both
        return after

    def _busy_with_delegates(self, person: int, moves: Moves) -> int:
        timetable = self.timetable
        mine = [request for request in moves if person in timetable.instance.sides(request)]
        left, come = {timetable.slot[request] for request in mine}, {moves[request] for request in mine}
        busy = timetable.busy[person]
        for slot in left - come:
            if all(request in moves for request in timetable.at[person][slot]):
                busy &= ~(1 << slot)
        for slot in come:
            busy |= 1 << slot
        return busy
