"""Guards of the jury room's pages."""

from __future__ import annotations

from flask import abort

from openmap.applications.models import Application
from openmap.events.access import edition_or_404
from openmap.extensions import db
from openmap.people.access import here, only
from openmap.people.models import Person
from openmap.pitches.models import Jury
from openmap.pitches.permissions import hidden_from, leads, may_deliberate, may_see_scores


def _sits(person: Person, *, slug: str, **_arguments: object) -> bool:
    return may_deliberate(person, edition_or_404(slug).id)


def _leads(person: Person, *, slug: str, **_arguments: object) -> bool:
    edition = edition_or_404(slug)
    return leads(person, edition.id, db.session.get(Jury, edition.id))


jury_only = only(_sits)
"""Guard a view of the jury and of who organises."""

leaders_only = only(_leads)
"""Guard a view of the jury's chair and of who organises."""


def open_jury_or_403(edition_id: int) -> Jury:
    """Return the jury of an edition, to whoever sees its scores now; nobody does while jurors read."""
    jury = db.session.get(Jury, edition_id)
    if jury is None or not may_see_scores(db.session, here(), edition_id, jury):
        abort(403)
    return jury


def file_or_404(slug: str, application_id: int) -> Application:
    """Return a file of the edition ``slug``; refused to those of whom it is kept."""
    edition = edition_or_404(slug)
    found = db.session.get(Application, application_id)
    if found is None or found.edition_id != edition.id:
        abort(404)
    return abort(403) if found.id in hidden_from(db.session, here(), edition.id) else found
