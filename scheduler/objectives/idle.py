"""The level ``idle``: waiting between a participant's first and last meeting of a block.

The formulation decides everything. A participant's day in a block is its span: one literal for each pair
(first slot, last slot). Idle slots are the available slots of the span minus the busy ones, which is linear,
and the relaxation is tight enough to prove a morning in seconds; Booleans "has started", "has not ended yet"
for every slot prove nothing in a minute.
"""

from __future__ import annotations

from scheduler.flow import Flow
from scheduler.instance import Instance, Placements
from scheduler.model import Expression, Model


class Waiting:
    """The idle slots of each participant, for any set of busy slots."""

    def __init__(self, instance: Instance) -> None:
        self._available = instance.available
        self._blocks = [((1 << len(block)) - 1) << block.start for block in instance.blocks]

    def of(self, person: int, busy: int) -> int:
        """Count the slots in which ``person``, available, waits between two meetings of a block."""
        if len(self._blocks) == 1:
            if not busy:
                return 0
            return (((1 << busy.bit_length()) - (busy & -busy)) & self._available[person] & ~busy).bit_count()
        idle = 0
        for block in self._blocks:
            here = busy & block
            if here:
                idle += (((1 << here.bit_length()) - (here & -here)) & self._available[person] & ~here).bit_count()
        return idle


class Idle:
    """The number of slots that participants wait, available, between two meetings of a block."""

    name = "idle"
    maximise = False
    base = 0

    def __init__(self, instance: Instance) -> None:
        self._instance = instance

    def measure(self, plan: Placements) -> int:
        """Count the available slots without meeting inside each span."""
        waiting = Waiting(self._instance)
        return sum(waiting.of(person, busy) for person, busy in enumerate(self._instance.busy(plan)))

    def limit(self) -> int:
        """Nobody waits."""
        return 0

    def reward(self, flow: Flow) -> None:
        """The flow knows no clock."""
        del flow

    def expression(self, model: Model) -> Expression:
        """Sum the spans' available slots, minus the busy ones."""
        terms: list[Expression] = []
        for person in self._instance.people:
            for block in self._instance.blocks:
                terms += self._waiting(model, person, block)
        return model.total(terms)

    def _waiting(self, model: Model, person: int, block: range) -> list[Expression]:
        """Return the idle slots of one participant in one block, as terms to sum."""
        busy = model.busy_slots(person, block)
        if len(busy) < 2:
            return []
        available = self._instance.available[person]
        covering: dict[int, list[Expression]] = {slot: [] for slot in busy}
        starting: dict[int, list[Expression]] = {slot: [] for slot in busy}
        ending: dict[int, list[Expression]] = {slot: [] for slot in busy}
        spans = []
        lengths: list[Expression] = []
        for first in busy:
            for last in (slot for slot in busy if slot >= first):
                literal = model.cp.new_bool_var("")
                spans.append(literal)
                lengths.append((available >> first & (1 << last - first + 1) - 1).bit_count() * literal)
                starting[first].append(literal)
                ending[last].append(literal)
                for slot in busy:
                    if first <= slot <= last:
                        covering[slot].append(literal)
        model.cp.add_at_most_one(spans)
        for slot, meets in busy.items():
            model.cp.add(meets <= model.total(covering[slot]))
            model.cp.add(model.total(starting[slot]) <= meets)
            model.cp.add(model.total(ending[slot]) <= meets)
        # Implied, and what makes the relaxation strong: a span holds at least its busy slots.
        worked = model.cp.new_int_var(0, len(busy), "")
        model.cp.add(worked == model.total(meets for slot, meets in busy.items() if available >> slot & 1))
        length = model.total(lengths)
        model.cp.add(length >= worked)
        return [length, *(-1 * meets for slot, meets in busy.items() if available >> slot & 1)]
