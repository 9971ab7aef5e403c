"""Where: a table for every meeting whose slot is known.

Own tables are given. Pool tables are alike, so any slot with enough of them can be seated; what can be gained
is that people stay where they are from one meeting to the next.
"""

from __future__ import annotations

from collections import defaultdict

from scheduler.instance import Instance, Placement, Placements


def seat(instance: Instance, placements: Placements) -> dict[int, Placement]:
    """Return the placements with a table each, keeping those already given.

    Slot after slot, a meeting takes the table that one of its participants just left, if it is free. Where
    the pool is too small, meetings are left without a table for the checker to tell.
    """
    seated: dict[int, Placement] = {}
    by_slot: dict[int, list[int]] = defaultdict(list)
    hosts, past = instance.host, instance.past
    for request, placement in placements.items():
        host = hosts[request]
        if request in past:
            seated[request] = past[request]
        elif host is not None:
            seated[request] = Placement(placement.slot, _locked(instance, request) or host)
        elif instance.pool is None:
            seated[request] = Placement(placement.slot, _locked(instance, request))
        else:
            by_slot[placement.slot].append(request)
    buyer, structure = instance.buyer, instance.structure
    for block in instance.blocks:
        last: dict[int, str] = {}
        for slot in block:
            tables = _seat_slot(instance, placements, sorted(by_slot[slot]), last)
            for request, table in tables.items():
                given = placements[request]
                seated[request] = given if given.table == table else Placement(slot, table)
                if table is not None:
                    last[buyer[request]] = last[structure[request]] = table
    return seated


def _locked(instance: Instance, request: int) -> str | None:
    lock = instance.locks.get(request)
    return None if lock is None else lock.table


def _seat_slot(
    instance: Instance, placements: Placements, requests: list[int], last: dict[int, str]
) -> dict[int, str | None]:
    """Seat the pool meetings of one slot: given tables first, then tables just left, then any."""
    tables: dict[int, str | None] = {}
    for request in requests:
        table = placements[request].table or _locked(instance, request)
        if table is not None:
            tables[request] = table
    taken = set(tables.values())
    free = dict.fromkeys(table for table in instance.pool or () if table not in taken)
    waiting = [request for request in requests if request not in tables]
    # Those whose two participants left the same table go first, then those with one table to keep.
    waiting.sort(key=lambda request: -_ties(instance, request, last))
    for request in waiting:
        wanted = [last[person] for person in instance.sides(request) if last.get(person) in free]
        table = wanted[0] if wanted else None
        tables[request] = table
        if table is not None:
            del free[table]
    for request in waiting:
        if tables[request] is None and free:
            table = next(iter(free))
            tables[request] = table
            del free[table]
    return tables


def _ties(instance: Instance, request: int, last: dict[int, str]) -> int:
    buyer, structure = (last.get(person) for person in instance.sides(request))
    return (buyer is not None) + (structure is not None) + (buyer is not None and buyer == structure)
