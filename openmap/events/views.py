"""The public pages: the editions, and one edition."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext

from openmap.events.access import edition_or_404
from openmap.events.calendar import programme_calendar
from openmap.events.labels import moment_label, phase_label
from openmap.events.models import Edition
from openmap.events.permissions import may_create, may_organise
from openmap.events.phases import is_open
from openmap.events.queries import all_editions, dated_editions, hours_of, steps_of
from openmap.events.sections import (
    Section,
    figures_of,
    organiser_links,
    own_links,
    register_section,
    sections_of,
)
from openmap.events.zones import HOME, zone_label
from openmap.extensions import AnySession, db
from openmap.mail.reminders import register_days
from openmap.people.access import current_person
from openmap.web.addresses import address_of

blueprint = Blueprint("events", __name__)
blueprint.add_app_template_global(hours_of)
blueprint.add_app_template_global(organiser_links)
blueprint.add_app_template_filter(moment_label)
blueprint.add_app_template_filter(phase_label)
blueprint.add_app_template_filter(zone_label)
blueprint.add_app_template_global(lambda: HOME, "home_zone")
blueprint.add_app_template_global(lambda: may_create(current_person()), "may_create")
blueprint.add_app_template_global(lambda edition: may_organise(current_person(), edition), "may_organise")


@blueprint.get("/")
def editions() -> str:
    """List the editions."""
    now = datetime.now(UTC)
    found = all_editions(db.session, current_person(), today=now.date())
    registering = {edition.id for edition in found.upcoming if is_open(edition, "registration", now=now)}
    return render_template("events/editions.html", editions=found, registering=registering)


@blueprint.get("/editions/<slug>")
def edition(slug: str) -> str:
    """Show one edition to the public."""
    found = edition_or_404(slug)
    return render_template(
        "events/edition.html",
        edition=found,
        figures=figures_of(db.session, found),
        sections=sections_of(db.session, found),
        own=own_links(db.session, found, current_person()),
        is_over=found.held_on < datetime.now(found.zone).date(),
        registering=is_open(found, "registration", now=datetime.now(UTC)),
    )


@blueprint.get("/editions/<slug>/programme.ics")
def calendar(slug: str) -> ResponseReturnValue:
    """Hand over the programme as a calendar."""
    found = edition_or_404(slug)
    address = address_of("events.edition", slug=slug)
    content = programme_calendar(found, address=address, now=datetime.now(UTC))
    response = current_app.response_class(content, content_type="text/calendar; method=PUBLISH; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{slug}.ics"'
    return response


def _programme(_session: AnySession, edition: Edition) -> Mapping[str, Any] | None:
    return {"steps": steps_of(edition, now=datetime.now(UTC))} if edition.programme else None


def _stands(_session: AnySession, edition: Edition) -> Mapping[str, Any] | None:
    held = [stand for stand in edition.stands if stand.state == "accepted"]
    return {"stands": held} if held else None


def _resources(_session: AnySession, edition: Edition) -> Mapping[str, Any] | None:
    return {"resources": edition.resources} if edition.resources else None


register_section(Section("programme", lazy_gettext("Programme"), "events/_programme.html", 10, _programme))
register_section(Section("stands", lazy_gettext("Stands"), "events/_stands.html", 90, _stands))
register_section(Section("documents", lazy_gettext("Documents"), "events/_resources.html", 5, _resources))
register_days(dated_editions)
