"""Rule 6, second half: an excluded pair never meets."""

from __future__ import annotations

from collections.abc import Iterator

from scheduler.instance import Instance, Placements
from scheduler.model import Model
from scheduler.plan import Violation

NAME = "exclusions"


def add(model: Model) -> None:
    """Refuse what is excluded; meetings already begun are not undone."""
    for (request, slot), literal in model.at.items():
        if model.instance.excluded[request] and slot >= model.instance.now:
            model.cp.add(literal == 0)


def check(instance: Instance, plan: Placements) -> Iterator[Violation]:
    """Yield each meeting of an excluded pair."""
    for request in sorted(plan):
        if instance.excluded[request]:
            wish = instance.problem.requests[request]
            yield Violation(NAME, f"{wish.id} réunit {wish.buyer} et {wish.structure}, une paire exclue.", (wish.id,))
