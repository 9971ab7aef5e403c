"""The level ``moves``: people who change tables between two meetings of a block, at pool tables."""

from __future__ import annotations

from itertools import combinations
from typing import Final

import numpy as np

from scheduler.flow import Flow
from scheduler.instance import Instance, Placements
from scheduler.model import Expression, Model

LARGEST_SEATING: Final = 20_000
"""Above so many (request, slot, table) literals the level is measured and bounded, not searched."""


class Moves:
    """The number of consecutive busy slots of a participant that share no pool table; fewer is better."""

    name = "moves"
    maximise = False
    base = 0

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._pool = instance.pool_tables

    def measure(self, plan: Placements) -> int:
        """Count the changes of table."""
        instance, host = self._instance, self._instance.host
        ranks: dict[str | None, int] = {}
        held = [request for request, place in plan.items() if place.table is not None and host[request] is None]
        request = np.array(held, dtype=np.int64)
        slot = np.array([plan[one].slot for one in held], dtype=np.int64)
        table = np.array([ranks.setdefault(plan[one].table, len(ranks)) for one in held], dtype=np.int64)
        buyer, structure = instance.arrays.buyer[request], instance.arrays.structure[request]
        person, slot, table = np.concatenate([buyer, structure]), np.tile(slot, 2), np.tile(table, 2)
        cells, number = np.unique(person * instance.slot_count + slot, return_counts=True)
        several = np.unique(cells[number > 1] // instance.slot_count)
        alone = ~np.isin(person, several)
        moves = self._moves_alone(person[alone], slot[alone], table[alone])
        for one in several.tolist():
            mine = person == one
            moves += self._moves_together(slot[mine].tolist(), table[mine].tolist())
        return moves

    def _moves_alone(self, person: np.ndarray, slot: np.ndarray, table: np.ndarray) -> int:
        """Count the changes of table of people with one meeting a slot at most, from meeting to meeting."""
        order = np.lexsort((slot, person))
        block = np.array([block.start for block in self._instance.block_of])[slot[order]]
        differs = (np.diff(person[order]) == 0) & (np.diff(block) == 0) & (np.diff(table[order]) != 0)
        return int(np.count_nonzero(differs))

    def _moves_together(self, slots: list[int], tables: list[int]) -> int:
        """Count the slots of one participant that share no table with the one before, several meetings in one."""
        at = [0] * self._instance.slot_count
        for slot, table in zip(slots, tables, strict=True):
            at[slot] |= 1 << table
        moves = 0
        for block in self._instance.blocks:
            last = -1  # every table
            for here in at[block.start : block.stop]:
                if here:
                    moves += not here & last
                    last = here
        return moves

    def limit(self) -> int:
        """Nobody moves."""
        return 0

    def reward(self, flow: Flow) -> None:
        """The flow knows no table."""
        del flow

    def expression(self, model: Model) -> Expression | None:
        """Sum one literal for each two slots between which a participant moves."""
        instance = self._instance
        if not self._pool:
            return model.total([])
        pooled = [key for key in model.at if instance.host[key[0]] is None]
        if len(pooled) * len(self._pool) > LARGEST_SEATING:
            return None
        model.seat_everyone()
        terms: list[Expression] = []
        for person in instance.people:
            requests = [r for r in instance.requests_of[person] if instance.host[r] is None]
            for block in instance.blocks:
                terms += self._changes(model, requests, block)
        return model.total(terms)

    def _changes(self, model: Model, requests: list[int], block: range) -> list[Expression]:
        """Return a literal for each pair of slots of one participant's block, true when it moves between."""
        slots = [slot for slot in block if any((request, slot) in model.at for request in requests)]
        busy: dict[int, Expression] = {}
        for slot in slots:
            meets = model.cp.new_bool_var("")
            model.cp.add_max_equality(meets, [model.at[r, slot] for r in requests if (r, slot) in model.at])
            busy[slot] = meets
        literals: list[Expression] = []
        for before, after in combinations(slots, 2):
            between = [busy[slot] for slot in slots if before < slot < after]
            moves = model.cp.new_bool_var("")
            stays = [self._stays(model, requests, before, after, table) for table in sorted(self._pool)]
            model.cp.add(moves + model.total(stays) + model.total(between) >= busy[before] + busy[after] - 1)
            literals.append(moves)
        return literals

    def _stays(self, model: Model, requests: list[int], before: int, after: int, table: str) -> Expression:
        """Return a literal that can only be true when the participant is at ``table`` in both slots."""
        literal = model.cp.new_bool_var("")
        for slot in (before, after):
            model.cp.add(literal <= model.total(self._at(model, r, slot, table) for r in requests))
        return literal

    def _at(self, model: Model, request: int, slot: int, table: str) -> Expression | int:
        if (request, slot) not in model.at:
            return 0
        if slot < self._instance.now:
            return int(self._instance.past[request].table == table)
        lock = self._instance.locks.get(request)
        if lock is not None and lock.table not in {None, table}:
            return 0
        return model.seated(request, slot, table)
