"""What this room keeps of people."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel import lazy_gettext
from sqlalchemy import or_, select, update

from openmap.extensions import AnySession
from openmap.mail.models import Message
from openmap.people.models import Person
from openmap.people.privacy import Exported, Holding, register, row_of

KEPT = timedelta(days=400)
_ERASED = "effacé"


def _export(session: AnySession, person: Person) -> Exported:
    rows = session.scalars(select(Message).where(Message.person_id == person.id).order_by(Message.id))
    return [row_of(row, "recipient", "subject", "body", "state", "created_at", "sent_at") for row in rows]


def _blank(session: AnySession, *which: object) -> int:
    """Empty messages but keep their rows: what was sent stays counted."""
    session.execute(
        update(Message).where(*which, Message.state.in_(("held", "queued"))).values(state="dropped")  # type: ignore[arg-type]
    )
    blanked = session.execute(
        update(Message)
        .where(*which, Message.recipient != _ERASED, Message.state != "sending")  # type: ignore[arg-type]
        .values(
            recipient=_ERASED,
            recipient_name="",
            subject=_ERASED,
            body="",
            html="",
            attachments=[],
            error="",
            person_id=None,
        )
    )
    return blanked.rowcount  # type: ignore[attr-defined, no-any-return]


def _erase(session: AnySession, person: Person) -> None:
    _blank(session, Message.person_id == person.id)


def _purge(session: AnySession, now: datetime) -> int:
    erased = select(Person.id).where(Person.erased_at.is_not(None))  # their mail was leaving at that very moment
    return _blank(session, or_(Message.created_at < now - KEPT, Message.person_id.in_(erased)))


register(
    Holding(
        "messages",
        ("recipient", "recipient_name", "subject", "body", "html", "attachments", "person_id"),
        lazy_gettext("Les messages que nous vous envoyons"),
        lazy_gettext("Vous les envoyer une seule fois, et savoir s’ils sont partis."),
        lazy_gettext("Treize mois ; ensuite il ne reste que leur nombre."),
        _export,
        _erase,
        _purge,
    )
)
