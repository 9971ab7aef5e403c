"""Corrections by hand: the page of one meeting, what is done to it, adding, taking back, and who did what."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from flask import Blueprint, abort, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy import select

from openmap.events.access import edition_or_404, organisers_only
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.meetings import desk, editing
from openmap.meetings.meeting_page import choices_of, meeting_page, refusals_of, wish_of
from openmap.meetings.models import Participation, Plan, PlanEdit, Wish
from openmap.meetings.plan_links import PlanLink, register_plan_link
from openmap.meetings.queries import plan_of_version
from openmap.meetings.wording import REASONS
from openmap.people import journal
from openmap.people.access import here
from openmap.people.labels import action_label
from openmap.people.models import Person
from openmap.web.requests import row_number

blueprint = Blueprint("correcting", __name__, url_prefix="/editions/<slug>/planning")

Edit = Callable[..., PlanEdit]


@blueprint.get("/rendez-vous/<int:wish_id>")
@organisers_only
def show(slug: str, wish_id: int) -> ResponseReturnValue:
    """Show where a meeting is and where it may go."""
    edition = edition_or_404(slug)
    wish, plan = _wish_or_404(edition, wish_id), _working_or_404(edition)
    page = meeting_page(db.session, edition, plan, wish)
    return render_template(
        "meetings/meeting.html", edition=edition, page=page, last_edit=editing.last_edit(db.session, plan),
        reason_labels=REASONS,
    )  # fmt: skip


@blueprint.get("/rendez-vous/<int:wish_id>/cibles")
@organisers_only
def targets(slug: str, wish_id: int) -> ResponseReturnValue:
    """Tell the script of the grid why a meeting cannot go to each slot; an empty text where it can."""
    edition = edition_or_404(slug)
    return jsonify(refusals_of(db.session, _working_or_404(edition), _wish_or_404(edition, wish_id)))


@blueprint.post("/rendez-vous/<int:wish_id>/place")
@organisers_only
def place(slug: str, wish_id: int) -> ResponseReturnValue:
    """Hold a meeting in a slot: move it there, or add it when the plan leaves it out."""
    edition = edition_or_404(slug)
    wish = _wish_or_404(edition, wish_id)
    slot, table = _number("slot"), _number("table") if request.form.get("table") else None

    def run(plan: Plan, **who: object) -> PlanEdit:
        verb: Edit = editing.move if editing.is_held(db.session, plan, wish) else editing.add
        return verb(db.session, plan, wish, slot, table, **who)

    return _done(edition, run, wish_id)


@blueprint.post("/rendez-vous/<int:wish_id>/echange")
@organisers_only
def swap(slug: str, wish_id: int) -> ResponseReturnValue:
    """Let a meeting change places with another."""
    edition = edition_or_404(slug)
    wish, other = _wish_or_404(edition, wish_id), _wish_or_404(edition, _number("autre"))
    return _done(edition, lambda plan, **who: editing.swap(db.session, plan, wish, other, **who), wish_id)


@blueprint.post("/rendez-vous/<int:wish_id>/retrait")
@organisers_only
def remove(slug: str, wish_id: int) -> ResponseReturnValue:
    """Take a meeting out of the plan."""
    edition = edition_or_404(slug)
    wish = _wish_or_404(edition, wish_id)
    return _done(edition, lambda plan, **who: editing.remove(db.session, plan, wish, **who), wish_id)


@blueprint.post("/rendez-vous/<int:wish_id>/verrou")
@organisers_only
def lock(slug: str, wish_id: int) -> ResponseReturnValue:
    """Lock a meeting where it is, or let it go."""
    edition = edition_or_404(slug)
    wish, off = _wish_or_404(edition, wish_id), request.form.get("libre") == "1"
    return _done(edition, lambda plan, **who: editing.lock(db.session, plan, wish, off=off, **who), wish_id)


@blueprint.post("/annulation")
@organisers_only
def undo(slug: str) -> ResponseReturnValue:
    """Take the last correction back."""
    told = partial(_, "Annulé : « %(what)s ».")
    return _done(edition_or_404(slug), partial(editing.undo, db.session), words=lambda edit: told(what=edit.sentence))


@blueprint.get("/ajout")
@organisers_only
def adding(slug: str) -> ResponseReturnValue:
    """Ask which two shall meet."""
    edition = edition_or_404(slug)
    _working_or_404(edition)
    texts = {side: request.args.get(side, "").strip()[:100] for side in ("acheteur", "structure")}
    buyers, buyer_total = choices_of(db.session, edition, "buyer", texts["acheteur"])
    structures, structure_total = choices_of(db.session, edition, "structure", texts["structure"])
    return render_template(
        "meetings/adding.html", edition=edition, texts=texts, buyers=buyers, buyer_total=buyer_total,
        structures=structures, structure_total=structure_total,
    )  # fmt: skip


@blueprint.post("/ajout")
@organisers_only
def add_pair(slug: str) -> ResponseReturnValue:
    """Make the wish of a pair where there is none, and go on to choosing its hour."""
    edition = edition_or_404(slug)
    buyer, structure = (_participation(edition, name) for name in ("buyer", "structure"))
    try:
        if buyer is None or structure is None:
            raise editing.RefusedEdit(_("Choisissez un acheteur et une structure."))
        wish = editing.wish_between(db.session, edition, buyer, structure)
        db.session.commit()
    except desk.RefusedPlan as refusal:
        db.session.rollback()
        flash(str(refusal))
        return redirect(url_for("correcting.adding", slug=slug), 303)
    return redirect(url_for("correcting.show", slug=slug, wish_id=wish.id), 303)


@blueprint.post("/rendez-vous/<int:wish_id>/abandon")
@organisers_only
def withdraw(slug: str, wish_id: int) -> ResponseReturnValue:
    """Take back a wish made in the organisers' name."""
    edition = edition_or_404(slug)
    try:
        editing.withdraw(db.session, _wish_or_404(edition, wish_id), now=datetime.now(UTC))
        db.session.commit()
        flash(_("Le souhait est retiré."))
    except desk.RefusedPlan as refusal:
        db.session.rollback()
        flash(str(refusal))
        return redirect(url_for("correcting.show", slug=slug, wish_id=wish_id), 303)
    return redirect(url_for("meetings.plan", slug=slug), 303)


@blueprint.get("/corrections")
@organisers_only
def corrections(slug: str) -> ResponseReturnValue:
    """List what was done to a plan, by whom and when: the working plan, or the version asked for."""
    edition = edition_or_404(slug)
    version = request.args.get("version", type=row_number)
    plan = _working_or_404(edition) if version is None else plan_of_version(db.session, edition, version) or abort(404)
    page = request.args.get("page", 1, type=row_number)
    history = journal.edition_history(db.session, edition.id, kind="plans", number=plan.id, page=page)
    numbers = {entry.actor_id for entry in history.entries}
    actors = {one.id: one for one in db.session.scalars(select(Person).where(Person.id.in_(numbers)))}
    working = desk.working_plan(db.session, edition)
    return render_template(
        "meetings/corrections.html", edition=edition, plan=plan, listed=history, actors=actors, told=action_label,
        last_edit=editing.last_edit(db.session, plan) if working is plan else None, mark=desk.mark_of(plan),
    )  # fmt: skip


def _done(
    edition: Edition, run: Edit, wish_id: int | None = None, words: Callable[[PlanEdit], object] | None = None
) -> ResponseReturnValue:
    """Make an edit on the state that the form was shown with, say so, and lead back to where it was asked for.

    A refusal changes nothing and says why; so does a change that someone else made in between.
    """
    slug = edition.slug
    try:
        plan, seen = desk.as_seen(db.session, edition, request.form.get("vu", ""))
        edit = run(plan, seen=seen, by=here(), now=datetime.now(UTC))
        sentence = str(words(edit)) if words is not None else edit.sentence
        db.session.commit()
    except desk.RefusedPlan as refusal:
        db.session.rollback()
        sentence = str(refusal)
        if isinstance(refusal, editing.RefusedEdit):
            sentence = _("Refusé. %(why)s", why=sentence)
    flash(sentence)
    if wish_id is None or request.form.get("grille"):
        back: dict[str, Any] = {name: request.form.get(name, "")[:100] or None for name in ("q", "page")}
        return redirect(url_for("meetings.plan", slug=slug, **back, _anchor="vue"), 303)
    return redirect(url_for("correcting.show", slug=slug, wish_id=wish_id), 303)


def _wish_or_404(edition: Edition, wish_id: int) -> Wish:
    return wish_of(db.session, edition, wish_id) or abort(404)


def _working_or_404(edition: Edition) -> Plan:
    return desk.working_plan(db.session, edition) or abort(404)


def _number(name: str) -> int:
    """Return the number of a row that a form names; one that is none is no row's."""
    try:
        return row_number(request.form.get(name, ""))
    except ValueError:
        return 0


def _participation(edition: Edition, name: str) -> Participation | None:
    asked = select(Participation).where(Participation.id == _number(name), Participation.edition_id == edition.id)
    return db.session.scalars(asked).one_or_none()


register_plan_link(
    "adding",
    PlanLink(lazy_gettext("Ajouter un entretien"), lambda edition: url_for("correcting.adding", slug=edition.slug), 20),
)
register_plan_link(
    "corrections",
    PlanLink(
        lazy_gettext("Corrections faites"), lambda edition: url_for("correcting.corrections", slug=edition.slug), 30
    ),
)
