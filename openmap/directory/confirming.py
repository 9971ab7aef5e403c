"""The page of a reminder's link: one button says that a structure's page still holds, without signing in."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from openmap.directory import standing
from openmap.directory.models import Structure
from openmap.directory.reminding import is_confirmed_since, structure_by_token
from openmap.extensions import db, limiter
from openmap.web.headers import forbid_storage

blueprint = Blueprint("confirming", __name__, url_prefix="/annuaire/confirmation")


@blueprint.get("/<token>")
@limiter.limit("60 per minute")
def show(token: str) -> ResponseReturnValue:
    """Show what is to be confirmed: nothing is done by opening the link, which mail readers do by themselves."""
    return _page(token, structure_by_token(db.session, token))


@blueprint.post("/<token>", endpoint="confirm")
@limiter.limit("20 per minute")
def confirm(token: str) -> ResponseReturnValue:
    """Confirm the page."""
    structure = structure_by_token(db.session, token)
    if structure is None:
        return _page(token, None)
    if not is_confirmed_since(structure):
        standing.confirm(db.session, structure, by=None, now=datetime.now(UTC))
        db.session.commit()
    return redirect(url_for("confirming.show", token=token), 303)


def _page(token: str, structure: Structure | None) -> ResponseReturnValue:
    page = render_template(
        "directory/confirmation.html",
        token=token,
        structure=structure,
        is_confirmed=structure is not None and is_confirmed_since(structure),
        since=None if structure is None else standing.held_since(structure),
    )
    response = forbid_storage(make_response(page, 410 if structure is None else 200))
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"  # the address is a secret
    return response
