"""« Inviter depuis l’annuaire »: the structures that a search finds, whom to invite among them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext

from openmap.applications.calling_structures import MOST, Candidate, candidates, invite, told
from openmap.directory.search.query import Query
from openmap.events.access import edition_or_404, organisers_only
from openmap.events.models import Edition
from openmap.events.sections import OrganiserLink, register_organiser_link
from openmap.extensions import db
from openmap.people.access import here
from openmap.web.french import HERE

blueprint = Blueprint("calling", __name__, url_prefix="/editions/<slug>/candidatures/annuaire")


def _now() -> datetime:
    return datetime.now(UTC)


@blueprint.get("")
@organisers_only
def show(slug: str) -> ResponseReturnValue:
    """Show whom a search finds, with who has applied, come or been invited already."""
    return _page(edition_or_404(slug), Query.read(request.args), request.args.get("nouvelles") == "oui")


@blueprint.post("")
@organisers_only
def send(slug: str) -> ResponseReturnValue:
    """Invite the structures that were chosen, each once."""
    edition = edition_or_404(slug)
    typed = request.form.getlist("structure")
    chosen = {int(one) for one in typed if one.isascii() and one.isdecimal() and len(one) < 10}
    written = invite(db.session, edition, chosen, by=here(), now=_now())
    db.session.commit()
    flash(told(written, len(chosen)), "success" if written else "warning")
    query = Query.read(request.args)
    return redirect(url_for(".show", slug=slug, **_arguments(query, request.args.get("nouvelles") == "oui")), 303)


def _page(edition: Edition, query: Query, only_new: bool) -> str:
    rows: list[Candidate] = []
    total = 0
    asked = bool(query.filters())
    if asked:
        today = _now().astimezone(HERE).date()
        rows, total = candidates(db.session, edition, query, today=today, only_new=only_new)
    return render_template(
        "applications/calling.html", edition=edition, query=query, rows=rows, total=total, most=MOST, asked=asked,
        only_new=only_new, arguments=_arguments(query, only_new),
    )  # fmt: skip


def _arguments(query: Query, only_new: bool) -> dict[str, Any]:
    made: dict[str, Any] = {"nouvelles": "oui"} if only_new else {}
    for name, value in query.filters():
        made.setdefault(name, []).append(value)
    return made


register_organiser_link(
    "calling",
    OrganiserLink(
        lazy_gettext("Inviter depuis l’annuaire"), lambda edition: url_for("calling.show", slug=edition.slug)
    ),
)
