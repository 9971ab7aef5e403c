"""« Participants aux rendez-vous »: the organiser says who takes part in the meetings."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext

from openmap.directory.models import Organisation
from openmap.events.access import edition_or_404, organisers_only
from openmap.events.models import Edition
from openmap.events.sections import OrganiserLink, register_organiser_link
from openmap.extensions import db
from openmap.meetings import inviting
from openmap.meetings.wish_access import participation_or_404
from openmap.meetings.wish_forms import NewParticipantForm
from openmap.people.access import here
from openmap.web.requests import row_number

blueprint = Blueprint("participants", __name__, url_prefix="/editions/<slug>/souhaits/participants")


def _now() -> datetime:
    return datetime.now(UTC)


@blueprint.get("")
@organisers_only
def index(slug: str) -> ResponseReturnValue:
    """Show who takes part, who could, and how to add someone."""
    return _page(edition_or_404(slug), NewParticipantForm(formdata=None))


@blueprint.post("/structures")
@organisers_only
def add_structures(slug: str) -> ResponseReturnValue:
    """Let the structures of eligible files take part: those that are ticked, or all."""
    edition, ticked = edition_or_404(slug), request.form.getlist("dossier")
    numbers = [int(one) for one in ticked if one.isascii() and one.isdigit() and len(one) < 10]
    chosen = None if "toutes" in request.form else numbers
    made = inviting.add_structures(db.session, edition, chosen, by=here(), now=_now())
    db.session.commit()
    if made:
        words = ngettext(
            "%(num)d structure participe désormais.", "%(num)d structures participent désormais.", len(made)
        )
    else:
        words = _("Aucune structure n’a été ajoutée : cochez-en au moins une.")
    flash(words)
    return _back(slug)


@blueprint.post("/organisations")
@organisers_only
def add_organisation(slug: str) -> ResponseReturnValue:
    """Let an organisation of the directory take part."""
    edition, number = edition_or_404(slug), request.form.get("organisation", type=row_number)
    organisation = (number and db.session.get(Organisation, number)) or abort(404)
    made = inviting.add_organisation(db.session, edition, organisation, by=here(), now=_now())
    db.session.commit()
    flash(_("%(name)s participe, sous le code %(code)s.", name=organisation.name, code=made.code))
    return _back(slug)


@blueprint.post("/acheteurs")
@organisers_only
def add_buyer(slug: str) -> ResponseReturnValue:
    """Let a buyer take part that the directory does not know."""
    edition, form = edition_or_404(slug), NewParticipantForm()
    if not form.validate_on_submit():
        return _page(edition, form), 422
    name, city = form.name.data or "", form.city.data or ""
    made = inviting.add_buyer(db.session, edition, name=name, city=city, by=here(), now=_now())
    db.session.commit()
    flash(_("%(name)s participe, sous le code %(code)s. Invitez ses délégués.", name=name, code=made.code))
    return redirect(url_for("organisations.people", organisation_id=made.organisation_id), 303)


@blueprint.post("/<int:participation_id>/retrait")
@organisers_only
def remove(slug: str, participation_id: int) -> ResponseReturnValue:
    """Let an organisation take part no more."""
    participation = participation_or_404(slug, participation_id)
    name = participation.organisation.name
    try:
        inviting.remove(db.session, participation, by=here(), now=_now())
    except inviting.StillMeets as refusal:
        db.session.rollback()
        flash(str(refusal))
    else:
        db.session.commit()
        flash(_("%(name)s ne participe plus aux rendez-vous.", name=name))
    return _back(slug)


def _back(slug: str) -> ResponseReturnValue:
    return redirect(url_for("participants.index", slug=slug), 303)


def _page(edition: Edition, form: NewParticipantForm) -> str:
    side = request.args.get("cote", "")
    side = side if side in inviting.LETTERS else ""
    words, looked_for = (request.args.get(name, "").strip()[:80] for name in ("q", "annuaire"))
    typed = request.args.get("page", "")
    page = int(typed) if typed.isascii() and typed.isdigit() and 0 < len(typed) < 6 else 1
    arguments = {name: value for name, value in (("cote", side), ("q", words)) if value}
    return render_template(
        "meetings/wishes/participants.html",
        edition=edition,
        listed=inviting.attending(db.session, edition, side=side, words=words, page=page),
        candidates=inviting.candidates(db.session, edition),
        found=inviting.found(db.session, edition, looked_for),
        looked_for=looked_for,
        arguments=arguments,
        form=form,
    )


register_organiser_link(
    "participants",
    OrganiserLink(
        lazy_gettext("Participants aux rendez-vous"), lambda edition: url_for("participants.index", slug=edition.slug)
    ),
)
