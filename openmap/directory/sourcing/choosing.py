"""The structures that an address names, and where a form leads back to."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from flask import current_app, request
from sqlalchemy import select
from sqlalchemy.orm.interfaces import ORMOption

from openmap.directory.models import Structure
from openmap.extensions import AnySession
from openmap.web.requests import row_number

LONGEST_TARGET = 2_000


def chosen_ids(most: int = 200) -> list[int]:
    """Return the numbers in ``structures``, each once, in their order: ``1,2`` as well as ``1`` and ``2``."""
    pieces = [one for value in request.values.getlist("structures") for one in value[:4_000].split(",")]
    found: dict[int, None] = {}
    for piece in pieces:
        with suppress(ValueError):
            found[row_number(piece.strip())] = None
    return list(found)[:most]


def structures_by_id(session: AnySession, ids: Sequence[int], *options: ORMOption) -> list[Structure]:
    """Return these structures in this order; those that are not, or no more, in the directory are left out."""
    if not ids:
        return []
    asked = select(Structure).where(
        Structure.id.in_(ids), Structure.listed_at.is_not(None), Structure.delisted_at.is_(None)
    )
    rank = {number: place for place, number in enumerate(ids)}
    return sorted(session.scalars(asked.options(*options)), key=lambda one: rank[one.id])


def structure_path(structure_id: int) -> str:
    """Return the address of a structure's page, from a request or from a worker."""
    path: str = current_app.url_map.bind("").build("structures.show", {"structure_id": structure_id})
    return path


def whole_address(path: str) -> str:
    """Return a page's public address, for mails and sheets."""
    return str(current_app.config["OPENMAP"].base_url) + path


def way_back(default: str) -> str:
    """Return the page of ours that a form names as where it came from, else ``default``."""
    target = request.form.get("suite", "")
    ours = target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if ours and target.isprintable() and len(target) <= LONGEST_TARGET else default
