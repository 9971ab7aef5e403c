"""« Journal »: what was done in an edition, all of it or to one object."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext

from openmap.events.access import edition_or_404, organisers_only
from openmap.events.sections import OrganiserLink, register_organiser_link
from openmap.extensions import db
from openmap.people.journal import edition_history
from openmap.web.requests import row_number

blueprint = Blueprint("history", __name__, url_prefix="/editions/<slug>/journal")


@blueprint.get("")
@organisers_only
def show(slug: str) -> ResponseReturnValue:
    """List the entries, newest first; ``sur`` names a kind of object, ``numero`` one of them."""
    edition = edition_or_404(slug)
    kind, number = request.args.get("sur", "")[:60], request.args.get("numero", type=row_number)
    page = request.args.get("page", 1, type=row_number)
    listed = edition_history(db.session, edition.id, kind=kind, number=number, page=page)
    return render_template("events/journal.html", edition=edition, listed=listed, kind=kind, number=number)


register_organiser_link(
    "history", OrganiserLink(lazy_gettext("Journal"), lambda edition: url_for("history.show", slug=edition.slug))
)
