"""Rule 6, first half: locks are kept exactly.

Dropping a meeting never breaks another rule, so the locks can all be kept if and only if the plan made of
the locked meetings alone keeps every rule. A conflict is found by checking that small plan, without search.
"""

from __future__ import annotations

from collections.abc import Iterator

from scheduler.instance import Instance, Placements
from scheduler.model import Model
from scheduler.plan import Violation

NAME = "locks"


def add(model: Model) -> None:
    """Serve every locked request in its slot."""
    for request, lock in model.instance.locks.items():
        literal = model.at.get((request, lock.slot))
        if literal is None:
            model.cp.add_bool_or([])
        else:
            model.cp.add(literal == 1)


def check(instance: Instance, plan: Placements) -> Iterator[Violation]:
    """Yield each lock that the plan does not keep."""
    for lock in instance.problem.locks:
        request = instance.request_rank[lock.request]
        placement = plan.get(request)
        kept = (
            placement is not None
            and placement.slot == instance.slot_rank[lock.slot]
            and lock.table in {None, placement.table}
        )
        if not kept:
            where = lock.slot if lock.table is None else f"{lock.slot}, table {lock.table}"
            yield Violation(NAME, f"{lock.request} doit se tenir en {where}.", (lock.request,))
