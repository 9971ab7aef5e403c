"""Questions about people and their roles. Roles are asked for here; rooms ask about what they own."""

from __future__ import annotations

from openmap.people.models import ORGANISER, Person


def organises(person: Person | None, edition_id: int | None) -> bool:
    """Say whether ``person`` organises an edition, or administers all."""
    if person is None or person.erased_at is not None:
        return False
    return person.is_administrator or (edition_id is not None and person.holds(ORGANISER, edition_id))


def organises_something(person: Person | None) -> bool:
    """Say whether ``person`` organises an edition, whichever it is."""
    return person is not None and (person.is_administrator or any(role.role == ORGANISER for role in person.roles))


def may_administer(person: Person | None) -> bool:
    """Say whether ``person`` may see and change everyone's roles."""
    return person is not None and person.is_administrator


def may_give_role(person: Person | None, role: str, edition_id: int | None) -> bool:
    """Say whether ``person`` may give or take ``role``: administrators any, organisers those of their edition."""
    if role == "administrator" or edition_id is None:
        return may_administer(person)
    return organises(person, edition_id)


def may_read_person(person: Person | None, other: Person) -> bool:
    """Say whether ``person`` may read what is known of ``other``."""
    return person is not None and (person.id == other.id or person.is_administrator)
