"""Where the facts of a structure's page come from, block by block, and what a person wrote by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import select

from openmap.directory.models import FieldSource, Structure
from openmap.extensions import AnySession, insert_unless_there
from openmap.web.french import HERE, long_date

BLOCKS: Final[Mapping[str, tuple[str, ...]]] = {
    "identity": ("name", "brand", "kind", "also_kinds", "legal_form", "siret", "naf"),
    "presentation": ("description", "website", "workforce", "supported_share", "joint_bids", "certifications"),
    "place": ("address", "postal_code", "commune_code"),
    "offers": ("offers",),
    "clients": ("clients",),
    "labels": ("labels",),
}
"""The blocks of the page with the fields that each shows."""

MOST_TOLD: Final = 2


def sources_of(session: AnySession, structure: Structure) -> dict[str, FieldSource]:
    """Return where each field comes from, by its name; fields of which nothing is known are left out."""
    found = session.scalars(select(FieldSource).where(FieldSource.structure_id == structure.id))
    return {one.field: one for one in found}


def written_by_hand(session: AnySession, structure: Structure) -> set[str]:
    """Return the fields that a person wrote on the page itself: nothing else may overwrite them."""
    return {name for name, one in sources_of(session, structure).items() if one.kind == "person"}


def note(
    session: AnySession, structure: Structure, fields: Iterable[str], *, kind: str, source: str = "", now: datetime
) -> None:
    """Keep where these fields now come from (``kind`` of ``SOURCE_KINDS``), in place of what was known before."""
    known = sources_of(session, structure)
    for field in fields:
        one = known.get(field)
        if one is None:
            insert_unless_there(
                session, FieldSource, structure_id=structure.id, field=field, kind=kind, source=source[:200], at=now
            )
        else:
            one.kind, one.source, one.import_id, one.at = kind, source[:200], None, now
    session.flush()


def told(block: str, sources: Mapping[str, FieldSource]) -> list[str]:
    """Return in words where a block comes from and when, newest first; at most two sentences."""
    found = sorted((sources[name] for name in BLOCKS[block] if name in sources), key=lambda one: one.at, reverse=True)
    return list(dict.fromkeys(_sentence(one) for one in found))[:MOST_TOLD]


def _sentence(one: FieldSource) -> str:
    day = long_date(one.at.astimezone(HERE).date())
    if one.kind == "person":
        return str(_("Écrit par la structure le %(day)s.", day=day))
    if one.kind == "application":
        return str(_("Repris de sa candidature à « %(edition)s », le %(day)s.", edition=one.source, day=day))
    if one.source:
        return str(_("Repris de « %(list)s » le %(day)s.", list=one.source, day=day))
    return str(_("Repris d’une liste le %(day)s.", day=day))
