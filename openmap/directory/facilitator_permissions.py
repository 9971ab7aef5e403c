"""Questions about facilitators: everyone finds them, administrators keep them."""

from __future__ import annotations

from sqlalchemy import select

from openmap.directory.facilitator_models import Facilitator
from openmap.directory.models import Buyer, Delegate
from openmap.extensions import db
from openmap.people.models import Person


def may_keep_facilitators(person: Person | None) -> bool:
    """Say whether ``person`` adds, changes and removes facilitators."""
    return person is not None and person.erased_at is None and person.is_administrator


def may_confirm(person: Person | None, entry: Facilitator) -> bool:
    """Say whether ``person`` may say that an entry still holds: whose it is, and administrators."""
    return may_keep_facilitators(person) or (person is not None and person.id == entry.person_id)


def may_read_contacts(person: Person | None) -> bool:
    """Say whether ``person`` sees the contacts that are not public: who acts for a buyer, and administrators."""
    if person is None or person.erased_at is not None:
        return False
    acting = select(Delegate.id).join(Buyer, Buyer.id == Delegate.organisation_id)
    acting = acting.where(Delegate.person_id == person.id).limit(1)
    return person.is_administrator or db.session.scalar(acting) is not None


def may_read_contact(person: Person | None, entry: Facilitator) -> bool:
    """Say whether ``person`` sees whom to write to: everyone once that person agreed."""
    if entry.published_at is not None or may_read_contacts(person):
        return True
    return person is not None and person.id == entry.person_id
