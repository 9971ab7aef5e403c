"""How a submitted application is searched."""

from __future__ import annotations

from sqlalchemy.orm import selectinload

from openmap.applications.models import Application
from openmap.reference.fulltext import Document
from openmap.reference.indexing import Indexed, register


def reads(application: Application) -> Document | None:
    """Return a file's texts: the structure's name, then its offers, then its activities and how it presents itself."""
    if application.state != "submitted":
        return None
    activities = " ".join(one.name for one in application.activities)
    rest = (activities, application.presentation, application.clients, application.pitch_title)
    return Document(application.name, application.offers, " ".join(rest))


register(Indexed("application", Application, reads, (selectinload(Application.activities),)))
