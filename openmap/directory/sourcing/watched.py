"""What a search may be saved of: structures, and whatever rooms below add (needs).

A search is kept as the query of its address. Each kind reads it again by its own rules.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import parse_qsl, urlencode

from flask import current_app
from sqlalchemy.orm import joinedload
from werkzeug.datastructures import MultiDict

from openmap.directory import revising
from openmap.directory.labels import SHORT_KINDS
from openmap.directory.models import Structure
from openmap.directory.search.finding import matching_ids
from openmap.directory.search.holding import snapshot
from openmap.directory.search.query import Query
from openmap.directory.sourcing.choosing import structure_path, structures_by_id, whole_address
from openmap.extensions import AnySession
from openmap.people.models import Person

Arguments = MultiDict[str, str]


@dataclass(frozen=True, slots=True)
class Told:
    """Something that was found, as a mail tells of it."""

    title: str
    detail: str
    address: str


@dataclass(frozen=True, slots=True)
class Watched:
    """A kind of thing that is searched and watched; ``name`` is one of ``SEARCHED``.

    ``canonical`` returns the query that an address asks, always written alike, empty where it narrows nothing.
    ``matching`` returns the numbers of what answers it and ``person`` may see, of none where it means nothing any more;
    ``told`` those of them that still are to be seen, in words. ``revision`` is a number that grows whenever what is
    searched has changed, ``seen`` the one that a search made from now on has read at least: an index may lag behind.
    """

    name: str
    canonical: Callable[[Arguments], str]
    page: Callable[[str], str]
    matching: Callable[[AnySession, Person, str, date], list[int]]
    told: Callable[[AnySession, Person, Sequence[int]], list[Told]]
    revision: Callable[[AnySession], int]
    seen: Callable[[AnySession], int]


_kinds: Final[dict[str, Watched]] = {}


def register(watched: Watched) -> None:
    """Add a kind; registering a name again replaces it."""
    _kinds[watched.name] = watched


def kinds() -> dict[str, Watched]:
    """Return every kind by its name."""
    return dict(_kinds)


def search_path(endpoint: str, query: str) -> str:
    """Return the address of a search, from a request or from a worker."""
    path: str = current_app.url_map.bind("").build(endpoint)
    return f"{path}?{query}" if query else path


def arguments_of(query: str) -> Arguments:
    """Return the arguments that a kept query stands for."""
    return MultiDict(parse_qsl(query))


def _canonical(arguments: Arguments) -> str:
    return urlencode([pair for pair in Query.read(arguments).pairs() if pair[0] != "page"])


def _matching(session: AnySession, _person: Person, query: str, today: date) -> list[int]:
    read = Query.read(arguments_of(query))
    return [] if read.faults else matching_ids(session, read, today=today)


def _told(session: AnySession, _person: Person, ids: Sequence[int]) -> list[Told]:
    found = structures_by_id(session, ids, joinedload(Structure.commune))
    return [Told(one.name, _detail(one), whole_address(structure_path(one.id))) for one in found]


def _detail(one: Structure) -> str:
    city = one.commune.name if one.commune is not None else one.city
    return ", ".join(filter(None, (" / ".join(str(SHORT_KINDS[kind]) for kind in one.kinds), city)))


register(
    Watched(
        "structures",
        _canonical,
        lambda query: search_path("directory.index", query),
        _matching,
        _told,
        revising.current,
        lambda session: snapshot(session).revision,
    )
)
