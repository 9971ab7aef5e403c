"""A partner asks for a stand and keeps its page; an organiser decides."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy import select

from openmap.events import services
from openmap.events.access import edition_or_404, organisers_only
from openmap.events.forms import StandRequestForm
from openmap.events.labels import stand_label
from openmap.events.models import Edition, Stand
from openmap.extensions import db
from openmap.mail.purposes import Purpose, register
from openmap.mail.services import write
from openmap.people.access import here, signed_in
from openmap.web.addresses import address_of

blueprint = Blueprint("stands", __name__, url_prefix="/editions/<slug>")
blueprint.add_app_template_filter(stand_label)

DECIDED = register(
    Purpose(
        "stand.decided",
        lazy_gettext("Réponse à une demande de stand"),
        "{edition} : votre demande de stand",
        "Bonjour {prenom_nom},\n\nVotre demande de stand pour « {stand} » à la rencontre « {edition} » : {reponse}.\n\n"
        "La page de la rencontre : {page}\n",
        {
            "prenom_nom": lazy_gettext("prénom et nom de la personne qui a demandé"),
            "edition": lazy_gettext("titre de l’édition"),
            "stand": lazy_gettext("nom du partenaire"),
            "reponse": lazy_gettext("acceptée ou refusée"),
            "page": lazy_gettext("adresse de la page publique"),
        },
        {
            "prenom_nom": "Camille Exemple",
            "edition": "OpenMap ESS – Économie circulaire",
            "stand": "Partenaire exemple",
            "reponse": "acceptée",
            "page": "https://…/editions/exemple",
        },
    )
)


def _now() -> datetime:
    return datetime.now(UTC)


@blueprint.get("/partenaires")
def partners(slug: str) -> str:
    """Show the partners who hold a stand."""
    edition = edition_or_404(slug)
    held = [stand for stand in edition.stands if stand.state == "accepted"]
    return render_template("events/partners.html", edition=edition, stands=held)


@blueprint.get("/stand")
@signed_in
def request_form(slug: str) -> ResponseReturnValue:
    """Show what the partner who is here has asked for, or the form to ask."""
    edition = edition_or_404(slug)
    own, form = _own(edition), StandRequestForm(formdata=None)
    if own is not None:
        form.show(own, edition)
    return _form_page(edition, own, form)


@blueprint.post("/stand", endpoint="ask")
@signed_in
def ask(slug: str) -> ResponseReturnValue:
    """Ask for a stand, or change one's own."""
    edition, form = edition_or_404(slug), StandRequestForm()
    if not form.validate_on_submit():
        return _form_page(edition, _own(edition), form), 422
    try:
        services.request_stand(db.session, edition, here(), form.values(edition), now=_now())
    except services.RefusedPart as refusal:
        form.name.errors = [str(refusal)]
        return _form_page(edition_or_404(slug), None, form), 409
    db.session.commit()
    flash(_("Votre demande est enregistrée : un message vous dira la réponse."))
    return redirect(url_for("stands.request_form", slug=slug), 303)


@blueprint.post("/stands/<int:stand_id>/<decision>", endpoint="decide")
@organisers_only
def decide(slug: str, stand_id: int, decision: str) -> ResponseReturnValue:
    """Accept or refuse a stand, and tell who asked."""
    edition, stand, now = edition_or_404(slug), db.session.get(Stand, stand_id), _now()
    if stand is None or stand.edition_id != edition.id or decision not in {"accepter", "refuser"}:
        abort(404)
    accepted = decision == "accepter"
    decided = services.decide_stand(db.session, stand, accepted=accepted, by=here(), now=now)
    if decided and stand.person is not None:
        values = {
            "prenom_nom": stand.person.name,
            "edition": edition.title,
            "stand": stand.name,
            "reponse": _("acceptée") if accepted else _("refusée"),
            "page": address_of("events.edition", slug=slug),
        }
        key = f"{stand.id}:{stand.state}:{now:%Y%m%d%H%M}"
        write(db.session, DECIDED, stand.person, values, key=key, now=now, edition_id=edition.id)
    db.session.commit()
    flash(_("La demande est acceptée.") if accepted else _("La demande est refusée."))
    return redirect(url_for("parts.index", slug=slug, part="stands"), 303)


def _own(edition: Edition) -> Stand | None:
    asked = select(Stand).where(Stand.edition_id == edition.id, Stand.person_id == here().id)
    return db.session.scalars(asked).one_or_none()


def _form_page(edition: Edition, own: Stand | None, form: StandRequestForm) -> str:
    return render_template("events/stand.html", edition=edition, own=own, form=form)
