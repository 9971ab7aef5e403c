"""Reads of editions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from openmap.events.models import REGISTRATION_STATES, Edition, LateCode, ProgrammeItem, Registration, Slot
from openmap.events.permissions import may_see
from openmap.extensions import AnySession
from openmap.mail.reminders import Dated
from openmap.people.models import Person, Role


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


def all_editions(session: AnySession, person: Person | None, *, today: date) -> EditionList:
    """Return every edition that ``person`` may see with its hours and phases, split at ``today``."""
    shown = (Edition.programme, Edition.slots, Edition.phases)
    found = session.scalars(select(Edition).options(*map(selectinload, shown)).order_by(Edition.held_on))
    editions = [edition for edition in found if may_see(person, edition)]
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
            selectinload(Edition.phases),
            selectinload(Edition.categories),
            selectinload(Edition.resources),
            selectinload(Edition.access_plan),
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


def team_size(session: AnySession, edition: Edition) -> int:
    """Return how many people have a role in an edition."""
    asked = select(func.count(Role.person_id.distinct())).where(Role.edition_id == edition.id)
    return session.scalar(asked) or 0


def late_codes(session: AnySession, edition: Edition) -> list[LateCode]:
    """Return the late codes of an edition, newest first."""
    asked = select(LateCode).where(LateCode.edition_id == edition.id).order_by(LateCode.id.desc())
    return list(session.scalars(asked))


REGISTRATIONS_PER_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class RegistrationList:
    """A page of registrations, with how many there are in each state."""

    rows: list[Registration]
    counts: dict[str, int]
    total: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are, one at least."""
        return max(1, -(-self.total // REGISTRATIONS_PER_PAGE))


def registrations(
    session: AnySession,
    edition: Edition,
    *,
    state: str = "",
    category_id: int | None = None,
    words: str = "",
    page: int | None = 1,
) -> RegistrationList:
    """Return the registrations that match, by order of arrival; all of them when ``page`` is ``None``."""
    base = select(Registration).where(Registration.edition_id == edition.id)
    if category_id is not None:
        base = base.where(Registration.category_id == category_id)
    if words:
        typed = words.lower()
        known = select(Person.id).where(Person.email.contains(typed, autoescape=True))
        fields = (func.lower(Registration.name), func.lower(Registration.organisation))
        named = (field.contains(typed, autoescape=True) for field in fields)
        base = base.where(or_(*named, Registration.person_id.in_(known)))
    grouped = base.with_only_columns(Registration.state, func.count()).group_by(Registration.state)
    counts = dict.fromkeys(REGISTRATION_STATES, 0) | {row[0]: row[1] for row in session.execute(grouped)}
    chosen = base.where(Registration.state == state) if state in REGISTRATION_STATES else base
    total = counts[state] if state in REGISTRATION_STATES else sum(counts.values())
    loaded = chosen.options(joinedload(Registration.category), joinedload(Registration.person))
    loaded = loaded.order_by(Registration.rank)
    if page is not None:
        page = max(1, min(page, max(1, -(-total // REGISTRATIONS_PER_PAGE))))
        loaded = loaded.limit(REGISTRATIONS_PER_PAGE).offset(REGISTRATIONS_PER_PAGE * (page - 1))
    return RegistrationList(list(session.scalars(loaded)), counts, total, page or 1)


def dated_editions(session: AnySession) -> list[Dated]:
    """Return the public editions with their day, for reminders."""
    rows = session.execute(
        select(Edition.id, Edition.held_on, Edition.timezone).where(Edition.published_at.is_not(None))
    )
    return [Dated(number, day, ZoneInfo(zone)) for number, day, zone in rows]
