"""What a change made by hand would break, and where a meeting may go: judged by the engine's own rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from openmap.events.models import Slot, Table
from openmap.extensions import AnySession
from openmap.meetings import planning
from openmap.meetings.models import Meeting, Participation, Plan, Wish
from openmap.meetings.planning import AnyProblem, AnyViolation, Placed
from openmap.meetings.wording import Names
from openmap.web.french import clock


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


Changes = Mapping[int, Spot | None]
"""Where each wish goes, by its id; ``None``: nowhere."""


class Trial:
    """A plan with ``wishes`` that might be moved: what it breaks already is not held against a change.

    The rules speak of a participant, or of a table in a slot. So only the meetings near a change are read and judged:
    those of its two sides, and those that sit where it goes. The size of the plan does not matter.
    """

    def __init__(self, session: AnySession, plan: Plan, wishes: Sequence[Wish]) -> None:
        self._session, self._plan, self._edition = session, plan, plan.edition
        self.slots = {slot.id: slot for slot in self._edition.slots}
        self.tables = {table.id: table for table in self._edition.tables}
        self.held: dict[int, Spot] = {}
        self._at: dict[Spot, set[int]] = defaultdict(set)
        self._by_person: dict[int, set[int]] = defaultdict(set)
        rows = select(Meeting.wish_id, Meeting.slot_id, Meeting.table_id, Wish.buyer_id, Wish.structure_id)
        for wish_id, slot_id, table_id, buyer_id, structure_id in session.execute(
            rows.join(Wish, Wish.id == Meeting.wish_id).where(Meeting.plan_id == plan.id)
        ):
            spot = Spot(slot_id, table_id)
            self.held[wish_id] = spot
            self._at[spot].add(wish_id)
            for person in (buyer_id, structure_id):
                self._by_person[person].add(wish_id)
        self._sides = {wish.id: (wish.buyer_id, wish.structure_id) for wish in wishes}
        owners = select(Participation.table_id).where(Participation.edition_id == self._edition.id)
        self._owned = set(session.scalars(owners.where(Participation.table_id.is_not(None))))
        self._wishes: dict[int, Wish] = {}
        self._problem: AnyProblem
        self._names: Names
        self._read({one for wish in wishes for one in self._of_sides(wish.id)})

    def refusal(self, changes: Changes) -> str:
        """Return the first rule that ``changes`` newly break, in words; an empty text: none."""
        crowded = self._crowded(changes)
        if crowded:
            return crowded
        near = self._near(changes)
        self._read(near)
        before = {wish: self.held[wish] for wish in near if wish in self.held}
        after = {wish: spot for wish, spot in {**before, **changes}.items() if spot is not None}
        known = set(planning.broken_by(self._problem, self._placed(before)))
        broken = planning.broken_by(self._problem, self._placed(after))
        found = next((one for one in broken if one not in known), None)
        return self._told(found, changes) if found is not None else ""

    def table_for(self, wish: Wish, slot: int, *, leaving: Iterable[int] = ()) -> int | None:
        """Return the table that a meeting takes in a slot: its side's own, else the one it has, else the first free.

        ``None`` where the edition counts no tables, or none is free: the rules then say so. ``leaving`` are wishes
        whose tables become free.
        """
        own = wish.buyer.table_id or wish.structure.table_id
        if own is not None or not self.tables:
            return own
        free = self.free_tables(slot, leaving={wish.id, *leaving})
        present = self.held[wish.id].table if wish.id in self.held else None
        return present if present in free else next(iter(free), None)

    def free_tables(self, slot: int, *, leaving: Iterable[int] = ()) -> list[int]:
        """Return the common tables where nobody sits in a slot once ``leaving`` have left, in the room's order."""
        stay = set(leaving)
        return [
            table for table in self.tables
            if table not in self._owned and not self._at.get(Spot(slot, table), set()) - stay
        ]  # fmt: skip

    def targets(self, wish: Wish) -> list[Target]:
        """Return every slot in order of time, with the table that the meeting would have, or why it cannot be there."""
        slots = sorted(self.slots.values(), key=lambda one: one.start)
        spots = {slot.id: Spot(slot.id, self.table_for(wish, slot.id)) for slot in slots}
        self._read({one for spot in spots.values() for one in self._near({wish.id: spot})})  # all at once
        found = []
        for slot in slots:
            here = self.held.get(wish.id)
            if here is not None and here.slot == slot.id:
                found.append(Target(slot, self.tables.get(here.table or 0), "", is_here=True))
                continue
            spot = spots[slot.id]
            found.append(Target(slot, self.tables.get(spot.table or 0), self.refusal({wish.id: spot})))
        return found

    def exchanged(self, wish: Wish, other: Wish) -> dict[int, Spot]:
        """Return where two meetings of the plan go when each takes the other's hour."""
        pair = {wish.id, other.id}
        return {
            one.id: Spot(slot, self.table_for(one, slot, leaving=pair - {one.id}))
            for one, slot in ((wish, self.held[other.id].slot), (other, self.held[wish.id].slot))
        }

    def exchanges(self, wish: Wish) -> list[tuple[Wish, str]]:
        """Return the other meetings of both sides of a wish, by hour, and the rule against an exchange with each."""
        near = self._of_sides(wish.id) - {wish.id}
        self._read(near)
        here = self.held[wish.id].slot
        others = [self._wishes[one] for one in near if self.held[one].slot != here]
        others.sort(key=lambda one: (self.slots[self.held[one.id].slot].start, one.code))
        changes = [self.exchanged(wish, other) for other in others]
        self._read({one for each in changes for one in self._near(each)})  # all at once
        return [(other, self.refusal(each)) for other, each in zip(others, changes, strict=True)]

    def _of_sides(self, wish: int) -> set[int]:
        """Return a wish and the meetings of its two sides."""
        sides = self._sides.get(wish) or (self._wishes[wish].buyer_id, self._wishes[wish].structure_id)
        return {wish}.union(*(self._by_person[person] for person in sides))

    def _near(self, changes: Changes) -> set[int]:
        """Return all meetings that a change can touch."""
        near = set().union(*map(self._of_sides, changes))
        for spot in changes.values():
            if spot is not None and spot.table is not None:
                near |= self._at.get(spot, set())
        return near

    def _crowded(self, changes: Changes) -> str:
        """Say that no table is free, which the rules would only tell as a meeting without a table."""
        for wish, spot in changes.items():
            if spot is not None and spot.table is None and self.tables and self.held.get(wish) != spot:
                hour = clock(self.slots[spot.slot].start, self._edition.zone)
                return str(_("Toutes les tables sont prises à %(hour)s.", hour=hour))
        return ""

    def _told(self, broken: AnyViolation, changes: Changes) -> str:
        """Word what a change breaks by names and hours; lists of codes that the engine adds are left out."""
        named = {wish.code: wish for wish in self._wishes.values()}
        wishes = [named[code] for code in broken.requests if code in named]
        moved = next((wish for wish in wishes if wish.id in changes), None)
        spot = changes[moved.id] if moved is not None else None
        if moved is not None and spot is not None:
            hour = clock(self.slots[spot.slot].start, self._edition.zone)
            if broken.rule == "delegates" and (words := self._busy(moved, wishes, hour)):
                return words
            if broken.rule == "served_once" and (words := self._away(moved, spot, hour)):
                return words
        return self._names.told(broken.sentence.partition(" : ")[0])

    def _busy(self, moved: Wish, wishes: Sequence[Wish], hour: str) -> str:
        """Say whom a participant meets already at this hour, with every delegate it has."""
        others = [wish for wish in wishes if wish is not moved]
        for person in (moved.buyer, moved.structure):
            if others and all(person.id in {wish.buyer_id, wish.structure_id} for wish in others):
                met = [wish.structure if wish.buyer_id == person.id else wish.buyer for wish in others]
                names = _(" et ").join(one.organisation.name for one in met)
                return str(_("%(who)s rencontre déjà %(met)s à %(hour)s.", who=person.organisation.name, met=names,
                             hour=hour))  # fmt: skip
        return ""

    def _away(self, moved: Wish, spot: Spot, hour: str) -> str:
        """Say who is not available at this hour."""
        code = self.slots[spot.slot].code
        away = {one.id for one in self._problem.participants if one.available is not None and code not in one.available}
        names = [one.organisation.name for one in (moved.buyer, moved.structure) if one.code in away]
        if len(names) > 1:
            return str(_("%(one)s et %(other)s ne sont pas disponibles à %(hour)s.", one=names[0], other=names[1],
                         hour=hour))  # fmt: skip
        if names:
            return str(_("%(one)s n’est pas disponible à %(hour)s.", one=names[0], hour=hour))
        return str(_("Ce souhait ne vaut pas pour %(hour)s : d’autres heures lui ont été fixées.", hour=hour))

    def _read(self, ids: set[int]) -> None:
        """Have these wishes, their sides and the rules about them at hand."""
        if ids <= self._wishes.keys():
            return
        side = joinedload(Participation.organisation)
        asked = select(Wish).where(Wish.edition_id == self._edition.id)
        sides = (joinedload(Wish.buyer).options(side), joinedload(Wish.structure).options(side))
        asked = asked.options(joinedload(Wish.lock), *sides)
        for part in _parts(sorted(ids - self._wishes.keys())):
            self._wishes |= {wish.id: wish for wish in self._session.scalars(asked.where(Wish.id.in_(part)))}
        self._problem = planning.problem_of(self._session, self._edition, only=self._wishes.keys())
        people = [side for wish in self._wishes.values() for side in (wish.buyer, wish.structure)]
        self._names = Names(people, self._wishes.values(), self._edition)

    def _placed(self, spots: Mapping[int, Spot]) -> list[Placed]:
        return [
            Placed(
                wish=self._wishes[wish].code,
                buyer=self._wishes[wish].buyer.code,
                structure=self._wishes[wish].structure.code,
                slot=self.slots[spot.slot].code,
                table=self.tables[spot.table].code if spot.table is not None else None,
            )
            for wish, spot in sorted(spots.items())
        ]


def _parts(ids: Sequence[int], size: int = 900) -> Iterator[Sequence[int]]:
    """Yield lists that any database takes in one statement."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def locked_words() -> str:
    """Return why a locked meeting stays."""
    return str(_("Cet entretien est verrouillé : déverrouillez-le d’abord."))
