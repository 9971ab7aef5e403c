"""Questions about editions."""

from __future__ import annotations

from openmap.events.models import Edition
from openmap.people.models import Person
from openmap.people.permissions import organises, organises_something


def may_organise(person: Person | None, edition: Edition) -> bool:
    """Say whether ``person`` prepares this edition: its plan, its mails, its people."""
    return organises(person, edition.id)


def may_see(person: Person | None, edition: Edition) -> bool:
    """Say whether ``person`` may see an edition: everyone once it is public, before that whoever has a role in it."""
    if edition.published_at is not None or may_organise(person, edition):
        return True
    return person is not None and any(role.edition_id == edition.id for role in person.roles)


def may_create(person: Person | None) -> bool:
    """Say whether ``person`` may create an edition: who administers, or organises another one."""
    return organises_something(person)
