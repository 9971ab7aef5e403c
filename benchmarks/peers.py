"""What others would do with the same problem, for comparison in the same run.

``first_common_slot`` is the automatic scheduling that commercial platforms describe: requests by falling value,
each into the first slot both have free. ``plain_model`` is the textbook: one Boolean a request and slot, idle
slots by "has started" and "has ended" Booleans, CP-SAT with its defaults.
"""

from __future__ import annotations

from dataclasses import dataclass

from ortools.sat.python import cp_model

from scheduler.instance import Instance, Placement, Placements, bits
from scheduler.problem import Problem
from scheduler.timetable import Timetable


def first_common_slot(problem: Problem) -> Placements:
    """Return the plan of a greedy platform: requests by falling value, the first slot that fits."""
    instance = Instance(problem)
    state = Timetable(instance)
    for request in sorted(instance.requests, key=lambda rank: (-instance.value[rank], rank)):
        slot = next((slot for slot in bits(instance.allowed[request]) if state.fits(request, slot)), None)
        if slot is not None:
            state.place(request, slot)
    return {request: Placement(slot, None) for request, slot in state.placed.items()}


@dataclass(frozen=True, slots=True)
class Found:
    """What the textbook model reached, if anything: the value, then idle slots with the bound on them."""

    value: int | None
    value_seconds: float
    value_proved: bool
    idle: int | None
    idle_bound: int


def plain_model(problem: Problem, seconds: float, workers: int) -> Found:
    """Maximise coverage, then value, hold both, then minimise idle slots, with ``seconds`` for each search."""
    instance = Instance(problem)
    model = cp_model.CpModel()
    at = {
        (request, slot): model.new_bool_var("")
        for request in instance.requests
        for slot in bits(instance.allowed[request])
    }
    here: dict[tuple[int, int], list[cp_model.IntVar]] = {}
    for (request, slot), literal in at.items():
        for person in instance.sides(request):
            here.setdefault((person, slot), []).append(literal)
    for request in instance.requests:
        model.add_at_most_one(at[request, slot] for slot in bits(instance.allowed[request]))
    for literals in here.values():
        model.add_at_most_one(literals)
    for person in instance.people:
        limit = instance.problem.participants[person].max_meetings
        if limit is not None:
            model.add(sum(at[r, t] for r in instance.requests_of[person] for t in bits(instance.allowed[r])) <= limit)
    value = sum(instance.value[request] * literal for (request, _slot), literal in at.items())
    good = value + (sum(instance.value) + 1) * sum(_covered(model, instance, at))

    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = workers
    model.maximize(good)
    status = solver.solve(model)
    if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        return Found(None, solver.wall_time, value_proved=False, idle=None, idle_bound=0)
    proved = status == cp_model.OPTIMAL
    best, took = solver.value(value), solver.wall_time

    model.add(good >= round(solver.objective_value))
    model.minimize(_idle_by_started_and_ended(model, instance, here))
    for literal in at.values():
        model.add_hint(literal, solver.value(literal))
    status = solver.solve(model)
    found = status in {cp_model.OPTIMAL, cp_model.FEASIBLE}
    return Found(
        best, took, proved, round(solver.objective_value) if found else None, round(solver.best_objective_bound)
    )


def _covered(
    model: cp_model.CpModel, instance: Instance, at: dict[tuple[int, int], cp_model.IntVar]
) -> list[cp_model.IntVar]:
    """Return a Boolean for each participant with a request, true only when it has a meeting."""
    covered = []
    of_person: dict[int, list[cp_model.IntVar]] = {}
    for (request, _slot), literal in at.items():
        for person in instance.sides(request):
            of_person.setdefault(person, []).append(literal)
    for person in instance.people:
        mine = of_person.get(person, [])
        if mine:
            literal = model.new_bool_var("")
            model.add_bool_or([*mine, ~literal])
            covered.append(literal)
    return covered


def _idle_by_started_and_ended(
    model: cp_model.CpModel, instance: Instance, here: dict[tuple[int, int], list[cp_model.IntVar]]
) -> cp_model.LinearExprT:
    """Return the idle slots: available, started, not ended, without meeting."""
    waits: list[cp_model.LinearExprT] = []
    for person in instance.people:
        for block in instance.blocks:
            busy = [sum(here.get((person, slot), [])) for slot in block]
            started = [model.new_bool_var("") for _ in block]
            ended = [model.new_bool_var("") for _ in block]
            for rank in range(len(block)):
                model.add(started[rank] >= busy[rank])
                model.add(ended[rank] >= busy[rank])
                if rank:
                    model.add(started[rank] >= started[rank - 1])
                    model.add(ended[rank - 1] >= ended[rank])
                if instance.available[person] >> block[rank] & 1:
                    wait = model.new_bool_var("")
                    model.add(wait >= started[rank] + ended[rank] - 1 - busy[rank])
                    waits.append(wait)
    return sum(waits)
