"""Reads of organisations and their people."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from openmap.directory.models import Delegate, Organisation
from openmap.extensions import AnySession
from openmap.people.models import Person


def acts_for(session: AnySession, person: Person, organisation: Organisation) -> bool:
    """Say whether ``person`` acts for an organisation."""
    asked = select(Delegate.id).where(Delegate.person_id == person.id, Delegate.organisation_id == organisation.id)
    return session.scalar(asked) is not None


def delegates_of(session: AnySession, organisation: Organisation) -> list[Delegate]:
    """Return who acts for an organisation, first invited first."""
    asked = select(Delegate).where(Delegate.organisation_id == organisation.id)
    return list(session.scalars(asked.options(joinedload(Delegate.person)).order_by(Delegate.id)))


def organisations_of(session: AnySession, person: Person) -> list[Organisation]:
    """Return the organisations that ``person`` acts for, by name."""
    asked = select(Organisation).join(Delegate, Delegate.organisation_id == Organisation.id)
    return list(session.scalars(asked.where(Delegate.person_id == person.id).order_by(Organisation.name)))
