"""« Mettre à jour la page de l’annuaire avec ce dossier »: what a file says of a structure, put on its page if agreed.

What is said of one edition only (pitch, attendees, wishes) never leaves the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from openmap.applications.access import application_or_404
from openmap.applications.models import Application
from openmap.applications.permissions import is_applicant
from openmap.applications.telling import Told, register_told
from openmap.directory.models import STRUCTURE_KINDS, Organisation, Structure
from openmap.directory.permissions import may_publish, register_asker
from openmap.directory.renewing import Renewal, renew, steps_of
from openmap.extensions import AnySession, db
from openmap.people.access import current_person, here, only
from openmap.people.models import Person
from openmap.reference.models import Activity
from openmap.reference.queries import codes_of, communes_near

blueprint = Blueprint("renewing", __name__, url_prefix="/candidatures/<int:application_id>/annuaire")


def may_renew(person: Person | None, application: Application) -> bool:
    """Say whether ``person`` may put what the file says on the page: the applicant, who answers for the page too."""
    if person is None or application.structure is None or application.state != "submitted":
        return False
    if not (is_applicant(person, application) or person.is_administrator):
        return False
    return may_publish(person, application.structure)


def _may(person: Person, *, application_id: int, **_arguments: object) -> bool:
    return may_renew(person, application_or_404(application_id))


renewers_only = only(_may)


@blueprint.get("")
@renewers_only
def show(application_id: int) -> ResponseReturnValue:
    """Show what would change on the page, field by field, before anything does."""
    application = application_or_404(application_id)
    structure = application.structure or abort(404)
    steps = steps_of(db.session, structure, renewal_of(db.session, application))
    return render_template("applications/renewing.html", application=application, structure=structure, steps=steps)


@blueprint.post("", endpoint="agree")
@renewers_only
def agree(application_id: int) -> ResponseReturnValue:
    """Put it on the page."""
    application = application_or_404(application_id)
    structure = application.structure or abort(404)
    renew(db.session, structure, renewal_of(db.session, application), by=here(), now=datetime.now(UTC))
    db.session.commit()
    flash(
        _("La page est à jour, et dans l’annuaire.")
        if structure.is_listed
        else _("La page est à jour. L’administration l’a retirée de l’annuaire : écrivez-lui pour la rétablir.")
    )
    return redirect(url_for("structures.show", structure_id=structure.id), 303)


def renewal_of(session: AnySession, application: Application) -> Renewal:
    """Return what a file says of its structure: what it is, where, how large, and its offers."""
    values = {
        "name": application.name,
        "kind": application.kind if application.kind in STRUCTURE_KINDS else "",
        "legal_form": application.legal_form,
        "description": application.presentation,
        "website": application.website,
        "workforce": application.workforce,
        "supported_share": application.supported_share,
        "address": application.address,
        "commune": application.commune,
        "labels": [one for one in application.labels if one.retired_at is None],
    }
    return Renewal(application.edition.title, values, _offers(session, application))


def _offers(session: AnySession, application: Application) -> list[Mapping[str, Any]]:
    """Return an offer for each activity and reach of the file; its words go with the first, or stand alone."""
    reaches: list[dict[str, Any]] = []
    if application.areas:
        reaches.append({"reach": "places", "radius_km": None, "areas": list(application.areas), "communes": []})
    if application.radius_km and not _is_inside(session, application):
        reaches.append({"reach": "radius", "radius_km": application.radius_km, "areas": [], "communes": []})
    activities: list[Activity | None] = [one for one in application.activities if one.retired_at is None]
    if not reaches or not (activities or application.offers):
        return []
    title = "" if activities else application.offers.partition("\n")[0][:200]
    offers: list[Mapping[str, Any]] = []
    for activity in activities or [None]:
        for reach in reaches:
            words = application.offers if not offers else ""
            more = {"activity": activity, "title": title, "description": words, "capacity": "", "largest_amount": ""}
            offers.append({**more, "deliveries": ["service"], **reach})
    return offers


def _is_inside(session: AnySession, application: Application) -> bool:
    """Say whether the areas that a file names hold its radius already."""
    commune = application.commune
    if commune is None or commune.lon is None or commune.lat is None or not application.areas:
        return False
    near = communes_near(session, commune.lon, commune.lat, application.radius_km or 0)
    return near.keys() <= codes_of(session, [area.id for area in application.areas])


def _told(_session: AnySession, application: Application) -> Mapping[str, Any] | None:
    """Return what the file's own page says of the directory, to who submitted it."""
    person = current_person()
    if application.state != "submitted" or application.structure is None or not is_applicant(person, application):
        return None
    return {"renews": may_renew(person, application), "structure": application.structure}


def _has_applied(session: AnySession, person: Person, structure: Organisation) -> bool:
    asked = select(Application.id).where(
        Application.structure_id == structure.id,
        Application.person_id == person.id,
        Application.state == "submitted",
    )
    return isinstance(structure, Structure) and session.scalar(asked.limit(1)) is not None


register_told(Told("applications/_directory.html", _told))
register_asker(_has_applied)
