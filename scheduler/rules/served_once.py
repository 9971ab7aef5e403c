"""Rule 1: a request is served at most once, in a slot that it and both its participants allow."""

from __future__ import annotations

from collections.abc import Iterator

from scheduler.instance import Instance, Placements
from scheduler.model import Model
from scheduler.plan import Violation

NAME = "served_once"


def add(model: Model) -> None:
    """At most one slot a request; slots that are not allowed have no literal at all."""
    for literals in model.of_request:
        if len(literals) > 1:
            model.cp.add_at_most_one(literals)


def check(instance: Instance, plan: Placements) -> Iterator[Violation]:
    """Yield the meetings in a slot where someone cannot be. (Doubles are refused before: see ``checking``.)"""
    for request, placement in plan.items():
        if instance.common[request] >> placement.slot & 1:
            continue
        wish = instance.problem.requests[request]
        slot = instance.problem.slots[placement.slot].id
        absent = [
            instance.problem.participants[person].id
            for person in instance.sides(request)
            if not instance.available[person] >> placement.slot & 1
        ]
        who = " et ".join(absent) if absent else f"la demande {wish.id}"
        yield Violation(NAME, f"{wish.id} est placée en {slot}, où {who} n'est pas disponible.", (wish.id,))
