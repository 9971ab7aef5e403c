"""Verbs of signing in."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Final

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import current_app, url_for
from flask_babel import lazy_gettext
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import delete, select, update
from sqlalchemy.orm import joinedload

from openmap.config import Config
from openmap.extensions import AnySession
from openmap.mail.models import Message
from openmap.mail.purposes import Purpose, filled, register
from openmap.mail.sending import Carrier, deliver
from openmap.people import journal
from openmap.people.models import Person
from openmap.people.queries import normalised, person_by_email
from openmap.signin.models import Credential, Session, SignInLink, SignInRequest

LINK_LIFE: Final = timedelta(minutes=20)
SESSION_LIFE: Final = timedelta(days=30)
IDLE_LIFE: Final = timedelta(days=7)
SEEN_EVERY: Final = timedelta(minutes=5)
PASSWORD_LENGTH: Final = 12
_SALT: Final = "openmap sign-in link"
_TOTP_STEP_SECONDS: Final = 30

LINK_MAIL: Final = register(
    Purpose(
        "signin.link",
        lazy_gettext("Lien de connexion"),
        "Votre lien de connexion à OpenMap ESS",
        "Bonjour,\n\nPour vous connecter à OpenMap ESS, ouvrez ce lien, puis appuyez sur le bouton de la page :\n\n"
        "{lien}\n\n"
        "Il sert une fois et reste valable 20 minutes. Si vous n’avez pas demandé à vous connecter, ne faites rien : "
        "personne ne peut entrer sans ce message.",
        {"lien": lazy_gettext("le lien personnel, jamais gardé ici")},
        {"lien": "https://…"},
        in_edition=False,
        is_secret=True,
    )
)


class LinkUnusable(Exception):
    """The link is expired, used, or none of ours."""


class WrongCredentials(Exception):
    """The address, the password or the code is wrong; which one is not told."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A session just opened; ``token`` is what the browser keeps."""

    person: Person
    token: str


def ask_for_link(session: AnySession, email: str, *, next_page: str, now: datetime) -> None:
    """Note that an address asks for a link. Known or not, the same is written: the postman looks, not the page."""
    session.add(SignInRequest(email=normalised(email)[:254], next_page=next_page[:300], asked_at=now))
    session.commit()


def answer_requests(session: AnySession, config: Config, *, clock: Callable[[], datetime], carrier: Carrier) -> int:
    """Send a link to each known address that asked for one; forget the others. Returns how many were sent."""
    sent = 0
    for request_id in list(session.scalars(select(SignInRequest.id).order_by(SignInRequest.id))):
        request = session.get(SignInRequest, request_id)
        taken = session.execute(delete(SignInRequest).where(SignInRequest.id == request_id))
        if request is None or taken.rowcount != 1:  # type: ignore[attr-defined]
            session.rollback()  # another worker has answered it
            continue
        email, next_page = request.email, request.next_page
        person = person_by_email(session, email)
        session.expunge(request)
        if person is None or clock() - request.asked_at > LINK_LIFE:
            session.commit()
            continue
        token = make_link(session, person, next_page=next_page, now=clock())
        sent += _send_link(session, config, person, token, clock=clock, carrier=carrier)
    session.rollback()
    return sent


def _send_link(
    session: AnySession, config: Config, person: Person, token: str, *, clock: Callable[[], datetime], carrier: Carrier
) -> bool:
    """Send the link at once. The row keeps ``{lien}``: whoever reads the outbox cannot sign in as someone else."""
    now = clock()
    message = Message(
        key=f"{LINK_MAIL.name}:{secrets.token_hex(8)}",
        purpose=LINK_MAIL.name,
        person=person,
        recipient=person.email,
        recipient_name=person.name,
        subject=LINK_MAIL.subject,
        body=LINK_MAIL.body,
        state="sending",
        created_at=now,
        due_at=now,
        claimed_at=now,
        attempts=99,  # tried once: whoever waits asks again
    )
    session.add(message)
    session.commit()
    body = filled(LINK_MAIL.body, {"lien": link_address(config, token)})
    return deliver(session, message, config, carrier, clock=clock, body=body)


def link_address(config: Config, token: str) -> str:
    """Return the full address of a link, under the configured name, never under that of a request."""
    with current_app.test_request_context():
        return config.base_url + url_for("signin.link", token=token)


def make_link(session: AnySession, person: Person, *, next_page: str = "", now: datetime) -> str:
    """Make a link for ``person`` and return its signed token, which is kept nowhere."""
    token = _signer().dumps(secrets.token_urlsafe(24))
    session.add(
        SignInLink(
            person_id=person.id,
            token_hash=_hashed(token),
            next_page=next_page,
            created_at=now,
            expires_at=now + LINK_LIFE,
        )
    )
    session.commit()
    return token


def look_at_link(session: AnySession, token: str, *, now: datetime) -> SignInLink:
    """Return a link that still works, without using it: mail scanners open pages too.

    Raises LinkUnusable.
    """
    try:
        _signer().loads(token, max_age=int(LINK_LIFE.total_seconds()) + 60)
    except BadSignature:
        raise LinkUnusable from None
    link = session.scalars(select(SignInLink).where(SignInLink.token_hash == _hashed(token))).one_or_none()
    if link is None or link.used_at is not None or link.expires_at <= now or link.person.erased_at is not None:
        raise LinkUnusable
    return link


def use_link(session: AnySession, token: str, *, now: datetime) -> SignInLink:
    """Use a link up: of two who try at the same instant, one does.

    Raises LinkUnusable.
    """
    link = look_at_link(session, token, now=now)
    used = session.execute(
        update(SignInLink)
        .where(SignInLink.id == link.id, SignInLink.used_at.is_(None), SignInLink.expires_at > now)
        .values(used_at=now)
    )
    session.commit()
    if used.rowcount != 1:  # type: ignore[attr-defined]
        raise LinkUnusable
    return link


def open_session(session: AnySession, person: Person, *, browser: str, how: str, now: datetime) -> Opened:
    """Open a session and return the token that the browser keeps."""
    token = secrets.token_urlsafe(32)
    journal.lock(session)
    session.add(
        Session(
            person_id=person.id,
            token_hash=_hashed(token),
            browser=browser[:80],
            created_at=now,
            seen_at=now,
            ends_at=now + SESSION_LIFE,
        )
    )
    person.seen_at = now
    journal.record(session, f"signed_in.{how}", person, by=person, now=now, changes={})
    session.commit()
    return Opened(person, token)


def session_of(session: AnySession, token: str, *, now: datetime) -> Session | None:
    """Return the session that a browser's token belongs to, while it lasts; note now and then that it was seen."""
    found = session.scalars(
        select(Session).where(Session.token_hash == _hashed(token)).options(joinedload(Session.person))
    ).one_or_none()
    if found is None or found.ends_at <= now or now - found.seen_at > IDLE_LIFE or found.person.erased_at is not None:
        return None
    if now - found.seen_at > SEEN_EVERY:
        found.seen_at = now
        session.commit()
    return found


def sessions_of(session: AnySession, person: Person, *, now: datetime) -> list[Session]:
    """Return the sessions of ``person`` that still open something, last seen first."""
    lives = (Session.person_id == person.id, Session.ends_at > now, Session.seen_at >= now - IDLE_LIFE)
    return list(session.scalars(select(Session).where(*lives).order_by(Session.seen_at.desc())))


def end_session(session: AnySession, ended: Session, *, by: Person, now: datetime) -> None:
    """End a session, here or in another browser."""
    journal.record(session, "session.ended", ended.person, by=by, now=now, changes={})
    session.delete(ended)
    session.commit()


def end_other_sessions(session: AnySession, person: Person, kept: Session | None) -> None:
    """End every session of ``person`` but ``kept``."""
    session.execute(delete(Session).where(Session.person_id == person.id, Session.id != (kept.id if kept else 0)))


def check_password(session: AnySession, email: str, password: str) -> Person:
    """Return the person whose password this is. Unknown addresses take as long as known ones.

    Raises WrongCredentials.
    """
    decoy, person = _decoy(), person_by_email(session, email)
    credential = None if person is None else session.get(Credential, person.id)
    stored = decoy if credential is None or credential.password_hash is None else credential.password_hash
    try:
        _hasher().verify(stored, password)
    except (VerificationError, InvalidHashError):
        raise WrongCredentials from None
    if person is None or credential is None or credential.password_hash is None:
        raise WrongCredentials
    return person


def set_password(session: AnySession, person: Person, password: str, *, kept: Session | None, now: datetime) -> None:
    """Choose a password; every other session ends."""
    credential = _credential(session, person, now)
    credential.password_hash, credential.changed_at = _hasher().hash(password), now
    end_other_sessions(session, person, kept)
    journal.record(session, "password.chosen", person, by=person, now=now, changes={})
    session.commit()


def needs_code(session: AnySession, person: Person) -> bool:
    """Say whether ``person`` has a second factor."""
    credential = session.get(Credential, person.id)
    return credential is not None and credential.totp_confirmed_at is not None


def start_second_factor(session: AnySession, person: Person, *, now: datetime) -> str:
    """Return the secret to scan, a new one until it has been confirmed."""
    credential = _credential(session, person, now)
    if credential.totp_confirmed_at is None and credential.totp_secret is None:
        credential.totp_secret = pyotp.random_base32()
        session.commit()
    return credential.totp_secret or ""


def confirm_second_factor(session: AnySession, person: Person, code: str, *, kept: Session, now: datetime) -> None:
    """Turn the second factor on, once a code shows that the person's device has the secret.

    Raises WrongCredentials.
    """
    _take_code(session, person, code, now=now)
    credential = _credential(session, person, now)
    credential.totp_confirmed_at = now
    end_other_sessions(session, person, kept)
    journal.record(session, "second_factor.on", person, by=person, now=now, changes={})
    session.commit()


def drop_second_factor(session: AnySession, person: Person, *, by: Person | None, now: datetime) -> None:
    """Turn the second factor off."""
    credential = _credential(session, person, now)
    credential.totp_secret, credential.totp_confirmed_at, credential.totp_step = None, None, 0
    journal.record(session, "second_factor.off", person, by=by, now=now, changes={})
    session.commit()


def check_code(session: AnySession, person: Person, code: str, *, now: datetime) -> None:
    """Take a code of the second factor, each once.

    Raises WrongCredentials.
    """
    _take_code(session, person, code, now=now)
    session.commit()


def _take_code(session: AnySession, person: Person, code: str, *, now: datetime) -> None:
    """Accept the code of this half minute or of its neighbours, unless a later or the same one was taken already."""
    credential = session.get(Credential, person.id)
    typed = "".join(code.split())
    if credential is None or credential.totp_secret is None or not typed.isascii():
        raise WrongCredentials
    totp, present = pyotp.TOTP(credential.totp_secret), int(now.timestamp()) // _TOTP_STEP_SECONDS
    for step in (present - 1, present, present + 1):
        if hmac.compare_digest(totp.at(step * _TOTP_STEP_SECONDS), typed):
            taken = session.execute(
                update(Credential)
                .where(Credential.person_id == person.id, Credential.totp_step < step)
                .values(totp_step=step)
            )
            if taken.rowcount == 1:  # type: ignore[attr-defined]
                return
    raise WrongCredentials


def _credential(session: AnySession, person: Person, now: datetime) -> Credential:
    journal.lock(session)  # of two tabs the second finds what the first has made
    credential = session.get(Credential, person.id)
    if credential is None:
        credential = Credential(person_id=person.id, changed_at=now, totp_step=0)
        session.add(credential)
        session.flush()
    return credential


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt=_SALT)


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@cache
def _hasher() -> PasswordHasher:
    """Argon2id with the library's parameters, those of RFC 9106 for constrained memory."""
    return PasswordHasher()


@cache
def _decoy() -> str:
    """A hash that no password fits, for addresses that have none."""
    return _hasher().hash(secrets.token_urlsafe(32))
