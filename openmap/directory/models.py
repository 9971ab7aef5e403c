"""Organisations: the structures of the social economy and the public buyers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from openmap.extensions import Base, UTCDateTime
from openmap.people.models import Person

STRUCTURE_KINDS = (
    "ei", "ai", "aci", "etti", "eiti", "geiq", "ea", "eatt", "esat", "association", "cooperative", "ess",
)  # fmt: skip
"""Kinds of structure, from the most regulated (SIAE, EA, ESAT) to the ESS in the wide sense."""


class Organisation(Base):
    """A legal person that takes part: a structure or a buyer. Invented ones are marked so."""

    __tablename__ = "organisations"
    __table_args__: tuple[Any, ...] = (
        UniqueConstraint("type", "name"),
        CheckConstraint("type IN ('buyer', 'structure')", name="type_known"),
        CheckConstraint("length(name) > 0", name="name_given"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    siret: Mapped[str | None] = mapped_column(String(14), unique=True)
    city: Mapped[str] = mapped_column(String(120), default="")
    activity: Mapped[str] = mapped_column(String(500), default="")
    is_invented: Mapped[bool] = mapped_column(default=False)

    __mapper_args__ = {"polymorphic_on": "type"}  # noqa: RUF012 - SQLAlchemy reads a plain dict


class Delegate(Base):
    """A person who acts for an organisation; a person may act for several, an organisation has several people."""

    __tablename__ = "delegates"
    __table_args__ = (UniqueConstraint("person_id", "organisation_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id", ondelete="CASCADE"), index=True)
    invited_at: Mapped[datetime] = mapped_column(UTCDateTime)

    person: Mapped[Person] = relationship()
    organisation: Mapped[Organisation] = relationship()


class Buyer(Organisation):
    """A public buyer."""

    __tablename__ = "buyers"

    id: Mapped[int] = mapped_column(ForeignKey("organisations.id", ondelete="CASCADE"), primary_key=True)

    __mapper_args__ = {"polymorphic_identity": "buyer"}  # noqa: RUF012


class Structure(Organisation):
    """A structure of the social economy; ``kind`` is one of ``STRUCTURE_KINDS``."""

    __tablename__ = "structures"
    __table_args__: tuple[Any, ...] = (CheckConstraint(f"kind IN {STRUCTURE_KINDS!r}", name="kind_known"),)

    id: Mapped[int] = mapped_column(ForeignKey("organisations.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), default="ess")

    __mapper_args__ = {"polymorphic_identity": "structure"}  # noqa: RUF012
