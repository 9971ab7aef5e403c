"""What the list of facilitators keeps of people: who answers, and who keeps the entry."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from flask_babel import lazy_gettext
from sqlalchemy import and_, func, or_, select, update

from openmap.directory.facilitating import CONTACT
from openmap.directory.facilitator_models import Facilitator
from openmap.extensions import AnySession
from openmap.people.models import Person
from openmap.people.privacy import Exported, Holding, register, row_of

KEPT: Final = timedelta(days=365)
"""A year after its last day an entry names nobody any more."""

_BLANK: Final = {**dict.fromkeys(CONTACT, ""), "published_at": None}


def _export(session: AnySession, person: Person) -> Exported:
    named = and_(Facilitator.contact_email != "", func.lower(Facilitator.contact_email) == (person.email or "").lower())
    found = session.scalars(
        select(Facilitator).where(or_(Facilitator.person_id == person.id, named)).order_by(Facilitator.id)
    )
    return [row_of(one, "organisation", "published_at", "confirmed_at", *CONTACT) for one in found]


def _erase(session: AnySession, person: Person) -> None:
    """Forget whom an entry names where it is this person, and that they kept it; the entry stays its organisation's."""
    own = and_(Facilitator.contact_email != "", func.lower(Facilitator.contact_email) == (person.email or "").lower())
    unnamed = and_(
        Facilitator.person_id == person.id, Facilitator.contact_email == "", Facilitator.contact_name == person.name
    )
    for condition, values in (
        (or_(own, unnamed), _BLANK),
        (Facilitator.person_id == person.id, {"person_id": None}),
    ):
        changed = update(Facilitator).where(condition).values(**values)
        session.execute(changed.execution_options(synchronize_session=False))
    session.expire_all()


def _purge(session: AnySession, now: datetime) -> int:
    named = or_(*(getattr(Facilitator, name) != "" for name in CONTACT))
    over = Facilitator.active_until < (now - KEPT).date()
    gone = session.execute(
        update(Facilitator).where(named, over).values(**_BLANK).execution_options(synchronize_session=False)
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]


register(
    Holding(
        "facilitators",
        ("person_id", *CONTACT),
        lazy_gettext("Vos coordonnées de facilitateur"),
        lazy_gettext(
            "Dire aux acheteurs d’un territoire à qui s’adresser. Elles ne sont publiques qu’avec votre accord ; "
            "sinon, seuls les acheteurs connectés les voient."
        ),
        lazy_gettext("Tant que vous répondez pour ce territoire, et un an après ; l’accord se retire à tout moment."),
        _export,
        _erase,
        _purge,
    )
)
