"""What organisations keep of people."""

from __future__ import annotations

from flask_babel import lazy_gettext
from sqlalchemy import delete, select

from openmap.directory.models import Delegate
from openmap.extensions import AnySession
from openmap.people.models import Person
from openmap.people.privacy import Exported, Holding, never, register, row_of


def _export(session: AnySession, person: Person) -> Exported:
    rows = session.scalars(select(Delegate).where(Delegate.person_id == person.id))
    return [{"organisation": row.organisation.name} | row_of(row, "invited_at") for row in rows]


def _erase(session: AnySession, person: Person) -> None:
    session.execute(delete(Delegate).where(Delegate.person_id == person.id))


register(
    Holding(
        "delegates",
        ("person_id",),
        lazy_gettext("Les organisations que vous représentez"),
        lazy_gettext("Savoir qui peut agir et recevoir des messages au nom d’une organisation."),
        lazy_gettext("Jusqu’à ce que l’on vous en retire, ou jusqu’à l’effacement de votre compte."),
        _export,
        _erase,
        never,
    )
)
