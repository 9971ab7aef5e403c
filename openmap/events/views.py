"""The public pages: the editions, and one edition."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, abort, render_template
from flask_babel import lazy_gettext

from openmap.events.models import Edition
from openmap.events.queries import all_editions, edition_by_slug, hours_of, steps_of
from openmap.events.sections import (
    Section,
    figures_of,
    organiser_links,
    register_section,
    sections_of,
)
from openmap.extensions import AnySession, db

blueprint = Blueprint("events", __name__)
blueprint.add_app_template_global(hours_of)
blueprint.add_app_template_global(organiser_links)


@blueprint.get("/")
def editions() -> str:
    """List the editions."""
    found = all_editions(db.session, today=datetime.now(UTC).date())
    return render_template("events/editions.html", editions=found)


@blueprint.get("/editions/<slug>")
def edition(slug: str) -> str:
    """Show one edition to the public."""
    found = edition_or_404(slug)
    return render_template(
        "events/edition.html",
        edition=found,
        figures=figures_of(db.session, found),
        sections=sections_of(db.session, found),
        is_over=found.held_on < datetime.now(found.zone).date(),
    )


def edition_or_404(slug: str) -> Edition:
    """Return the edition of this address, for the views of every room."""
    return edition_by_slug(db.session, slug) or abort(404)


def _programme(_session: AnySession, edition: Edition) -> Mapping[str, Any] | None:
    return {"steps": steps_of(edition, now=datetime.now(UTC))} if edition.programme else None


def _stands(_session: AnySession, edition: Edition) -> Mapping[str, Any] | None:
    return {"stands": edition.stands} if edition.stands else None


register_section(Section("programme", lazy_gettext("Programme"), "events/_programme.html", 10, _programme))
register_section(Section("stands", lazy_gettext("Stands"), "events/_stands.html", 90, _stands))
