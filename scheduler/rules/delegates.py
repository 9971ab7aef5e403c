"""Rule 2: in a slot a participant has at most as many meetings as it has delegates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from scheduler.instance import Instance, Placements
from scheduler.model import Model
from scheduler.plan import Violation

NAME = "delegates"


def add(model: Model) -> None:
    """Bound the meetings of each participant in each slot that may still change."""
    instance = model.instance
    for person in instance.people:
        for slot in range(instance.now, instance.slot_count):
            literals = model.here(person, slot)
            if len(literals) <= instance.delegates[person]:
                continue
            if instance.delegates[person] == 1:
                model.cp.add_at_most_one(literals)
            else:
                model.cp.add(model.total(literals) <= instance.delegates[person])


def check(instance: Instance, plan: Placements) -> Iterator[Violation]:
    """Yield each participant and slot with more meetings than delegates."""
    together: dict[tuple[int, int], list[int]] = defaultdict(list)
    for request, placement in sorted(plan.items()):
        for person in instance.sides(request):
            together[person, placement.slot].append(request)
    for (person, slot), requests in together.items():
        limit = instance.delegates[person]
        if len(requests) > limit:
            names = tuple(instance.problem.requests[request].id for request in requests[: limit + 1])
            yield Violation(
                NAME,
                f"{instance.problem.participants[person].id} a {len(requests)} entretiens en "
                f"{instance.problem.slots[slot].id} pour {limit} délégué(s) : {', '.join(names)}.",
                names,
            )
