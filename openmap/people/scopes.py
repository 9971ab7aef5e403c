"""The editions as people's pages need them: events registers how they are listed, these rooms only ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from openmap.extensions import AnySession


@dataclass(frozen=True, slots=True)
class Scope:
    """An edition's number, name and address."""

    id: int
    title: str
    address: str


_load: list[Callable[[AnySession], list[Scope]]] = []


def register(load: Callable[[AnySession], list[Scope]]) -> None:
    """Tell how editions are listed, newest first."""
    _load[:] = [load]


def scopes(session: AnySession) -> dict[int, Scope]:
    """Return the editions by number, newest first."""
    return {scope.id: scope for load in _load for scope in load(session)}
