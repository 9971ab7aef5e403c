"""How an organisation is searched."""

from __future__ import annotations

from openmap.directory.models import Organisation
from openmap.reference.fulltext import Document
from openmap.reference.indexing import Indexed, register


def reads(organisation: Organisation) -> Document:
    """Return an organisation's texts: its name, what it does, where."""
    return Document(organisation.name, organisation.activity, organisation.city)


register(Indexed("organisation", Organisation, reads))
