"""French words for what a need holds, and for where it stands."""

from __future__ import annotations

from typing import Final

from flask_babel import LazyString, lazy_gettext

from openmap.directory.labels import AMOUNT_LABELS as BAND_LABELS

STATE_LABELS: Final[dict[str, LazyString]] = {
    "draft": lazy_gettext("Brouillon"),
    "declared": lazy_gettext("Déclaré"),
    "withdrawn": lazy_gettext("Retiré"),
}
VISIBILITY_LABELS: Final[dict[str, LazyString]] = {
    "public": lazy_gettext("Tout le monde"),
    "participants": lazy_gettext("Participants aux mêmes rencontres"),
    "organisers": lazy_gettext("Organisation des rencontres seulement"),
}
CERTAINTY_LABELS: Final[dict[str, LazyString]] = {
    "certain": lazy_gettext("Certain"),
    "probable": lazy_gettext("Probable"),
    "idea": lazy_gettext("À l’étude"),
}
LEVER_LABELS: Final[dict[str, LazyString]] = {
    "none": lazy_gettext("Pas encore de levier"),
    "clause": lazy_gettext("Clause d’exécution"),
    "criterion": lazy_gettext("Critère d’attribution"),
    "reserved_lot": lazy_gettext("Lot réservé"),
    "reserved_contract": lazy_gettext("Marché réservé"),
}
PROCEDURE_LABELS: Final[dict[str, LazyString]] = {
    "": lazy_gettext("Pas encore choisie"),
    "direct": lazy_gettext("Sans publicité ni mise en concurrence"),
    "adapted": lazy_gettext("Procédure adaptée"),
    "formal": lazy_gettext("Procédure formalisée"),
    "framework": lazy_gettext("Marché subséquent ou bon de commande d’un accord-cadre"),
    "other": lazy_gettext("Autre procédure"),
}
DELIVERY_LABELS: Final[dict[str, LazyString]] = {
    "": lazy_gettext("Non précisée"),
    "service": lazy_gettext("Prestation de service ou travaux"),
    "supply": lazy_gettext("Fourniture"),
    "staff": lazy_gettext("Mise à disposition de personnel"),
}
RECURRENCE_LABELS: Final[dict[str, LazyString]] = {
    "once": lazy_gettext("Une seule fois"),
    "yearly": lazy_gettext("Chaque année"),
    "several_years": lazy_gettext("Marché de plusieurs années, renouvelé"),
}
AMOUNT_LABELS: Final[dict[str, LazyString]] = BAND_LABELS | {
    "unknown": lazy_gettext("Pas encore connu"),
    "undisclosed": lazy_gettext("Non communiqué"),
}
OUTCOME_STEP_LABELS: Final[dict[str, LazyString]] = {
    "days_7": lazy_gettext("Une semaine après"),
    "months_3": lazy_gettext("Trois mois après"),
    "months_6": lazy_gettext("Six mois après"),
}
OUTCOME_LABELS: Final[dict[str, LazyString]] = {
    "inclusive": lazy_gettext("Attribué à une structure de l’économie sociale et solidaire"),
    "clause": lazy_gettext("Attribué avec une clause sociale"),
    "other": lazy_gettext("Attribué sans clause sociale"),
    "running": lazy_gettext("En cours"),
    "postponed": lazy_gettext("Reporté"),
    "abandoned": lazy_gettext("Abandonné"),
}
WORD_KIND_LABELS: Final[dict[str, LazyString]] = {
    "column": lazy_gettext("Colonne"),
    "activity": lazy_gettext("Activité"),
    "area": lazy_gettext("Territoire"),
    "lever": lazy_gettext("Levier social"),
    "procedure": lazy_gettext("Procédure"),
    "certainty": lazy_gettext("Certitude"),
    "recurrence": lazy_gettext("Récurrence"),
    "amount": lazy_gettext("Montant"),
    "delivery": lazy_gettext("Forme de l’achat"),
}
IMPORT_STATE_LABELS: Final[dict[str, LazyString]] = {
    "columns": lazy_gettext("Colonnes à confirmer"),
    "values": lazy_gettext("Valeurs à confirmer"),
    "done": lazy_gettext("Importé"),
    "undone": lazy_gettext("Annulé"),
}
CHANGE_LABELS: Final[dict[str, LazyString]] = {
    "declared": lazy_gettext("Déclaré"),
    "changed": lazy_gettext("Modifié"),
    "withdrawn": lazy_gettext("Retiré"),
    "restored": lazy_gettext("Rétabli"),
}
FIELD_LABELS: Final[dict[str, LazyString]] = {
    "title": lazy_gettext("Objet"),
    "description": lazy_gettext("Description"),
    "activities": lazy_gettext("Activités"),
    "cpv": lazy_gettext("Codes CPV"),
    "areas": lazy_gettext("Lieu d’exécution"),
    "period": lazy_gettext("Période"),
    "recurrence": lazy_gettext("Récurrence"),
    "amount": lazy_gettext("Montant hors taxes"),
    "lots": lazy_gettext("Lots"),
    "delivery": lazy_gettext("Forme de l’achat"),
    "lever": lazy_gettext("Levier social prévu"),
    "procedure": lazy_gettext("Procédure"),
    "renews": lazy_gettext("Marché renouvelé"),
    "renewed_ends_on": lazy_gettext("Fin du marché renouvelé"),
    "certainty": lazy_gettext("Certitude"),
    "contact": lazy_gettext("Contact"),
    "visibility": lazy_gettext("Visible par"),
}
"""The fields of a need as its readers know them; ``period`` and ``contact`` stand for several columns each."""

SIGNS: Final[dict[str, str]] = {"certain": "●", "probable": "◐", "idea": "○"}
"""How sure a need is, where there is room for one letter only; the words stand beside it or in the legend."""


def need_state(state: str) -> str:
    """Return what a need's state is called."""
    return str(STATE_LABELS[state])


def visibility_label(visibility: str) -> str:
    """Return who may see a need of this visibility."""
    return str(VISIBILITY_LABELS[visibility])


def certainty_label(certainty: str) -> str:
    """Return how sure a need is."""
    return str(CERTAINTY_LABELS[certainty])


def lever_label(lever: str) -> str:
    """Return what a social lever is called."""
    return str(LEVER_LABELS[lever])


def amount_label(amount: str) -> str:
    """Return what a band of amounts is called."""
    return str(AMOUNT_LABELS[amount])


def need_field(name: str) -> str:
    """Return what a field of a need is called."""
    return str(FIELD_LABELS.get(name, name))


def change_label(kind: str) -> str:
    """Return what was done to a need."""
    return str(CHANGE_LABELS[kind])


FILTERS: Final = (
    need_state, visibility_label, certainty_label, lever_label, amount_label, need_field, change_label,
)  # fmt: skip
"""What the templates use."""
