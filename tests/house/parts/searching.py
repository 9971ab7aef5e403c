"""The addresses of the search among structures."""

from __future__ import annotations

from collections.abc import Mapping

from openmap.events.models import Edition
from openmap.people.models import Person
from tests.house.table import Action, File, Page

PAGES: tuple[Page, ...] = (
    Page("directory.index", "/annuaire"),
    Page("directory.index", "/annuaire?q=tonte&activite=essai.tonte&lieu=ept:T99&livraison=service&label=essai"),
    Page("directory.index", "/annuaire?q=rien-de-tel&type=x&lieu=y&taille=z&page=w"),
)
ACTIONS: tuple[Action, ...] = ()
FILES: tuple[File, ...] = ()
DOORS: frozenset[str] = frozenset()


def furnish(_edition: Edition, people: Mapping[str, Person]) -> None:
    """Nothing yet."""


def numbers() -> dict[str, object]:
    """Return what stands between braces in the lines above."""
    return {}
