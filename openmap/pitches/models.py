"""The jury, its criteria, conflicts, readings and scores; the selection; coaching and the order of passage."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy import Table as SATable
from sqlalchemy.orm import Mapped, mapped_column, relationship

from openmap.applications.models import Application, Revision
from openmap.events.models import Edition
from openmap.extensions import Base, UTCDateTime
from openmap.people.models import Person

HIGHEST_MARK: Final = 5
PICKS: Final = 6
"""How many structures pitch, unless an edition says otherwise."""

DECISIONS: Final = ("picked", "reserve", "declined")
STAGES: Final = ("blind", "open", "released")
"""Jurors see their own scores only; then the ranking and all scores; then the decisions have left."""


class Jury(Base):
    """How the jury of an edition works: ``readers`` for each file, ``picks`` to choose, ``stage`` where it stands.

    A mark at or under ``comment_under`` needs a comment (``None``: never). Those who pitch book their coaching until
    ``booking_until`` and hand in their slides until ``decks_until`` (``None``: no limit).
    """

    __tablename__ = "juries"
    __table_args__ = (
        CheckConstraint(f"stage IN {STAGES!r}", name="stage_known"),
        CheckConstraint("readers > 0", name="readers_positive"),
        CheckConstraint("picks > 0", name="picks_positive"),
        CheckConstraint("(stage = 'released') = (released_at IS NOT NULL)", name="released_when_released"),
    )

    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"), primary_key=True)
    readers: Mapped[int] = mapped_column(default=3)
    picks: Mapped[int] = mapped_column(default=PICKS)
    comment_under: Mapped[int | None] = mapped_column(default=1)
    stage: Mapped[str] = mapped_column(String(20), default="blind")
    chair_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    assigned_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    released_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    booking_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    decks_until: Mapped[datetime | None] = mapped_column(UTCDateTime)

    edition: Mapped[Edition] = relationship()
    chair: Mapped[Person | None] = relationship()


class Criterion(Base):
    """What jurors mark from 0 to 5; ``words`` says what each mark means, ``weight`` counts in the formula."""

    __tablename__ = "criteria"
    __table_args__ = (
        UniqueConstraint("edition_id", "name"),
        CheckConstraint("weight > 0", name="weight_positive"),
        CheckConstraint("length(name) > 0", name="name_given"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(default=0)
    name: Mapped[str] = mapped_column(String(120))
    help: Mapped[str] = mapped_column(String(500), default="")
    weight: Mapped[int] = mapped_column(default=1)
    words: Mapped[list[str]] = mapped_column(JSON, default=list)

    edition: Mapped[Edition] = relationship()


declaration_names = SATable(
    "declaration_names",
    Base.metadata,
    Column("declaration_id", ForeignKey("declarations.id", ondelete="CASCADE"), primary_key=True),
    Column("application_id", ForeignKey("applications.id", ondelete="CASCADE"), primary_key=True, index=True),
)
"""The files whose structure's name a juror has been shown: only these open, be they ever so late."""


class Declaration(Base):
    """A juror has been through the list of the structures that applied and said where they stand in conflict.

    ``applications`` are those of the list: a file that comes later is asked about on its own.
    """

    __tablename__ = "declarations"
    __table_args__ = (UniqueConstraint("edition_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    declared_at: Mapped[datetime] = mapped_column(UTCDateTime)

    person: Mapped[Person] = relationship()
    applications: Mapped[list[Application]] = relationship(secondary=declaration_names)


class Conflict(Base):
    """A juror who must neither open nor score a file, nor see its rank."""

    __tablename__ = "conflicts"
    __table_args__ = (UniqueConstraint("application_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str] = mapped_column(String(300), default="")
    declared_at: Mapped[datetime] = mapped_column(UTCDateTime)

    application: Mapped[Application] = relationship()
    person: Mapped[Person] = relationship()


class Reading(Base):
    """A file that a juror is to read. Finished, every criterion has its mark.

    ``seen_revision`` is the last late change that this juror was shown.
    """

    __tablename__ = "readings"
    __table_args__ = (
        UniqueConstraint("application_id", "person_id"),
        CheckConstraint("finished_at IS NULL OR opened_at IS NOT NULL", name="opened_before_finished"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    assigned_at: Mapped[datetime] = mapped_column(UTCDateTime)
    opened_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    comment: Mapped[str] = mapped_column(Text, default="")
    seen_revision_id: Mapped[int | None] = mapped_column(
        ForeignKey("application_revisions.id", ondelete="SET NULL"), index=True
    )

    application: Mapped[Application] = relationship()
    person: Mapped[Person] = relationship()
    seen_revision: Mapped[Revision | None] = relationship()
    scores: Mapped[list[Score]] = relationship(back_populates="reading", cascade="all, delete-orphan")


class Score(Base):
    """A juror's mark for one criterion."""

    __tablename__ = "scores"
    __table_args__ = (
        UniqueConstraint("reading_id", "criterion_id"),
        CheckConstraint(f"mark BETWEEN 0 AND {HIGHEST_MARK}", name="mark_in_scale"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reading_id: Mapped[int] = mapped_column(ForeignKey("readings.id", ondelete="CASCADE"))
    criterion_id: Mapped[int] = mapped_column(ForeignKey("criteria.id", ondelete="CASCADE"), index=True)
    mark: Mapped[int]
    comment: Mapped[str] = mapped_column(String(1000), default="")

    reading: Mapped[Reading] = relationship(back_populates="scores")
    criterion: Mapped[Criterion] = relationship()


class Selection(Base):
    """What the jury decided of a file. ``rank`` orders the reserve; ``passage`` orders those who pitch.

    Pending until ``released_at``; a picked structure that gives up is ``withdrawn_at``, and the reserve's first
    takes its place.
    """

    __tablename__ = "selections"
    __table_args__ = (
        CheckConstraint(f"decision IN {DECISIONS!r}", name="decision_known"),
        CheckConstraint("(decision = 'reserve') = (rank IS NOT NULL)", name="reserve_is_ranked"),
        CheckConstraint("passage IS NULL OR decision = 'picked'", name="only_picked_pass"),
        UniqueConstraint("edition_id", "rank"),
        UniqueConstraint("edition_id", "passage"),
    )

    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id", ondelete="CASCADE"), primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"))
    decision: Mapped[str] = mapped_column(String(20))
    rank: Mapped[int | None]
    passage: Mapped[int | None]
    reason: Mapped[str] = mapped_column(String(1000), default="")
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    decided_at: Mapped[datetime] = mapped_column(UTCDateTime)
    released_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    promoted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    application: Mapped[Application] = relationship()


class CoachingSlot(Base):
    """A moment with a coach (a person of an agency), which one selected structure books."""

    __tablename__ = "coaching_slots"
    __table_args__ = (
        CheckConstraint('"end" > "start"', name="ends_after_start"),
        CheckConstraint("(application_id IS NULL) = (booked_at IS NULL)", name="booked_when_booked"),
        CheckConstraint("attended IS NULL OR application_id IS NOT NULL", name="attended_by_someone"),
        Index(
            "uq_coaching_slots_one_each",
            "application_id",
            unique=True,
            sqlite_where=text("application_id IS NOT NULL"),
            postgresql_where=text("application_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"), index=True)
    coach: Mapped[str] = mapped_column(String(120))
    place: Mapped[str] = mapped_column(String(200), default="")
    start: Mapped[datetime] = mapped_column(UTCDateTime)
    end: Mapped[datetime] = mapped_column(UTCDateTime)
    application_id: Mapped[int | None] = mapped_column(ForeignKey("applications.id"))
    booked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    attended: Mapped[bool | None]

    edition: Mapped[Edition] = relationship()
    application: Mapped[Application | None] = relationship()


class Deck(Base):
    """The slides of a selected structure; a version that was replaced stays, dated."""

    __tablename__ = "decks"

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id", ondelete="CASCADE"), index=True)
    filename: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    added_at: Mapped[datetime] = mapped_column(UTCDateTime)
    replaced_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    application: Mapped[Application] = relationship()
