"""The plan: which meetings are held, how good that is, and what is proved about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

PLAN_FORMAT: Final = "openmap-plan/1"

Status = Literal["optimal", "feasible", "infeasible"]

Figure = int | tuple[int, ...]
"""A level's value or bound: one integer, or one a step for ``balance``."""

Reason = Literal[
    "excluded",
    "no_common_slot",
    "buyer_full",
    "structure_full",
    "no_table",
    "others_preferred",
    "not_proved",
]


@dataclass(frozen=True, slots=True)
class Meeting:
    """A served request. ``table`` is ``None`` when the problem counts no tables."""

    request: str
    buyer: str
    structure: str
    slot: str
    table: str | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """What was reached on one objective.

    ``bound`` limits what any plan as good on the levels before could reach: above for levels that are
    maximised, below for those that are minimised. ``proved`` says that no such plan does better.
    """

    name: str
    value: Figure
    bound: Figure
    proved: bool
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Move:
    """A meeting that both plans hold, at another time or table."""

    before: Meeting
    after: Meeting


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """The cheapest change that serves a request left out, as found and proved by a solve of its own.

    ``opened`` lists (who, slot) pairs, asked for only where the pair has no common slot: a participant that
    would have to be there, or the request itself, whose own slots leave that one out. ``worse`` names the first
    level on which the changed plan is worse, ``None`` when it loses nothing.
    """

    meeting: Meeting
    cancelled: tuple[Meeting, ...] = ()
    moved: tuple[Move, ...] = ()
    opened: tuple[tuple[str, str], ...] = ()
    worse: str | None = None


@dataclass(frozen=True, slots=True)
class Unserved:
    """A request left out: a reason, its sentence, and the cheapest changes that would serve it.

    ``would_need`` says in words what ``counterfactual`` says in data; both are filled by ``explain``.
    """

    request: str
    reason: Reason
    sentence: str
    would_need: tuple[str, ...] = ()
    counterfactual: Counterfactual | None = None


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that a plan breaks, with the requests of the meetings that break it together."""

    rule: str
    sentence: str
    requests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan with its figures. ``conflict`` is filled when no plan satisfies the locks.

    ``warnings`` tell what a repair had to keep although the changed problem forbids it.
    """

    status: Status
    meetings: tuple[Meeting, ...] = ()
    objectives: tuple[Level, ...] = ()
    unserved: tuple[Unserved, ...] = ()
    seed: int = 1
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    conflict: Violation | None = None

    def level(self, name: str) -> Level | None:
        """Return the level called ``name``, or ``None`` when the plan does not have it."""
        return next((level for level in self.objectives if level.name == name), None)


@dataclass(frozen=True, slots=True)
class Progress:
    """A better plan or a better bound, as soon as it is known; ``plan`` is the best so far, complete."""

    objective: str
    value: int
    bound: int | None
    proved: bool
    meetings: int
    seconds: float
    plan: Plan


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changes from one plan to another; ``participants`` groups the same changes by person to tell."""

    added: tuple[Meeting, ...]
    cancelled: tuple[Meeting, ...]
    moved: tuple[Move, ...]
    participants: dict[str, tuple[str, ...]]
