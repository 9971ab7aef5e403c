"""Quotas as a what-if: which choice of N loses least total score. Values in, values out; CP-SAT proves it.

Among equal totals the choice is the first in the order of the ranking: the one that keeps the best placed files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from ortools.sat.python import cp_model


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file with a score, in the order of the ranking; ``traits`` are what a quota may count."""

    id: int
    score: Fraction
    traits: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Quota:
    """At least ``least`` of the chosen have ``trait``."""

    trait: str
    least: int


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen files in the order of the ranking, beside the plain first N: who enters, who leaves, what it costs."""

    chosen: tuple[int, ...]
    entering: tuple[int, ...]
    leaving: tuple[int, ...]
    cost: Fraction


@dataclass(frozen=True, slots=True)
class Impossible:
    """No choice keeps the quotas: too few files (``available``), one quota alone, or a smallest set that clashes."""

    available: int | None = None
    lacking: tuple[tuple[Quota, int], ...] = ()
    """Quotas that fail by themselves, with how many files have their trait (or how many places there are)."""
    clashing: tuple[Quota, ...] = ()


def choose(candidates: Sequence[Candidate], picks: int, quotas: Sequence[Quota]) -> Choice | Impossible:
    """Return the best choice of ``picks`` files under ``quotas``, proved, or why there is none."""
    if len(candidates) < picks:
        return Impossible(available=len(candidates))
    lacking = [
        (quota, min(have, picks))
        for quota in quotas
        if (have := sum(quota.trait in one.traits for one in candidates)) < quota.least or quota.least > picks
    ]
    if lacking:
        return Impossible(lacking=tuple(lacking))
    best = _best(candidates, picks, quotas)
    if best is None:
        return Impossible(clashing=_smallest_clash(candidates, picks, quotas))
    plain = {one.id for one in candidates[:picks]}
    chosen = [one for one in candidates if one.id in best]
    cost = sum((one.score for one in candidates[:picks]), Fraction(0)) - sum((one.score for one in chosen), Fraction(0))
    return Choice(
        tuple(one.id for one in chosen),
        tuple(one.id for one in chosen if one.id not in plain),
        tuple(one.id for one in candidates[:picks] if one.id not in best),
        cost,
    )


def _best(candidates: Sequence[Candidate], picks: int, quotas: Sequence[Quota]) -> set[int] | None:
    """Return the ids of the best choice, first of the equals in order; ``None`` when there is none."""
    unit = lcm(*(one.score.denominator for one in candidates))
    values = [int(one.score * unit) for one in candidates]
    model, taken = _model(candidates, picks, quotas)
    model.maximize(cp_model.LinearExpr.weighted_sum(taken, values))
    found = _solved(model, taken)
    if found is None:
        return None
    highest = sum(value for value, is_in in zip(values, found, strict=True) if is_in)
    model, taken = _model(candidates, picks, quotas)
    model.add(cp_model.LinearExpr.weighted_sum(taken, values) == highest)
    # First of the equals: each file in turn is taken where one of the best choices takes it with those before.
    for rank, x in enumerate(taken):
        if sum(found[:rank]) == picks:
            break
        if not found[rank]:
            trial = model.clone()
            trial.add(trial.get_bool_var_from_proto_index(x.index) == 1)
            other = _solved(trial, [trial.get_bool_var_from_proto_index(one.index) for one in taken])
            found = other or found
        model.add(x == int(found[rank]))
    return {one.id for one, is_in in zip(candidates, found, strict=True) if is_in}


def _model(
    candidates: Sequence[Candidate], picks: int, quotas: Sequence[Quota]
) -> tuple[cp_model.CpModel, list[cp_model.IntVar]]:
    model = cp_model.CpModel()
    taken = [model.new_bool_var("") for _ in candidates]
    model.add(sum(taken) == picks)
    for quota in quotas:
        model.add(sum(x for x, one in zip(taken, candidates, strict=True) if quota.trait in one.traits) >= quota.least)
    return model, taken


def _solved(model: cp_model.CpModel, taken: Sequence[cp_model.IntVar]) -> list[bool] | None:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers, solver.parameters.random_seed = 1, 1
    status = solver.solve(model)
    if status == cp_model.INFEASIBLE:
        return None
    if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        raise RuntimeError(f"the choice was not solved: {solver.status_name(status)}")
    return [solver.boolean_value(x) for x in taken]


def _smallest_clash(candidates: Sequence[Candidate], picks: int, quotas: Sequence[Quota]) -> tuple[Quota, ...]:
    """Return quotas that cannot be kept together, of which none can be spared."""
    kept = list(quotas)
    for quota in quotas:
        fewer = [one for one in kept if one is not quota]
        if _best(candidates, picks, fewer) is None:
            kept = fewer
    return tuple(kept)
