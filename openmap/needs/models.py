"""What a buyer intends to buy in the next eighteen months, what was said of it since, and what came of it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy import Table as SATable
from sqlalchemy.orm import Mapped, mapped_column, relationship

from openmap.directory.models import AMOUNTS as BANDS
from openmap.directory.models import Buyer
from openmap.extensions import Base, UTCDateTime
from openmap.people.models import Person
from openmap.reference.models import Activity, Area, Commune

STATES: Final = ("draft", "declared", "withdrawn")
VISIBILITIES: Final = ("public", "participants", "organisers")
CERTAINTIES: Final = ("certain", "probable", "idea")
LEVERS: Final = ("none", "clause", "criterion", "reserved_lot", "reserved_contract")
"""The social lever foreseen: none yet, an execution clause, an award criterion, a reserved lot, a reserved contract."""

PROCEDURES: Final = ("", "direct", "adapted", "formal", "framework", "other")
DELIVERIES: Final = ("", "service", "supply", "staff")
"""A service, a supply or people put at the buyer's disposal."""

RECURRENCES: Final = ("once", "yearly", "several_years")
AMOUNTS: Final = (*BANDS, "unknown", "undisclosed")
"""Bands of euros before tax over the whole contract; ``unknown`` and ``undisclosed`` say why there is none."""

OUTCOME_STEPS: Final = ("days_7", "months_3", "months_6")
OUTCOMES: Final = ("inclusive", "clause", "other", "running", "postponed", "abandoned")
"""Went to a structure of the ESS, to another with a social clause or without, is running, was put off or given up."""

WORD_KINDS: Final = (
    "column",
    "activity",
    "area",
    "lever",
    "procedure",
    "certainty",
    "recurrence",
    "amount",
    "delivery",
)
IMPORT_STATES: Final = ("columns", "values", "done", "undone")


def _chosen(name: str, column: str, target: str) -> SATable:
    return SATable(
        f"need_{name}",
        Base.metadata,
        Column("need_id", ForeignKey("needs.id", ondelete="CASCADE"), primary_key=True),
        Column(column, ForeignKey(target), primary_key=True, index=True),
    )


need_activities = _chosen("activities", "activity_id", "activities.id")
need_areas = _chosen("areas", "area_id", "areas.id")
need_communes = _chosen("communes", "commune_code", "communes.code")
"""Where it is to be carried out, at any level: areas and single communes."""


class Need(Base):
    """A declared purchase intention. It binds nobody, and all who may see it see the same text.

    ``quarter`` reads ``2018-T1``; ``starts_on`` and ``ends_on`` bound the period, those of the quarter where only it
    was given. ``cpv`` are codes of eight digits. ``lots`` has one a line. ``version`` counts the saves.
    """

    __tablename__ = "needs"
    __table_args__ = (
        CheckConstraint("length(title) > 0", name="title_given"),
        CheckConstraint("quarter IS NULL OR quarter LIKE '____-T_'", name="quarter_shape"),
        CheckConstraint("starts_on IS NULL OR ends_on IS NULL OR ends_on >= starts_on", name="ends_after_start"),
        CheckConstraint(f"state IN {STATES!r}", name="state_known"),
        CheckConstraint(f"visibility IN {VISIBILITIES!r}", name="visibility_known"),
        CheckConstraint(f"certainty IN {CERTAINTIES!r}", name="certainty_known"),
        CheckConstraint(f"lever IN {LEVERS!r}", name="lever_known"),
        CheckConstraint(f"procedure IN {PROCEDURES!r}", name="procedure_known"),
        CheckConstraint(f"delivery IN {DELIVERIES!r}", name="delivery_known"),
        CheckConstraint(f"recurrence IN {RECURRENCES!r}", name="recurrence_known"),
        CheckConstraint(f"amount IN {AMOUNTS!r}", name="amount_known"),
        CheckConstraint("state <> 'declared' OR declared_at IS NOT NULL", name="declared_dated"),
        CheckConstraint("copied_from_id IS NULL OR copied_from_id <> id", name="not_of_itself"),
        Index("ix_needs_state_starts_on", "state", "starts_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    buyer_id: Mapped[int] = mapped_column(ForeignKey("buyers.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    copied_from_id: Mapped[int | None] = mapped_column(ForeignKey("needs.id", ondelete="SET NULL"), index=True)
    import_id: Mapped[int | None] = mapped_column(ForeignKey("need_imports.id", ondelete="SET NULL"), index=True)
    state: Mapped[str] = mapped_column(String(20), default="draft")
    version: Mapped[int] = mapped_column(default=1)

    title: Mapped[str] = mapped_column(String(300))
    description: Mapped[str] = mapped_column(Text, default="")
    cpv: Mapped[list[str]] = mapped_column(JSON, default=list)
    quarter: Mapped[str | None] = mapped_column(String(7))
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    recurrence: Mapped[str] = mapped_column(String(20), default="once")
    amount: Mapped[str] = mapped_column(String(20), default="")
    lots: Mapped[str] = mapped_column(Text, default="")
    delivery: Mapped[str] = mapped_column(String(20), default="")
    lever: Mapped[str] = mapped_column(String(20), default="none")
    procedure: Mapped[str] = mapped_column(String(20), default="")
    renews: Mapped[str] = mapped_column(String(300), default="")
    renewed_ends_on: Mapped[date | None]
    """When the contract that this one follows, ``renews``, ends."""
    certainty: Mapped[str] = mapped_column(String(20), default="probable")
    contact_name: Mapped[str] = mapped_column(String(120), default="")
    contact_email: Mapped[str] = mapped_column(String(254), default="")
    contact_phone: Mapped[str] = mapped_column(String(20), default="")
    visibility: Mapped[str] = mapped_column(String(20), default="participants")

    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    declared_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    buyer: Mapped[Buyer] = relationship()
    person: Mapped[Person | None] = relationship()
    activities: Mapped[list[Activity]] = relationship(secondary=need_activities, order_by=Activity.rank)
    areas: Mapped[list[Area]] = relationship(secondary=need_areas, order_by=Area.id)
    communes: Mapped[list[Commune]] = relationship(secondary=need_communes, order_by=Commune.folded)
    log: Mapped[list[NeedChange]] = relationship(
        back_populates="need", cascade="all, delete-orphan", order_by="NeedChange.id"
    )
    outcomes: Mapped[list[Outcome]] = relationship(
        back_populates="need", cascade="all, delete-orphan", order_by="Outcome.id"
    )


class NeedChange(Base):
    """What became of a need's text, dated: whoever may see the need sees it (equal treatment).

    ``changes`` maps field names to ``[before, after]`` in words.
    """

    __tablename__ = "need_changes"
    __table_args__ = (CheckConstraint("kind IN ('declared', 'changed', 'withdrawn', 'restored')", name="kind_known"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    need_id: Mapped[int] = mapped_column(ForeignKey("needs.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    changes: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    need: Mapped[Need] = relationship(back_populates="log")


class Outcome(Base):
    """« Qu’est devenu ce besoin ? »: asked by mail when its period is over, answered by a link without signing in.

    Only the SHA-256 of the link's token is kept.
    """

    __tablename__ = "need_outcomes"
    __table_args__ = (
        UniqueConstraint("need_id", "step"),
        CheckConstraint(f"step IN {OUTCOME_STEPS!r}", name="step_known"),
        CheckConstraint(f"answer IS NULL OR answer IN {OUTCOMES!r}", name="answer_known"),
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answer_dated"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    need_id: Mapped[int] = mapped_column(ForeignKey("needs.id", ondelete="CASCADE"))
    step: Mapped[str] = mapped_column(String(20))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    answer: Mapped[str | None] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(String(500), default="")

    need: Mapped[Need] = relationship(back_populates="outcomes")


class NeedImport(Base):
    """A purchase plan brought in: its cells, what each column was taken for, and the needs it made.

    ``rows`` are the sheet's cells as text, the header first; ``columns`` maps a column's number to a field of Need;
    ``values`` maps « kind:folded text » to what it was confirmed to mean.
    """

    __tablename__ = "need_imports"
    __table_args__ = (
        CheckConstraint(f"state IN {IMPORT_STATES!r}", name="state_known"),
        CheckConstraint("state NOT IN ('done', 'undone') OR done_at IS NOT NULL", name="done_dated"),
        CheckConstraint("(state = 'undone') = (undone_at IS NOT NULL)", name="undone_dated"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    buyer_id: Mapped[int] = mapped_column(ForeignKey("buyers.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    filename: Mapped[str] = mapped_column(String(200))
    sheet: Mapped[str] = mapped_column(String(120), default="")
    state: Mapped[str] = mapped_column(String(20), default="columns")
    first_line: Mapped[int] = mapped_column(default=1)
    """The line of the sheet on which the header stands."""
    rows: Mapped[list[list[str]]] = mapped_column(JSON, default=list)
    columns: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    values: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    undone_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    buyer: Mapped[Buyer] = relationship()
    person: Mapped[Person | None] = relationship()
    needs: Mapped[list[Need]] = relationship(order_by="Need.id", viewonly=True)


class LearnedWord(Base):
    """What a header or a cell of a purchase plan was confirmed to mean, for the next time; ``text`` is folded."""

    __tablename__ = "need_words"
    __table_args__ = (
        UniqueConstraint("kind", "text"),
        CheckConstraint(f"kind IN {WORD_KINDS!r}", name="kind_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(String(300))
    meaning: Mapped[str] = mapped_column(String(60))
    confirmed: Mapped[int] = mapped_column(default=1)
    """How many times people confirmed it."""
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
