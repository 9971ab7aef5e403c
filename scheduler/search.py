"""One CP-SAT search at a time, stoppable at any moment, telling what it finds; and what a call may spend.

Work is shared out by what it is, not by how long it took: steps, rounds and the solver's own count of its work, in
seconds of an ordinary machine. The clock only ends a call, at its time limit; one that ends before makes the same plan
every time. One worker with a strong linear relaxation proves mornings faster than several with the default portfolio,
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

HURRY: Final = 0.75
"""Share of the time after which what comes before a walk leaves the rest to it."""

SLOW: Final = 0.5
"""Share of the time left to a walk after which the clock may take the lead."""


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
    """The clock and the stop button of one call, and its account of the work done."""

    def __init__(self, options: Options, stop: Callable[[], bool] | None = None) -> None:
        self.options = options
        self._stop = stop or (lambda: False)
        self._started = time.monotonic()
        self._worked = 0.0
        self.walk_ahead = False
        self.late = False

    @property
    def elapsed(self) -> float:
        """Seconds since the call began."""
        return time.monotonic() - self._started

    @property
    def work_left(self) -> float:
        """Seconds of an ordinary machine's work that are left; the same in every run of a call, whatever the clock."""
        return max(0.0, self.options.time_limit - self._worked)

    def worked(self, seconds: float) -> None:
        """Note work that an ordinary machine does in ``seconds``."""
        self._worked += seconds

    @property
    def over(self) -> bool:
        """Whether the time is used up or someone asked to stop."""
        return self.elapsed >= self.options.time_limit or self._stop()

    @property
    def cut(self) -> bool:
        """Whether what is under way must end: the call is over, or the walk to come needs the time that is left.

        Then the walk is ``late``, and goes on up to the limit (``Pace``).
        """
        if self.walk_ahead and self.elapsed >= HURRY * self.options.time_limit:
            self.late = True
        return (self.walk_ahead and self.late) or self.over

    def aside(
        self,
        work: Callable[[], T],
        interrupt: Callable[[], None],
        on_beat: Callable[[], None] = lambda: None,
        every: float = BEAT_SECONDS,
    ) -> T:
        """Do ``work``, which is outside Python for long, in a thread; tell the beat, interrupt when time is over.

        Solvers given a time limit of their own guess when it will be reached, and end some time before.
        """
        with ThreadPoolExecutor(1) as pool:
            future = pool.submit(work)
            beat = time.monotonic()
            try:
                while not future.done():
                    wait([future], POLL_SECONDS)
                    if self.cut:
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
        """Search ``model`` with ``share`` of the work left.

        Returns the status (``optimal``, ``feasible``, ``infeasible``, ``unknown``), the best plan found and the
        best bound proved. ``on_plan`` hears each better plan, ``on_beat`` the bound about once a second.
        """
        work = self.work_left * share
        if work <= 0 or self.cut:
            return "unknown", None, None
        model.cp.clear_objective()  # type: ignore[no-untyped-call]
        if objective is not None:
            (model.cp.maximize if maximise else model.cp.minimize)(objective)
        solver = self._solver(work)
        listener = _Listener(model, on_plan)
        bounds: list[float] = []
        solver.best_bound_callback = bounds.append
        status = self.aside(
            lambda: solver.solve(model.cp, listener),
            solver.stop_search,
            lambda: on_beat(_whole(bounds[-1], maximise=maximise) if bounds else None),
        )
        self.worked(solver.deterministic_time / WORK_PER_SECOND)
        last = _whole(bounds[-1], maximise=maximise) if bounds else None
        return self._read(solver, status, model, last, maximise=maximise, bounded=objective is not None)

    def _solver(self, seconds: float) -> cp_model.CpSolver:
        solver = cp_model.CpSolver()
        solver.parameters.max_deterministic_time = WORK_PER_SECOND * seconds
        solver.parameters.random_seed = self.options.seed
        solver.parameters.num_workers = self.options.workers
        solver.parameters.interleave_search = self.options.workers > 1
        solver.parameters.linearization_level = 2
        solver.parameters.catch_sigint_signal = False
        return solver

    @staticmethod
    def _read(
        solver: cp_model.CpSolver,
        status_code: cp_model.CpSolverStatus,
        model: Model,
        last: int | None,
        *,
        maximise: bool,
        bounded: bool,
    ) -> tuple[str, Placements | None, int | None]:
        status = {
            cp_model.OPTIMAL: "optimal",
            cp_model.FEASIBLE: "feasible",
            cp_model.INFEASIBLE: "infeasible",
        }.get(status_code, "unknown")
        if status in {"infeasible", "unknown"}:
            # Without a solution the solver's bound may be a mere default; the ``last`` one that it told is not.
            return status, None, None if status == "infeasible" else last
        bound = _whole(solver.best_objective_bound, maximise=maximise) if bounded else None
        return status, model.read(solver), bound


def _whole(bound: float, *, maximise: bool) -> int | None:
    """Round a bound to the integer it implies; ``None`` while the solver has none."""
    if abs(bound) > 2**60 or bound != bound:  # noqa: PLR0124 - NaN
        return None
    shaken = 1e-6
    return int((bound + shaken) // 1) if maximise else -int((-bound + shaken) // 1)


class Pace:
    """Which share of a walk is over: that of its steps, so that the same call makes the same walk.

    Where half of the time left is gone and the clock is ahead of the steps, the clock leads from then on, and up to the
    limit: a walk that cools down early is worth more than one cut while it is hot, and as such a call ends at its
    limit, nobody takes its plan for one that can be made again.
    """

    def __init__(self, search: Search, on_beat: Callable[[], None]) -> None:
        self._search = search
        self._on_beat = on_beat
        self._begun = search.elapsed
        self._late = search.late
        search.walk_ahead = False

    def over(self, done: float) -> float:
        """Tell the beat; return the share that is over when ``done`` is the share of the steps that are."""
        self._on_beat()
        if self._search.over:
            return 1.0
        clock = (self._search.elapsed - self._begun) / (self._search.options.time_limit - self._begun)
        self._late = self._late or clock > max(done, SLOW)
        return clock if self._late else done
