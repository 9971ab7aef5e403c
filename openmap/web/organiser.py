"""The organiser's door: a guard for views, and the page that asks for the token."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec
from urllib.parse import urlsplit

from flask import Blueprint, Flask, abort, flash, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import PasswordField
from wtforms.validators import InputRequired

from openmap.web.headers import forbid_storage
from openmap.web.permissions import SESSION_KEY, may_organise, token_is_asked, token_matches, token_proof

P = ParamSpec("P")

blueprint = Blueprint("organiser", __name__)


class TokenForm(FlaskForm):  # type: ignore[misc]
    """The token given at start."""

    token = PasswordField(
        lazy_gettext("Code d’accès"),
        validators=[InputRequired(lazy_gettext("Saisissez le code d’accès remis par votre administrateur."))],
    )


def init_app(app: Flask) -> None:
    """Add the page and tell templates whether the reader organises."""
    app.register_blueprint(blueprint)
    app.context_processor(lambda: {"is_organiser": may_organise(request, session), "can_leave": SESSION_KEY in session})


def organisers_only(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Guard a view: the organiser passes, others are asked for the token or refused. Nothing is cached."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if may_organise(request, session):
            return forbid_storage(make_response(view(*args, **kwargs)))
        if token_is_asked() and request.method == "GET":
            return forbid_storage(make_response(redirect(url_for("organiser.enter", suite=request.full_path))))
        return abort(403)

    return guarded


@blueprint.get("/organisateur")
@blueprint.post("/organisateur", endpoint="enter_post")
def enter() -> ResponseReturnValue:
    """Ask for the token, and open the session that proves it was given."""
    if not token_is_asked() and not may_organise(request, session):
        abort(403)
    if may_organise(request, session):
        return redirect(_next_page())
    form = TokenForm()
    if form.validate_on_submit():
        if token_matches(form.token.data):
            session[SESSION_KEY] = token_proof()
            return redirect(_next_page())
        form.token.errors = [_("Ce code n’est pas le bon. Vérifiez-le auprès de votre administrateur.")]
    page = render_template("organiser/enter.html", form=form, suite=request.args.get("suite", ""))
    return forbid_storage(make_response(page, 403 if form.errors else 200))


@blueprint.post("/organisateur/quitter")
def leave() -> ResponseReturnValue:
    """Close the organiser's session on this browser."""
    session.pop(SESSION_KEY, None)
    flash(_("Vous avez quitté l’espace organisateur."))
    return redirect(url_for("events.editions"))


def _next_page() -> str:
    """Return the page asked for, when it is one of ours, else the first page."""
    target = request.args.get("suite", "")
    parts = urlsplit(target)
    ours = target.startswith("/") and not target.startswith(("//", "/\\")) and not parts.netloc and not parts.scheme
    return target if ours and target.isprintable() else url_for("events.editions")
