"""A buyer's public page: what other rooms have made public of it, and nothing else."""

from __future__ import annotations

from flask import Blueprint, abort, render_template

from openmap.directory.buyer_parts import parts_of
from openmap.directory.models import Buyer
from openmap.extensions import db

blueprint = Blueprint("buyers", __name__, url_prefix="/annuaire/acheteurs")


@blueprint.get("/<int:buyer_id>")
def show(buyer_id: int) -> str:
    """Show a buyer; one of whom nothing is public is as unknown as a number that nobody has."""
    buyer = db.session.get(Buyer, buyer_id) or abort(404)
    parts = parts_of(db.session, buyer) or abort(404)
    return render_template("directory/buyer.html", buyer=buyer, parts=parts)
