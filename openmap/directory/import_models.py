"""Lists of structures brought in: the file, how its columns were read, what it would do, what it did."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from openmap.directory.models import Structure
from openmap.extensions import Base, UTCDateTime
from openmap.people.models import Person

IMPORT_STATES: Final = ("mapping", "checking", "checked", "importing", "done", "failed", "abandoned")
DOUBT_DECISIONS: Final = ("same", "different", "skipped")
FAULT_LEVELS: Final = ("error", "warning")


class DirectoryImport(Base):
    """A list of structures that was brought in, from its file to its report.

    ``format`` names the known shape that its header was recognised as, ``other`` where columns were matched by hand.
    ``columns`` maps a column's number (as text, from 0) to what it holds. ``counts`` are lines read, new, changed,
    unchanged, doubtful, refused; ``done_lines`` of ``all_lines`` tell how far a job is.
    """

    __tablename__ = "directory_imports"
    __table_args__ = (
        CheckConstraint(f"state IN {IMPORT_STATES!r}", name="state_known"),
        CheckConstraint("state <> 'done' OR done_at IS NOT NULL", name="done_dated"),
        CheckConstraint("done_lines >= 0 AND all_lines >= 0", name="lines_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    state: Mapped[str] = mapped_column(String(20), default="mapping")
    source: Mapped[str] = mapped_column(String(200), default="")
    """What the list is and of when, in words: it is shown as the origin of each field."""
    filename: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100), default="")
    size: Mapped[int] = mapped_column(default=0)
    digest: Mapped[str] = mapped_column(String(64))
    sheet: Mapped[str] = mapped_column(String(120), default="")
    encoding: Mapped[str] = mapped_column(String(40), default="")
    format: Mapped[str] = mapped_column(String(40), default="")
    signature: Mapped[str] = mapped_column(String(64), default="")
    """SHA-256 of the folded header: the next file with the same columns is read the same way."""
    columns: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    counts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    done_lines: Mapped[int] = mapped_column(default=0)
    all_lines: Mapped[int] = mapped_column(default=0)
    failure: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    checked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    person: Mapped[Person | None] = relationship()
    faults: Mapped[list[ImportFault]] = relationship(
        back_populates="brought", cascade="all, delete-orphan", order_by="ImportFault.line, ImportFault.id"
    )
    doubts: Mapped[list[ImportDoubt]] = relationship(
        back_populates="brought", cascade="all, delete-orphan", order_by="ImportDoubt.line, ImportDoubt.id"
    )


class ImportFault(Base):
    """Something wrong with a line: where, what, and what to do. An error leaves the line out, a warning does not."""

    __tablename__ = "directory_import_faults"
    __table_args__ = (
        CheckConstraint(f"level IN {FAULT_LEVELS!r}", name="level_known"),
        Index("ix_directory_import_faults_import_line", "import_id", "line"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("directory_imports.id", ondelete="CASCADE"))
    line: Mapped[int]
    column: Mapped[str] = mapped_column(String(120), default="")
    level: Mapped[str] = mapped_column(String(20), default="error")
    value: Mapped[str] = mapped_column(String(200), default="")
    message: Mapped[str] = mapped_column(String(300))

    brought: Mapped[DirectoryImport] = relationship(back_populates="faults")


class ImportDoubt(Base):
    """A line that may be a structure that is known already: shown side by side, decided by a person, never merged."""

    __tablename__ = "directory_import_doubts"
    __table_args__ = (
        UniqueConstraint("import_id", "line", "structure_id"),
        CheckConstraint(f"decision IS NULL OR decision IN {DOUBT_DECISIONS!r}", name="decision_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("directory_imports.id", ondelete="CASCADE"))
    line: Mapped[int]
    structure_id: Mapped[int] = mapped_column(ForeignKey("structures.id", ondelete="CASCADE"), index=True)
    values: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    reason: Mapped[str] = mapped_column(String(200), default="")
    decision: Mapped[str | None] = mapped_column(String(20))

    brought: Mapped[DirectoryImport] = relationship(back_populates="doubts")
    structure: Mapped[Structure] = relationship()


class ColumnMapping(Base):
    """How the columns of a list were matched by hand, kept for the next file with the same header."""

    __tablename__ = "directory_mappings"

    id: Mapped[int] = mapped_column(primary_key=True)
    signature: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(120), default="")
    columns: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    confirmed_at: Mapped[datetime] = mapped_column(UTCDateTime)
