"""The facilitators of the territory: who answers for me, one entry's page, the list that administrators keep."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from flask import Blueprint, abort, current_app, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from openmap.directory import facilitating, page_parts
from openmap.directory.coverage_faults import KINDS, Folder, anomalies, is_stale
from openmap.directory.coverage_sheet import HEAD, rows
from openmap.directory.covering import Coverage, answers_for, is_active, who_answers
from openmap.directory.facilitator_forms import FacilitatorForm, filled
from openmap.directory.facilitator_labels import FILTERS
from openmap.directory.facilitator_models import Facilitator
from openmap.directory.facilitator_permissions import (
    may_confirm,
    may_keep_facilitators,
    may_read_contact,
    may_read_contacts,
)
from openmap.directory.finding_facilitators import find, key_of, sentences
from openmap.directory.models import Structure
from openmap.directory.page_parts import PagePart
from openmap.extensions import AnySession, db
from openmap.people.access import current_person, here, only, signed_in
from openmap.people.journal import entries_about
from openmap.people.models import Person
from openmap.reference.models import Area
from openmap.reference.places import PlacesOffered, places_offered
from openmap.web.french import HERE
from openmap.web.headers import forbid_storage
from openmap.web.requests import row_number
from openmap.web.tabular import CSV_TYPE, csv_bytes

blueprint = Blueprint("facilitators", __name__, url_prefix="/annuaire/facilitateurs")
for _filter in FILTERS:
    blueprint.add_app_template_filter(_filter)
blueprint.add_app_template_filter(key_of, "place_key")

keepers_only = only(lambda person, **_arguments: may_keep_facilitators(person))


def _confirms(person: Person, *, facilitator_id: int) -> bool:
    return may_confirm(person, _entry_or_404(facilitator_id))


confirming_only = only(_confirms)


def _now() -> datetime:
    return datetime.now(UTC)


def _entry_or_404(facilitator_id: int) -> Facilitator:
    return db.session.get(Facilitator, facilitator_id) or abort(404)


def _apart(page: str) -> ResponseReturnValue:
    """Let no one store what was shown to someone who has signed in: others see less of the same address."""
    response = make_response(page)
    return response if current_person() is None else forbid_storage(response)


@blueprint.get("")
def index() -> ResponseReturnValue:
    """Answer who the facilitator of a place is, above the list of all."""
    today, words = _now().astimezone(HERE).date(), request.args.get("q", "").strip()[:80]
    coverage = Coverage(db.session, today, ())
    page = render_template(
        "directory/facilitators/index.html",
        words=words,
        found=find(db.session, words, request.args.get("lieu", "")[:30], today),
        sentences=sentences,
        areas=_areas_offered(),
        entries=[(one, is_active(one, today)) for one in coverage.facilitators],
        sees_all=may_read_contacts(current_person()),
        keeps=may_keep_facilitators(current_person()),
    )
    return _apart(page)


@blueprint.get("/<int:facilitator_id>")
def show(facilitator_id: int) -> ResponseReturnValue:
    """Show an entry: its territories, and whom to write to where this may be seen."""
    entry, now, person = _entry_or_404(facilitator_id), _now(), current_person()
    today = now.astimezone(HERE).date()
    coverage = Coverage(db.session, today, ())
    keeps = may_keep_facilitators(person)
    page = render_template(
        "directory/facilitators/show.html",
        entry=entry,
        where=Folder(db.session).fold(coverage.communes_of(entry)),
        is_active=is_active(entry, today),
        stand_in=who_answers(entry, today),
        is_stale=is_stale(entry, now),
        sees_contact=may_read_contact(person, entry),
        keeps=keeps,
        confirms=may_confirm(person, entry),
        entries=entries_about(db.session, entry) if keeps else [],
    )
    return _apart(page)


@blueprint.get("/nouveau")
@keepers_only
def new() -> ResponseReturnValue:
    """Show the form of a new entry."""
    return _form_page(None, _form(None, formdata=None))


@blueprint.post("/nouveau", endpoint="create")
@keepers_only
def create() -> ResponseReturnValue:
    """Add an entry."""
    form = _form(None)
    if "chercher" in request.form:
        return _form_page(None, form)
    if not form.validate_on_submit():
        return _form_page(None, form), 422
    entry = facilitating.add(db.session, form.values(db.session), by=here(), now=_now())
    db.session.commit()
    flash(_("« %(name)s » est ajouté.", name=entry.organisation))
    return redirect(url_for("facilitators.show", facilitator_id=entry.id), 303)


@blueprint.get("/<int:facilitator_id>/modifier")
@keepers_only
def edit(facilitator_id: int) -> ResponseReturnValue:
    """Show the form of an entry."""
    entry = _entry_or_404(facilitator_id)
    return _form_page(entry, _form(entry, formdata=None, data=filled(entry)))


@blueprint.post("/<int:facilitator_id>/modifier", endpoint="change")
@keepers_only
def change(facilitator_id: int) -> ResponseReturnValue:
    """Keep what the form says."""
    entry = _entry_or_404(facilitator_id)
    form = _form(entry)
    if "chercher" in request.form:
        return _form_page(entry, form)
    if not form.validate_on_submit():
        return _form_page(entry, form), 422
    version = request.form.get("version", 0, type=row_number)
    try:
        facilitating.change(db.session, entry, form.values(db.session), version=version, by=here(), now=_now())
    except facilitating.RefusedFacilitator as refusal:
        db.session.rollback()
        return _form_page(_entry_or_404(facilitator_id), form, str(refusal)), 409
    db.session.commit()
    flash(_("La fiche est enregistrée et confirmée d’aujourd’hui."))
    return redirect(url_for("facilitators.show", facilitator_id=facilitator_id), 303)


@blueprint.post("/<int:facilitator_id>/confirmation", endpoint="confirm")
@confirming_only
def confirm(facilitator_id: int) -> ResponseReturnValue:
    """Note that the entry still holds."""
    facilitating.confirm(db.session, _entry_or_404(facilitator_id), by=here(), now=_now())
    db.session.commit()
    flash(_("Merci : la fiche est confirmée d’aujourd’hui."))
    return redirect(url_for("facilitators.show", facilitator_id=facilitator_id), 303)


@blueprint.post("/<int:facilitator_id>/suppression", endpoint="remove")
@keepers_only
def remove(facilitator_id: int) -> ResponseReturnValue:
    """Delete an entry."""
    facilitating.remove(db.session, _entry_or_404(facilitator_id), by=here(), now=_now())
    db.session.commit()
    flash(_("La fiche est supprimée."))
    return redirect(url_for("facilitators.index"), 303)


@blueprint.get("/anomalies")
@keepers_only
def faults() -> ResponseReturnValue:
    """Show what is wrong with the coverage of the territory."""
    now = _now()
    found = anomalies(db.session, now=now, on=now.astimezone(HERE).date())
    listed = [(kind, [one for one in found if one.kind == kind]) for kind in KINDS]
    return render_template(
        "directory/facilitators/anomalies.html", found=found, kinds=[one for one in listed if one[1]]
    )


@blueprint.get("/anomalies.csv")
@keepers_only
def faults_sheet() -> ResponseReturnValue:
    """Hand over the same as a table."""
    now = _now()
    found = anomalies(db.session, now=now, on=now.astimezone(HERE).date())
    content = csv_bytes([str(one) for one in HEAD], rows(found))
    response = current_app.response_class(content, content_type=CSV_TYPE)
    response.headers["Content-Disposition"] = f'attachment; filename="anomalies-facilitateurs-{now:%Y-%m-%d}.csv"'
    return response


@blueprint.get("/lieux")
@signed_in
def places() -> ResponseReturnValue:
    """Hand over the places that fit what was typed, with those chosen: a fragment of the form."""
    return render_template("reference/_places.html", places=_places(FacilitatorForm([], formdata=request.args)))


def _areas_offered() -> list[tuple[str, list[Area]]]:
    """Return the territories that a visitor chooses from: départements, then the partition."""
    areas = list(db.session.scalars(select(Area).order_by(Area.name)))
    departements = [one for one in areas if one.level == "departement"]
    return [(_("Départements"), departements), (_("Territoires"), [one for one in areas if one.is_cell])]


def _form(entry: Facilitator | None, **kwargs: Any) -> FacilitatorForm:
    asked = select(Facilitator).order_by(Facilitator.organisation, Facilitator.id)
    return FacilitatorForm([one for one in db.session.scalars(asked) if one is not entry], **kwargs)


def _form_page(entry: Facilitator | None, form: FacilitatorForm, refusal: str = "") -> str:
    target = (
        url_for("facilitators.create") if entry is None else url_for("facilitators.change", facilitator_id=entry.id)
    )
    return render_template(
        "directory/facilitators/form.html",
        entry=entry,
        form=form,
        target=target,
        refusal=refusal,
        places=_places(form),
    )


def _places(form: FacilitatorForm) -> PlacesOffered:
    chosen, codes = (list(field.data or []) for field in (form.areas, form.communes))
    return places_offered(db.session, chosen, codes, (form.find_place.data or "")[:80])


def _of_the_commune(session: AnySession, structure: Structure, _person: Person | None) -> str | None:
    """Return who helps the buyers of a structure's commune, for its page."""
    if structure.commune_code is None:
        return None
    answers = answers_for(session, structure.commune_code, _now().astimezone(HERE).date())
    if not answers:
        return None
    return render_template("directory/facilitators/_part.html", structure=structure, answers=answers)


PART: Final = PagePart("facilitators", "main", _of_the_commune)
page_parts.register(PART)
