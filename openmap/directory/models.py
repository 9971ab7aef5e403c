"""Organisations: the structures of the social economy with what they offer and where, and the public buyers."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy import Table as SATable
from sqlalchemy.orm import Mapped, mapped_column, relationship

from openmap.extensions import Base, UTCDateTime
from openmap.people.models import Person
from openmap.reference.models import Activity, Area, Commune, Label

STRUCTURE_KINDS = (
    "ei", "ai", "aci", "etti", "eiti", "geiq", "ea", "eatt", "esat", "association", "cooperative", "ess",
)  # fmt: skip
"""Kinds of structure, from the most regulated (SIAE, EA, ESAT) to the ESS in the wide sense."""

DELIVERIES: Final = ("service", "supply", "staff")
"""A service, a supply, or people put at the buyer's disposal."""

REACHES: Final = ("radius", "places", "france")
"""How far an offer goes: around the structure's own point, over named areas and communes, or everywhere."""

AMOUNTS: Final = ("", "under_10k", "10k_40k", "40k_90k", "90k_221k", "221k_500k", "500k_1m", "over_1m")
"""Bands of euros before tax, those of the needs; empty where it is not told."""

FILE_USES: Final = ("logo", "photo", "document")
SOURCE_KINDS: Final = ("person", "import", "application")
CLAIM_STATES: Final = ("asked", "accepted", "refused")


def _chosen(name: str, owner: str, owners: str, column: str, target: str) -> SATable:
    """Return the table of what the rows of ``owners`` have chosen."""
    return SATable(
        name,
        Base.metadata,
        Column(owner, ForeignKey(f"{owners}.id", ondelete="CASCADE"), primary_key=True),
        Column(column, ForeignKey(target), primary_key=True, index=True),
    )


structure_labels = _chosen("structure_labels", "structure_id", "structures", "label_id", "labels.id")
offer_areas = _chosen("offer_areas", "offer_id", "offers", "area_id", "areas.id")
offer_communes = _chosen("offer_communes", "offer_id", "offers", "commune_code", "communes.code")
"""Where an offer with named places goes: areas of any level, and single communes."""


class Organisation(Base):
    """A legal person that takes part: a structure or a buyer. Invented ones are marked so."""

    __tablename__ = "organisations"
    __table_args__: tuple[Any, ...] = (
        # Two structures may bear one name (antennas, brands); a buyer is found by its own.
        Index(
            "uq_organisations_buyer_name",
            "name",
            unique=True,
            sqlite_where=text("type = 'buyer'"),
            postgresql_where=text("type = 'buyer'"),
        ),
        Index("ix_organisations_name", "name"),
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
    """A structure of the social economy, one page of the directory; ``kind`` is one of ``STRUCTURE_KINDS``.

    One establishment (SIRET) may hold several conventions: ``also_kinds`` are the others. It is found in the directory
    from ``listed_at`` on, and no more once ``delisted_at``. ``lon`` and ``lat`` are its own point in degrees (WGS 84).
    ``confirmed_at``: when its people last said that the page holds. ``contact_email`` is where a buyer's message goes
    when nobody represents it yet; it is never shown. ``revision`` grows with each change of what is searched, so that
    an index knows what it has not read yet.
    """

    __tablename__ = "structures"
    __table_args__: tuple[Any, ...] = (
        CheckConstraint(f"kind IN {STRUCTURE_KINDS!r}", name="kind_known"),
        CheckConstraint("(lon IS NULL) = (lat IS NULL)", name="whole_point"),
        CheckConstraint("workforce IS NULL OR workforce >= 0", name="workforce_not_negative"),
        CheckConstraint("supported_share IS NULL OR supported_share BETWEEN 0 AND 100", name="share_in_percent"),
        CheckConstraint("delisted_at IS NULL OR length(delisted_reason) > 0", name="delisted_with_reason"),
        Index("ix_structures_revision", "revision"),
        Index("ix_structures_listed_at", "listed_at"),
    )

    id: Mapped[int] = mapped_column(ForeignKey("organisations.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), default="ess")
    also_kinds: Mapped[list[str]] = mapped_column(JSON, default=list)
    version: Mapped[int] = mapped_column(default=1)
    """Counts the saves by hand, so that two people do not overwrite each other."""

    brand: Mapped[str] = mapped_column(String(200), default="")
    legal_form: Mapped[str] = mapped_column(String(60), default="")
    naf: Mapped[str] = mapped_column(String(6), default="")
    description: Mapped[str] = mapped_column(Text, default="")
    address: Mapped[str] = mapped_column(String(300), default="")
    postal_code: Mapped[str] = mapped_column(String(5), default="")
    commune_code: Mapped[str | None] = mapped_column(ForeignKey("communes.code"), index=True)
    lon: Mapped[float | None]
    lat: Mapped[float | None]
    website: Mapped[str] = mapped_column(String(300), default="")
    contact_email: Mapped[str] = mapped_column(String(254), default="")
    workforce: Mapped[int | None]
    supported_share: Mapped[int | None]
    """Of 100 people at work, how many are in insertion or have a disability."""
    joint_bids: Mapped[str] = mapped_column(Text, default="")
    """What it has already answered together with others (groupement, co-traitance, sous-traitance), in words."""
    certifications: Mapped[str] = mapped_column(Text, default="")

    listed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reminded_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    delisted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    delisted_reason: Mapped[str] = mapped_column(String(300), default="")
    changed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revision: Mapped[int] = mapped_column(default=0)

    commune: Mapped[Commune | None] = relationship()
    labels: Mapped[list[Label]] = relationship(secondary=structure_labels, order_by=Label.rank)
    offers: Mapped[list[Offer]] = relationship(
        back_populates="structure", cascade="all, delete-orphan", order_by="Offer.position, Offer.id"
    )
    clients: Mapped[list[ClientReference]] = relationship(
        back_populates="structure",
        cascade="all, delete-orphan",
        order_by="ClientReference.year.desc(), ClientReference.id",
    )
    files: Mapped[list[StructureFile]] = relationship(
        back_populates="structure", cascade="all, delete-orphan", order_by="StructureFile.position, StructureFile.id"
    )

    __mapper_args__ = {"polymorphic_identity": "structure"}  # noqa: RUF012

    @property
    def kinds(self) -> list[str]:
        """Return all its kinds, the main one first."""
        return [self.kind, *(one for one in self.also_kinds if one != self.kind)]

    @property
    def is_listed(self) -> bool:
        """Say whether it is to be found in the directory."""
        return self.listed_at is not None and self.delisted_at is None


class Offer(Base):
    """What a structure offers: one activity, in its own words, delivered in one way or several, over an area.

    ``capacity`` is in words (« 400 repas par jour »); ``largest_amount`` the band of the largest contract done;
    ``radius_km`` counts from the structure's own point, else from its commune's.
    """

    __tablename__ = "offers"
    __table_args__ = (
        CheckConstraint(f"reach IN {REACHES!r}", name="reach_known"),
        CheckConstraint("(reach = 'radius') = (radius_km IS NOT NULL)", name="radius_with_its_reach"),
        CheckConstraint("radius_km IS NULL OR radius_km BETWEEN 1 AND 1000", name="radius_sensible"),
        CheckConstraint(f"largest_amount IN {AMOUNTS!r}", name="amount_known"),
        CheckConstraint("is_service OR is_supply OR is_staff", name="delivered_somehow"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    structure_id: Mapped[int] = mapped_column(ForeignKey("structures.id", ondelete="CASCADE"), index=True)
    activity_id: Mapped[int | None] = mapped_column(ForeignKey("activities.id"), index=True)
    """``None``: told in words only, as in a list that knows no trade of ours."""
    position: Mapped[int] = mapped_column(default=0)
    title: Mapped[str] = mapped_column(String(200), default="")
    description: Mapped[str] = mapped_column(Text, default="")
    is_service: Mapped[bool] = mapped_column(default=True)
    is_supply: Mapped[bool] = mapped_column(default=False)
    is_staff: Mapped[bool] = mapped_column(default=False)
    capacity: Mapped[str] = mapped_column(String(200), default="")
    largest_amount: Mapped[str] = mapped_column(String(20), default="")
    reach: Mapped[str] = mapped_column(String(20), default="radius")
    radius_km: Mapped[int | None]

    structure: Mapped[Structure] = relationship(back_populates="offers")
    activity: Mapped[Activity | None] = relationship()
    areas: Mapped[list[Area]] = relationship(secondary=offer_areas, order_by=Area.id)
    communes: Mapped[list[Commune]] = relationship(secondary=offer_communes, order_by=Commune.folded)


class ClientReference(Base):
    """A buyer that a structure has served: who, when, for what, in which band of euros."""

    __tablename__ = "structure_references"
    __table_args__ = (
        CheckConstraint(f"amount IN {AMOUNTS!r}", name="amount_known"),
        CheckConstraint("length(client) > 0", name="client_given"),
        CheckConstraint("year IS NULL OR year BETWEEN 1990 AND 2100", name="year_sensible"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    structure_id: Mapped[int] = mapped_column(ForeignKey("structures.id", ondelete="CASCADE"), index=True)
    client: Mapped[str] = mapped_column(String(200))
    is_public: Mapped[bool] = mapped_column(default=True)
    """The client buys under public-procurement law."""
    year: Mapped[int | None]
    amount: Mapped[str] = mapped_column(String(20), default="")
    subject: Mapped[str] = mapped_column(String(300), default="")

    structure: Mapped[Structure] = relationship(back_populates="clients")


class StructureFile(Base):
    """A logo, photograph or document of a page; its content lies under ``digest`` (SHA-256) in the files' folder."""

    __tablename__ = "structure_files"
    __table_args__ = (
        CheckConstraint(f"use IN {FILE_USES!r}", name="use_known"),
        CheckConstraint("use = 'document' OR length(words) > 0", name="picture_in_words"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    structure_id: Mapped[int] = mapped_column(ForeignKey("structures.id", ondelete="CASCADE"), index=True)
    use: Mapped[str] = mapped_column(String(20))
    words: Mapped[str] = mapped_column(String(300), default="")
    """What a picture shows, for who does not see it; a document's title."""
    filename: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    position: Mapped[int] = mapped_column(default=0)
    added_at: Mapped[datetime] = mapped_column(UTCDateTime)

    structure: Mapped[Structure] = relationship(back_populates="files")


class FieldSource(Base):
    """Where a field of a structure comes from. What a person wrote is not overwritten by a later import.

    ``field`` is a column of ``Structure`` or ``Organisation``, or ``offers``, ``labels``, ``clients``. ``source`` names
    the list or edition in words.
    """

    __tablename__ = "field_sources"
    __table_args__ = (
        UniqueConstraint("structure_id", "field"),
        CheckConstraint(f"kind IN {SOURCE_KINDS!r}", name="kind_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    structure_id: Mapped[int] = mapped_column(ForeignKey("structures.id", ondelete="CASCADE"))
    field: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(String(200), default="")
    import_id: Mapped[int | None] = mapped_column(ForeignKey("directory_imports.id", ondelete="SET NULL"), index=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class Claim(Base):
    """Someone asks to keep a structure's page; those who represent it already, else an administrator, answer."""

    __tablename__ = "structure_claims"
    __table_args__ = (
        UniqueConstraint("structure_id", "person_id"),
        CheckConstraint(f"state IN {CLAIM_STATES!r}", name="state_known"),
        CheckConstraint("(state = 'asked') = (answered_at IS NULL)", name="answer_dated"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    structure_id: Mapped[int] = mapped_column(ForeignKey("structures.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    state: Mapped[str] = mapped_column(String(20), default="asked")
    reason: Mapped[str] = mapped_column(String(500), default="")
    """What the person said of their function there."""
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)

    structure: Mapped[Structure] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=person_id)


class DirectoryClock(Base):
    """One row: how many times what is searched has changed. Its lock makes changes visible in the order they count."""

    __tablename__ = "directory_clock"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(default=0)


class GoneStructure(Base):
    """A structure that was deleted, for an index that still holds it."""

    __tablename__ = "gone_structures"

    structure_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    revision: Mapped[int] = mapped_column(index=True)
