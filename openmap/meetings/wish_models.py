"""What organisers settle about the wishes of an edition: the rule of the required ones, who may still answer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from openmap.extensions import Base, UTCDateTime


class WishSetting(Base):
    """How an edition gathers wishes: whether a meeting that both sides must have is required of every plan."""

    __tablename__ = "wish_settings"

    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"), primary_key=True)
    both_must: Mapped[bool] = mapped_column(default=False)


class WishPermit(Base):
    """Lets a participant answer after the phase of the wishes: what it says then is marked late."""

    __tablename__ = "wish_permits"

    participation_id: Mapped[int] = mapped_column(ForeignKey("participations.id", ondelete="CASCADE"), primary_key=True)
    allowed_at: Mapped[datetime] = mapped_column(UTCDateTime)
