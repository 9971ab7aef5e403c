"""An edition: a half-day meeting on one trade, with its programme, slots, tables and stands."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from openmap.extensions import Base, UTCDateTime


class Edition(Base):
    """One OpenMap ESS meeting. Instants are stored in UTC and shown in ``timezone``."""

    __tablename__ = "editions"
    __table_args__ = (
        CheckConstraint("length(slug) > 0", name="slug_given"),
        CheckConstraint("length(title) > 0", name="title_given"),
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
    source_digest: Mapped[str | None] = mapped_column(String(64))

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
    """A table of the meeting room."""

    __tablename__ = "tables"
    __table_args__ = (UniqueConstraint("edition_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"))
    code: Mapped[str] = mapped_column(String(20))
    label: Mapped[str] = mapped_column(String(120), default="")
    position: Mapped[int] = mapped_column(default=0)

    edition: Mapped[Edition] = relationship(back_populates="tables")


class ProgrammeItem(Base):
    """A moment of the half-day: welcome, round table, pitches, meetings …"""

    __tablename__ = "programme_items"
    __table_args__ = (CheckConstraint('"end" > "start"', name="ends_after_start"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"), index=True)
    start: Mapped[datetime] = mapped_column(UTCDateTime)
    end: Mapped[datetime] = mapped_column(UTCDateTime)
    title: Mapped[str] = mapped_column(String(200))
    room: Mapped[str] = mapped_column(String(120), default="")
    description: Mapped[str] = mapped_column(Text, default="")

    edition: Mapped[Edition] = relationship(back_populates="programme")


class Stand(Base):
    """A partner's stand."""

    __tablename__ = "stands"
    __table_args__ = (UniqueConstraint("edition_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(String(500), default="")
    position: Mapped[int] = mapped_column(default=0)

    edition: Mapped[Edition] = relationship(back_populates="stands")
