"""The button that puts a structure into a list or takes it out: on its page, and beside what the search finds."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from flask import render_template, request

from openmap.directory import page_parts
from openmap.directory.models import Structure
from openmap.directory.page_parts import PagePart
from openmap.directory.sourcing.shortlists import kept_of, lists_of
from openmap.directory.sourcing_models import Shortlist, ShortlistItem
from openmap.extensions import AnySession
from openmap.people.models import Person

MOST_OFFERED: Final = 30


@dataclass(frozen=True, slots=True)
class Kept:
    """What a page knows of a reader's lists: all of them, and the places in them of the structures it shows."""

    lists: list[Shortlist]
    places: Mapping[int, list[ShortlistItem]]

    def of(self, structure_id: int) -> list[ShortlistItem]:
        """Return a structure's places in lists."""
        return self.places.get(structure_id, [])


def kept(session: AnySession, person: Person | None, structure_ids: Collection[int]) -> Kept | None:
    """Return what the buttons of a page of structures need, in two queries; ``None`` for a visitor."""
    if person is None:
        return None
    lists = [one for one, _size in lists_of(session, person)][:MOST_OFFERED]
    return Kept(lists, kept_of(session, person, structure_ids))


def fragment(session: AnySession, person: Person, structure: Structure, *, told: str, choose: bool) -> str:
    """Return a structure's button as it now is, for htmx."""
    known = kept(session, person, [structure.id])
    return render_template("directory/sourcing/_keep.html", structure=structure, kept=known, told=told, choose=choose)


def _actions(session: AnySession, structure: Structure, person: Person | None) -> str | None:
    if not structure.is_listed:
        return None
    return render_template(
        "directory/sourcing/_actions.html",
        structure=structure,
        person=person,
        kept=kept(session, person, [structure.id]),
        suite=request.path,
    )


page_parts.register(PagePart("sourcing", "actions", _actions))
