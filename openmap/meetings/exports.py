"""What can be downloaded of a plan: the rooms below register their documents, the plan page offers them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from flask_babel import LazyString

from openmap.extensions import AnySession
from openmap.meetings.models import Participation, Plan


@dataclass(frozen=True, slots=True)
class Document:
    """A file to hand over."""

    filename: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Export:
    """A kind of document. ``of`` a plan it is whole, of a ``person`` it needs a participation.

    ``build`` is given the session, the plan and that participation, or ``None``, and returns the document.
    """

    name: str
    label: LazyString
    of: Literal["plan", "person"]
    build: Callable[[AnySession, Plan, Participation | None], Document]


_exports: dict[str, Export] = {}


def register_export(export: Export) -> None:
    """Offer a document; registering a name again replaces it."""
    _exports[export.name] = export


def exports_of(scope: Literal["plan", "person"]) -> list[Export]:
    """Return the documents of a whole plan, or of one person."""
    return [export for export in _exports.values() if export.of == scope]


def export_named(name: str, scope: Literal["plan", "person"]) -> Export | None:
    """Return the document called ``name``, or ``None``."""
    found = _exports.get(name)
    return found if found is not None and found.of == scope else None
