"""Who takes part in the meetings of an edition made in the browser: from applications, from the directory, by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from flask_babel import ngettext
from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from openmap.applications.models import Application
from openmap.directory.models import Buyer, Organisation, Structure
from openmap.events.models import Edition, Table
from openmap.extensions import AnySession
from openmap.meetings.holding import hold
from openmap.meetings.models import Meeting, Participation, Wish
from openmap.meetings.wish_forms import MOST_DELEGATES
from openmap.people import journal
from openmap.people.models import Person
from openmap.reference.words import folded
from openmap.web.french import sort_key

PER_PAGE: Final = 50
MOST_FOUND: Final = 20
LETTERS: Final = {"buyer": "B", "structure": "S"}


class StillMeets(Exception):
    """A plan holds meetings of this participant; the sentence says how many."""

    def __init__(self, name: str, count: int) -> None:
        super().__init__(
            ngettext(
                "%(name)s ne peut pas être retiré : un planning tient %(num)d rendez-vous avec ce participant. "
                "Retirez-le d’abord du planning.",
                "%(name)s ne peut pas être retiré : des plannings tiennent %(num)d rendez-vous avec ce participant. "
                "Retirez-les d’abord.",
                count,
                name=name,
            )
        )


@dataclass(frozen=True, slots=True)
class Attending:
    """A page of who takes part, and how many of each side there are; ``tableless``: buyers without a table."""

    rows: list[Participation]
    total: int
    page: int
    buyers: int
    structures: int
    tableless: int

    @property
    def pages(self) -> int:
        """How many pages there are, one at least."""
        return max(1, -(-self.total // PER_PAGE))


def attending(session: AnySession, edition: Edition, *, side: str = "", words: str = "", page: int = 1) -> Attending:
    """Return who takes part, buyers first, by name; the number of queries does not depend on how many."""
    here = select(
        Participation.id, Participation.side, Participation.table_id, Organisation.name, Organisation.city,
        Participation.code,
    ).join(Participation.organisation)  # fmt: skip
    everyone = session.execute(here.where(Participation.edition_id == edition.id)).all()
    asked = folded(words).split()
    kept = [one for one in everyone if not side or one.side == side]
    if asked:
        kept = [one for one in kept if all(word in folded(f"{one.name} {one.city} {one.code}") for word in asked)]
    kept.sort(key=lambda one: (one.side, sort_key(one.name)))
    page = max(1, min(page, -(-len(kept) // PER_PAGE) or 1))
    numbers = [one.id for one in kept[PER_PAGE * (page - 1) : PER_PAGE * page]]
    whole = select(Participation).where(Participation.id.in_(numbers))
    whole = whole.options(joinedload(Participation.organisation), joinedload(Participation.table))
    rows = {one.id: one for one in session.scalars(whole)}
    buyers = [one for one in everyone if one.side == "buyer"]
    return Attending(
        [rows[number] for number in numbers], len(kept), page, len(buyers), len(everyone) - len(buyers),
        sum(one.table_id is None for one in buyers),
    )  # fmt: skip


def candidates(session: AnySession, edition: Edition) -> list[Application]:
    """Return the eligible files that wish for meetings and whose structure does not take part yet, by name."""
    known = select(Participation.organisation_id).where(Participation.edition_id == edition.id)
    asked = select(Application).where(
        Application.edition_id == edition.id,
        Application.state == "submitted",
        Application.standing == "eligible",
        Application.wants_meetings.is_(True),
        Application.structure_id.is_not(None),
        Application.structure_id.not_in(known),
    )
    whole = (
        joinedload(Application.structure),
        selectinload(Application.absent_slots),
        selectinload(Application.attendees),
    )
    found = session.scalars(asked.options(*whole).order_by(Application.id)).all()
    first = {one.structure_id: one for one in reversed(found)}
    return sorted(first.values(), key=lambda one: sort_key(one.name))


def add_structures(
    session: AnySession, edition: Edition, numbers: Iterable[int] | None, *, by: Person, now: datetime
) -> list[Participation]:
    """Let the structures of these files take part, of all candidates where none is named; return those added.

    Each comes with what its file says: when it is absent, and how many people come.
    """
    journal.lock(session)
    wanted = None if numbers is None else set(numbers)
    codes = _Codes(session, edition, "structure")
    made = []
    for one in candidates(session, edition):
        if one.structure is not None and (wanted is None or one.id in wanted):
            people = sum(bool(attendee.name.strip()) for attendee in one.attendees)
            made.append(
                Participation(
                    edition=edition, organisation=one.structure, side="structure", code=codes.next(),
                    delegates=min(MOST_DELEGATES, max(1, people)), absent_slots=list(one.absent_slots),
                )
            )  # fmt: skip
    session.add_all(made)
    session.flush()
    _note(session, edition, made, by=by, now=now)
    return made


def add_organisation(
    session: AnySession, edition: Edition, organisation: Organisation, *, by: Person, now: datetime
) -> Participation:
    """Let an organisation take part, with the next free table where it buys; one that does already is returned."""
    journal.lock(session)
    asked = select(Participation).where(
        Participation.edition_id == edition.id, Participation.organisation_id == organisation.id
    )
    known = session.scalars(asked).one_or_none()
    if known is not None:
        return known
    side = "structure" if isinstance(organisation, Structure) else "buyer"
    made = Participation(
        edition=edition, organisation=organisation, side=side, code=_Codes(session, edition, side).next(),
        table=_free_table(session, edition) if side == "buyer" else None,
    )  # fmt: skip
    session.add(made)
    session.flush()
    _note(session, edition, [made], by=by, now=now)
    return made


def add_buyer(
    session: AnySession, edition: Edition, *, name: str, city: str, by: Person, now: datetime
) -> Participation:
    """Let a buyer take part that the directory does not know yet, or knows under this very name."""
    journal.lock(session)
    buyer = session.scalars(select(Buyer).where(Buyer.name == name)).one_or_none()
    if buyer is None:
        buyer = Buyer(name=name, city=city)
        session.add(buyer)
        session.flush()
    return add_organisation(session, edition, buyer, by=by, now=now)


def remove(session: AnySession, participation: Participation, *, by: Person, now: datetime) -> None:
    """Let an organisation take part no more: its wishes and those of others for it go.

    Raises StillMeets while a plan holds a meeting of it.
    """
    journal.lock(session)
    hold(session, participation.edition_id)
    mine = or_(Wish.buyer_id == participation.id, Wish.structure_id == participation.id)
    held = session.scalar(select(func.count()).select_from(Meeting).join(Meeting.wish).where(mine)) or 0
    if held:
        raise StillMeets(participation.organisation.name, held)
    changes: dict[str, list[Any]] = {"organisation": [participation.organisation_id, None]}
    journal.record(
        session, "participation.removed", participation, by=by, now=now, edition_id=participation.edition_id,
        changes=changes,
    )  # fmt: skip
    session.delete(participation)
    session.flush()


def found(session: AnySession, edition: Edition, words: str) -> list[Organisation]:
    """Return organisations of the directory whose name or city has these words, and that do not take part yet."""
    asked = folded(words).split()
    if not asked:
        return []
    here = select(Participation.organisation_id).where(Participation.edition_id == edition.id)
    rows = session.execute(
        select(Organisation.id, Organisation.name, Organisation.city).where(Organisation.id.not_in(here))
    )
    fitting = [one for one in rows if all(word in folded(f"{one.name} {one.city}") for word in asked)]
    fitting = sorted(fitting, key=lambda one: sort_key(one.name))[:MOST_FOUND]
    whole = session.scalars(select(Organisation).where(Organisation.id.in_([one.id for one in fitting])))
    return sorted(whole, key=lambda one: sort_key(one.name))


def _note(session: AnySession, edition: Edition, made: Sequence[Participation], *, by: Person, now: datetime) -> None:
    if not made:
        return
    about = made[0] if len(made) == 1 else edition
    changes: dict[str, list[Any]] = {"participants": [None, len(made)]}
    journal.record(session, "participation.added", about, by=by, now=now, edition_id=edition.id, changes=changes)


def _free_table(session: AnySession, edition: Edition) -> Table | None:
    taken = select(Participation.table_id).where(
        Participation.edition_id == edition.id, Participation.table_id.is_not(None)
    )
    asked = select(Table).where(Table.edition_id == edition.id, Table.id.not_in(taken))
    return session.scalars(asked.order_by(Table.position, Table.id).limit(1)).one_or_none()


class _Codes:
    """The codes of a side that are still free: B01, B02 …"""

    def __init__(self, session: AnySession, edition: Edition, side: str) -> None:
        self._letter, self._last = LETTERS[side], 0
        self._taken = set(session.scalars(select(Participation.code).where(Participation.edition_id == edition.id)))

    def next(self) -> str:
        """Return the next one."""
        while True:
            self._last += 1
            code = f"{self._letter}{self._last:02d}"
            if code not in self._taken:
                self._taken.add(code)
                return code
