"""Verbs of messages to structures: write one text to several, answer by a link, report."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from email_validator import EmailNotValidError, validate_email
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from openmap.directory.models import Delegate, Organisation, Structure
from openmap.directory.sourcing.labels import ANSWER_LABELS
from openmap.directory.sourcing.letters import ANSWERED, ASKED, REPORTED
from openmap.directory.sourcing_models import ANSWERS, Inquiry, InquiryRecipient
from openmap.extensions import AnySession
from openmap.mail.services import write, write_to
from openmap.people import journal
from openmap.people.models import ADMINISTRATOR, Person, Role
from openmap.web.addresses import address_of
from openmap.web.french import counted

MOST: Final = 20
"""So many structures get one message at most."""

A_DAY: Final = 60
"""So many structures does one person write to within twenty-four hours."""

TWICE: Final = timedelta(minutes=2)
"""The same message again within so long is a button that was pressed twice."""

ANSWERABLE: Final = timedelta(days=180)
LONGEST_ANSWER: Final = 2_000


class RefusedMessage(Exception):
    """What is asked of a message cannot be done; the sentence says why and what to do."""


@dataclass(frozen=True, slots=True)
class Postbox:
    """Where mails to a structure go: the accounts of who acts for it, else its own address, which is shown to nobody.

    Neither where it has nobody.
    """

    people: Sequence[Person] = ()
    address: str = ""

    @property
    def is_open(self) -> bool:
        """Say whether anybody would read a message."""
        return bool(self.people or self.address)


def postboxes(session: AnySession, structures: Sequence[Structure]) -> dict[int, Postbox]:
    """Return where mails to these structures go, in one query whatever their number."""
    asked = select(Delegate).where(Delegate.organisation_id.in_([one.id for one in structures]))
    people: dict[int, list[Person]] = {}
    for delegate in session.scalars(asked.options(joinedload(Delegate.person)).order_by(Delegate.id)):
        if delegate.person.email:
            people.setdefault(delegate.organisation_id, []).append(delegate.person)
    return {
        one.id: Postbox(people[one.id]) if one.id in people else Postbox((), _usable(one.contact_email))
        for one in structures
    }


def send(
    session: AnySession,
    structures: Sequence[Structure],
    subject: str,
    body: str,
    *,
    organisation: Organisation | None,
    by: Person,
    now: datetime,
) -> Inquiry:
    """Write the same text to each structure that somebody reads for; pressing the button twice writes once.

    Raises RefusedMessage: nobody to write to, too many at once, too many today.
    """
    journal.lock(session)  # of two tabs the second finds what the first has written
    boxes = postboxes(session, structures)
    reached = [one for one in structures if one.is_listed and boxes[one.id].is_open]
    if not reached:
        raise RefusedMessage(_("Aucune de ces structures n’a quelqu’un à qui écrire : passez par le facilitateur."))
    if len(structures) > MOST:
        raise RefusedMessage(_("Un message part à vingt structures au plus : retirez-en, puis recommencez."))
    known = _written_twice(session, reached, subject, body, by=by, now=now)
    if known is not None:
        return known
    _require_room(session, len(reached), by=by, now=now)
    inquiry = Inquiry(person=by, organisation=organisation, subject=subject, body=body, sent_at=now)
    session.add(inquiry)
    for structure in reached:
        token = secrets.token_urlsafe(24)
        recipient = InquiryRecipient(structure=structure, token_hash=token_hash(token))
        inquiry.recipients.append(recipient)
        session.flush()
        _write(session, recipient, token, boxes[structure.id], now=now)
    changes = {"recipients": [None, len(reached)]}
    journal.record(session, "inquiry.sent", inquiry, by=by, now=now, changes=changes)
    return inquiry


def token_hash(token: str) -> str:
    """Return what is kept of a link's token."""
    return hashlib.sha256(token.encode()).hexdigest()


def recipient_by_token(session: AnySession, token: str) -> InquiryRecipient | None:
    """Return what a link answers."""
    asked = select(InquiryRecipient).where(InquiryRecipient.token_hash == token_hash(token))
    loaded = asked.options(joinedload(InquiryRecipient.inquiry), joinedload(InquiryRecipient.structure))
    return session.scalars(loaded).one_or_none()


def is_open(recipient: InquiryRecipient, now: datetime) -> bool:
    """Say whether a link still takes an answer, or another one."""
    return now < recipient.inquiry.sent_at + ANSWERABLE


def answer(session: AnySession, recipient: InquiryRecipient, value: str, text: str, *, now: datetime) -> None:
    """Keep an answer and tell the sender by mail; the same answer again changes and tells nothing.

    Raises RefusedMessage where it is none, too long, or comes too late.
    """
    journal.lock(session)
    session.refresh(recipient)
    if value not in ANSWERS:
        raise RefusedMessage(_("Choisissez « Intéressée » ou « Décline »."))
    if len(text) > LONGEST_ANSWER:
        raise RefusedMessage(_("Votre mot est trop long : 2 000 caractères au plus."))
    if not is_open(recipient, now):
        raise RefusedMessage(_("Ce message a plus de six mois : il ne prend plus de réponse."))
    if (recipient.answer, recipient.answer_text) == (value, text):
        return
    changes = {"answer": [recipient.answer, value]}
    recipient.answer, recipient.answer_text, recipient.answered_at = value, text, now
    journal.record(session, "inquiry.answered", recipient, by=None, now=now, changes=changes)
    inquiry, sender = recipient.inquiry, recipient.inquiry.person
    if sender is not None:
        values = {
            "prenom_nom": sender.name,
            "structure": recipient.structure.name,
            "objet": inquiry.subject,
            "reponse": str(ANSWER_LABELS[value]),
            "texte": text or str(_("(sans autre mot)")),
            "adresse": address_of("inquiries.show", inquiry_id=inquiry.id),
        }
        write(session, ANSWERED, sender, values, key=f"{recipient.id}:{now.timestamp():.6f}", now=now)


def is_reported(session: AnySession, recipient: InquiryRecipient) -> bool:
    """Say whether a structure has reported the message."""
    return any(entry.action == "inquiry.reported" for entry in journal.entries_about(session, recipient))


def report(session: AnySession, recipient: InquiryRecipient, reason: str, *, now: datetime) -> None:
    """Tell the administrators that a message is abusive, once: by mail and in the journal."""
    journal.lock(session)
    if is_reported(session, recipient):
        return
    journal.record(session, "inquiry.reported", recipient, by=None, now=now, changes={})
    inquiry, sender = recipient.inquiry, recipient.inquiry.person
    values = {
        "structure": recipient.structure.name,
        "expediteur": sender.shown_name if sender else "",
        "courriel": (sender.email or "") if sender else "",
        "motif": reason or str(_("non précisé")),
        "objet": inquiry.subject,
        "texte": inquiry.body,
    }
    asked = select(Person).join(Role, Role.person_id == Person.id).where(Role.role == ADMINISTRATOR)
    for administrator in session.scalars(asked).unique():
        write(session, REPORTED, administrator, values, key=f"{recipient.id}:{administrator.id}", now=now)


def _write(session: AnySession, recipient: InquiryRecipient, token: str, box: Postbox, *, now: datetime) -> None:
    """Write a structure's mails: to each person who acts for it, else to its own address."""
    inquiry = recipient.inquiry
    sender = inquiry.person
    assert sender is not None  # noqa: S101 - who is writing
    whose = f" ({inquiry.organisation.name})" if inquiry.organisation else ""
    values: Mapping[str, str] = {
        "objet": inquiry.subject,
        "expediteur": f"{sender.shown_name}{whose}",
        "structure": recipient.structure.name,
        "texte": inquiry.body,
        "adresse": address_of("replies.show", token=token),
        "courriel": sender.email or "",
    }
    for person in box.people:
        write(session, ASKED, person, values, key=f"{recipient.id}:{person.id}", now=now)
    if not box.people:
        write_to(session, ASKED, box.address, values, key=f"{recipient.id}:0", now=now)


def _written_twice(
    session: AnySession, reached: Sequence[Structure], subject: str, body: str, *, by: Person, now: datetime
) -> Inquiry | None:
    asked = select(Inquiry).where(
        Inquiry.person_id == by.id, Inquiry.sent_at > now - TWICE, Inquiry.subject == subject, Inquiry.body == body
    )
    wanted = {one.id for one in reached}
    return next((one for one in session.scalars(asked) if {to.structure_id for to in one.recipients} == wanted), None)


def _require_room(session: AnySession, wanted: int, *, by: Person, now: datetime) -> None:
    asked = select(func.count()).select_from(InquiryRecipient).join(InquiryRecipient.inquiry)
    written = session.scalar(asked.where(Inquiry.person_id == by.id, Inquiry.sent_at > now - timedelta(days=1))) or 0
    if written + wanted > A_DAY:
        rest = counted(max(0, A_DAY - written), str(_("structure")))
        raise RefusedMessage(
            _("Vous pouvez encore écrire à %(rest)s aujourd’hui : attendez demain pour les autres.", rest=rest)
        )


def _usable(address: str) -> str:
    """Return an address that mail can go to; nothing where a list has brought one that it cannot."""
    try:
        return validate_email(address.strip(), check_deliverability=False, allow_smtputf8=False).ascii_email or ""
    except EmailNotValidError:
        return ""
