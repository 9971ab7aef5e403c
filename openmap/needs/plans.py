"""Importing a purchase plan: the file, what its columns are, what its words mean, what became of each line."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from sqlalchemy import select
from wtforms.validators import InputRequired

from openmap.directory.models import Buyer
from openmap.extensions import db, limiter
from openmap.needs import bringing
from openmap.needs.asking import answers_typed, asked_of, columns_of, options_typed, places_offered
from openmap.needs.bringing import RefusedPlan, judged, memory_of, report_of
from openmap.needs.guards import buyer_or_404, buyers_only
from openmap.needs.guessing import FIELDS
from openmap.needs.labels import IMPORT_STATE_LABELS, VISIBILITY_LABELS
from openmap.needs.models import Need, NeedImport
from openmap.needs.recognising import load_vocabulary
from openmap.needs.services import today_of
from openmap.needs.sheets import lines_of, read_plan
from openmap.people.access import here
from openmap.web.inspecting import RefusedFile

blueprint = Blueprint("plans", __name__, url_prefix="/organisations/<int:organisation_id>/besoins/import")

PER_PERSON: Final = "60 per hour"
"""Reading a file costs a second: nobody has more plans than that."""


class PlanForm(FlaskForm):  # type: ignore[misc]
    """A purchase plan."""

    file = FileField(
        lazy_gettext("Plan d’achat (.xlsx ou .csv)"), validators=[InputRequired(lazy_gettext("Choisissez un fichier."))]
    )


def _now() -> datetime:
    return datetime.now(UTC)


def _import_or_404(organisation_id: int, import_id: int) -> NeedImport:
    found = db.session.get(NeedImport, import_id)
    return found if found is not None and found.buyer_id == organisation_id else abort(404)


@blueprint.get("")
@buyers_only
def index(organisation_id: int) -> ResponseReturnValue:
    """Show the form, and the imports there have been."""
    return _index(buyer_or_404(organisation_id), PlanForm())


@blueprint.post("", endpoint="send")
@buyers_only
@limiter.limit(PER_PERSON, key_func=lambda: f"plan-{here().id}")
def send(organisation_id: int) -> ResponseReturnValue:
    """Read a file and keep what it says, or say why it cannot be read."""
    buyer, form = buyer_or_404(organisation_id), PlanForm()
    if not form.validate_on_submit():
        return _index(buyer, form), 422
    name = form.file.data.filename or ""
    try:
        with form.file.data.stream as stream:
            grid = read_plan(stream, name)
    except RefusedFile as refusal:
        form.file.errors = [str(refusal)]
        return _index(buyer, form), 422
    brought = bringing.begin(db.session, buyer, grid, name, by=here(), now=_now())
    db.session.commit()
    return _to(brought)


@blueprint.get("/<int:import_id>")
@buyers_only
def show(organisation_id: int, import_id: int) -> ResponseReturnValue:
    """Show where an import stands: its columns, its words, or what became of it."""
    brought = _import_or_404(organisation_id, import_id)
    if brought.state in {"done", "undone"}:
        return _done(brought)
    if brought.state == "columns" or request.args.get("etape") == "colonnes":
        return _columns(brought)
    return _values(brought)


@blueprint.post("/<int:import_id>/colonnes", endpoint="columns")
@buyers_only
def columns(organisation_id: int, import_id: int) -> ResponseReturnValue:
    """Keep what each column is."""
    brought = _import_or_404(organisation_id, import_id)
    typed = {
        rank: request.form.get(f"colonne-{rank}", "") for rank in range(len(brought.rows[0] if brought.rows else ()))
    }
    known = {rank: name for rank, name in typed.items() if name in FIELDS}
    try:
        bringing.confirm_columns(db.session, brought, known)
    except RefusedPlan as refusal:
        return _refused(brought, refusal, _columns)
    db.session.commit()
    return _to(brought)


@blueprint.post("/<int:import_id>/valeurs", endpoint="values")
@buyers_only
def values(organisation_id: int, import_id: int) -> ResponseReturnValue:
    """Keep what words mean; make the needs where that is asked and all is known."""
    brought, now = _import_or_404(organisation_id, import_id), _now()
    try:
        _keep_typed(brought, now)
        if request.form.get("geste") == "importer":
            bringing.bring_in(db.session, brought, by=here(), now=now)
    except RefusedPlan as refusal:
        return _refused(brought, refusal, _values)
    db.session.commit()
    return _to(brought)


@blueprint.post("/<int:import_id>/annulation", endpoint="undo")
@buyers_only
def undo(organisation_id: int, import_id: int) -> ResponseReturnValue:
    """Take back what an import has made, but for the needs that changed since."""
    brought = _import_or_404(organisation_id, import_id)
    try:
        bringing.undo(db.session, brought, by=here(), now=_now())
    except RefusedPlan as refusal:
        db.session.rollback()
        flash(str(refusal))
    else:
        db.session.commit()
    return _to(brought)


@blueprint.post("/<int:import_id>/abandon", endpoint="abandon")
@buyers_only
def abandon(organisation_id: int, import_id: int) -> ResponseReturnValue:
    """Forget a plan that made no need yet."""
    brought = _import_or_404(organisation_id, import_id)
    try:
        bringing.abandon(db.session, brought, by=here(), now=_now())
    except RefusedPlan as refusal:
        db.session.rollback()
        flash(str(refusal))
        return _to(brought)
    db.session.commit()
    flash(_("Ce fichier est oublié : aucun besoin n’a été créé."))
    return redirect(url_for("plans.index", organisation_id=organisation_id), 303)


def _keep_typed(brought: NeedImport, now: datetime) -> None:
    """Keep the answers of the page, also those of a page that is refused."""
    vocabulary = load_vocabulary(db.session)
    found = judged(db.session, brought, memory_of(db.session, brought.buyer_id), vocabulary, today=today_of(now))
    answers = answers_typed(request.form, found, vocabulary) | options_typed(request.form, vocabulary)
    bringing.keep_values(db.session, brought, answers)
    db.session.commit()


def _refused(brought: NeedImport, refusal: RefusedPlan, page: Any) -> ResponseReturnValue:
    """Show the page again with why, and with what was typed; an import that is over shows what became of it."""
    db.session.rollback()
    if brought.state in {"done", "undone"}:
        flash(str(refusal))
        return _to(brought)
    return page(brought, refusal=str(refusal)), 422


def _to(brought: NeedImport) -> ResponseReturnValue:
    return redirect(url_for("plans.show", organisation_id=brought.buyer_id, import_id=brought.id), 303)


def _index(buyer: Buyer, form: PlanForm) -> str:
    imports = bringing.imports_of(db.session, buyer)
    return render_template(
        "needs/imports/index.html", buyer=buyer, form=form, imports=imports, state_labels=IMPORT_STATE_LABELS
    )


def _columns(brought: NeedImport, refusal: str = "") -> str:
    memory = memory_of(db.session, brought.buyer_id)
    typed = request.form if request.method == "POST" else None
    return render_template(
        "needs/imports/columns.html",
        brought=brought,
        buyer=brought.buyer,
        columns=columns_of(brought, memory, typed),
        count=sum(1 for _row in lines_of(brought.rows, brought.first_line)),
        fields=FIELDS,
        refusal=refusal,
    )


def _values(brought: NeedImport, refusal: str = "") -> str:
    vocabulary, today = load_vocabulary(db.session), today_of(_now())
    found = judged(db.session, brought, memory_of(db.session, brought.buyer_id), vocabulary, today=today)
    return render_template(
        "needs/imports/values.html",
        brought=brought,
        buyer=brought.buyer,
        found=found,
        asked=asked_of(found, vocabulary, today),
        option=lambda name: bringing.option(brought, name),
        places=places_offered(vocabulary),
        visibilities=VISIBILITY_LABELS,
        refusal=refusal,
    )


def _done(brought: NeedImport) -> str:
    asked = select(Need).where(Need.import_id == brought.id).order_by(Need.id)
    return render_template(
        "needs/imports/done.html",
        brought=brought,
        buyer=brought.buyer,
        report=report_of(brought),
        needs={need.id: need for need in db.session.scalars(asked)},
    )
