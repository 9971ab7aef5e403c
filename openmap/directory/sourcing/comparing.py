"""Up to four structures side by side: what each says, and in words where they differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from flask_babel import gettext as _
from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from openmap.directory.labels import AMOUNT_LABELS, DELIVERY_LABELS, KIND_LABELS, legal_form_label
from openmap.directory.models import ClientReference, Offer, Structure
from openmap.web.french import HERE, NBSP, counted, long_date

MOST: Final = 4
_REFERENCES: Final = 8
_LISTED: Final = frozenset({"kinds", "offers", "delivery", "area", "references", "labels"})
"""The criteria of which a structure may say several things: there, what only one says is told."""

WHOLE: Final[tuple[ORMOption, ...]] = (
    joinedload(Structure.commune),
    selectinload(Structure.labels),
    selectinload(Structure.clients),
    selectinload(Structure.offers).options(
        joinedload(Offer.activity), selectinload(Offer.areas), selectinload(Offer.communes)
    ),
)
"""What a comparison reads of structures: a handful of queries whatever they offer."""


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that a structure says; ``alone``: no other of those compared says it."""

    text: str
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A criterion: what each structure says of it, and how they compare, in words."""

    key: str
    title: str
    cells: Sequence[Sequence[Said]]
    verdict: str


def compared(structures: Sequence[Structure]) -> list[Row]:
    """Return the rows of a comparison; of a single structure nothing is said to differ."""
    told = (
        ("where", _("Adresse et forme"), _identity),
        ("kinds", _("Types"), _kinds),
        ("offers", _("Activités"), _offers),
        ("delivery", _("Forme des prestations"), _deliveries),
        ("area", _("Zone d’intervention"), _areas),
        ("capacity", _("Capacité"), _capacities),
        ("references", _("Références"), _references),
        ("labels", _("Labels et réseaux"), _labels),
        ("size", _("Taille"), _size),
        ("confirmed", _("Fiche confirmée"), _confirmed),
    )
    return [_row(key, title, [list(dict.fromkeys(say(one))) for one in structures]) for key, title, say in told]


def _row(key: str, title: str, cells: Sequence[Sequence[str]]) -> Row:
    several = len(cells) > 1
    listed = several and key in _LISTED
    times = Counter(text for cell in cells for text in cell)
    said = [[Said(text, listed and times[text] == 1 and len(cell) > 1) for text in cell] for cell in cells]
    if not several:
        return Row(key, title, said, "")
    sets = [frozenset(cell) for cell in cells]
    if len(set(sets)) == 1:
        return Row(key, title, said, _("Aucune ne le dit") if not sets[0] else _("Identique"))
    shared = bool(frozenset.intersection(*sets))
    return Row(key, title, said, _("En partie commun") if shared else _("Différent"))


def _identity(one: Structure) -> Iterable[str]:
    city = one.commune.name if one.commune is not None else one.city
    yield from filter(None, (one.brand, legal_form_label(one.legal_form), city))


def _kinds(one: Structure) -> Iterable[str]:
    return (str(KIND_LABELS[kind]) for kind in one.kinds)


def _offers(one: Structure) -> Iterable[str]:
    return (_named(offer) for offer in one.offers if _named(offer))


def _named(offer: Offer) -> str:
    return offer.activity.name if offer.activity is not None else offer.title


def _deliveries(one: Structure) -> Iterable[str]:
    held = {
        "service": any(offer.is_service for offer in one.offers),
        "supply": any(offer.is_supply for offer in one.offers),
        "staff": any(offer.is_staff for offer in one.offers),
    }
    return (str(DELIVERY_LABELS[name]) for name, is_so in held.items() if is_so)


def _areas(one: Structure) -> Iterable[str]:
    for offer in one.offers:
        if offer.reach == "france":
            yield _("Partout en France")
        elif offer.reach == "radius":
            city = one.commune.name if one.commune is not None else one.city
            around = _("autour de %(city)s", city=city) if city else _("autour de son adresse")
            yield f"{offer.radius_km}{NBSP}km {around}"
        else:
            yield from (area.name for area in offer.areas)
            yield from (commune.name for commune in offer.communes)


def _capacities(one: Structure) -> Iterable[str]:
    for offer in one.offers:
        largest = (
            _("plus gros contrat : %(amount)s", amount=str(AMOUNT_LABELS[offer.largest_amount]).lower())
            if offer.largest_amount
            else ""
        )
        told = ", ".join(filter(None, (offer.capacity, largest)))
        if told:
            yield f"{_named(offer)}{NBSP}: {told}" if _named(offer) else told


def _references(one: Structure) -> Iterable[str]:
    for client in one.clients[:_REFERENCES]:
        yield _reference(client)
    if len(one.clients) > _REFERENCES:
        yield _("et %(rest)s", rest=counted(len(one.clients) - _REFERENCES, _("autre")))


def _reference(client: ClientReference) -> str:
    more = (str(client.year) if client.year else "", str(AMOUNT_LABELS[client.amount]).lower() if client.amount else "")
    told = ", ".join(filter(None, more))
    return f"{client.client} ({told})" if told else client.client


def _labels(one: Structure) -> Iterable[str]:
    yield from (label.name for label in one.labels)
    if one.certifications:
        yield one.certifications


def _size(one: Structure) -> Iterable[str]:
    if one.workforce is not None:
        yield counted(one.workforce, _("personne au travail"), _("personnes au travail"))
    if one.supported_share is not None:
        yield _("dont %(share)s %% en insertion ou en situation de handicap", share=one.supported_share)


def _confirmed(one: Structure) -> Iterable[str]:
    if one.confirmed_at is not None:
        yield long_date(one.confirmed_at.astimezone(HERE).date())
