"""One CP-SAT search at a time: within the time left, stoppable at any moment, telling what it finds.

One worker with a strong linear relaxation proves mornings faster than several with the default portfolio,
and is deterministic; with more workers the search is interleaved, which stays deterministic.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Final, TypeVar

from ortools.sat.python import cp_model

from scheduler.instance import Placements
from scheduler.model import Expression, Model

T = TypeVar("T")

POLL_SECONDS: Final = 0.05
BEAT_SECONDS: Final = 1.0
WORK_PER_SECOND: Final = 0.6
"""Units of the solver's deterministic time that an ordinary machine surely does in a second."""


@dataclass(frozen=True, slots=True)
class Options:
    """How long and with what to search.

    ``time_limit`` in seconds of wall clock for the whole call; the same ``seed`` and ``workers`` give the same
    plan whenever the limit is not reached.
    """

    time_limit: float = 60.0
    workers: int = 1
    seed: int = 1


class _Listener(cp_model.CpSolverSolutionCallback):
    """Passes each better plan on as soon as it is found."""

    def __init__(self, model: Model, tell: Callable[[Placements], None]) -> None:
        super().__init__()
        self._model = model
        self._tell = tell

    def on_solution_callback(self) -> None:
        """Read the solution and tell it."""
        self._tell(self._model.read(self))


class Search:
    """The clock and the stop button of one call."""

    def __init__(self, options: Options, stop: Callable[[], bool] | None = None) -> None:
        self.options = options
        self._stop = stop or (lambda: False)
        self._started = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds since the call began."""
        return time.monotonic() - self._started

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return max(0.0, self.options.time_limit - self.elapsed)

    @property
    def over(self) -> bool:
        """Whether the time is used up or someone asked to stop."""
        return self.elapsed >= self.options.time_limit or self._stop()

    def aside(
        self,
        work: Callable[[], T],
        interrupt: Callable[[], None],
        on_beat: Callable[[], None] = lambda: None,
        every: float = BEAT_SECONDS,
    ) -> T:
        """Do ``work``, which is outside Python for long, in a thread; tell the beat, interrupt when asked to stop."""
        with ThreadPoolExecutor(1) as pool:
            future = pool.submit(work)
            beat = time.monotonic()
            try:
                while not future.done():
                    wait([future], POLL_SECONDS)
                    if self._stop():
                        interrupt()
                    elif time.monotonic() - beat >= every:
                        beat = time.monotonic()
                        on_beat()
            finally:
                interrupt()
        return future.result()

    def run(
        self,
        model: Model,
        objective: Expression | None = None,
        *,
        maximise: bool = False,
        share: float = 1.0,
        on_plan: Callable[[Placements], None] = lambda _plan: None,
        on_beat: Callable[[int | None], None] = lambda _bound: None,
    ) -> tuple[str, Placements | None, int | None]:
        """Search ``model`` for ``share`` of the time left.

        Returns the status (``optimal``, ``feasible``, ``infeasible``, ``unknown``), the best plan found and the
        best bound proved. ``on_plan`` hears each better plan, ``on_beat`` the bound about once a second.
        """
        left = self.left * share
        if left <= 0 or self._stop():
            return "unknown", None, None
        model.cp.clear_objective()  # type: ignore[no-untyped-call]
        if objective is not None:
            (model.cp.maximize if maximise else model.cp.minimize)(objective)
        solver = self._solver(left)
        listener = _Listener(model, on_plan)
        bounds: list[float] = []
        solver.best_bound_callback = bounds.append
        status = self.aside(
            lambda: solver.solve(model.cp, listener),
            solver.stop_search,
            lambda: on_beat(_whole(bounds[-1], maximise=maximise) if bounds else None),
        )
        return self._read(solver, status, model, maximise=maximise, bounded=objective is not None)

    def _solver(self, seconds: float) -> cp_model.CpSolver:
        solver = cp_model.CpSolver()
        solver.parameters.max_time_in_seconds = seconds
        # Where the solver's own count of its work ends the search before the clock does, the plan can be made again.
        solver.parameters.max_deterministic_time = WORK_PER_SECOND * seconds
        solver.parameters.random_seed = self.options.seed
        solver.parameters.num_workers = self.options.workers
        solver.parameters.interleave_search = self.options.workers > 1
        solver.parameters.linearization_level = 2
        solver.parameters.catch_sigint_signal = False
        return solver

    @staticmethod
    def _read(
        solver: cp_model.CpSolver, status_code: cp_model.CpSolverStatus, model: Model, *, maximise: bool, bounded: bool
    ) -> tuple[str, Placements | None, int | None]:
        status = {
            cp_model.OPTIMAL: "optimal",
            cp_model.FEASIBLE: "feasible",
            cp_model.INFEASIBLE: "infeasible",
        }.get(status_code, "unknown")
        if status in {"infeasible", "unknown"}:
            # Without a solution the solver's bound may be a mere default.
            return status, None, None
        bound = _whole(solver.best_objective_bound, maximise=maximise) if bounded else None
        return status, model.read(solver), bound


def _whole(bound: float, *, maximise: bool) -> int | None:
    """Round a bound to the integer it implies; ``None`` while the solver has none."""
    if abs(bound) > 2**60 or bound != bound:  # noqa: PLR0124 - NaN
        return None
    shaken = 1e-6
    return int((bound + shaken) // 1) if maximise else -int((-bound + shaken) // 1)
