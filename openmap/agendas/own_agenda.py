"""« Mon agenda »: a person's own meetings as they were last published, and the address that a calendar follows."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, current_app, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from openmap.agendas import feeds
from openmap.agendas.exports import PDF, calendar_of
from openmap.agendas.itip import ATTACHMENT_NAME, file_of
from openmap.agendas.letters import page_of
from openmap.agendas.permissions import may_open_agendas
from openmap.agendas.printing import agendas_pdf
from openmap.agendas.queries import Party, Sheet, load_sheet
from openmap.agendas.timeline import timeline
from openmap.events.access import edition_or_404
from openmap.events.models import Edition
from openmap.events.permissions import may_organise
from openmap.events.sections import register_own_links
from openmap.extensions import AnySession, db, limiter
from openmap.meetings.models import Participation
from openmap.meetings.queries import participants_by_name
from openmap.meetings.releasing import current_release
from openmap.people import own_pages
from openmap.people.access import here, only, signed_in
from openmap.people.models import Person
from openmap.people.own_pages import OwnPage
from openmap.web.addresses import address_of

blueprint = Blueprint("own_agenda", __name__)

FEED_LIMIT = "600 per hour"


def _now() -> datetime:
    return datetime.now(UTC)


def _secret() -> str:
    return str(current_app.config["OPENMAP"].secret_key)


def _sender() -> str:
    return str(current_app.config["OPENMAP"].mail_from)


_participants_only = only(lambda person, *, slug, **_arguments: may_open_agendas(person, edition_or_404(slug)))


@blueprint.get("/editions/<slug>/mon-agenda")
@_participants_only
def show(slug: str) -> ResponseReturnValue:
    """Show the person's meetings; an organiser without any chooses whose to see."""
    edition = edition_or_404(slug)
    release = current_release(db.session, edition)
    own = feeds.organisations_of(db.session, edition, here())
    sheet, parties = _own(edition)
    return render_template(
        "agendas/own.html",
        edition=edition,
        release=release,
        sheet=sheet,
        halves=[(party, timeline(sheet, party), len(sheet.of(party))) for party in parties] if sheet else [],
        choices=_choices(edition),
        chosen=request.args.get("participant", ""),
        is_own=_chosen_participation(edition) is None and bool(own),
        has_feed=feeds.has_token(db.session, here()),
    )


@blueprint.get("/editions/<slug>/mon-agenda/agenda.pdf")
@_participants_only
def printed(slug: str) -> ResponseReturnValue:
    """Hand over the agenda to print, one page a participant."""
    sheet, parties = _own(edition_or_404(slug))
    if sheet is None or not parties:
        abort(404)
    return send_file(BytesIO(agendas_pdf(sheet, parties)), PDF, as_attachment=True, download_name=f"agenda-{slug}.pdf")


@blueprint.get("/editions/<slug>/mon-agenda/agenda.ics")
@_participants_only
def calendar(slug: str) -> ResponseReturnValue:
    """Hand over the person's calendar: the same entries as their mails, so that nothing appears twice.

    An organiser is given that of the participant whose agenda they look at.
    """
    edition = edition_or_404(slug)
    chosen = _chosen_participation(edition)
    if chosen is not None and (release := current_release(db.session, edition)) is not None:
        content = BytesIO(calendar_of(db.session, release.plan, chosen, now=_now()))
    else:
        agenda = feeds.agenda_of(db.session, edition, here()) or abort(404)
        content = BytesIO(file_of(agenda.sheet, agenda.told.entries, _sender(), page_of(slug)).encode())
    return send_file(content, "text/calendar; method=PUBLISH", as_attachment=True, download_name=ATTACHMENT_NAME)


@blueprint.get("/agenda")
@signed_in
def index() -> ResponseReturnValue:
    """List the person's agendas, with the address that a calendar can follow."""
    token = feeds.token_of(db.session, here(), secret=_secret())
    address = None if token is None else address_of("own_agenda.feed", token=token)
    return render_template(
        "agendas/index.html",
        agendas=feeds.agendas_of(db.session, here(), now=_now()),
        has_token=feeds.has_token(db.session, here()),
        address=address,
        subscription=None if address is None else urlsplit(address)._replace(scheme="webcal").geturl(),
    )


@blueprint.post("/agenda/abonnement")
@signed_in
def subscribe() -> ResponseReturnValue:
    """Make the address, or a new one in its place."""
    renewed = feeds.has_token(db.session, here())
    feeds.make_token(db.session, here(), secret=_secret(), now=_now())
    db.session.commit()
    told = _("Votre nouvelle adresse est prête ; l’ancienne ne donne plus rien.") if renewed else _("C’est prêt.")
    flash(told)
    return redirect(url_for("own_agenda.index", _anchor="abonnement"), 303)


@blueprint.post("/agenda/abonnement/fin")
@signed_in
def unsubscribe() -> ResponseReturnValue:
    """Take the address back."""
    feeds.revoke_token(db.session, here(), now=_now())
    db.session.commit()
    flash(_("L’adresse est retirée : les calendriers qui la suivaient ne reçoivent plus rien."))
    return redirect(url_for("own_agenda.index", _anchor="abonnement"), 303)


@blueprint.get("/agenda/<token>.ics")
@limiter.limit(FEED_LIMIT)
def feed(token: str) -> ResponseReturnValue:
    """Tell a calendar program what changed, or that nothing did."""
    person = feeds.person_of(db.session, token) or abort(404)
    content = feeds.feed(db.session, person, sender=_sender(), now=_now())
    response: Response = current_app.response_class(content, content_type="text/calendar; charset=utf-8")
    response.headers.set("Content-Disposition", "attachment", filename=ATTACHMENT_NAME)
    response.headers["X-Robots-Tag"] = "noindex"
    response.add_etag()
    return response.make_conditional(request)


def _own(edition: Edition) -> tuple[Sheet | None, list[Party]]:
    """Return what is published to the person here, limited to them, and the participants that they may look at."""
    release = current_release(db.session, edition)
    if release is None:
        return None, []
    chosen = _chosen_participation(edition)
    organisations = feeds.organisations_of(db.session, edition, here())
    organisations = [chosen.organisation_id] if chosen is not None else organisations
    sheet = load_sheet(db.session, edition, release.plan, organisations=organisations)
    return sheet, [party for party in sheet.parties if party.organisation in set(organisations)]


def _chosen_participation(edition: Edition) -> Participation | None:
    """Return the participant that an organiser asks for by its code."""
    code = request.args.get("participant", "")
    if not code or not may_organise(here(), edition):
        return None
    asked = select(Participation).where(Participation.edition_id == edition.id, Participation.code == code)
    return db.session.scalars(asked).one_or_none()


def _choices(edition: Edition) -> list[Any]:
    return participants_by_name(db.session, edition) if may_organise(here(), edition) else []


def _own_pages(session: AnySession, person: Person) -> list[OwnPage]:
    has_one = feeds.has_agenda(session, person)
    return [OwnPage(_("Mes agendas"), url_for("own_agenda.index"))] if has_one else []


def _own_links(session: AnySession, edition: Edition, person: Person) -> list[OwnPage]:
    """Return one's agenda in an edition, once there is one to read."""
    if current_release(session, edition) is None or not feeds.organisations_of(session, edition, person):
        return []
    return [OwnPage(_("Votre agenda"), url_for("own_agenda.show", slug=edition.slug))]


own_pages.register("agendas", _own_pages)
register_own_links("agendas", _own_links)
