"""What came of a calculation: the figures of a what-if run, and what an organiser decided of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from openmap.extensions import Base, UTCDateTime
from openmap.meetings.models import Solve
from openmap.people.models import Person

DECISIONS: Final = ("kept", "dropped", "adopted")
"""Its plan became the working plan · was left aside · what it supposed was made so in the edition."""


class SolveOutcome(Base):
    """One row a calculation, once there is something to say of it.

    ``figures`` and ``document`` (the engine's ``openmap-plan/1``) belong to what-if runs, whose slots and tables the
    edition may not have: no ``Plan`` can hold them.
    """

    __tablename__ = "solve_outcomes"
    __table_args__ = (
        CheckConstraint(f"decision IN {DECISIONS!r}", name="decision_known"),
        CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name="decided_when_dated"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    solve_id: Mapped[int] = mapped_column(ForeignKey("solves.id", ondelete="CASCADE"), unique=True)
    figures: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    document: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    decision: Mapped[str | None] = mapped_column(String(20))
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)

    solve: Mapped[Solve] = relationship()
    person: Mapped[Person | None] = relationship()
