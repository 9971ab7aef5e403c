"""Facilitators of social clauses and departmental coordinations, with the territories that each answers for."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from sqlalchemy import CheckConstraint, Column, ForeignKey, String, Text
from sqlalchemy import Table as SATable
from sqlalchemy.orm import Mapped, mapped_column, relationship

from openmap.extensions import Base, UTCDateTime
from openmap.people.models import Person
from openmap.reference.models import Area, Commune

ROLES: Final = ("facilitator", "coordination")


def _covered(name: str, column: str, target: str) -> SATable:
    return SATable(
        f"facilitator_{name}",
        Base.metadata,
        Column("facilitator_id", ForeignKey("facilitators.id", ondelete="CASCADE"), primary_key=True),
        Column(column, ForeignKey(target), primary_key=True, index=True),
    )


facilitator_areas = _covered("areas", "area_id", "areas.id")
facilitator_communes = _covered("communes", "commune_code", "communes.code")


class Facilitator(Base):
    """Who helps the buyers of a territory with social clauses: an organisation, and someone there.

    It answers from ``active_from`` until ``active_until`` (both inclusive, either may be open); when it is away,
    ``deputy`` answers. The person's name, address and telephone are shown to visitors only from
    ``published_at`` on, when they agreed; to signed-in buyers always.
    """

    __tablename__ = "facilitators"
    __table_args__ = (
        CheckConstraint(f"role IN {ROLES!r}", name="role_known"),
        CheckConstraint("length(organisation) > 0", name="organisation_given"),
        CheckConstraint("deputy_id IS NULL OR deputy_id <> id", name="not_its_own_deputy"),
        CheckConstraint(
            "active_from IS NULL OR active_until IS NULL OR active_until >= active_from", name="ends_after_start"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(String(20), default="facilitator")
    organisation: Mapped[str] = mapped_column(String(200))
    presentation: Mapped[str] = mapped_column(Text, default="")
    website: Mapped[str] = mapped_column(String(300), default="")
    contact_name: Mapped[str] = mapped_column(String(120), default="")
    contact_email: Mapped[str] = mapped_column(String(254), default="")
    contact_phone: Mapped[str] = mapped_column(String(20), default="")
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    """Who keeps the entry, where they have an account."""
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    deputy_id: Mapped[int | None] = mapped_column(ForeignKey("facilitators.id", ondelete="SET NULL"), index=True)
    active_from: Mapped[date | None]
    active_until: Mapped[date | None]
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    is_invented: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)

    person: Mapped[Person | None] = relationship()
    deputy: Mapped[Facilitator | None] = relationship(remote_side=id)
    areas: Mapped[list[Area]] = relationship(secondary=facilitator_areas, order_by=Area.id)
    communes: Mapped[list[Commune]] = relationship(secondary=facilitator_communes, order_by=Commune.folded)
