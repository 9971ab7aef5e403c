"""A structure recognised by its SIRET: what a draft begins with, and the link made when it is submitted.

Whoever types a SIRET is shown the public facts of the directory, nothing else. Answers are taken over only from the
files of the person who applies, or of a structure that they act for.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import select

from openmap.applications.calling import files_of
from openmap.applications.models import Application
from openmap.directory.models import STRUCTURE_KINDS, Structure
from openmap.directory.queries import acts_for, organisations_of
from openmap.directory.services import invite
from openmap.extensions import AnySession
from openmap.people.models import Person
from openmap.reference.models import Commune
from openmap.reference.words import folded

TAKEN_OVER: Final = (
    "name", "kind", "legal_form", "address", "commune_code", "website", "presentation", "offers", "clients",
    "workforce", "supported_share", "radius_km",
)  # fmt: skip
"""What changes little from one edition to the next; a pitch is new each time."""


def structure_of(session: AnySession, siret: str) -> Structure | None:
    """Return the structure of the directory that has this SIRET."""
    return session.scalars(select(Structure).where(Structure.siret == siret)).one_or_none() if siret else None


def own_structures(session: AnySession, person: Person) -> list[Structure]:
    """Return the structures that a person can apply for in one tap: those they act for, by name."""
    return [one for one in organisations_of(session, person) if isinstance(one, Structure)]


def take_over(session: AnySession, application: Application, person: Person, structure: Structure | None) -> None:
    """Fill what the draft leaves empty: from the person's last file for this structure, then from the directory."""
    acting = structure is not None and acts_for(session, person, structure)
    if structure is not None:
        application.siret = application.siret or structure.siret or ""
        application.structure = structure if acting else application.structure
    earlier = _last_file(session, application, person, structure if acting else None)
    if earlier is not None:
        for name in TAKEN_OVER:
            if getattr(application, name) in (None, ""):
                setattr(application, name, getattr(earlier, name))
        for name in ("activities", "areas", "labels"):
            if not getattr(application, name):
                usable = [one for one in getattr(earlier, name) if getattr(one, "retired_at", None) is None]
                setattr(application, name, usable)
    if structure is not None:
        recognise(session, application, structure)


def recognise(session: AnySession, application: Application, structure: Structure) -> None:
    """Fill what is empty from the public facts of a structure: name, kind, commune, activity."""
    application.name = application.name or structure.name
    application.kind = application.kind or structure.kind
    application.offers = application.offers or structure.activity
    if application.commune_code is None and structure.city:
        named = select(Commune.code).where(Commune.folded == folded(structure.city), Commune.current_code.is_(None))
        codes = list(session.scalars(named.limit(2)))
        application.commune_code = codes[0] if len(codes) == 1 else None


def link_structure(session: AnySession, application: Application, *, by: Person, now: datetime) -> None:
    """Link a file to the structure of the directory that has its SIRET, new where nobody has it.

    Who brings a new structure acts for it; a structure that is known keeps its own people.
    """
    known = structure_of(session, application.siret)
    if known is None:
        kind = application.kind if application.kind in STRUCTURE_KINDS else "ess"
        commune = session.get(Commune, application.commune_code) if application.commune_code else None
        known = Structure(
            name=application.name, siret=application.siret, kind=kind,
            city=commune.name if commune else "", activity=application.offers[:500],
        )  # fmt: skip
        session.add(known)
        session.flush()
        if application.person is not None:
            invite(session, known, application.person, by=by, now=now)
    application.structure = known


def _last_file(
    session: AnySession, application: Application, person: Person, structure: Structure | None
) -> Application | None:
    """Return the newest other file that the person may read and that is of the same structure, or of the same SIRET."""
    for one in files_of(session, person):
        same = (structure is not None and one.structure_id == structure.id) or (
            bool(application.siret) and one.siret == application.siret
        )
        if one.id != application.id and same and one.state != "merged":
            return one
    return None
