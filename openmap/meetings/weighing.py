"""How an edition weighs what makes a match: the house's weights until an organiser sets others."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from flask_babel import LazyString, lazy_gettext
from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite

from openmap.events.models import Edition
from openmap.events.services import register_copy
from openmap.extensions import AnySession
from openmap.meetings.models import MatchSetting
from openmap.people import journal
from openmap.people.models import Person

HOUSE: Final[Mapping[str, int]] = {
    "sector": 35, "territory": 25, "text": 25, "capacity": 10, "novelty": 5, "met": 0,
}  # fmt: skip
"""Set by reasoning before anything was measured: the trade first, then where, then the words.

See docs/decisions/0012-a-match-score-that-says-why.md.
"""

PARTS: Final = tuple(HOUSE)
HEAVIEST: Final = 100
COMPLETES: Final = 5

PART_LABELS: Final[Mapping[str, LazyString]] = {
    "sector": lazy_gettext("Activités"),
    "territory": lazy_gettext("Territoire"),
    "text": lazy_gettext("Mots du besoin"),
    "capacity": lazy_gettext("Taille"),
    "novelty": lazy_gettext("Nouvelle rencontre"),
    "met": lazy_gettext("Déjà rencontrés"),
}


class StaleWeights(Exception):
    """Someone else has changed the weights since they were shown."""

    def __init__(self) -> None:
        super().__init__(
            "Les poids ont été modifiés par quelqu’un d’autre pendant que vous regardiez cette page : relisez-les "
            "ci-dessous, puis refaites votre réglage."
        )


class NoWeight(Exception):
    """Every part weighs nothing: there would be no score."""

    def __init__(self) -> None:
        super().__init__("Donnez du poids à une partie au moins : sans poids, tous les scores seraient égaux.")


def setting_of(session: AnySession, edition: Edition) -> MatchSetting | None:
    """Return what an organiser has set, ``None`` while nobody has."""
    return session.get(MatchSetting, edition.id, populate_existing=True)


def weights_of(setting: MatchSetting | None) -> dict[str, int]:
    """Return the weight of each part, those of the house where none are set."""
    if setting is None or not setting.weights:
        return dict(HOUSE)
    return {part: int(setting.weights.get(part, 0)) for part in PARTS}


def points_of(weights: Mapping[str, int]) -> dict[str, int]:
    """Return how many of 100 points each part is worth: its share of the weights, by largest remainders.

    Raises NoWeight.
    """
    whole = sum(weights.get(part, 0) for part in PARTS)
    if whole <= 0:
        raise NoWeight
    exact = {part: 100 * weights.get(part, 0) / whole for part in PARTS}
    points = {part: int(share) for part, share in exact.items()}
    for part in sorted(PARTS, key=lambda one: (points[one] - exact[one], PARTS.index(one)))[
        : 100 - sum(points.values())
    ]:
        points[part] += 1
    return points


def save_weights(
    session: AnySession,
    edition: Edition,
    weights: Mapping[str, int],
    *,
    completes: int,
    seen: int,
    by: Person,
    now: datetime,
) -> None:
    """Set the weights of an edition, and how many wishes a silent side is given; ``seen`` is the version shown.

    No weights: those of the house again. Raises NoWeight, and StaleWeights where another version is there now.
    """
    if weights:
        points_of(weights)
    before = setting_of(session, edition)
    told = {**weights_of(before), "completes": COMPLETES if before is None else before.completes}
    _make_sure(session, edition, now)
    statement = (
        update(MatchSetting)
        .where(MatchSetting.edition_id == edition.id, MatchSetting.version == seen)
        .values(
            weights={part: weights[part] for part in PARTS if part in weights},
            completes=completes,
            version=seen + 1,
            changed_at=now,
        )
    )
    if session.execute(statement).rowcount != 1:  # type: ignore[attr-defined]
        raise StaleWeights
    after = {**weights_of(setting_of(session, edition)), "completes": completes}
    changes: dict[str, list[Any]] = {
        f"match_{name}": [told[name], after[name]] for name in after if told[name] != after[name]
    }
    if changes:
        journal.record(session, "matching.weights", edition, by=by, now=now, edition_id=edition.id, changes=changes)


def _make_sure(session: AnySession, edition: Edition, now: datetime) -> None:
    """Make the row where there is none, be it at the very instant that someone else does."""
    insert: Any = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = {"edition_id": edition.id, "weights": {}, "completes": COMPLETES, "version": 1, "changed_at": now}
    session.execute(insert(MatchSetting).values(**row).on_conflict_do_nothing())


def _copy(session: AnySession, model: Edition, edition: Edition, now: datetime) -> None:
    """Give a copied edition the weights of its model, until someone sets others."""
    known = setting_of(session, model)
    if known is not None:
        kept = {"weights": dict(known.weights), "completes": known.completes}
        session.add(MatchSetting(edition_id=edition.id, changed_at=now, **kept))
        session.flush()


register_copy("weights", _copy)
