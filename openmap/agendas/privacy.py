"""What this room keeps of people."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from flask_babel import lazy_gettext
from sqlalchemy import delete, select

from openmap.agendas.models import FeedToken, Invitation, Mailing
from openmap.extensions import AnySession
from openmap.meetings.plan_privacy import register_author
from openmap.people.models import Person
from openmap.people.privacy import Exported, Holding, never, register, row_of

KEPT: Final = timedelta(days=400)
"""As long as mails are kept: a calendar is corrected until then."""


def _export_invitations(session: AnySession, person: Person) -> Exported:
    rows = session.scalars(select(Invitation).where(Invitation.person_id == person.id).order_by(Invitation.id))
    shown = ("edition_slug", "summary", "start", "end", "place", "cancelled", "reply", "reply_comment", "replied_at")
    return [row_of(row, *shown) for row in rows]


def _erase_invitations(session: AnySession, person: Person) -> None:
    session.execute(delete(Invitation).where(Invitation.person_id == person.id))


def _purge_invitations(session: AnySession, now: datetime) -> int:
    old = delete(Invitation).where(Invitation.end < now - KEPT, Invitation.stamped_at < now - KEPT)
    return session.execute(old).rowcount  # type: ignore[attr-defined, no-any-return]


def _export_token(session: AnySession, person: Person) -> Exported:
    row = session.get(FeedToken, person.id)
    return [] if row is None else [row_of(row, "made_at")]


def _erase_token(session: AnySession, person: Person) -> None:
    session.execute(delete(FeedToken).where(FeedToken.person_id == person.id))


register(
    Holding(
        "invitations",
        ("person_id", "reply", "reply_comment"),
        lazy_gettext("Les entretiens envoyés à votre calendrier, et vos réponses"),
        lazy_gettext("Ne vous écrire que si votre agenda change, et corriger votre calendrier sans doublon."),
        lazy_gettext("Treize mois après l’entretien."),
        _export_invitations,
        _erase_invitations,
        _purge_invitations,
    )
)
register(
    Holding(
        "feed_tokens",
        ("person_id", "salt", "digest"),
        lazy_gettext("L’adresse d’abonnement à votre agenda"),
        lazy_gettext(
            "Tenir à jour le calendrier de votre téléphone. L’adresse n’est pas gardée, seulement son empreinte."
        ),
        lazy_gettext("Jusqu’à ce que vous la retiriez ou effaciez votre compte."),
        _export_token,
        _erase_token,
        never,
    )
)
register_author(Mailing, lazy_gettext("Les diffusions que vous avez demandées"), "requested_at", "state")
