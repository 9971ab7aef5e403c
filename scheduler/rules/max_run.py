"""Rule 4: at most ``max_run`` slots in a row with a meeting inside one block."""

from __future__ import annotations

from collections.abc import Iterator

from scheduler.instance import Instance, Placements
from scheduler.model import Model
from scheduler.plan import Violation

NAME = "max_run"


def add(model: Model) -> None:
    """Leave a free slot in every window of ``max_run`` + 1 slots that may still change."""
    instance = model.instance
    for person in instance.people:
        run = instance.problem.participants[person].max_run
        if run is None:
            continue
        for block in instance.blocks:
            for first in range(block.start, block.stop - run):
                window = range(first, first + run + 1)
                busy = model.busy_slots(person, window)
                if len(busy) > run and window.stop > instance.now:
                    model.cp.add(model.total(busy.values()) <= run)


def check(instance: Instance, plan: Placements) -> Iterator[Violation]:
    """Yield the first window of each block in which a participant has no pause."""
    held: dict[tuple[int, int], int] = {}
    for request, placement in sorted(plan.items(), reverse=True):
        for person in instance.sides(request):
            held[person, placement.slot] = request
    for person in instance.people:
        run = instance.problem.participants[person].max_run
        if run is None:
            continue
        for block in instance.blocks:
            for first in range(block.start, block.stop - run):
                window = range(first, first + run + 1)
                if not all((person, slot) in held for slot in window):
                    continue
                names = tuple(instance.problem.requests[held[person, slot]].id for slot in window)
                yield Violation(
                    NAME,
                    f"{instance.problem.participants[person].id} a {run + 1} entretiens de suite à partir de "
                    f"{instance.problem.slots[first].id} pour un maximum de {run} : {', '.join(names)}.",
                    names,
                )
                break
