"""« Personnes de … »: who acts for an organisation."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from openmap.directory import services
from openmap.directory.models import Delegate, Organisation
from openmap.directory.permissions import may_manage
from openmap.directory.queries import delegates_of, organisations_of
from openmap.extensions import db
from openmap.mail.purposes import Purpose, register
from openmap.mail.services import write
from openmap.people import own_pages
from openmap.people.access import here, only, signed_in
from openmap.people.forms import PersonForm
from openmap.people.journal import entries_about
from openmap.people.models import Person
from openmap.people.own_pages import OwnPage
from openmap.people.services import UnusableAddress, welcome
from openmap.web.addresses import address_of

blueprint = Blueprint("organisations", __name__, url_prefix="/organisations")

INVITED: Final = register(
    Purpose(
        "organisation.invited",
        lazy_gettext("Invitation à représenter une organisation"),
        "Vous représentez {organisation} sur OpenMap ESS",
        "Bonjour {prenom_nom},\n\n{invitant} vous a désigné pour représenter « {organisation} » sur OpenMap ESS.\n\n"
        "Connectez-vous avec cette adresse électronique, sans mot de passe :\n\n{adresse}\n\n"
        "Si ce message vous surprend, répondez à la personne qui vous a désigné.",
        {
            "prenom_nom": lazy_gettext("prénom et nom de la personne, ou rien"),
            "invitant": lazy_gettext("qui invite"),
            "organisation": lazy_gettext("nom de l’organisation"),
            "adresse": lazy_gettext("adresse de la page de connexion"),
        },
        {
            "prenom_nom": "Camille Exemple",
            "invitant": "Dominique Exemple",
            "organisation": "Ressourcerie exemple",
            "adresse": "https://…/connexion",
        },
        in_edition=False,
    )
)


def _now() -> datetime:
    return datetime.now(UTC)


def _organisation_or_404(organisation_id: int) -> Organisation:
    return db.session.get(Organisation, organisation_id) or abort(404)


def _manages(person: Person, *, organisation_id: int, **_arguments: object) -> bool:
    return may_manage(person, _organisation_or_404(organisation_id))


managers_only = only(_manages)


@blueprint.get("")
@signed_in
def index() -> ResponseReturnValue:
    """List the organisations that the person who is here acts for."""
    return render_template("directory/organisations.html", organisations=organisations_of(db.session, here()))


@blueprint.get("/<int:organisation_id>/personnes")
@managers_only
def people(organisation_id: int) -> ResponseReturnValue:
    """List who acts for an organisation."""
    return _people(_organisation_or_404(organisation_id), PersonForm())


@blueprint.post("/<int:organisation_id>/personnes", endpoint="invite")
@managers_only
def invite(organisation_id: int) -> ResponseReturnValue:
    """Invite someone to act for an organisation, by mail."""
    organisation, form, now = _organisation_or_404(organisation_id), PersonForm(), _now()
    if not form.validate_on_submit():
        return _people(organisation, form), 422
    try:
        person = welcome(db.session, form.email.data, name=form.name.data or "", by=here(), now=now)
    except UnusableAddress as refusal:
        form.email.errors = [str(refusal)]
        return _people(organisation, form), 422
    if services.invite(db.session, organisation, person, by=here(), now=now):
        values = {
            "prenom_nom": person.name,
            "invitant": here().shown_name,
            "organisation": organisation.name,
            "adresse": address_of("signin.ask"),
        }
        write(db.session, INVITED, person, values, key=f"{organisation.id}:{person.id}:{now:%Y%m%d}", now=now)
        flash(_("%(name)s est invité : un message part à son adresse.", name=person.shown_name))
    else:
        flash(_("%(name)s représente déjà cette organisation.", name=person.shown_name))
    db.session.commit()
    return redirect(url_for("organisations.people", organisation_id=organisation_id), 303)


@blueprint.post("/<int:organisation_id>/personnes/<int:delegate_id>/retrait", endpoint="remove")
@managers_only
def remove(organisation_id: int, delegate_id: int) -> ResponseReturnValue:
    """Let someone no longer act for an organisation."""
    delegate = db.session.get(Delegate, delegate_id)
    if delegate is None or delegate.organisation_id != organisation_id:
        abort(404)
    services.remove(db.session, delegate, by=here(), now=_now())
    db.session.commit()
    flash(_("Cette personne ne représente plus l’organisation."))
    if may_manage(here(), _organisation_or_404(organisation_id)):
        return redirect(url_for("organisations.people", organisation_id=organisation_id), 303)
    return redirect(url_for("organisations.index"), 303)


def _people(organisation: Organisation, form: PersonForm) -> str:
    return render_template(
        "directory/people.html",
        organisation=organisation,
        delegates=delegates_of(db.session, organisation),
        form=form,
        entries=entries_about(db.session, organisation),
    )


own_pages.register(
    "organisations",
    lambda _session, _person: [OwnPage(_("Les organisations que je représente"), url_for("organisations.index"))],
)
