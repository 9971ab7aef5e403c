"""Verbs about mails: write one, and what an organiser does to it before it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, update

from openmap.extensions import AnySession, insert_unless_there
from openmap.mail.models import Message, Template
from openmap.mail.purposes import Purpose, filled, is_secret, require_known
from openmap.people import journal
from openmap.people.models import Person

REMINDER: Final = "reminder."
"""What the names of the purposes of reminders begin with."""


class AlreadyGone(Exception):
    """The mail has left, or is leaving: it can no longer be changed."""

    def __init__(self) -> None:
        super().__init__("Ce message est déjà parti, ou en train de partir : il ne peut plus être modifié.")


class NotKept(AlreadyGone):
    """The mail held what is kept nowhere: what would be sent is not what was written."""

    def __init__(self) -> None:
        Exception.__init__(
            self, "Ce message contenait un lien personnel qui n’est gardé nulle part : la personne peut en demander un."
        )


def write(
    session: AnySession,
    purpose: Purpose,
    person: Person,
    values: Mapping[str, str],
    *,
    key: str,
    now: datetime,
    edition_id: int | None = None,
    due_at: datetime | None = None,
    attachments: list[dict[str, Any]] | None = None,
    words: tuple[str, str] | None = None,
    html: str = "",
) -> Message | None:
    """Write a mail to ``person`` in the transaction under way; it leaves once that is committed.

    ``key`` tells this mail from all others: where one has it already, nothing is written and ``None`` is returned.
    ``words`` are a subject and a body written for this occasion, instead of the edition's. ``html`` is the filled body
    where it is more than paragraphs. Erased people get no mail.
    """
    if person.email is None:
        return None
    return _write(
        session,
        purpose,
        words or words_for(session, purpose, edition_id),
        values,
        key=key,
        now=now,
        person_id=person.id,
        edition_id=edition_id,
        recipient=person.email,
        recipient_name=person.name,
        html=html,
        attachments=attachments or [],
        due_at=due_at or now,
    )


def write_to(
    session: AnySession, purpose: Purpose, address: str, values: Mapping[str, str], *, key: str, now: datetime
) -> Message | None:
    """Write a mail to an address that is nobody's account: that of an organisation; otherwise as ``write``."""
    words = (purpose.subject, purpose.body)
    return _write(session, purpose, words, values, key=key, now=now, recipient=address, attachments=[], due_at=now)


def _write(
    session: AnySession,
    purpose: Purpose,
    words: tuple[str, str],
    values: Mapping[str, str],
    *,
    key: str,
    now: datetime,
    **columns: Any,
) -> Message | None:
    subject, body = words
    written = insert_unless_there(
        session,
        Message,
        key=f"{purpose.name}:{key}",
        purpose=purpose.name,
        subject=filled(subject, values)[:200],
        body=filled(body, values),
        state="held" if purpose.held else "queued",
        created_at=now,
        **columns,
    )
    return None if written is None else session.get(Message, written)


def words_for(session: AnySession, purpose: Purpose, edition_id: int | None) -> tuple[str, str]:
    """Return the subject and the body that an edition uses for a purpose."""
    own = session.scalars(
        select(Template).where(Template.edition_id == edition_id, Template.purpose == purpose.name)
    ).one_or_none()
    return (purpose.subject, purpose.body) if own is None else (own.subject, own.body)


def reword(
    session: AnySession, purpose: Purpose, edition_id: int, *, subject: str, body: str, by: Person, now: datetime
) -> Template:
    """Give an edition its own words for a purpose.

    Raises UnknownPlaceholder.
    """
    for text in (subject, body):
        require_known(text, purpose)
    journal.lock(session)  # of two tabs the second finds what the first has made
    asked = select(Template).where(Template.edition_id == edition_id, Template.purpose == purpose.name)
    template = session.scalars(asked).one_or_none()
    if template is None:
        template = Template(edition_id=edition_id, purpose=purpose.name)
        session.add(template)
    template.subject, template.body, template.changed_at = subject, body, now
    journal.record(session, "mail.reworded", template, by=by, now=now, edition_id=edition_id)
    return template


def _open(session: AnySession, message: Message, states: tuple[str, ...]) -> None:
    """Take hold of a message that is in one of ``states``: from here to the commit no worker can claim it."""
    if is_secret(message.purpose):
        raise NotKept
    journal.lock(session)
    held = update(Message).where(Message.id == message.id, Message.state.in_(states)).values(state=Message.state)
    if session.execute(held).rowcount != 1:  # type: ignore[attr-defined]
        raise AlreadyGone
    session.refresh(message)


def edit(session: AnySession, message: Message, *, subject: str, body: str, by: Person, now: datetime) -> None:
    """Change a mail that has not left.

    Raises AlreadyGone, or NotKept.
    """
    _open(session, message, ("held", "queued", "failed"))
    if body != message.body:
        message.html = ""  # it told the former text
    message.subject, message.body = subject, body
    journal.record(session, "mail.edited", message, by=by, now=now, edition_id=message.edition_id)


def release(session: AnySession, message: Message, *, by: Person, now: datetime) -> None:
    """Let a held mail leave, or one that failed try again.

    Raises AlreadyGone, or NotKept.
    """
    _open(session, message, ("held", "failed", "dropped"))
    message.state, message.due_at, message.attempts, message.error, message.handing_at = "queued", now, 0, "", None
    journal.record(session, "mail.released", message, by=by, now=now, edition_id=message.edition_id)


def drop(session: AnySession, message: Message, *, by: Person, now: datetime) -> None:
    """Keep a mail from leaving; it can be released later.

    Raises AlreadyGone, or NotKept.
    """
    _open(session, message, ("held", "queued", "failed"))
    message.state = "dropped"
    journal.record(session, "mail.dropped", message, by=by, now=now, edition_id=message.edition_id)


def drop_reminders(session: AnySession, edition_id: int, person: Person | None = None) -> None:
    """Keep the reminders of an edition from leaving once they would be wrong: those of one person, or all."""
    whose = [] if person is None else [Message.person_id == person.id]
    waiting = (Message.edition_id == edition_id, Message.state.in_(("held", "queued")), *whose)
    stale = update(Message).where(*waiting, Message.purpose.startswith(REMINDER, autoescape=True))
    session.execute(stale.values(state="dropped"))


def copy_words(session: AnySession, source_id: int, target_id: int, *, now: datetime) -> None:
    """Give an edition the words that another one has of its own."""
    for one in session.scalars(select(Template).where(Template.edition_id == source_id)).all():
        session.add(
            Template(edition_id=target_id, purpose=one.purpose, subject=one.subject, body=one.body, changed_at=now)
        )
    session.flush()
