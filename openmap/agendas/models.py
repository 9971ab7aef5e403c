"""What was last told to each participant's calendar."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from openmap.directory.models import Organisation
from openmap.extensions import Base, UTCDateTime


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
