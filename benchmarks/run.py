"""``python -m benchmarks.run``: the figures of the README, printed as they are measured.

Every plan is checked. Times are wall-clock seconds of the library call, reading and import left out, on this
machine; peers run in the same process on the same problems.
"""

from __future__ import annotations

import argparse
import platform
import resource
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.instances import SHAPES, Shape, instance
from benchmarks.peers import Found, first_common_slot, plain_model
from scheduler import Level, Options, Plan, Problem, Progress, check, compare, explain, repair, solve
from scheduler.instance import Instance
from scheduler.objectives.idle import Idle
from tests.scheduler import independent

COUNTED = ("required", "minimum", "coverage", "value", "balance")
SIZES = {name: replace(shape, blocks=1) for name, shape in SHAPES.items()}
"""The shapes of the tables: one block of slots, in which waiting is hardest to avoid."""

LIMITS = {"morning": 60.0, "day": 30.0, "convention": 40.0, "national": 60.0}
"""Seconds that each size is given."""


REPAIRED = 6
"""Seeds of the larger sizes that are repaired, three times each."""


def scarce(shape: Shape) -> Shape:
    """Return the shape with 40 % missing the first half, 40 % the second, and 30 % of the slots left missing."""
    return replace(shape, half_day_absence=0.40, missing_slot=0.30)


@dataclass(frozen=True, slots=True)
class Run:
    """One solved problem with its clock readings, and what the peers made of it."""

    seed: int
    problem: Problem
    plan: Plan
    first: float
    waiting_people: int
    greedy_value: int
    greedy_idle: int
    plain: Found | None

    def level(self, name: str) -> Level:
        """Return the level called ``name``, which every plan here has."""
        found = self.plan.level(name)
        if found is None:
            raise LookupError(name)
        return found

    def figure(self, name: str) -> tuple[int, int]:
        """Return the value and the bound of a level that has one figure."""
        level = self.level(name)
        return int(level.value), int(level.bound)  # type: ignore[arg-type]

    @property
    def counted(self) -> float:
        """Seconds that the levels before ``idle`` took together."""
        return sum(level.seconds for level in self.plan.objectives if level.name in COUNTED)

    @property
    def idle_seconds(self) -> float:
        """Seconds until the idle level was done, everything before included."""
        return self.counted + self.level("idle").seconds

    @property
    def gap(self) -> float:
        """Per cent between value and its bound."""
        value, bound = self.figure("value")
        return 100 * (bound - value) / max(1, bound)

    @property
    def idle_each(self) -> float:
        """Idle slots per person with two meetings or more, who alone can wait."""
        return self.figure("idle")[0] / max(1, self.waiting_people)


def measure(shape: Shape, seed: int, limit: float, *, with_plain: bool) -> Run:
    """Solve one seeded problem, and let the peers do so."""
    problem = instance(shape, seed)
    heard: list[Progress] = []
    plan = solve(problem, Options(time_limit=limit), on_progress=heard.append)
    require_right(problem, plan, f"the plan of seed {seed}")
    indexed = Instance(problem)
    greedy = first_common_slot(problem)
    held = Counter(person for meeting in plan.meetings for person in (meeting.buyer, meeting.structure))
    return Run(
        seed=seed,
        problem=problem,
        plan=plan,
        first=heard[0].seconds,
        waiting_people=sum(count > 1 for count in held.values()),
        greedy_value=sum(indexed.value[request] for request in greedy),
        greedy_idle=Idle(indexed).measure(greedy),
        plain=plain_model(problem, min(limit, plan.seconds + 5) / 2, workers=2) if with_plain else None,
    )


def require_right(problem: Problem, plan: Plan, what: str) -> None:
    """Stop where a plan breaks a rule or tells a wrong figure, by the engine's checker and by the independent one."""
    if violations := check(problem, plan):
        raise SystemExit(f"{what} breaks a rule: {violations[0].sentence}")
    if broken := independent.broken_rules(problem, plan.meetings):
        raise SystemExit(f"{what} breaks « {broken[0].rule} », says the independent checker.")
    for level in plan.objectives:
        if level.name != "changes" and not independent.same(
            level.value, independent.figure(level.name, problem, plan.meetings)
        ):
            raise SystemExit(f"{what} tells a wrong figure for « {level.name} », says the independent checker.")


def spread(values: Iterable[float], digits: int = 2) -> str:
    """Return median and maximum."""
    listed = sorted(values)
    return f"{statistics.median(listed):.{digits}f} ({listed[-1]:.{digits}f})"


HEADS = (
    "seed",
    "meetings",
    "value (bound)",
    "gap, %",
    "all to balance proved",
    "to here, s",
    "first plan, s",
    "idle (bound)",
    "per person",
    "whole run, s",
    "greedy: value, idle",
    "plain CP-SAT: value, idle (bound)",
)


def table(title: str, shape: Shape, seeds: range, limit: float, plain_seeds: int) -> list[Run]:
    """Print the table of one size and availability; the first ``plain_seeds`` are given to the textbook model too."""
    print(f"\n### {title}: {shape.buyers} × {shape.structures}, {shape.requests} requests, {shape.slots} slots\n")
    print("| " + " | ".join(HEADS) + " |")
    print("| " + " | ".join(["---:"] * len(HEADS)) + " |")
    runs: list[Run] = []
    for seed in seeds:
        run = measure(shape, seed, limit, with_plain=len(runs) < plain_seeds)
        runs.append(run)
        print("| " + " | ".join(cells(run)) + " |", flush=True)
    print("\n" + "\n".join(summary(runs)))
    return runs


def cells(run: Run) -> Iterable[str]:
    """Return a run as a table's cells."""
    value, bound = run.figure("value")
    idle, idle_bound = run.figure("idle")
    yield str(run.seed)
    yield str(len(run.plan.meetings))
    yield f"{value} ({bound})"
    yield f"{run.gap:.4f}"
    yield "yes" if all(run.level(name).proved for name in COUNTED) else "no"
    yield f"{run.counted:.3f}"
    yield f"{run.first:.3f}"
    yield f"{idle} ({idle_bound})"
    yield f"{run.idle_each:.3f}"
    yield f"{run.plan.seconds:.2f}"
    yield f"{run.greedy_value}, {run.greedy_idle}"
    if run.plain is None:
        yield "–"
    elif run.plain.value is None:
        yield "nothing found"
    else:
        mark = "" if run.plain.value_proved else "?"
        yield f"{run.plain.value}{mark}, {run.plain.idle} ({run.plain.idle_bound})"


def summary(runs: list[Run]) -> Iterable[str]:
    """Return the sentences under a table; figures are median (maximum)."""
    counted = sum(all(run.level(name).proved for name in COUNTED) for run in runs)
    value = sum(run.level("value").proved for run in runs)
    idle = [run for run in runs if run.level("idle").proved]
    lost = statistics.mean(100 - 100 * run.greedy_value / run.figure("value")[0] for run in runs)
    yield (
        f"- First plan after {spread((run.first for run in runs), 3)} s. Value proved: {value} of {len(runs)}, gap "
        f"{spread((run.gap for run in runs), 4)} %. Required to balance proved: {counted} of {len(runs)}, after "
        f"{spread((run.counted for run in runs), 3)} s."
    )
    yield (
        f"- Idle slots per person with two meetings or more: {spread((run.idle_each for run in runs), 3)}; proved: "
        f"{sum(run.idle_seconds <= 10 for run in idle)} of {len(runs)} within 10 s, {len(idle)} in all, after "
        f"{spread(run.idle_seconds for run in runs)} s."
    )
    yield (
        f"- Greedy loses {lost:.1f} % of the value and leaves {spread((run.greedy_idle for run in runs), 0)} "
        f"idle slots, against {spread((run.figure('idle')[0] for run in runs), 0)}."
    )


def on_the_day(problem: Problem, seed: int) -> list[tuple[str, Problem, str | None]]:
    """Return what can happen to a morning: late, leaving early, absent."""
    buyers = [person for person in problem.participants if person.side == "buyer"]
    structures = [person for person in problem.participants if person.side == "structure"]
    late = buyers[seed % len(buyers)]
    leaving, absent = (structures[(seed + n) % len(structures)] for n in (0, 7))
    slots = [slot.id for slot in problem.slots]

    def with_available(person: str, kept: Callable[[str], bool]) -> Problem:
        people = tuple(
            replace(p, available=tuple(s for s in (slots if p.available is None else p.available) if kept(s)))
            if p.id == person
            else p
            for p in problem.participants
        )
        return replace(problem, participants=people)

    return [
        ("late by 3 slots", with_available(late.id, lambda s: s not in slots[3:6]), slots[3]),
        ("leaves early", with_available(leaving.id, lambda s: s in slots[:4]), slots[4]),
        ("absent", with_available(absent.id, lambda _s: False), None),
    ]


def repairs(name: str, shape: Shape, seeds: range, limit: float) -> None:
    """Print what repairing costs: until the fewest changes are proved, and with all levels after them."""
    proved_after: list[float] = []
    whole: list[float] = []
    hit = moved = cancelled = proved = 0
    for seed in seeds:
        problem = instance(shape, seed)
        plan = solve(problem, Options(time_limit=min(10.0, limit)))
        for _what, changed, now in on_the_day(problem, seed):
            began = time.perf_counter()
            repaired = repair(changed, plan, Options(time_limit=30), now=now)
            whole.append(time.perf_counter() - began)
            require_right(changed, repaired, f"the repair of seed {seed}")
            levels = repaired.objectives
            changes = next(rank for rank, level in enumerate(levels) if level.name == "changes")
            proved += levels[changes].proved
            proved_after.append(whole[-1] - sum(level.seconds for level in levels[changes + 1 :]))
            difference = compare(changed, plan, repaired)
            hit += impossible(changed, plan, now)
            moved += len(difference.moved)
            cancelled += len(difference.cancelled)
    print(f"\n### Repair, {name}: a buyer 3 slots late, a structure leaves early, a structure absent\n")
    print(f"- Fewest changes proved: {proved} of {len(whole)}, after {tail(proved_after)}.")
    print(f"- Whole run, all levels: {tail(whole)}.")
    print(f"- Meetings hit: {hit}, moved: {moved}, cancelled: {cancelled}, in {len(whole)} repairs.")


def impossible(changed: Problem, plan: Plan, now: str | None) -> int:
    """Count the meetings still to come that the changed problem no longer allows where ``plan`` has them."""
    indexed = Instance(changed)
    start = 0 if now is None else indexed.slot_rank[now]
    return sum(
        place.slot >= start and not indexed.allowed[request] >> place.slot & 1
        for request, place in indexed.placements(plan.meetings).items()
    )


def explanations(runs: list[Run]) -> None:
    """Print what explaining costs."""
    seconds: list[float] = []
    remedies = 0
    for run in runs:
        for unserved in run.plan.unserved:
            began = time.perf_counter()
            (told,) = explain(run.problem, run.plan, unserved.request)
            seconds.append(time.perf_counter() - began)
            remedies += told.counterfactual is not None
    print("\n### Explain: the cheapest change that would serve a request\n")
    print(f"- {len(seconds)} unserved requests, {remedies} remedies solved; each {tail(seconds)}.")


def tail(seconds: list[float]) -> str:
    """Return median, 95th percentile and maximum."""
    listed = sorted(seconds)
    high = listed[int(0.95 * (len(listed) - 1))]
    return f"median {statistics.median(listed):.3f} s, p95 {high:.3f} s, maximum {listed[-1]:.3f} s"


def processor() -> str:
    """Return the processor's name, as far as the machine tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def environment() -> str:
    """Return the day, the machine and the versions behind the figures."""
    tools = f"Python {platform.python_version()}, OR-Tools {version('ortools')}, one thread."
    return f"{datetime.now(UTC).date():%d %B %Y}, {processor()}, {tools}"


def main() -> None:
    """Run the benchmarks that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "sizes", nargs="*", choices=[[], *SIZES], metavar="size", help="morning, day, convention, national"
    )
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--limit", type=float, help="seconds for each problem, instead of what its size is given")
    parser.add_argument("--plain-seeds", type=int, default=2, help="seeds on which the textbook model is run too")
    options = parser.parse_args()
    print(environment())
    seeds = range(1, options.seeds + 1)
    for name in options.sizes or SIZES:
        shape, limit = SIZES[name], options.limit or LIMITS[name]
        normal = table(f"{name.capitalize()}, normal availability", shape, seeds, limit, options.plain_seeds)
        table(f"{name.capitalize()}, scarce availability", scarce(shape), seeds, limit, options.plain_seeds)
        repairs(name, shape, seeds if name == "morning" else seeds[:REPAIRED], limit)
        if name == "morning":
            explanations(normal)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"\nMost memory so far: {peak:.0f} MB.", flush=True)


if __name__ == "__main__":
    main()
