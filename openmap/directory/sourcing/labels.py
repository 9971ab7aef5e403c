"""French words of what buyers keep while sourcing."""

from __future__ import annotations

from flask_babel import LazyString, lazy_gettext

STATE_LABELS: dict[str, LazyString] = {
    "": lazy_gettext("À regarder"),
    "contacted": lazy_gettext("Contactée"),
    "met": lazy_gettext("Rencontrée"),
    "consulted": lazy_gettext("Consultée"),
    "contract": lazy_gettext("Contrat passé"),
    "dropped": lazy_gettext("Écartée"),
}
"""Where a buyer stands with a structure of a list."""

ANSWER_LABELS: dict[str, LazyString] = {
    "interested": lazy_gettext("Intéressée"),
    "declined": lazy_gettext("Décline"),
}
DELIVERY_WORDS: dict[str, LazyString] = {
    "held": lazy_gettext("en attente d’envoi"),
    "queued": lazy_gettext("en attente d’envoi"),
    "sending": lazy_gettext("en cours d’envoi"),
    "sent": lazy_gettext("envoyé"),
    "failed": lazy_gettext("n’a pas pu être remis"),
    "dropped": lazy_gettext("n’est pas parti"),
    "": lazy_gettext("plus de trace de l’envoi"),
}
SEARCHED_LABELS: dict[str, LazyString] = {
    "structures": lazy_gettext("Structures"),
    "needs": lazy_gettext("Besoins des acheteurs"),
}


def item_state(state: str) -> str:
    """Return where a buyer stands with a structure, in words."""
    return str(STATE_LABELS[state])


def inquiry_answer(answer: str) -> str:
    """Return what a structure answered, in words."""
    return str(ANSWER_LABELS[answer])
