"""« Comparer »: up to four structures side by side, on a page that anyone may open and pass on by its address."""

from __future__ import annotations

from flask import Blueprint, make_response, render_template, url_for
from flask.typing import ResponseReturnValue

from openmap.directory.sourcing.choosing import chosen_ids, structures_by_id
from openmap.directory.sourcing.comparing import MOST, WHOLE, compared
from openmap.extensions import db

blueprint = Blueprint("comparisons", __name__, url_prefix="/annuaire/comparer")


@blueprint.get("")
def show() -> ResponseReturnValue:
    """Compare the structures of the address; a fifth is refused in words."""
    ids = chosen_ids()
    structures = structures_by_id(db.session, ids, *(WHOLE if len(ids) <= MOST else ()))
    too_many = len(structures) > MOST
    page = render_template(
        "directory/sourcing/compare.html",
        structures=structures,
        rows=[] if too_many or not structures else compared(structures),
        too_many=too_many,
        gone=len(ids) - len(structures),
        without={one.id: _without([other.id for other in structures], one.id) for one in structures},
        ids=",".join(str(one.id) for one in structures),
    )
    response = make_response(page, 422 if too_many else 200)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _without(ids: list[int], left_out: int) -> str:
    """Return the address of the comparison without one of its structures."""
    rest = ",".join(str(one) for one in ids if one != left_out)
    return url_for("comparisons.show", structures=rest) if rest else url_for("comparisons.show")
