"""What editions keep of people, and for how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from flask_babel import lazy_gettext
from sqlalchemy import select, update

from openmap.events.letters import tell
from openmap.events.models import Edition, LateCode, Registration, Stand
from openmap.events.registering import cancel
from openmap.extensions import AnySession
from openmap.people.models import Person
from openmap.people.privacy import Exported, Holding, never, register, row_of

KEPT: Final = timedelta(days=365)
"""Registrations lose their names a year after the day; special needs a week after it."""
NEEDS_KEPT: Final = timedelta(days=7)


def _export_registrations(session: AnySession, person: Person) -> Exported:
    rows = session.scalars(select(Registration).where(Registration.person_id == person.id))
    return [
        {"edition": row.edition.title}
        | row_of(row, "name", "organisation", "requirements", "state", "registered_at", "cancelled_at")
        for row in rows
    ]


def _erase_registrations(session: AnySession, person: Person) -> None:
    """Forget who registered; a place at an edition still to come goes to who waits."""
    now = datetime.now(UTC)

    def told(one: Registration) -> None:
        if one.person_id != person.id:
            tell(session, one, now=now)

    coming = (
        select(Registration).join(Edition).where(Registration.person_id == person.id, Edition.held_on >= now.date())
    )
    for registration in session.scalars(coming).all():
        cancel(session, registration.edition, registration, by=None, now=now, told=told)
    own = update(Registration).where(Registration.person_id == person.id)
    session.execute(own.values(name="", organisation="", requirements="", person_id=None))


def _purge_registrations(session: AnySession, now: datetime) -> int:
    def held_before(age: timedelta) -> object:
        return Registration.edition_id.in_(select(Edition.id).where(Edition.held_on < (now - age).date()))

    needs = update(Registration).where(held_before(NEEDS_KEPT), Registration.requirements != "")  # type: ignore[arg-type]
    session.execute(needs.values(requirements=""))
    named = update(Registration).where(held_before(KEPT), Registration.name != "")  # type: ignore[arg-type]
    gone = session.execute(named.values(name="", organisation="", person_id=None))
    return int(gone.rowcount)  # type: ignore[attr-defined]


def _export_stands(session: AnySession, person: Person) -> Exported:
    rows = session.scalars(select(Stand).where(Stand.person_id == person.id))
    return [row_of(row, "name", "description", "website", "equipment", "state") for row in rows]


def _erase_stands(session: AnySession, person: Person) -> None:
    session.execute(update(Stand).where(Stand.person_id == person.id).values(person_id=None))


def _export_codes(session: AnySession, person: Person) -> Exported:
    rows = session.scalars(select(LateCode).where(LateCode.person_id == person.id))
    return [row_of(row, "note", "used_at") for row in rows]


def _erase_codes(session: AnySession, person: Person) -> None:
    session.execute(update(LateCode).where(LateCode.person_id == person.id).values(person_id=None))


register(
    Holding(
        "registrations",
        ("person_id", "name", "organisation", "requirements"),
        lazy_gettext("Vos inscriptions"),
        lazy_gettext("Vous garder une place à une rencontre, vous y accueillir et vous prévenir d’un changement."),
        lazy_gettext("Un an après la rencontre ; le besoin particulier, une semaine. Le nombre d’inscrits reste."),
        _export_registrations,
        _erase_registrations,
        _purge_registrations,
    )
)
register(
    Holding(
        "stands",
        ("person_id",),
        lazy_gettext("Vos demandes de stand"),
        lazy_gettext("Savoir à qui répondre au sujet d’un stand."),
        lazy_gettext("Tant que l’édition est gardée, ou jusqu’à l’effacement de votre compte."),
        _export_stands,
        _erase_stands,
        never,
    )
)
register(
    Holding(
        "late_codes",
        ("person_id",),
        lazy_gettext("Les codes de retard utilisés"),
        lazy_gettext("Savoir qui a pu candidater après la date limite, et grâce à quel code."),
        lazy_gettext("Tant que l’édition est gardée, ou jusqu’à l’effacement de votre compte."),
        _export_codes,
        _erase_codes,
        never,
    )
)
