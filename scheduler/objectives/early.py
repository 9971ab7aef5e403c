"""The level ``early``: meetings as soon as possible."""

from __future__ import annotations

from scheduler.flow import Flow
from scheduler.instance import Instance, Placements
from scheduler.model import Expression, Model


class Early:
    """The sum over meetings of their slot's rank, the first slot being 1; less is better."""

    name = "early"
    maximise = False
    base = 0

    def __init__(self, instance: Instance) -> None:
        self._held = [placement.slot + 1 for placement in instance.past.values()]

    def measure(self, plan: Placements) -> int:
        """Sum the ranks."""
        return sum(placement.slot + 1 for placement in plan.values())

    def limit(self) -> int:
        """What is past cannot be earlier."""
        return sum(self._held)

    def reward(self, flow: Flow) -> None:
        """The flow knows no clock."""
        del flow

    def expression(self, model: Model) -> Expression:
        """Weigh each literal by the rank of its slot."""
        return model.total((slot + 1) * literal for (_request, slot), literal in model.at.items())
