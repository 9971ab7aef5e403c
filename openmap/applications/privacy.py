"""What applications keep of people, and for how long."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from flask_babel import lazy_gettext
from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import aliased

from openmap.applications.models import Application, Attendee, Revision
from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.people.models import Person
from openmap.people.privacy import Exported, Holding, never, register, row_of

KEPT: Final = timedelta(days=365)
"""A year after the day of the edition, drafts go, and those who came lose their names."""

_TOLD: Final = (
    "name", "siret", "state", "created_at", "submitted_at", "withdrawn_at", "is_late", "presentation", "offers",
    "clients", "pitch_title", "pitch_summary", "pitch_novelty", "pitch_impact", "meeting_wishes", "typed",
)  # fmt: skip
_BLANK: Final = {"name": "", "email": "", "phone": "", "position": ""}


def _past(now: datetime) -> Select[int]:
    return select(Edition.id).where(Edition.held_on < (now - KEPT).date())


def _export_files(session: AnySession, person: Person) -> Exported:
    rows = session.scalars(select(Application).where(Application.person_id == person.id).order_by(Application.id))
    return [
        {"edition": row.edition.title}
        | row_of(row, *_TOLD)
        | {"answers": {one.question.label: one.value for one in row.answers}}
        | {"attachments": [one.filename for one in row.attachments if one.replaced_at is None]}
        for row in rows
    ]


def _ids(person: Person) -> Select[int]:
    return select(Application.id).where(Application.person_id == person.id)


def _erase_files(session: AnySession, person: Person) -> None:
    """Forget who applied; a draft that nobody else can go on with goes with them."""
    own = Application.person_id == person.id
    merged = aliased(Application)
    needed = select(merged.merged_into_id).where(merged.merged_into_id.is_not(None))
    # under another address than theirs, their name would stay
    named = update(Attendee).where(
        Attendee.name == person.name, Attendee.name != "", Attendee.application_id.in_(_ids(person))
    )
    session.execute(named.values(**_BLANK).execution_options(synchronize_session=False))
    alone = (own, Application.state == "draft", Application.structure_id.is_(None), Application.id.not_in(needed))
    session.execute(delete(Application).where(*alone).execution_options(synchronize_session=False))
    session.execute(
        update(Application).where(own).values(person_id=None, typed={}).execution_options(synchronize_session=False)
    )
    session.expire_all()


def _purge_files(session: AnySession, now: datetime) -> int:
    """Delete old drafts, and before them what was merged into them, which leads nowhere without them."""
    asked = select(Application.id, Application.merged_into_id).where(
        Application.edition_id.in_(_past(now)), Application.state.in_(("draft", "merged"))
    )
    into = {row.id: row.merged_into_id for row in session.execute(asked)}
    generations = [{number for number, kept in into.items() if kept is None}]
    while generations[-1]:
        generations.append({number for number, kept in into.items() if kept in generations[-1]})
    for numbers in reversed(generations[:-1]):
        gone = delete(Application).where(Application.id.in_(numbers))
        session.execute(gone.execution_options(synchronize_session=False))
    return sum(map(len, generations))


def _export_attendees(session: AnySession, person: Person) -> Exported:
    rows = session.scalars(select(Attendee).where(func.lower(Attendee.email) == person.email).order_by(Attendee.id))
    return [
        {"edition": row.application.edition.title, "structure": row.application.name}
        | row_of(row, "name", "email", "phone", "position")
        for row in rows
    ]


def _erase_attendees(session: AnySession, person: Person) -> None:
    own = update(Attendee).where(func.lower(Attendee.email) == person.email)
    session.execute(own.values(**_BLANK).execution_options(synchronize_session=False))


def _purge_attendees(session: AnySession, now: datetime) -> int:
    files = select(Application.id).where(Application.edition_id.in_(_past(now)))
    named = (Attendee.name != "") | (Attendee.email != "") | (Attendee.phone != "") | (Attendee.position != "")
    old = update(Attendee).where(Attendee.application_id.in_(files), named)
    gone = session.execute(old.values(**_BLANK).execution_options(synchronize_session=False))
    return int(gone.rowcount)  # type: ignore[attr-defined]


def _export_revisions(session: AnySession, person: Person) -> Exported:
    rows = session.scalars(select(Revision).where(Revision.person_id == person.id).order_by(Revision.id))
    return [{"structure": row.application.name} | row_of(row, "at", "is_late") for row in rows]


def _erase_revisions(session: AnySession, person: Person) -> None:
    own = update(Revision).where(Revision.person_id == person.id)
    session.execute(own.values(person_id=None).execution_options(synchronize_session=False))


register(
    Holding(
        "applications",
        ("person_id", "typed"),
        lazy_gettext("Vos candidatures"),
        lazy_gettext("Instruire la candidature de votre structure, et savoir à qui répondre."),
        lazy_gettext("Un brouillon, un an après la rencontre ; ce qui est déposé, tant que l’édition est gardée."),
        _export_files,
        _erase_files,
        _purge_files,
    )
)
register(
    Holding(
        "application_attendees",
        ("name", "email", "phone", "position"),
        lazy_gettext("Les personnes qui viennent pour une structure"),
        lazy_gettext("Vous accueillir à la rencontre et vous écrire à son sujet."),
        lazy_gettext("Un an après la rencontre ; le nombre de personnes reste."),
        _export_attendees,
        _erase_attendees,
        _purge_attendees,
    )
)
register(
    Holding(
        "application_revisions",
        ("person_id",),
        lazy_gettext("Vos modifications d’une candidature déposée"),
        lazy_gettext("Montrer au jury ce qui a changé depuis sa lecture, et savoir qui l’a changé."),
        lazy_gettext("Tant que l’édition est gardée, ou jusqu’à l’effacement de votre compte."),
        _export_revisions,
        _erase_revisions,
        never,
    )
)
