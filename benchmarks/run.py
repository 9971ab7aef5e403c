"""``python -m benchmarks.run``: the figures of the README, printed as they are measured.

Every plan is checked. Times are wall-clock seconds of the library call, reading and import left out, on this
machine; peers run in the same process on the same problems.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.instances import MORNING, Shape, instance
from benchmarks.peers import Found, first_common_slot, plain_model
from scheduler import Level, Options, Plan, Problem, Progress, check, explain, repair, solve
from scheduler.instance import Instance
from scheduler.objectives.idle import Idle

SCARCE = replace(MORNING, half_day_absence=0.40, missing_slot=0.30)
COUNTED = ("required", "minimum", "coverage", "value", "balance")
PEER_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Run:
    """One solved morning with its clock readings, and what the peers made of it."""

    seed: int
    problem: Problem
    plan: Plan
    first: float
    counted: float
    greedy_value: int
    greedy_idle: int
    plain: Found | None

    def level(self, name: str) -> Level:
        """Return the level called ``name``, which every morning has."""
        found = self.plan.level(name)
        if found is None:
            raise LookupError(name)
        return found

    @property
    def idle_seconds(self) -> float:
        """Seconds until the idle level was done, everything before included."""
        return self.counted + self.level("idle").seconds


def measure(shape: Shape, seed: int, limit: float, *, with_plain: bool) -> Run:
    """Solve one seeded morning and its peers."""
    problem = instance(shape, seed)
    heard: list[Progress] = []
    plan = solve(problem, Options(time_limit=limit), on_progress=heard.append)
    if violations := check(problem, plan):
        raise SystemExit(f"seed {seed} breaks a rule: {violations[0].sentence}")
    indexed = Instance(problem)
    greedy = first_common_slot(problem)
    return Run(
        seed=seed,
        problem=problem,
        plan=plan,
        first=heard[0].seconds,
        counted=sum(level.seconds for level in plan.objectives if level.name in COUNTED),
        greedy_value=sum(indexed.value[request] for request in greedy),
        greedy_idle=Idle(indexed).measure(greedy),
        plain=plain_model(problem, PEER_SECONDS, workers=2) if with_plain else None,
    )


def spread(values: Iterable[float], digits: int = 2) -> str:
    """Return median and maximum."""
    listed = sorted(values)
    return f"{statistics.median(listed):.{digits}f} ({listed[-1]:.{digits}f})"


def mornings(name: str, shape: Shape, seeds: range, limit: float, *, with_plain: bool) -> list[Run]:
    """Print the table of one availability."""
    print(f"\n### {name}: {shape.buyers} × {shape.structures}, {shape.requests} requests, {shape.slots} slots\n")
    print(
        "| seed | meetings | value (bound) | balance proved | to here, s | first plan, s | idle (bound) | idle, s ",
        end="",
    )
    print("| greedy: value, idle | plain CP-SAT: value, idle (bound) |")
    print("| ---: | ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    runs = []
    for seed in seeds:
        run = measure(shape, seed, limit, with_plain=with_plain)
        runs.append(run)
        value, idle = run.level("value"), run.level("idle")
        plain = run.plain
        peer = (
            "–"
            if plain is None
            else f"{plain.value}{'' if plain.value_proved else '?'}, {plain.idle} ({plain.idle_bound})"
        )
        print(
            f"| {seed} | {len(run.plan.meetings)} | {value.value} ({value.bound}) "
            f"| {'yes' if run.level('balance').proved else 'no'} | {run.counted:.3f} | {run.first:.3f} "
            f"| {idle.value} ({idle.bound}) | {run.idle_seconds:.2f} "
            f"| {run.greedy_value}, {run.greedy_idle} | {peer} |",
            flush=True,
        )
    proved = sum(all(run.level(level).proved for level in COUNTED) for run in runs)
    in_ten = sum(run.level("idle").proved and run.idle_seconds <= 10 for run in runs)
    in_all = sum(run.level("idle").proved for run in runs)
    print(
        f"\nRequired to balance proved: {proved} of {len(runs)}, "
        f"{spread((r.counted for r in runs), 3)} s, median (maximum). ",
        end="",
    )
    print(f"First plan: {spread((r.first for r in runs), 3)} s. ", end="")
    print(
        f"Idle proved: {in_ten} of {len(runs)} within 10 s, {in_all} within {limit:.0f} s, "
        f"{spread(r.idle_seconds for r in runs)} s."
    )
    lost = [100 - 100 * run.greedy_value / int(run.level("value").value) for run in runs]  # type: ignore[arg-type]
    print(
        f"Greedy loses {statistics.mean(lost):.1f} % of the value and leaves "
        f"{spread((r.greedy_idle for r in runs), 0)} idle slots."
    )
    return runs


def on_the_day(problem: Problem, seed: int) -> list[tuple[str, Problem, str | None]]:
    """Return what can happen to a morning: late, leaving early, absent."""
    late, leaving, absent = (problem.participants[n] for n in (seed % 10, 10 + seed % 27, 10 + (seed + 7) % 27))
    slots = [slot.id for slot in problem.slots]

    def with_available(person: str, kept: Callable[[str], bool]) -> Problem:
        people = tuple(
            replace(p, available=tuple(s for s in (p.available or slots) if kept(s))) if p.id == person else p
            for p in problem.participants
        )
        return replace(problem, participants=people)

    return [
        ("late by 3 slots", with_available(late.id, lambda s: s not in slots[3:6]), slots[3]),
        ("leaves early", with_available(leaving.id, lambda s: s in slots[:4]), slots[4]),
        ("absent", with_available(absent.id, lambda _s: False), None),
    ]


def repairs(runs: list[Run]) -> None:
    """Print what repairing costs."""
    seconds: list[float] = []
    proved = 0
    for run in runs:
        for _what, changed, now in on_the_day(run.problem, run.seed):
            began = time.perf_counter()
            plan = repair(changed, run.plan, Options(time_limit=30), now=now)
            seconds.append(time.perf_counter() - began)
            changes = plan.level("changes")
            proved += changes is not None and changes.proved
    seconds.sort()
    p95 = seconds[int(0.95 * (len(seconds) - 1))]
    print("\n### Repair (a buyer 3 slots late, a structure leaves early, a structure absent), all levels\n")
    print(f"Fewest changes proved: {proved} of {len(seconds)}; median {statistics.median(seconds):.3f} s, ", end="")
    print(f"p95 {p95:.3f} s, maximum {seconds[-1]:.3f} s.")


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
    seconds.sort()
    p95 = seconds[int(0.95 * (len(seconds) - 1))]
    print("\n### Explain: the cheapest change that would serve a request\n")
    print(f"{len(seconds)} unserved requests, {remedies} remedies solved; ", end="")
    print(f"median {statistics.median(seconds):.3f} s, p95 {p95:.3f} s, maximum {seconds[-1]:.3f} s.")


def processor() -> str:
    """Return the processor's name, as far as the machine tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def main() -> None:
    """Run the benchmarks that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--limit", type=float, default=60.0, help="seconds for each morning")
    parser.add_argument("--without-plain", action="store_true", help="leave out the textbook model")
    options = parser.parse_args()
    today = datetime.now(UTC).date()
    tools = f"Python {platform.python_version()}, OR-Tools {version('ortools')}, one thread."
    print(f"{today:%d %B %Y}, {processor()}, {tools}")
    seeds = range(1, options.seeds + 1)
    normal = mornings("Normal availability", MORNING, seeds, options.limit, with_plain=not options.without_plain)
    mornings("Scarce availability", SCARCE, seeds, options.limit, with_plain=not options.without_plain)
    repairs(normal)
    explanations(normal)


if __name__ == "__main__":
    main()
