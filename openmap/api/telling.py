"""From rows to what the API says of them: only what each shape names, so that nothing else can slip out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from openmap.api import shapes
from openmap.api.links import structure_page
from openmap.directory.covering import Answer, is_active
from openmap.directory.facilitator_models import Facilitator
from openmap.directory.labels import SHORT_KINDS
from openmap.directory.models import DELIVERIES, Buyer, ClientReference, Offer, Structure
from openmap.needs.models import Need
from openmap.reference.models import Activity, Area, Commune, Label, StructureKind, Term
from openmap.reference.queries import Extent
from openmap.web.addresses import address_of


def word(term: Term | None) -> shapes.Word | None:
    """Return a word of a vocabulary."""
    return None if term is None else shapes.Word(code=term.code, name=term.name)


def kind(code: str) -> shapes.Word:
    """Return a kind of structure."""
    return shapes.Word(code=code, name=str(SHORT_KINDS[code]))


def area(one: Area) -> shapes.AreaRef:
    """Return an area by its level and code."""
    return shapes.AreaRef(level=one.level, code=one.code, name=one.name)


def commune(one: Commune) -> shapes.CommuneRef:
    """Return a commune by its code."""
    return shapes.CommuneRef(code=one.code, name=one.name)


def structure(one: Structure) -> shapes.StructureOut:
    """Return what is public of a listed structure: neither its address for messages nor its people."""
    return shapes.StructureOut(
        id=one.id, siret=one.siret, name=one.name, brand=one.brand, kind=kind(one.kind),
        also_kinds=[kind(code) for code in one.kinds[1:]], legal_form=one.legal_form, naf=one.naf,
        description=one.description, address=one.address, postal_code=one.postal_code, city=one.city,
        commune=None if one.commune is None else commune(one.commune), lon=one.lon, lat=one.lat, website=one.website,
        workforce=one.workforce, supported_share=one.supported_share, joint_bids=one.joint_bids,
        certifications=one.certifications, labels=_words(one.labels), offers=[_offer(offer) for offer in one.offers],
        references=[_reference(client) for client in one.clients], listed_at=one.listed_at,
        confirmed_at=one.confirmed_at, changed_at=one.changed_at, is_invented=one.is_invented,
        page=structure_page(one.id),
    )  # fmt: skip


def need(one: Need) -> shapes.NeedOut:
    """Return what is public of a public need: never whom to write to."""
    return shapes.NeedOut(
        id=one.id, title=one.title, description=one.description, buyer=buyer(one.buyer),
        activities=_words(one.activities), cpv=one.cpv, areas=[area(each) for each in one.areas],
        communes=[commune(each) for each in one.communes], quarter=one.quarter, starts_on=one.starts_on,
        ends_on=one.ends_on, recurrence=one.recurrence, amount=one.amount, lots=one.lots, delivery=one.delivery,
        lever=one.lever, procedure=one.procedure, certainty=one.certainty, declared_at=one.declared_at,
        changed_at=one.changed_at, page=address_of("needs.show", need_id=one.id),
    )  # fmt: skip


def buyer(one: Buyer) -> shapes.BuyerOut:
    """Return a buyer."""
    return shapes.BuyerOut(id=one.id, name=one.name, city=one.city, is_invented=one.is_invented)


def facilitator(one: Facilitator, on: date) -> shapes.FacilitatorOut:
    """Return an entry; its contact only where that person agreed to be published."""
    contact = None
    if one.published_at is not None:
        contact = shapes.ContactOut(name=one.contact_name, email=one.contact_email, phone=one.contact_phone)
    return shapes.FacilitatorOut(
        id=one.id, role=one.role, organisation=one.organisation, presentation=one.presentation, website=one.website,
        contact=contact, areas=[area(each) for each in one.areas], communes=[commune(each) for each in one.communes],
        active_from=one.active_from, active_until=one.active_until, is_active=is_active(one, on),
        deputy_id=one.deputy_id, confirmed_at=one.confirmed_at, is_invented=one.is_invented,
        page=address_of("facilitators.show", facilitator_id=one.id),
    )  # fmt: skip


def answer(one: Answer, on: date) -> shapes.AnswerOut:
    """Return who answers for a commune."""
    return shapes.AnswerOut(
        facilitator=facilitator(one.facilitator, on),
        width=one.width,
        place=one.place,
        instead_of=None if one.for_ is None else one.for_.id,
    )


def whole_commune(one: Commune) -> shapes.CommuneOut:
    """Return a commune with the areas that hold it."""
    return shapes.CommuneOut(
        code=one.code, name=one.name, population=one.population, lon=one.lon, lat=one.lat,
        postal_codes=one.postal_codes, areas=[area(each) for each in one.areas],
    )  # fmt: skip


def extent(one: Extent) -> shapes.AreaOut:
    """Return an area with its size."""
    return shapes.AreaOut(
        level=one.area.level, code=one.area.code, name=one.area.name, siren=one.area.siren,
        is_cell=one.area.is_cell, communes=one.communes, population=one.population,
    )  # fmt: skip


def whole_area(one: Area) -> shapes.AreaWhole:
    """Return an area with its communes."""
    return shapes.AreaWhole(
        level=one.level, code=one.code, name=one.name, siren=one.siren, is_cell=one.is_cell,
        communes=len(one.communes), population=sum(each.population or 0 for each in one.communes),
        commune_codes=sorted(each.code for each in one.communes),
    )  # fmt: skip


def activity(one: Activity) -> shapes.ActivityOut:
    """Return an activity with its trade."""
    return shapes.ActivityOut(
        code=one.code, name=one.name, definition=one.definition,
        trade=shapes.Word(code=one.trade.code, name=one.trade.name), synonyms=one.synonyms, cpv=one.cpv,
    )  # fmt: skip


def structure_kind(one: StructureKind) -> shapes.KindOut:
    """Return a kind of structure."""
    return shapes.KindOut(code=one.code, name=one.name, definition=one.definition, family=one.family, law=one.law)


def label(one: Label) -> shapes.LabelOut:
    """Return a label or a network."""
    return shapes.LabelOut(code=one.code, name=one.name, definition=one.definition, family=one.family)


def _words(terms: Iterable[Term]) -> list[shapes.Word]:
    return [shapes.Word(code=one.code, name=one.name) for one in terms]


def _offer(one: Offer) -> shapes.OfferOut:
    delivered = dict(zip(DELIVERIES, (one.is_service, one.is_supply, one.is_staff), strict=True))
    return shapes.OfferOut(
        title=one.title, description=one.description, activity=word(one.activity),
        trade=word(one.activity.trade if one.activity else None),
        deliveries=[name for name, done in delivered.items() if done], capacity=one.capacity,
        largest_amount=one.largest_amount, reach=one.reach, radius_km=one.radius_km,
        areas=[area(each) for each in one.areas], communes=[commune(each) for each in one.communes],
    )  # fmt: skip


def _reference(one: ClientReference) -> shapes.ReferenceOut:
    return shapes.ReferenceOut(
        client=one.client, is_public=one.is_public, year=one.year, amount=one.amount, subject=one.subject
    )
