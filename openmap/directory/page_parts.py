"""What other rooms and pages put on a structure's page: they register here, the page asks.

``render`` returns safe HTML that a template made, or ``None`` where it has nothing to say to this person.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from markupsafe import Markup

from openmap.directory.models import Structure
from openmap.extensions import AnySession
from openmap.people.models import Person

Where = Literal["actions", "main"]


@dataclass(frozen=True, slots=True)
class PagePart:
    """A part of a structure's page: ``actions`` are buttons beside its name, ``main`` a section below its facts.

    ``person`` is who reads, ``None`` for a visitor: what a part shows is its own to guard.
    """

    key: str
    where: Where
    render: Callable[[AnySession, Structure, Person | None], str | None]


_parts: Final[dict[str, PagePart]] = {}


def register(part: PagePart) -> None:
    """Add a part to the page, after those that are there; registering a key again replaces it."""
    _parts[part.key] = part


def parts_of(session: AnySession, structure: Structure, person: Person | None, where: Where) -> list[Markup]:
    """Return the parts of one place that have something to say to this person."""
    made = [part.render(session, structure, person) for part in _parts.values() if part.where == where]
    # What is rendered comes from a template, which has escaped what people typed.
    return [Markup(html) for html in made if html]  # noqa: S704
