"""What the rooms below add to an edition's public page: they register here, the page asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import LazyString

from openmap.events.models import Edition
from openmap.extensions import AnySession


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


_sections: dict[str, Section] = {}
_figures: dict[str, Callable[[AnySession, Edition], list[Figure]]] = {}
_links: dict[str, OrganiserLink] = {}


def register_section(section: Section) -> None:
    """Add a section to the page; registering an anchor again replaces it."""
    _sections[section.anchor] = section


def register_figures(name: str, load: Callable[[AnySession, Edition], list[Figure]]) -> None:
    """Add figures to the head of the page."""
    _figures[name] = load


def register_organiser_link(name: str, link: OrganiserLink) -> None:
    """Add a link that the organiser finds beside each edition."""
    _links[name] = link


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
