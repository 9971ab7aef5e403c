"""What buyers intend to buy: the list, the timeline, the exports and one need's page."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Final

from flask import Blueprint, current_app, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from openmap.extensions import db
from openmap.needs import labels
from openmap.needs.exports import HEAD, calendar_of, rows
from openmap.needs.filtering import as_arguments, filters_asked
from openmap.needs.guards import kept_apart, need_or_404, readers_only
from openmap.needs.listing import Filters, Listed, listed, whole
from openmap.needs.models import Need
from openmap.needs.periods import horizon
from openmap.needs.permissions import may_read_contact, may_state
from openmap.needs.queries import own_buyers
from openmap.needs.services import today_of
from openmap.needs.telling import day, held, period_of, told, where
from openmap.people.access import current_person
from openmap.people.journal import entries_about
from openmap.people.permissions import organises
from openmap.people.scopes import Scope, scopes
from openmap.web.addresses import address_of
from openmap.web.requests import row_number
from openmap.web.tabular import CSV_TYPE, XLSX_TYPE, csv_bytes, xlsx_bytes

blueprint = Blueprint("needs", __name__, url_prefix="/besoins")
for _filter in labels.FILTERS:
    blueprint.add_app_template_filter(_filter)
blueprint.add_app_template_filter(period_of)
blueprint.add_app_template_filter(day, "need_day")
blueprint.add_app_template_filter(lambda need: where(need.areas, need.communes), "need_places")

A_QUARTER: Final = 20
"""How many needs the timeline names in each quarter; the others are a tap away."""

CALENDAR_TYPE: Final = "text/calendar; charset=utf-8; method=PUBLISH"


def _now() -> datetime:
    return datetime.now(UTC)


def today() -> date:
    """Return the day in Paris, the first of the eighteen months."""
    return today_of(_now())


@blueprint.get("")
def index() -> ResponseReturnValue:
    """List the needs of the next eighteen months that who is here may see."""
    found = _found(request.args.get("page", 1, type=row_number))
    return kept_apart(_page("needs/index.html", found, needs=whole(db.session, found.rows)))


@blueprint.get("/calendrier")
def timeline() -> ResponseReturnValue:
    """Show the same needs by quarter and trade, then quarter by quarter."""
    found = _found()
    by_quarter = [(code, [line.id for line in found.shown if line.quarter == code]) for code in found.quarters]
    first = [number for _code, ids in by_quarter for number in ids[:A_QUARTER]]
    needs = {need.id: need for need in whole(db.session, first)}
    return kept_apart(_page("needs/timeline.html", found, by_quarter=by_quarter, needs=needs, signs=labels.SIGNS))


@blueprint.get("/liste.<any(csv,xlsx,ics):ending>")
def export(ending: str) -> ResponseReturnValue:
    """Hand over all that the filters show, as a table or as a calendar."""
    needs = whole(db.session, [line.id for line in _found().shown])
    name, now = _("Besoins des dix-huit mois à venir"), _now()
    match ending:
        case "csv":
            content, media_type = csv_bytes([str(one) for one in HEAD], rows(needs, _address)), CSV_TYPE
        case "xlsx":
            head = [str(one) for one in HEAD]
            content, media_type = xlsx_bytes(name, head, rows(needs, _address), created=now), XLSX_TYPE
        case _:
            content, media_type = calendar_of(needs, _address, name=name), CALENDAR_TYPE
    response = current_app.response_class(content, content_type=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="besoins-{today():%Y-%m-%d}.{ending}"'
    return kept_apart(response)


@blueprint.get("/<int:need_id>")
@readers_only
def show(need_id: int) -> ResponseReturnValue:
    """Show a need with its dated log: the same text for all who may see it."""
    need, person = need_or_404(need_id), current_person()
    states = may_state(person, need.buyer)
    page = render_template(
        "needs/show.html",
        need=need,
        words=told(held(need)),
        sees_contact=may_read_contact(person, need),
        states=states,
        entries=entries_about(db.session, need) if states else [],
        is_over=need.ends_on is not None and need.ends_on < today(),
    )
    return make_response(page)


def _filters() -> Filters:
    """Return the filters of the address; of editions, those that who is here organises."""
    return filters_asked(request.args, today=today(), editions={scope.id for scope in _own_scopes()})


def _found(page: int = 1) -> Listed:
    return listed(db.session, current_person(), _filters(), today=today(), page=page)


def _page(template: str, found: Listed, **more: Any) -> str:
    filters, person = _filters(), current_person()
    return render_template(
        template,
        found=found,
        filters=filters,
        chosen=as_arguments(filters),
        until=horizon(today()),
        scopes=_own_scopes(),
        buyers=[] if person is None else [buyer for buyer, _count in own_buyers(db.session, person)],
        **more,
    )


def _own_scopes() -> list[Scope]:
    """Return the editions that who is here organises, newest first."""
    person = current_person()
    if person is None or not (person.is_administrator or person.roles):
        return []
    return [scope for scope in scopes(db.session).values() if organises(person, scope.id)]


def _address(need: Need) -> str:
    return address_of("needs.show", need_id=need.id)
