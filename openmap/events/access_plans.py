"""The plan of the way to the venue: organisers put it there, the public page shows it with the address."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from openmap.events.access import edition_or_404, organisers_only
from openmap.events.forms import AccessPlanForm
from openmap.events.models import AccessPlan, Edition
from openmap.events.services import register_copy
from openmap.extensions import AnySession, db
from openmap.people import journal
from openmap.people.access import here
from openmap.people.models import Person
from openmap.web.uploads import SHOWN, Kept, RefusedFile, keep, show

blueprint = Blueprint("access_plans", __name__, url_prefix="/editions/<slug>")
blueprint.add_app_template_test(lambda plan: plan.media_type in SHOWN, "picture")

ENDINGS: Final = ("png", "jpg", "pdf")


def _now() -> datetime:
    return datetime.now(UTC)


@blueprint.get("/plan-d-acces")
def shown(slug: str) -> ResponseReturnValue:
    """Show the plan: a picture as one, a PDF as a download."""
    plan = edition_or_404(slug).access_plan or abort(404)
    return show(plan.digest, plan.media_type, plan.filename)


@blueprint.get("/preparation/plan-d-acces")
@organisers_only
def edit(slug: str) -> ResponseReturnValue:
    """Show the plan as the public has it, with the form that changes it."""
    edition = edition_or_404(slug)
    known = {"alternative": edition.access_plan.alternative} if edition.access_plan else {}
    return _page(edition, AccessPlanForm(formdata=None, data=known))


@blueprint.post("/preparation/plan-d-acces", endpoint="keep")
@organisers_only
def keep_plan(slug: str) -> ResponseReturnValue:
    """Put a plan up, in place of the one before, or change its description."""
    edition, form = edition_or_404(slug), AccessPlanForm()
    valid = form.validate_on_submit()
    if not form.file.data and edition.access_plan is None:
        form.file.errors = [_("Choisissez une image PNG ou JPEG, ou un PDF.")]
        return _page(edition, form), 422
    if not valid:
        return _page(edition, form), 422
    try:
        kept = keep(form.file.data.stream, form.file.data.filename, ENDINGS) if form.file.data else None
    except RefusedFile as refusal:
        form.file.errors = [str(refusal)]
        return _page(edition, form), 422
    put_up(db.session, edition, kept, form.alternative.data or "", by=here(), now=_now())
    db.session.commit()
    flash(_("Le plan d’accès est en ligne, avec l’adresse du lieu."))
    return redirect(url_for("access_plans.edit", slug=slug), 303)


@blueprint.post("/preparation/plan-d-acces/suppression", endpoint="remove")
@organisers_only
def remove(slug: str) -> ResponseReturnValue:
    """Take the plan away; its file stays for whoever else refers to it."""
    edition = edition_or_404(slug)
    take_down(db.session, edition, by=here(), now=_now())
    db.session.commit()
    flash(_("Le plan d’accès est retiré."))
    return redirect(url_for("access_plans.edit", slug=slug), 303)


def put_up(
    session: AnySession, edition: Edition, kept: Kept | None, alternative: str, *, by: Person, now: datetime
) -> None:
    """Give an edition its plan, or with ``None`` only other words for the one it has; without one nothing is done."""
    journal.lock(session)  # of two tabs the second finds what the first has made
    session.refresh(edition, ["access_plan"])
    plan = edition.access_plan
    if plan is None:
        if kept is None:
            return
        plan = edition.access_plan = AccessPlan(added_at=now)
    plan.alternative = alternative
    if kept is not None:
        plan.filename, plan.media_type = kept.filename, kept.media_type
        plan.size, plan.digest, plan.added_at = kept.size, kept.digest, now
    changes = journal.changes_of(plan, "filename", "alternative")
    session.flush()
    if changes or kept is not None:
        journal.record(session, "access_plan.kept", plan, by=by, now=now, edition_id=edition.id, changes=changes)


def take_down(session: AnySession, edition: Edition, *, by: Person, now: datetime) -> None:
    """Take an edition's plan away, where it has one."""
    journal.lock(session)
    session.refresh(edition, ["access_plan"])
    plan = edition.access_plan
    if plan is None:
        return
    changes = {"filename": [plan.filename, None]}
    journal.record(session, "access_plan.removed", plan, by=by, now=now, edition_id=edition.id, changes=changes)
    edition.access_plan = None
    session.flush()


def copy_plan(session: AnySession, model: Edition, edition: Edition, now: datetime) -> None:
    """Give a copied edition, which is at the same place, the plan of its model."""
    plan = model.access_plan
    if plan is not None:
        edition.access_plan = AccessPlan(
            alternative=plan.alternative, filename=plan.filename, media_type=plan.media_type, size=plan.size,
            digest=plan.digest, added_at=now,
        )  # fmt: skip
        session.flush()


def _page(edition: Edition, form: AccessPlanForm) -> str:
    accept = ",".join(f".{ending}" for ending in (*ENDINGS, "jpeg"))
    return render_template("events/access_plan.html", edition=edition, form=form, accept=accept)


register_copy("access_plan", copy_plan)
