"""Who takes part in an edition's meetings, what they wish, and the plans made of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy import Table as SATable
from sqlalchemy.orm import Mapped, mapped_column, relationship

from openmap.directory.models import Organisation
from openmap.events.models import Edition, Slot, Table
from openmap.extensions import Base, UTCDateTime
from openmap.people.models import Person

RUNNING = text("state = 'running'")

LEVELS: Final = ("must", "want", "open", "veto")
"""What a side says of another: must meet it, wants to, is open to it, or never."""

CHOICE_SOURCES: Final = ("person", "organiser", "completed")
"""Who said it: the participant, an organiser in its name, or the match score for a side that stayed silent."""

WISH_SOURCES: Final = ("import", "choices", "organiser")
PLAN_KINDS: Final = ("solve", "repair", "what_if", "hand", "restored", "release")
EDIT_KINDS: Final = ("move", "swap", "add", "remove", "lock", "unlock")

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
    """An organisation in the meetings of an edition: its delegates, absences, limits and when it told its wishes.

    ``version`` counts the saves of its wishes and limits, so that two devices do not overwrite each other.
    """

    __tablename__ = "participations"
    __table_args__ = (
        UniqueConstraint("edition_id", "organisation_id"),
        UniqueConstraint("edition_id", "code"),
        CheckConstraint("side IN ('buyer', 'structure')", name="side_known"),
        CheckConstraint("delegates >= 1", name="delegates_positive"),
        CheckConstraint("min_meetings >= 0", name="min_not_negative"),
        CheckConstraint("max_meetings IS NULL OR max_meetings >= min_meetings", name="max_above_min"),
        CheckConstraint("max_run IS NULL OR max_run >= 1", name="run_positive"),
        CheckConstraint("NOT is_late OR answered_at IS NOT NULL", name="late_when_answered"),
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
    version: Mapped[int] = mapped_column(default=1)
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    is_late: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str] = mapped_column(String(500), default="")
    """What it lets the organisers know of its coming."""

    edition: Mapped[Edition] = relationship()
    organisation: Mapped[Organisation] = relationship()
    table: Mapped[Table | None] = relationship()
    absent_slots: Mapped[list[Slot]] = relationship(secondary=absences, order_by=Slot.start)


class Choice(Base):
    """What one side says of another: a level, a rank among those of that level (1 first), a private note.

    Nobody of the other side sees it. ``completed``: the side stayed silent and the match score speaks for it.
    """

    __tablename__ = "choices"
    __table_args__ = (
        UniqueConstraint("participation_id", "other_id"),
        CheckConstraint("participation_id <> other_id", name="of_another"),
        CheckConstraint(f"level IN {LEVELS!r}", name="level_known"),
        CheckConstraint(f"source IN {CHOICE_SOURCES!r}", name="source_known"),
        CheckConstraint("rank >= 1", name="rank_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    participation_id: Mapped[int] = mapped_column(ForeignKey("participations.id", ondelete="CASCADE"))
    other_id: Mapped[int] = mapped_column(ForeignKey("participations.id", ondelete="CASCADE"), index=True)
    level: Mapped[str] = mapped_column(String(10))
    rank: Mapped[int] = mapped_column(default=1)
    source: Mapped[str] = mapped_column(String(20), default="person")
    note: Mapped[str] = mapped_column(String(500), default="")
    said_at: Mapped[datetime] = mapped_column(UTCDateTime)

    participation: Mapped[Participation] = relationship(foreign_keys=participation_id)
    other: Mapped[Participation] = relationship(foreign_keys=other_id)


class MatchSetting(Base):
    """How an edition weighs what makes a match, and how many wishes a silent side is given.

    ``weights`` maps the parts of the score (``meetings.matching``) to points from 0 to 100.
    """

    __tablename__ = "match_settings"
    __table_args__ = (CheckConstraint("completes BETWEEN 0 AND 30", name="completes_in_reason"),)

    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"), primary_key=True)
    weights: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    completes: Mapped[int] = mapped_column(default=5)
    version: Mapped[int] = mapped_column(default=1)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Wish(Base):
    """A meeting that one buyer and one structure would like, worth ``value`` when held.

    A wish that is taken back keeps its row, since plans of before hold its meeting: ``withdrawn_at`` says since when.
    """

    __tablename__ = "wishes"
    __table_args__ = (
        UniqueConstraint("buyer_id", "structure_id"),
        UniqueConstraint("edition_id", "code"),
        CheckConstraint("value >= 1", name="value_positive"),
        CheckConstraint(f"source IN {WISH_SOURCES!r}", name="source_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"))
    code: Mapped[str] = mapped_column(String(20))
    buyer_id: Mapped[int] = mapped_column(ForeignKey("participations.id", ondelete="CASCADE"))
    structure_id: Mapped[int] = mapped_column(ForeignKey("participations.id", ondelete="CASCADE"), index=True)
    value: Mapped[int]
    required: Mapped[bool] = mapped_column(default=False)
    source: Mapped[str] = mapped_column(String(20), default="import")
    withdrawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

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

    ``objectives`` keeps the engine's levels: name, value, bound, proved, seconds; none once changed by hand.
    ``assumptions`` says what a what-if run supposed. ``revision`` counts the changes made by hand, so that two
    organisers do not overwrite each other. A frozen plan never changes any more.
    """

    __tablename__ = "plans"
    __table_args__ = (
        UniqueConstraint("edition_id", "version"),
        CheckConstraint("version >= 1", name="version_positive"),
        CheckConstraint("status IN ('optimal', 'feasible')", name="status_known"),
        CheckConstraint(f"kind IN {PLAN_KINDS!r}", name="kind_known"),
        CheckConstraint("parent_id IS NULL OR parent_id <> id", name="not_of_itself"),
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
    kind: Mapped[str] = mapped_column(String(20), default="solve")
    name: Mapped[str] = mapped_column(String(120), default="")
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("plans.id", ondelete="SET NULL"), index=True)
    assumptions: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    revision: Mapped[int] = mapped_column(default=1)
    frozen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

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


class Desk(Base):
    """The working plan of an edition: the one version that is corrected and released."""

    __tablename__ = "plan_desks"

    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"), primary_key=True)
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("plans.id", ondelete="SET NULL"), index=True)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)

    plan: Mapped[Plan | None] = relationship()


class PlanEdit(Base):
    """A change made by hand to a plan: the meetings and locks that it touched, before and after, so as to undo it.

    ``before`` and ``after`` list ``{"wish", "slot", "table", "lock"}`` by ids; a meeting absent from one was not held.
    """

    __tablename__ = "plan_edits"
    __table_args__ = (
        UniqueConstraint("plan_id", "number"),
        CheckConstraint(f"kind IN {EDIT_KINDS!r}", name="kind_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id", ondelete="CASCADE"))
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    sentence: Mapped[str] = mapped_column(String(500))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    before: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    after: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    undone_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    plan: Mapped[Plan] = relationship()
    person: Mapped[Person | None] = relationship()


class Release(Base):
    """A named state of the working plan, frozen as a plan of its own; publishing it to people is another act."""

    __tablename__ = "releases"
    __table_args__ = (
        UniqueConstraint("edition_id", "number"),
        CheckConstraint("number >= 1", name="number_positive"),
        CheckConstraint("length(name) > 0", name="name_given"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"))
    number: Mapped[int]
    name: Mapped[str] = mapped_column(String(120))
    note: Mapped[str] = mapped_column(Text, default="")
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id", ondelete="CASCADE"), unique=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    released_at: Mapped[datetime] = mapped_column(UTCDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    edition: Mapped[Edition] = relationship()
    plan: Mapped[Plan] = relationship()
    person: Mapped[Person | None] = relationship()


class Solve(Base):
    """One run of the engine: asked for, followed while it runs, told how it ended.

    ``progress`` keeps the last figure of each level. A running solve whose ``beat_at`` is old has lost its
    worker. ``plan`` is the best plan it has found so far. An edition has one run at a time, others wait their turn.
    A ``repair`` changes least in ``base_plan``; a ``what_if`` supposes ``assumptions`` without changing the edition.
    """

    __tablename__ = "solves"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'running', 'finished', 'failed', 'lost')", name="state_known"),
        CheckConstraint("(state = 'queued') = (started_at IS NULL)", name="started_when_run"),
        CheckConstraint("(state IN ('finished', 'failed', 'lost')) = (ended_at IS NOT NULL)", name="ended_when_over"),
        CheckConstraint("time_limit > 0", name="time_limit_positive"),
        Index(
            "uq_solves_one_running",
            "edition_id",
            unique=True,
            sqlite_where=RUNNING,
            postgresql_where=RUNNING,
        ),
        CheckConstraint("kind IN ('solve', 'repair', 'what_if')", name="kind_known"),
        CheckConstraint("kind <> 'repair' OR base_plan_id IS NOT NULL OR ended_at IS NOT NULL", name="repairs_a_plan"),
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
    kind: Mapped[str] = mapped_column(String(20), default="solve")
    name: Mapped[str] = mapped_column(String(120), default="")
    assumptions: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    base_plan_id: Mapped[int | None] = mapped_column(ForeignKey("plans.id", ondelete="SET NULL"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)

    edition: Mapped[Edition] = relationship()
    plan: Mapped[Plan | None] = relationship(foreign_keys=plan_id)
    base_plan: Mapped[Plan | None] = relationship(foreign_keys=base_plan_id)
    person: Mapped[Person | None] = relationship()
