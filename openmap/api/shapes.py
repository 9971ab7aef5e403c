"""What the API answers, as types: the document that describes it is made from these. Nothing here is personal."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Shape(BaseModel):
    """A part of an answer; all of its fields are always there."""

    model_config = ConfigDict(extra="forbid", json_schema_serialization_defaults_required=True)


class Word(Shape):
    """A word of a vocabulary: its code, which never changes meaning, and its French name."""

    code: str
    name: str


class CommuneRef(Shape):
    """A commune by its INSEE code."""

    code: str
    name: str


class AreaRef(Shape):
    """A région, a département, a territory of the Métropole (ept) or an EPCI."""

    level: str
    code: str
    name: str


class OfferOut(Shape):
    """What a structure offers, and how far: ``reach`` is radius (``radius_km``), places or france."""

    title: str
    description: str
    activity: Word | None
    trade: Word | None
    deliveries: list[str]
    capacity: str
    largest_amount: str
    reach: str
    radius_km: int | None
    areas: list[AreaRef]
    communes: list[CommuneRef]


class ReferenceOut(Shape):
    """A client that a structure has served."""

    client: str
    is_public: bool
    year: int | None
    amount: str
    subject: str


class StructureOut(Shape):
    """A structure of the social economy that is listed in the directory."""

    id: int
    siret: str | None
    name: str
    brand: str
    kind: Word
    also_kinds: list[Word]
    legal_form: str
    naf: str
    description: str
    address: str
    postal_code: str
    city: str
    commune: CommuneRef | None
    lon: float | None
    lat: float | None
    website: str
    workforce: int | None
    supported_share: int | None
    joint_bids: str
    certifications: str
    labels: list[Word]
    offers: list[OfferOut]
    references: list[ReferenceOut]
    listed_at: datetime | None
    confirmed_at: datetime | None
    changed_at: datetime | None
    is_invented: bool
    page: Annotated[str, Field(description="Adresse de sa page.")]


class BuyerOut(Shape):
    """A public buyer."""

    id: int
    name: str
    city: str
    is_invented: bool


class NeedOut(Shape):
    """A purchase intention that its buyer made public. It binds nobody."""

    id: int
    title: str
    description: str
    buyer: BuyerOut
    activities: list[Word]
    cpv: list[str]
    areas: list[AreaRef]
    communes: list[CommuneRef]
    quarter: str | None
    starts_on: date | None
    ends_on: date | None
    recurrence: str
    amount: str
    lots: str
    delivery: str
    lever: str
    procedure: str
    certainty: str
    declared_at: datetime | None
    changed_at: datetime
    page: str


class ContactOut(Shape):
    """Whom to write to; given only where that person agreed to be published."""

    name: str
    email: str
    phone: str


class FacilitatorOut(Shape):
    """Who helps the buyers of a territory with social clauses."""

    id: int
    role: str
    organisation: str
    presentation: str
    website: str
    contact: ContactOut | None
    areas: list[AreaRef]
    communes: list[CommuneRef]
    active_from: date | None
    active_until: date | None
    is_active: bool
    deputy_id: int | None
    confirmed_at: datetime | None
    is_invented: bool
    page: str


class AnswerOut(Shape):
    """Who answers for a commune, narrowest first; ``instead_of`` is the number of who is away."""

    facilitator: FacilitatorOut
    width: str
    place: str
    instead_of: int | None


class CommuneOut(Shape):
    """A commune of today, with the areas that hold it and a point inside (WGS 84)."""

    code: str
    name: str
    population: int | None
    lon: float | None
    lat: float | None
    postal_codes: list[str]
    areas: list[AreaRef]


class AreaOut(Shape):
    """An area with how many communes and inhabitants it has here; ``is_cell``: of the partition of the région."""

    level: str
    code: str
    name: str
    siren: str | None
    is_cell: bool
    communes: int
    population: int


class AreaWhole(AreaOut):
    """An area with the INSEE codes of its communes."""

    commune_codes: list[str]


class ActivityOut(Shape):
    """Something that is bought and sold."""

    code: str
    name: str
    definition: str
    trade: Word
    synonyms: list[str]
    cpv: list[str]


class KindOut(Shape):
    """A kind of structure; ``law`` is the article under which a contract may be reserved to it."""

    code: str
    name: str
    definition: str
    family: str
    law: str


class LabelOut(Shape):
    """A label that a structure holds, or a network that it belongs to."""

    code: str
    name: str
    definition: str
    family: str


class Licence(Shape):
    """Under which licence what is answered may be used again."""

    name: str
    url: str


class Meta(Shape):
    """Where what is answered comes from, and what may be done with it."""

    licence: Licence
    source: str
    notice: str


class ListMeta(Meta):
    """The same, of a page of a list."""

    total: int
    page: int
    pages: int
    limit: int


class Links(Shape):
    """Where this answer is, and the pages beside it."""

    self: str
    previous: str | None
    next: str | None


class Fault(Shape):
    """A parameter that is wrong, and what to do."""

    parameter: str
    detail: str


class Problem(BaseModel):
    """A refusal (RFC 9457), in French."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[Fault] = []
