"""What wishes keep of people: the words that they write for themselves and for the organisers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext
from sqlalchemy import Select, select, update

from openmap.directory.models import Delegate
from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.meetings.models import Choice, Participation
from openmap.people.models import Person
from openmap.people.privacy import Exported, Holding, nothing, register, row_of

KEPT = timedelta(days=365)


def _mine(person: Person) -> Select[Any]:
    """Return the participations that ``person`` acts for."""
    acting = select(Delegate.organisation_id).where(Delegate.person_id == person.id)
    return select(Participation.id).where(Participation.organisation_id.in_(acting))


def _past(now: datetime) -> Select[Any]:
    editions = select(Edition.id).where(Edition.held_on < (now - KEPT).date())
    return select(Participation.id).where(Participation.edition_id.in_(editions))


def _export_choices(session: AnySession, person: Person) -> Exported:
    rows = session.scalars(select(Choice).where(Choice.participation_id.in_(_mine(person)), Choice.note != ""))
    return [{"participant": one.other.organisation.name} | row_of(one, "level", "note", "said_at") for one in rows]


def _export_notes(session: AnySession, person: Person) -> Exported:
    rows = session.scalars(select(Participation).where(Participation.id.in_(_mine(person)), Participation.note != ""))
    return [{"rencontre": one.edition.title} | row_of(one, "note") for one in rows]


def _purge_choices(session: AnySession, now: datetime) -> int:
    old = update(Choice).where(Choice.participation_id.in_(_past(now)), Choice.note != "")
    gone = session.execute(old.values(note="").execution_options(synchronize_session=False))
    return int(gone.rowcount)  # type: ignore[attr-defined]


def _purge_notes(session: AnySession, now: datetime) -> int:
    old = update(Participation).where(Participation.id.in_(_past(now)), Participation.note != "")
    gone = session.execute(old.values(note="").execution_options(synchronize_session=False))
    return int(gone.rowcount)  # type: ignore[attr-defined]


register(
    Holding(
        "choices",
        ("note",),
        lazy_gettext("Vos notes privées sur les participants"),
        lazy_gettext("Vous aider à choisir qui rencontrer. L’organisation les voit, jamais l’autre côté."),
        lazy_gettext("Un an après la rencontre ; elles appartiennent à votre organisation."),
        _export_choices,
        nothing,
        _purge_choices,
    )
)
register(
    Holding(
        "participations",
        ("note",),
        lazy_gettext("Votre mot à l’organisation"),
        lazy_gettext("Préparer votre venue : arrivée, accessibilité."),
        lazy_gettext("Un an après la rencontre ; il appartient à votre organisation."),
        _export_notes,
        nothing,
        _purge_notes,
    )
)
