"""From a query to the structures that answer it, best first, each with its reasons in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

import numpy as np
from flask_babel import gettext as _

from openmap.directory.search import filters
from openmap.directory.search.columns import Columns, Longs
from openmap.directory.search.counting import Counter, FacetValue, Relaxation, relaxations
from openmap.directory.search.filters import Asked
from openmap.directory.search.holding import snapshot
from openmap.directory.search.met import MetAt, editions
from openmap.directory.search.naming import chip, filter_name
from openmap.directory.search.query import Query
from openmap.directory.search.ranking import Why, ranked
from openmap.directory.search.reading import Understood, understand
from openmap.directory.search.vocabulary import Place
from openmap.extensions import AnySession

PER_PAGE: Final = 20

__all__ = ["PER_PAGE", "FacetValue", "Hit", "Relaxation", "Results", "find", "matching_ids"]


@dataclass(frozen=True, slots=True)
class Hit:
    """A structure that answers: ``reasons`` are sentences in French, ``distance_km`` counts from the place asked.

    ``offer_ids``: its offers that answer, the best first.
    """

    structure_id: int
    score: float
    reasons: list[str]
    distance_km: float | None = None
    offer_ids: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Results:
    """A page of a search.

    ``query`` as it was understood (a place typed in words is found), ``facets`` by the name that the address gives a
    filter, ``chips`` the filters that are set: pair of the address with its name in words. ``places``: value and label
    of those that the typed words may mean, where they mean several. ``notes`` are French sentences.
    """

    query: Query
    total: int
    hits: list[Hit]
    facets: Mapping[str, Sequence[FacetValue]] = field(default_factory=dict)
    relaxations: Sequence[Relaxation] = ()
    chips: Sequence[tuple[str, str, str]] = ()
    places: Sequence[tuple[str, str]] = ()
    notes: Sequence[str] = ()
    page: int = 1
    pages: int = 1
    place: Place | None = None
    named_place: str = ""
    """« niveau:code » of a place found among the words: it ranks, and is offered as a filter."""
    named_place_label: str = ""


@dataclass(frozen=True, slots=True)
class _Case:
    columns: Columns
    query: Query
    meant: Understood
    met: Sequence[MetAt]
    asked: Asked
    rows: Longs
    places: Sequence[tuple[str, str]]


def find(session: AnySession, query: Query, *, today: date) -> Results:
    """Return the page of a query, with what its filters offer; its last page for one that is beyond."""
    case = _case(session, query)
    columns, query = case.columns, case.query
    order = ranked(columns, case.asked, case.rows, today)
    pages = max(1, -(-len(order.rows) // PER_PAGE))
    page = min(query.page, pages)
    shown = range(PER_PAGE * (page - 1), min(PER_PAGE * page, len(order.rows)))
    why = Why(columns, case.asked, case.meant, today)
    hits = []
    for at in shown:
        row = int(order.rows[at])
        km = None if order.km is None or np.isnan(order.km[at]) else float(order.km[at])
        offers = [int(columns.offers.ids[one]) for one in why.offers(row)]
        hits.append(Hit(int(columns.structures.ids[row]), float(order.scores[at]), why.reasons(row, km), km, offers))
    return Results(
        query=query,
        total=len(order.rows),
        hits=hits,
        facets=Counter(columns, query, case.asked, case.met).facets(),
        relaxations=relaxations(columns, case.asked, len(order.rows), filter_name),
        chips=[(name, value, chip(columns.vocabulary, case.met, name, value)) for name, value in query.filters()],
        places=case.places,
        notes=[*query.faults, *case.meant.notes, *_unknown(case)],
        page=page,
        pages=pages,
        place=case.asked.place,
        named_place="" if query.place else case.meant.place,
        named_place_label=case.meant.place_name,
    )


def matching_ids(session: AnySession, query: Query, *, today: date) -> list[int]:
    """Return all structures that answer a query, best first, whatever its page."""
    case = _case(session, query)
    order = ranked(case.columns, case.asked, case.rows, today)
    return [int(one) for one in case.columns.structures.ids[order.rows]]


def _case(session: AnySession, query: Query) -> _Case:
    columns = snapshot(session)
    places: Sequence[tuple[str, str]] = ()
    if query.place_words and not query.place:
        places = columns.vocabulary.places_like(query.place_words)
        if len(places) == 1:
            query, places = replace(query, place=places[0][0], place_words=""), ()
    meant = understand(session, query.words, columns.vocabulary.lexicon)
    met = editions(session)
    asked = filters.asked(columns, query, meant, met)
    rows = np.flatnonzero(filters.through(columns, asked))
    return _Case(columns, query, meant, met, asked, rows, places)


def _unknown(case: _Case) -> list[str]:
    """Return what a query names that does not exist: such a filter shows nobody."""
    words, query = case.columns.vocabulary, case.query
    told = [
        _("Le filtre « %(value)s » ne correspond à rien : retirez-le.", value=value)
        for asked, known in (
            (query.activities, words.activity_of_code),
            (query.trades, words.trade_of_code),
            (query.labels, words.label_of_code),
            ({query.met} - {""}, {one.slug for one in case.met}),
        )
        for value in sorted(asked)
        if value not in known
    ]
    if query.place and case.asked.place is None:
        told.append(_("Ce lieu n’est pas connu : choisissez une commune ou un territoire d’Île-de-France."))
    if query.place_words and not case.places:
        told.append(
            _(
                "Aucun lieu ne s’appelle « %(words)s » : la recherche porte sur toute la région.",
                words=query.place_words,
            )
        )
    return told
