"""The addresses of the plan corrected by hand, its releases and differences."""

from __future__ import annotations

from collections.abc import Mapping

from openmap.events.models import Edition
from openmap.people.models import Person
from tests.house.table import Action, File, Page

PAGES: tuple[Page, ...] = ()
ACTIONS: tuple[Action, ...] = ()
FILES: tuple[File, ...] = ()
DOORS: tuple[Page, ...] = ()


def furnish(_edition: Edition, _people: Mapping[str, Person]) -> None:
    """Add the rows that these addresses name."""


def numbers() -> dict[str, int]:
    """Return the numbers that stand in these addresses."""
    return {}
