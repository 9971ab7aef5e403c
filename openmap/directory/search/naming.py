"""Filters in words: what a chip, a relaxation or the head of an export calls them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from flask_babel import LazyString, lazy_gettext
from flask_babel import gettext as _

from openmap.directory.labels import DELIVERY_LABELS, SHORT_KINDS
from openmap.directory.search.counting import size_label
from openmap.directory.search.met import MetAt
from openmap.directory.search.query import SIZES, Query
from openmap.directory.search.vocabulary import Vocabulary

FILTER_NAMES: Final[Mapping[str, LazyString]] = {
    "q": lazy_gettext("les mots cherchés"),
    "filiere": lazy_gettext("la filière"),
    "activite": lazy_gettext("l’activité"),
    "type": lazy_gettext("le type de structure"),
    "lieu": lazy_gettext("le lieu"),
    "ou": lazy_gettext("le lieu"),
    "livraison": lazy_gettext("la forme de la prestation"),
    "label": lazy_gettext("le label ou réseau"),
    "taille": lazy_gettext("l’effectif"),
    "references": lazy_gettext("les références publiques"),
    "rencontre": lazy_gettext("la rencontre"),
}


def filter_name(name: str) -> str:
    """Return what a filter is called, by the name that an address gives it."""
    return str(FILTER_NAMES[name])


def chip(words: Vocabulary, met: Sequence[MetAt], name: str, value: str) -> str:
    """Return a pair of an address in words; the value itself where it names nothing."""
    tell: Mapping[str, Callable[[], Any]] = {
        "q": lambda: f"« {value} »",
        "activite": lambda: words.activities[words.activity_of_code[value]].name,
        "filiere": lambda: words.trades[words.trade_of_code[value]].name,
        "type": lambda: SHORT_KINDS[value],
        "lieu": lambda: words.place(value).label,  # type: ignore[union-attr]  # an unknown place is caught below
        "livraison": lambda: DELIVERY_LABELS[value],
        "label": lambda: words.labels[words.label_of_code[value]].name,
        "taille": lambda: size_label(value) if value in SIZES else value,
        "references": lambda: _("Références publiques"),
        "rencontre": lambda: next(one.title for one in met if one.slug == value),
    }
    try:
        return str(tell[name]())
    except (KeyError, AttributeError, StopIteration):
        return value


ORDER: Final = (
    lazy_gettext("référence d’un acheteur public"),
    lazy_gettext("page confirmée depuis moins d’un an"),
)
"""What the order looks at when nothing but filters is asked, by weight."""


def parts_of_order(query: Query) -> tuple[LazyString, ...]:
    """Return what the order of a query looks at, in words and by weight."""
    made: list[LazyString] = []
    if query.words:
        made += [lazy_gettext("les mots trouvés dans la page"), lazy_gettext("l’activité que ces mots désignent")]
    if query.place:
        made.append(lazy_gettext("la proximité du siège"))
    return (*made, *ORDER)
