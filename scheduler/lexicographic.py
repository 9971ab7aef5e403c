"""Level after level, each by the cheapest part that can settle it.

Each step is solved over all plans that are as good on the steps before. The first steps are bounded together by the
flow (``scheduler.flow``); a timetable on the last face of the flow proves them all at once, and at any size the first
one built (``scheduler.colouring``) mostly is one. Where value's bound has no timetable, the relaxation that knows the
clock bounds it and comes close (``scheduler.polishing``). Waiting is annealed (``scheduler.annealing``). What is then
not proved goes to the exact model, as long as that is small enough to search, on the face that was reached.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from scheduler.annealing import Annealing
from scheduler.colouring import first_timetable, nearest_timetable
from scheduler.flow import Bounds, Flow
from scheduler.instance import Instance, Placement, Placements
from scheduler.model import Model
from scheduler.objectives import Bundle, Changes, Objective
from scheduler.objectives.idle import Idle
from scheduler.polishing import Polishing
from scheduler.relaxation import Promises
from scheduler.rules import model_of
from scheduler.search import BEAT_SECONDS, Pace, Search
from scheduler.seating import seat
from scheduler.timetable import Timetable

PROMISES: Final = frozenset({"required", "minimum", "coverage"})
"""The levels that the relaxation can price."""

LARGEST_MODEL: Final = 40_000
"""Above so many (request, slot) literals the exact model is not built: the heuristic and the flow answer."""

SECONDS_PER_REQUEST: Final = 3e-5
"""What the flows and the first timetable take on an ordinary machine, for each request."""

TIMETABLE_SHARE: Final = 0.2
"""Share of the work left (``Search.work_left``) that one search for a timetable on a face may do."""

POLISHING: Final = 0.4
"""Share of the work left that may go to coming closer to value's bound."""

ANNEALING: Final = 0.75
EXACT_ANNEALING: Final = 0.4
"""Share of the work left that annealing may do, without and with an exact search after it."""

STEPS_BY_SIZE: Final = 10
"""Steps per meeting and meeting: more have not been seen to help."""

OFFER_SECONDS: Final = 5.0
"""How often a plan under way is told, so that little is lost when a process is killed."""

LATER_LEVELS: Final = 0.6
"""Share of the work left that a level leaves to those after it."""


@dataclass(slots=True)
class Result:
    """What was reached on one step."""

    objective: Objective
    value: int
    bound: int
    seconds: float

    @property
    def proved(self) -> bool:
        """Whether no plan as good on the steps before does better."""
        return self.value == self.bound


Listener = Callable[[Objective, Placements, int | None], None]


class Lexicographic:
    """The descent through the steps, which notes what it reached in ``results``.

    From the first timetable on, ``best`` is a complete plan that keeps every rule.
    """

    def __init__(
        self,
        instance: Instance,
        objectives: Sequence[Objective],
        search: Search,
        results: list[Result],
        *,
        pinned: Placements,
        listener: Listener,
    ) -> None:
        self.instance = instance
        self.objectives = objectives
        self.search = search
        self.best: dict[int, Placement] = {}
        self.results = results
        self._pinned = pinned
        self._has_changes = any(isinstance(objective, Changes) for objective in objectives)
        self._listener = listener
        self._first: tuple[Timetable, Placements] | None = None
        self._flow = Flow(instance)
        self._figures: list[int] = []
        self._faces: list[Bounds] = []
        self._reached_by_flow = 0
        self._model: Model | None = None

    def run(self) -> None:
        """Solve every step, as far as the time goes."""
        self._solve_flows()
        self._find_first()
        self._polish()
        reached = self._longest_timetable()
        seconds = self.search.elapsed
        for objective, figure in zip(self.objectives[:reached], self._figures, strict=False):
            self.results.append(Result(objective, figure, figure, seconds / reached))
        self._reached_by_flow = reached
        before = self.best
        while len(self.results) < len(self.objectives):
            self._solve_next()
        if self.best is not before:
            # A level left unproved may have gained from a search on a later one.
            for result in self.results:
                result.value = result.objective.measure(self.best)

    def _solve_flows(self) -> None:
        """Bound the leading steps that the flow knows, each on the face of those before."""
        for objective in self.objectives:
            if isinstance(objective, Changes):
                self._flow.begin([*self._pinned, *objective.previous])
        for objective in self.objectives:
            reward = objective.reward(self._flow)
            if reward is None or self.search.over:
                return
            gain = self._flow.maximise(reward)
            if gain is None:
                return
            self._figures.append(objective.base + gain if objective.maximise else objective.base - gain)
            self._faces.append(self._flow.bounds())

    def _find_first(self) -> None:
        """Place the flow's choice: the first complete plan."""
        chosen = self._flow.chosen() if self._faces else self.instance.requests
        if self._has_changes:
            timetable = nearest_timetable(self.instance, chosen, self._pinned)
        else:
            timetable = first_timetable(self.instance, chosen, lambda: self.search.over)
        self.best = seat(self.instance, self._with_tables(timetable))
        self._first = timetable, self.best
        walks = not self._has_changes and any(isinstance(objective, Idle) for objective in self.objectives)
        self.search.walk_ahead = walks and not all(self.instance.arrays.fixed[request] for request in self.best)
        self.search.worked(SECONDS_PER_REQUEST * len(self.instance.requests))
        if self.objectives:
            self._listener(self.objectives[0], self.best, next(iter(self._figures), None))

    def timetable(self) -> Timetable:
        """Return the timetable of the best plan."""
        if self._first is not None and self._first[1] is self.best:
            return self._first[0]
        return Timetable(self.instance, self.best)

    def _with_tables(self, timetable: Timetable) -> dict[int, Placement]:
        """Return the plan of a timetable in which whoever keeps its slot keeps its pool table too."""
        pool = self.instance.pool_tables
        return {
            request: kept
            if (kept := self._pinned.get(request)) is not None and kept.slot == slot and kept.table in pool
            else Placement(slot, None)
            for request, slot in timetable.placed.items()
        }

    def _polish(self) -> None:
        """Where value has not reached the flow's bound, bound it by the clock, and come closer to that."""
        rank = self._reached()
        names = [objective.name for objective in self.objectives[: rank + 1]]
        if (
            rank == len(self._figures)
            or names[-1] != "value"
            or not PROMISES.issuperset(names[:-1])
            or self.search.over
        ):
            return
        timetable = Timetable(self.instance, self.best)
        polishing = Polishing(timetable, Promises(self.instance, names[:-1]), self.search)
        polishing.run(POLISHING, self._beat(self.objectives[rank], self._figures[rank], timetable))
        self._offer(timetable.placements)
        if polishing.bound is None or self._reached() < rank:
            return
        # What the promises are worth is the same in the bound: the rest of it bounds the value.
        value = self.objectives[rank]
        bound = polishing.bound - polishing.worth + value.measure(timetable.placements)
        if bound < self._figures[rank]:
            # No timetable reaches the flow's bound on value, so none reaches those of the steps after it.
            self._figures[rank:] = [bound]
            del self._faces[rank:]

    def _beat(self, objective: Objective, bound: int, timetable: Timetable) -> Callable[[], None]:
        """Return what tells the best plan about once a second, and now and then looks at what ``timetable`` has become.

        What is seen on the way is told, not kept: it depends on the clock.
        """
        told = offered = self.search.elapsed
        shown = self.best

        def beat() -> None:
            nonlocal told, offered, shown
            now = self.search.elapsed
            if now - offered > OFFER_SECONDS:
                offered = now
                shown = self._better(timetable.placements, shown)
            if now - told > BEAT_SECONDS:
                told = now
                self._listener(objective, shown, bound)

        return beat

    def _offer(self, plan: Placements) -> None:
        """Take ``plan`` when it is better than the best so far."""
        self.best = self._better(plan, self.best)

    def _better(self, plan: Placements, than: dict[int, Placement]) -> dict[int, Placement]:
        """Return ``plan``, seated, where it is better; else what it was held against."""
        plan = seat(self.instance, plan)
        return plan if self._is_better(plan, than) else than

    def _is_better(self, plan: Placements, other: Placements) -> bool:
        """Say whether ``plan`` comes before ``other`` in lexicographic order."""
        for objective in self.objectives:
            new, old = objective.measure(plan), objective.measure(other)
            if new != old:
                return (new > old) == objective.maximise
        return len(plan) > len(other)

    def _reached(self) -> int:
        """Return how many leading steps the best plan has at their bound."""
        for rank, figure in enumerate(self._figures):
            if self.objectives[rank].measure(self.best) != figure:
                return rank
        return len(self._figures)

    def _small(self) -> bool:
        return self.instance.literals <= LARGEST_MODEL

    def _longest_timetable(self) -> int:
        """Return the number of leading steps for which some plan reaches every flow bound, and keep that plan.

        Faces are nested, so the answer is found by bisection: the last face first, for nearly always it has a
        timetable, then the very next one, for where the last has none that one rarely has.
        """
        least, most = self._reached(), len(self._figures)
        attempt = most
        while least < most and not self.search.cut and self._small():
            first = attempt == len(self._figures)
            if self._has_timetable(attempt):
                least = max(attempt, self._reached())
            else:
                most = attempt - 1
            attempt = least + 1 if first else (least + most + 1) // 2
        return least

    def _has_timetable(self, steps: int) -> bool:
        model = self._on_face(steps)
        model.hint(self.best)
        _status, plan, _bound = self.search.run(model, share=TIMETABLE_SHARE)
        if plan is not None:
            self._offer(plan)
        return self._reached() >= steps

    def _on_face(self, steps: int) -> Model:
        """Return the model of the plans on the face of the first ``steps`` levels.

        On the flow's bound of ``changes`` whoever can keep its slot does; that it keeps its table too is not
        for the flow to know, so the level is held in the model as well.
        """
        changes = [rank for rank, objective in enumerate(self.objectives[:steps]) if isinstance(objective, Changes)]
        known = min(steps, len(self._faces))
        face = self._flow.face(self._faces[known - 1]) if known else None
        model = model_of(self.instance, face, self._pinned if changes else {})
        for rank in [*changes, *range(known, steps)]:
            objective = self.objectives[rank]
            hold(model, objective, objective.expression(model), self._figures[rank])
        return model

    def _solve_next(self) -> None:
        """Optimise the next step, or a bundle of small ones, and note what was reached."""
        rank = len(self.results)
        began = self.search.elapsed
        if rank == self._reached_by_flow and rank < len(self._figures):
            objective, figure = self.objectives[rank], self._figures[rank]
            value, bound = self._solve_step(objective, figure)
            self.results.append(Result(objective, value, bound, self.search.elapsed - began))
            return
        bundle = Bundle.longest(self.objectives[rank:])
        if bundle is None:
            value, bound = self._solve_step(self.objectives[rank], None)
            self.results.append(Result(self.objectives[rank], value, bound, self.search.elapsed - began))
            return
        value, bound = self._solve_step(bundle, None)
        seconds = (self.search.elapsed - began) / len(bundle.parts)
        self.results += [Result(*part, seconds) for part in bundle.split(value, bound)]

    def _solve_step(self, objective: Objective, flow_figure: int | None) -> tuple[int, int]:
        """Optimise one step in the exact model, then hold it; return the value and the bound."""
        if isinstance(objective, Idle):
            self._anneal(objective)
        value = objective.measure(self.best)
        limits = [objective.limit()] if flow_figure is None else [objective.limit(), flow_figure]
        bound = min(limits) if objective.maximise else max(limits)
        if not self._small() or self.search.cut:
            return value, bound
        if value != bound:
            self._tell(objective, self.best, bound)
        if self._model is None:
            if value == bound:
                # Nothing to search yet: a later step holds this one when the model is built.
                return value, bound
            self._model = self._build()
        expression = objective.expression(self._model)
        if value != bound and expression is not None and not self.search.over:
            self._tell(objective, self.best, bound)
            bound = self._improve(self._model, objective, expression, bound)
        value = objective.measure(self.best)
        if expression is not None:
            hold(self._model, objective, expression, value)
        return value, bound

    def _anneal(self, idle: Idle) -> None:
        """Walk to a timetable of the same meetings with less waiting."""
        if self._has_changes or self.search.over or not self.best:
            return  # what a repair moves is counted, and annealing moves everybody
        timetable = Timetable(self.instance, self.best)
        annealing = Annealing(timetable, self.search.options.seed)
        seconds = self.search.work_left * (EXACT_ANNEALING if self._small() else ANNEALING)
        rate = annealing.steps_a_second()
        steps = int(min(rate * seconds, STEPS_BY_SIZE * len(self.best) ** 2)) + 1
        pace = Pace(self.search, self._beat(idle, idle.limit(), timetable))
        self.search.worked(annealing.run(steps, pace.over) / rate)
        self._offer(timetable.placements)

    def _build(self) -> Model:
        """Build the exact model on the face reached, holding the steps solved since."""
        model = self._on_face(self._reached_by_flow)
        for result in self.results[self._reached_by_flow :]:
            expression = result.objective.expression(model)
            if expression is not None:
                hold(model, result.objective, expression, result.value)
        return model

    def _tell(self, objective: Objective, plan: Placements, bound: int) -> None:
        """Tell the listener; of a bundle, its first step."""
        if isinstance(objective, Bundle):
            objective, _value, bound = next(objective.split(objective.measure(plan), bound))
        self._listener(objective, plan, bound)

    def _improve(self, model: Model, objective: Objective, expression: object, bound: int) -> int:
        """Search for a better value; return the best bound."""
        model.hint(self.best)
        told = bound
        shown = self.best
        last = objective is self.objectives[-1]

        def heard(found: int | None) -> int:
            if found is None:
                return bound
            return min(bound, found) if objective.maximise else max(bound, found)

        def on_plan(plan: Placements) -> None:
            # Plans heard on the way are told, not kept: which are heard depends on timing when workers
            # share the search, and the last one is at least as good.
            nonlocal shown
            better = self._better(plan, shown)
            if better is not shown:
                shown = better
                self._tell(objective, shown, told)

        def on_beat(found: int | None) -> None:
            nonlocal told
            told = heard(found)
            self._tell(objective, shown, told)

        _status, plan, found = self.search.run(
            model,
            expression,  # type: ignore[arg-type]
            maximise=objective.maximise,
            share=1.0 if last else 1.0 - LATER_LEVELS,
            on_plan=on_plan,
            on_beat=on_beat,
        )
        if plan is not None:
            self._offer(plan)
        return heard(found)


def hold(model: Model, objective: Objective, expression: object, value: int) -> None:
    """Keep only the plans of ``model`` that are at least as good as ``value``."""
    if objective.maximise:
        model.cp.add(expression >= value)  # type: ignore[operator]
    else:
        model.cp.add(expression <= value)  # type: ignore[operator]
