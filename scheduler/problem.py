"""The problem: who may meet whom, when and where.

Frozen values that mirror the JSON of ``openmap-problem/1`` one to one. They carry no behaviour beyond
their defaults; ``scheduler.reading`` refuses what is unusable, ``scheduler.instance`` indexes the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

Side = Literal["buyer", "structure"]

PROBLEM_FORMAT: Final = "openmap-problem/1"

OBJECTIVES: Final = (
    "required",
    "minimum",
    "coverage",
    "value",
    "balance",
    "idle",
    "moves",
    "early",
)
"""The levels of ``solve``, in their default order."""

CHANGES: Final = "changes"
"""The level that only ``repair`` knows: how far a plan is from the previous one."""

BEFORE_CHANGES: Final = ("required", "minimum", "coverage")
"""``changes`` comes right after these unless the settings say otherwise."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A time interval in which one meeting is held; ``block`` names the run of slots between two breaks."""

    id: str
    start: datetime
    end: datetime
    block: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the room. It belongs to the pool unless a participant has it for its own."""

    id: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Participant:
    """A buyer or a structure.

    ``delegates`` people can meet in parallel. ``available`` lists slot ids (``None``: every slot).
    ``max_run`` bounds the slots in a row with a meeting inside one block.
    """

    id: str
    side: Side
    name: str = ""
    delegates: int = 1
    available: tuple[str, ...] | None = None
    min_meetings: int = 0
    max_meetings: int | None = None
    max_run: int | None = None
    table: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A wish that one buyer and one structure meet, worth ``value`` ≥ 1 when served."""

    id: str
    buyer: str
    structure: str
    value: int
    required: bool = False
    slots: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Lock:
    """A meeting that the plan must hold, in this slot and, where given, at this table."""

    request: str
    slot: str
    table: str | None = None


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A pair that must not meet."""

    buyer: str
    structure: str


@dataclass(frozen=True, slots=True)
class Settings:
    """What the plan optimises, in lexicographic order."""

    objectives: tuple[str, ...] = OBJECTIVES


@dataclass(frozen=True, slots=True)
class Problem:
    """Everything the engine knows. ``tables`` is ``None`` when there are as many as needed."""

    slots: tuple[Slot, ...]
    participants: tuple[Participant, ...]
    requests: tuple[Request, ...]
    tables: tuple[Table, ...] | None = None
    locks: tuple[Lock, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    settings: Settings = field(default_factory=Settings)
