"""Structures of the directory and buyers that source among them, for tests. All of them are invented."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from openmap.directory.models import Buyer, Delegate, Offer, Organisation, Structure
from openmap.directory.sourcing import shortlists, writing
from openmap.directory.sourcing_models import Inquiry, Shortlist
from openmap.extensions import db
from openmap.mail.models import Message
from openmap.people.models import Person
from tests.signing import make_person, now


def make_structure(name: str, *, offer: str = "Tonte des pelouses", **more: Any) -> Structure:
    """Add a structure that is in the directory, with one offer everywhere in France."""
    given: dict[str, Any] = {"kind": "esat", "listed_at": now(), "is_invented": True} | more
    structure = Structure(name=name, **given)
    structure.offers.append(Offer(title=offer, reach="france"))
    db.session.add(structure)
    db.session.commit()
    return structure


def acting(person: Person, organisation: Organisation) -> Person:
    """Let a person act for an organisation."""
    db.session.add(Delegate(person_id=person.id, organisation_id=organisation.id, invited_at=now()))
    db.session.commit()
    return person


def make_buyer(name: str = "Ville d’essai") -> Buyer:
    """Add a buyer."""
    buyer = Buyer(name=name, is_invented=True)
    db.session.add(buyer)
    db.session.commit()
    return buyer


def buying(email: str = "acheteur@essai.example", buyer: Buyer | None = None) -> Person:
    """Add a person who acts for a buyer."""
    return acting(make_person(email), buyer or make_buyer())


def written(by: Person, *structures: Structure, subject: str = "Parc", body: str = "Pouvez-vous ?") -> Inquiry:
    """Write to structures."""
    inquiry = writing.send(db.session, structures, subject, body, organisation=None, by=by, now=now())
    db.session.commit()
    return inquiry


def listed(by: Person, *structures: Structure, name: str = "Parcs", shared: Organisation | None = None) -> Shortlist:
    """Keep structures in a list."""
    shortlist = shortlists.create(db.session, name, shared, by=by, now=now())
    for one in structures:
        shortlists.add(db.session, shortlist, one, by=by, now=now())
    db.session.commit()
    return shortlist


def mails(purpose: str) -> list[Message]:
    """Return the mails of a purpose, first written first."""
    db.session.expire_all()
    return list(db.session.scalars(select(Message).where(Message.purpose == purpose).order_by(Message.id)))
