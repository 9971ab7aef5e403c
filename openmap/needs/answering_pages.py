"""« Qui peut répondre ? »: the structures for a saved need, or for a purchase that is only told in words."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue

from openmap.directory.search.query import Query
from openmap.extensions import db
from openmap.needs.answering import Answers, answers, places_of, query_of, shortened
from openmap.needs.guards import kept_apart, need_or_404, readers_only
from openmap.needs.views import today
from openmap.web.requests import row_number

blueprint = Blueprint("answering", __name__, url_prefix="/besoins")

LONGEST_TEXT = 4_000


@blueprint.get("/<int:need_id>/structures")
@readers_only
def show(need_id: int) -> ResponseReturnValue:
    """Show the structures that could answer a need, to whoever may read it."""
    need = need_or_404(need_id)
    places = places_of(need)
    asked = request.args.get("lieu", "")
    place = asked if asked in {one.value for one in places} else ""
    found = answers(db.session, query_of(need, place=place, page=_page()), today=today())
    return render_template("needs/structures.html", need=need, places=places, **_told(found))


@blueprint.get("/structures")
def ask() -> ResponseReturnValue:
    """Show the structures for a purchase told in words, or by its CPV code."""
    text = request.args.get("objet", "").strip()[:LONGEST_TEXT]
    query = Query(words=shortened(text), page=_page())
    found = answers(db.session, query, today=today()) if query.words else None
    page = render_template("needs/structures.html", need=None, places=[], text=text, **_told(found))
    return kept_apart(page)


def _page() -> int:
    return max(1, request.args.get("page", 1, type=row_number) or 1)


def _told(found: Answers | None) -> dict[str, object]:
    search = f"{url_for('directory.index')}?{urlencode(found.query.filters())}" if found else ""
    return {"answers": found, "search": search, "has_pages": "structures.show" in current_app.view_functions}
