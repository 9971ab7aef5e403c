"""Messages on their way, and the words they are made of."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from openmap.extensions import Base, UTCDateTime
from openmap.people.models import Person

STATES: Final = ("held", "queued", "sending", "sent", "failed", "dropped")


class Message(Base):
    """A mail: one purpose, one recipient, written once (``key`` is unique).

    ``held`` waits for an organiser, ``queued`` for its turn. ``handing_at`` is noted right before the server is given
    the last byte: a message that died before may be sent again, one that died after may have arrived.
    ``attachments`` are ``{"name", "type", "text"}``, the type one of ``text/…``; or ``{"name", "type",
    "digest"}``, a file that lies under its hash (``web.uploads``). With ``"as": "alternative"`` a text is one more form
    of the body, with ``"part"`` a part of its own that is no file to save, with ``"file"`` one to save, byte for byte.
    ``html`` is the body as HTML where it is more than the text's paragraphs; editing the text gives it up.
    """

    __tablename__ = "messages"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES!r}", name="state_known"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_when_sent"),
        CheckConstraint("(state = 'sending') = (claimed_at IS NOT NULL)", name="claimed_while_sending"),
        Index("ix_messages_due", "state", "due_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    purpose: Mapped[str] = mapped_column(String(60))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"), index=True)
    recipient: Mapped[str] = mapped_column(String(254))
    recipient_name: Mapped[str] = mapped_column(String(120), default="")
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text, default="")
    attachments: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    state: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    claimed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    handing_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(String(500), default="")

    person: Mapped[Person | None] = relationship()


class Template(Base):
    """An edition's own words for a purpose, instead of those of the house."""

    __tablename__ = "mail_templates"
    __table_args__ = (UniqueConstraint("edition_id", "purpose"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"))
    purpose: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)


class ReminderSetting(Base):
    """A rule of reminders that an edition has switched off."""

    __tablename__ = "reminder_settings"
    __table_args__ = (UniqueConstraint("edition_id", "rule"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"))
    rule: Mapped[str] = mapped_column(String(40))
    is_off: Mapped[bool] = mapped_column(default=True)
