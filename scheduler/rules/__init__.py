"""The hard rules of a plan, one a file.

Each module has ``NAME``, ``add(model)``, which makes the model keep the rule, and ``check(instance, plan)``,
which yields what a finished plan breaks. The rule is written once, and both the solver and the checker
find it here.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Protocol

from scheduler.flow import Face
from scheduler.instance import Instance, Placements
from scheduler.model import Model
from scheduler.plan import Violation
from scheduler.rules import (
    delegates,
    exclusions,
    locks,
    max_meetings,
    max_run,
    served_once,
    tables,
)


class Rule(Protocol):
    """What each module of this folder offers."""

    NAME: str

    def add(self, model: Model) -> None:
        """Make every plan of ``model`` keep the rule."""

    def check(self, instance: Instance, plan: Placements) -> Iterator[Violation]:
        """Yield each breach, with the smallest set of requests that breaks the rule together."""


RULES: tuple[Rule, ...] = (
    served_once,
    delegates,
    max_meetings,
    max_run,
    tables,
    locks,
    exclusions,
)


def model_of(instance: Instance, face: Face | None = None, pinned: Placements = MappingProxyType({})) -> Model:
    """Return the model of the plans that keep every rule, on a face of the flow where one is given."""
    model = Model(instance, face, pinned)
    for rule in RULES:
        rule.add(model)
    return model
