"""What the page of one meeting shows: where it is, where it may go, with which it may change places, and why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from openmap.directory.models import Organisation
from openmap.events.models import Edition, Slot, Table
from openmap.extensions import AnySession
from openmap.meetings import desk
from openmap.meetings.models import Participation, Plan, UnservedWish, Wish
from openmap.meetings.plan_page import LeftOut, told_of
from openmap.meetings.trying import Target, Trial, locked_words
from openmap.meetings.wording import Names
from openmap.web.french import sort_key

LONGEST_LIST = 300
"""So many names can be chosen from; where there are more, a part of the name is asked for."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """Another meeting of one of the two sides, and the rule that forbids changing places with it, in words."""

    wish: Wish
    slot: Slot
    refusal: str


@dataclass(frozen=True, slots=True)
class MeetingPage:
    """Everything the page shows; ``here`` is where the meeting is held, ``None`` while it is left out."""

    edition: Edition
    plan: Plan
    wish: Wish
    here: Target | None
    targets: Sequence[Target]
    exchanges: Sequence[Exchange]
    free_tables: Sequence[Table]
    left_out: LeftOut

    @property
    def mark(self) -> str:
        """What the forms of this page keep of the state shown."""
        return desk.mark_of(self.plan)

    @property
    def open_targets(self) -> int:
        """How many hours the meeting may go to."""
        return sum(not target.refusal and not target.is_here for target in self.targets)


def wish_of(session: AnySession, edition: Edition, wish_id: int) -> Wish | None:
    """Return a wish of this edition with both sides and its lock."""
    side = joinedload(Participation.organisation)
    asked = select(Wish).where(Wish.id == wish_id, Wish.edition_id == edition.id)
    asked = asked.options(
        joinedload(Wish.lock), joinedload(Wish.buyer).options(side), joinedload(Wish.structure).options(side)
    )
    return session.scalars(asked).one_or_none()


def meeting_page(session: AnySession, edition: Edition, plan: Plan, wish: Wish) -> MeetingPage:
    """Gather the page of a wish, held by ``plan`` or not."""
    trial = Trial(session, plan, [wish])
    targets = trial.targets(wish)
    here = next((target for target in targets if target.is_here), None)
    free: list[Table] = []
    if here is not None and here.table is not None and wish.buyer.table_id is None and wish.structure.table_id is None:
        free = [trial.tables[table] for table in trial.free_tables(here.slot.id)]
    told = session.get(UnservedWish, (plan.id, wish.id))
    return MeetingPage(
        edition=edition, plan=plan, wish=wish, here=here, targets=targets,
        exchanges=_exchanges(trial, wish) if here is not None else [], free_tables=free,
        left_out=told_of(wish, told, _names(session, edition)),
    )  # fmt: skip


def refusals_of(session: AnySession, plan: Plan, wish: Wish) -> dict[int, str]:
    """Return, for each slot, why a meeting cannot go there by itself; empty texts where it can."""
    locked = locked_words() if wish.lock is not None else ""
    targets = Trial(session, plan, [wish]).targets(wish)
    return {target.slot.id: "" if target.is_here else locked or target.refusal for target in targets}


def _exchanges(trial: Trial, wish: Wish) -> list[Exchange]:
    return [
        Exchange(other, trial.slots[trial.held[other.id].slot], locked_words() if other.lock is not None else refusal)
        for other, refusal in trial.exchanges(wish)
    ]


def _names(session: AnySession, edition: Edition) -> Names:
    """Name everyone a reason may speak of: the engine's sentences say codes, of third parties too."""
    named = select(Participation.code, Organisation.name)
    named = named.join(Organisation, Organisation.id == Participation.organisation_id)
    rows = session.execute(named.where(Participation.edition_id == edition.id))
    codes = session.scalars(select(Wish.code).where(Wish.edition_id == edition.id))
    return Names.of({code: name for code, name in rows}, set(codes), edition)  # noqa: C416 - rows are no pairs


def choices_of(session: AnySession, edition: Edition, side: str, text: str) -> tuple[Mapping[int, str], int]:
    """Return participants of a side whose name holds ``text``, by name, and how many there are in all."""
    asked = select(Participation).where(Participation.edition_id == edition.id, Participation.side == side)
    people = session.scalars(asked.options(joinedload(Participation.organisation))).all()
    wanted = sort_key(text)
    named = {person.id: person.organisation.name for person in people}
    found = sorted((one for one in named.items() if wanted in sort_key(one[1])), key=lambda one: sort_key(one[1]))
    return dict(found[:LONGEST_LIST]), len(found)
