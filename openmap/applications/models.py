"""Applications: a structure's file for an edition, the organisers' own questions, attachments, late changes."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy import Table as SATable
from sqlalchemy.orm import Mapped, mapped_column, relationship

from openmap.directory.models import Structure
from openmap.events.models import Edition, Slot
from openmap.extensions import Base, UTCDateTime
from openmap.people.models import Person
from openmap.reference.models import Activity, Area, Commune, Label

STATES: Final = ("draft", "submitted", "withdrawn", "merged")
STANDINGS: Final = ("eligible", "ineligible")
QUESTION_KINDS: Final = ("text", "choice", "choices", "number", "date", "file", "boolean")
LONGEST_SUMMARY: Final = 600


def _chosen(name: str, target: str, *, goes_with_it: bool = False) -> SATable:
    """Return the table of what applications have chosen; ``goes_with_it``: a row leaves with what it chose."""
    return SATable(
        f"application_{name}",
        Base.metadata,
        Column("application_id", ForeignKey("applications.id", ondelete="CASCADE"), primary_key=True),
        Column(
            f"{target}_id",
            ForeignKey(f"{name}.id", ondelete="CASCADE" if goes_with_it else None),
            primary_key=True,
            index=True,
        ),
    )


application_activities = _chosen("activities", "activity")
application_areas = _chosen("areas", "area")
application_labels = _chosen("labels", "label")
application_slots = _chosen("slots", "slot", goes_with_it=True)
"""The meeting slots in which the structure cannot come."""


class Application(Base):
    """What a structure says of itself for one edition.

    A draft may hold anything or nothing; what is missing is told by ``applications.completeness``. ``structure`` is
    the one of the directory, known from the SIRET, linked for good when the file is submitted. ``version`` counts the
    saves, so that two devices do not overwrite each other. ``standing`` is the organisers' word on it, ``None`` while
    they have not decided. A file merged into another keeps its row and says into which.
    """

    __tablename__ = "applications"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES!r}", name="state_known"),
        CheckConstraint("state = 'draft' OR submitted_at IS NOT NULL OR merged_into_id IS NOT NULL", name="submitted"),
        CheckConstraint("(state = 'withdrawn') = (withdrawn_at IS NOT NULL)", name="withdrawn_when_withdrawn"),
        CheckConstraint("(state = 'merged') = (merged_into_id IS NOT NULL)", name="merged_into_another"),
        CheckConstraint("merged_into_id IS NULL OR merged_into_id <> id", name="not_into_itself"),
        CheckConstraint(f"standing IS NULL OR standing IN {STANDINGS!r}", name="standing_known"),
        CheckConstraint("(standing IS NULL) = (standing_at IS NULL)", name="standing_dated"),
        CheckConstraint("standing IS NULL OR standing <> 'ineligible' OR length(standing_reason) > 0", name="reasoned"),
        CheckConstraint(f"length(pitch_summary) <= {LONGEST_SUMMARY}", name="summary_short"),
        CheckConstraint("workforce IS NULL OR workforce >= 0", name="workforce_not_negative"),
        CheckConstraint("supported_share IS NULL OR supported_share BETWEEN 0 AND 100", name="share_in_percent"),
        Index("ix_applications_edition_state", "edition_id", "state"),
        Index("ix_applications_edition_siret", "edition_id", "siret"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    structure_id: Mapped[int | None] = mapped_column(ForeignKey("structures.id", ondelete="SET NULL"), index=True)
    state: Mapped[str] = mapped_column(String(20), default="draft")
    version: Mapped[int] = mapped_column(default=1)
    is_late: Mapped[bool] = mapped_column(default=False)

    siret: Mapped[str] = mapped_column(String(14), default="")
    name: Mapped[str] = mapped_column(String(200), default="")
    kind: Mapped[str] = mapped_column(String(20), default="")
    legal_form: Mapped[str] = mapped_column(String(60), default="")
    address: Mapped[str] = mapped_column(String(300), default="")
    commune_code: Mapped[str | None] = mapped_column(ForeignKey("communes.code"), index=True)
    website: Mapped[str] = mapped_column(String(300), default="")
    presentation: Mapped[str] = mapped_column(Text, default="")
    offers: Mapped[str] = mapped_column(Text, default="")
    clients: Mapped[str] = mapped_column(Text, default="")
    workforce: Mapped[int | None]
    supported_share: Mapped[int | None]
    """Of 100 people at work, how many are in insertion or have a disability."""
    radius_km: Mapped[int | None]
    """Works around its commune as far as that, besides the areas it names."""

    wants_pitch: Mapped[bool | None]
    pitch_title: Mapped[str] = mapped_column(String(120), default="")
    pitch_summary: Mapped[str] = mapped_column(Text, default="")
    pitch_novelty: Mapped[str] = mapped_column(Text, default="")
    pitch_impact: Mapped[str] = mapped_column(Text, default="")
    wants_meetings: Mapped[bool | None]
    meeting_wishes: Mapped[str] = mapped_column(Text, default="")

    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    submitted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    standing: Mapped[str | None] = mapped_column(String(20))
    standing_reason: Mapped[str] = mapped_column(String(1000), default="")
    standing_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("applications.id"), index=True)
    typed: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """What a draft's fields were given and cannot hold: field → ``{"text", "reason"}``, as typed and why not."""

    edition: Mapped[Edition] = relationship()
    person: Mapped[Person | None] = relationship()
    structure: Mapped[Structure | None] = relationship()
    commune: Mapped[Commune | None] = relationship()
    merged_into: Mapped[Application | None] = relationship(remote_side=id)
    activities: Mapped[list[Activity]] = relationship(secondary=application_activities, order_by=Activity.rank)
    areas: Mapped[list[Area]] = relationship(secondary=application_areas, order_by=Area.id)
    labels: Mapped[list[Label]] = relationship(secondary=application_labels, order_by=Label.rank)
    absent_slots: Mapped[list[Slot]] = relationship(secondary=application_slots, order_by=Slot.start)
    attendees: Mapped[list[Attendee]] = relationship(
        back_populates="application", order_by="Attendee.rank, Attendee.id", cascade="all, delete-orphan"
    )
    answers: Mapped[list[Answer]] = relationship(
        back_populates="application", order_by="Answer.id", cascade="all, delete-orphan"
    )
    attachments: Mapped[list[Attachment]] = relationship(
        back_populates="application", order_by="Attachment.id", cascade="all, delete-orphan"
    )
    revisions: Mapped[list[Revision]] = relationship(
        back_populates="application", order_by="Revision.id", cascade="all, delete-orphan"
    )


class Attendee(Base):
    """Someone who comes for the structure; the first is whom organisers write to."""

    __tablename__ = "application_attendees"

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(120), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    phone: Mapped[str] = mapped_column(String(20), default="")
    position: Mapped[str] = mapped_column(String(120), default="")
    rank: Mapped[int] = mapped_column(default=0)

    application: Mapped[Application] = relationship(back_populates="attendees")


class Question(Base):
    """A question that the organisers of an edition add. ``options`` are what there is to choose from.

    It is asked where ``depends_on`` has been answered with ``depends_value``; always, where it depends on none.
    """

    __tablename__ = "application_questions"
    __table_args__ = (
        CheckConstraint(f"kind IN {QUESTION_KINDS!r}", name="kind_known"),
        CheckConstraint("length(label) > 0", name="label_given"),
        CheckConstraint("depends_on_id IS NULL OR depends_on_id <> id", name="not_on_itself"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    kind: Mapped[str] = mapped_column(String(20))
    label: Mapped[str] = mapped_column(String(200))
    help: Mapped[str] = mapped_column(String(500), default="")
    options: Mapped[list[str]] = mapped_column(JSON, default=list)
    is_required: Mapped[bool] = mapped_column(default=False)
    depends_on_id: Mapped[int | None] = mapped_column(
        ForeignKey("application_questions.id", ondelete="SET NULL"), index=True
    )
    depends_value: Mapped[str] = mapped_column(String(200), default="")

    edition: Mapped[Edition] = relationship()
    depends_on: Mapped[Question | None] = relationship(remote_side=id)


class Answer(Base):
    """An application's answer: text, number, ISO date, true or false, or a list of options. Files are attachments."""

    __tablename__ = "application_answers"
    __table_args__ = (UniqueConstraint("application_id", "question_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id", ondelete="CASCADE"))
    question_id: Mapped[int] = mapped_column(ForeignKey("application_questions.id", ondelete="CASCADE"), index=True)
    value: Mapped[Any] = mapped_column(JSON)

    application: Mapped[Application] = relationship(back_populates="answers")
    question: Mapped[Question] = relationship()


class Attachment(Base):
    """A file of an application; its content lies under ``digest`` (SHA-256) in the files' folder.

    It goes with the pitch, or answers ``question``. A version that was replaced or removed stays, dated.
    """

    __tablename__ = "application_attachments"

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id", ondelete="CASCADE"), index=True)
    question_id: Mapped[int | None] = mapped_column(
        ForeignKey("application_questions.id", ondelete="SET NULL"), index=True
    )
    filename: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    added_at: Mapped[datetime] = mapped_column(UTCDateTime)
    replaced_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    application: Mapped[Application] = relationship(back_populates="attachments")
    question: Mapped[Question | None] = relationship()


class Revision(Base):
    """A change made to a file after it was submitted: field → before and after, as jurors are shown it."""

    __tablename__ = "application_revisions"

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    is_late: Mapped[bool] = mapped_column(default=False)
    changes: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    application: Mapped[Application] = relationship(back_populates="revisions")
    person: Mapped[Person | None] = relationship()
