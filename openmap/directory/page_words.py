"""What a structure's page says in words: where it works, how it delivers, what each field holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask_babel import LazyString, lazy_gettext
from flask_babel import gettext as _

from openmap.directory.labels import AMOUNT_LABELS, DELIVERY_LABELS, KIND_LABELS, REACH_LABELS, legal_form_label
from openmap.directory.models import ClientReference, Offer, Structure
from openmap.extensions import AnySession
from openmap.reference.models import Activity, Area, Commune, Label
from openmap.reference.places import place_name
from openmap.reference.queries import codes_of, communes_near

FIELD_LABELS: Final[Mapping[str, LazyString]] = {
    "name": lazy_gettext("Nom"),
    "brand": lazy_gettext("Nom commercial"),
    "kind": lazy_gettext("Type de structure"),
    "also_kinds": lazy_gettext("Autres conventions"),
    "legal_form": lazy_gettext("Forme juridique"),
    "siret": lazy_gettext("SIRET"),
    "description": lazy_gettext("Présentation"),
    "website": lazy_gettext("Site internet"),
    "workforce": lazy_gettext("Personnes au travail"),
    "supported_share": lazy_gettext("Part en insertion ou en situation de handicap"),
    "certifications": lazy_gettext("Certifications"),
    "joint_bids": lazy_gettext("Réponses à plusieurs"),
    "address": lazy_gettext("Adresse"),
    "postal_code": lazy_gettext("Code postal"),
    "commune": lazy_gettext("Commune"),
    "labels": lazy_gettext("Labels et réseaux"),
    "offers": lazy_gettext("Offres"),
    "clients": lazy_gettext("Références"),
    "activity": lazy_gettext("Activité"),
    "title": lazy_gettext("Intitulé"),
    "deliveries": lazy_gettext("Forme"),
    "capacity": lazy_gettext("Capacité"),
    "largest_amount": lazy_gettext("Plus gros marché réalisé"),
    "reach": lazy_gettext("Zone d’intervention"),
    "radius_km": lazy_gettext("Rayon en km"),
    "areas": lazy_gettext("Territoires"),
    "communes": lazy_gettext("Communes"),
    "client": lazy_gettext("Client"),
    "is_public": lazy_gettext("Acheteur public"),
    "year": lazy_gettext("Année"),
    "amount": lazy_gettext("Montant"),
    "subject": lazy_gettext("Objet"),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """What two tabs say differently of a field, in words."""

    label: str
    typed: str
    saved: str


def field_label(name: str) -> str:
    """Return what a field of the page is called."""
    return str(FIELD_LABELS.get(name, name))


def in_words(name: str, value: Any) -> str:
    """Return what a field holds as a person reads it; empty where it holds nothing."""
    if value in (None, "", []):
        return ""
    if name == "kind":
        return str(KIND_LABELS.get(value, value))
    if name == "also_kinds":
        return ", ".join(str(KIND_LABELS.get(one, one)) for one in value)
    if name == "legal_form":
        return legal_form_label(value)
    if name == "deliveries":
        return ", ".join(str(DELIVERY_LABELS[one]) for one in value if one in DELIVERY_LABELS)
    if name in {"largest_amount", "amount"}:
        return str(AMOUNT_LABELS.get(value, value))
    if name == "reach":
        return str(REACH_LABELS.get(value, value))
    return _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(_("oui") if value else _("non"))
    if isinstance(value, Commune):
        return place_name(value)
    if isinstance(value, Activity | Area | Label):
        return value.name
    if isinstance(value, list | tuple):
        return ", ".join(_plain(one) for one in value)
    return str(value)


def all_in_words(values: Mapping[str, Any]) -> dict[str, str]:
    """Return every field of ``values`` in words."""
    return {name: in_words(name, value) for name, value in values.items()}


def mark_of(values: Mapping[str, Any]) -> str:
    """Return a mark of what a form was opened with: another mark means that someone has saved meanwhile."""
    told = json.dumps(all_in_words(values), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def differences(typed: Mapping[str, Any], saved: Mapping[str, Any]) -> list[Difference]:
    """Return the fields that two sides do not say alike."""
    here, there = all_in_words(typed), all_in_words(saved)
    return [Difference(field_label(name), here[name], there[name]) for name in here if here[name] != there[name]]


def deliveries_of(offer: Offer) -> list[str]:
    """Return the ways in which an offer is delivered (codes of ``DELIVERIES``)."""
    chosen = {"service": offer.is_service, "supply": offer.is_supply, "staff": offer.is_staff}
    return [code for code, held in chosen.items() if held]


def offer_title(offer: Offer) -> str:
    """Return what an offer is called: its own title, else its activity."""
    return offer.title or (offer.activity.name if offer.activity else str(_("Offre")))


def held_of_offer(offer: Offer) -> dict[str, Any]:
    """Return what an offer holds, by the names of its form."""
    names = ("activity", "title", "description", "capacity", "largest_amount", "reach", "radius_km")
    lists = {"areas": list(offer.areas), "communes": list(offer.communes)}
    return {name: getattr(offer, name) for name in names} | {"deliveries": deliveries_of(offer)} | lists


def held_of_client(client: ClientReference) -> dict[str, Any]:
    """Return what a reference holds, by the names of its form."""
    return {name: getattr(client, name) for name in ("client", "is_public", "year", "amount", "subject")}


def joined(names: Sequence[str]) -> str:
    """Write « A, B et C »."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {_('et')} {names[-1]}"


def told_reach(offer: Offer, structure: Structure) -> str:
    """Return where an offer goes: « dans un rayon de 20 km autour de Montreuil », « partout en France »."""
    if offer.reach == "france":
        return str(_("partout en France"))
    if offer.reach == "radius":
        where = structure.commune.name if structure.commune else structure.city
        if where:
            return str(_("dans un rayon de %(km)d km autour de %(commune)s", km=offer.radius_km or 0, commune=where))
        return str(_("dans un rayon de %(km)d km", km=offer.radius_km or 0))
    named = [_told_area(area) for area in offer.areas] + [commune.name for commune in offer.communes]
    return joined(named) if named else str(_("zone à préciser"))


def _told_area(area: Area) -> str:
    return str(_("toute la région %(name)s", name=area.name)) if area.level == "region" else area.name


def point_of(structure: Structure) -> tuple[float, float] | None:
    """Return the point from which a radius counts, in degrees: the structure's own, else inside its commune."""
    if structure.lon is not None and structure.lat is not None:
        return structure.lon, structure.lat
    commune = structure.commune
    if commune is not None and commune.lon is not None and commune.lat is not None:
        return commune.lon, commune.lat
    return None


def codes_served(session: AnySession, structure: Structure, offers: Iterable[Offer]) -> set[str] | None:
    """Return the INSEE codes that some of a structure's offers serve; ``None`` where one goes everywhere.

    Two queries at most. A radius counts from ``point_of``; without a point it reaches nothing.
    """
    listed = list(offers)
    if any(one.reach == "france" for one in listed):
        return None
    areas = {area.id for one in listed if one.reach == "places" for area in one.areas}
    codes = codes_of(session, areas) if areas else set()
    codes |= {commune.code for one in listed if one.reach == "places" for commune in one.communes}
    farthest, point = (
        max((one.radius_km or 0 for one in listed if one.reach == "radius"), default=0),
        point_of(structure),
    )
    if farthest and point is not None:
        codes |= set(communes_near(session, *point, farthest))
    return codes
