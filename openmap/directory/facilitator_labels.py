"""French words for facilitators, for how wide they answer, and for what is wrong with the coverage."""

from __future__ import annotations

from typing import Final

from flask_babel import LazyString, lazy_gettext

ROLE_LABELS: Final[dict[str, LazyString]] = {
    "facilitator": lazy_gettext("Facilitateur des clauses sociales"),
    "coordination": lazy_gettext("Coordination départementale"),
}
WIDTH_LABELS: Final[dict[str, LazyString]] = {
    "commune": lazy_gettext("la commune"),
    "cell": lazy_gettext("le territoire"),
    "epci": lazy_gettext("la Métropole"),
    "departement": lazy_gettext("le département"),
    "region": lazy_gettext("la région"),
}
FAULT_LABELS: Final[dict[str, LazyString]] = {
    "nobody": lazy_gettext("Personne ne répond"),
    "double": lazy_gettext("Deux à la fois"),
    "left": lazy_gettext("Parti sans suppléant"),
    "stale": lazy_gettext("À confirmer"),
    "no_contact": lazy_gettext("Sans contact"),
    "no_place": lazy_gettext("Sans territoire"),
    "former": lazy_gettext("Ancienne commune"),
}
FAULT_REMEDIES: Final[dict[str, LazyString]] = {
    "nobody": lazy_gettext("Ajoutez un facilitateur, ou étendez le territoire d’un facilitateur voisin."),
    "double": lazy_gettext("Deux organismes du même rôle répondent au même niveau : retirez ces communes à l’un."),
    "left": lazy_gettext("Sa période est finie, personne ne le remplace : choisissez un suppléant ou supprimez-le."),
    "stale": lazy_gettext("Personne n’a confirmé cette fiche depuis dix-huit mois : vérifiez-la, confirmez-la."),
    "no_contact": lazy_gettext("Ni adresse ni téléphone : demandez-les à l’organisme."),
    "no_place": lazy_gettext("Cette fiche ne couvre aucune commune d’aujourd’hui : choisissez ses territoires."),
    "former": lazy_gettext("Une commune a été réunie à une autre : choisissez la commune d’aujourd’hui."),
}


def facilitator_role(role: str) -> str:
    """Return what a role is called."""
    return str(ROLE_LABELS[role])


def width_label(width: str) -> str:
    """Return how wide someone answers, inside a sentence."""
    return str(WIDTH_LABELS[width])


def fault_label(kind: str) -> str:
    """Return what a kind of anomaly is called."""
    return str(FAULT_LABELS[kind])


def fault_remedy(kind: str) -> str:
    """Return what to do about a kind of anomaly."""
    return str(FAULT_REMEDIES[kind])


FILTERS: Final = (facilitator_role, width_label, fault_label, fault_remedy)
