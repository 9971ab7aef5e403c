"""What rooms keep for a person: the account leads there; rooms below register theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from openmap.extensions import AnySession
from openmap.people.models import Person


@dataclass(frozen=True, slots=True)
class OwnPage:
    """A page that a person comes back to, and what it is called."""

    label: str
    address: str


_loads: dict[str, Callable[[AnySession, Person], list[OwnPage]]] = {}


def register(name: str, load: Callable[[AnySession, Person], list[OwnPage]]) -> None:
    """Tell which pages a room has for a person; registering a name again replaces it."""
    _loads[name] = load


def own_pages(session: AnySession, person: Person) -> list[OwnPage]:
    """Return the pages that rooms have for ``person``, in the order of the rooms."""
    return [page for load in _loads.values() for page in load(session, person)]
