"""What needs keep of people: who stated them, and whom to write to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from flask_babel import lazy_gettext
from sqlalchemy import and_, func, or_, select, update

from openmap.extensions import AnySession
from openmap.needs.models import Need
from openmap.needs.telling import CONTACT
from openmap.people.models import Person
from openmap.people.privacy import Exported, Holding, register, row_of

KEPT: Final = timedelta(days=365)
"""A year after the end of its period a need names nobody any more; without a period, a year after its last save."""

_BLANK: Final = dict.fromkeys(CONTACT, "")


def _export(session: AnySession, person: Person) -> Exported:
    named = and_(Need.contact_email != "", func.lower(Need.contact_email) == (person.email or "").lower())
    found = session.scalars(select(Need).where(or_(Need.person_id == person.id, named)).order_by(Need.id))
    return [
        {"buyer": need.buyer.name} | row_of(need, "title", "state", "created_at", "changed_at", *CONTACT)
        for need in found
    ]


def _erase(session: AnySession, person: Person) -> None:
    """Forget who stated a need, and whom it names where it is the same person; the need stays its buyer's."""
    own = and_(Need.contact_email != "", func.lower(Need.contact_email) == (person.email or "").lower())
    unnamed = and_(Need.person_id == person.id, Need.contact_email == "", Need.contact_name == person.name)
    for condition, values in (
        (or_(own, unnamed), _BLANK),
        (Need.person_id == person.id, {"person_id": None}),
    ):
        session.execute(update(Need).where(condition).values(**values).execution_options(synchronize_session=False))
    session.expire_all()


def _purge(session: AnySession, now: datetime) -> int:
    limit = now - KEPT
    named = or_(*(getattr(Need, name) != "" for name in CONTACT))
    over = or_(Need.ends_on < limit.date(), and_(Need.ends_on.is_(None), Need.changed_at < limit))
    gone = session.execute(
        update(Need).where(named, over).values(**_BLANK).execution_options(synchronize_session=False)
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]


register(
    Holding(
        "needs",
        ("person_id", *CONTACT),
        lazy_gettext("Vos besoins d’achat"),
        lazy_gettext(
            "Savoir qui a déclaré un besoin, et à qui en parler. Le contact n’est montré qu’aux personnes connectées."
        ),
        lazy_gettext("Le contact, un an après la fin de la période d’achat ; le besoin reste celui de l’acheteur."),
        _export,
        _erase,
        _purge,
    )
)
