"""``/api/v1``: public data for other programs, read only, and the page that explains it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from flask import Blueprint, Response, abort, current_app, render_template, request

from openmap.api.answering import answered, as_json, opened, problem, refused
from openmap.api.asking import Refused, read
from openmap.api.description import description
from openmap.api.operations import OPERATIONS, Operation
from openmap.extensions import db, limiter
from openmap.web import errors
from openmap.web.addresses import address_of

LIMITS: Final = "120 per minute;3000 per hour"
"""A hundred rows a page: ten thousand structures are read in a minute, and never faster."""

blueprint = Blueprint("api", __name__)
errors.register("/api/v1", refused)
limited = limiter.shared_limit(lambda: LIMITS, scope="api")


@blueprint.after_request
def _open(response: Response) -> Response:
    """Open every answer of the API, that to OPTIONS too; its page for people is a page like others."""
    return opened(response) if request.path.startswith("/api/v1") else response


def _view(operation: Operation) -> Callable[..., Response]:
    """Return the view of an address: read what is asked, answer it or say why not."""

    def view(**pieces: Any) -> Response:
        try:
            asked = read(operation.asks, request.args)
            found = operation.run(db.session, asked, **pieces)
        except Refused as refusal:
            return problem(refusal.status, refusal.faults)
        return answered(abort(404) if found is None else found, asked)

    return view


for _operation in OPERATIONS:
    blueprint.add_url_rule(f"/api/v1{_operation.rule}", _operation.name, limited(_view(_operation)), methods=["GET"])


@blueprint.get("/api/v1/openapi.json")
@limited
def document() -> Response:
    """Hand over the description of the API (OpenAPI 3.1)."""
    return as_json(description(str(current_app.config["OPENMAP"].base_url)))


@blueprint.get("/api")
def page() -> str:
    """Explain the API to people."""
    return render_template("api/page.html", operations=OPERATIONS, base=address_of("api.page"), limits=LIMITS)
