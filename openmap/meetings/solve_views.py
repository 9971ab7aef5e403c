"""Asking for a calculation, following it, stopping it."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from openmap.events.access import edition_or_404, organisers_only
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.meetings import keeping
from openmap.meetings.check_page import counts_of_edition
from openmap.meetings.check_views import page_asked
from openmap.meetings.desk import RefusedPlan, working_plan
from openmap.meetings.forms import SolveForm
from openmap.meetings.models import Solve
from openmap.meetings.queries import meeting_counts, solve_of, solves_of
from openmap.meetings.services import RefusedSolve, mark_lost, request_solve, stop_solve
from openmap.meetings.solve_page import solve_page
from openmap.meetings.suppose_page import participants_of
from openmap.meetings.supposing import Assumptions, told
from openmap.meetings.tasks import enqueue_solve
from openmap.meetings.wording import STATES
from openmap.people.access import here

blueprint = Blueprint("solves", __name__, url_prefix="/editions/<slug>/planning/calculs")


def _now() -> datetime:
    return datetime.now(UTC)


@blueprint.get("")
@organisers_only
def history(slug: str) -> ResponseReturnValue:
    """Show the form that asks for a calculation, above those already made."""
    edition = edition_or_404(slug)
    mark_lost(db.session, now=_now())
    return _form_page(edition, SolveForm())


@blueprint.post("")
@organisers_only
def ask(slug: str) -> ResponseReturnValue:
    """Queue a calculation and go to its page."""
    edition, form = edition_or_404(slug), SolveForm()
    if not form.validate_on_submit():
        return _form_page(edition, form), 422
    try:
        solve = request_solve(db.session, edition, time_limit=form.time_limit.data, seed=form.seed.data, now=_now(),
                              kind=form.kind.data, by=here())  # fmt: skip
    except RefusedSolve as refusal:
        return _form_page(edition, form, refusal=str(refusal)), 409
    enqueue_solve(solve.id)
    return redirect(url_for("solves.show", slug=slug, solve_id=solve.id), 303)


@blueprint.get("/<int:solve_id>")
@organisers_only
def show(slug: str, solve_id: int) -> ResponseReturnValue:
    """Show where a calculation is. Its worker may be the one that died, so the page looks for lost ones itself."""
    edition = edition_or_404(slug)
    mark_lost(db.session, now=_now())
    return _solve_page(edition, _solve_or_404(edition, solve_id))


@blueprint.get("/<int:solve_id>/avancement")
@organisers_only
def progress(slug: str, solve_id: int) -> ResponseReturnValue:
    """Give the moving part of the page; once the state is another than ``vu``, ask for the whole page."""
    edition = edition_or_404(slug)
    mark_lost(db.session, now=_now())
    page = solve_page(db.session, _solve_or_404(edition, solve_id), now=_now())
    fragment = render_template("meetings/_progress.html", edition=edition, page=page)
    changed = page.solve.state != request.args.get("vu")
    return fragment, {"HX-Refresh": "true"} if changed else {}


@blueprint.post("/<int:solve_id>/arret")
@organisers_only
def stop(slug: str, solve_id: int) -> ResponseReturnValue:
    """Stop a calculation, keeping its best plan."""
    solve = _solve_or_404(edition_or_404(slug), solve_id)
    stop_solve(db.session, solve, now=_now())
    return redirect(url_for("solves.show", slug=slug, solve_id=solve.id), 303)


@blueprint.post("/<int:solve_id>/garder")
@organisers_only
def keep(slug: str, solve_id: int) -> ResponseReturnValue:
    """Make the plan that was found the working plan."""
    edition = edition_or_404(slug)
    solve, seen = _solve_or_404(edition, solve_id), request.form.get("vu", "")
    try:
        keeping.keep(db.session, edition, solve, seen=seen, by=here(), now=_now())
    except RefusedPlan as refusal:
        return _refused(slug, solve_id, str(refusal))
    db.session.commit()
    flash(_("Cette version est maintenant le planning en cours."))
    return redirect(url_for("solves.show", slug=slug, solve_id=solve_id), 303)


@blueprint.post("/<int:solve_id>/abandon")
@organisers_only
def drop(slug: str, solve_id: int) -> ResponseReturnValue:
    """Leave aside the plan that was found."""
    edition = edition_or_404(slug)
    try:
        keeping.drop(db.session, _solve_or_404(edition, solve_id), by=here(), now=_now())
    except RefusedPlan as refusal:
        return _refused(slug, solve_id, str(refusal))
    db.session.commit()
    flash(_("Le planning en cours ne change pas. Cette version reste dans la liste."))
    return redirect(url_for("solves.show", slug=slug, solve_id=solve_id), 303)


def _refused(slug: str, solve_id: int, refusal: str) -> ResponseReturnValue:
    """Undo what was begun and show the calculation as it is now, with the reason."""
    db.session.rollback()
    edition = edition_or_404(slug)
    return _solve_page(edition, _solve_or_404(edition, solve_id), refusal), 409


def _solve_page(edition: Edition, solve: Solve, refusal: str = "") -> str:
    supposed = []
    if solve.assumptions:
        supposed = told(Assumptions.of(solve.assumptions), edition, participants_of(db.session, edition))
    return render_template(
        "meetings/solve.html", edition=edition, page=solve_page(db.session, solve, now=_now(), page=page_asked()),
        state_labels=STATES, refusal=refusal, supposed=supposed,
    )  # fmt: skip


def _solve_or_404(edition: Edition, solve_id: int) -> Solve:
    return solve_of(db.session, edition, solve_id) or abort(404)


def _form_page(edition: Edition, form: SolveForm, refusal: str = "") -> str:
    solves = solves_of(db.session, edition)
    return render_template(
        "meetings/solves.html",
        edition=edition,
        form=form,
        refusal=refusal,
        solves=solves,
        counts=meeting_counts(db.session, [solve.plan for solve in solves if solve.plan is not None]),
        under_way=[solve for solve in solves if solve.ended_at is None],
        working=working_plan(db.session, edition),
        checks=counts_of_edition(db.session, edition),
        state_labels=STATES,
    )
