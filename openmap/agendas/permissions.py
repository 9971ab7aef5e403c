"""Questions about agendas."""

from __future__ import annotations

from openmap.agendas.feeds import organisations_of
from openmap.events.models import Edition
from openmap.events.permissions import may_organise
from openmap.extensions import db
from openmap.people.models import Person


def may_open_agendas(person: Person | None, edition: Edition) -> bool:
    """Say whether ``person`` has an agenda in an edition, or looks after those of everyone."""
    if person is None or person.erased_at is not None:
        return False
    return may_organise(person, edition) or bool(organisations_of(db.session, edition, person))
