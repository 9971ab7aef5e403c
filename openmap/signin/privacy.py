"""What this room keeps of people."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext
from sqlalchemy import delete, or_, select

from openmap.extensions import AnySession
from openmap.people.models import Person
from openmap.people.privacy import Exported, Holding, register, row_of
from openmap.signin.models import Credential, Session, SignInLink, SignInRequest
from openmap.signin.services import IDLE_LIFE

_KEPT = timedelta(days=1)


def _export_sessions(session: AnySession, person: Person) -> Exported:
    rows = session.scalars(select(Session).where(Session.person_id == person.id))
    return [row_of(row, "browser", "created_at", "seen_at", "ends_at") for row in rows]


def _export_credential(session: AnySession, person: Person) -> Exported:
    row = session.get(Credential, person.id)
    if row is None:
        return []
    has: dict[str, Any] = {
        "password": row.password_hash is not None,
        "second_factor": row.totp_confirmed_at is not None,
    }
    return [has | row_of(row, "changed_at")]


def _export_links(session: AnySession, person: Person) -> Exported:
    rows = session.scalars(select(SignInLink).where(SignInLink.person_id == person.id))
    return [row_of(row, "created_at", "expires_at", "used_at") for row in rows]


def _export_requests(session: AnySession, person: Person) -> Exported:
    rows = session.scalars(select(SignInRequest).where(SignInRequest.email == person.email))
    return [row_of(row, "email", "asked_at") for row in rows]


def _erase_sessions(session: AnySession, person: Person) -> None:
    session.execute(delete(Session).where(Session.person_id == person.id))


def _erase_credential(session: AnySession, person: Person) -> None:
    session.execute(delete(Credential).where(Credential.person_id == person.id))


def _erase_links(session: AnySession, person: Person) -> None:
    session.execute(delete(SignInLink).where(SignInLink.person_id == person.id))


def _erase_requests(session: AnySession, person: Person) -> None:
    session.execute(delete(SignInRequest).where(SignInRequest.email == person.email))


def _purge_sessions(session: AnySession, now: datetime) -> int:
    over = or_(Session.ends_at < now, Session.seen_at < now - IDLE_LIFE)
    return session.execute(delete(Session).where(over)).rowcount  # type: ignore[attr-defined, no-any-return]


def _purge_links(session: AnySession, now: datetime) -> int:
    return session.execute(delete(SignInLink).where(SignInLink.expires_at < now - _KEPT)).rowcount  # type: ignore[attr-defined, no-any-return]


def _purge_requests(session: AnySession, now: datetime) -> int:
    return session.execute(delete(SignInRequest).where(SignInRequest.asked_at < now - _KEPT)).rowcount  # type: ignore[attr-defined, no-any-return]


def _keep(session: AnySession, now: datetime) -> int:
    del session, now
    return 0


register(
    Holding(
        "sessions",
        ("browser", "person_id", "created_at", "seen_at"),
        lazy_gettext("Vos sessions"),
        lazy_gettext("Vous garder connecté, et vous montrer où vous l’êtes."),
        lazy_gettext("Trente jours, sept sans visite, ou jusqu’à ce que vous les fermiez."),
        _export_sessions,
        _erase_sessions,
        _purge_sessions,
    )
)
register(
    Holding(
        "credentials",
        ("person_id", "password_hash", "totp_secret"),
        lazy_gettext("Votre mot de passe et votre second facteur"),
        lazy_gettext("Vérifier que c’est bien vous. Le mot de passe n’est gardé que sous forme d’empreinte."),
        lazy_gettext("Jusqu’à ce que vous les retiriez ou effaciez votre compte."),
        _export_credential,
        _erase_credential,
        _keep,
    )
)
register(
    Holding(
        "sign_in_links",
        ("person_id",),
        lazy_gettext("Vos liens de connexion"),
        lazy_gettext("Vous connecter sans mot de passe. Seule leur empreinte est gardée."),
        lazy_gettext("Un jour."),
        _export_links,
        _erase_links,
        _purge_links,
    )
)
register(
    Holding(
        "sign_in_requests",
        ("email",),
        lazy_gettext("L’adresse saisie pour recevoir un lien"),
        lazy_gettext("Envoyer ce lien, si l’adresse est connue."),
        lazy_gettext("Quelques secondes ; un jour au plus."),
        _export_requests,
        _erase_requests,
        _purge_requests,
    )
)
