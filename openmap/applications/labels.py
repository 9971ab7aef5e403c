"""French names of what an application holds, and of where it stands."""

from __future__ import annotations

from typing import Final

from flask_babel import LazyString, lazy_gettext

from openmap.directory.labels import KIND_LABELS

STATE_LABELS: Final[dict[str, LazyString]] = {
    "draft": lazy_gettext("Brouillon"),
    "submitted": lazy_gettext("Déposée"),
    "withdrawn": lazy_gettext("Retirée"),
    "merged": lazy_gettext("Réunie à une autre"),
}
STANDING_LABELS: Final[dict[str, LazyString]] = {
    "eligible": lazy_gettext("Recevable"),
    "ineligible": lazy_gettext("Non recevable"),
}
UNDECIDED: Final = lazy_gettext("À examiner")

QUESTION_LABELS: Final[dict[str, LazyString]] = {
    "text": lazy_gettext("Texte"),
    "choice": lazy_gettext("Un choix dans une liste"),
    "choices": lazy_gettext("Plusieurs choix dans une liste"),
    "number": lazy_gettext("Nombre"),
    "date": lazy_gettext("Date"),
    "file": lazy_gettext("Fichier"),
    "boolean": lazy_gettext("Oui ou non"),
}
FIELD_LABELS: Final[dict[str, LazyString]] = {
    "name": lazy_gettext("Nom"),
    "siret": lazy_gettext("SIRET"),
    "kind": lazy_gettext("Type de structure"),
    "legal_form": lazy_gettext("Forme juridique"),
    "labels": lazy_gettext("Labels et réseaux"),
    "address": lazy_gettext("Adresse"),
    "commune_code": lazy_gettext("Commune"),
    "website": lazy_gettext("Site internet"),
    "presentation": lazy_gettext("Présentation"),
    "activities": lazy_gettext("Activités"),
    "offers": lazy_gettext("Offres"),
    "clients": lazy_gettext("Références"),
    "workforce": lazy_gettext("Effectif"),
    "supported_share": lazy_gettext("Part de personnes en insertion ou en situation de handicap"),
    "areas": lazy_gettext("Territoires"),
    "radius_km": lazy_gettext("Rayon d’intervention"),
    "attendees": lazy_gettext("Personnes présentes"),
    "absent_slots": lazy_gettext("Indisponible"),
    "wants_pitch": lazy_gettext("Souhaite présenter un pitch"),
    "pitch_title": lazy_gettext("Titre du pitch"),
    "pitch_summary": lazy_gettext("Résumé"),
    "pitch_novelty": lazy_gettext("Ce qui est nouveau"),
    "pitch_impact": lazy_gettext("Impact social"),
    "wants_meetings": lazy_gettext("Souhaite des rendez-vous"),
    "meeting_wishes": lazy_gettext("Qui la structure souhaite rencontrer"),
    "attachments": lazy_gettext("Pièces jointes"),
}
"""What the fields of a file are called, in the order in which it is read."""
OTHER_KINDS: Final[dict[str, LazyString]] = {
    "rq": lazy_gettext("Régie de quartier ou de territoire"),
    "sep": lazy_gettext("Service de l’emploi pénitentiaire"),
    "tih": lazy_gettext("Travailleur indépendant handicapé"),
    "mutuelle": lazy_gettext("Mutuelle"),
    "fondation": lazy_gettext("Fondation ou fonds de dotation"),
    "scess": lazy_gettext("Société commerciale de l’ESS"),
}
"""Kinds of the reference that the directory does not tell apart yet."""


def state_label(state: str) -> str:
    """Return where a file is on its way."""
    return str(STATE_LABELS[state])


def standing_label(standing: str | None) -> str:
    """Return what the organisers said of a file, or that they have not yet."""
    return str(STANDING_LABELS[standing] if standing else UNDECIDED)


def kind_label(kind: str) -> str:
    """Return what a kind of structure is called."""
    return str(KIND_LABELS.get(kind) or OTHER_KINDS.get(kind, kind))


def question_kind_label(kind: str) -> str:
    """Return what a kind of question is called."""
    return str(QUESTION_LABELS[kind])
