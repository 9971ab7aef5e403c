"""How the answers come in, for the organisers: who has answered, who is silent or late, and what wishes are worth."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import aliased, joinedload

from openmap.directory.models import Delegate, Organisation
from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.meetings.gathering import Said
from openmap.meetings.models import Choice, Participation, Wish, absences
from openmap.meetings.wish_labels import LEVEL_LABELS
from openmap.meetings.wish_models import WishPermit
from openmap.reference.words import folded
from openmap.web.french import sort_key
from openmap.web.tabular import Cell

PER_PAGE: Final = 50
STATES: Final = ("repondu", "silencieux", "complete", "retard", "sans-delegue")


@dataclass(frozen=True, slots=True)
class Followed:
    """A participant and where its answer stands. ``levels`` counts what it said, ``people`` who acts for it."""

    participation: Participation
    levels: Mapping[str, int]
    completed: int
    by_organiser: int
    people: int
    absent: int
    allowed: bool

    @property
    def states(self) -> set[str]:
        """Every state that it is listed under."""
        answered = self.participation.answered_at is not None
        found = {"repondu" if answered else "silencieux"}
        if self.completed:
            found.add("complete")
        if self.participation.is_late:
            found.add("retard")
        if not self.people:
            found.add("sans-delegue")
        return found


@dataclass(frozen=True, slots=True)
class Following:
    """A page of participants, and how many there are in each state."""

    rows: list[Followed]
    total: int
    everyone: int
    page: int
    counts: Mapping[str, int]
    sides: Mapping[str, tuple[int, int]]
    """Of each side, how many have answered, of how many."""

    @property
    def pages(self) -> int:
        """How many pages there are, one at least."""
        return max(1, -(-self.total // PER_PAGE))


def follow(session: AnySession, edition: Edition) -> list[Followed]:
    """Return where every answer stands, buyers first, by name; a fixed number of queries."""
    here = select(Participation).where(Participation.edition_id == edition.id)
    people = session.scalars(here.options(joinedload(Participation.organisation))).all()
    levels: dict[int, Counter[str]] = defaultdict(Counter)
    sources: dict[int, Counter[str]] = defaultdict(Counter)
    said = (
        select(Choice.participation_id, Choice.level, Choice.source, func.count())
        .join(Participation, Participation.id == Choice.participation_id)
        .where(Participation.edition_id == edition.id)
        .group_by(Choice.participation_id, Choice.level, Choice.source)
    )
    for number, level, source, count in session.execute(said):
        sources[number][source] += count
        if source != "completed":
            levels[number][level] += count
    acting = _counted(
        session,
        select(Participation.id, func.count(Delegate.id))
        .join(Delegate, Delegate.organisation_id == Participation.organisation_id)
        .where(Participation.edition_id == edition.id)
        .group_by(Participation.id),
    )
    absent = _counted(
        session,
        select(absences.c.participation_id, func.count())
        .join(Participation, Participation.id == absences.c.participation_id)
        .where(Participation.edition_id == edition.id)
        .group_by(absences.c.participation_id),
    )
    permits = set(session.scalars(select(WishPermit.participation_id)))
    ordered = sorted(people, key=lambda one: (one.side, sort_key(one.organisation.name)))
    return [
        Followed(
            one, levels[one.id], sources[one.id]["completed"], sources[one.id]["organiser"], acting.get(one.id, 0),
            absent.get(one.id, 0), one.id in permits,
        )
        for one in ordered
    ]  # fmt: skip


def _counted(session: AnySession, asked: Any) -> dict[int, int]:
    return {row[0]: row[1] for row in session.execute(asked)}


def page_of(followed: list[Followed], *, state: str = "", side: str = "", words: str = "", page: int = 1) -> Following:
    """Return a page of those who fit."""
    counts = Counter(state for one in followed for state in one.states)
    sides = {
        name: (
            sum(one.participation.side == name and one.participation.answered_at is not None for one in followed),
            sum(one.participation.side == name for one in followed),
        )
        for name in ("buyer", "structure")
    }
    kept = [one for one in followed if not state or state in one.states]
    kept = [one for one in kept if not side or one.participation.side == side]
    for word in folded(words).split():
        kept = [
            one for one in kept if word in folded(f"{one.participation.organisation.name} {one.participation.code}")
        ]
    page = max(1, min(page, -(-len(kept) // PER_PAGE) or 1))
    rows = kept[PER_PAGE * (page - 1) : PER_PAGE * page]
    return Following(rows, len(kept), len(followed), page, counts, sides)


def sheet_of(edition: Edition, followed: list[Followed]) -> tuple[list[str], list[list[Cell]]]:
    """Return the follow-up as a table: its head, and one row a participant."""
    head = [
        _("Code"), _("Participant"), _("Côté"), _("Réponse"), _("Répondu le"), _("En retard"),
        *(str(label) for label in LEVEL_LABELS.values()),
        _("Complétés d’après le score"), _("Saisis par l’organisation"),
        _("Créneaux d’absence"), _("Rendez-vous en même temps"), _("Rendez-vous au plus"), _("D’affilée au plus"),
        _("Délégués"), _("Mot à l’organisation"),
    ]  # fmt: skip
    rows: list[list[Cell]] = []
    for one in followed:
        its = one.participation
        at = its.answered_at.astimezone(edition.zone).strftime("%d/%m/%Y %H:%M") if its.answered_at else ""
        rows.append(
            [
                its.code, its.organisation.name, _("acheteur") if its.side == "buyer" else _("structure"),
                _("oui") if its.answered_at else _("non"), at, _("oui") if its.is_late else "",
                *(one.levels.get(level, 0) for level in LEVEL_LABELS), one.completed, one.by_organiser, one.absent,
                its.delegates, its.max_meetings, its.max_run, one.people, its.note,
            ]
        )  # fmt: skip
    return head, rows


@dataclass(frozen=True, slots=True)
class Valued:
    """A wish with both names, what each side said of the other, and its value."""

    wish: Wish
    buyer: str
    structure: str
    said: tuple[Said | None, Said | None]


@dataclass(frozen=True, slots=True)
class Values:
    """A page of wishes, the most valuable first."""

    rows: list[Valued]
    total: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are, one at least."""
        return max(1, -(-self.total // PER_PAGE))


def values(session: AnySession, edition: Edition, *, page: int = 1) -> Values:
    """Return the wishes that stand, with what both sides said; three queries."""
    here = (Wish.edition_id == edition.id, Wish.withdrawn_at.is_(None))
    total = session.scalar(select(func.count()).select_from(Wish).where(*here)) or 0
    page = max(1, min(page, -(-total // PER_PAGE) or 1))
    buyer, structure = aliased(Participation), aliased(Participation)
    buying, selling = aliased(Organisation), aliased(Organisation)
    asked = (
        select(Wish, buying.name, selling.name)
        .join(buyer, buyer.id == Wish.buyer_id)
        .join(structure, structure.id == Wish.structure_id)
        .join(buying, buying.id == buyer.organisation_id)
        .join(selling, selling.id == structure.organisation_id)
        .where(*here)
        .order_by(Wish.value.desc(), Wish.id)
        .limit(PER_PAGE)
        .offset(PER_PAGE * (page - 1))
    )
    rows = session.execute(asked).all()
    sides = {number for wish, *_names in rows for number in (wish.buyer_id, wish.structure_id)}
    said = {
        (one.participation_id, one.other_id): Said(one.level, one.rank, one.source)
        for one in session.scalars(select(Choice).where(Choice.participation_id.in_(sides), Choice.other_id.in_(sides)))
    }
    return Values(
        [
            Valued(
                wish, bought, sold,
                (said.get((wish.buyer_id, wish.structure_id)), said.get((wish.structure_id, wish.buyer_id))),
            )
            for wish, bought, sold in rows
        ],
        total,
        page,
    )  # fmt: skip


def has_wishes(session: AnySession, edition: Edition) -> bool:
    """Say whether a wish stands."""
    asked = select(Wish.id).where(Wish.edition_id == edition.id, Wish.withdrawn_at.is_(None))
    return session.scalar(asked.limit(1)) is not None
