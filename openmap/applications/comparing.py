"""Two files of one SIRET side by side, and the button that makes them one."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from openmap.applications.examining import file_or_404
from openmap.applications.merging import KEPT, OTHER, RefusedMerge, differences, merge
from openmap.applications.models import Application
from openmap.events.access import edition_or_404, organisers_only
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.people.access import here

blueprint = Blueprint("merging", __name__, url_prefix="/editions/<slug>/candidatures/<int:application_id>/reunion")


@blueprint.get("/<int:other_id>")
@organisers_only
def compare(slug: str, application_id: int, other_id: int) -> ResponseReturnValue:
    """Show two files side by side, the one that stays first."""
    edition = edition_or_404(slug)
    return _page(edition, *_pair(edition, application_id, other_id))


@blueprint.post("/<int:other_id>", endpoint="merge")
@organisers_only
def unite(slug: str, application_id: int, other_id: int) -> ResponseReturnValue:
    """Make the second part of the first."""
    edition = edition_or_404(slug)
    kept, other = _pair(edition, application_id, other_id)
    choices = {name: side for name, side in request.form.items() if side in {KEPT, OTHER}}
    try:
        merge(db.session, kept, other, choices, by=here(), now=datetime.now(UTC))
    except RefusedMerge as refusal:
        db.session.rollback()
        edition = edition_or_404(slug)
        return _page(edition, *_pair(edition, application_id, other_id), refusal=str(refusal)), 409
    db.session.commit()
    flash(_("Les deux candidatures n’en font plus qu’une. Les deux personnes qui les ont faites sont prévenues."))
    return redirect(url_for("examining.show", slug=slug, application_id=application_id), 303)


def _pair(edition: Edition, application_id: int, other_id: int) -> tuple[Application, Application]:
    if application_id == other_id:
        abort(404)
    return file_or_404(edition, application_id), file_or_404(edition, other_id)


def _page(edition: Edition, kept: Application, other: Application, refusal: str = "") -> str:
    return render_template(
        "applications/examining/merge.html",
        edition=edition,
        kept=kept,
        other=other,
        differences=differences(db.session, kept, other),
        refusal=refusal,
    )
