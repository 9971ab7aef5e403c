"""What the rooms below add to the page of a release: they register here, the page asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from openmap.extensions import AnySession
from openmap.meetings.models import Release


@dataclass(frozen=True, slots=True)
class ReleasePart:
    """A part of the page: ``template`` is given what ``load`` returns as ``data``, and skipped on ``None``."""

    name: str
    template: str
    rank: int
    load: Callable[[AnySession, Release], Mapping[str, Any] | None]


_parts: dict[str, ReleasePart] = {}


def register_release_part(part: ReleasePart) -> None:
    """Add a part to the page; registering a name again replaces it."""
    _parts[part.name] = part


def release_parts(session: AnySession, release: Release) -> list[tuple[ReleasePart, Mapping[str, Any]]]:
    """Return the parts that have something to show, in order."""
    loaded = [(part, part.load(session, release)) for part in sorted(_parts.values(), key=lambda part: part.rank)]
    return [(part, data) for part, data in loaded if data is not None]
