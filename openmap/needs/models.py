"""What a buyer intends to buy in the next eighteen months."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from openmap.directory.models import Buyer
from openmap.extensions import Base


class Need(Base):
    """A declared purchase intention. It binds nobody. ``quarter`` reads ``2018-T1``."""

    __tablename__ = "needs"
    __table_args__ = (
        UniqueConstraint("buyer_id", "title"),
        CheckConstraint("length(title) > 0", name="title_given"),
        CheckConstraint("quarter IS NULL OR quarter LIKE '____-T_'", name="quarter_shape"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    buyer_id: Mapped[int] = mapped_column(ForeignKey("buyers.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column(String(300))
    description: Mapped[str] = mapped_column(Text, default="")
    quarter: Mapped[str | None] = mapped_column(String(7))

    buyer: Mapped[Buyer] = relationship()
