"""Filters as masks: over the offers for what, where and how; over the structures for all else.

What is asked of an offer must hold of one and the same: a structure that cleans in Paris and cooks in Melun does not
clean in Melun.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from openmap.directory.models import DELIVERIES, STRUCTURE_KINDS
from openmap.directory.search.columns import Columns, Ints
from openmap.directory.search.met import MetAt
from openmap.directory.search.query import SIZES, Query
from openmap.directory.search.reading import Understood
from openmap.directory.search.vocabulary import Bools, Place
from openmap.reference.relevance import Matrix, rarity_of, stretch_of

ENOUGH: Final = 0.6
"""Share of the words (each at its rarity) that a structure must hold to be found by its texts."""

SURELY: Final = 0.5
"""From there on an offer's activity is what the words mean, whatever its texts say."""

GUESSED: Final = 0.85
"""What an activity is worth that was only guessed from an offer's words."""

FEW, LOOSELY = 10, 0.3
"""Where fewer are found, this share of the words is enough: a distant answer, ranked last, is better than none."""

WHAT, WHERE, HOW = "activite", "lieu", "livraison"
"""The filters over offers, by their name in an address; ``filiere`` is told with ``activite``."""


@dataclass(frozen=True, slots=True)
class Worded:
    """What the words find: ``relevance`` (0 to 1) and ``held`` (share of the words held) a row, ``found`` a mask."""

    relevance: Matrix
    found: Bools
    about: Matrix
    """How near a row's offers come to what the words are about: 1 where one is of the activity that they mean most."""

    offers: Bools
    """The offers that are about it; all where the words mean no activity."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The masks of the filters that are set: by name, over offers and over structures."""

    offers: Mapping[str, Bools]
    structures: Mapping[str, Bools]
    place: Place | None
    words: Worded | None
    there: Bools | None = None
    """Rows with an offer that goes to the place that the words name, which ranks but does not narrow."""
    kept: dict[tuple[str, str], Bools] = field(default_factory=dict, compare=False)
    """Masks that were worked out once for this query: every filter counts beside the others."""


def asked(columns: Columns, query: Query, meant: Understood, met: Sequence[MetAt]) -> Asked:
    """Return the masks of a query; a value that is nobody's lets nobody through."""
    words = _worded(columns, meant) if query.words else None
    place = columns.vocabulary.place(query.place) if query.place else None
    offers: dict[str, Bools] = {}
    if query.activities or query.trades:
        offers[WHAT] = _one_of(wanted_activities(columns, query))[columns.offers.activity]
    if query.place:
        nowhere = np.zeros(len(columns.vocabulary.communes), dtype=np.bool_)
        offers[WHERE] = columns.serving(nowhere if place is None else place.communes)
    if query.deliveries:
        bits = sum(1 << at for at, one in enumerate(DELIVERIES) if one in query.deliveries)
        offers[HOW] = (columns.offers.delivery & bits) != 0
    named = columns.vocabulary.place(meant.place) if meant.place and not query.place else None
    there = None
    if named is not None:
        going = columns.serving(named.communes)
        there = columns.with_rows(going if words is None else going & words.offers)
    return Asked(offers, _structures(columns, query, words, met), place, words, there)


def wanted_activities(columns: Columns, query: Query) -> Bools:
    """Return the activities asked for (a mask): those named, and all of a trade of which none is named."""
    words = columns.vocabulary
    wanted = np.zeros(len(words.activities) + 1, dtype=np.bool_)
    chosen = {words.activity_of_code[code] for code in query.activities if code in words.activity_of_code}
    narrowed = {int(words.trade_of_activity[at]) for at in chosen}
    wanted[list(chosen)] = True
    for code in query.trades:
        trade = words.trade_of_code.get(code)
        if trade is not None and trade not in narrowed:
            wanted[:-1] |= words.trade_of_activity == trade
    return wanted


def through(columns: Columns, asked: Asked, but: str = "") -> Bools:
    """Return the rows that pass all filters, ``but`` that one."""
    over = but if but in asked.offers else ""
    if ("rows", over) not in asked.kept:
        offers = offers_through(columns, asked, over)
        asked.kept["rows", over] = columns.alive if offers is None else columns.with_rows(offers)
    rows = asked.kept["rows", over].copy()
    for name, mask in asked.structures.items():
        if name != but:
            rows &= mask
    return rows & columns.alive


def offers_through(columns: Columns, asked: Asked, but: str = "") -> Bools | None:
    """Return the offers that pass the filters over offers, ``but`` that one; ``None`` where there is no such filter."""
    masks = [mask for name, mask in asked.offers.items() if name != but]
    if not masks:
        return None
    over = but if but in asked.offers else ""
    if ("offers", over) not in asked.kept:
        found = columns.alive[columns.offers.rows]
        for mask in masks:
            found &= mask
        asked.kept["offers", over] = found
    return asked.kept["offers", over]


def _one_of(wanted: Bools) -> Bools:
    """Return the mask by place, its last value (an activity of -1) never wanted."""
    wanted[-1] = False
    return wanted


def _structures(columns: Columns, query: Query, words: Worded | None, met: Sequence[MetAt]) -> dict[str, Bools]:
    held = columns.structures
    masks: dict[str, Bools] = {}
    if words is not None:
        masks["q"] = words.found
    if query.kinds:
        bits = sum(1 << at for at, one in enumerate(STRUCTURE_KINDS) if one in query.kinds)
        masks["type"] = (held.kinds & bits) != 0
    if query.labels:
        codes = columns.vocabulary.label_of_code
        wanted = np.array([codes[one] for one in query.labels if one in codes], dtype=np.int32)
        masks["label"] = np.zeros(len(held), dtype=np.bool_)
        masks["label"][columns.labels.rows[np.isin(columns.labels.label, wanted)]] = True
    if query.size:
        masks["taille"] = held.size == list(SIZES).index(query.size)
    if query.public_references:
        masks["references"] = held.served_public
    if query.met:
        there = frozenset[int]().union(*(one.structure_ids for one in met if one.slug == query.met))
        masks["rencontre"] = np.zeros(len(held), dtype=np.bool_)
        masks["rencontre"][[columns.row_of[one] for one in there if one in columns.row_of]] = True
    return masks


def _worded(columns: Columns, meant: Understood) -> Worded:
    """Return what words find: by number, by the activities that they name, by the stems that texts hold."""
    count = len(columns.structures)
    relevance = np.zeros(count, dtype=np.float32)
    held = np.zeros(count, dtype=np.float32)
    about, offers = _about(columns, meant)
    if meant.siren:
        width = 10 ** (14 - len(meant.siren))
        found = (columns.structures.siret // width == int(meant.siren)) & (columns.structures.siret > 0)
        return Worded(found.astype(np.float32), found, about, offers)
    whole = 0.0
    lengths = columns.structures.length
    alive = len(columns)
    usual = float(lengths[columns.alive].mean()) if alive and lengths.any() else 1.0
    holders: dict[str, list[Ints]] = {}
    for stem, weight in meant.question.weights().items():
        rows, written = columns.stem(stem)
        rarity = float(rarity_of(alive, np.array([len(rows)]))[0])
        relevance[rows] += weight * rarity * (written / (written + stretch_of(lengths[rows], usual)))
        for one in {stem, meant.kin.get(stem, stem)} & meant.question.own.keys():
            holders.setdefault(one, []).append(rows)
    for stem, parts in holders.items():
        rows = np.unique(np.concatenate(parts))
        own = meant.question.own[stem] * float(rarity_of(alive, np.array([len(rows)]))[0])
        held[rows] += own
        whole += own
    whole = whole or 1.0
    found = (held >= ENOUGH * whole - 1e-6) & (held > 0) | (about >= SURELY)
    if not meant.asks_words and not meant.meant:
        found = np.ones(count, dtype=np.bool_)
    kept = _kept_to(columns, meant) & columns.alive
    if np.count_nonzero(found & kept) < FEW:
        found |= (held >= LOOSELY * whole) & (held > 0)
    return Worded(np.minimum(1.0, relevance / whole).astype(np.float32), found & kept, about, offers)


def _about(columns: Columns, meant: Understood) -> tuple[Matrix, Bools]:
    """Return how near the offers of each row come to what the words mean, and which offers do.

    What is meant less than most counts for little; without a meaning no row comes near, and every offer may do.
    """
    made = np.zeros(len(columns.structures), dtype=np.float32)
    top = max(meant.meant.values(), default=0.0)
    if not top:
        return made, np.ones(len(columns.offers), dtype=np.bool_)
    worth = np.zeros(len(columns.vocabulary.activities) + 1, dtype=np.float32)
    for activity, share in meant.meant.items():
        if activity in columns.vocabulary.activity_at:
            worth[columns.vocabulary.activity_at[activity]] = (share / top) ** 3
    offered = np.maximum(worth[columns.offers.activity], GUESSED * worth[columns.offers.guess])
    fitting = np.flatnonzero(offered)
    np.maximum.at(made, columns.offers.rows[fitting], offered[fitting])
    return made, offered > 0


def _kept_to(columns: Columns, meant: Understood) -> Bools:
    """Return the rows of the kinds and the NAF codes that the words name."""
    kept = np.ones(len(columns.structures), dtype=np.bool_)
    if meant.kinds:
        bits = sum(1 << at for at, one in enumerate(STRUCTURE_KINDS) if one in meant.kinds)
        kept &= (columns.structures.kinds & bits) != 0
    if meant.only is not None:
        kept &= np.isin(columns.structures.ids, np.array(sorted(meant.only), dtype=np.int64))
    return kept
