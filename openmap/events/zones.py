"""The time zones that an edition can be in, in French: France first, overseas next, then neighbours.

Names are those of the IANA time zone database (RFC 6557).
"""

from __future__ import annotations

from typing import Final

from flask_babel import LazyString, lazy_gettext
from wtforms.fields.choices import SelectChoice

HOME: Final = "Europe/Paris"

ZONES: Final[tuple[tuple[LazyString, dict[str, LazyString]], ...]] = (
    (lazy_gettext("France métropolitaine"), {HOME: lazy_gettext("France métropolitaine")}),
    (
        lazy_gettext("Outre-mer"),
        {
            "America/Guadeloupe": lazy_gettext("Guadeloupe"),
            "America/Cayenne": lazy_gettext("Guyane"),
            "Indian/Reunion": lazy_gettext("La Réunion"),
            "America/Martinique": lazy_gettext("Martinique"),
            "Indian/Mayotte": lazy_gettext("Mayotte"),
            "Pacific/Noumea": lazy_gettext("Nouvelle-Calédonie"),
            "Pacific/Tahiti": lazy_gettext("Polynésie française"),
            "Pacific/Gambier": lazy_gettext("Polynésie française, îles Gambier"),
            "Pacific/Marquesas": lazy_gettext("Polynésie française, îles Marquises"),
            "America/St_Barthelemy": lazy_gettext("Saint-Barthélemy"),
            "America/Marigot": lazy_gettext("Saint-Martin"),
            "America/Miquelon": lazy_gettext("Saint-Pierre-et-Miquelon"),
            "Pacific/Wallis": lazy_gettext("Wallis-et-Futuna"),
        },
    ),
    (
        lazy_gettext("Ailleurs"),
        {
            "Africa/Algiers": lazy_gettext("Algérie"),
            "Europe/Berlin": lazy_gettext("Allemagne"),
            "Europe/Brussels": lazy_gettext("Belgique"),
            "Africa/Abidjan": lazy_gettext("Côte d’Ivoire"),
            "Europe/Madrid": lazy_gettext("Espagne"),
            "Europe/Dublin": lazy_gettext("Irlande"),
            "Europe/Rome": lazy_gettext("Italie"),
            "Europe/Luxembourg": lazy_gettext("Luxembourg"),
            "Africa/Casablanca": lazy_gettext("Maroc"),
            "Europe/Monaco": lazy_gettext("Monaco"),
            "Europe/Lisbon": lazy_gettext("Portugal"),
            "America/Toronto": lazy_gettext("Québec et Ontario"),
            "Europe/London": lazy_gettext("Royaume-Uni"),
            "Africa/Dakar": lazy_gettext("Sénégal"),
            "Europe/Zurich": lazy_gettext("Suisse"),
            "Africa/Tunis": lazy_gettext("Tunisie"),
            "UTC": lazy_gettext("Temps universel (UTC)"),
        },
    ),
)


def zone_label(zone: str) -> str:
    """Return what a zone is called; its own name where it is none of the list."""
    return next((str(labels[zone]) for _group, labels in ZONES if zone in labels), zone)


def zone_choices(current: str) -> list[SelectChoice]:
    """Return the choices by group; an edition that was imported with another zone keeps it."""
    groups = [(str(group), dict(labels)) for group, labels in ZONES]
    if all(current not in labels for _group, labels in groups):
        groups[-1][1][current] = current
    return [
        SelectChoice(value=zone, label=str(label), optgroup=group)
        for group, labels in groups
        for zone, label in labels.items()
    ]
