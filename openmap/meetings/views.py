"""The organiser's plan page and its downloads."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, abort, render_template, request, send_file
from flask.typing import ResponseReturnValue

from openmap.events.access import edition_or_404, organisers_only
from openmap.extensions import db
from openmap.meetings import public
from openmap.meetings.exports import export_named, exports_of
from openmap.meetings.models import Plan
from openmap.meetings.plan_links import plan_links
from openmap.meetings.plan_page import Asked, UnknownVersion, plan_page
from openmap.meetings.queries import participation_by_code, plan_of_version
from openmap.meetings.wording import KINDS, REASONS, STATES

blueprint = Blueprint("meetings", __name__)
blueprint.add_app_template_filter(public.kind_label)
public.register()


@blueprint.get("/editions/<slug>/planning")
@organisers_only
def plan(slug: str) -> ResponseReturnValue:
    """Show the working plan, or the version asked for: grid, lists, figures, quality, what is left out."""
    edition = edition_or_404(slug)
    try:
        page = plan_page(db.session, edition, Asked.of(request.args))
    except UnknownVersion:
        abort(404)
    return render_template(
        "meetings/plan.html",
        page=page,
        edition=edition,
        reason_labels=REASONS,
        state_labels=STATES,
        kinds=KINDS,
        links=plan_links(planned=page.plan is not None),
        plan_exports=exports_of("plan"),
        person_exports=exports_of("person"),
    )


@blueprint.get("/editions/<slug>/planning/<int:version>/documents/<name>")
@organisers_only
def plan_document(slug: str, version: int, name: str) -> ResponseReturnValue:
    """Hand over a document of a whole plan."""
    return _handed_over(_version_or_404(slug, version), name, None)


@blueprint.get("/editions/<slug>/planning/<int:version>/documents/<code>/<name>")
@organisers_only
def person_document(slug: str, version: int, code: str, name: str) -> ResponseReturnValue:
    """Hand over a document of one participant."""
    return _handed_over(_version_or_404(slug, version), name, code)


def _version_or_404(slug: str, version: int) -> Plan:
    return plan_of_version(db.session, edition_or_404(slug), version) or abort(404)


def _handed_over(plan: Plan, name: str, code: str | None) -> ResponseReturnValue:
    """Build the document and send it as an attachment, so that no browser runs it as a page."""
    export = export_named(name, "plan" if code is None else "person") or abort(404)
    person = None
    if code is not None:
        person = participation_by_code(db.session, plan, code) or abort(404)
    document = export.build(db.session, plan, person)
    return send_file(
        BytesIO(document.content),
        mimetype=document.media_type,
        as_attachment=True,
        download_name=document.filename,
    )
