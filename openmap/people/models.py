"""People, their roles, what they agreed to, and the journal."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from openmap.extensions import Base, UTCDateTime

ADMINISTRATOR: Final = "administrator"
ORGANISER: Final = "organiser"
ROLES: Final = (
    ADMINISTRATOR, ORGANISER, "juror", "buyer_delegate", "structure_delegate", "partner", "front_desk",
)  # fmt: skip
"""What a person can be: an administrator everywhere, anything else in one edition."""

ONE_ADMINISTRATOR: Final = text("role = 'administrator'")
GENESIS: Final = "0" * 64
"""What the first entry of the journal follows."""


class Person(Base):
    """Someone who signs in under their own address. Erased, a row without name or address is left for the journal."""

    __tablename__ = "people"
    __table_args__ = (
        CheckConstraint("(erased_at IS NULL) = (email IS NOT NULL)", name="address_until_erased"),
        CheckConstraint("email = lower(email)", name="address_in_lower_case"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(120), default="")
    position: Mapped[str] = mapped_column(String(120), default="")
    phone: Mapped[str] = mapped_column(String(20), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    erased_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    roles: Mapped[list[Role]] = relationship(
        back_populates="person", foreign_keys="Role.person_id", cascade="all, delete-orphan", order_by="Role.id"
    )

    @property
    def is_administrator(self) -> bool:
        """Whether this person may do everything."""
        return any(role.role == ADMINISTRATOR for role in self.roles)

    def holds(self, role: str, edition_id: int) -> bool:
        """Say whether this person has ``role`` in an edition."""
        return any(held.role == role and held.edition_id == edition_id for held in self.roles)

    @property
    def shown_name(self) -> str:
        """The name, or the address where no name was given; neither once erased."""
        return self.name or self.email or "personne effacée"


class Role(Base):
    """What a person is in an edition; administrators are so in all of them."""

    __tablename__ = "roles"
    __table_args__ = (
        UniqueConstraint("person_id", "role", "edition_id"),
        CheckConstraint(f"role IN {ROLES!r}", name="role_known"),
        CheckConstraint("(role = 'administrator') = (edition_id IS NULL)", name="edition_unless_administrator"),
        Index(
            "uq_roles_one_administrator",
            "person_id",
            unique=True,
            sqlite_where=ONE_ADMINISTRATOR,
            postgresql_where=ONE_ADMINISTRATOR,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    role: Mapped[str] = mapped_column(String(30))
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"), index=True)
    granted_at: Mapped[datetime] = mapped_column(UTCDateTime)

    person: Mapped[Person] = relationship(back_populates="roles", foreign_keys=person_id)


class Consent(Base):
    """What a person agreed to, and until when."""

    __tablename__ = "consents"
    __table_args__ = (UniqueConstraint("person_id", "purpose"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    purpose: Mapped[str] = mapped_column(String(60))
    given_at: Mapped[datetime] = mapped_column(UTCDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class JournalEntry(Base):
    """What someone did. Entries are never changed: each holds the hash of the one before (``people.journal``).

    ``changes`` maps field names to ``[before, after]``; of personal fields only the name is kept. ``actor_id`` is
    the number of a person, ``None`` for the program itself; a number, so that erasing someone leaves the chain whole.
    """

    __tablename__ = "journal_entries"
    __table_args__ = (
        UniqueConstraint("previous_hash"),
        Index("ix_journal_entries_object", "object_type", "object_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    actor_id: Mapped[int | None]
    action: Mapped[str] = mapped_column(String(60))
    object_type: Mapped[str] = mapped_column(String(60))
    object_id: Mapped[int]
    edition_id: Mapped[int | None] = mapped_column(index=True)
    changes: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class JournalHead(Base):
    """The end of the journal: its one row is what writers queue for, and what a cut-off journal is told by."""

    __tablename__ = "journal_head"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    entries: Mapped[int] = mapped_column(default=0)
    hash: Mapped[str] = mapped_column(String(64), default=GENESIS)
