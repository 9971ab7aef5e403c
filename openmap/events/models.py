"""An edition: a half-day meeting on one trade, with its programme, slots, tables and stands."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy import Table as SATable
from sqlalchemy.orm import Mapped, mapped_column, relationship

from openmap.extensions import Base, UTCDateTime
from openmap.people.models import Person
from openmap.reference.models import Activity, Area

MOMENTS: Final = ("welcome", "plenary", "round_table", "pitches", "meetings", "break", "other")
"""What a moment of the programme is."""

PHASES: Final = ("registration", "call", "selection", "wishes", "publication")
"""What is open for a time, in the order in which an edition usually goes."""

STAND_STATES: Final = ("requested", "accepted", "refused")
ACCESS_PLAN_TYPES: Final = ("image/png", "image/jpeg", "application/pdf")
REGISTRATION_STATES: Final = ("confirmed", "waiting", "cancelled")

edition_activities = SATable(
    "edition_activities",
    Base.metadata,
    Column("edition_id", ForeignKey("editions.id", ondelete="CASCADE"), primary_key=True),
    Column("activity_id", ForeignKey("activities.id"), primary_key=True),
)
"""The sectors of an edition's trade that it is about."""


class Edition(Base):
    """One OpenMap ESS meeting. Instants are stored in UTC and shown in ``timezone``.

    The public sees it once ``published_at`` is set. ``capacity`` bounds the registrations (``None``: no bound);
    ``arrivals`` counts them all, so that each has its place in the queue.
    """

    __tablename__ = "editions"
    __table_args__ = (
        CheckConstraint("length(slug) > 0", name="slug_given"),
        CheckConstraint("length(title) > 0", name="title_given"),
        CheckConstraint("capacity IS NULL OR capacity > 0", name="capacity_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    trade: Mapped[str] = mapped_column(String(200), default="")
    held_on: Mapped[date]
    timezone: Mapped[str] = mapped_column(String(60), default="Europe/Paris")
    venue: Mapped[str] = mapped_column(String(200), default="")
    address: Mapped[str] = mapped_column(String(300), default="")
    contact_email: Mapped[str] = mapped_column(String(254), default="")
    description: Mapped[str] = mapped_column(Text, default="")
    access: Mapped[str] = mapped_column(Text, default="")
    contact_name: Mapped[str] = mapped_column(String(120), default="")
    contact_phone: Mapped[str] = mapped_column(String(20), default="")
    capacity: Mapped[int | None]
    arrivals: Mapped[int] = mapped_column(default=0)
    area_id: Mapped[int | None] = mapped_column(ForeignKey("areas.id"), index=True)
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    source_digest: Mapped[str | None] = mapped_column(String(64))

    area: Mapped[Area | None] = relationship()
    activities: Mapped[list[Activity]] = relationship(secondary=edition_activities, order_by=Activity.rank)
    phases: Mapped[list[Phase]] = relationship(
        back_populates="edition", order_by="Phase.opens_at", cascade="all, delete-orphan"
    )
    categories: Mapped[list[Category]] = relationship(
        back_populates="edition", order_by="Category.position, Category.id", cascade="all, delete-orphan"
    )
    access_plan: Mapped[AccessPlan | None] = relationship(back_populates="edition", cascade="all, delete-orphan")
    resources: Mapped[list[Resource]] = relationship(
        back_populates="edition", order_by="Resource.id", cascade="all, delete-orphan"
    )
    slots: Mapped[list[Slot]] = relationship(
        back_populates="edition", order_by="Slot.start", cascade="all, delete-orphan"
    )
    tables: Mapped[list[Table]] = relationship(
        back_populates="edition", order_by="Table.position", cascade="all, delete-orphan"
    )
    programme: Mapped[list[ProgrammeItem]] = relationship(
        back_populates="edition", order_by="ProgrammeItem.start", cascade="all, delete-orphan"
    )
    stands: Mapped[list[Stand]] = relationship(
        back_populates="edition", order_by="Stand.position", cascade="all, delete-orphan"
    )

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which the edition's hours are told."""
        return ZoneInfo(self.timezone)


class Slot(Base):
    """A time interval for one meeting. Slots of different ``block`` are separated by a break."""

    __tablename__ = "slots"
    __table_args__ = (
        UniqueConstraint("edition_id", "code"),
        UniqueConstraint("edition_id", "start"),
        CheckConstraint('"end" > "start"', name="ends_after_start"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"))
    code: Mapped[str] = mapped_column(String(20))
    start: Mapped[datetime] = mapped_column(UTCDateTime)
    end: Mapped[datetime] = mapped_column(UTCDateTime)
    block: Mapped[str] = mapped_column(String(60), default="")

    edition: Mapped[Edition] = relationship(back_populates="slots")


class Table(Base):
    """A table of the meeting room: where it stands and how many people sit at it."""

    __tablename__ = "tables"
    __table_args__ = (UniqueConstraint("edition_id", "code"), CheckConstraint("seats > 0", name="seats_positive"))

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"))
    code: Mapped[str] = mapped_column(String(20))
    label: Mapped[str] = mapped_column(String(120), default="")
    seats: Mapped[int] = mapped_column(default=4)
    position: Mapped[int] = mapped_column(default=0)

    edition: Mapped[Edition] = relationship(back_populates="tables")


class ProgrammeItem(Base):
    """A moment of the half-day: welcome, round table, pitches, meetings … ``speakers`` has one a line."""

    __tablename__ = "programme_items"
    __table_args__ = (
        CheckConstraint('"end" > "start"', name="ends_after_start"),
        CheckConstraint(f"kind IN {MOMENTS!r}", name="kind_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"), index=True)
    start: Mapped[datetime] = mapped_column(UTCDateTime)
    end: Mapped[datetime] = mapped_column(UTCDateTime)
    kind: Mapped[str] = mapped_column(String(20), default="other")
    title: Mapped[str] = mapped_column(String(200))
    speakers: Mapped[str] = mapped_column(Text, default="")
    room: Mapped[str] = mapped_column(String(120), default="")
    description: Mapped[str] = mapped_column(Text, default="")

    edition: Mapped[Edition] = relationship(back_populates="programme")


class Stand(Base):
    """A partner's stand: asked for, accepted or refused by an organiser. ``equipment`` is what it needs."""

    __tablename__ = "stands"
    __table_args__ = (
        UniqueConstraint("edition_id", "name"),
        CheckConstraint(f"state IN {STAND_STATES!r}", name="state_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(String(500), default="")
    website: Mapped[str] = mapped_column(String(300), default="")
    equipment: Mapped[str] = mapped_column(String(500), default="")
    place: Mapped[str] = mapped_column(String(60), default="")
    state: Mapped[str] = mapped_column(String(20), default="accepted")
    position: Mapped[int] = mapped_column(default=0)

    edition: Mapped[Edition] = relationship(back_populates="stands")
    person: Mapped[Person | None] = relationship()


class Phase(Base):
    """When something is open. Without an end it stays so; reopening it is giving it a later end."""

    __tablename__ = "phases"
    __table_args__ = (
        UniqueConstraint("edition_id", "kind"),
        CheckConstraint(f"kind IN {PHASES!r}", name="kind_known"),
        CheckConstraint("closes_at IS NULL OR closes_at > opens_at", name="closes_after_opening"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(20))
    opens_at: Mapped[datetime] = mapped_column(UTCDateTime)
    closes_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    edition: Mapped[Edition] = relationship(back_populates="phases")


class LateCode(Base):
    """Lets one structure apply after the deadline: used once, by whom it was given to."""

    __tablename__ = "late_codes"
    __table_args__ = (UniqueConstraint("edition_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"))
    code: Mapped[str] = mapped_column(String(12))
    note: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)


class Category(Base):
    """Who registers as what; ``capacity`` keeps places for the others (``None``: only the edition's own bound)."""

    __tablename__ = "registration_categories"
    __table_args__ = (
        UniqueConstraint("edition_id", "name"),
        CheckConstraint("capacity IS NULL OR capacity > 0", name="capacity_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(80))
    capacity: Mapped[int | None]
    position: Mapped[int] = mapped_column(default=0)

    edition: Mapped[Edition] = relationship(back_populates="categories")


class Registration(Base):
    """Someone's place at an edition, or in its queue: ``rank`` is the order of arrival.

    Erased or past its retention, the row stays for the count, without name or person.
    """

    __tablename__ = "registrations"
    __table_args__ = (
        UniqueConstraint("edition_id", "person_id"),
        UniqueConstraint("edition_id", "rank"),
        CheckConstraint(f"state IN {REGISTRATION_STATES!r}", name="state_known"),
        CheckConstraint("(state = 'cancelled') = (cancelled_at IS NOT NULL)", name="cancelled_when_cancelled"),
        Index("ix_registrations_queue", "edition_id", "state", "rank"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"))
    category_id: Mapped[int] = mapped_column(ForeignKey("registration_categories.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    rank: Mapped[int]
    state: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(120), default="")
    organisation: Mapped[str] = mapped_column(String(200), default="")
    requirements: Mapped[str] = mapped_column(String(500), default="")
    sequence: Mapped[int] = mapped_column(default=0)
    registered_at: Mapped[datetime] = mapped_column(UTCDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    edition: Mapped[Edition] = relationship()
    category: Mapped[Category] = relationship()
    person: Mapped[Person | None] = relationship()


class Resource(Base):
    """A document of the edition to download; its content lies under ``digest`` (SHA-256) in the files' folder."""

    __tablename__ = "resources"

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    filename: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    added_at: Mapped[datetime] = mapped_column(UTCDateTime)

    edition: Mapped[Edition] = relationship(back_populates="resources")


class AccessPlan(Base):
    """How to get to the venue, drawn: an image or a PDF, which lies under ``digest`` (SHA-256) in the files' folder.

    ``alternative`` says the same in words, for whoever does not see it.
    """

    __tablename__ = "access_plans"
    __table_args__ = (
        UniqueConstraint("edition_id"),
        CheckConstraint(f"media_type IN {ACCESS_PLAN_TYPES!r}", name="media_type_known"),
        CheckConstraint("length(alternative) > 0", name="alternative_given"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"))
    alternative: Mapped[str] = mapped_column(String(500))
    filename: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    added_at: Mapped[datetime] = mapped_column(UTCDateTime)

    edition: Mapped[Edition] = relationship(back_populates="access_plan")
