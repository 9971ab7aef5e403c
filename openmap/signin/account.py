"""« Mon compte »: a person's own data, sessions, password and second factor."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import BytesIO

import pyotp
import segno
from flask import Blueprint, abort, flash, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from openmap.extensions import db, limiter
from openmap.people import journal, privacy
from openmap.people.access import here, signed_in
from openmap.people.forms import ProfileForm
from openmap.people.models import Person
from openmap.people.own_pages import own_pages
from openmap.people.scopes import scopes
from openmap.people.services import RefusedChange, change_profile, erase
from openmap.signin import services, sessions
from openmap.signin.forms import ChoosePasswordForm, CodeForm, EraseForm
from openmap.signin.models import Credential, Session

blueprint = Blueprint("account", __name__, url_prefix="/compte")


def _now() -> datetime:
    return datetime.now(UTC)


@blueprint.get("")
@signed_in
def show() -> ResponseReturnValue:
    """Show the account."""
    person = here()
    return _account(ProfileForm(obj=person))


@blueprint.post("", endpoint="change")
@signed_in
def change() -> ResponseReturnValue:
    """Change name, position and telephone."""
    form, person = ProfileForm(), here()
    if not form.validate_on_submit():
        return _account(form), 422
    change_profile(
        db.session,
        person,
        name=form.name.data,
        position=form.position.data or "",
        phone=form.phone.data or "",
        by=person,
        now=_now(),
    )
    db.session.commit()
    flash(_("Vos informations sont enregistrées."))
    return redirect(url_for("account.show"), 303)


@blueprint.post("/sessions/<int:session_id>/fin")
@signed_in
def end_session(session_id: int) -> ResponseReturnValue:
    """End one of the person's own sessions."""
    person = here()
    row = db.session.get(Session, session_id)
    if row is None or row.person_id != person.id:
        abort(404)
    services.end_session(db.session, row, by=person, now=_now())
    flash(_("Cette session est fermée."))
    return redirect(url_for("account.show"), 303)


@blueprint.get("/mot-de-passe")
@signed_in
def password() -> ResponseReturnValue:
    """Show the form for a new password."""
    return render_template("signin/choose_password.html", form=ChoosePasswordForm())


@blueprint.post("/mot-de-passe", endpoint="password_post")
@signed_in
def password_post() -> ResponseReturnValue:
    """Choose a password; other sessions end."""
    form = ChoosePasswordForm()
    if not form.validate_on_submit():
        return render_template("signin/choose_password.html", form=form), 422
    services.set_password(db.session, here(), form.password.data, kept=sessions.current_row(), now=_now())
    flash(_("Votre mot de passe est enregistré. Vos autres sessions sont fermées."))
    return redirect(url_for("account.show"), 303)


@blueprint.get("/second-facteur")
@signed_in
def second_factor() -> ResponseReturnValue:
    """Show the code to scan."""
    return _second_factor(CodeForm())


@blueprint.post("/second-facteur", endpoint="second_factor_post")
@signed_in
@limiter.limit("10 per 5 minutes")
def second_factor_post() -> ResponseReturnValue:
    """Turn the second factor on."""
    form, row = CodeForm(), sessions.current_row()
    if form.validate_on_submit() and row is not None:
        try:
            services.confirm_second_factor(db.session, here(), form.code.data, kept=row, now=_now())
        except services.WrongCredentials:
            form.code.errors = [_("Ce code ne convient pas : vérifiez l’heure de votre appareil, puis recommencez.")]
        else:
            flash(_("Le second facteur est activé. Vos autres sessions sont fermées."))
            return redirect(url_for("account.show"), 303)
    page, status = _second_factor(form), 422
    return page, status


@blueprint.post("/second-facteur/retrait")
@signed_in
@limiter.limit("10 per 5 minutes")
def drop_second_factor() -> ResponseReturnValue:
    """Turn the second factor off, with a last code: an open browser alone must not take it away."""
    form, person = CodeForm(), here()
    if services.needs_code(db.session, person):
        if not form.validate_on_submit():
            return _second_factor(form), 422
        try:
            services.check_code(db.session, person, form.code.data, now=_now())
        except services.WrongCredentials:
            form.code.errors = [_("Ce code ne convient pas, ou a déjà servi : attendez le suivant.")]
            return _second_factor(form), 422
    services.drop_second_factor(db.session, person, by=person, now=_now())
    flash(_("Le second facteur est retiré."))
    return redirect(url_for("account.show"), 303)


@blueprint.get("/donnees")
@signed_in
def data() -> ResponseReturnValue:
    """Hand over everything that is known of the person."""
    person = here()
    content = json.dumps(privacy.export(db.session, person), ensure_ascii=False, indent=2)
    journal.record(db.session, "person.exported", person, by=person, now=_now(), changes={})
    db.session.commit()
    return send_file(
        BytesIO(content.encode()),
        mimetype="application/json",
        as_attachment=True,
        download_name="mes-donnees-openmap-ess.json",
    )


@blueprint.get("/effacement")
@signed_in
def leave_for_good() -> ResponseReturnValue:
    """Say what will be lost."""
    return render_template("signin/erase.html", form=EraseForm(), refusal="")


@blueprint.post("/effacement", endpoint="leave_for_good_post")
@signed_in
def leave_for_good_post() -> ResponseReturnValue:
    """Erase the person's data and end their sessions."""
    form, person = EraseForm(), here()
    if not form.validate_on_submit():
        return render_template("signin/erase.html", form=form, refusal=""), 422
    try:
        erase(db.session, person, by=person, now=_now())
    except RefusedChange as refusal:
        db.session.rollback()
        return render_template("signin/erase.html", form=form, refusal=str(refusal)), 409
    db.session.commit()
    sessions.leave()
    flash(_("Vos données sont effacées. Merci d’avoir participé."))
    return redirect(url_for("events.editions"), 303)


def _account(form: ProfileForm) -> str:
    person = here()
    return render_template(
        "signin/account.html",
        pages=own_pages(db.session, person),
        form=form,
        person=person,
        scopes=scopes(db.session),
        sessions=services.sessions_of(db.session, person, now=_now()),
        current=sessions.current_row(),
        has_password=_has_password(person),
        has_code=services.needs_code(db.session, person),
    )


def _has_password(person: Person) -> bool:
    credential = db.session.get(Credential, person.id)
    return credential is not None and credential.password_hash is not None


def _second_factor(form: CodeForm) -> str:
    person = here()
    if services.needs_code(db.session, person):
        return render_template("signin/second_factor.html", form=form, secret="", picture="", is_on=True)
    secret = services.start_second_factor(db.session, person, now=_now())
    address = pyotp.TOTP(secret).provisioning_uri(name=person.email or "", issuer_name="OpenMap ESS")
    picture = segno.make(address, error="m").svg_data_uri(scale=5, border=2, dark="#1b1f23", light="#ffffff")
    return render_template("signin/second_factor.html", form=form, secret=secret, picture=picture, is_on=False)
