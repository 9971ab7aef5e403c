"""What makes one plan better than another: the levels, each measured on a plan and stated to the model.

An objective that the flow knows too gives its ``reward``: on a flow its value is ``base`` plus (or, when it is
minimised, minus) the reward collected.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from scheduler.flow import Flow, Reward
from scheduler.instance import Instance, Placements
from scheduler.model import Expression, Model
from scheduler.objectives.bundle import Bundle
from scheduler.objectives.changes import Changes
from scheduler.objectives.counts import Balance, Coverage, Minimum, Required, Value
from scheduler.objectives.early import Early
from scheduler.objectives.idle import Idle
from scheduler.objectives.moves import Moves

__all__ = ["Balance", "Bundle", "Changes", "Objective", "objectives_of"]


class Objective(Protocol):
    """One step of the lexicographic order."""

    name: str
    maximise: bool
    base: int

    def measure(self, plan: Placements) -> int:
        """Return the value of a finished plan, every meeting seated."""

    def limit(self) -> int:
        """Return a bound that no plan can pass."""

    def reward(self, flow: Flow) -> Reward | None:
        """Return the rewards on the arcs of ``flow``, or ``None`` when the objective needs the clock."""

    def expression(self, model: Model) -> Expression | None:
        """Return the linear expression to optimise, or ``None`` when it would be too large to state."""


def objectives_of(instance: Instance, names: tuple[str, ...], changes: Changes | None = None) -> Iterator[Objective]:
    """Yield the steps of the levels ``names``; ``balance`` is one for each number of meetings that someone can hold.

    ``changes`` is what a repair is measured against; without it that level has no meaning and is left out.
    """
    for name in names:
        match name:
            case "required":
                yield Required(instance)
            case "minimum":
                yield Minimum(instance)
            case "coverage":
                yield Coverage(instance)
            case "value":
                yield Value(instance)
            case "balance":
                # One more than anybody can hold counts those who get all they ask for; later steps count the same.
                most = max(instance.capacity, default=0) + 1
                yield from (Balance(instance, rank) for rank in range(1, most + 1))
            case "idle":
                yield Idle(instance)
            case "moves":
                yield Moves(instance)
            case "early":
                yield Early(instance)
            case "changes" if changes is not None:
                yield changes
