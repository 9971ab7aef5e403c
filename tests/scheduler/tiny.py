"""Seeded problems so small that every plan of them can be tried."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from benchmarks.instances import timetable
from scheduler.plan import Meeting
from scheduler.problem import (
    OBJECTIVES,
    Exclusion,
    Lock,
    Participant,
    Problem,
    Request,
    Settings,
    Slot,
    Table,
)


def tiny(seed: int, *, locks: bool = True) -> Problem:
    """Return a problem of 2 or 3 buyers, 2 to 4 structures, 2 to 4 slots and at most 6 requests.

    Over the seeds every part of the contract occurs: delegates, own and shared tables, a small pool, runs,
    minima, maxima, absences, exclusions, locks, requests bound to slots, orders and subsets of the levels.
    Some are bound by many limits and some by few, so that idle slots and moves are left to choose too.
    """
    random = Random(f"tiny/{seed}")
    bound = random.choice((0.1, 0.3, 1.0))
    slots = timetable(random.randint(2, 4), random.choice((1, 1, 2)))
    ids = [f"B{n}" for n in range(1, random.randint(2, 3) + 1)]
    ids += [f"S{n}" for n in range(1, random.randint(2, 4) + 1)]
    tables = _tables(random)
    owners = _owners(random, ids, tables, bound)
    problem = Problem(
        slots=slots,
        participants=tuple(_participant(random, name, slots, owners.get(name), bound) for name in ids),
        requests=_requests(random, ids, slots, bound),
        tables=tables,
        settings=Settings(_objectives(random)),
    )
    if random.random() < 0.25 * bound:
        pair = random.choice(problem.requests)
        problem = replace(problem, exclusions=(Exclusion(pair.buyer, pair.structure),))
    if locks and random.random() < 0.3:
        problem = replace(problem, locks=_locks(random, problem))
    return problem


def change(seed: int, problem: Problem, meetings: tuple[Meeting, ...]) -> tuple[Problem, str | None]:
    """Return the problem after something happened on the day, and the slot that is about to begin.

    Someone is late, absent, or leaves early; a table is closed; a new pair is wished; or nothing is.
    """
    random = Random(f"change/{seed}")
    now = random.choice([None, None, *[slot.id for slot in problem.slots]])
    what = random.choice(("late", "absent", "leaves", "closed", "wished", "nothing"))
    if what in {"late", "absent", "leaves"}:
        return replace(problem, participants=_shifted(random, what, problem)), now
    owned = {person.table for person in problem.participants}
    pool = [table for table in problem.tables or () if table.id not in owned]
    used = {meeting.table for meeting in meetings} - {lock.table for lock in problem.locks}
    if what == "closed" and any(table.id in used for table in pool):
        closed = random.choice([table for table in pool if table.id in used])
        left = tuple(table for table in problem.tables or () if table != closed)
        return replace(problem, tables=left), None
    if what == "wished":
        return replace(problem, requests=(*problem.requests, *_another(random, problem))), now
    return problem, now


def _tables(random: Random) -> tuple[Table, ...] | None:
    if random.random() < 0.35:
        return None
    return tuple(Table(f"A{n}") for n in range(1, random.randint(1, 4) + 1))


def _owners(random: Random, ids: list[str], tables: tuple[Table, ...] | None, bound: float) -> dict[str, str]:
    """Give some participants a table of their own, sometimes the same one to two of them."""
    names = ["A1", "A2", "A3"] if tables is None else [table.id for table in tables]
    if random.random() > bound + 0.1:
        return {}
    chance = random.choice((0.3, 0.7))
    return {name: random.choice(names) for name in ids if random.random() < chance}


def _participant(random: Random, name: str, slots: tuple[Slot, ...], table: str | None, bound: float) -> Participant:
    present = tuple(slot.id for slot in slots if random.random() < 0.75)
    least = random.randint(1, 2) if random.random() < 0.5 * bound else 0
    return Participant(
        id=name,
        side="buyer" if name.startswith("B") else "structure",
        name=f"Inventé {name}",
        delegates=random.choice((2, 2, 3)) if random.random() < 0.3 * bound else 1,
        available=present if random.random() < 0.6 * bound else None,
        min_meetings=least,
        max_meetings=random.randint(max(1, least), 2) if random.random() < 0.4 * bound else None,
        max_run=random.randint(1, 2) if random.random() < 0.5 * bound else None,
        table=table,
    )


def _requests(random: Random, ids: list[str], slots: tuple[Slot, ...], bound: float) -> tuple[Request, ...]:
    pairs = [(b, s) for b in ids if b.startswith("B") for s in ids if s.startswith("S")]
    chosen = random.sample(pairs, min(len(pairs), random.randint(2 if bound == 1.0 else 4, 6)))
    return tuple(
        Request(
            id=f"R{n}",
            buyer=buyer,
            structure=structure,
            value=random.randint(1, 5),
            required=random.random() < 0.2,
            slots=_some(random, slots) if random.random() < 0.2 * bound else None,
        )
        for n, (buyer, structure) in enumerate(chosen, start=1)
    )


def _some(random: Random, slots: tuple[Slot, ...]) -> tuple[str, ...]:
    names = [slot.id for slot in slots]
    return tuple(sorted(random.sample(names, random.randint(1, len(names)))))


def _locks(random: Random, problem: Problem) -> tuple[Lock, ...]:
    """Lock one to three requests, mostly where they can be held and sometimes where they can not."""
    owned = {person.table for person in problem.participants}
    pool = [table.id for table in problem.tables or () if table.id not in owned]
    own = {person.id: person.table for person in problem.participants}
    locks = []
    for request in random.sample(problem.requests, min(len(problem.requests), random.randint(1, 3))):
        mine = own[request.buyer] or own[request.structure]
        at = [mine] if mine else pool
        table = random.choice(at) if at and random.random() < 0.4 else None
        locks.append(Lock(request.id, random.choice(problem.slots).id, table))
    return tuple(locks)


def _objectives(random: Random) -> tuple[str, ...]:
    style = random.random()
    if style < 0.4:
        return OBJECTIVES
    names = list(OBJECTIVES)
    random.shuffle(names)
    return tuple(names if style < 0.7 else names[: random.randint(1, len(names))])


def _shifted(random: Random, what: str, problem: Problem) -> tuple[Participant, ...]:
    """Return the participants after one of them announced when it will be there."""
    person = random.choice(problem.participants)
    names = [slot.id for slot in problem.slots]
    was = names if person.available is None else list(person.available)
    cut = random.randint(0, len(names))
    still = {"late": names[cut:], "leaves": names[:cut], "absent": []}[what]
    now = replace(person, available=tuple(name for name in was if name in still))
    return tuple(now if person == other else other for other in problem.participants)


def _another(random: Random, problem: Problem) -> tuple[Request, ...]:
    taken = {(request.buyer, request.structure) for request in problem.requests}
    free = [
        (buyer.id, structure.id)
        for buyer in problem.participants
        for structure in problem.participants
        if (buyer.side, structure.side) == ("buyer", "structure") and (buyer.id, structure.id) not in taken
    ]
    if not free or len(problem.requests) >= 6:
        return ()
    buyer, structure = random.choice(free)
    return (Request("R9", buyer, structure, random.randint(1, 5)),)
