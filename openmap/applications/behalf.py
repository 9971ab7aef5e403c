"""A file begun by an organiser for a structure: filled in for it, or handed to its contact by mail."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import EmailField, RadioField, StringField
from wtforms.validators import DataRequired, Length

from openmap.applications.inviting import begin_for, files_with, invite
from openmap.directory.fields import siret_field
from openmap.events.access import edition_or_404, organisers_only
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.people.access import here
from openmap.people.forms import ADDRESS, one_line, options, printable
from openmap.people.services import UnusableAddress

blueprint = Blueprint("behalf", __name__, url_prefix="/editions/<slug>/candidatures/nouvelle")

FILL: Final = "remplir"
INVITE: Final = "inviter"


class BehalfForm(FlaskForm):  # type: ignore[misc]
    """Which structure, who its contact is, and who fills the file in."""

    name = StringField(
        lazy_gettext("Nom de la structure"),
        filters=[one_line],
        validators=[
            DataRequired(lazy_gettext("Saisissez le nom de la structure.")),
            Length(max=200, message=lazy_gettext("Ce nom est trop long : 200 caractères au plus.")),
            printable,
        ],
    )
    siret = siret_field()
    contact = StringField(
        lazy_gettext("Prénom et nom du contact"),
        filters=[one_line],
        validators=[Length(max=120, message=lazy_gettext("Ce nom est trop long : 120 caractères au plus.")), printable],
    )
    email = EmailField(lazy_gettext("Adresse électronique du contact"), filters=[one_line], validators=[*ADDRESS])
    how = RadioField(
        lazy_gettext("Qui remplit la candidature ?"),
        choices=options(
            [
                (INVITE, lazy_gettext("Le contact : il reçoit un message qui mène à sa candidature")),
                (FILL, lazy_gettext("Vous, à partir de ce que la structure vous a donné")),
            ]
        ),
        default=INVITE,
    )


def _now() -> datetime:
    return datetime.now(UTC)


@blueprint.get("")
@organisers_only
def new(slug: str) -> ResponseReturnValue:
    """Show the form of a file begun for a structure."""
    return _page(edition_or_404(slug), BehalfForm())


@blueprint.post("", endpoint="begin")
@organisers_only
def begin(slug: str) -> ResponseReturnValue:
    """Begin a file, and lead to its first step, or write to its contact."""
    edition, form, now = edition_or_404(slug), BehalfForm(), _now()
    if not form.validate_on_submit():
        return _page(edition, form), 422
    there = files_with(db.session, edition, form.siret.data or "", here())
    if there:
        return _page(edition, form, there=there), 409
    try:
        application = begin_for(
            db.session, edition, name=form.name.data, siret=form.siret.data or "", contact=form.contact.data or "",
            email=form.email.data, by=here(), now=now,
        )  # fmt: skip
    except UnusableAddress as refusal:
        form.email.errors = [str(refusal)]
        return _page(edition, form), 422
    if form.how.data == FILL:
        db.session.commit()
        return redirect(url_for("applying.show", application_id=application.id), 303)
    invite(db.session, application, by=here(), now=now)
    db.session.commit()
    flash(_("%(email)s reçoit un message qui mène à sa candidature.", email=form.email.data))
    return redirect(url_for("examining.show", slug=slug, application_id=application.id), 303)


def _page(edition: Edition, form: BehalfForm, there: list[Any] | None = None) -> str:
    return render_template("applications/examining/behalf.html", edition=edition, form=form, there=there or [])
