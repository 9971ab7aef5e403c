"""Reads of one's own messages to structures: how many answered, and what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from openmap.directory.sourcing.letters import ASKED
from openmap.directory.sourcing_models import Inquiry, InquiryRecipient
from openmap.extensions import AnySession
from openmap.mail.models import Message
from openmap.people.models import Person

PER_PAGE: Final = 30
_BEST_FIRST: Final = ("sent", "sending", "queued", "held", "failed", "dropped")


@dataclass(frozen=True, slots=True)
class Counted:
    """A message with how many structures have it, and how many of them said what."""

    inquiry: Inquiry
    sent: int = 0
    answers: dict[str, int] = field(default_factory=dict)

    @property
    def silent(self) -> int:
        """How many have not answered."""
        return self.sent - sum(self.answers.values())


@dataclass(frozen=True, slots=True)
class Messages:
    """A page of someone's messages, newest first."""

    rows: Sequence[Counted]
    total: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are, one at least."""
        return max(1, -(-self.total // PER_PAGE))


def messages_of(session: AnySession, person: Person, *, page: int = 1) -> Messages:
    """Return the messages that ``person`` has written."""
    own = Inquiry.person_id == person.id
    total = session.scalar(select(func.count()).select_from(Inquiry).where(own)) or 0
    page = max(1, min(page, max(1, -(-total // PER_PAGE))))
    asked = select(Inquiry).where(own).order_by(Inquiry.id.desc()).limit(PER_PAGE).offset(PER_PAGE * (page - 1))
    found = list(session.scalars(asked.options(joinedload(Inquiry.organisation))))
    grouped = select(InquiryRecipient.inquiry_id, InquiryRecipient.answer, func.count())
    grouped = grouped.where(InquiryRecipient.inquiry_id.in_([one.id for one in found]))
    sent: dict[int, int] = {}
    answers: dict[int, dict[str, int]] = {}
    for number, answer, count in session.execute(
        grouped.group_by(InquiryRecipient.inquiry_id, InquiryRecipient.answer)
    ):
        sent[number] = sent.get(number, 0) + count
        if answer is not None:
            answers.setdefault(number, {})[answer] = count
    rows = [Counted(one, sent.get(one.id, 0), answers.get(one.id, {})) for one in found]
    return Messages(rows, total, page)


def counted(inquiry: Inquiry) -> Counted:
    """Return a whole message with its counts."""
    answers: dict[str, int] = {}
    for one in inquiry.recipients:
        if one.answer is not None:
            answers[one.answer] = answers.get(one.answer, 0) + 1
    return Counted(inquiry, len(inquiry.recipients), answers)


def whole(session: AnySession, inquiry_id: int) -> Inquiry | None:
    """Return a message with the structures that it went to."""
    asked = select(Inquiry).where(Inquiry.id == inquiry_id)
    to = selectinload(Inquiry.recipients).joinedload(InquiryRecipient.structure)
    return session.scalars(asked.options(joinedload(Inquiry.organisation), to)).one_or_none()


def deliveries(session: AnySession, inquiry: Inquiry) -> dict[int, str]:
    """Return, by recipient, how far its mails have come: where one has arrived, it has."""
    keys = [Message.key.startswith(f"{ASKED.name}:{one.id}:", autoescape=True) for one in inquiry.recipients]
    found: dict[int, str] = {one.id: "" for one in inquiry.recipients}
    if not keys:
        return found
    rank = {state: place for place, state in enumerate(_BEST_FIRST)}
    for key, state in session.execute(select(Message.key, Message.state).where(or_(*keys))):
        number = int(key.split(":")[1])
        if not found[number] or rank[state] < rank[found[number]]:
            found[number] = state
    return found
