"""What the rooms below tell a structure on the page of its own file: they register here, the page asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from openmap.applications.models import Application
from openmap.extensions import AnySession


@dataclass(frozen=True, slots=True)
class Told:
    """A part of the page: ``template`` is given what ``load`` returns, and left out on ``None``."""

    template: str
    load: Callable[[AnySession, Application], Mapping[str, Any] | None]


_told: dict[str, Told] = {}


def register_told(told: Told) -> None:
    """Add a part to the page; registering a template again replaces it."""
    _told[told.template] = told


def told_of(session: AnySession, application: Application) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the parts that have something to say of this file, with what they are given."""
    loaded = [(told.template, told.load(session, application)) for told in _told.values()]
    return [(template, data) for template, data in loaded if data is not None]
