"""Guards of an edition's pages."""

from __future__ import annotations

from flask import abort, g
from sqlalchemy import select

from openmap.events.models import Edition
from openmap.events.permissions import may_create, may_organise, may_see
from openmap.events.queries import edition_by_slug
from openmap.extensions import AnySession, db
from openmap.people import scopes
from openmap.people.access import current_person, only
from openmap.people.models import Person


def edition_or_404(slug: str) -> Edition:
    """Return the edition of this address, for the views of every room; none to whom it is not public yet."""
    edition = edition_by_slug(db.session, slug) or abort(404)
    return edition if may_see(current_person(), edition) else abort(404)


def bare_edition_or_404(slug: str) -> Edition:
    """Return the same without its parts, which pages that many open at once do not show; read once a request."""
    known: Edition | None = g.get("bare_edition")
    if known is None or known.slug != slug:
        known = g.bare_edition = db.session.scalars(select(Edition).where(Edition.slug == slug)).one_or_none()
    return known if known is not None and may_see(current_person(), known) else abort(404)


def _organises(person: Person, *, slug: str, **_arguments: object) -> bool:
    edition = db.session.scalars(select(Edition).where(Edition.slug == slug)).one_or_none()
    if edition is None or not may_see(person, edition):
        abort(404)
    return may_organise(person, edition)


organisers_only = only(_organises)
"""Guard a view of those who organise the edition ``slug``."""

creators_only = only(lambda person, **_arguments: may_create(person))
"""Guard a view of those who may create an edition."""


def _scopes(session: AnySession) -> list[scopes.Scope]:
    rows = session.execute(select(Edition.id, Edition.title, Edition.slug).order_by(Edition.held_on.desc()))
    return [scopes.Scope(number, title, f"/editions/{slug}") for number, title, slug in rows]


scopes.register(_scopes)
