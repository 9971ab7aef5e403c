"""« Équipe »: who has a role in an edition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy import select

from openmap.events.access import edition_or_404, organisers_only
from openmap.events.models import Edition
from openmap.events.sections import OrganiserLink, register_organiser_link
from openmap.extensions import AnySession, db
from openmap.mail.purposes import Purpose, register
from openmap.mail.reminders import Rule, register_rule
from openmap.mail.services import write
from openmap.people.access import here
from openmap.people.forms import InviteForm
from openmap.people.labels import role_label
from openmap.people.models import ROLES, Person, Role
from openmap.people.queries import people_of
from openmap.people.services import RefusedChange, UnusableAddress, give_role, take_role, welcome
from openmap.web.addresses import address_of

blueprint = Blueprint("team", __name__, url_prefix="/editions/<slug>/equipe")

GIVEN_HERE: Final = tuple(role for role in ROLES if role != "administrator")

_INVITATION: Final = Purpose(
    "people.invited",
    lazy_gettext("Invitation à rejoindre une édition"),
    "{edition} : vous y avez un rôle",
    "Bonjour {prenom_nom},\n\nPour la rencontre « {edition} », vous avez désormais le rôle : {role}.\n\n"
    "Connectez-vous avec cette adresse électronique, sans mot de passe :\n\n{adresse}\n\n"
    "Si ce message vous surprend, répondez à la personne qui organise la rencontre.",
    {
        "prenom_nom": lazy_gettext("prénom et nom de la personne, ou rien"),
        "edition": lazy_gettext("titre de l’édition"),
        "role": lazy_gettext("le rôle donné"),
        "adresse": lazy_gettext("adresse de la page de connexion"),
    },
    {
        "prenom_nom": "Camille Exemple",
        "edition": "OpenMap ESS – Économie circulaire",
        "role": "Jury",
        "adresse": "https://…/connexion",
    },
)
SILENT_AFTER: Final = timedelta(days=3)
SILENT_UNTIL: Final = timedelta(days=10)


def _silent(session: AnySession, edition_id: int, now: datetime) -> Iterator[tuple[Person, Mapping[str, str]]]:
    """Return who was given a role three to ten days ago and has never signed in."""
    asked = (
        select(Role)
        .join(Person, Role.person_id == Person.id)
        .where(
            Role.edition_id == edition_id,
            Role.granted_at.between(now - SILENT_UNTIL, now - SILENT_AFTER),
            Person.seen_at.is_(None),
            Person.erased_at.is_(None),
        )
    )
    edition = session.get_one(Edition, edition_id)
    for role in session.scalars(asked.order_by(Role.id)):
        yield role.person, _values(edition, role.person, role.role)


def _values(edition: Edition, person: Person, role: str) -> dict[str, str]:
    return {
        "prenom_nom": person.name,
        "edition": edition.title,
        "role": role_label(role),
        "adresse": address_of("signin.ask"),
    }


def _values_for(session: AnySession, edition_id: int, person: Person) -> Mapping[str, str] | None:
    """Return what an invitation tells a person of an edition's team."""
    held = next((role for role in person.roles if role.edition_id == edition_id), None)
    return None if held is None else _values(session.get_one(Edition, edition_id), person, held.role)


INVITATION: Final = register(replace(_INVITATION, values_for=_values_for))
INVITED_AND_SILENT: Final = register_rule(
    Rule(
        "unanswered",
        None,
        register(
            replace(
                INVITATION,
                name="reminder.unanswered",
                title=lazy_gettext("Rappel à qui ne s’est jamais connecté"),
                subject="{edition} : vous y êtes attendu",
            )
        ),
        _silent,
    )
)


def _now() -> datetime:
    return datetime.now(UTC)


@blueprint.get("")
@organisers_only
def index(slug: str) -> ResponseReturnValue:
    """List the people of an edition."""
    return _index(edition_or_404(slug), InviteForm(GIVEN_HERE))


@blueprint.post("", endpoint="invite")
@organisers_only
def invite(slug: str) -> ResponseReturnValue:
    """Give someone a role, and tell them by mail."""
    edition, form, now = edition_or_404(slug), InviteForm(GIVEN_HERE), _now()
    if not form.validate_on_submit():
        return _index(edition, form), 422
    try:
        person = welcome(db.session, form.email.data, name=form.name.data or "", by=here(), now=now)
    except UnusableAddress as refusal:
        form.email.errors = [str(refusal)]
        return _index(edition, form), 422
    if give_role(db.session, person, form.role.data, edition.id, by=here(), now=now):
        values = _values(edition, person, form.role.data)
        key = f"{edition.id}:{person.id}:{form.role.data}"
        write(db.session, INVITATION, person, values, key=key, now=now, edition_id=edition.id)
        flash(_("%(name)s est invité : un message part à son adresse.", name=person.shown_name))
    else:
        flash(_("%(name)s a déjà ce rôle.", name=person.shown_name))
    db.session.commit()
    return redirect(url_for("team.index", slug=slug), 303)


@blueprint.post("/<int:role_id>/retrait")
@organisers_only
def take(slug: str, role_id: int) -> ResponseReturnValue:
    """Take a role of this edition away."""
    edition, held = edition_or_404(slug), db.session.get(Role, role_id)
    if held is None or held.edition_id != edition.id:
        abort(404)
    try:
        take_role(db.session, held, by=here(), now=_now())
    except RefusedChange as refusal:
        db.session.rollback()
        flash(str(refusal))
    else:
        db.session.commit()
        flash(_("Le rôle est retiré."))
    return redirect(url_for("team.index", slug=slug), 303)


def _index(edition: Edition, form: InviteForm) -> str:
    return render_template("events/team.html", edition=edition, people=people_of(db.session, edition.id), form=form)


register_organiser_link(
    "team", OrganiserLink(lazy_gettext("Équipe"), lambda edition: url_for("team.index", slug=edition.slug))
)
register_organiser_link(
    "mail", OrganiserLink(lazy_gettext("Courrier"), lambda edition: url_for("mail.index", edition=edition.id))
)
