"""How a structure or a buyer is searched: what it is called, what it offers, what else it tells."""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import selectin_polymorphic, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from openmap.directory.models import ClientReference, Offer, Organisation, Structure
from openmap.reference.fulltext import Document
from openmap.reference.indexing import Indexed, register


def reads(organisation: Organisation) -> Document:
    """Return an organisation's texts: its name, what it does, the rest."""
    if not isinstance(organisation, Structure):
        return Document(organisation.name, organisation.activity, organisation.city)
    offers = organisation.offers
    plain = [organisation.activity, *(_titled(offer) for offer in offers)]
    weak = [
        organisation.city,
        organisation.description,
        *(f"{offer.description} {offer.capacity}" for offer in offers),
        organisation.certifications,
        organisation.joint_bids,
        *(label.name for label in organisation.labels),
        *(client.subject for client in organisation.clients),
    ]
    return Document(f"{organisation.name} {organisation.brand}", "\n".join(plain), "\n".join(weak))


def _titled(offer: Offer) -> str:
    return offer.title if offer.activity is None else f"{offer.title} {offer.activity.name}"


_WITH: Final[tuple[ORMOption, ...]] = (
    selectin_polymorphic(Organisation, [Structure]),
    selectinload(Structure.offers).joinedload(Offer.activity),
    selectinload(Structure.labels),
    selectinload(Structure.clients),
)

register(
    Indexed("organisation", Organisation, reads, _WITH, parts={Offer: "structure_id", ClientReference: "structure_id"})
)
