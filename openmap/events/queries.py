"""Reads of editions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from openmap.events.models import Edition, ProgrammeItem, Slot
from openmap.extensions import AnySession


@dataclass(frozen=True, slots=True)
class EditionList:
    """The editions still to come, soonest first, and those held, latest first."""

    upcoming: list[Edition]
    held: list[Edition]

    @property
    def count(self) -> int:
        """How many there are in all."""
        return len(self.upcoming) + len(self.held)


@dataclass(frozen=True, slots=True)
class Step:
    """A moment of the programme and where it stands at the time of reading: past, current or coming."""

    item: ProgrammeItem
    state: str


def all_editions(session: AnySession, *, today: date) -> EditionList:
    """Return every edition with its hours, split at ``today``."""
    editions = session.scalars(
        select(Edition).options(selectinload(Edition.programme), selectinload(Edition.slots)).order_by(Edition.held_on)
    ).all()
    return EditionList(
        upcoming=[edition for edition in editions if edition.held_on >= today],
        held=[edition for edition in reversed(editions) if edition.held_on < today],
    )


def edition_by_slug(session: AnySession, slug: str) -> Edition | None:
    """Return the edition with its programme, slots, tables and stands, or ``None``."""
    return session.scalars(
        select(Edition)
        .where(Edition.slug == slug)
        .options(
            selectinload(Edition.programme),
            selectinload(Edition.slots),
            selectinload(Edition.tables),
            selectinload(Edition.stands),
        )
    ).one_or_none()


def hours_of(edition: Edition) -> tuple[datetime, datetime] | None:
    """Return when the first thing begins and the last ends, or ``None`` while nothing is set."""
    moments: list[ProgrammeItem | Slot] = [*edition.programme, *edition.slots]
    if not moments:
        return None
    return min(moment.start for moment in moments), max(moment.end for moment in moments)


def steps_of(edition: Edition, *, now: datetime) -> list[Step]:
    """Return the programme with each moment's state at ``now``."""
    return [
        Step(item, "past" if item.end <= now else "current" if item.start <= now else "coming")
        for item in edition.programme
    ]
