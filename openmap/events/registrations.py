"""Registering for an edition: the public form, one's own registration, and the organiser's list."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from flask import Blueprint, abort, current_app, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString, lazy_gettext
from flask_babel import gettext as _

from openmap.events.access import edition_or_404, organisers_only
from openmap.events.forms import RegistrationForm
from openmap.events.labels import registration_label
from openmap.events.letters import registration_by_token, tell
from openmap.events.models import Category, Edition, Registration
from openmap.events.phases import stages
from openmap.events.queries import registrations
from openmap.events.registering import cancel, places, position_in_queue, register
from openmap.events.sections import OrganiserLink, register_organiser_link
from openmap.extensions import db, limiter
from openmap.people.access import current_person, here
from openmap.people.models import Person
from openmap.people.services import UnusableAddress, welcome
from openmap.web.headers import forbid_storage
from openmap.web.requests import row_number
from openmap.web.tabular import CSV_TYPE, XLSX_TYPE, Cell, csv_bytes, xlsx_bytes

blueprint = Blueprint("registrations", __name__)
blueprint.add_app_template_filter(registration_label)

PER_ADDRESS: Final = "20 per minute"
HEAD: Final[tuple[LazyString, ...]] = (
    lazy_gettext("Rang"),
    lazy_gettext("Nom"),
    lazy_gettext("Organisme"),
    lazy_gettext("Adresse électronique"),
    lazy_gettext("Catégorie"),
    lazy_gettext("État"),
    lazy_gettext("Inscription"),
    lazy_gettext("Besoin particulier"),
)


def _now() -> datetime:
    return datetime.now(UTC)


@blueprint.get("/editions/<slug>/inscription")
def form(slug: str) -> str:
    """Show the form, or why there is none now."""
    edition, person = edition_or_404(slug), current_person()
    known = {"name": person.name, "email": person.email} if person else {}
    return _form_page(edition, RegistrationForm(edition, data=known))


@blueprint.post("/editions/<slug>/inscription", endpoint="send")
@limiter.limit(PER_ADDRESS)
def send(slug: str) -> ResponseReturnValue:
    """Register someone. The answer is the same whether the address was known or not: a mail tells the rest."""
    edition, now = edition_or_404(slug), _now()
    filled = RegistrationForm(edition)
    if _stage(edition, now) != "open" or not edition.categories:
        return _form_page(edition, filled), 409
    if not filled.validate_on_submit():
        return _form_page(edition, filled), 422
    try:
        _register(edition, filled, by=current_person(), now=now)
    except UnusableAddress as refusal:
        filled.email.errors = [str(refusal)]
        return _form_page(edition, filled), 422
    db.session.commit()
    return redirect(url_for("registrations.received", slug=slug), 303)


@blueprint.get("/editions/<slug>/inscription/recue")
def received(slug: str) -> str:
    """Say that the registration is in, and that a mail follows."""
    return render_template("events/registered.html", edition=edition_or_404(slug))


@blueprint.get("/inscriptions/<token>")
def own(token: str) -> ResponseReturnValue:
    """Show someone's own registration, with the button that cancels it."""
    registration = registration_by_token(db.session, token) or abort(404)
    waiting = registration.state == "waiting"
    page = render_template(
        "events/own_registration.html",
        edition=registration.edition,
        registration=registration,
        token=token,
        position=position_in_queue(db.session, registration) if waiting else None,
    )
    return forbid_storage(make_response(page))


@blueprint.post("/inscriptions/<token>", endpoint="own_cancel")
def own_cancel(token: str) -> ResponseReturnValue:
    """Give one's place back."""
    registration, now = registration_by_token(db.session, token) or abort(404), _now()
    edition = registration.edition
    cancel(
        db.session,
        edition,
        registration,
        by=registration.person,
        now=now,
        told=lambda one: tell(db.session, one, now=now),
    )
    db.session.commit()
    flash(_("Votre inscription est annulée. Merci de nous avoir prévenus."))
    return redirect(url_for("registrations.own", token=token), 303)


@blueprint.get("/editions/<slug>/inscrits")
@organisers_only
def index(slug: str) -> ResponseReturnValue:
    """List who is registered, with the form that adds someone."""
    edition = edition_or_404(slug)
    return _index(edition, RegistrationForm(edition, formdata=None))


@blueprint.post("/editions/<slug>/inscrits", endpoint="add")
@organisers_only
def add(slug: str) -> ResponseReturnValue:
    """Register someone on their behalf, be the registrations open or not."""
    edition, now = edition_or_404(slug), _now()
    filled = RegistrationForm(edition)
    if not filled.validate_on_submit():
        return _index(edition, filled), 422
    try:
        registration = _register(edition, filled, by=here(), now=now)
    except UnusableAddress as refusal:
        filled.email.errors = [str(refusal)]
        return _index(edition, filled), 422
    db.session.commit()
    flash(_("%(name)s : %(state)s.", name=registration.name, state=registration_label(registration.state).lower()))
    return redirect(url_for("registrations.index", slug=slug), 303)


@blueprint.post("/editions/<slug>/inscrits/<int:registration_id>/annulation", endpoint="cancel")
@organisers_only
def cancel_one(slug: str, registration_id: int) -> ResponseReturnValue:
    """Cancel someone's registration; they are told, and so is whoever gets the place."""
    edition, registration, now = edition_or_404(slug), db.session.get(Registration, registration_id), _now()
    if registration is None or registration.edition_id != edition.id:
        abort(404)
    moved = cancel(
        db.session, edition, registration, by=here(), now=now, told=lambda one: tell(db.session, one, now=now)
    )
    names = ", ".join(one.name for one in moved)
    db.session.commit()
    flash(_("L’inscription est annulée.") + (" " + _("La place va à %(names)s.", names=names) if names else ""))
    return redirect(url_for("registrations.index", slug=slug), 303)


@blueprint.get("/editions/<slug>/inscrits.<ending>", endpoint="export")
@organisers_only
def export(slug: str, ending: str) -> ResponseReturnValue:
    """Hand over the list that the filters show, as CSV or XLSX."""
    edition, now = edition_or_404(slug), _now()
    head = [str(name) for name in HEAD]
    rows = [_row(one, edition) for one in registrations(db.session, edition, **_filters(), page=None).rows]
    title = _("Inscriptions – %(title)s", title=edition.title)
    match ending:
        case "csv":
            content, media_type = csv_bytes(head, rows), CSV_TYPE
        case "xlsx":
            content, media_type = xlsx_bytes(title, head, rows, created=now), XLSX_TYPE
        case _:
            abort(404)
    response = current_app.response_class(content, mimetype=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{slug}-inscriptions.{ending}"'
    return response


def _register(edition: Edition, filled: RegistrationForm, *, by: Person | None, now: datetime) -> Registration:
    person = welcome(db.session, filled.email.data, name=filled.name.data, by=by, now=now)
    return register(
        db.session,
        edition,
        person,
        db.session.get_one(Category, filled.category_id.data),
        name=filled.name.data,
        organisation=filled.organisation.data or "",
        requirements=filled.requirements.data or "",
        by=by,
        now=now,
        told=lambda one: tell(db.session, one, now=now),
    )


def _row(one: Registration, edition: Edition) -> list[Cell]:
    return [
        one.rank,
        one.name,
        one.organisation,
        one.person.email if one.person else "",
        one.category.name,
        registration_label(one.state),
        one.registered_at.astimezone(edition.zone).strftime("%d/%m/%Y %H:%M"),
        one.requirements,
    ]


def _filters() -> dict[str, Any]:
    return {
        "state": request.args.get("etat", ""),
        "category_id": request.args.get("categorie", type=row_number),
        "words": request.args.get("q", "").strip()[:80],
    }


def _stage(edition: Edition, now: datetime) -> str:
    return next(stage.state for stage in stages(edition, now=now) if stage.kind == "registration")


def _form_page(edition: Edition, filled: RegistrationForm) -> str:
    now = _now()
    stage = next(stage for stage in stages(edition, now=now) if stage.kind == "registration")
    return render_template(
        "events/registration.html",
        edition=edition,
        form=filled,
        stage=stage,
        is_open=stage.state == "open" and bool(edition.categories),
        places=places(db.session, edition),
    )


def _index(edition: Edition, filled: RegistrationForm) -> str:
    filters = _filters()
    listed = registrations(db.session, edition, **filters, page=request.args.get("page", 1, type=row_number))
    return render_template(
        "events/registrations.html",
        edition=edition,
        listed=listed,
        filters=filters,
        chosen={name: value for name, value in request.args.items() if name in {"etat", "categorie", "q"} and value},
        places=places(db.session, edition),
        form=filled,
    )


register_organiser_link(
    "registrations",
    OrganiserLink(lazy_gettext("Inscrits"), lambda edition: url_for("registrations.index", slug=edition.slug)),
)
