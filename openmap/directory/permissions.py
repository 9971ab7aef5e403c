"""Questions about organisations."""

from __future__ import annotations

from collections.abc import Callable

from openmap.directory.models import Organisation
from openmap.directory.queries import acts_for
from openmap.extensions import AnySession, db
from openmap.people.models import Person

_looked_after: list[Callable[[AnySession, Person, Organisation], bool]] = []
_asking: list[Callable[[AnySession, Person, Organisation], bool]] = []


def register_care(question: Callable[[AnySession, Person, Organisation], bool]) -> None:
    """Let a room below say who looks after an organisation: the organisers of an edition that it takes part in."""
    _looked_after.append(question)


def may_manage(person: Person | None, organisation: Organisation) -> bool:
    """Say whether ``person`` invites and removes people of an organisation: its own people, and who looks after it."""
    if person is None or person.erased_at is not None:
        return False
    if person.is_administrator or acts_for(db.session, person, organisation):
        return True
    return any(question(db.session, person, organisation) for question in _looked_after)


def may_publish(person: Person | None, structure: Organisation) -> bool:
    """Say whether ``person`` answers for a structure's page: publishes or withdraws it, lets others keep it."""
    if person is None or person.erased_at is not None:
        return False
    return person.is_administrator or acts_for(db.session, person, structure)


def register_asker(question: Callable[[AnySession, Person, Organisation], bool]) -> None:
    """Let a room below say who may ask for a page that is not listed: who has applied for this structure."""
    _asking.append(question)


def may_ask_for(person: Person | None, structure: Organisation) -> bool:
    """Say whether ``person`` may ask to keep a page that others do not see."""
    if person is None or person.erased_at is not None:
        return False
    return may_manage(person, structure) or any(question(db.session, person, structure) for question in _asking)
