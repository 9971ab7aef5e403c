"""The documents of an edition: organisers put them there, the public downloads them."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from openmap.events import services
from openmap.events.access import edition_or_404, organisers_only
from openmap.events.forms import ResourceForm
from openmap.events.models import Edition, Resource
from openmap.extensions import db
from openmap.people.access import here
from openmap.web.uploads import ACCEPT, RefusedFile, hand_over, keep

blueprint = Blueprint("resources", __name__, url_prefix="/editions/<slug>")


def _now() -> datetime:
    return datetime.now(UTC)


@blueprint.get("/documents/<int:resource_id>")
def download(slug: str, resource_id: int) -> ResponseReturnValue:
    """Hand a document over."""
    edition = edition_or_404(slug)
    resource = _resource_or_404(edition, resource_id)
    return hand_over(resource.digest, resource.media_type, resource.filename)


@blueprint.get("/preparation/documents")
@organisers_only
def index(slug: str) -> ResponseReturnValue:
    """List the documents, with the form of a new one."""
    return _index(edition_or_404(slug), ResourceForm())


@blueprint.post("/preparation/documents", endpoint="add")
@organisers_only
def add(slug: str) -> ResponseReturnValue:
    """Add a document."""
    edition, form, now = edition_or_404(slug), ResourceForm(), _now()
    if not form.validate_on_submit():
        return _index(edition, form), 422
    try:
        kept = keep(form.file.data.stream, form.file.data.filename)
    except RefusedFile as refusal:
        form.file.errors = [str(refusal)]
        return _index(edition, form), 422
    values = {
        "title": form.title.data,
        "filename": kept.filename,
        "media_type": kept.media_type,
        "size": kept.size,
        "digest": kept.digest,
        "added_at": now,
    }
    services.add_part(db.session, edition, Resource, values, by=here(), now=now)
    db.session.commit()
    flash(_("Le document est en ligne."))
    return redirect(url_for("resources.index", slug=slug), 303)


@blueprint.post("/preparation/documents/<int:resource_id>/suppression", endpoint="remove")
@organisers_only
def remove(slug: str, resource_id: int) -> ResponseReturnValue:
    """Take a document away; its file stays for whoever else refers to it."""
    edition = edition_or_404(slug)
    services.remove_part(db.session, edition, _resource_or_404(edition, resource_id), by=here(), now=_now())
    db.session.commit()
    flash(_("Le document est retiré."))
    return redirect(url_for("resources.index", slug=slug), 303)


def _resource_or_404(edition: Edition, resource_id: int) -> Resource:
    return next((one for one in edition.resources if one.id == resource_id), None) or abort(404)


def _index(edition: Edition, form: ResourceForm) -> str:
    return render_template("events/resources.html", edition=edition, form=form, accept=ACCEPT)
