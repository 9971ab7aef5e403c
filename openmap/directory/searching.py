"""« Annuaire »: one box and filters, the structures that answer, and why in this order."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, render_template, request

from openmap.directory.models import Structure
from openmap.directory.search.finding import find
from openmap.directory.search.query import Query
from openmap.extensions import db
from openmap.web.french import HERE

blueprint = Blueprint("directory", __name__, url_prefix="/annuaire")


@blueprint.get("")
def index() -> str:
    """Show a page of a search."""
    query = Query.read(request.args)
    found = find(db.session, query, today=datetime.now(UTC).astimezone(HERE).date())
    structures = [db.session.get_one(Structure, hit.structure_id) for hit in found.hits]
    return render_template("directory/index.html", query=query, found=found, structures=structures)
