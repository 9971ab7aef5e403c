"""The parts of an edition that are lists: programme, slots, tables, categories, stands. One set of pages for all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString, lazy_gettext
from flask_babel import gettext as _

from openmap.events import services
from openmap.events.access import edition_or_404, organisers_only
from openmap.events.forms import CategoryForm, PartForm, ProgrammeForm, RhythmForm, SlotForm, StandForm, TableForm
from openmap.events.labels import moment_label
from openmap.events.letters import tell
from openmap.events.models import Category, Edition, ProgrammeItem, Slot, Stand, Table
from openmap.events.registering import promote
from openmap.events.slots import RefusedSlots, Rhythm, generate
from openmap.extensions import db
from openmap.people.access import here
from openmap.people.journal import entries_about
from openmap.web.french import clock, counted

blueprint = Blueprint("parts", __name__, url_prefix="/editions/<slug>/preparation/<part>")


@dataclass(frozen=True, slots=True)
class Part:
    """A list of an edition: its rows, the form of one, how they are counted, and how a row is told in two lines."""

    title: LazyString
    one: LazyString
    noun: tuple[str, ...]
    empty: LazyString
    model: type[Any]
    form: type[PartForm]
    rows: Callable[[Edition], list[Any]]
    told: Callable[[Any, Edition], tuple[str, str]]


def _hours(row: Any, edition: Edition) -> str:
    return f"{clock(row.start, edition.zone)} – {clock(row.end, edition.zone)}"


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


PARTS: Final[dict[str, Part]] = {
    "programme": Part(
        lazy_gettext("Programme"),
        lazy_gettext("un moment"),
        ("moment",),
        lazy_gettext("Rien n’est prévu. Ajoutez l’accueil, puis chaque moment de la demi-journée."),
        ProgrammeItem,
        ProgrammeForm,
        lambda edition: edition.programme,
        lambda row, edition: (row.title, _joined(_hours(row, edition), moment_label(row.kind), row.room)),
    ),
    "creneaux": Part(
        lazy_gettext("Créneaux d’entretien"),
        lazy_gettext("un créneau"),
        ("créneau", "créneaux"),
        lazy_gettext("Aucun créneau. Générez-les d’un coup ci-dessous."),
        Slot,
        SlotForm,
        lambda edition: edition.slots,
        lambda row, edition: (
            row.code,
            _joined(_hours(row, edition), _("bloc %(name)s", name=row.block) if row.block else ""),
        ),
    ),
    "tables": Part(
        lazy_gettext("Tables"),
        lazy_gettext("une table"),
        ("table",),
        lazy_gettext("Aucune table. Sans table, le planning place les entretiens sans dire où."),
        Table,
        TableForm,
        lambda edition: edition.tables,
        lambda row, _edition: (row.code, _joined(row.label, counted(row.seats, "chaise"))),
    ),
    "categories": Part(
        lazy_gettext("Catégories d’inscription"),
        lazy_gettext("une catégorie"),
        ("catégorie",),
        lazy_gettext("Aucune catégorie : il en faut au moins une pour ouvrir les inscriptions."),
        Category,
        CategoryForm,
        lambda edition: edition.categories,
        lambda row, _edition: (
            row.name,
            _("%(count)s au plus", count=counted(row.capacity, "place")) if row.capacity else "",
        ),
    ),
    "stands": Part(
        lazy_gettext("Partenaires et stands"),
        lazy_gettext("un stand"),
        ("stand",),
        lazy_gettext("Aucun stand. Les partenaires peuvent en demander un depuis la page publique."),
        Stand,
        StandForm,
        lambda edition: edition.stands,
        lambda row, _edition: (row.name, _joined(row.place, row.equipment)),
    ),
}


def _now() -> datetime:
    return datetime.now(UTC)


def _part_or_404(part: str) -> Part:
    return PARTS.get(part) or abort(404)


@blueprint.get("/liste")
@organisers_only
def index(slug: str, part: str) -> ResponseReturnValue:
    """List the rows of a part, with the form of a new one."""
    return _index(edition_or_404(slug), part, _part_or_404(part).form())


@blueprint.post("/liste", endpoint="add")
@organisers_only
def add(slug: str, part: str) -> ResponseReturnValue:
    """Add a row."""
    edition, kind = edition_or_404(slug), _part_or_404(part)
    form = kind.form()
    if not form.validate_on_submit():
        return _index(edition, part, form), 422
    try:
        services.add_part(db.session, edition, kind.model, form.values(edition), by=here(), now=_now())
    except services.RefusedPart as refusal:
        return _index(edition_or_404(slug), part, form, str(refusal)), 409
    db.session.commit()
    flash(_("C’est ajouté."))
    return redirect(url_for("parts.index", slug=slug, part=part), 303)


@blueprint.get("/<int:row_id>")
@organisers_only
def edit(slug: str, part: str, row_id: int) -> ResponseReturnValue:
    """Show the form of a row."""
    edition, kind = edition_or_404(slug), _part_or_404(part)
    row, form = _row_or_404(edition, kind, row_id), kind.form(formdata=None)
    form.show(row, edition)
    return _edit(edition, part, row, form)


@blueprint.post("/<int:row_id>", endpoint="change")
@organisers_only
def change(slug: str, part: str, row_id: int) -> ResponseReturnValue:
    """Change a row."""
    edition, kind = edition_or_404(slug), _part_or_404(part)
    row, form = _row_or_404(edition, kind, row_id), kind.form()
    if not form.validate_on_submit():
        return _edit(edition, part, row, form), 422
    try:
        services.change_part(db.session, edition, row, form.values(edition), by=here(), now=_now())
    except services.RefusedPart as refusal:
        return _edit(edition_or_404(slug), part, row, form, str(refusal)), 409
    _let_in(edition, row)
    db.session.commit()
    flash(_("C’est enregistré."))
    return redirect(url_for("parts.index", slug=slug, part=part), 303)


@blueprint.post("/<int:row_id>/suppression", endpoint="remove")
@organisers_only
def remove(slug: str, part: str, row_id: int) -> ResponseReturnValue:
    """Remove a row."""
    edition, kind = edition_or_404(slug), _part_or_404(part)
    row = _row_or_404(edition, kind, row_id)
    name = kind.told(row, edition)[0]
    try:
        services.remove_part(db.session, edition, row, by=here(), now=_now())
    except (services.RefusedPart, RefusedSlots) as refusal:
        db.session.rollback()
        return _index(edition_or_404(slug), part, kind.form(formdata=None), str(refusal)), 409
    db.session.commit()
    flash(_("« %(name)s » est supprimé.", name=name))
    return redirect(url_for("parts.index", slug=slug, part=part), 303)


@blueprint.post("/generation", endpoint="generate")
@organisers_only
def generate_slots(slug: str, part: str) -> ResponseReturnValue:
    """Replace the slots by those of a rhythm."""
    edition = edition_or_404(slug)
    form = RhythmForm(prefix="rythme") if part == "creneaux" else abort(404)
    if not form.validate_on_submit():
        return _index(edition, part, SlotForm(formdata=None), rhythm=form), 422

    def at(hour: Any) -> datetime:
        return datetime.combine(edition.held_on, hour, edition.zone)

    breaks = [(at(form.break_start.data), at(form.break_end.data))] if form.break_start.data else []
    rhythm = Rhythm(at(form.start.data), at(form.end.data), *form.lengths(), breaks)
    try:
        count = generate(db.session, edition, rhythm, by=here(), now=_now())
    except RefusedSlots as refusal:
        db.session.rollback()
        return _index(edition_or_404(slug), part, SlotForm(formdata=None), str(refusal), form), 409
    db.session.commit()
    flash(_("%(count)s : corrigez-les un à un si besoin.", count=counted(count, "créneau", "créneaux")))
    return redirect(url_for("parts.index", slug=slug, part=part), 303)


def _let_in(edition: Edition, row: Any) -> None:
    """More places in a category let people in who wait."""
    if isinstance(row, Category):
        now = _now()
        promote(db.session, edition, now=now, told=lambda one: tell(db.session, one, now=now))


def _row_or_404(edition: Edition, kind: Part, row_id: int) -> Any:
    return next((row for row in kind.rows(edition) if row.id == row_id), None) or abort(404)


def _index(edition: Edition, part: str, form: PartForm, refusal: str = "", rhythm: RhythmForm | None = None) -> str:
    kind = PARTS[part]
    if part == "creneaux" and rhythm is None:
        rhythm = RhythmForm(formdata=None, prefix="rythme")
    return render_template(
        "events/part.html",
        edition=edition,
        part=part,
        kind=kind,
        rows=[(row, *kind.told(row, edition)) for row in kind.rows(edition)],
        form=form,
        refusal=refusal,
        rhythm=rhythm,
    )


def _edit(edition: Edition, part: str, row: Any, form: PartForm, refusal: str = "") -> str:
    kind = PARTS[part]
    name = kind.told(row, edition)[0]
    return render_template(
        "events/part_edit.html",
        edition=edition,
        part=part,
        kind=kind,
        row=row,
        name=name,
        form=form,
        refusal=refusal,
        entries=entries_about(db.session, row),
    )
