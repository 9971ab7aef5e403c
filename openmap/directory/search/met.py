"""Structures that took part in an edition: the rooms below tell which, when they are imported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from openmap.extensions import AnySession


@dataclass(frozen=True, slots=True)
class MetAt:
    """An edition by its slug, its title, and the ids of the structures that were there."""

    slug: str
    title: str
    structure_ids: frozenset[int]


Source = Callable[[AnySession], Sequence[MetAt]]
_sources: Final[dict[str, Source]] = {}


def register_met(name: str, source: Source) -> None:
    """Let a search be narrowed to those of an edition; registering a name again replaces its source."""
    _sources[name] = source


def editions(session: AnySession) -> list[MetAt]:
    """Return the editions that something is known of; as many queries as the sources make, whatever the number."""
    return [one for source in _sources.values() for one in source(session)]
