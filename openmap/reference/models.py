"""Territories as sets of communes, and the words for what structures are and do."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from openmap.extensions import Base, UTCDateTime

LEVELS: Final = ("region", "departement", "ept", "epci")
FAMILIES: Final = ("insertion", "handicap", "prison", "ess")
LABEL_FAMILIES: Final = ("label", "network")


class Commune(Base):
    """A commune by its INSEE code. A code that no longer stands alone stays, and leads to the commune of today.

    ``current_code`` is that commune: a merger's, or Paris for its arrondissements. ``lon`` and ``lat`` are a point
    inside, in degrees (WGS 84); ``folded`` is the name as it is searched.
    """

    __tablename__ = "communes"
    __table_args__ = (
        CheckConstraint("current_code IS NULL OR current_code <> code", name="leads_elsewhere"),
        CheckConstraint("(lon IS NULL) = (lat IS NULL)", name="whole_point"),
        Index("ix_communes_folded", "folded"),
    )

    code: Mapped[str] = mapped_column(String(5), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    folded: Mapped[str] = mapped_column(String(120))
    current_code: Mapped[str | None] = mapped_column(ForeignKey("communes.code"), index=True)
    population: Mapped[int | None]
    lon: Mapped[float | None]
    lat: Mapped[float | None]
    postal_codes: Mapped[list[str]] = mapped_column(JSON, default=list)

    areas: Mapped[list[Area]] = relationship(
        secondary="area_communes", back_populates="communes", order_by="Area.id", viewonly=True
    )


class Area(Base):
    """A région, a département, an EPCI or a territory of the Métropole: a name for a set of communes.

    ``is_cell``: one of the territories that partition the région (EPT inside the Métropole, EPCI outside).
    ``communes_outside`` counts the communes of an EPCI that lie in regions not loaded here.
    """

    __tablename__ = "areas"
    __table_args__ = (
        UniqueConstraint("level", "code"),
        CheckConstraint(f"level IN {LEVELS!r}", name="level_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    level: Mapped[str] = mapped_column(String(20))
    code: Mapped[str] = mapped_column(String(9))
    name: Mapped[str] = mapped_column(String(120))
    siren: Mapped[str | None] = mapped_column(String(9))
    is_cell: Mapped[bool] = mapped_column(default=False)
    communes_outside: Mapped[int] = mapped_column(default=0)

    communes: Mapped[list[Commune]] = relationship(
        secondary="area_communes", back_populates="areas", order_by="Commune.folded", viewonly=True
    )


class AreaCommune(Base):
    """A commune of an area."""

    __tablename__ = "area_communes"

    area_id: Mapped[int] = mapped_column(ForeignKey("areas.id", ondelete="CASCADE"), primary_key=True)
    commune_code: Mapped[str] = mapped_column(ForeignKey("communes.code"), primary_key=True, index=True)


class Load(Base):
    """A file of reference data that was loaded: what its figures rest on."""

    __tablename__ = "reference_loads"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    version: Mapped[str] = mapped_column(String(40))
    digest: Mapped[str] = mapped_column(String(64))
    sources: Mapped[list[str]] = mapped_column(JSON, default=list)
    loaded_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Term(Base):
    """What every word of the vocabulary has: a code that never changes meaning, and a version that counts edits.

    A word that is no longer used keeps its code: ``retired_at`` says since when, ``replaced_by`` by which code.
    ``edited_at`` is set where an administrator changed it, so that a later file leaves it alone.
    """

    __abstract__ = True

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    definition: Mapped[str] = mapped_column(Text, default="")
    rank: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    edited_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    retired_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    replaced_by: Mapped[str | None] = mapped_column(String(60))


class Trade(Term):
    """A trade (filière): what an edition is about."""

    __tablename__ = "trades"
    __table_args__ = (CheckConstraint("length(name) > 0", name="name_given"),)

    activities: Mapped[list[Activity]] = relationship(back_populates="trade", order_by="Activity.rank")


class Activity(Term):
    """Something that is bought and sold: the finest word for supply and needs.

    ``cpv`` are codes of eight digits, ``lemarche`` the same thing in the words of Le marché de l'inclusion
    (« groupe > secteur »).
    """

    __tablename__ = "activities"
    __table_args__ = (CheckConstraint("length(name) > 0", name="name_given"),)

    trade_id: Mapped[int] = mapped_column(ForeignKey("trades.id"), index=True)
    synonyms: Mapped[list[str]] = mapped_column(JSON, default=list)
    cpv: Mapped[list[str]] = mapped_column(JSON, default=list)
    lemarche: Mapped[list[str]] = mapped_column(JSON, default=list)

    trade: Mapped[Trade] = relationship(back_populates="activities")


class StructureKind(Term):
    """A kind of structure; ``law`` is the article under which a contract may be reserved to it, if any."""

    __tablename__ = "structure_kinds"
    __table_args__ = (CheckConstraint(f"family IN {FAMILIES!r}", name="family_known"),)

    family: Mapped[str] = mapped_column(String(20))
    law: Mapped[str] = mapped_column(String(40), default="")


class Label(Term):
    """A label that a structure holds, or a network that it belongs to."""

    __tablename__ = "labels"
    __table_args__ = (CheckConstraint(f"family IN {LABEL_FAMILIES!r}", name="family_known"),)

    family: Mapped[str] = mapped_column(String(20))


VOCABULARIES: Final[dict[str, type[Term]]] = {
    "filieres": Trade,
    "activites": Activity,
    "types": StructureKind,
    "labels": Label,
}
"""The vocabularies by the name that their pages have."""
