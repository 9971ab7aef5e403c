"""What organisers set up and follow: the jury, its criteria, conflicts, who reads what, how far the readings are."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from openmap.events.access import edition_or_404, organisers_only
from openmap.events.models import Edition
from openmap.events.sections import OrganiserLink, register_organiser_link
from openmap.extensions import db
from openmap.people.access import here
from openmap.people.permissions import organises
from openmap.pitches import jury as verbs
from openmap.pitches.conflicts import RefusedConflict, lift_conflict
from openmap.pitches.forms import CriterionForm, JuryForm
from openmap.pitches.guards import followers_only
from openmap.pitches.models import Conflict, Criterion
from openmap.pitches.nudging import remind_late
from openmap.pitches.permissions import hidden_from
from openmap.pitches.progress import progress_of
from openmap.pitches.queries import conflicts_of, criteria_of, jurors, jury_of
from openmap.pitches.sharing import ChangedMeanwhile, ReadingsOver, propose, share_out

blueprint = Blueprint("jury", __name__, url_prefix="/editions/<slug>")


def _now() -> datetime:
    return datetime.now(UTC)


@blueprint.get("/preparation/jury")
@organisers_only
def setup(slug: str) -> ResponseReturnValue:
    """Show how the jury works and what it marks."""
    edition = edition_or_404(slug)
    return _setup_page(edition, JuryForm.of(jury_of(db.session, edition), jurors(db.session, edition.id)))


@blueprint.post("/preparation/jury", endpoint="settings")
@organisers_only
def settings(slug: str) -> ResponseReturnValue:
    """Change how the jury works."""
    edition = edition_or_404(slug)
    form = JuryForm(jurors(db.session, edition.id))
    if not form.validate_on_submit():
        return _setup_page(edition, form), 422
    try:
        verbs.change_settings(db.session, edition, form.values(), by=here(), now=_now())
    except verbs.RefusedJury as refusal:
        db.session.rollback()
        return _setup_page(edition_or_404(slug), form, refusal=str(refusal)), 409
    db.session.commit()
    flash(_("Les réglages du jury sont enregistrés."))
    return redirect(url_for("jury.setup", slug=slug), 303)


@blueprint.post("/preparation/jury/criteres/depart", endpoint="begin")
@organisers_only
def begin(slug: str) -> ResponseReturnValue:
    """Start from the criteria of the house."""
    edition = edition_or_404(slug)
    try:
        verbs.begin_with_ours(db.session, edition, by=here(), now=_now())
    except verbs.RefusedJury as refusal:
        db.session.rollback()
        flash(str(refusal))
    else:
        db.session.commit()
        flash(_("Cinq critères sont proposés : adaptez-les à votre édition."))
    return redirect(url_for("jury.setup", slug=slug), 303)


@blueprint.get("/preparation/jury/criteres")
@organisers_only
def new_criterion(slug: str) -> ResponseReturnValue:
    """Show the form of a new criterion."""
    return _criterion_page(edition_or_404(slug), CriterionForm(formdata=None), None)


@blueprint.post("/preparation/jury/criteres", endpoint="add_criterion")
@organisers_only
def add_criterion(slug: str) -> ResponseReturnValue:
    """Add a criterion."""
    edition, form = edition_or_404(slug), CriterionForm()
    if not form.validate_on_submit():
        return _criterion_page(edition, form, None), 422
    try:
        verbs.add_criterion(db.session, edition, form.values(), by=here(), now=_now())
    except verbs.RefusedJury as refusal:
        db.session.rollback()
        return _criterion_page(edition_or_404(slug), form, None, refusal=str(refusal)), 409
    db.session.commit()
    flash(_("Le critère est ajouté."))
    return redirect(url_for("jury.setup", slug=slug), 303)


@blueprint.get("/preparation/jury/criteres/<int:criterion_id>")
@organisers_only
def criterion(slug: str, criterion_id: int) -> ResponseReturnValue:
    """Show a criterion to be changed."""
    edition = edition_or_404(slug)
    found = _criterion(edition, criterion_id)
    return _criterion_page(edition, CriterionForm.of(found), found)


@blueprint.post("/preparation/jury/criteres/<int:criterion_id>", endpoint="change_criterion")
@organisers_only
def change_criterion(slug: str, criterion_id: int) -> ResponseReturnValue:
    """Change a criterion."""
    edition, form = edition_or_404(slug), CriterionForm()
    found = _criterion(edition, criterion_id)
    if not form.validate_on_submit():
        return _criterion_page(edition, form, found), 422
    try:
        verbs.change_criterion(db.session, edition, found, form.values(), by=here(), now=_now())
    except verbs.RefusedJury as refusal:
        db.session.rollback()
        edition = edition_or_404(slug)
        return _criterion_page(edition, form, _criterion(edition, criterion_id), refusal=str(refusal)), 409
    db.session.commit()
    flash(_("Le critère est enregistré."))
    return redirect(url_for("jury.setup", slug=slug), 303)


@blueprint.post("/preparation/jury/criteres/<int:criterion_id>/suppression", endpoint="remove_criterion")
@organisers_only
def remove_criterion(slug: str, criterion_id: int) -> ResponseReturnValue:
    """Remove a criterion."""
    edition = edition_or_404(slug)
    try:
        verbs.remove_criterion(db.session, edition, _criterion(edition, criterion_id), by=here(), now=_now())
    except verbs.RefusedJury as refusal:
        db.session.rollback()
        flash(str(refusal))
    else:
        db.session.commit()
        flash(_("Le critère est supprimé."))
    return redirect(url_for("jury.setup", slug=slug), 303)


@blueprint.post("/preparation/jury/conflits/<int:conflict_id>/levee", endpoint="lift")
@organisers_only
def lift(slug: str, conflict_id: int) -> ResponseReturnValue:
    """Lift a conflict that was told by mistake."""
    edition, conflict = edition_or_404(slug), db.session.get(Conflict, conflict_id)
    if conflict is None or conflict.application.edition_id != edition.id:
        abort(404)
    try:
        lift_conflict(db.session, conflict, request.form.get("motif", ""), by=here(), now=_now())
    except RefusedConflict as refusal:
        db.session.rollback()
        flash(str(refusal))
    else:
        db.session.commit()
        flash(_("Le conflit est levé, et le journal dit pourquoi. Refaites la répartition pour confier ce dossier."))
    return redirect(url_for("jury.progress", slug=slug), 303)


@blueprint.get("/preparation/jury/repartition")
@organisers_only
def sharing(slug: str) -> ResponseReturnValue:
    """Show what sharing out the readings would change, before anything is done."""
    return _sharing_page(edition_or_404(slug))


@blueprint.post("/preparation/jury/repartition", endpoint="share")
@organisers_only
def share(slug: str) -> ResponseReturnValue:
    """Share out the readings as the page has shown."""
    edition = edition_or_404(slug)
    try:
        done = share_out(db.session, edition, expected=request.form.get("proposition", ""), by=here(), now=_now())
    except (ChangedMeanwhile, ReadingsOver) as refusal:
        db.session.rollback()
        return _sharing_page(edition_or_404(slug), refusal=str(refusal)), 409
    db.session.commit()
    flash(
        _(
            "Les lectures sont réparties : %(new)d confiées, %(gone)d retirées.",
            new=len(done.added),
            gone=len(done.removed),
        )
    )
    return redirect(url_for("jury.progress", slug=slug), 303)


@blueprint.get("/jury/avancement")
@followers_only
def progress(slug: str) -> ResponseReturnValue:
    """Show who has read how much, which files lack readers, and on which the readers differ."""
    edition = edition_or_404(slug)
    barred = hidden_from(db.session, here(), edition.id)
    return render_template(
        "pitches/progress.html",
        edition=edition,
        jury=jury_of(db.session, edition),
        progress=progress_of(db.session, edition, here()),
        conflicts=[one for one in conflicts_of(db.session, edition.id) if one.application_id not in barred],
        organises=organises(here(), edition.id),
        only=request.args.get("dossiers", ""),
    )


@blueprint.post("/jury/avancement/rappels", endpoint="remind")
@followers_only
def remind(slug: str) -> ResponseReturnValue:
    """Write to the jurors who have something left to do, once a day at most."""
    edition = edition_or_404(slug)
    written = remind_late(db.session, edition, by=here(), now=_now())
    db.session.commit()
    flash(
        _("%(n)d rappel(s) partent ; chacun se lit dans le courrier.", n=written)
        if written
        else _("Personne à relancer : chacun a fini, ou a déjà été relancé aujourd’hui.")
    )
    return redirect(url_for("jury.progress", slug=slug), 303)


def _criterion(edition: Edition, criterion_id: int) -> Criterion:
    found = db.session.get(Criterion, criterion_id)
    return found if found is not None and found.edition_id == edition.id else abort(404)


def _setup_page(edition: Edition, form: JuryForm, *, refusal: str = "") -> str:
    criteria = criteria_of(db.session, edition.id)
    return render_template(
        "pitches/setup.html",
        edition=edition,
        jury=jury_of(db.session, edition),
        form=form,
        jurors=jurors(db.session, edition.id),
        criteria=criteria,
        formula=verbs.formula(criteria),
        fixed=verbs.has_marks(db.session, edition.id),
        refusal=refusal,
    )


def _criterion_page(edition: Edition, form: CriterionForm, found: Criterion | None, *, refusal: str = "") -> str:
    fixed = verbs.has_marks(db.session, edition.id)
    return render_template(
        "pitches/criterion.html", edition=edition, form=form, criterion=found, fixed=fixed, refusal=refusal
    )


def _sharing_page(edition: Edition, *, refusal: str = "") -> str:
    return render_template(
        "pitches/sharing.html",
        edition=edition,
        jury=jury_of(db.session, edition),
        proposal=propose(db.session, edition),
        barred=hidden_from(db.session, here(), edition.id),
        refusal=refusal,
    )


register_organiser_link(
    "jury", OrganiserLink(lazy_gettext("Jury"), lambda edition: url_for("jury.setup", slug=edition.slug))
)
