"""Verbs about people: welcome, give and take roles, change one's own data, erase."""

from __future__ import annotations

from datetime import datetime

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select

from openmap.extensions import AnySession, insert_unless_there
from openmap.people import journal, privacy
from openmap.people.models import ADMINISTRATOR, Person, Role
from openmap.people.queries import administrators, normalised, person_by_email


class RefusedChange(Exception):
    """What was asked would leave people in a state that nobody wants; the sentence says what to do instead."""


class LastAdministrator(RefusedChange):
    """Nobody would be left to administer."""

    def __init__(self) -> None:
        super().__init__(
            "C’est la dernière personne qui administre OpenMap ESS : nommez-en d’abord une autre, puis recommencez."
        )


class UnusableAddress(RefusedChange):
    """The address cannot receive mail."""

    def __init__(self, email: str) -> None:
        super().__init__(f"« {email} » n’est pas une adresse électronique : vérifiez-la, par exemple nom@domaine.fr.")


def welcome(session: AnySession, email: str, *, name: str = "", by: Person | None, now: datetime) -> Person:
    """Return the person with this address, new where nobody has it. A name already known is kept.

    Raises UnusableAddress.
    """
    try:
        usable = validate_email(email.strip(), check_deliverability=False, allow_smtputf8=False).ascii_email or ""
    except EmailNotValidError:
        raise UnusableAddress(email) from None
    known = person_by_email(session, usable)
    if known is not None:
        return known
    email, name = normalised(usable), " ".join(name.split())
    if insert_unless_there(session, Person, email=email, name=name, created_at=now) is None:
        # Someone else welcomed the same person at this very moment.
        return session.scalars(select(Person).where(Person.email == email)).one()
    person = session.scalars(select(Person).where(Person.email == email)).one()
    changes: dict[str, list[object]] = {"email": [None, journal.HIDDEN]}
    journal.record(session, "person.welcomed", person, by=by, now=now, changes=changes)
    return person


def give_role(
    session: AnySession, person: Person, role: str, edition_id: int | None, *, by: Person | None, now: datetime
) -> bool:
    """Give a role; giving one that is held changes nothing and returns false."""
    journal.lock(session)
    session.refresh(person, ["roles"])
    if any(held.role == role and held.edition_id == edition_id for held in person.roles):
        return False
    person.roles.append(Role(role=role, edition_id=edition_id, granted_at=now))
    journal.record(session, "role.given", person, by=by, now=now, edition_id=edition_id, changes={"role": [None, role]})
    return True


def take_role(session: AnySession, held: Role, *, by: Person | None, now: datetime) -> None:
    """Take a role away.

    Raises LastAdministrator when nobody would be left to administer.
    """
    journal.lock(session)  # two administrators who remove each other do so one after the other
    if held.role == ADMINISTRATOR and administrators(session) < 2:
        raise LastAdministrator
    person = held.person
    journal.record(
        session, "role.taken", person, by=by, now=now, edition_id=held.edition_id, changes={"role": [held.role, None]}
    )
    person.roles.remove(held)
    session.flush()


def change_profile(
    session: AnySession, person: Person, *, name: str, position: str, phone: str, by: Person, now: datetime
) -> None:
    """Change what a person says of themselves."""
    person.name, person.position, person.phone = " ".join(name.split()), " ".join(position.split()), phone
    changes = journal.changes_of(person)
    if changes:
        journal.record(session, "person.changed", person, by=by, now=now, changes=changes)


def erase(session: AnySession, person: Person, *, by: Person | None, now: datetime) -> None:
    """Forget a person: name, address and everything that other rooms keep of them; what was counted stays counted.

    Raises LastAdministrator.
    """
    journal.lock(session)
    if person.is_administrator and administrators(session) < 2:
        raise LastAdministrator
    privacy.forget(session, person, by=by, now=now)
