"""What a change made by hand would break, and where a meeting may go: judged by the engine's own rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from openmap.events.models import Slot, Table
from openmap.extensions import AnySession
from openmap.meetings import planning
from openmap.meetings.models import Meeting, Participation, Plan, Wish
from openmap.meetings.planning import Placed
from openmap.meetings.wording import Names


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a meeting is, or might be: ids of its slot and its table."""

    slot: int
    table: int | None


@dataclass(frozen=True, slots=True)
class Target:
    """A slot that a meeting might go to: with the table it would have, or the rule that forbids it in words."""

    slot: Slot
    table: Table | None
    refusal: str
    is_here: bool = False


class Trial:
    """A plan with wishes that might be moved: what it breaks already is not held against a change.

    Only the meetings that a change of ``wishes`` can touch are judged: those of their sides, and those in the slots
    that are tried. The rules speak of a participant or of a slot, so nothing else can break.
    """

    def __init__(self, session: AnySession, plan: Plan, wishes: Sequence[Wish]) -> None:
        edition = plan.edition
        self.slots = {slot.id: slot for slot in edition.slots}
        self.tables = {table.id: table for table in edition.tables}
        self.held = {
            wish_id: Spot(slot_id, table_id)
            for wish_id, slot_id, table_id in session.execute(
                select(Meeting.wish_id, Meeting.slot_id, Meeting.table_id).where(Meeting.plan_id == plan.id)
            )
        }
        ids = {*self.held, *(wish.id for wish in wishes)}
        asked = select(Wish).where(Wish.edition_id == edition.id)
        if len(ids) < _FEW:
            asked = asked.where(Wish.id.in_(ids))
        side = joinedload(Participation.organisation)
        asked = asked.options(joinedload(Wish.buyer).options(side), joinedload(Wish.structure).options(side))
        self.wishes = {wish.id: wish for wish in session.scalars(asked) if wish.id in ids}
        self._by_slot: dict[int, set[int]] = defaultdict(set)
        self._by_person: dict[int, set[int]] = defaultdict(set)
        for wish_id, spot in self.held.items():
            self._by_slot[spot.slot].add(wish_id)
            for person in self._sides(wish_id):
                self._by_person[person].add(wish_id)
        concerned = {other for wish in wishes for person in (wish.buyer_id, wish.structure_id)
                     for other in self._by_person[person]}  # fmt: skip
        self._problem = planning.problem_of(session, edition, only=ids if len(ids) < _FEW else None)
        self._concerned = concerned | {wish.id for wish in wishes}
        people = [side for wish in self.wishes.values() for side in (wish.buyer, wish.structure)]
        self.names = Names(people, self.wishes.values(), edition)

    def _sides(self, wish_id: int) -> tuple[int, int]:
        wish = self.wishes[wish_id]
        return wish.buyer_id, wish.structure_id

    def refusal(self, changes: dict[int, Spot | None]) -> str:
        """Return the first rule that ``changes`` (wish → where it goes, ``None``: nowhere) newly break; empty: none."""
        slots = {spot.slot for spot in changes.values() if spot is not None}
        near = self._concerned | {wish for slot in slots for wish in self._by_slot[slot]}
        before = {wish: self.held[wish] for wish in near if wish in self.held}
        after = {wish: spot for wish, spot in {**before, **changes}.items() if spot is not None}
        known = set(planning.broken_by(self._problem, self._placed(before)))
        broken = planning.broken_by(self._problem, self._placed(after))
        return next((self.names.told(one) for one in broken if one not in known), "")

    def _placed(self, spots: dict[int, Spot]) -> list[Placed]:
        return [
            Placed(
                wish=self.wishes[wish].code,
                buyer=self.wishes[wish].buyer.code,
                structure=self.wishes[wish].structure.code,
                slot=self.slots[spot.slot].code,
                table=self.tables[spot.table].code if spot.table is not None else None,
            )
            for wish, spot in sorted(spots.items())
        ]

    def table_for(self, wish: Wish, slot: int, *, leaving: Iterable[int] = ()) -> int | None:
        """Return the table that a meeting takes in a slot: its side's own, else the one it has, else the first free.

        ``None`` where the edition counts no tables, or none is free: the rules then say so. ``leaving`` are wishes
        whose tables become free.
        """
        own = wish.buyer.table_id or wish.structure.table_id
        if own is not None or not self.tables:
            return own
        taken = {self.held[one].table for one in self._by_slot[slot] if one not in {wish.id, *leaving}}
        pool = [table for table in self.tables if table not in self._owned() and table not in taken]
        present = self.held[wish.id].table if wish.id in self.held else None
        return present if present in pool else next(iter(pool), None)

    def _owned(self) -> set[int]:
        codes = {person.table for person in self._problem.participants if person.table is not None}
        return {table.id for table in self.tables.values() if table.code in codes}

    def targets(self, wish: Wish) -> list[Target]:
        """Return every slot in order of time, with the table that the meeting would have, or why it cannot be there."""
        found = []
        for slot in sorted(self.slots.values(), key=lambda one: one.start):
            if wish.id in self.held and self.held[wish.id].slot == slot.id:
                here = self.held[wish.id].table
                found.append(Target(slot, self.tables.get(here) if here else None, "", is_here=True))
                continue
            table = self.table_for(wish, slot.id)
            refusal = self.refusal({wish.id: Spot(slot.id, table)})
            found.append(Target(slot, self.tables.get(table) if table else None, refusal))
        return found


_FEW = 900
"""SQLite takes some thousand values in a list at most; beyond this the whole edition is read."""


def locked_words() -> str:
    """Return why a locked meeting stays."""
    return str(_("Ce rendez-vous est verrouillé : déverrouillez-le d’abord."))
