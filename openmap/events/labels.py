"""French names of what an edition is made of."""

from __future__ import annotations

from typing import Final

from flask_babel import LazyString, lazy_gettext

MOMENT_LABELS: Final[dict[str, LazyString]] = {
    "welcome": lazy_gettext("Accueil"),
    "plenary": lazy_gettext("Plénière"),
    "round_table": lazy_gettext("Table ronde"),
    "pitches": lazy_gettext("Présentations (pitchs)"),
    "meetings": lazy_gettext("Entretiens"),
    "break": lazy_gettext("Pause"),
    "other": lazy_gettext("Autre moment"),
}
PHASE_LABELS: Final[dict[str, LazyString]] = {
    "registration": lazy_gettext("Inscriptions du public"),
    "call": lazy_gettext("Candidatures des structures"),
    "selection": lazy_gettext("Choix des pitchs"),
    "wishes": lazy_gettext("Besoins et souhaits de rendez-vous"),
    "publication": lazy_gettext("Publication des agendas"),
}
STAND_LABELS: Final[dict[str, LazyString]] = {
    "requested": lazy_gettext("Demandé"),
    "accepted": lazy_gettext("Accepté"),
    "refused": lazy_gettext("Refusé"),
}
REGISTRATION_LABELS: Final[dict[str, LazyString]] = {
    "confirmed": lazy_gettext("Place confirmée"),
    "waiting": lazy_gettext("Liste d’attente"),
    "cancelled": lazy_gettext("Annulée"),
}


def moment_label(kind: str) -> str:
    """Return what a kind of moment is called."""
    return str(MOMENT_LABELS[kind])


def phase_label(kind: str) -> str:
    """Return what a phase is called."""
    return str(PHASE_LABELS[kind])


def stand_label(state: str) -> str:
    """Return where a stand's request is."""
    return str(STAND_LABELS[state])


def registration_label(state: str) -> str:
    """Return where a registration is."""
    return str(REGISTRATION_LABELS[state])
