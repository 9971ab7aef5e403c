"""Rule 5: own tables host their owner's meetings, the pool the others, one meeting a table and slot.

A participant's own table hosts all its parallel delegates. When two participants share one own table, only
one of them can be hosted there in a slot.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from ortools.sat.python import cp_model

from scheduler.instance import Instance, Placements
from scheduler.model import Model
from scheduler.plan import Violation

NAME = "tables"


def add(model: Model) -> None:
    """Count pool meetings slot by slot, and let one owner at a time use a shared table."""
    instance = model.instance
    pool_meetings: dict[int, list[cp_model.IntVar]] = defaultdict(list)
    for (request, slot), literal in model.at.items():
        if slot < instance.now:
            continue
        host = instance.host[request]
        lock = instance.locks.get(request)
        if host is None:
            pool_meetings[slot].append(literal)
            if lock is not None and lock.table is not None and lock.table not in (instance.pool or ()):
                model.cp.add(literal == 0)
        elif lock is not None and lock.table not in {None, host}:
            model.cp.add(literal == 0)
    if instance.pool is not None:
        for literals in pool_meetings.values():
            if len(literals) > len(instance.pool):
                model.cp.add(model.total(literals) <= len(instance.pool))
    for table, owners in _owners(instance).items():
        if len(owners) > 1:
            _share(model, table, owners)


def _owners(instance: Instance) -> dict[str, list[int]]:
    owners: dict[str, list[int]] = defaultdict(list)
    for person, table in enumerate(instance.own_table):
        if table is not None:
            owners[table].append(person)
    return owners


def _share(model: Model, table: str, owners: list[int]) -> None:
    """Allow a meeting at a shared table only in the slots given to one of its owners."""
    instance = model.instance
    for slot in range(instance.now, instance.slot_count):
        turn = {person: model.cp.new_bool_var("") for person in owners}
        model.cp.add_at_most_one(turn.values())
        for (request, when), literal in model.at.items():
            if when == slot and instance.host[request] == table:
                hosts = [turn[person] for person in instance.sides(request) if person in turn]
                model.cp.add_bool_or([*hosts, ~literal])


def check(instance: Instance, plan: Placements) -> Iterator[Violation]:
    """Yield wrong tables, tables taken twice, and slots with more pool meetings than tables."""
    together: dict[tuple[int, str], list[int]] = defaultdict(list)
    for request, placement in sorted(plan.items()):
        yield from _check_place(instance, request, placement.table)
        if placement.table is not None:
            together[placement.slot, placement.table].append(request)
    for (slot, table), requests in together.items():
        if len(requests) > 1 and not _one_owner(instance, table, requests):
            pair = _clashing(instance, table, requests)
            yield Violation(
                NAME,
                f"la table {table} reçoit {len(requests)} entretiens en {instance.problem.slots[slot].id} : "
                f"{', '.join(pair)}.",
                pair,
            )


def _check_place(instance: Instance, request: int, table: str | None) -> Iterator[Violation]:
    name = instance.problem.requests[request].id
    host = instance.host[request]
    if host is not None:
        if table != host:
            yield Violation(NAME, f"{name} doit se tenir à la table {host}, et non {table or 'sans table'}.", (name,))
    elif instance.pool is not None:
        if table not in instance.pool_tables:
            yield Violation(NAME, f"{name} doit se tenir à une table commune, et non {table or 'sans table'}.", (name,))
    elif table is not None:
        yield Violation(
            NAME, f"{name} est à la table {table}, alors que le problème ne compte pas les tables.", (name,)
        )


def _one_owner(instance: Instance, table: str, requests: list[int]) -> bool:
    shared = set(instance.sides(requests[0])).intersection(*(instance.sides(request) for request in requests))
    return any(instance.own_table[person] == table for person in shared)


def _clashing(instance: Instance, table: str, requests: list[int]) -> tuple[str, ...]:
    """Return the smallest group of meetings that cannot be at the table together."""
    for rank, one in enumerate(requests):
        for other in requests[rank + 1 :]:
            if not _one_owner(instance, table, [one, other]):
                return instance.problem.requests[one].id, instance.problem.requests[other].id
    return tuple(instance.problem.requests[request].id for request in requests)
