"""How a declared need is searched."""

from __future__ import annotations

from sqlalchemy.orm import selectinload

from openmap.needs.models import Need
from openmap.reference.fulltext import Document
from openmap.reference.indexing import Indexed, register


def reads(need: Need) -> Document | None:
    """Return a need's texts: its object first, then its lots and activities, then the rest."""
    if need.state != "declared":
        return None
    activities = " ".join(one.name for one in need.activities)
    return Document(need.title, f"{need.lots} {activities}", f"{need.description} {need.renews}")


register(Indexed("need", Need, reads, (selectinload(Need.activities),)))
