"""Structures that took part in an edition: the rooms below tell which, when they are imported."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import current_app

from openmap.extensions import AnySession

_KEPT: Final = "openmap_directory_met"


@dataclass(frozen=True, slots=True)
class MetAt:
    """An edition by its slug, its title, and the ids of the structures that were there."""

    slug: str
    title: str
    structure_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class MetSource:
    """Who tells of editions: ``stamp`` changes with what is told (one query), ``read`` tells it anew."""

    stamp: Callable[[AnySession], Hashable]
    read: Callable[[AnySession], Sequence[MetAt]]


_sources: Final[dict[str, MetSource]] = {}


def register_met(name: str, source: MetSource) -> None:
    """Let a search be narrowed to those of an edition; registering a name again replaces its source."""
    _sources[name] = source


def editions(session: AnySession) -> list[MetAt]:
    """Return the editions that something is known of; read again only when they have changed."""
    kept: dict[str, Any] = current_app.extensions.setdefault(_KEPT, {})
    for name, source in _sources.items():
        stamp = source.stamp(session)
        if kept.get(name, (None,))[0] != stamp:
            kept[name] = (stamp, tuple(source.read(session)))
    return [one for name in _sources for one in kept[name][1]]
