"""Verbs about the people of an organisation."""

from __future__ import annotations

from datetime import datetime

from openmap.directory.models import Delegate, Organisation
from openmap.extensions import AnySession, insert_unless_there
from openmap.people import journal
from openmap.people.models import Person


def invite(session: AnySession, organisation: Organisation, person: Person, *, by: Person, now: datetime) -> bool:
    """Let ``person`` act for an organisation; false when they already do."""
    made = insert_unless_there(session, Delegate, person_id=person.id, organisation_id=organisation.id, invited_at=now)
    if made is None:
        return False
    changes = {"delegate": [None, person.id]}
    journal.record(session, "delegate.invited", organisation, by=by, now=now, changes=changes)
    return True


def remove(session: AnySession, delegate: Delegate, *, by: Person, now: datetime) -> None:
    """Let a person no longer act for an organisation."""
    changes = {"delegate": [delegate.person_id, None]}
    journal.record(session, "delegate.removed", delegate.organisation, by=by, now=now, changes=changes)
    session.delete(delegate)
    session.flush()
