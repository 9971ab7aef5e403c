"""What is found in a purchase plan: lines that make needs, faults of cells, texts whose meaning is asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from openmap.needs.recognising import Meaning
from openmap.reference.words import folded


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a cell; ``is_left``: so wrong that its line stays out."""

    line: int
    column: str
    value: str
    sentence: str
    is_left: bool = False


@dataclass(slots=True)
class Question:
    """A text whose meaning is to be confirmed once for all lines that hold it."""

    kind: str
    key: str
    text: str
    meaning: Meaning
    lines: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Line:
    """A line that makes a need. ``values`` are columns of Need, activities by code, places by key."""

    number: int
    values: dict[str, Any]
    lacks: list[str]


@dataclass(slots=True)
class Judged:
    """What a plan makes."""

    lines: list[Line] = field(default_factory=list)
    there: list[tuple[int, int, str]] = field(default_factory=list)
    """Lines that the buyer has already, by title and period: line, need, title."""
    faults: list[Fault] = field(default_factory=list)
    questions: dict[str, Question] = field(default_factory=dict)
    answered: dict[str, Question] = field(default_factory=dict)
    """What was confirmed, here or in a former plan, and stands in this one."""
    total: int = 0

    @property
    def left(self) -> list[Fault]:
        """Why lines stay out, one fault a line."""
        return [fault for fault in self.faults if fault.is_left]

    @property
    def told(self) -> list[Fault]:
        """What is told of lines that come in."""
        return [fault for fault in self.faults if not fault.is_left]


@lru_cache(maxsize=20_000)
def key_of(kind: str, text: str) -> str:
    """Return under which key the meaning of a text is kept."""
    return f"{kind}:{folded(text)[:300]}"


def same_need(title: str, starts_on: date | None, ends_on: date | None) -> tuple[str, date | None, date | None]:
    """Return by what a need is known again in another file of the same buyer: its title and its period."""
    return folded(title), starts_on, ends_on
