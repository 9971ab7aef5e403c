"""French labels of the jury."""

from __future__ import annotations

from flask_babel import LazyString, lazy_gettext

STAGE_LABELS: dict[str, LazyString] = {
    "blind": lazy_gettext("lectures en cours"),
    "open": lazy_gettext("délibération ouverte"),
    "released": lazy_gettext("décisions envoyées"),
}

READING_LABELS: dict[str, LazyString] = {
    "todo": lazy_gettext("à lire"),
    "begun": lazy_gettext("commencée"),
    "changed": lazy_gettext("dossier modifié"),
    "finished": lazy_gettext("terminée"),
}


def stage_label(stage: str) -> str:
    """Return what a stage of the jury is called."""
    return str(STAGE_LABELS[stage])


def reading_label(state: str) -> str:
    """Return what the state of a reading is called."""
    return str(READING_LABELS[state])
