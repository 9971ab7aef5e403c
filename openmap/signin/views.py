"""The pages of signing in."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Final

from flask import Blueprint, flash, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from openmap.extensions import db, limiter
from openmap.people.access import current_person
from openmap.people.models import Person
from openmap.people.queries import normalised
from openmap.signin import services, sessions
from openmap.signin.forms import AddressForm, CodeForm, PasswordForm
from openmap.web.headers import forbid_storage

blueprint = Blueprint("signin", __name__)

PER_VISITOR: Final = "30 per hour; 10 per minute"
PER_ADDRESS: Final = "5 per 15 minutes"
CODE_SECONDS: Final = 300
LONGEST_TARGET: Final = 300
_PENDING: Final = "awaits_code"


def address_typed() -> str:
    """Return what stands for the typed address in the limiter, which then knows none."""
    typed = normalised(request.form.get("email", ""))
    return hashlib.sha256(typed.encode()).hexdigest()


def _now() -> datetime:
    return datetime.now(UTC)


@blueprint.get("/connexion")
def ask() -> ResponseReturnValue:
    """Ask for an address."""
    if current_person() is not None:
        return redirect(next_page())
    return _page("signin/ask.html", AddressForm())


@blueprint.post("/connexion", endpoint="ask_post")
@limiter.limit(PER_VISITOR)
@limiter.limit(PER_ADDRESS, key_func=address_typed)
def ask_post() -> ResponseReturnValue:
    """Note that a link is wanted, and answer the same whether the address is known or not."""
    form = AddressForm()
    if not form.validate_on_submit():
        return _page("signin/ask.html", form, 422)
    services.ask_for_link(db.session, form.email.data, next_page=next_page(""), now=_now())
    return redirect(url_for("signin.asked"), 303)


@blueprint.get("/connexion/message")
def asked() -> ResponseReturnValue:
    """Say that a message is on its way."""
    return _stored_nowhere(render_template("signin/asked.html"))


@blueprint.get("/connexion/lien/<token>")
def link(token: str) -> ResponseReturnValue:
    """Show the button that uses the link: opening the page alone does nothing, for mail scanners open it too."""
    try:
        found = services.look_at_link(db.session, token, now=_now())
    except services.LinkUnusable:
        return _stored_nowhere(render_template("signin/unusable.html"), 410)
    return _stored_nowhere(render_template("signin/link.html", token=token, owner=found.person))


@blueprint.post("/connexion/lien/<token>", endpoint="link_post")
@limiter.limit(PER_VISITOR)
def link_post(token: str) -> ResponseReturnValue:
    """Use the link and open a session, after the code of those who have a second factor."""
    try:
        used = services.use_link(db.session, token, now=_now())
    except services.LinkUnusable:
        return _stored_nowhere(render_template("signin/unusable.html"), 410)
    return _entered(used.person, "link", used.next_page)


@blueprint.get("/connexion/mot-de-passe")
def password() -> ResponseReturnValue:
    """Ask for a password."""
    return _page("signin/password.html", PasswordForm())


@blueprint.post("/connexion/mot-de-passe", endpoint="password_post")
@limiter.limit(PER_VISITOR)
@limiter.limit(PER_ADDRESS, key_func=address_typed)
def password_post() -> ResponseReturnValue:
    """Check the password."""
    form = PasswordForm()
    if not form.validate_on_submit():
        return _page("signin/password.html", form, 422)
    try:
        person = services.check_password(db.session, form.email.data, form.password.data)
    except services.WrongCredentials:
        form.password.errors = [
            _("L’adresse ou le mot de passe ne convient pas. Vous pouvez aussi demander un lien de connexion.")
        ]
        return _page("signin/password.html", form, 403)
    return _entered(person, "password", next_page(""))


@blueprint.get("/connexion/code")
def code() -> ResponseReturnValue:
    """Ask for the code of the second factor."""
    if _pending() is None:
        return redirect(url_for("signin.ask"))
    return _page("signin/code.html", CodeForm())


@blueprint.post("/connexion/code", endpoint="code_post")
@limiter.limit("10 per 5 minutes", key_func=lambda: f"code-{(session.get(_PENDING) or {}).get('person')}")
def code_post() -> ResponseReturnValue:
    """Check the code."""
    pending, form = _pending(), CodeForm()
    if pending is None:
        return redirect(url_for("signin.ask"))
    person, how, target = pending
    if form.validate_on_submit():
        try:
            services.check_code(db.session, person, form.code.data, now=_now())
        except services.WrongCredentials:
            form.code.errors = [_("Ce code ne convient pas, ou a déjà servi : attendez le suivant.")]
        else:
            sessions.start(person, how)
            return redirect(target or url_for("account.show"), 303)
    return _page("signin/code.html", form, 403)


@blueprint.post("/deconnexion")
def leave() -> ResponseReturnValue:
    """Close the session in this browser."""
    row, person = sessions.current_row(), current_person()
    if row is not None and person is not None:
        services.end_session(db.session, row, by=person, now=_now())
    sessions.leave()
    flash(_("Vous êtes déconnecté."))
    return redirect(url_for("events.editions"), 303)


def _entered(person: Person, how: str, target: str) -> ResponseReturnValue:
    """Open the session, or ask for the code first."""
    if services.needs_code(db.session, person):
        session.clear()
        session[_PENDING] = {
            "person": person.id,
            "how": how,
            "next": target,
            "until": _now().timestamp() + CODE_SECONDS,
        }
        return redirect(url_for("signin.code"), 303)
    sessions.start(person, how)
    return redirect(target or url_for("account.show"), 303)


def _pending() -> tuple[Person, str, str] | None:
    """Return who has shown a link or a password and must still show a code."""
    kept = session.get(_PENDING)
    if not kept or kept["until"] < _now().timestamp():
        return None
    person = db.session.get(Person, kept["person"])
    return None if person is None or person.erased_at is not None else (person, kept["how"], kept["next"])


def next_page(default: str | None = None) -> str:
    """Return the page that was asked for when it is one of ours, else ``default`` (the account)."""
    target = request.args.get("suite", "")
    ours = target.startswith("/") and not target.startswith(("//", "/\\"))
    if ours and target.isprintable() and len(target) <= LONGEST_TARGET:
        return target
    return url_for("account.show") if default is None else default


def _page(template: str, form: object, status: int = 200) -> ResponseReturnValue:
    return _stored_nowhere(render_template(template, form=form, suite=request.args.get("suite") or None), status)


def _stored_nowhere(page: str, status: int = 200) -> ResponseReturnValue:
    return forbid_storage(make_response(page, status))
