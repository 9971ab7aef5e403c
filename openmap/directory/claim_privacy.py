"""What claims keep of people."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from flask_babel import lazy_gettext
from sqlalchemy import delete, or_, select, update

from openmap.directory.models import Claim
from openmap.extensions import AnySession
from openmap.people.models import Person
from openmap.people.privacy import Exported, Holding, register, row_of

KEPT: Final = timedelta(days=365)


def _export(session: AnySession, person: Person) -> Exported:
    asked = select(Claim).where(or_(Claim.person_id == person.id, Claim.answered_by_id == person.id)).order_by(Claim.id)
    rows = session.scalars(asked)
    return [
        {"structure": row.structure.name} | row_of(row, "state", "asked_at", "answered_at")
        | ({"reason": row.reason} if row.person_id == person.id else {})
        for row in rows
    ]  # fmt: skip


def _erase(session: AnySession, person: Person) -> None:
    session.execute(delete(Claim).where(Claim.person_id == person.id))
    session.execute(update(Claim).where(Claim.answered_by_id == person.id).values(answered_by_id=None))


def _purge(session: AnySession, now: datetime) -> int:
    past = delete(Claim).where(Claim.answered_at < now - KEPT).returning(Claim.id)
    return len(session.scalars(past).all())


register(
    Holding(
        "structure_claims",
        ("person_id", "reason", "answered_by_id"),
        lazy_gettext("Vos demandes de tenir une page de l’annuaire"),
        lazy_gettext("Savoir qui demande à agir pour une structure, et qui lui a répondu."),
        lazy_gettext("Un an après la réponse."),
        _export,
        _erase,
        _purge,
    )
)
