"""``python -m benchmarks.b2b``: forums with as few breaks as possible, side by side with the usual model.

The engine's parts carry over: Kempe chains place and improve the meetings of any graph, not only of buyers with
structures, and up to ``FEW_SLOTS`` slots an exact model proves the result. Its literals say, for each participant,
which whole day it has: the convex hull of the days, so that the relaxation sees each break. Cores close it (one
unsatisfiable core a step: Fu & Malik, SAT 2006), as the JAIR paper found with MaxSAT.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from random import Random
from typing import Final

from ortools.sat.python import cp_model

from benchmarks.forums import MOST_DIFFERENCE, SIZES, Size, breaks, breaks_in, forum
from benchmarks.run import environment
from scheduler.annealing import Annealing
from scheduler.colouring import insert
from scheduler.instance import Instance
from scheduler.model import Expression, Model, total
from scheduler.rules import model_of
from scheduler.timetable import NOWHERE, Timetable

FEW_SLOTS: Final = 12
"""Up to so many slots, all days of a participant can be listed: 924 at most."""

_UNEVEN: Final = 5
"""What a break over the difference allowed costs in annealing."""

_STEPS_PER_SLOT: Final = 30_000
_STEPS_PER_SECOND: Final = 300_000
_WARM: Final = 0.5
"""A break is rarer and dearer than a slot of waiting: the walk starts colder than the engine's."""

_ATTEMPTS: Final = 50


@dataclass(frozen=True, slots=True)
class Answer:
    """A timetable's breaks (``None``: none was found), what is proved of them, and the seconds it took."""

    breaks: int | None
    bound: int
    seconds: float


def solve(forum: Instance, seconds: float) -> Answer:
    """Solve a forum with the engine's parts."""
    began = time.perf_counter()
    timetable = _first(forum)
    exact = forum.slot_count <= FEW_SLOTS
    steps = _STEPS_PER_SLOT * forum.slot_count if exact else int(_STEPS_PER_SECOND * seconds)
    annealing = Annealing(timetable, 1, lambda _person, busy: _cost(busy))
    annealing.run(steps, lambda done: max(done, (time.perf_counter() - began) / seconds), _WARM)
    best, bound = breaks(forum, timetable.placed), 0
    # In a plan with fewer breaks than participants, somebody has none: then nobody may have over two.
    if exact and best <= len(forum.people):
        best, bound = _prove(forum, timetable.placed, best, seconds - (time.perf_counter() - began))
    return Answer(best, bound, time.perf_counter() - began)


def _cost(busy: int) -> int:
    """Return the breaks of a day, those over the difference allowed at a price that nobody pays in the end."""
    number = breaks_in(busy)
    return number + _UNEVEN * max(0, number - MOST_DIFFERENCE)


def _first(forum: Instance) -> Timetable:
    """Place every meeting, those with the fewest slots first."""
    timetable, random = Timetable(forum), Random(1)
    order = sorted(forum.requests, key=lambda request: (forum.allowed[request].bit_count(), request))
    for request in order:
        free = next(iter(timetable.free_slots(request)), None)
        if free is not None:
            timetable.place(request, free)
    for request in order:
        if timetable.slot[request] == NOWHERE and not insert(timetable, request, random, _ATTEMPTS):
            raise RuntimeError(f"no place for meeting {request}")
    return timetable


def _with_every_meeting(forum: Instance) -> Model:
    model = model_of(forum)
    for literals in model.of_request:
        model.cp.add_exactly_one(literals)
    return model


def _prove(forum: Instance, known: Mapping[int, int], best: int, seconds: float) -> tuple[int, int]:
    """Improve ``known``, whose breaks are ``best``, or prove it; return the breaks and their bound."""
    model = _with_every_meeting(forum)
    costs = [cost for person in forum.people for cost in _days(model, person)]
    objective = total(costs)
    model.cp.add(objective <= best)
    model.cp.minimize(objective)
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = max(0.1, seconds)
    solver.parameters.num_workers = 1
    solver.parameters.linearization_level = 2
    solver.parameters.optimize_with_core = True
    status = solver.solve(model.cp)
    bound = max(0, round(solver.best_objective_bound))
    if status in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        placed = {request: placement.slot for request, placement in model.read(solver).items()}
        return breaks(forum, placed), bound
    return breaks(forum, known), bound


def _days(model: Model, person: int) -> list[Expression]:
    """Give ``person`` one of its possible days; return what they cost, those without break left out."""
    busy = model.busy_slots(person, range(model.instance.slot_count))
    meetings = len(model.instance.requests_of[person])
    days = [
        (day, model.cp.new_bool_var(""))
        for day in combinations(busy, meetings)
        if breaks_in(_mask(day)) <= MOST_DIFFERENCE
    ]
    model.cp.add_exactly_one(literal for _day, literal in days)
    for slot, meets in busy.items():
        model.cp.add(meets == total(literal for day, literal in days if slot in day))
    return [breaks_in(_mask(day)) * literal for day, literal in days if breaks_in(_mask(day))]


def _mask(day: tuple[int, ...]) -> int:
    return sum(1 << slot for slot in day)


def usual_model(forum: Instance, seconds: float, workers: int = 2) -> Answer:
    """Solve a forum by "has started" Booleans and the ends of breaks, as in the CP 2014 paper, with CP-SAT."""
    model = _with_every_meeting(forum)
    cp = model.cp
    each: list[Expression] = []
    for person in forum.people:
        busy = model.busy_slots(person, range(forum.slot_count))
        ends: list[Expression] = []
        started: cp_model.IntVar | None = None
        for slot in range(forum.slot_count - 1):
            before, started = started, cp.new_bool_var("")
            meets = busy.get(slot, 0)
            cp.add(started >= meets)
            if before is not None:
                cp.add(started >= before)
            end = cp.new_bool_var("")
            cp.add(end >= started + busy.get(slot + 1, 0) - meets - 1)
            ends.append(end)
        each.append(total(ends))
    fewest, most = (cp.new_int_var(0, forum.slot_count, "") for _ in range(2))
    for breaks_of_one in each:
        cp.add(fewest <= breaks_of_one)
        cp.add(most >= breaks_of_one)
    cp.add(most - fewest <= MOST_DIFFERENCE)
    cp.minimize(total(each))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = workers
    began = time.perf_counter()
    status = solver.solve(cp)
    took = time.perf_counter() - began
    bound = max(0, round(solver.best_objective_bound))
    if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        return Answer(None, bound, took)
    placed = {request: placement.slot for request, placement in model.read(solver).items()}
    return Answer(breaks(forum, placed), bound, took)


def table(size: Size, seeds: range) -> None:
    """Print a size's table, with both answers for each seed."""
    seconds = 30.0 if size.slots <= FEW_SLOTS else 40.0
    print(
        f"\n### Forum {size.name}: {size.participants} participants, {size.meetings} meetings, {size.tables} tables, "
        f"{size.slots} slots\n"
    )
    print("| seed | breaks (bound) | seconds | usual model: breaks (bound) | seconds | fewer by |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: |")
    proved, fewer = 0, []
    for seed in seeds:
        drawn = forum(size, seed)
        ours, usual = solve(drawn, seconds), usual_model(drawn, 40.0)
        proved += ours.breaks == ours.bound
        if usual.breaks is None:
            told = less = "–"
        else:
            told = f"{usual.breaks} ({usual.bound})"
            fewer.append(100 * (1 - (ours.breaks or 0) / max(1, usual.breaks)))
            less = f"{fewer[-1]:.0f} %"
        print(
            f"| {seed} | {ours.breaks} ({ours.bound}) | {ours.seconds:.1f} | {told} | {usual.seconds:.1f} | {less} |",
            flush=True,
        )
    print(f"\n- Proved within {seconds:.0f} s: {proved} of {len(seeds)}.")
    if fewer:
        print(
            f"- Fewer breaks than the usual model: {statistics.mean(fewer):.0f} % on average, {min(fewer):.0f} % at "
            f"least; it found no timetable for {len(seeds) - len(fewer)} of {len(seeds)}."
        )


def main() -> None:
    """Run the forums that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("sizes", nargs="*", metavar="size", help="A, B, C, D")
    parser.add_argument("--seeds", type=int, default=20)
    options = parser.parse_args()
    print(environment() + " The usual model has two workers and 40 s.")
    for size in SIZES:
        if not options.sizes or size.name in options.sizes:
            table(size, range(1, options.seeds + 1))


if __name__ == "__main__":
    main()
