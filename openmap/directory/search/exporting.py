"""A filtered list as a file that says what it is: filters, day, source. No address of a person is in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from flask_babel import LazyString, lazy_gettext
from flask_babel import gettext as _

from openmap.directory.labels import DELIVERY_LABELS, KIND_LABELS
from openmap.directory.models import Offer, Structure
from openmap.directory.search.finding import Results
from openmap.web.tabular import CSV_TYPE, XLSX_TYPE, Cell, csv_bytes, xlsx_bytes

TYPES: Final = {"csv": CSV_TYPE, "xlsx": XLSX_TYPE, "geojson": "application/geo+json"}

HEAD: Final[tuple[LazyString, ...]] = (
    lazy_gettext("Nom"), lazy_gettext("Nom commercial"), lazy_gettext("SIRET"), lazy_gettext("Types"),
    lazy_gettext("Adresse"), lazy_gettext("Code postal"), lazy_gettext("Commune"), lazy_gettext("Code INSEE"),
    lazy_gettext("Activités"), lazy_gettext("Offres"), lazy_gettext("Formes de prestation"),
    lazy_gettext("Zones d’intervention"), lazy_gettext("Labels et réseaux"), lazy_gettext("Effectif"),
    lazy_gettext("Site internet"), lazy_gettext("Confirmée le"), lazy_gettext("Page"), lazy_gettext("Donnée fictive"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listed:
    """What leaves: the search, its structures in order, how many answer in all and how many at most leave."""

    found: Results
    structures: Iterable[Structure]
    total: int
    most: int
    day: date
    page_of: Callable[[Structure], str]
    source: str

    def about(self) -> list[tuple[str, str]]:
        """Return what the file says of itself, in pairs."""
        chips = [label for _name, _value, label in self.found.chips]
        told = [
            (_("Liste"), _("Annuaire des structures, OpenMap ESS")),
            (_("Filtres"), " ; ".join(chips) or _("aucun")),
            (_("Date"), f"{self.day:%d/%m/%Y}"),
            (_("Source"), self.source),
            (_("Structures"), str(self.total)),
        ]
        if self.total > self.most:
            limited = _(
                "Seules les %(most)s premières sont ici : ajoutez un filtre, ou connectez-vous.", most=self.most
            )
            told.append((_("Attention"), limited))
        return told


def content_of(listed: Listed, ending: str) -> bytes:
    """Return the file: a line a structure in CSV and XLSX, in GeoJSON (RFC 7946) a point each, null where unknown."""
    name = _("Annuaire des structures")
    head = [str(one) for one in HEAD]
    match ending:
        case "csv":
            rows = [*(_row(one, listed.page_of(one)) for one in listed.structures), [], *map(list, listed.about())]
            return csv_bytes(head, rows)
        case "xlsx":
            rows = [_row(one, listed.page_of(one)) for one in listed.structures]
            at = datetime.combine(listed.day, datetime.min.time(), tzinfo=UTC)
            return xlsx_bytes(name, head, rows, created=at, about=listed.about())
        case _:
            features = [_feature(one, listed.page_of(one)) for one in listed.structures]
            whole = {"type": "FeatureCollection", "name": name, "about": dict(listed.about()), "features": features}
            return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


def _row(one: Structure, page: str) -> Sequence[Cell]:
    commune = one.commune
    activities = dict.fromkeys(offer.activity.name for offer in one.offers if offer.activity)
    deliveries = dict.fromkeys(word for offer in one.offers for word in _deliveries(offer))
    return [
        one.name, one.brand, one.siret or "", ", ".join(str(KIND_LABELS[kind]) for kind in one.kinds),
        one.address, one.postal_code, commune.name if commune else one.city, one.commune_code or "",
        ", ".join(activities), " ; ".join(offer.title for offer in one.offers if offer.title), ", ".join(deliveries),
        " ; ".join(dict.fromkeys(reach_of(offer) for offer in one.offers)),
        ", ".join(label.name for label in one.labels), one.workforce, one.website,
        f"{one.confirmed_at:%d/%m/%Y}" if one.confirmed_at else "", page, _("oui") if one.is_invented else "",
    ]  # fmt: skip


def _feature(one: Structure, page: str) -> dict[str, Any]:
    names = [str(name) for name in HEAD]
    lon, lat = (one.lon, one.lat) if one.lon is not None else _seat(one)
    point = None if lon is None else {"type": "Point", "coordinates": [lon, lat]}
    return {
        "type": "Feature",
        "id": one.id,
        "geometry": point,
        "properties": dict(zip(names, _row(one, page), strict=True)),
    }


def _seat(one: Structure) -> tuple[float | None, float | None]:
    return (one.commune.lon, one.commune.lat) if one.commune else (None, None)


def _deliveries(offer: Offer) -> list[str]:
    held = (("service", offer.is_service), ("supply", offer.is_supply), ("staff", offer.is_staff))
    return [str(DELIVERY_LABELS[name]) for name, there in held if there]


def reach_of(offer: Offer) -> str:
    """Return how far an offer goes, in words."""
    match offer.reach:
        case "radius":
            return str(_("%(km)s km autour de son adresse", km=offer.radius_km))
        case "places":
            return ", ".join([one.name for one in offer.areas] + [one.name for one in offer.communes])
        case _:
            return str(_("toute la France"))
