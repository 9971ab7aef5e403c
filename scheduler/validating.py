"""What makes a well-formed problem unusable: names that nobody bears, times that overlap, pairs asked twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from scheduler.problem import CHANGES, OBJECTIVES, Participant, Problem

LARGEST_INTEGER: Final = 1_000_000
"""Sums over 40,000 requests stay far below 2⁵³, the largest integer that every JSON reader keeps."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: JSON path and sentence."""

    path: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.path} : {self.sentence}"


def validate(problem: Problem) -> list[Fault]:
    """Return every fault of a problem, in the order of the document; an empty list when it is usable."""
    return [
        *_slots(problem),
        *_tables(problem),
        *_participants(problem),
        *_requests(problem),
        *_locks(problem),
        *_exclusions(problem),
        *_objectives(problem),
    ]


def _repeated(names: Iterable[str], path: str) -> Iterator[Fault]:
    names, first = list(names), dict[str, int]()
    if len(set(names)) == len(names):
        return
    for rank, name in enumerate(names):
        if name in first:
            yield Fault(f"{path}[{rank}].id", f"« {name} » est déjà l'identifiant du rang {first[name]}.")
        first.setdefault(name, rank)


def _slots(problem: Problem) -> Iterator[Fault]:
    if not problem.slots:
        yield Fault("$.slots", "il faut au moins un créneau.")
        return
    yield from _repeated((slot.id for slot in problem.slots), "$.slots")
    if len({slot.start.tzinfo is None for slot in problem.slots} | {s.end.tzinfo is None for s in problem.slots}) > 1:
        yield Fault("$.slots", "certaines heures ont un décalage horaire et d'autres non : donnez-le partout.")
        return
    blocks_seen = {problem.slots[0].block}
    for rank, slot in enumerate(problem.slots):
        if slot.end <= slot.start:
            yield Fault(f"$.slots[{rank}].end", f"le créneau « {slot.id} » finit avant de commencer.")
        if rank == 0:
            continue
        before = problem.slots[rank - 1]
        if slot.start < before.start:
            yield Fault(
                f"$.slots[{rank}].start",
                f"« {slot.id} » commence avant « {before.id} » : classez les créneaux.",
            )
        elif slot.start < before.end:
            yield Fault(f"$.slots[{rank}].start", f"« {slot.id} » chevauche « {before.id} ».")
        if slot.block != before.block and slot.block in blocks_seen:
            yield Fault(
                f"$.slots[{rank}].block",
                f"le bloc « {slot.block} » reprend après un autre : donnez-lui un autre nom.",
            )
        blocks_seen.add(slot.block)


def _tables(problem: Problem) -> Iterator[Fault]:
    yield from _repeated((table.id for table in problem.tables or ()), "$.tables")


def _participants(problem: Problem) -> Iterator[Fault]:
    yield from _repeated((person.id for person in problem.participants), "$.participants")
    slots = {slot.id for slot in problem.slots}
    tables = None if problem.tables is None else {table.id for table in problem.tables}
    for rank, person in enumerate(problem.participants):
        path = f"$.participants[{rank}]"
        yield from _unknown_slots(person.available, slots, f"{path}.available")
        yield from _limits(person, path)
        if person.table is not None and tables is not None and person.table not in tables:
            yield Fault(f"{path}.table", f"la table « {person.table} » n'est pas dans la liste des tables.")


def _limits(person: Participant, path: str) -> Iterator[Fault]:
    if person.side not in {"buyer", "structure"}:
        yield Fault(f"{path}.side", "le côté est buyer ou structure.")
    for name, value, least in (
        ("delegates", person.delegates, 1),
        ("min_meetings", person.min_meetings, 0),
        ("max_meetings", person.max_meetings, 0),
        ("max_run", person.max_run, 1),
    ):
        if value is not None and not least <= value <= LARGEST_INTEGER:
            yield Fault(f"{path}.{name}", f"un entier entre {least} et {LARGEST_INTEGER} est attendu.")
    if person.max_meetings is not None and person.max_meetings < person.min_meetings:
        yield Fault(f"{path}.max_meetings", f"le maximum est sous le minimum ({person.min_meetings}).")


def _unknown_slots(names: tuple[str, ...] | None, slots: set[str], path: str) -> Iterator[Fault]:
    seen: set[str] = set()
    if names is None or (slots.issuperset(names) and len(set(names)) == len(names)):
        return
    for rank, name in enumerate(names):
        if name not in slots:
            yield Fault(f"{path}[{rank}]", f"le créneau « {name} » n'existe pas.")
        elif name in seen:
            yield Fault(f"{path}[{rank}]", f"le créneau « {name} » est donné deux fois.")
        seen.add(name)


def _side_faults(name: str, side: str, sides: dict[str, str], path: str) -> Iterator[Fault]:
    wanted = "un acheteur" if side == "buyer" else "une structure"
    if name not in sides:
        yield Fault(f"{path}.{side}", f"le participant « {name} » n'existe pas.")
    elif sides[name] != side:
        yield Fault(f"{path}.{side}", f"« {name} » n'est pas {wanted}.")


def _requests(problem: Problem) -> Iterator[Fault]:
    yield from _repeated((request.id for request in problem.requests), "$.requests")
    if _are_plain(problem):
        return
    sides: dict[str, str] = {person.id: person.side for person in problem.participants}
    slots = {slot.id for slot in problem.slots}
    pairs: dict[tuple[str, str], str] = {}
    for rank, request in enumerate(problem.requests):
        path = f"$.requests[{rank}]"
        yield from _side_faults(request.buyer, "buyer", sides, path)
        yield from _side_faults(request.structure, "structure", sides, path)
        yield from _unknown_slots(request.slots, slots, f"{path}.slots")
        if not 1 <= request.value <= LARGEST_INTEGER:
            yield Fault(f"{path}.value", f"un entier entre 1 et {LARGEST_INTEGER} est attendu.")
        pair = (request.buyer, request.structure)
        if pair in pairs:
            yield Fault(path, f"« {pair[0]} » et « {pair[1]} » sont déjà demandés par « {pairs[pair]} ».")
        pairs.setdefault(pair, request.id)


def _are_plain(problem: Problem) -> bool:
    """Say at a glance whether all requests are usable: between the right sides, each pair once, in any slot."""
    people, requests = problem.participants, problem.requests
    ranks: dict[str, dict[str, int]] = {"buyer": {}, "structure": {}}
    for rank, person in enumerate(people):
        ranks.get(person.side, {})[person.id] = rank
    buyers, structures = ranks.values()
    try:
        pairs = {buyers[wish.buyer] * len(people) + structures[wish.structure] for wish in requests}
    except KeyError:
        return False
    return (
        len(pairs) == len(requests)
        and all(wish.slots is None for wish in requests)
        and all(1 <= wish.value <= LARGEST_INTEGER for wish in requests)
    )


def _locks(problem: Problem) -> Iterator[Fault]:
    requests = {request.id for request in problem.requests}
    slots = {slot.id for slot in problem.slots}
    own = {person.table for person in problem.participants if person.table}
    tables = None if problem.tables is None else {table.id for table in problem.tables}
    for rank, lock in enumerate(problem.locks):
        path = f"$.locks[{rank}]"
        if lock.request not in requests:
            yield Fault(f"{path}.request", f"la demande « {lock.request} » n'existe pas.")
        if lock.slot not in slots:
            yield Fault(f"{path}.slot", f"le créneau « {lock.slot} » n'existe pas.")
        if lock.table is not None and lock.table not in (own if tables is None else tables):
            yield Fault(f"{path}.table", f"la table « {lock.table} » n'existe pas.")


def _exclusions(problem: Problem) -> Iterator[Fault]:
    sides: dict[str, str] = {person.id: person.side for person in problem.participants}
    for rank, pair in enumerate(problem.exclusions):
        yield from _side_faults(pair.buyer, "buyer", sides, f"$.exclusions[{rank}]")
        yield from _side_faults(pair.structure, "structure", sides, f"$.exclusions[{rank}]")


def _objectives(problem: Problem) -> Iterator[Fault]:
    seen: set[str] = set()
    for rank, name in enumerate(problem.settings.objectives):
        path = f"$.settings.objectives[{rank}]"
        if name not in (*OBJECTIVES, CHANGES):
            yield Fault(path, f"« {name} » est inconnu ; objectifs : {', '.join((*OBJECTIVES, CHANGES))}.")
        elif name in seen:
            yield Fault(path, f"« {name} » est donné deux fois.")
        seen.add(name)
