"""Sending: each mail once, or an error that someone sees.

SMTP cannot tell a sender that died whether its last mail arrived. So a message goes through three commits: *claimed*,
before anything else; *handing*, once the server has accepted sender and recipient and only the text is left to give;
*sent*, once the server has said so. A message whose worker died before handing is sent again; one that died between
handing and sent may have arrived: it is not sent again, but told as failed, and an organiser decides (RFC 5321, 6.1).
"""

from __future__ import annotations

import logging
import os
import re
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Final, Protocol

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from openmap.config import Config
from openmap.extensions import AnySession
from openmap.mail.composing import as_email
from openmap.mail.models import Message
from openmap.mail.purposes import purposes, refusal_of, reply_to_of

Clock = Callable[[], datetime]

log = logging.getLogger(__name__)

TIMEOUT_SECONDS: Final = 20
LOST_AFTER: Final = timedelta(seconds=6 * TIMEOUT_SECONDS)
"""A message claimed so long ago has lost its worker: every step of a dialogue times out before."""

BACK_OFF: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 480))
"""Waits before each new attempt; after the last one, the message has failed."""

_PERMANENT: Final = 500
_LEADING_DOT: Final = re.compile(rb"^\.", re.MULTILINE)

UNCERTAIN: Final = (
    "Le programme s’est arrêté au moment de remettre ce message : il est peut-être arrivé. "
    "Demandez au destinataire, puis relancez l’envoi s’il ne l’a pas reçu."
)
NOT_KEPT: Final = (
    "Le programme s’est arrêté avant d’envoyer ce message, dont le lien n’est gardé nulle part : la personne peut en "
    "demander un autre."
)
UNSENDABLE: Final = "Ce message ne peut pas être envoyé tel quel : vérifiez l’adresse et le texte."


class Refused(Exception):
    """The server will never take this mail for this recipient."""


class Postponed(Exception):
    """The server does not take this mail now."""


class LostClaim(Exception):
    """The message was taken up by another worker, for this one was too slow: it must not be handed over."""


class Carrier(Protocol):
    """What takes mails away. ``handing`` is called once there is no way back."""

    def carry(self, mail: EmailMessage, recipient: str, name: str, handing: Callable[[], None]) -> None:
        """Hand ``mail`` over.

        Raises Refused or Postponed before ``handing`` is called, or after it only where the server has said no.
        """

    def close(self, *, broken: bool = False) -> None:
        """Let go of the server, without a word where the dialogue is broken."""


class Folder:
    """Writes mails as .eml files, for development: the file's name is the mail's own, so no mail is written twice."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def carry(self, mail: EmailMessage, recipient: str, name: str, handing: Callable[[], None]) -> None:
        """Write the file aside, then put it in its place."""
        del recipient
        self._folder.mkdir(parents=True, exist_ok=True)
        aside = self._folder / f".{name}.{os.getpid()}"
        aside.write_bytes(mail.as_bytes())
        handing()
        aside.replace(self._folder / f"{name}.eml")

    def close(self, *, broken: bool = False) -> None:
        """Nothing to let go of."""


class Server:
    """An SMTP server, one connection for as long as it holds."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._smtp: smtplib.SMTP | None = None

    def carry(self, mail: EmailMessage, recipient: str, name: str, handing: Callable[[], None]) -> None:
        """Hold the SMTP dialogue step by step, so that we know where it broke."""
        del name
        content = _LEADING_DOT.sub(b"..", mail.as_bytes(policy=SMTP)).rstrip(b"\r\n") + b"\r\n.\r\n"
        try:
            smtp = self._connected()
            sender = mail["From"].addresses[0].addr_spec
            _require(smtp.mail(sender))
            _require(smtp.rcpt(recipient))
            _require(smtp.docmd("DATA"), expected=354)
        except (OSError, smtplib.SMTPException) as error:
            self.close(broken=True)
            raise Postponed(_told(error)) from error
        except (Refused, Postponed):
            self._reset()
            raise
        handing()
        # From here on an error may hide a mail that has arrived: only a clear answer of the server is believed.
        smtp.send(content)
        _require(smtp.getreply())

    def _connected(self) -> smtplib.SMTP:
        if self._smtp is not None:
            try:
                if self._smtp.noop()[0] == 250:
                    return self._smtp
            except (OSError, smtplib.SMTPException):
                pass
            self.close(broken=True)
        config = self._config
        host, port = config.smtp_host or "", config.smtp_port
        if config.smtp_security == "tls":
            context = ssl.create_default_context()
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_SECONDS, context=context)
        else:
            smtp = smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)
        self._smtp = smtp
        if config.smtp_security == "starttls":
            smtp.starttls(context=ssl.create_default_context())
        if config.smtp_user:
            smtp.login(config.smtp_user, config.smtp_password or "")
        smtp.ehlo_or_helo_if_needed()
        return smtp

    def _reset(self) -> None:
        try:
            if self._smtp is not None:
                self._smtp.rset()
        except (OSError, smtplib.SMTPException):
            self.close(broken=True)

    def close(self, *, broken: bool = False) -> None:
        """End the connection, politely where it still stands."""
        if self._smtp is not None:
            with suppress(OSError, smtplib.SMTPException):
                if not broken:
                    self._smtp.quit()
            with suppress(OSError):
                self._smtp.close()
            self._smtp = None


def carrier_for(config: Config) -> Carrier:
    """Return what takes mails away here: the configured server, or the folder of a newcomer."""
    return Server(config) if config.smtp_host else Folder(config.instance / "outbox")


def _require(reply: tuple[int, bytes], expected: int | None = None) -> None:
    code, words = reply
    if code == expected or (expected is None and 200 <= code < 300):
        return
    told = f"{code} {words.decode(errors='replace')}"[:400]
    raise Refused(told) if code >= _PERMANENT else Postponed(told)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:400]


@contextmanager
def _carrying(config: Config) -> Iterator[Carrier]:
    carrier = carrier_for(config)
    try:
        yield carrier
    finally:
        carrier.close()


def send_due(
    session: AnySession,
    config: Config,
    *,
    clock: Clock,
    over: Callable[[], bool] = lambda: False,
    carrier: Carrier | None = None,
) -> int:
    """Send the messages that are due, oldest first, and return how many left. Each is a transaction of its own."""
    recover(session, now=clock())
    if carrier is not None:
        return _send_all(session, config, carrier, clock, over)
    if _next_due(session, clock()) is None:
        return 0
    with _carrying(config) as own:
        return _send_all(session, config, own, clock, over)


def _send_all(session: AnySession, config: Config, carrier: Carrier, clock: Clock, over: Callable[[], bool]) -> int:
    sent = 0
    while not over() and (message_id := _next_due(session, clock())) is not None:
        message = claim(session, message_id, now=clock())
        if message is not None and not drop_outdated(session, message):
            sent += deliver(session, message, config, carrier, clock=clock)
    return sent


def _next_due(session: AnySession, now: datetime) -> int | None:
    asked = select(Message.id).where(Message.state == "queued", Message.due_at <= now)
    found = session.scalars(asked.order_by(Message.due_at, Message.id).limit(1)).one_or_none()
    session.rollback()  # nothing was written: let go of the snapshot
    return found


def claim(session: AnySession, message_id: int, *, now: datetime) -> Message | None:
    """Take a queued message, unless another worker was faster."""
    taken = session.execute(
        update(Message)
        .where(Message.id == message_id, Message.state == "queued")
        .values(state="sending", claimed_at=now, handing_at=None, attempts=Message.attempts + 1)
    )
    session.commit()
    return session.get(Message, message_id) if taken.rowcount == 1 else None  # type: ignore[attr-defined]


def drop_outdated(session: AnySession, message: Message) -> bool:
    """Drop a claimed message whose purpose says that it must not leave any more, and say whether that was so."""
    reason = refusal_of(session, message)
    if not reason:
        return False
    dropped = update(Message).where(Message.id == message.id, Message.state == "sending")
    session.execute(dropped.values(state="dropped", claimed_at=None, error=reason[:500]))
    session.commit()
    return True


def deliver(
    session: AnySession,
    message: Message,
    config: Config,
    carrier: Carrier,
    *,
    clock: Clock,
    body: str | None = None,
) -> bool:
    """Send a claimed message and note how that went; ``body`` replaces the row's where it holds a secret."""
    claimed_at, handed = message.claimed_at, False
    name = f"{message.created_at:%Y%m%d-%H%M%S}-{message.id:06d}-{message.purpose.replace('.', '-')}"

    def handing() -> None:
        nonlocal handed
        _note_handing(session, message, claimed_at, now=clock())
        handed = True

    try:
        answered = reply_to_of(session, message)
        mail = as_email(message, sender=config.mail_from, body=body, reply_to=answered)
        carrier.carry(mail, message.recipient, name, handing)
        failure: Exception | None = None
    except (LostClaim, SQLAlchemyError) as error:
        carrier.close(broken=True)
        session.rollback()
        if isinstance(error, LostClaim):
            return False
        raise
    except Exception as error:
        failure = error
    if not handed and not _is_held(session, message, claimed_at):
        return False
    _note_outcome(message, failure, carrier, handed=handed, now=clock())
    session.commit()
    return message.state == "sent"


def _note_handing(session: AnySession, message: Message, claimed_at: datetime | None, *, now: datetime) -> None:
    """Note that there is no way back.

    Raises LostClaim when another worker has taken the message up meanwhile.
    """
    noted = session.execute(
        update(Message)
        .where(Message.id == message.id, Message.state == "sending", Message.claimed_at == claimed_at)
        .where(Message.handing_at.is_(None))
        .values(handing_at=now)
    )
    session.commit()
    if noted.rowcount != 1:  # type: ignore[attr-defined]
        raise LostClaim


def _is_held(session: AnySession, message: Message, claimed_at: datetime | None) -> bool:
    session.refresh(message)
    return message.state == "sending" and message.claimed_at == claimed_at


def _note_outcome(
    message: Message, failure: Exception | None, carrier: Carrier, *, handed: bool, now: datetime
) -> None:
    match failure:
        case None:
            message.state, message.sent_at, message.claimed_at, message.error = "sent", now, None, ""
            return
        case Refused():
            _fail(message, str(failure))
            return
        case Postponed():
            _postpone(message, str(failure), now=now)
            return
    carrier.close(broken=True)
    if handed:
        _fail(message, f"{UNCERTAIN} ({_told(failure)})")
    elif isinstance(failure, OSError | smtplib.SMTPException):
        _postpone(message, _told(failure), now=now)
    else:
        log.error("Courrier : le message %d ne peut pas être envoyé.", message.id, exc_info=failure)
        _fail(message, f"{UNSENDABLE} ({_told(failure)})")


def _fail(message: Message, error: str) -> None:
    message.state, message.claimed_at, message.error = "failed", None, error[:500]


def _postpone(message: Message, error: str, *, now: datetime) -> None:
    """Try again later, less and less often; give up after the last wait."""
    if message.attempts > len(BACK_OFF):
        _fail(message, error)
        return
    message.state, message.claimed_at, message.handing_at = "queued", None, None
    message.due_at, message.error = now + BACK_OFF[message.attempts - 1], error[:500]


def recover(session: AnySession, *, now: datetime) -> None:
    """Take up what a worker that died has left behind."""
    lost = update(Message).where(Message.state == "sending", Message.claimed_at < now - LOST_AFTER)
    secret = Message.purpose.in_([purpose.name for purpose in purposes() if purpose.is_secret])
    unsure, again = lost.where(Message.handing_at.is_not(None)), lost.where(Message.handing_at.is_(None))
    session.execute(unsure.values(state="failed", claimed_at=None, error=UNCERTAIN))
    session.execute(again.where(secret).values(state="failed", claimed_at=None, error=NOT_KEPT))
    session.execute(again.where(~secret).values(state="queued", claimed_at=None))
    session.commit()
