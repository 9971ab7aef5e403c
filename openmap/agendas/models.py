"""What was last told to each participant's calendar, and the acts of telling."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from openmap.directory.models import Organisation
from openmap.extensions import Base, UTCDateTime
from openmap.mail.models import Message
from openmap.meetings.models import Release
from openmap.people.models import Person

REPLIES: Final = ("accepted", "declined", "tentative")
MAILING_STATES: Final = ("queued", "running", "finished", "failed")
UNDER_WAY: Final = text("state IN ('queued', 'running')")


class CalendarEntry(Base):
    """One meeting in one participant's calendar, as last published (RFC 5545 UID, SEQUENCE and DTSTAMP).

    It tells what is in someone's calendar by now, so it must outlive the plan, the wish and the participation
    of an edition that is imported again: it hangs on the organisation and on the edition's slug.
    ``fingerprint`` digests what the entry said, so that only a real change raises ``sequence``. Summary, place
    and times are kept because a cancellation must still name a meeting that no plan holds any more.
    """

    __tablename__ = "calendar_entries"
    __table_args__ = (
        CheckConstraint("sequence >= 0", name="sequence_not_negative"),
        CheckConstraint('"end" > "start"', name="ends_after_start"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_slug: Mapped[str] = mapped_column(String(80), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id", ondelete="CASCADE"), index=True)
    uid: Mapped[str] = mapped_column(String(120), unique=True)
    sequence: Mapped[int] = mapped_column(default=0)
    fingerprint: Mapped[str] = mapped_column(String(64))
    cancelled: Mapped[bool] = mapped_column(default=False)
    stamped_at: Mapped[datetime] = mapped_column(UTCDateTime)
    start: Mapped[datetime] = mapped_column(UTCDateTime)
    end: Mapped[datetime] = mapped_column(UTCDateTime)
    summary: Mapped[str] = mapped_column(String(300))
    place: Mapped[str] = mapped_column(String(700))

    organisation: Mapped[Organisation] = relationship()


class Invitation(Base):
    """One meeting in one person's calendar, as it was last written to (RFC 5546: UID, SEQUENCE, DTSTAMP).

    Like ``CalendarEntry`` it outlives plan, wish and participation. ``message`` is the mail that carries this state;
    ``known`` says that an earlier mail about this meeting has left, so that a cancellation has something to cancel.
    ``party`` is which of its organisation's people meets, where several meet at once (0: there is one only).
    ``reply`` is what the person has answered to the state numbered ``reply_sequence``.
    """

    __tablename__ = "invitations"
    __table_args__ = (
        UniqueConstraint("person_id", "uid"),
        CheckConstraint("sequence >= 0", name="sequence_not_negative"),
        CheckConstraint('"end" > "start"', name="ends_after_start"),
        CheckConstraint("party >= 0", name="party_not_negative"),
        CheckConstraint(f"reply IS NULL OR reply IN {REPLIES!r}", name="reply_known"),
        CheckConstraint("(reply IS NULL) = (replied_at IS NULL)", name="reply_dated"),
        CheckConstraint("(reply IS NULL) = (reply_sequence IS NULL)", name="reply_to_a_sequence"),
        Index("ix_invitations_edition_slug_person_id", "edition_slug", "person_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_slug: Mapped[str] = mapped_column(String(80))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id", ondelete="CASCADE"), index=True)
    other_id: Mapped[int] = mapped_column(ForeignKey("organisations.id", ondelete="CASCADE"), index=True)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id", ondelete="SET NULL"), index=True)
    uid: Mapped[str] = mapped_column(String(120), index=True)
    sequence: Mapped[int] = mapped_column(default=0)
    fingerprint: Mapped[str] = mapped_column(String(64))
    cancelled: Mapped[bool] = mapped_column(default=False)
    known: Mapped[bool] = mapped_column(default=False)
    stamped_at: Mapped[datetime] = mapped_column(UTCDateTime)
    start: Mapped[datetime] = mapped_column(UTCDateTime)
    end: Mapped[datetime] = mapped_column(UTCDateTime)
    summary: Mapped[str] = mapped_column(String(300))
    place: Mapped[str] = mapped_column(String(700))
    party: Mapped[int] = mapped_column(default=0)
    reply: Mapped[str | None] = mapped_column(String(20))
    reply_sequence: Mapped[int | None]
    reply_comment: Mapped[str] = mapped_column(String(500), default="")
    replied_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    person: Mapped[Person] = relationship()
    organisation: Mapped[Organisation] = relationship(foreign_keys=organisation_id)
    other: Mapped[Organisation] = relationship(foreign_keys=other_id)
    message: Mapped[Message | None] = relationship()


class Mailing(Base):
    """One act of publishing a release to the people concerned: asked for, carried out by a job, over.

    ``claimed_at`` is the job's own mark: one that lost it to another stops. A job that died is taken up again; the
    keys of its mails keep each of them from being written twice.
    """

    __tablename__ = "mailings"
    __table_args__ = (
        CheckConstraint(f"state IN {MAILING_STATES!r}", name="state_known"),
        CheckConstraint("(state IN ('finished', 'failed')) = (ended_at IS NOT NULL)", name="ended_when_over"),
        CheckConstraint("state <> 'running' OR claimed_at IS NOT NULL", name="claimed_while_running"),
        CheckConstraint("done >= 0 AND total >= 0 AND written >= 0", name="counts_not_negative"),
        Index(
            "uq_mailings_one_under_way",
            "edition_id",
            unique=True,
            sqlite_where=UNDER_WAY,
            postgresql_where=UNDER_WAY,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"), index=True)
    release_id: Mapped[int] = mapped_column(ForeignKey("releases.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    state: Mapped[str] = mapped_column(String(20), default="queued")
    requested_at: Mapped[datetime] = mapped_column(UTCDateTime)
    claimed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    beat_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    written: Mapped[int] = mapped_column(default=0)
    message: Mapped[str] = mapped_column(Text, default="")

    release: Mapped[Release] = relationship()
    person: Mapped[Person | None] = relationship()


class FeedToken(Base):
    """A person's own calendar address: the token itself is kept nowhere, only its SHA-256 and the salt of its making.

    Without the application's secret the salt gives nothing away; with it the person can be shown the address again.
    """

    __tablename__ = "feed_tokens"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    salt: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)

    person: Mapped[Person] = relationship()
