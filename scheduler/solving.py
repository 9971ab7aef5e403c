"""Solve: from a problem to the best plan, with a bound and a proof for every level."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from scheduler.checking import lock_conflict
from scheduler.document import InputError
from scheduler.instance import Instance, Placements
from scheduler.lexicographic import Lexicographic, Result
from scheduler.objectives import Changes, Objective, objectives_of
from scheduler.plan import Level, Meeting, Plan, Progress
from scheduler.problem import Problem
from scheduler.reasons import unserved_of
from scheduler.search import Options, Search
from scheduler.timetable import Timetable
from scheduler.validating import validate

__all__ = ["Options", "solve"]

OnProgress = Callable[[Progress], None]
Stop = Callable[[], bool]


def solve(
    problem: Problem,
    options: Options = Options(),  # noqa: B008 - a frozen value
    *,
    on_progress: OnProgress | None = None,
    stop: Stop | None = None,
) -> Plan:
    """Return the best plan found within ``options.time_limit`` seconds.

    Levels are optimised in the order of ``problem.settings.objectives``; ``changes`` has no meaning here and
    is left out. ``on_progress`` is called at each better plan and about once a second, from this thread or
    the solver's. ``stop`` is asked twenty times a second; once it says true the best plan so far is returned.

    Locks that contradict each other give a plan of status ``infeasible`` with the smallest ``conflict``.
    Raises InputError when the problem is unusable.
    """
    require_usable(problem)
    search = Search(options, stop)
    conflict = lock_conflict(problem) if problem.locks else None
    if conflict is not None:
        return Plan("infeasible", seed=options.seed, seconds=round(search.elapsed, 3), conflict=conflict)
    instance = Instance(problem)
    return descend(instance, problem.settings.objectives, search, on_progress=on_progress)


def require_usable(problem: Problem) -> None:
    """Raise InputError when the problem has a fault."""
    if faults := validate(problem):
        raise InputError(faults)


def descend(
    instance: Instance,
    names: tuple[str, ...],
    search: Search,
    *,
    changes: Changes | None = None,
    pinned: Placements = MappingProxyType({}),
    known: Mapping[int, Meeting] = MappingProxyType({}),
    warnings: tuple[str, ...] = (),
    on_progress: OnProgress | None = None,
) -> Plan:
    """Solve the levels ``names`` on an indexed problem; shared by ``solve`` and ``repair``.

    ``pinned`` holds what a repair would rather keep, ``known`` the meetings as the plan before has them.
    """
    objectives = list(objectives_of(instance, names, changes))
    results: list[Result] = []

    def plan_of(best: Placements, timetable: Timetable | None = None) -> Plan:
        """Put a plan's figures together; without its timetable, it is still being searched."""
        levels = _levels(results)
        proved = timetable is not None and all(level.proved for level in levels)
        return Plan(
            status="optimal" if proved else "feasible",
            meetings=instance.meetings(best, known),
            objectives=levels,
            unserved=() if timetable is None else unserved_of(timetable, best, proved=proved),
            seed=search.options.seed,
            seconds=round(search.elapsed, 3),
            warnings=warnings,
        )

    def listener(objective: Objective, best: Placements, bound: int | None) -> None:
        if on_progress is None:
            return
        value = objective.measure(best)
        on_progress(
            Progress(
                objective=objective.name,
                value=value,
                bound=bound,
                proved=value == bound,
                meetings=len(best),
                seconds=round(search.elapsed, 3),
                plan=plan_of(best),
            )
        )

    lexicographic = Lexicographic(instance, objectives, search, results, pinned=pinned, listener=listener)
    lexicographic.run()
    plan = plan_of(lexicographic.best, lexicographic.timetable())
    if on_progress is not None:
        for level in plan.objectives:
            value = level.value[-1] if isinstance(level.value, tuple) else level.value
            bound = level.bound[-1] if isinstance(level.bound, tuple) else level.bound
            on_progress(Progress(level.name, value, bound, level.proved, len(plan.meetings), plan.seconds, plan))
    return plan


def _levels(results: Sequence[Result]) -> tuple[Level, ...]:
    """Gather the steps of each level: one figure, or for balance a list that ends with its last change."""
    levels: list[Level] = []
    names = list(dict.fromkeys(result.objective.name for result in results))
    for name in names:
        steps = [result for result in results if result.objective.name == name]
        seconds = round(sum(step.seconds for step in steps), 3)
        proved = all(step.proved for step in steps)
        if name != "balance":
            levels.append(Level(name, steps[0].value, steps[0].bound, proved, seconds))
            continue
        figures = [(step.value, step.bound) for step in steps]
        while len(figures) > 1 and figures[-1] == figures[-2]:
            figures.pop()
        levels.append(Level(name, tuple(v for v, _ in figures), tuple(b for _, b in figures), proved, seconds))
    return tuple(levels)
