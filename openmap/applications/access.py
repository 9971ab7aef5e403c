"""Guards of a file's own pages."""

from __future__ import annotations

from flask import abort

from openmap.applications.models import Application
from openmap.applications.permissions import may_examine, may_fill, may_open_file
from openmap.extensions import db
from openmap.people.access import only
from openmap.people.models import Person


def application_or_404(application_id: int) -> Application:
    """Return the file of this number."""
    return db.session.get(Application, application_id) or abort(404)


def _fills(person: Person, *, application_id: int, **_arguments: object) -> bool:
    return may_fill(person, application_or_404(application_id))


def _opens(person: Person, *, application_id: int, **_arguments: object) -> bool:
    return may_open_file(person, application_or_404(application_id))


def _examines(person: Person, *, application_id: int, **_arguments: object) -> bool:
    return may_examine(person, application_or_404(application_id))


applicant_only = only(_fills)
"""Guard a view of those who fill a file in: the applicant, and who organises."""

readers_only = only(_opens)
"""Guard a view of everyone who may open a file."""

examiners_only = only(_examines)
"""Guard what only the organisers do to a file."""
