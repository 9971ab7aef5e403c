"""What a buyer keeps while sourcing: searches with alerts, lists with notes, messages to several structures."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from openmap.directory.models import Organisation, Structure
from openmap.extensions import Base, UTCDateTime
from openmap.people.models import Person

SEARCHED: Final = ("structures", "needs")
ITEM_STATES: Final = ("", "contacted", "met", "consulted", "contract", "dropped")
ANSWERS: Final = ("interested", "declined")


class SavedSearch(Base):
    """A search that someone keeps: its address's query, and whether a mail tells of what newly matches.

    ``stop_hash`` is the SHA-256 of the token by which a mail's link ends the alert without signing in.
    """

    __tablename__ = "saved_searches"
    __table_args__ = (
        UniqueConstraint("person_id", "searched", "query"),
        CheckConstraint(f"searched IN {SEARCHED!r}", name="searched_known"),
        CheckConstraint("length(name) > 0", name="name_given"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    searched: Mapped[str] = mapped_column(String(20), default="structures")
    name: Mapped[str] = mapped_column(String(120))
    query: Mapped[str] = mapped_column(String(1000))
    alerts: Mapped[bool] = mapped_column(default=True)
    stop_hash: Mapped[str] = mapped_column(String(64), unique=True)
    saved_at: Mapped[datetime] = mapped_column(UTCDateTime)
    looked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    """When it was last compared with what it had found."""
    revision: Mapped[int] = mapped_column(default=0)
    """The directory's revision then: while it stands, there is nothing to look for."""

    person: Mapped[Person] = relationship()


class FoundBefore(Base):
    """What a saved search has found already, so that each match is told once."""

    __tablename__ = "saved_search_finds"

    search_id: Mapped[int] = mapped_column(ForeignKey("saved_searches.id", ondelete="CASCADE"), primary_key=True)
    object_id: Mapped[int] = mapped_column(primary_key=True)


class Shortlist(Base):
    """A list of structures with notes: of one person, or shared by those who act for an organisation."""

    __tablename__ = "shortlists"
    __table_args__ = (CheckConstraint("length(name) > 0", name="name_given"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    organisation: Mapped[Organisation | None] = relationship()
    items: Mapped[list[ShortlistItem]] = relationship(
        back_populates="shortlist", cascade="all, delete-orphan", order_by="ShortlistItem.id"
    )


class ShortlistItem(Base):
    """A structure of a list, with what the buyer notes of it and where they stand."""

    __tablename__ = "shortlist_items"
    __table_args__ = (
        UniqueConstraint("shortlist_id", "structure_id"),
        CheckConstraint(f"state IN {ITEM_STATES!r}", name="state_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    shortlist_id: Mapped[int] = mapped_column(ForeignKey("shortlists.id", ondelete="CASCADE"))
    structure_id: Mapped[int] = mapped_column(ForeignKey("structures.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    state: Mapped[str] = mapped_column(String(20), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    added_at: Mapped[datetime] = mapped_column(UTCDateTime)
    noted_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    noted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)
    """Counts the saves of note and state, so that two people do not overwrite each other."""

    shortlist: Mapped[Shortlist] = relationship(back_populates="items")
    structure: Mapped[Structure] = relationship()
    person: Mapped[Person | None] = relationship(foreign_keys=person_id)
    noted_by: Mapped[Person | None] = relationship(foreign_keys=noted_by_id)


class Inquiry(Base):
    """One message to one structure or several: the same text for all of them."""

    __tablename__ = "inquiries"
    __table_args__ = (CheckConstraint("length(subject) > 0", name="subject_given"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id", ondelete="SET NULL"), index=True)
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[datetime] = mapped_column(UTCDateTime)

    person: Mapped[Person | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
    recipients: Mapped[list[InquiryRecipient]] = relationship(
        back_populates="inquiry", cascade="all, delete-orphan", order_by="InquiryRecipient.id"
    )


class InquiryRecipient(Base):
    """A structure that was written to, and what it answered by its own link (its token is kept as a SHA-256)."""

    __tablename__ = "inquiry_recipients"
    __table_args__ = (
        UniqueConstraint("inquiry_id", "structure_id"),
        CheckConstraint(f"answer IS NULL OR answer IN {ANSWERS!r}", name="answer_known"),
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answer_dated"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    inquiry_id: Mapped[int] = mapped_column(ForeignKey("inquiries.id", ondelete="CASCADE"))
    structure_id: Mapped[int] = mapped_column(ForeignKey("structures.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    answer: Mapped[str | None] = mapped_column(String(20))
    answer_text: Mapped[str] = mapped_column(Text, default="")
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    inquiry: Mapped[Inquiry] = relationship(back_populates="recipients")
    structure: Mapped[Structure] = relationship()
