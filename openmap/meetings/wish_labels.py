"""Words of the wishes."""

from __future__ import annotations

from typing import Final

from flask_babel import LazyString, lazy_gettext

LEVEL_LABELS: Final[dict[str, LazyString]] = {
    "must": lazy_gettext("Indispensable"),
    "want": lazy_gettext("Souhaité"),
    "open": lazy_gettext("Pourquoi pas"),
    "veto": lazy_gettext("À éviter"),
}
LEVEL_LISTS: Final[dict[str, LazyString]] = {
    "must": lazy_gettext("Indispensables"),
    "want": lazy_gettext("Souhaités"),
    "open": lazy_gettext("Pourquoi pas"),
    "veto": lazy_gettext("À éviter"),
}
NO_LEVEL: Final = lazy_gettext("Sans réponse")
SOURCE_LABELS: Final[dict[str, LazyString]] = {
    "person": lazy_gettext("dit par le participant"),
    "organiser": lazy_gettext("saisi par l’organisation"),
    "completed": lazy_gettext("complété d’après le score"),
}
WISH_SOURCE_LABELS: Final[dict[str, LazyString]] = {
    "import": lazy_gettext("classeur importé"),
    "choices": lazy_gettext("souhaits des participants"),
    "organiser": lazy_gettext("ajouté par l’organisation"),
}


def level_label(level: str) -> str:
    """Return what a level is called; that there is none."""
    return str(LEVEL_LABELS.get(level, NO_LEVEL))
