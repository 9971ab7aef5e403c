"""Who takes part in an edition's meetings, what they wish, and the plans made of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy import Table as SATable
from sqlalchemy.orm import Mapped, mapped_column, relationship

from openmap.directory.models import Organisation
from openmap.events.models import Edition, Slot, Table
from openmap.extensions import Base, UTCDateTime

UNDER_WAY = text("state IN ('queued', 'running')")

absences = SATable(
    "absences",
    Base.metadata,
    Column("participation_id", ForeignKey("participations.id", ondelete="CASCADE"), primary_key=True),
    Column("slot_id", ForeignKey("slots.id", ondelete="CASCADE"), primary_key=True),
)
"""The slots in which a participation cannot meet; a slot added later is available to all."""

wish_slots = SATable(
    "wish_slots",
    Base.metadata,
    Column("wish_id", ForeignKey("wishes.id", ondelete="CASCADE"), primary_key=True),
    Column("slot_id", ForeignKey("slots.id", ondelete="CASCADE"), primary_key=True),
)
"""The only slots in which a wish may be served; no row: any slot."""


class Participation(Base):
    """An organisation in the meetings of an edition: its delegates, absences and limits."""

    __tablename__ = "participations"
    __table_args__ = (
        UniqueConstraint("edition_id", "organisation_id"),
        UniqueConstraint("edition_id", "code"),
        CheckConstraint("side IN ('buyer', 'structure')", name="side_known"),
        CheckConstraint("delegates >= 1", name="delegates_positive"),
        CheckConstraint("min_meetings >= 0", name="min_not_negative"),
        CheckConstraint("max_meetings IS NULL OR max_meetings >= min_meetings", name="max_above_min"),
        CheckConstraint("max_run IS NULL OR max_run >= 1", name="run_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    code: Mapped[str] = mapped_column(String(20))
    side: Mapped[str] = mapped_column(String(20))
    delegates: Mapped[int] = mapped_column(default=1)
    min_meetings: Mapped[int] = mapped_column(default=0)
    max_meetings: Mapped[int | None]
    max_run: Mapped[int | None]
    table_id: Mapped[int | None] = mapped_column(ForeignKey("tables.id", ondelete="SET NULL"), index=True)
    pitches: Mapped[bool] = mapped_column(default=False)

    edition: Mapped[Edition] = relationship()
    organisation: Mapped[Organisation] = relationship()
    table: Mapped[Table | None] = relationship()
    absent_slots: Mapped[list[Slot]] = relationship(secondary=absences, order_by=Slot.start)


class Wish(Base):
    """A meeting that one buyer and one structure would like, worth ``value`` when held."""

    __tablename__ = "wishes"
    __table_args__ = (
        UniqueConstraint("buyer_id", "structure_id"),
        UniqueConstraint("edition_id", "code"),
        CheckConstraint("value >= 1", name="value_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"))
    code: Mapped[str] = mapped_column(String(20))
    buyer_id: Mapped[int] = mapped_column(ForeignKey("participations.id", ondelete="CASCADE"))
    structure_id: Mapped[int] = mapped_column(ForeignKey("participations.id", ondelete="CASCADE"), index=True)
    value: Mapped[int]
    required: Mapped[bool] = mapped_column(default=False)

    buyer: Mapped[Participation] = relationship(foreign_keys=buyer_id)
    structure: Mapped[Participation] = relationship(foreign_keys=structure_id)
    slots: Mapped[list[Slot]] = relationship(secondary=wish_slots, order_by=Slot.start)
    lock: Mapped[Lock | None] = relationship(back_populates="wish", cascade="all, delete-orphan")


class Lock(Base):
    """A wish that every plan must serve in this slot and, where given, at this table."""

    __tablename__ = "locks"

    wish_id: Mapped[int] = mapped_column(ForeignKey("wishes.id", ondelete="CASCADE"), primary_key=True)
    slot_id: Mapped[int] = mapped_column(ForeignKey("slots.id", ondelete="CASCADE"), index=True)
    table_id: Mapped[int | None] = mapped_column(ForeignKey("tables.id", ondelete="CASCADE"), index=True)

    wish: Mapped[Wish] = relationship(back_populates="lock")
    slot: Mapped[Slot] = relationship()
    table: Mapped[Table | None] = relationship()


class Exclusion(Base):
    """A pair that must not meet."""

    __tablename__ = "exclusions"

    buyer_id: Mapped[int] = mapped_column(ForeignKey("participations.id", ondelete="CASCADE"), primary_key=True)
    structure_id: Mapped[int] = mapped_column(
        ForeignKey("participations.id", ondelete="CASCADE"), primary_key=True, index=True
    )

    buyer: Mapped[Participation] = relationship(foreign_keys=buyer_id)
    structure: Mapped[Participation] = relationship(foreign_keys=structure_id)


class Plan(Base):
    """A version of an edition's plan, as good as its run has made it so far.

    ``objectives`` keeps the engine's levels: name, value, bound, proved, seconds.
    """

    __tablename__ = "plans"
    __table_args__ = (
        UniqueConstraint("edition_id", "version"),
        CheckConstraint("version >= 1", name="version_positive"),
        CheckConstraint("status IN ('optimal', 'feasible')", name="status_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"))
    version: Mapped[int]
    status: Mapped[str] = mapped_column(String(20))
    objectives: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    seed: Mapped[int]
    seconds: Mapped[float] = mapped_column(default=0.0)
    problem_digest: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    edition: Mapped[Edition] = relationship()
    meetings: Mapped[list[Meeting]] = relationship(
        back_populates="plan", cascade="all, delete-orphan", order_by="Meeting.id"
    )
    unserved: Mapped[list[UnservedWish]] = relationship(
        back_populates="plan", cascade="all, delete-orphan", order_by="UnservedWish.wish_id"
    )


class Meeting(Base):
    """An interview of a plan."""

    __tablename__ = "meetings"
    __table_args__ = (UniqueConstraint("plan_id", "wish_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id", ondelete="CASCADE"))
    wish_id: Mapped[int] = mapped_column(ForeignKey("wishes.id", ondelete="CASCADE"), index=True)
    slot_id: Mapped[int] = mapped_column(ForeignKey("slots.id", ondelete="CASCADE"), index=True)
    table_id: Mapped[int | None] = mapped_column(ForeignKey("tables.id", ondelete="SET NULL"), index=True)

    plan: Mapped[Plan] = relationship(back_populates="meetings")
    wish: Mapped[Wish] = relationship()
    slot: Mapped[Slot] = relationship()
    table: Mapped[Table | None] = relationship()


class UnservedWish(Base):
    """A wish that a plan leaves out, with the reason and what would serve it."""

    __tablename__ = "unserved_wishes"

    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id", ondelete="CASCADE"), primary_key=True)
    wish_id: Mapped[int] = mapped_column(ForeignKey("wishes.id", ondelete="CASCADE"), primary_key=True, index=True)
    reason: Mapped[str] = mapped_column(String(40))
    sentence: Mapped[str] = mapped_column(Text)
    would_need: Mapped[list[str]] = mapped_column(JSON, default=list)

    plan: Mapped[Plan] = relationship(back_populates="unserved")
    wish: Mapped[Wish] = relationship()


class Solve(Base):
    """One run of the engine: asked for, followed while it runs, told how it ended.

    ``progress`` keeps the last figure of each level. A running solve whose ``beat_at`` is old has lost its
    worker. ``plan`` is the best plan it has found so far. An edition has one run under way at most.
    """

    __tablename__ = "solves"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'running', 'finished', 'failed', 'lost')", name="state_known"),
        CheckConstraint("(state = 'queued') = (started_at IS NULL)", name="started_when_run"),
        CheckConstraint("(state IN ('finished', 'failed', 'lost')) = (ended_at IS NOT NULL)", name="ended_when_over"),
        CheckConstraint("time_limit > 0", name="time_limit_positive"),
        Index(
            "uq_solves_one_under_way",
            "edition_id",
            unique=True,
            sqlite_where=UNDER_WAY,
            postgresql_where=UNDER_WAY,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"), index=True)
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("plans.id", ondelete="SET NULL"), index=True)
    state: Mapped[str] = mapped_column(String(20))
    time_limit: Mapped[float]
    seed: Mapped[int]
    requested_at: Mapped[datetime] = mapped_column(UTCDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    beat_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    progress: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    message: Mapped[str] = mapped_column(Text, default="")
    stop_requested: Mapped[bool] = mapped_column(default=False)

    edition: Mapped[Edition] = relationship()
    plan: Mapped[Plan | None] = relationship()
