"""Rule 3: a participant never holds more than its ``max_meetings``."""

from __future__ import annotations

from collections.abc import Iterator

from scheduler.instance import Instance, Placements
from scheduler.model import Model
from scheduler.plan import Violation

NAME = "max_meetings"


def add(model: Model) -> None:
    """Bound the meetings of each participant; those already begun are not undone."""
    instance = model.instance
    for person in instance.people:
        limit = instance.problem.participants[person].max_meetings
        literals = model.meetings_of(person)
        if limit is not None and len(literals) > limit:
            held = sum(request in instance.past for request in instance.requests_of[person])
            model.cp.add(model.total(literals) <= max(limit, held))


def check(instance: Instance, plan: Placements) -> Iterator[Violation]:
    """Yield each participant above its maximum."""
    for person in instance.people:
        limit = instance.problem.participants[person].max_meetings
        if limit is None:
            continue
        requests = [request for request in instance.requests_of[person] if request in plan]
        if len(requests) > limit:
            names = tuple(instance.problem.requests[request].id for request in requests[: limit + 1])
            yield Violation(
                NAME,
                f"{instance.problem.participants[person].id} a {len(requests)} entretiens pour un maximum de "
                f"{limit} : {', '.join(names)}.",
                names,
            )
