"""What search engines read of a structure's page: microdata of schema.org, which no script policy stands against."""

from __future__ import annotations

from typing import Final

from flask import current_app, render_template

from openmap.directory import page_parts
from openmap.directory.models import Structure
from openmap.directory.page_parts import PagePart
from openmap.extensions import AnySession
from openmap.people.models import Person


def _microdata(_session: AnySession, structure: Structure, _person: Person | None) -> str | None:
    """Return a listed structure as an Organization of schema.org; nothing in it that is not on its page."""
    if not structure.is_listed:
        return None
    base = current_app.config["OPENMAP"].base_url
    return render_template("directory/_schema_org.html", structure=structure, base=base)


PART: Final = PagePart("schema_org", "main", _microdata)
page_parts.register(PART)
