"""What a step offers to choose from, laid out so that the common case is one tap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from rapidfuzz.fuzz import token_set_ratio
from rapidfuzz.process import extractOne
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from openmap.applications.models import Application
from openmap.applications.steps import Step
from openmap.extensions import AnySession
from openmap.reference.labels import level_label
from openmap.reference.models import Activity, Area, AreaCommune, Commune, Trade
from openmap.reference.places import communes_meant
from openmap.reference.words import folded

ALIKE: Final = 80
"""From there on (of 100, rapidfuzz) an edition's trade, typed freely, is one of ours."""


@dataclass(frozen=True, slots=True)
class Group:
    """Some of the choices under one title; ``chosen`` says how many of them are chosen."""

    title: str
    choices: Sequence[Any]
    chosen: int = 0


@dataclass(frozen=True, slots=True)
class Offered:
    """The choices at hand, and the others by group; ``communes`` that a typed name may mean."""

    first: Sequence[Any] = ()
    others: Sequence[Group] = field(default_factory=tuple)
    communes: Sequence[Commune] = ()


def offered(session: AnySession, application: Application, step: Step) -> Offered:
    """Return what a step offers."""
    match step.slug:
        case "identite":
            said = (application.typed or {}).get("commune")
            return Offered(communes=communes_meant(session, said["text"])[:12] if said else ())
        case "activite":
            return _activities(session, application)
        case "territoires":
            return _areas(session, application)
        case "participants":
            return _slots(application)
        case _:
            return Offered()


def _activities(session: AnySession, application: Application) -> Offered:
    """Return the sectors of the edition first: those it names, else those of its trade."""
    chosen = {one.id for one in application.activities}
    trades = list(session.scalars(select(Trade).options(selectinload(Trade.activities)).order_by(Trade.rank, Trade.id)))

    def usable(activities: Sequence[Activity]) -> list[Activity]:
        return [one for one in activities if one.retired_at is None or one.id in chosen]

    named = {one.id for one in application.edition.activities}
    first = [one for trade in trades for one in usable(trade.activities) if one.id in named]
    if not first:
        alike = extractOne(
            folded(application.edition.trade), _names(trades), scorer=token_set_ratio, score_cutoff=ALIKE
        )
        first = usable(trades[alike[2]].activities) if alike is not None else []
    shown = {one.id for one in first}
    others = [
        Group(trade.name, rest, sum(one.id in chosen for one in rest))
        for trade in trades
        if (rest := [one for one in usable(trade.activities) if one.id not in shown])
    ]
    return Offered(first, others)


def _names(trades: Sequence[Trade]) -> list[str]:
    return [folded(trade.name) for trade in trades]


def _areas(session: AnySession, application: Application) -> Offered:
    """Return the whole région, then the département and the territory of the structure's commune; the rest by level."""
    chosen = {one.id for one in application.areas}
    areas = list(session.scalars(select(Area).order_by(Area.level, Area.code)))
    around: set[int] = set()
    if application.commune_code is not None:
        held = select(AreaCommune.area_id).where(AreaCommune.commune_code == application.commune_code)
        around = set(session.scalars(held))
    regions = [one for one in areas if one.level == "region"]
    near = sorted(
        (one for one in areas if one.id in around and one.level in {"departement", "ept", "epci"}),
        key=lambda one: ("departement", "ept", "epci").index(one.level),
    )
    first = [*regions, *near]
    rest = {
        level: [one for one in areas if one.level == level and one not in first]
        for level in ("departement", "ept", "epci")
    }
    others = [
        Group(level_label(level), listed, sum(one.id in chosen for one in listed))
        for level, listed in rest.items()
        if listed
    ]
    return Offered(first, others)


def _slots(application: Application) -> Offered:
    """Return the slots by block."""
    absent = {one.id for one in application.absent_slots}
    blocks: dict[str, list[Any]] = {}
    for slot in application.edition.slots:
        blocks.setdefault(slot.block, []).append(slot)
    groups = [Group(title, slots, sum(one.id in absent for one in slots)) for title, slots in blocks.items()]
    return Offered(others=groups)
