"""The clock as a linear program: which meetings in which slots, in all slots or in a few of them at once.

One column for each request and slot; one row for each request, for each participant and slot, for each participant's
maximum and for each slot's tables. What was promised before ``value`` (required meetings, minima, a meeting for
everybody) stands in the objective with a price. Whatever the price π, a plan that keeps the promises at h is worth at
most "optimum − π·h", so the bound is valid for every π; a high one makes it tight (Lagrangian relaxation: Geoffrion,
Mathematical Programming Study 2, 1974). The bound is worked out here from the dual values, not taken from the solver,
so it holds however far the solver went (weak duality).

The rows are those of bipartite matchings, tied together by the requests alone, and the best corner is nearly always
whole: then it is a plan, and the bound proves it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import floor, inf
from typing import Final

import numpy as np
from ortools.math_opt import (
    callback_pb2,
    model_parameters_pb2,
    model_pb2,
    parameters_pb2,
    result_pb2,
    solution_pb2,
    sparse_containers_pb2,
)
from ortools.math_opt.core.python import solver
from ortools.math_opt.python import mathopt
from ortools.pdlp import solvers_pb2
from ortools.util.python.solve_interrupter import SolveInterrupter

from scheduler.instance import Instance
from scheduler.search import POLL_SECONDS, Search
from scheduler.timetable import NOWHERE, Moves, Timetable

LARGEST_CORNER: Final = 100_000
"""Above so many columns a first-order method (PDLP) gives the bound; below, the simplex (GLOP) gives a corner too."""

PRICE: Final = 4
"""What a promise costs in the objective, in values of the most valuable request."""

_WHOLE: Final = 1e-6

_PRECISION: Final = solvers_pb2.PrimalDualHybridGradientParams()
_PRECISION.termination_criteria.simple_optimality_criteria.eps_optimal_relative = 1e-5
_PRECISION.termination_check_frequency = 16  # a stop is heard then


@dataclass(frozen=True, slots=True)
class Relaxed:
    """An upper bound on promises and value, priced; and what leads to the best corner, where one was found."""

    bound: float
    moves: Moves


class Promises:
    """What a plan has promised before it looks at value, each with its price."""

    def __init__(self, instance: Instance, names: Sequence[str]) -> None:
        price = PRICE * max(instance.value, default=1)
        people = instance.problem.participants
        self.required = price if "required" in names else 0
        self.minimum = np.array([person.min_meetings for person in people]) * ("minimum" in names)
        self.coverage = np.array([bool(requests) for requests in instance.requests_of]) * ("coverage" in names)
        self.price = price
        self._instance = instance

    def worth(self, slots: Sequence[int]) -> int:
        """Return the promises and the value that a plan, given as slots by request, is worth."""
        arrays = self._instance.arrays
        served = np.array(slots) != NOWHERE
        people = np.concatenate([arrays.buyer[served], arrays.structure[served]])
        count = np.bincount(people, minlength=len(self.minimum))
        promised = (
            np.minimum(count, self.minimum).sum() + (self.coverage & (count > 0)).sum()
        ) * self.price + self.required * arrays.required[served].sum()
        return int(promised + arrays.value[served].sum())


def relax(
    timetable: Timetable,
    slots: Sequence[int],
    promises: Promises,
    search: Search,
    on_beat: Callable[[], None] = lambda: None,
) -> Relaxed | None:
    """Relax the choice of meetings in ``slots``, those of the other slots kept; ``None`` when time is up.

    The bound is on ``promises.worth`` of the whole plan. ``on_beat`` is called about once a second.
    """
    return _Program(timetable, np.array(slots), promises).solve(search, on_beat)


class _Program:
    """The linear program, all rows of a kind at once."""

    def __init__(self, timetable: Timetable, slots: np.ndarray, promises: Promises) -> None:
        instance = timetable.instance
        arrays = instance.arrays
        when = np.array(timetable.slot)
        inside = np.isin(when, slots) & ~arrays.fixed
        free = (when == NOWHERE) | inside
        grid = np.zeros_like(arrays.open)
        grid[np.ix_(free, slots)] = arrays.open[np.ix_(free, slots)]
        self.request, self.slot = np.nonzero(grid)
        self._timetable = timetable
        self._kept = np.where(inside, NOWHERE, when)
        self._inside = np.flatnonzero(inside)
        self._settled = promises.worth(self._kept.tolist())

        outside = when != NOWHERE
        outside[self._inside] = False
        people = len(instance.people)
        count = np.bincount(np.concatenate([arrays.buyer[outside], arrays.structure[outside]]), minlength=people)
        held = np.zeros((people, instance.slot_count), dtype=np.int64)  # by meetings whose slot is given
        given = np.flatnonzero(outside & arrays.fixed)
        for side in (arrays.buyer, arrays.structure):
            np.add.at(held, (side[given], when[given]), 1)
        columns = np.arange(len(self.request))
        self._worth = [arrays.value[self.request] + promises.required * arrays.required[self.request]]
        self._most = [np.ones(len(columns))]
        self._rows: list[np.ndarray] = []
        self._cols: list[np.ndarray] = []
        self._coefficients: list[np.ndarray] = []
        self._limits: list[np.ndarray] = []
        self._row_count = 0
        self._column_count = len(columns)

        self._at_most(self.request, columns, np.ones(len(instance.requests)))
        for side in (arrays.buyer, arrays.structure):
            who = side[self.request]
            width = instance.slot_count
            self._at_most(who * width + self.slot, columns, np.repeat(arrays.delegates, width) - held.ravel())
            self._at_most(who, columns, arrays.most - count)
        if instance.pool is not None:
            in_pool = np.array([host is None for host in instance.host])
            taken = np.bincount(when[given[in_pool[given]]], minlength=instance.slot_count)
            pooled = in_pool[self.request]
            self._at_most(self.slot[pooled], columns[pooled], len(instance.pool) - taken)
        self._promise(promises.coverage * (count == 0), np.ones(people), promises.price)
        missing = np.maximum(promises.minimum - count, 0)
        self._promise(missing > 0, missing, promises.price)

    def _at_most(self, key: np.ndarray, columns: np.ndarray, limit: np.ndarray) -> None:
        """Hold, for each value ``k`` of ``key``, the sum of its ``columns`` to ``limit[k]``, where that binds."""
        used, rows, number = np.unique(key, return_inverse=True, return_counts=True)
        tight = number > limit[used]
        numbered = np.cumsum(tight) - 1 + self._row_count
        kept = tight[rows]
        self._add(numbered[rows[kept]], columns[kept], np.ones(int(kept.sum())), limit[used][tight])

    def _promise(self, keen: np.ndarray, most: np.ndarray, price: int) -> None:
        """Add a column for each of the participants ``keen``: priced, at most ``most`` and at most its meetings."""
        instance = self._timetable.instance
        people = np.flatnonzero(keen)
        if not len(people):
            return
        new = np.full(len(instance.people), -1)
        new[people] = np.arange(len(people))
        rows = [np.arange(len(people))]
        cols = [np.arange(len(people)) + self._column_count]
        signs = [np.ones(len(people))]
        for side in (instance.arrays.buyer, instance.arrays.structure):
            mine = new[side[self.request]]
            rows.append(mine[mine >= 0])
            cols.append(np.flatnonzero(mine >= 0))
            signs.append(np.full(int((mine >= 0).sum()), -1.0))
        self._column_count += len(people)
        self._worth.append(np.full(len(people), price))
        self._most.append(most[people].astype(float))
        self._add(
            np.concatenate(rows) + self._row_count, np.concatenate(cols), np.concatenate(signs), np.zeros(len(people))
        )

    def _add(self, rows: np.ndarray, cols: np.ndarray, coefficients: np.ndarray, limits: np.ndarray) -> None:
        self._rows.append(rows)
        self._cols.append(cols)
        self._coefficients.append(coefficients)
        self._limits.append(limits.astype(float))
        self._row_count += len(limits)

    def solve(self, search: Search, on_beat: Callable[[], None]) -> Relaxed | None:
        """Solve, and return the bound and the corner; ``None`` when the time does not suffice."""
        if not len(self.request):
            return Relaxed(float(self._settled), {})
        corner = self._column_count <= LARGEST_CORNER
        kind = mathopt.SolverType.GLOP if corner else mathopt.SolverType.PDLP
        parameters = mathopt.SolveParameters(threads=1, pdlp=_PRECISION)
        model, interrupter = self._model(), SolveInterrupter()
        on_beat()
        if search.cut:
            return None
        result = search.aside(
            lambda: _solved(model, kind, parameters, interrupter),
            interrupter.interrupt,
            on_beat,
            every=POLL_SECONDS,  # whoever hears the beat counts the seconds itself
        )
        if not result.solutions or not result.solutions[0].HasField("dual_solution"):
            return None
        solution = result.solutions[0]
        prices = _dense(solution.dual_solution.dual_values, self._row_count)
        moves: Moves = {}
        if corner and solution.primal_solution.feasibility_status == solution_pb2.SOLUTION_STATUS_FEASIBLE:
            moves = dict.fromkeys(self._inside.tolist(), NOWHERE)
            taken = _dense(solution.primal_solution.variable_values, self._column_count)
            whole = np.flatnonzero(taken[: len(self.request)] > 1 - _WHOLE)
            moves |= dict(zip(self.request[whole].tolist(), self.slot[whole].tolist(), strict=True))
        return Relaxed(self._settled + self._bound(np.maximum(prices, 0.0)), moves)

    def _bound(self, prices: np.ndarray) -> float:
        """Return what no solution can pass, by weak duality, for any prices ≥ 0 on the rows."""
        rows, cols = np.concatenate(self._rows), np.concatenate(self._cols)
        spent = np.bincount(cols, prices[rows] * np.concatenate(self._coefficients), minlength=self._column_count)
        reduced = np.concatenate(self._worth) - spent
        return float(
            (prices * np.concatenate(self._limits)).sum() + (np.maximum(reduced, 0) * np.concatenate(self._most)).sum()
        )

    def _model(self) -> model_pb2.ModelProto:
        """Return the program as the solver wants it: a message filled with whole arrays, for speed."""
        rows, cols = np.concatenate(self._rows), np.concatenate(self._cols)
        order = np.lexsort((cols, rows))
        proto = model_pb2.ModelProto()
        columns, constraints = range(self._column_count), range(self._row_count)
        proto.variables.ids.extend(columns)
        proto.variables.lower_bounds.extend([0.0] * self._column_count)
        proto.variables.upper_bounds.extend(np.concatenate(self._most).tolist())
        proto.variables.integers.extend([False] * self._column_count)
        proto.objective.maximize = True
        proto.objective.linear_coefficients.ids.extend(columns)
        proto.objective.linear_coefficients.values.extend(np.concatenate(self._worth).astype(float).tolist())
        proto.linear_constraints.ids.extend(constraints)
        proto.linear_constraints.lower_bounds.extend([-inf] * self._row_count)
        proto.linear_constraints.upper_bounds.extend(np.concatenate(self._limits).tolist())
        proto.linear_constraint_matrix.row_ids.extend(rows[order].tolist())
        proto.linear_constraint_matrix.column_ids.extend(cols[order].tolist())
        proto.linear_constraint_matrix.coefficients.extend(np.concatenate(self._coefficients)[order].tolist())
        return proto


def _solved(
    model: model_pb2.ModelProto,
    kind: mathopt.SolverType,
    parameters: mathopt.SolveParameters,
    interrupter: SolveInterrupter,
) -> result_pb2.SolveResultProto:
    """Solve a message as ``mathopt.solve`` does, which would make an object of each column and row first."""
    return solver.solve(
        model,
        kind.value,
        parameters_pb2.SolverInitializerProto(),
        parameters.to_proto(),
        model_parameters_pb2.ModelSolveParametersProto(),
        None,
        callback_pb2.CallbackRegistrationProto(),
        None,
        interrupter.pybind_interrupter,
    )


def _dense(sparse: sparse_containers_pb2.SparseDoubleVectorProto, size: int) -> np.ndarray:
    """Return a solver's answer as an array; what it leaves out is 0."""
    values = np.zeros(size)
    values[np.array(sparse.ids, dtype=np.int64)] = np.array(sparse.values)
    return values


def whole_bound(bound: float) -> int:
    """Return the whole number that ``bound`` implies, rounding errors allowed for."""
    return floor(bound + _WHOLE)
