"""What the rooms below add to an edition's public page and to its preparation: they register here, the page asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import LazyString

from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.people.models import Person
from openmap.people.own_pages import OwnPage


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page: ``template`` is given what ``load`` returns as ``data``, and skipped on ``None``."""

    anchor: str
    title: LazyString
    template: str
    rank: int
    load: Callable[[AnySession, Edition], Mapping[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the edition with its already agreed noun."""

    value: int
    label: str


@dataclass(frozen=True, slots=True)
class OrganiserLink:
    """A page about an edition that only its organiser sees."""

    label: LazyString
    address: Callable[[Edition], str]


OwnLinks = Callable[[AnySession, Edition, Person], list[OwnPage]]
"""What a room has in an edition for the person who reads its page."""


@dataclass(frozen=True, slots=True)
class Task:
    """A step of preparing an edition: where it is done, whether it is, and how far it is, in words.

    Steps are shown by ``rank``. What ``is_optional`` counts neither as done nor as missing.
    """

    rank: int
    title: LazyString
    help: LazyString
    address: Callable[[Edition], str]
    is_done: Callable[[Edition], bool]
    progress: Callable[[Edition], str] = lambda _edition: ""
    is_optional: Callable[[Edition], bool] = lambda _edition: False


@dataclass(frozen=True, slots=True)
class Step:
    """A task as one edition stands: ``done``, ``todo`` or ``optional``."""

    task: Task
    state: str
    progress: str
    counts: bool


_tasks: dict[int, Task] = {}
_sections: dict[str, Section] = {}
_figures: dict[str, Callable[[AnySession, Edition], list[Figure]]] = {}
_links: dict[str, OrganiserLink] = {}
_own: dict[str, OwnLinks] = {}


def register_section(section: Section) -> None:
    """Add a section to the page; registering an anchor again replaces it."""
    _sections[section.anchor] = section


def register_figures(name: str, load: Callable[[AnySession, Edition], list[Figure]]) -> None:
    """Add figures to the head of the page."""
    _figures[name] = load


def register_organiser_link(name: str, link: OrganiserLink) -> None:
    """Add a link that the organiser finds beside each edition."""
    _links[name] = link


def register_own_links(name: str, load: OwnLinks) -> None:
    """Add what a participant finds for itself on the public page; registering a name again replaces it."""
    _own[name] = load


def own_links(session: AnySession, edition: Edition, person: Person | None) -> list[OwnPage]:
    """Return what the rooms have in an edition for ``person``, in the order of the rooms; nothing for a visitor."""
    return [] if person is None else [page for load in _own.values() for page in load(session, edition, person)]


def register_task(task: Task) -> None:
    """Add a step to the preparation of editions; a rank again replaces it."""
    _tasks[task.rank] = task


def steps_for(edition: Edition) -> list[Step]:
    """Return every step of preparing an edition, in order, with where it stands."""
    found = []
    for _rank, task in sorted(_tasks.items()):
        done, optional = task.is_done(edition), task.is_optional(edition)
        state = "done" if done else "optional" if optional else "todo"
        found.append(Step(task, state, task.progress(edition), counts=not optional))
    return found


def sections_of(session: AnySession, edition: Edition) -> list[tuple[Section, Mapping[str, Any]]]:
    """Return the sections that have something to show, in order."""
    loaded = [(part, part.load(session, edition)) for part in sorted(_sections.values(), key=lambda part: part.rank)]
    return [(part, data) for part, data in loaded if data is not None]


def figures_of(session: AnySession, edition: Edition) -> list[Figure]:
    """Return the figures of every room."""
    return [figure for load in _figures.values() for figure in load(session, edition)]


def organiser_links() -> list[OrganiserLink]:
    """Return the links for the organiser."""
    return list(_links.values())
