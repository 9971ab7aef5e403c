"""The pages of the one who applies: the call, the steps of the form, the file and its submission."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from flask import Blueprint, flash, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from openmap.applications import services
from openmap.applications.access import applicant_only, application_or_404, examiners_only
from openmap.applications.calling import call_of, files_of
from openmap.applications.completeness import counts, missing
from openmap.applications.filling import Kept, Page, keep_step, page_of, step_or_404
from openmap.applications.forms import LateForm, StartForm
from openmap.applications.models import Application
from openmap.applications.permissions import may_examine, may_fill
from openmap.applications.presenting import questions_of, sections
from openmap.applications.recognising import own_structures
from openmap.applications.steps import steps_of
from openmap.applications.telling import told_of
from openmap.directory.models import Structure
from openmap.directory.queries import acts_for
from openmap.events.access import edition_or_404
from openmap.events.models import Edition
from openmap.events.sections import Section, register_section
from openmap.extensions import AnySession, db, limiter
from openmap.people import own_pages
from openmap.people.access import current_person, here, signed_in
from openmap.people.models import Person
from openmap.people.own_pages import OwnPage
from openmap.people.services import UnusableAddress, welcome
from openmap.signin.forms import AddressForm
from openmap.signin.services import ask_for_link
from openmap.signin.views import PER_ADDRESS, PER_VISITOR, address_typed
from openmap.web.arrival import arrived_at
from openmap.web.headers import forbid_storage
from openmap.web.uploads import ACCEPT

blueprint = Blueprint("applying", __name__)
blueprint.add_app_template_global(lambda application: told_of(db.session, application), "told_of")

PER_FILE: Final = "120 per minute"


@blueprint.url_value_preprocessor
def _arrived(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Note when the request reached us, queue and all, before its body is read: the deadline is held against this."""
    g.arrived = arrived_at(request.environ)


def _now() -> datetime:
    arrived: datetime = g.arrived
    return arrived


@blueprint.get("/editions/<slug>/candidature")
def call(slug: str) -> ResponseReturnValue:
    """Show the call: what is asked, until when, and how to begin or go on."""
    edition = edition_or_404(slug)
    return _call_page(edition, AddressForm(formdata=None), StartForm(formdata=None))


@blueprint.post("/editions/<slug>/candidature/lien", endpoint="ask")
@limiter.limit(PER_VISITOR)
@limiter.limit(PER_ADDRESS, key_func=address_typed)
def ask(slug: str) -> ResponseReturnValue:
    """Send a link that leads back here to whoever gives an address: the same answer whether it is known or not."""
    edition, form = edition_or_404(slug), AddressForm()
    if not form.validate_on_submit():
        return _call_page(edition, form, StartForm(formdata=None), 422)
    try:
        welcome(db.session, form.email.data, by=None, now=_now())
    except UnusableAddress as refusal:
        form.email.errors = [str(refusal)]
        return _call_page(edition, form, StartForm(formdata=None), 422)
    ask_for_link(db.session, form.email.data, next_page=url_for("applying.call", slug=slug), now=_now())
    return redirect(url_for("signin.asked"), 303)


@blueprint.post("/editions/<slug>/candidature", endpoint="begin")
@signed_in
@limiter.limit("20 per hour", key_func=lambda: f"begin-{here().id}")
def begin(slug: str) -> ResponseReturnValue:
    """Begin a draft, with the SIRET that was typed or for a structure that one acts for."""
    edition, form = edition_or_404(slug), StartForm()
    structure = _own_structure(request.form.get("structure", ""))
    if not form.validate_on_submit():
        return _call_page(edition, AddressForm(formdata=None), form, 422)
    try:
        application = services.start(
            db.session, edition, person=here(), by=here(), now=_now(), siret=form.siret.data or "", structure=structure
        )
    except services.CallClosed as refusal:
        db.session.rollback()
        return _call_page(edition, AddressForm(formdata=None), form, 409, str(refusal))
    db.session.commit()
    return redirect(url_for("applying.step", application_id=application.id, step="identite"), 303)


@blueprint.post("/editions/<slug>/candidature/code", endpoint="late")
@signed_in
@limiter.limit("10 per 15 minutes", key_func=lambda: f"late-{here().id}")
def late(slug: str) -> ResponseReturnValue:
    """Take a late code."""
    edition, form = edition_or_404(slug), LateForm()
    taken = form.validate_on_submit() and services.enter_late_code(
        db.session, edition, form.code.data or "", by=here(), now=_now()
    )
    db.session.commit()
    flash(
        _("Le code est accepté : vous pouvez déposer ou modifier votre candidature.")
        if taken
        else _("Ce code ne convient pas, ou a déjà servi à quelqu’un d’autre : demandez-en un à l’organisation.")
    )
    return redirect(url_for("applying.call", slug=slug), 303)


@blueprint.get("/candidatures")
@signed_in
def index() -> ResponseReturnValue:
    """List one's own files, to go on from any device."""
    return render_template("applications/index.html", files=files_of(db.session, here()))


@blueprint.get("/candidatures/<int:application_id>")
@applicant_only
def show(application_id: int) -> ResponseReturnValue:
    """Show the file as it will be read, what it still needs, and the button that submits it."""
    return _show(application_or_404(application_id))


@blueprint.get("/candidatures/<int:application_id>/<step>")
@applicant_only
def step(application_id: int, step: str) -> ResponseReturnValue:
    """Show a step of the form."""
    application = application_or_404(application_id)
    if not services.may_change(db.session, application, by=here(), now=_now()):
        return redirect(url_for("applying.show", application_id=application_id))  # which says why
    return _step(page_of(db.session, application, step, now=_now()))


@blueprint.post("/candidatures/<int:application_id>/<step>", endpoint="keep")
@applicant_only
@limiter.limit(PER_FILE, key_func=lambda: f"keep-{here().id}")
def keep(application_id: int, step: str) -> ResponseReturnValue:
    """Keep what a step holds: by itself while it is typed, or when someone goes on."""
    application = application_or_404(application_id)
    step_or_404(step, questions_of(db.session, application.edition_id))
    by_itself = _is_script() and not {"continuer", "retirer"} & request.form.keys()
    kept = keep_step(
        db.session, application, step, request.form, request.files, by=here(), now=_now(), by_itself=by_itself
    )
    return _answer(kept)


@blueprint.post("/candidatures/<int:application_id>/depot", endpoint="submit")
@applicant_only
def submit(application_id: int) -> ResponseReturnValue:
    """Submit the file."""
    application = application_or_404(application_id)
    try:
        services.submit(db.session, application, by=here(), now=_now())
    except services.Incomplete:
        db.session.rollback()
        return _show(application_or_404(application_id), refused=True), 422
    except (services.CallClosed, services.NoLongerYours) as refusal:
        db.session.rollback()
        return _show(application_or_404(application_id), refusal=str(refusal)), 409
    db.session.commit()
    flash(_("Votre candidature est déposée. Un message vous le confirme, avec le dossier en pièce jointe."))
    return redirect(url_for("applying.show", application_id=application_id), 303)


@blueprint.post("/candidatures/<int:application_id>/retrait", endpoint="withdraw")
@applicant_only
def withdraw(application_id: int) -> ResponseReturnValue:
    """Withdraw the file."""
    application = application_or_404(application_id)
    try:
        services.withdraw(db.session, application, by=here(), now=_now())
    except services.NoLongerYours as refusal:
        db.session.rollback()
        return _show(application_or_404(application_id), refusal=str(refusal)), 409
    db.session.commit()
    flash(_("Votre candidature est retirée."))
    return redirect(url_for("applying.show", application_id=application_id), 303)


@blueprint.post("/candidatures/<int:application_id>/autorisation", endpoint="allow")
@examiners_only
def allow(application_id: int) -> ResponseReturnValue:
    """Let the people of this file submit or change it after the deadline."""
    services.allow_late(db.session, application_or_404(application_id), by=here(), now=_now())
    db.session.commit()
    flash(_("La structure peut désormais déposer ou modifier sa candidature. Prévenez-la."))
    return redirect(url_for("applying.show", application_id=application_id), 303)


def _own_structure(typed: str) -> Structure | None:
    """Return the structure that was chosen, where the person acts for it."""
    if not (typed.isascii() and typed.isdigit() and len(typed) < 10):
        return None
    found = db.session.get(Structure, int(typed))
    return found if found is not None and acts_for(db.session, here(), found) else None


def _is_script() -> bool:
    return request.headers.get("HX-Request") == "true"


def _answer(kept: Kept) -> ResponseReturnValue:
    """Answer a save: to htmx a fragment or an address to go to, to a plain form a page or a redirection."""
    script = _is_script()
    if script and kept.goes_to and not kept.stays:
        response = make_response("", 204)
        response.headers["HX-Redirect"] = kept.goes_to
        return response
    if script and "continuer" not in request.form:
        return render_template(
            "applications/_saved.html", page=kept.page, kept=kept, form=kept.page.form, accept=ACCEPT
        )
    if kept.page.conflict:
        page = render_template("applications/conflict.html", page=kept.page, script=script)
        return make_response(page, {"HX-Retarget": "body"} if script else 409)
    if kept.goes_to:
        return redirect(kept.goes_to, 303)
    return _step(kept.page, 422)


def _step(page: Page, status: int = 200) -> ResponseReturnValue:
    return make_response(render_template("applications/step.html", page=page, form=page.form, accept=ACCEPT), status)


def _show(application: Application, *, refused: bool = False, refusal: str = "") -> str:
    questions = questions_of(db.session, application.edition_id)
    return render_template(
        "applications/show.html",
        application=application,
        edition=application.edition,
        call=call_of(application.edition, now=_now()),
        steps=steps_of(questions),
        missing=missing(application, questions),
        counts=counts(application, questions),
        sections=sections(db.session, application),
        may_change=_may_change(application),
        opens_kept=application.merged_into is not None and may_fill(here(), application.merged_into),
        may_allow=may_examine(here(), application) and call_of(application.edition, now=_now()).state == "closed",
        refused=refused,
        refusal=refusal,
    )


def _may_change(application: Application) -> bool:
    """Say whether the one who looks may submit or change this file now."""
    try:
        services.require_open(db.session, application.edition, application, by=here(), now=_now())
    except services.CallClosed:
        return False
    return True


def _call_page(
    edition: Edition, address: AddressForm, start: StartForm, status: int = 200, refusal: str = ""
) -> ResponseReturnValue:
    person, stage = current_person(), call_of(edition, now=_now())
    files = files_of(db.session, person, edition) if person else []
    begun = {file.siret for file in files if file.state in {"draft", "submitted"}}
    structures = own_structures(db.session, person) if person else []
    page = render_template(
        "applications/call.html",
        edition=edition,
        stage=stage,
        is_open=stage.state == "open"
        or (person is not None and services.may_be_late(db.session, edition, None, person)),
        address=address,
        start=start,
        late=LateForm(formdata=None),
        files=files,
        structures=[one for one in structures if one.siret is None or one.siret not in begun],
        is_past=edition.held_on < _now().astimezone(edition.zone).date(),
        steps=steps_of(questions_of(db.session, edition.id)),
        refusal=refusal,
    )
    return forbid_storage(make_response(page, status))


def _load_section(_session: AnySession, edition: Edition) -> dict[str, Any] | None:
    """Return what the edition's page says of the call while it is announced or open."""
    stage = call_of(edition, now=datetime.now(UTC))
    return None if stage.state in {"absent", "closed"} else {"stage": stage}


register_section(Section("candidater", lazy_gettext("Candidater"), "applications/_call_section.html", 5, _load_section))


def _own_pages(session: AnySession, person: Person) -> list[OwnPage]:
    count = len(files_of(session, person))
    return [OwnPage(_("Mes candidatures (%(count)d)", count=count), url_for("applying.index"))] if count else []


own_pages.register("applications", _own_pages)
