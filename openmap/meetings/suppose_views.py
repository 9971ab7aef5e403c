"""What-if runs: supposing, comparing side by side, adopting."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from openmap.events.access import edition_or_404, organisers_only
from openmap.events.models import Edition
from openmap.events.services import RefusedPart
from openmap.extensions import db
from openmap.meetings import adopting
from openmap.meetings.desk import RefusedPlan
from openmap.meetings.forms import PEOPLE, SupposeForm
from openmap.meetings.models import Solve
from openmap.meetings.plan_links import PlanLink, register_plan_link
from openmap.meetings.queries import solve_of
from openmap.meetings.services import RefusedSolve, mark_lost, request_solve
from openmap.meetings.suppose_page import SIDE_BY_SIDE, participants_of, suppose_page
from openmap.meetings.supposing import Assumptions, RefusedSupposition, told
from openmap.meetings.tasks import enqueue_solve
from openmap.meetings.wording import STATES
from openmap.people.access import here

blueprint = Blueprint("suppositions", __name__, url_prefix="/editions/<slug>/planning/hypotheses")


@blueprint.get("")
@organisers_only
def index(slug: str) -> ResponseReturnValue:
    """Show the form of a what-if run, above those made, side by side."""
    edition = edition_or_404(slug)
    mark_lost(db.session, now=datetime.now(UTC))
    return _page(edition, SupposeForm(edition, [], formdata=None))


@blueprint.post("", endpoint="suppose")
@organisers_only
def suppose(slug: str) -> ResponseReturnValue:
    """Queue a what-if run and go to its page."""
    edition = edition_or_404(slug)
    form = SupposeForm(edition, list(participants_of(db.session, edition)))
    if not form.validate_on_submit():
        return _page(edition, form), 422
    try:
        solve = request_solve(
            db.session, edition, time_limit=form.time_limit.data, seed=1, now=datetime.now(UTC), kind="what_if",
            name=form.name.data, assumptions=form.assumptions(), by=here(),
        )  # fmt: skip
    except RefusedSolve as refusal:
        return _page(edition, form, str(refusal)), 409
    enqueue_solve(solve.id)
    return redirect(url_for("solves.show", slug=slug, solve_id=solve.id), 303)


@blueprint.get("/<int:solve_id>/adoption")
@organisers_only
def adoption(slug: str, solve_id: int) -> ResponseReturnValue:
    """Name what adopting a supposition would change in the edition."""
    edition = edition_or_404(slug)
    return _adoption(edition, _run_or_404(edition, solve_id))


@blueprint.post("/<int:solve_id>/adoption", endpoint="adopt")
@organisers_only
def adopt(slug: str, solve_id: int) -> ResponseReturnValue:
    """Make what was supposed so in the edition, and ask for a calculation."""
    edition = edition_or_404(slug)
    run, seen = _run_or_404(edition, solve_id), request.form.get("vu", "")
    try:
        solve = adopting.adopt(db.session, edition, run, by=here(), now=datetime.now(UTC), seen=seen)
    except (RefusedSolve, RefusedPlan, RefusedSupposition, RefusedPart) as refusal:
        db.session.rollback()
        edition = edition_or_404(slug)
        return _adoption(edition, _run_or_404(edition, solve_id), str(refusal)), 409
    enqueue_solve(solve.id)
    flash(_("L’édition a changé comme vous l’avez supposé. Un calcul en tient compte."))
    return redirect(url_for("solves.show", slug=slug, solve_id=solve.id), 303)


def _run_or_404(edition: Edition, solve_id: int) -> Solve:
    solve = solve_of(db.session, edition, solve_id)
    return solve if solve is not None and solve.kind == "what_if" else abort(404)


def _page(edition: Edition, form: SupposeForm, refusal: str = "") -> str:
    page = suppose_page(db.session, edition, request.args.getlist("avec")[: 4 * SIDE_BY_SIDE])
    return render_template(
        "meetings/suppose.html", edition=edition, form=form, refusal=refusal, page=page, ranks=PEOPLE,
        state_labels=STATES, side_by_side=SIDE_BY_SIDE,
    )  # fmt: skip


def _adoption(edition: Edition, run: Solve, refusal: str = "") -> str:
    try:
        steps = adopting.steps_of(db.session, edition, Assumptions.of(run.assumptions))
    except RefusedSupposition as impossible:
        steps, refusal = [], refusal or str(impossible)
    sentences = told(Assumptions.of(run.assumptions), edition, participants_of(db.session, edition))
    return render_template(
        "meetings/adoption.html", edition=edition, run=run, steps=steps, seen=adopting.fingerprint(steps),
        sentences=sentences, refusal=refusal,
    )  # fmt: skip


register_plan_link(
    "suppositions",
    PlanLink(
        lazy_gettext("Hypothèses"), lambda edition: url_for("suppositions.index", slug=edition.slug), 10, bare=True
    ),
)
