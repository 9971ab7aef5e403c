"""What a structure's page says of editions: for everyone where it took part, for those concerned whom it met there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from flask import render_template
from sqlalchemy import select
from sqlalchemy.orm import aliased

from openmap.directory.models import Delegate, Organisation, Structure
from openmap.directory.page_parts import PagePart, register
from openmap.directory.queries import acts_for
from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.meetings.encounters import kept_plans
from openmap.meetings.models import Meeting, Participation, Wish
from openmap.people.models import ORGANISER, Person
from openmap.web.french import HERE

MOST: Final = 60
"""How many encounters a page shows; the newest ones."""


@dataclass(frozen=True, slots=True)
class Met:
    """An encounter of a structure, as its page tells it."""

    buyer: str
    held_on: date
    title: str
    slug: str


def editions_of(session: AnySession, structure: Structure) -> list[Edition]:
    """Return the published editions in which a structure takes part, newest first: its public page names it there."""
    asked = select(Edition).join(Participation, Participation.edition_id == Edition.id)
    asked = asked.where(Participation.organisation_id == structure.id, Edition.published_at.is_not(None))
    return list(session.scalars(asked.distinct().order_by(Edition.held_on.desc(), Edition.id)))


def encounters_of(session: AnySession, structure: Structure, person: Person | None, *, today: date) -> list[Met]:
    """Return whom a structure met at editions that are over, newest first, as far as ``person`` is concerned.

    The structure's people and administrators see all of it; a buyer's people what is theirs; who organises an edition
    what took place there. Anybody else sees nothing.
    """
    if person is None or person.erased_at is not None:
        return []
    plans = kept_plans(session, today)
    if not plans:
        return []
    buyer, mine = aliased(Participation), aliased(Participation)
    asked = (
        select(Organisation.name, Edition.held_on, Edition.title, Edition.slug)
        .select_from(Meeting)
        .join(Wish, Wish.id == Meeting.wish_id)
        .join(buyer, buyer.id == Wish.buyer_id)
        .join(mine, mine.id == Wish.structure_id)
        .join(Organisation, Organisation.id == buyer.organisation_id)
        .join(Edition, Edition.id == Wish.edition_id)
        .where(Meeting.plan_id.in_(plans), mine.organisation_id == structure.id)
    )
    if not (person.is_administrator or acts_for(session, person, structure)):
        own = select(Delegate.organisation_id).where(Delegate.person_id == person.id)
        organised = [role.edition_id for role in person.roles if role.role == ORGANISER]
        asked = asked.where(buyer.organisation_id.in_(own) | Wish.edition_id.in_(organised))
    asked = asked.distinct().order_by(Edition.held_on.desc(), Organisation.name).limit(MOST)
    return [Met(*row) for row in session.execute(asked)]


def _editions(session: AnySession, structure: Structure, _person: Person | None) -> str | None:
    found = editions_of(session, structure)
    return render_template("meetings/_took_part.html", editions=found) if found else None


def _encounters(session: AnySession, structure: Structure, person: Person | None) -> str | None:
    met = encounters_of(session, structure, person, today=datetime.now(UTC).astimezone(HERE).date())
    return render_template("meetings/_met.html", met=met) if met else None


register(PagePart("editions", "main", _editions))
register(PagePart("encounters", "main", _encounters))
