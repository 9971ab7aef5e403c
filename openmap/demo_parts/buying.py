"""What the demonstration's buyer keeps: a list with notes, and a search that tells what is new."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from openmap.demo_parts.applying import MARK
from openmap.directory.models import Structure
from openmap.directory.queries import organisations_of
from openmap.directory.sourcing import shortlists, watching
from openmap.directory.sourcing.watched import kinds
from openmap.directory.sourcing_models import Shortlist
from openmap.extensions import AnySession
from openmap.people.models import Person

LIST: Final = "Entretien des parcs et jardins"
KEPT: Final = (
    ("Les Haies Vives", "contacted", "Rappeler après les congés : demande le plan des parcs."),
    ("Jardiniers des Deux Rives", "met", "Vus à la rencontre. Équipe solide, deux encadrants."),
    ("Paysage Partagé", "", ""),
)


def demo_buying(session: AnySession, people: Mapping[str, Person], now: datetime) -> bool:
    """Add the list and the search once, where the demonstration has its directory; say whether they are new."""
    by = people["buyer_delegate"]
    found = {
        one.name.removesuffix(MARK): one
        for one in session.scalars(select(Structure).where(Structure.name.in_([row[0] + MARK for row in KEPT])))
    }
    if not found or session.scalar(select(Shortlist.id).where(Shortlist.person_id == by.id).limit(1)) is not None:
        return False
    own, then = organisations_of(session, by), now - timedelta(days=9)
    shortlist = shortlists.create(session, LIST, own[0] if own else None, by=by, now=then)
    for name, state, note in KEPT:
        if name in found:
            shortlists.add(session, shortlist, found[name], by=by, now=then)
            session.refresh(shortlist)
            shortlists.note(session, shortlist.items[-1], state, note, version=1, by=by, now=now)
    watching.save(session, kinds()["structures"], "q=espaces+verts", "Espaces verts", by=by, now=then)
    return True
