"""Guards of the jury's pages."""

from __future__ import annotations

from flask import abort

from openmap.applications.models import Application
from openmap.events.access import edition_or_404
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.people.access import here, only
from openmap.people.models import Person
from openmap.pitches.models import Reading
from openmap.pitches.permissions import follows_jury, is_juror, may_mark
from openmap.pitches.reading import reading_of


def _sits(person: Person, *, slug: str, **_arguments: object) -> bool:
    return is_juror(person, edition_or_404(slug).id)


def _follows(person: Person, *, slug: str, **_arguments: object) -> bool:
    return follows_jury(db.session, person, edition_or_404(slug))


jurors_only = only(_sits)
"""Guard a view of who sits in the jury of the edition ``slug``."""

followers_only = only(_follows)
"""Guard a view of who follows the readings: organisers and the chair."""


def application_of(edition: Edition, application_id: int) -> Application:
    """Return a file of this edition, or abort."""
    found = db.session.get(Application, application_id)
    return found if found is not None and found.edition_id == edition.id else abort(404)


def own_reading(edition: Edition, application_id: int) -> Reading:
    """Return the reading that the person here has of a file; refused whatever keeps them from it.

    A file that does not exist and one that is not theirs are refused alike.
    """
    application, person = db.session.get(Application, application_id), here()
    if application is None or application.edition_id != edition.id or not may_mark(db.session, person, application):
        abort(403)
    return reading_of(db.session, application, person) or abort(403)
