"""French names of levels, families and vocabularies."""

from __future__ import annotations

from typing import Final

from flask_babel import LazyString, lazy_gettext

LEVEL_LABELS: Final[dict[str, LazyString]] = {
    "region": lazy_gettext("Région"),
    "departement": lazy_gettext("Département"),
    "ept": lazy_gettext("Territoire de la Métropole"),
    "epci": lazy_gettext("Intercommunalité"),
}
FAMILY_LABELS: Final[dict[str, LazyString]] = {
    "insertion": lazy_gettext("Insertion par l’activité économique"),
    "handicap": lazy_gettext("Travail adapté et protégé"),
    "prison": lazy_gettext("Travail en prison"),
    "ess": lazy_gettext("Économie sociale et solidaire"),
    "label": lazy_gettext("Label ou agrément"),
    "network": lazy_gettext("Réseau"),
}
VOCABULARY_LABELS: Final[dict[str, LazyString]] = {
    "filieres": lazy_gettext("Filière"),
    "activites": lazy_gettext("Activité"),
    "types": lazy_gettext("Type de structure"),
    "labels": lazy_gettext("Label ou réseau"),
}


def level_label(level: str) -> str:
    """Return what a level of territory is called."""
    return str(LEVEL_LABELS[level])


def family_label(family: str) -> str:
    """Return what a family is called."""
    return str(FAMILY_LABELS[family])
