"""When and where: the exact CP-SAT model over the Booleans "request r is served in slot t".

Each rule adds itself (``scheduler.rules``), each objective gives its expression (``scheduler.objectives``).
Tables stay out of it as long as counting them is enough: pool tables are alike, so a slot with no more pool
meetings than tables always has an assignment (``scheduler.seating``).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, cached_property
from types import MappingProxyType

from ortools.sat.python import cp_model

from scheduler.flow import Face
from scheduler.instance import Instance, Placement, Placements, bits

Expression = cp_model.LinearExpr


def total(terms: Iterable[Expression | int]) -> cp_model.LinearExpr:
    """Return the sum of literals, expressions and numbers as one expression, also when there is none."""
    return cp_model.LinearExpr.sum(list(terms))


class Model:
    """The plans of an instance, or only those on a ``face`` of its flow.

    ``at[r, t]`` is true when request ``r`` is served in slot ``t``; pairs that cannot be are absent.
    ``pinned`` requests are served in their given slot or not at all.
    """

    def __init__(self, instance: Instance, face: Face | None = None, pinned: Placements = MappingProxyType({})) -> None:
        self.instance = instance
        self.face = face
        self.cp = cp_model.CpModel()
        self.at: dict[tuple[int, int], cp_model.IntVar] = {}
        self.of_request: list[list[cp_model.IntVar]] = [[] for _ in instance.requests]
        self._here: dict[tuple[int, int], list[cp_model.IntVar]] = {}
        self._seated: dict[tuple[int, int, str], cp_model.IntVar] = {}
        refused: frozenset[int] = face.refused if face else frozenset()
        for request in instance.requests:
            if request in refused:
                continue
            allowed = instance.allowed[request]
            if request in pinned:
                allowed &= 1 << pinned[request].slot
            for slot in bits(allowed):
                literal = self.cp.new_bool_var("")
                self.at[request, slot] = literal
                self.of_request[request].append(literal)
                for person in instance.sides(request):
                    self._here.setdefault((person, slot), []).append(literal)
        for request, placement in instance.past.items():
            self.cp.add(self.at[request, placement.slot] == 1)
        if face is not None:
            self._hold_face(face)

    def _hold_face(self, face: Face) -> None:
        for request in face.served:
            self.cp.add_exactly_one(self.of_request[request])
        for person in self.instance.people:
            meetings = self.meetings_of(person)
            if meetings:
                self.cp.add_linear_constraint(total(meetings), face.least[person], face.most[person])
            elif face.least[person]:
                self.cp.add_bool_or([])

    total = staticmethod(total)

    def here(self, person: int, slot: int) -> list[cp_model.IntVar]:
        """Return the literals of the meetings that ``person`` may have in ``slot``."""
        return self._here.get((person, slot), [])

    def meetings_of(self, person: int) -> list[cp_model.IntVar]:
        """Return the literals of all meetings that ``person`` may have."""
        return [literal for request in self.instance.requests_of[person] for literal in self.of_request[request]]

    def busy_slots(self, person: int, slots: range) -> dict[int, Expression]:
        """Return, for the slots in which ``person`` may meet, an expression that is 1 when it does, else 0."""
        return {slot: self._busy(person, slot) for slot in slots if self.here(person, slot)}

    @cached_property
    def _busy_cache(self) -> dict[tuple[int, int], Expression]:
        return {}

    def _busy(self, person: int, slot: int) -> Expression:
        literals = self.here(person, slot)
        if self.instance.delegates[person] == 1 and slot >= self.instance.now:
            return total(literals)
        if (person, slot) not in self._busy_cache:
            literal = self.cp.new_bool_var("")
            self.cp.add_max_equality(literal, literals)
            self._busy_cache[person, slot] = literal
        return self._busy_cache[person, slot]

    def seated(self, request: int, slot: int, table: str) -> cp_model.IntVar:
        """Return the literal "this pool meeting is held in this slot at this table".

        At most one meeting is held at a table in a slot. Not every table of a slot needs its literals:
        meetings without one take the tables left over.
        """
        key = request, slot, table
        if key not in self._seated:
            literal = self.cp.new_bool_var("")
            self.cp.add_implication(literal, self.at[request, slot])
            for other, others_slot, others_table in self._seated:
                if others_slot == slot and others_table == table:
                    self.cp.add_at_most_one([literal, self._seated[other, slot, table]])
            for locked, lock in self.instance.locks.items():
                if lock.slot == slot and lock.table == table and locked != request:
                    self.cp.add(literal == 0)
            self._seated[key] = literal
        return self._seated[key]

    @cache  # noqa: B019 - a model lives as long as its solve
    def seat_everyone(self) -> None:
        """Give every pool meeting its table inside the model, for objectives that depend on it."""
        pool = self.instance.pool or ()
        for (request, slot), literal in self.at.items():
            if self.instance.host[request] is None and slot >= self.instance.now:
                lock = self.instance.locks.get(request)
                tables = pool if lock is None or lock.table is None else (lock.table,)
                self.cp.add(total(self.seated(request, slot, table) for table in tables) == literal)

    def hint(self, placements: Placements) -> None:
        """Give the solver a plan to start from."""
        self.cp.clear_hints()  # type: ignore[no-untyped-call]
        for (request, slot), literal in self.at.items():
            placement = placements.get(request)
            self.cp.add_hint(literal, placement is not None and placement.slot == slot)
        for (request, slot, table), literal in self._seated.items():
            self.cp.add_hint(literal, placements.get(request) == Placement(slot, table))

    def read(self, value: cp_model.CpSolverSolutionCallback | cp_model.CpSolver) -> dict[int, Placement]:
        """Return the plan that a solution means; tables that the model does not decide are ``None``."""
        tables = {
            request: table for (request, _slot, table), literal in self._seated.items() if value.boolean_value(literal)
        }
        return {
            request: Placement(slot, tables.get(request))
            for (request, slot), literal in self.at.items()
            if value.boolean_value(literal)
        }
