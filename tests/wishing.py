"""An edition whose wishes are open, for tests: who acts for its first buyer and its first structure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select

from openmap.directory.models import Delegate
from openmap.events.models import Edition, Phase
from openmap.extensions import db, insert_unless_there
from openmap.meetings.models import Choice, Participation, Wish
from openmap.meetings.wishing import Line, digest
from openmap.people.models import ORGANISER, Person
from tests.factories import make_edition
from tests.signing import make_person, now

NOTHING = digest("", "")


@dataclass(slots=True)
class Morning:
    """An edition, its sides, someone of the first buyer and the first structure, and the organiser."""

    edition: Edition
    buyers: list[Participation]
    structures: list[Participation]
    buying: Person
    selling: Person
    organiser: Person

    @property
    def phase(self) -> Phase:
        """The phase of the wishes."""
        return next(one for one in self.edition.phases if one.kind == "wishes")


def make_morning(
    slug: str = "souhaits", *, buyers: int = 3, structures: int = 4, wishes: bool = False, **changes: Any
) -> Morning:
    """Add an edition to come; without ``wishes``, those that every made edition has are left out."""
    changes = {"held_on": (now() + timedelta(days=40)).date(), **changes}
    edition = make_edition(slug, buyers=buyers, structures=structures, **changes)
    edition.phases = [Phase(kind="wishes", opens_at=now() - timedelta(days=3), closes_at=now() + timedelta(days=7))]
    if not wishes:
        db.session.execute(delete(Wish).where(Wish.edition_id == edition.id))
    sides = {
        side: list(
            db.session.scalars(
                select(Participation)
                .where(Participation.edition_id == edition.id, Participation.side == side)
                .order_by(Participation.id)
            )
        )
        for side in ("buyer", "structure")
    }
    people = {name: make_person(f"{name}@souhaits.example", name=name.title()) for name in ("achat", "vente")}
    for person, one in ((people["achat"], sides["buyer"][0]), (people["vente"], sides["structure"][0])):
        insert_unless_there(
            db.session, Delegate, person_id=person.id, organisation_id=one.organisation_id, invited_at=now()
        )
    organiser = make_person("organisation@souhaits.example", ORGANISER, edition_id=edition.id)
    db.session.commit()
    return Morning(edition, sides["buyer"], sides["structure"], people["achat"], people["vente"], organiser)


def line(level: str, note: str = "", seen: str = NOTHING) -> Line:
    """Return what a page sends of another of which it had shown nothing."""
    return Line(level, note, seen)


def said_of(participation: Participation) -> dict[int, tuple[str, int, str]]:
    """Return what a participation says: level, rank and source by the other's id."""
    db.session.expire_all()
    asked = select(Choice).where(Choice.participation_id == participation.id)
    return {one.other_id: (one.level, one.rank, one.source) for one in db.session.scalars(asked)}


def wishes_of(edition: Edition) -> dict[tuple[int, int], Wish]:
    """Return the wishes that stand, by buyer and structure."""
    asked = select(Wish).where(Wish.edition_id == edition.id, Wish.withdrawn_at.is_(None))
    return {(one.buyer_id, one.structure_id): one for one in db.session.scalars(asked)}


def later(**kwargs: int) -> datetime:
    """Return a moment after now."""
    return datetime.now(UTC) + timedelta(**kwargs)
