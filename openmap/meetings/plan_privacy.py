"""What the plan keeps of people: which organiser corrected it, froze a version or asked for a calculation."""

from __future__ import annotations

from typing import Any

from flask_babel import LazyString, lazy_gettext
from sqlalchemy import select, update

from openmap.extensions import AnySession
from openmap.meetings.models import PlanEdit, Release, Solve
from openmap.meetings.solved import SolveOutcome
from openmap.people.models import Person
from openmap.people.privacy import Exported, Holding, never, register, row_of


def register_author(kind: type[Any], title: LazyString, *fields: str) -> None:
    """Tell of a table whose ``person_id`` says who did something: the row stays, without the person once erased."""

    def export(session: AnySession, person: Person) -> Exported:
        own = session.scalars(select(kind).where(kind.person_id == person.id).order_by(kind.id))
        return [row_of(one, *fields) for one in own]

    def erase(session: AnySession, person: Person) -> None:
        session.execute(update(kind).where(kind.person_id == person.id).values(person_id=None))

    register(
        Holding(
            table=kind.__tablename__,
            columns=("person_id",),
            title=title,
            purpose=lazy_gettext("Dire aux autres organisateurs qui a fait quoi sur le planning."),
            retention=lazy_gettext("Tant que l’édition est gardée, ou jusqu’à l’effacement de votre compte."),
            export=export,
            erase=erase,
            purge=never,
        )
    )


register_author(PlanEdit, lazy_gettext("Vos corrections du planning"), "at", "sentence")
register_author(Release, lazy_gettext("Les versions du planning que vous avez figées"), "released_at", "name", "note")
register_author(Solve, lazy_gettext("Les calculs que vous avez demandés"), "requested_at", "name", "state")
register_author(SolveOutcome, lazy_gettext("Vos décisions sur les calculs"), "decided_at", "decision")
