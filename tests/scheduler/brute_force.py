"""The best plan of a tiny problem, found by trying every plan there is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise, permutations, product

from scheduler.plan import Figure, Meeting
from scheduler.problem import Lock, Problem
from tests.scheduler.independent import MAXIMISED, trimmed

Placement = tuple[int | None, ...]
"""For each request in the problem's order, the number of its slot or nothing."""

Figures = dict[str, Figure]
Key = tuple[tuple[int, ...], ...]

NEEDS_TABLES = frozenset({"moves", "changes"})


@dataclass(frozen=True)
class Best:
    """The figures of the best plan in the order of its levels, and one plan that has them."""

    figures: Figures
    meetings: tuple[Meeting, ...]


def order_of(problem: Problem, *, repairing: bool) -> tuple[str, ...]:
    """Return the levels in the order of the contract: a repair puts ``changes`` after the coverage."""
    names = problem.settings.objectives
    if not repairing or "changes" in names:
        return names
    place = max((names.index(n) + 1 for n in ("required", "minimum", "coverage") if n in names), default=0)
    return (*names[:place], "changes", *names[place:])


class Enumeration:
    """Every plan of a problem, or every repair of ``previous`` when one is given.

    A repair keeps the meetings of the slots before ``now`` and adds nothing there; locks bind what is left.
    """

    def __init__(self, problem: Problem, previous: Sequence[Meeting] | None = None, now: str | None = None) -> None:
        self.problem = problem
        self.previous = previous
        self.names = order_of(problem, repairing=previous is not None)
        self.slots = [slot.id for slot in problem.slots]
        self.people = list(problem.participants)
        number = {person.id: place for place, person in enumerate(self.people)}
        self.pairs = [(number[r.buyer], number[r.structure]) for r in problem.requests]
        self.start = self.slots.index(now) if now is not None else 0
        past = {meeting.request: meeting for meeting in previous or ()}
        self.kept = {name: meeting for name, meeting in past.items() if meeting.slot in self.slots[: self.start]}
        self.locks: dict[str, list[Lock]] = {request.id: [] for request in problem.requests}
        for lock in problem.locks:
            if lock.request not in self.kept and self.slots.index(lock.slot) >= self.start:
                self.locks[lock.request].append(lock)
        owned = {person.table for person in self.people if person.table is not None}
        self.pool = None if problem.tables is None else [t.id for t in problem.tables if t.id not in owned]
        self.own = [self.people[b].table or self.people[s].table for b, s in self.pairs]
        self.present = [
            sum(1 << t for t, slot in enumerate(self.slots) if p.available is None or slot in p.available)
            for p in self.people
        ]
        grouped = groupby(range(len(self.slots)), key=lambda t: problem.slots[t].block)
        self.blocks = [list(group) for _, group in grouped]
        self.wishes = [sum(number in pair for pair in self.pairs) for number in range(len(self.people))]

    # --- every choice of slots -----------------------------------------------------------------------

    def placements(self) -> Iterator[Placement]:
        """Yield every choice of slots for which tables can be found."""
        choices = [self._choices(place) for place in range(len(self.pairs))]
        yield from self._extend((), choices)

    def _choices(self, place: int) -> list[int | None]:
        request = self.problem.requests[place]
        locks = self.locks[request.id]
        kept = self.kept.get(request.id)
        if kept is not None:
            slot = self.slots.index(kept.slot)
            return [slot]
        apart = any((e.buyer, e.structure) == (request.buyer, request.structure) for e in self.problem.exclusions)
        both = self.present[self.pairs[place][0]] & self.present[self.pairs[place][1]]
        allowed: list[int | None] = [
            t
            for t, slot in enumerate(self.slots)
            if t >= self.start and both >> t & 1 and not apart and (request.slots is None or slot in request.slots)
        ]
        if locks:
            return [t for t in allowed if t is not None and {k.slot for k in locks} == {self.slots[t]}]
        return [None, *allowed]

    def _extend(self, so_far: Placement, choices: list[list[int | None]]) -> Iterator[Placement]:
        if len(so_far) == len(choices):
            yield so_far
            return
        place = len(so_far)
        for choice in choices[place]:
            taken = (*so_far, choice)
            if choice is None or choice < self.start or self._fits(taken, place, choice):
                yield from self._extend(taken, choices)

    def _fits(self, taken: Placement, place: int, slot: int) -> bool:
        """Tell whether the meeting placed last keeps every rule beside those placed before."""
        held = [(n, t) for n, t in enumerate(taken) if t is not None]
        held += [(n, t) for n in range(len(taken), len(self.pairs)) if (t := self._kept_slot(n)) is not None]
        for number in self.pairs[place]:
            person = self.people[number]
            mine = [t for n, t in held if number in self.pairs[n]]
            if mine.count(slot) > person.delegates:
                return False
            if person.max_meetings is not None and len(mine) > person.max_meetings:
                return False
            if person.max_run is not None and self._run_through(set(mine), slot) > person.max_run:
                return False
        return self._tables_suffice([n for n, t in held if t == slot])

    def _kept_slot(self, place: int) -> int | None:
        kept = self.kept.get(self.problem.requests[place].id)
        return None if kept is None else self.slots.index(kept.slot)

    def _run_through(self, busy: set[int], slot: int) -> int:
        block = next(block for block in self.blocks if slot in block)
        first = last = slot
        while first - 1 in block and first - 1 in busy:
            first -= 1
        while last + 1 in block and last + 1 in busy:
            last += 1
        return last - first + 1

    def _tables_suffice(self, together: list[int]) -> bool:
        return next(self._seatings(together), None) is not None

    # --- every choice of tables ----------------------------------------------------------------------

    def _seatings(self, together: list[int]) -> Iterator[dict[int, str | None]]:
        """Yield every way to seat the meetings of one slot, each request's number with its table."""
        fixed: dict[int, str | None] = {}
        for n in together:
            locks = self.locks[self.problem.requests[n].id]
            if self.own[n] is None and self.pool is not None:
                continue
            if any(lock.table not in (None, self.own[n]) for lock in locks):
                return
            fixed[n] = self.own[n]
        for table in set(fixed.values()) - {None}:
            guests = [n for n in fixed if fixed[n] == table]
            owners = [p for p, person in enumerate(self.people) if person.table == table]
            if len(guests) > 1 and not any(all(o in self.pairs[n] for n in guests) for o in owners):
                return
        free = [n for n in together if n not in fixed]
        for seats in permutations(self.pool or (), len(free)):
            wanted = [self.locks[self.problem.requests[n].id] for n in free]
            if all(lock.table in (None, seat) for locks, seat in zip(wanted, seats, strict=True) for lock in locks):
                yield fixed | dict(zip(free, seats, strict=True))

    def plans(self, placement: Placement) -> Iterator[tuple[Meeting, ...]]:
        """Yield the plan of this choice of slots once for every choice of tables."""
        by_slot = []
        for t in range(len(self.slots)):
            together = [n for n, slot in enumerate(placement) if slot == t]
            if t < self.start:
                by_slot.append([{n: self.kept[self.problem.requests[n].id].table for n in together}])
            else:
                by_slot.append(list(self._seatings(together)))
        for choice in product(*by_slot):
            table = {n: seat for seats in choice for n, seat in seats.items()}
            yield tuple(
                Meeting(r.id, r.buyer, r.structure, self.slots[slot], table[n])
                for n, (r, slot) in enumerate(zip(self.problem.requests, placement, strict=True))
                if slot is not None
            )

    # --- figures -------------------------------------------------------------------------------------

    def _timed(self, name: str, placement: Placement) -> Figure:
        """Return a level that the slots alone decide."""
        requests = self.problem.requests
        held = [(n, t) for n, t in enumerate(placement) if t is not None]
        if name == "required":
            return sum(requests[n].required for n, _ in held)
        if name == "value":
            return sum(requests[n].value for n, _ in held)
        if name == "early":
            return sum(t + 1 for _, t in held)
        mine: list[list[int]] = [[] for _ in self.people]
        for n, t in held:
            mine[self.pairs[n][0]].append(t)
            mine[self.pairs[n][1]].append(t)
        if name == "minimum":
            return sum(max(0, p.min_meetings - len(m)) for p, m in zip(self.people, mine, strict=True))
        if name == "coverage":
            return sum(1 for wishes, m in zip(self.wishes, mine, strict=True) if wishes and m)
        if name == "balance":
            return tuple(
                sum(len(m) >= min(k, wishes) for wishes, m in zip(self.wishes, mine, strict=True))
                for k in range(1, max([1, *self.wishes]) + 1)
            )
        assert name == "idle"
        return sum(self._gaps(present, set(m)) for present, m in zip(self.present, mine, strict=True))

    def _gaps(self, present: int, busy: set[int]) -> int:
        gaps = 0
        for block in self.blocks:
            here = [t for t in block if t in busy]
            if here:
                gaps += sum(present >> t & 1 and t not in busy for t in range(here[0], here[-1]))
        return gaps

    def _seated(self, name: str, meetings: tuple[Meeting, ...]) -> int:
        """Return a level that the tables decide too."""
        if name == "changes":
            assert self.previous is not None
            after = {meeting.request: meeting for meeting in meetings}
            cost = 0
            for old in self.previous:
                new = after.get(old.request)
                cost += 3 if new is None else 2 * (new.slot != old.slot) + (new.table != old.table)
            return cost
        pool = self.pool or ()
        seen: dict[str, dict[int, set[str]]] = {}
        for meeting in meetings:
            if meeting.table in pool:
                for name in (meeting.buyer, meeting.structure):
                    seen.setdefault(name, {}).setdefault(self.slots.index(meeting.slot), set()).add(meeting.table)
        cost = 0
        for there, block in product(seen.values(), self.blocks):
            seats = [there[t] for t in block if t in there]
            cost += sum(before.isdisjoint(after) for before, after in pairwise(seats))
        return cost

    def _key_if_better(
        self, placement: Placement, meetings: tuple[Meeting, ...], timed: Figures, to_beat: Key | None
    ) -> Key | None:
        """Return the plan's rank on every level when it beats ``to_beat``; stop at the first worse one.

        ``timed`` keeps the levels that do not depend on the tables from one seating to the next.
        """
        key: Key = ()
        for place, name in enumerate(self.names):
            if name in NEEDS_TABLES:
                value: Figure = self._seated(name, meetings)
            else:
                if name not in timed:
                    timed[name] = self._timed(name, placement)
                value = timed[name]
            key = (*key, _rank(name, value))
            if to_beat is not None and key < to_beat[: place + 1]:
                return None
        return key if to_beat is None or key > to_beat else None

    def _is_settled(self, timed: Figures, to_beat: Key | None) -> bool:
        """Tell whether the levels before the first that needs tables already rule this placement out."""
        assert to_beat is not None
        head: Key = ()
        for name in self.names:
            if name in NEEDS_TABLES or name not in timed:
                break
            head = (*head, _rank(name, timed[name]))
        return head < to_beat[: len(head)]

    def best(self) -> Best | None:
        """Return the best plan by the levels in turn, or nothing when no plan keeps the rules and locks."""
        seated = any(name in NEEDS_TABLES for name in self.names)
        best_key: Key | None = None
        best: tuple[Placement, tuple[Meeting, ...]] | None = None
        for placement in self.placements():
            timed: Figures = {}
            for meetings in self.plans(placement):
                key = self._key_if_better(placement, meetings, timed, best_key)
                if key is not None:
                    best_key, best = key, (placement, meetings)
                if not seated or self._is_settled(timed, best_key):
                    break
        if best is None:
            return None
        placement, meetings = best
        figures: Figures = {
            name: trimmed(self._seated(name, meetings) if name in NEEDS_TABLES else self._timed(name, placement))
            for name in self.names
        }
        return Best(figures, meetings)


def _rank(name: str, value: Figure) -> tuple[int, ...]:
    """Turn a figure into a tuple of which the greatest is the best."""
    if isinstance(value, tuple):
        return value
    return (value,) if name in MAXIMISED else (-value,)


def best(problem: Problem) -> Best | None:
    """Return the best plan of a tiny problem."""
    return Enumeration(problem).best()


def best_repair(problem: Problem, previous: Sequence[Meeting], now: str | None = None) -> Best | None:
    """Return the best repair of ``previous`` for a tiny problem that already holds what changed."""
    return Enumeration(problem, previous, now).best()


def is_feasible(problem: Problem) -> bool:
    """Tell whether any plan keeps the rules and the locks."""
    return next(Enumeration(problem).placements(), None) is not None
