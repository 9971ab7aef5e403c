"""Several short steps as one search: a dozen steps of balance need not cost a dozen searches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Final

from scheduler.flow import Flow
from scheduler.instance import Placements
from scheduler.model import Expression, Model
from scheduler.objectives.counts import Balance

LARGEST_WEIGHT: Final = 2**40


class Bundle:
    """Consecutive steps of balance, each weighed to outweigh all those after it.

    A step counts participants, so the steps are the digits of one number, each in base "its limit + 1", and the
    greatest number has the lexicographically greatest digits.
    """

    name = "balance"
    maximise = True
    base = 0

    def __init__(self, parts: Sequence[Balance]) -> None:
        self.parts = parts
        bases = [part.limit() + 1 for part in parts]
        self._weights = [prod(bases[rank + 1 :]) for rank in range(len(parts))]

    @classmethod
    def longest(cls, steps: Sequence[object]) -> Bundle | None:
        """Return the longest bundle that ``steps`` begin with, or ``None`` when it would have one part."""
        parts: list[Balance] = []
        size = 1
        for step in steps:
            if not isinstance(step, Balance):
                break
            size *= step.limit() + 1
            if size > LARGEST_WEIGHT:
                break
            parts.append(step)
        return cls(parts) if len(parts) > 1 else None

    def measure(self, plan: Placements) -> int:
        """Write the parts' values as one number."""
        return sum(weight * part.measure(plan) for weight, part in zip(self._weights, self.parts, strict=True))

    def limit(self) -> int:
        """Write the parts' limits as one number."""
        return sum(weight * part.limit() for weight, part in zip(self._weights, self.parts, strict=True))

    def reward(self, flow: Flow) -> None:
        """Bundles are for the exact model; the flow takes the steps one by one."""
        del flow

    def expression(self, model: Model) -> Expression:
        """Weigh the parts' expressions."""
        return model.total(
            weight * part.expression(model) for weight, part in zip(self._weights, self.parts, strict=True)
        )

    def split(self, value: int, bound: int) -> Iterator[tuple[Balance, int, int]]:
        """Yield each part with its value and bound.

        A part's bound counts for plans as good on the parts before it; after the first part whose value is
        below its bound, only the limits are known.
        """
        tight = True
        for weight, part in zip(self._weights, self.parts, strict=True):
            digit, value = divmod(value, weight)
            ceiling = part.limit()
            if tight:
                at_most, bound = divmod(bound, weight)
                ceiling = min(ceiling, at_most)
                tight = at_most == digit
            yield part, digit, ceiling
