"""What the jury keeps of people, and for how long."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from flask_babel import lazy_gettext
from sqlalchemy import delete, select, update

from openmap.applications.models import Application
from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.people.models import Person
from openmap.people.privacy import Exported, Holding, never, nothing, register, row_of
from openmap.pitches.models import Conflict, Declaration, Jury, Reading, Score

KEPT: Final = timedelta(days=2 * 365)
"""Comments and reasons are kept two years after the day: as long as a decision can be disputed."""


def _long_ago(now: datetime) -> Any:
    return select(Application.id).join(Edition).where(Edition.held_on < (now - KEPT).date())


def _export_declarations(session: AnySession, person: Person) -> Exported:
    rows = session.scalars(select(Declaration).where(Declaration.person_id == person.id))
    return [row_of(row, "edition_id", "declared_at") for row in rows]


def _export_conflicts(session: AnySession, person: Person) -> Exported:
    rows = session.scalars(select(Conflict).where(Conflict.person_id == person.id))
    return [{"structure": row.application.name} | row_of(row, "reason", "declared_at") for row in rows]


def _erase_conflicts(session: AnySession, person: Person) -> None:
    """Forget the reasons; that someone was in conflict stays, as a number: the minutes depend on it."""
    session.execute(update(Conflict).where(Conflict.person_id == person.id).values(reason=""))


def _purge_conflicts(session: AnySession, now: datetime) -> int:
    old = update(Conflict).where(Conflict.reason != "", Conflict.application_id.in_(_long_ago(now)))
    return int(session.execute(old.values(reason="")).rowcount)  # type: ignore[attr-defined]


def _export_readings(session: AnySession, person: Person) -> Exported:
    rows = session.scalars(select(Reading).where(Reading.person_id == person.id))
    return [
        {"structure": row.application.name} | row_of(row, "assigned_at", "opened_at", "finished_at", "comment")
        for row in rows
    ]


def _erase_readings(session: AnySession, person: Person) -> None:
    """Forget the words, and readings that were never finished; marks stay, as a number: the choice depends on them."""
    session.execute(delete(Reading).where(Reading.person_id == person.id, Reading.finished_at.is_(None)))
    session.execute(update(Reading).where(Reading.person_id == person.id).values(comment=""))


def _purge_readings(session: AnySession, now: datetime) -> int:
    old = update(Reading).where(Reading.comment != "", Reading.application_id.in_(_long_ago(now)))
    return int(session.execute(old.values(comment="")).rowcount)  # type: ignore[attr-defined]


def _export_scores(session: AnySession, person: Person) -> Exported:
    rows = session.scalars(select(Score).join(Reading).where(Reading.person_id == person.id).order_by(Score.id))
    return [
        {"structure": row.reading.application.name, "criterion": row.criterion.name} | row_of(row, "mark", "comment")
        for row in rows
    ]


def _erase_scores(session: AnySession, person: Person) -> None:
    own = select(Reading.id).where(Reading.person_id == person.id)
    session.execute(update(Score).where(Score.reading_id.in_(own)).values(comment=""))


def _purge_scores(session: AnySession, now: datetime) -> int:
    readings = select(Reading.id).where(Reading.application_id.in_(_long_ago(now)))
    old = update(Score).where(Score.comment != "", Score.reading_id.in_(readings))
    return int(session.execute(old.values(comment="")).rowcount)  # type: ignore[attr-defined]


def _export_chairs(session: AnySession, person: Person) -> Exported:
    return [{"edition_id": one.edition_id} for one in session.scalars(select(Jury).where(Jury.chair_id == person.id))]


def _erase_chairs(session: AnySession, person: Person) -> None:
    session.execute(update(Jury).where(Jury.chair_id == person.id).values(chair_id=None))


for holding in (
    Holding(
        "juries",
        ("chair_id",),
        lazy_gettext("Les jurys que vous présidez"),
        lazy_gettext("Savoir qui conduit la délibération."),
        lazy_gettext("Tant que l’édition est gardée, ou jusqu’à l’effacement de votre compte."),
        _export_chairs,
        _erase_chairs,
        never,
    ),
    Holding(
        "declarations",
        ("person_id",),
        lazy_gettext("Vos déclarations de juré"),
        lazy_gettext("Prouver que les conflits d’intérêts ont été dits avant la lecture."),
        lazy_gettext("Tant que l’édition est gardée ; après effacement, un numéro qui ne désigne plus personne."),
        _export_declarations,
        nothing,
        never,
    ),
    Holding(
        "conflicts",
        ("person_id", "reason"),
        lazy_gettext("Vos conflits d’intérêts"),
        lazy_gettext("Vous tenir à l’écart des dossiers concernés, et le dire au procès-verbal."),
        lazy_gettext("Les raisons, deux ans après la rencontre ; qu’il y a eu conflit, tant que l’édition est gardée."),
        _export_conflicts,
        _erase_conflicts,
        _purge_conflicts,
    ),
    Holding(
        "readings",
        ("person_id", "comment"),
        lazy_gettext("Vos lectures de juré"),
        lazy_gettext("Choisir les structures qui présentent leur offre, et pouvoir répondre à une contestation."),
        lazy_gettext("Les remarques, deux ans après la rencontre ; les lectures, tant que l’édition est gardée."),
        _export_readings,
        _erase_readings,
        _purge_readings,
    ),
    Holding(
        "scores",
        ("comment",),
        lazy_gettext("Vos notes de juré"),
        lazy_gettext("Calculer la note d’un dossier, et pouvoir l’expliquer."),
        lazy_gettext("Les commentaires, deux ans après la rencontre ; les notes, tant que l’édition est gardée."),
        _export_scores,
        _erase_scores,
        _purge_scores,
    ),
):
    register(holding)
