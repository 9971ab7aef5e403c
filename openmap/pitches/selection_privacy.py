"""What the choice and the coaching keep of people."""

from __future__ import annotations

from flask_babel import lazy_gettext
from sqlalchemy import select

from openmap.extensions import AnySession
from openmap.people.models import Person
from openmap.people.privacy import Exported, Holding, never, nothing, register, row_of
from openmap.pitches.models import CoachingSlot, Deck, Selection


def _export_selections(session: AnySession, person: Person) -> Exported:
    rows = session.scalars(select(Selection).where(Selection.decided_by_id == person.id))
    return [{"structure": row.application.name} | row_of(row, "decided_at") for row in rows]


def _export_slots(session: AnySession, person: Person) -> Exported:
    rows = session.scalars(
        select(CoachingSlot).where(CoachingSlot.coach == person.name) if person.name else select(CoachingSlot).limit(0)
    )
    return [row_of(row, "coach", "place", "start", "end") for row in rows]


for holding in (
    Holding(
        "selections",
        ("decided_by_id",),
        lazy_gettext("Les décisions du jury que vous avez notées"),
        lazy_gettext("Établir qui a noté quelle décision, en cas de contestation. Le numéro, jamais le nom."),
        lazy_gettext("Tant que l’édition est gardée ; après effacement, un numéro qui ne désigne plus personne."),
        _export_selections,
        nothing,
        never,
    ),
    Holding(
        "coaching_slots",
        ("coach",),
        lazy_gettext("Les accompagnements à votre nom"),
        lazy_gettext("Dire à la structure qui l’aide à préparer sa présentation."),
        lazy_gettext("Tant que l’édition est gardée ; corrigé par l’organisation à votre demande."),
        _export_slots,
        nothing,
        never,
    ),
    Holding(
        "decks",
        ("filename",),
        lazy_gettext("Les supports de présentation de vos structures"),
        lazy_gettext("Projeter la présentation de la structure le jour de la rencontre."),
        lazy_gettext("Tant que l’édition est gardée."),
        lambda session, person: [
            row_of(row, "filename", "added_at")
            for row in session.scalars(select(Deck).where(Deck.application.has(person_id=person.id)))
        ],
        nothing,
        never,
    ),
):
    register(holding)
