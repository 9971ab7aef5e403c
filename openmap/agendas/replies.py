"""Answers to invitations (REPLY, RFC 5546 3.2.3), read from what mail programs send and noted at their meeting.

What is uploaded comes from strangers: everything is bounded, nothing of it is trusted, and what is not taken is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from typing import Any, Final, Literal

from icalendar import Calendar
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from openmap.agendas.models import REPLIES, Invitation
from openmap.agendas.wording import one_line
from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.people import journal
from openmap.people.models import Person

LARGEST: Final = 1024 * 1024
MOST_FILES: Final = 50
MOST_PARTS: Final = 200
MOST_ANSWERS: Final = 100
"""Of one file: a program that answers a whole agenda at once sends a few dozen."""

_LARGEST_CALENDAR: Final = 64 * 1024
_MOST_BOUNDARIES: Final = 30
_DEEPEST: Final = 6
"""The parsers take a time that grows with the square of how deep parts lie in parts: what is deeper is no answer."""

_CALENDARS: Final = ("text/calendar", "application/ics")
_LARGEST_SEQUENCE: Final = 2**31 - 1

Outcome = Literal["kept", "unknown", "old", "earlier", "stranger", "not_reply", "unreadable", "cancelled"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as it was sent."""

    uid: str
    attendee: str
    status: str
    sequence: int
    comment: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one answer, or of a file without any. ``about`` is whom it is from, or about."""

    file: str
    outcome: Outcome
    about: str
    sentence: str


class Unreadable(Exception):
    """A file, or a part of it, is no answer; the sentence says why."""

    def __init__(self, outcome: Outcome, sentence: str) -> None:
        super().__init__(sentence)
        self.outcome: Outcome = outcome


def import_replies(
    session: AnySession, edition: Edition, files: Sequence[tuple[str, bytes]], *, by: Person, now: datetime
) -> list[Line]:
    """Note the answers of ``files`` (name, content) and return what became of each; the caller commits."""
    journal.lock(session)
    lines: list[Line] = []
    for name, content in files:
        shown = one_line(name)[:120]
        for found in answers_in(content):
            if isinstance(found, Unreadable):
                lines.append(Line(shown, found.outcome, "", str(found)))
            else:
                lines.append(_note(session, edition, shown, found, now))
    kept = sum(line.outcome == "kept" for line in lines)
    if kept:
        changes: dict[str, list[Any]] = {"replies": [None, kept]}
        journal.record(session, "replies.imported", edition, by=by, now=now, edition_id=edition.id, changes=changes)
    return lines


def answers_in(content: bytes) -> Iterator[Answer | Unreadable]:
    """Give the answers that a .ics or .eml file holds; each fault in its place, one at least where there is nothing."""
    try:
        calendars = list(_calendars(content))
    except Unreadable as fault:
        yield fault
        return
    count = 0
    for text in calendars:
        try:
            for found in _answers(text):
                count += 1
                if count > MOST_ANSWERS:
                    yield Unreadable("unreadable", f"Au-delà de {MOST_ANSWERS} réponses, le reste n’est pas lu.")
                    return
                yield found
        except Unreadable as fault:
            yield fault


def _calendars(content: bytes) -> Iterator[bytes]:
    if len(content) > LARGEST:
        raise Unreadable("unreadable", "Ce fichier dépasse 1 Mo : une réponse n’en fait que quelques kilo-octets.")
    if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:15].upper() == b"BEGIN:VCALENDAR":
        yield content
        return
    if content.lower().count(b"boundary") > _MOST_BOUNDARIES:
        raise Unreadable("unreadable", "Ce message est trop compliqué pour être une réponse.")
    found = False
    try:
        mail = message_from_bytes(content, policy=default)
        for number, part in enumerate(mail.walk()):
            if number > MOST_PARTS:
                break
            payload = part.get_payload(decode=True) if part.get_content_type() in _CALENDARS else None
            if isinstance(payload, bytes):
                found = True
                yield payload
    except Exception as error:  # the parser meets what strangers write, to any depth
        raise Unreadable("unreadable", "Ce fichier ne se lit pas comme un message.") from error
    if not found:
        raise Unreadable("not_reply", "Ce fichier ne contient pas de réponse à une invitation.")


def _require_flat(text: bytes) -> None:
    if len(text) > _LARGEST_CALENDAR:
        raise Unreadable("unreadable", "Le calendrier joint est trop long pour être une réponse.")
    depth = 0
    for line in text.splitlines():
        start = line[:6].upper()
        depth += (start == b"BEGIN:") - (start[:4] == b"END:")
        if depth > _DEEPEST:
            raise Unreadable("unreadable", "Le calendrier joint ne se lit pas.")


def _answers(text: bytes) -> Iterator[Answer | Unreadable]:
    _require_flat(text)
    try:
        calendar = Calendar.from_ical(text.decode("utf-8", errors="replace"))
        method = str(calendar.get("METHOD", "")).strip().upper()
        events = calendar.walk("VEVENT")
    except Exception as error:
        raise Unreadable("unreadable", "Le calendrier joint ne se lit pas.") from error
    if method != "REPLY":
        raise Unreadable(
            "not_reply", f"Ce calendrier n’est pas une réponse (il dit {one_line(method)[:20] or 'rien'})."
        )
    for event in events:
        try:
            yield _answer(event)
        except Unreadable as fault:
            yield fault
        except Exception:
            yield Unreadable("unreadable", "Une réponse de ce fichier ne se lit pas.")


def _answer(event: Any) -> Answer:
    attendees = event.get("ATTENDEE", [])
    attendees = attendees if isinstance(attendees, list) else [attendees]
    if len(attendees) != 1:
        raise Unreadable("unreadable", "Une réponse nomme exactement une personne : celle-ci, aucune ou plusieurs.")
    stamp = event["DTSTAMP"].dt
    if not isinstance(stamp, datetime):
        raise Unreadable("unreadable", "La réponse n’est pas datée.")
    sequence = int(event.get("SEQUENCE", 0))
    comment = event.get("COMMENT", "")
    comment = " ".join(map(str, comment)) if isinstance(comment, list) else str(comment)
    address = str(attendees[0]).strip()
    return Answer(
        uid=str(event["UID"]).replace("\x00", "")[:200],
        attendee=address.partition(":")[2].lower() if address.lower().startswith("mailto:") else address.lower(),
        status=str(attendees[0].params.get("PARTSTAT", "")).lower(),
        sequence=min(max(sequence, 0), _LARGEST_SEQUENCE),
        comment=one_line(comment)[:500],
        at=stamp.replace(tzinfo=UTC) if stamp.tzinfo is None else stamp.astimezone(UTC),
    )


def _note(session: AnySession, edition: Edition, file: str, answer: Answer, now: datetime) -> Line:
    about = one_line(answer.attendee)[:120]
    row = session.scalars(
        select(Invitation)
        .where(Invitation.edition_slug == edition.slug, Invitation.uid == answer.uid)
        .options(joinedload(Invitation.person), joinedload(Invitation.other))
    ).one_or_none()
    if row is None:
        return Line(file, "unknown", about, "Aucune invitation de cette édition n’a cet identifiant.")
    about = f"{row.person.shown_name}, {row.summary}"
    if (row.person.email or "").lower() != answer.attendee:
        sentence = f"Répond {one_line(answer.attendee)[:80] or 'on ne sait qui'}, qui n’est pas la personne invitée."
        return Line(file, "stranger", about, sentence)
    if answer.status not in REPLIES:
        return Line(file, "unreadable", about, "La réponse n’est ni oui, ni non, ni peut-être.")
    if row.cancelled:
        return Line(file, "cancelled", about, "Cet entretien est annulé depuis.")
    if answer.sequence < row.sequence:
        sentence = f"Répond à l’envoi n°\u00a0{answer.sequence + 1} de cet entretien ; il a changé depuis."
        return Line(file, "old", about, sentence)
    if answer.sequence > row.sequence:
        return Line(file, "unknown", about, "Répond à un envoi que nous n’avons pas fait.")
    at = min(answer.at, now)  # a date to come would shut out every later answer
    if row.replied_at is not None and row.reply_sequence == answer.sequence and at < row.replied_at:
        return Line(file, "earlier", about, "Une réponse plus récente est déjà notée.")
    row.reply, row.reply_sequence = answer.status, answer.sequence
    row.reply_comment, row.replied_at = answer.comment, at
    session.flush()
    return Line(file, "kept", about, SAID[answer.status] + (f" : « {answer.comment} »" if answer.comment else ""))


SAID: Final = {"accepted": "Accepte", "declined": "Refuse", "tentative": "Répond peut-être"}
