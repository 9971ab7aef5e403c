"""The levels that count meetings without the clock: required, minimum, coverage, value, balance.

On the flow each is a reward on single arcs. The rewards of a participant's first, second … meeting are
collected from the first on: a level that rewards the k-th comes after levels that reward those before it, or
rewards all of the first k, so a flow gains nothing by leaving an earlier unit empty.
"""

from __future__ import annotations

import numpy as np

from scheduler.flow import Flow, Reward
from scheduler.instance import Instance, Placements
from scheduler.model import Expression, Model


class Required:
    """The number of served requests among the required ones."""

    name = "required"
    maximise = True
    base = 0

    def __init__(self, instance: Instance) -> None:
        self._requests = [request for request in instance.requests if instance.required[request]]

    def measure(self, plan: Placements) -> int:
        """Count the required requests served."""
        return sum(request in plan for request in self._requests)

    def limit(self) -> int:
        """All of them."""
        return len(self._requests)

    def reward(self, flow: Flow) -> Reward:
        """One a required request."""
        del flow
        return np.array(self._requests, dtype=np.int64), 1

    def expression(self, model: Model) -> Expression:
        """Sum the literals of the required requests."""
        return model.total(literal for request in self._requests for literal in model.of_request[request])


class Value:
    """The total value of the served requests."""

    name = "value"
    maximise = True
    base = 0

    def __init__(self, instance: Instance) -> None:
        self._value = instance.value

    def measure(self, plan: Placements) -> int:
        """Sum the values of the requests served."""
        return sum(self._value[request] for request in plan)

    def limit(self) -> int:
        """All of it."""
        return sum(self._value)

    def reward(self, flow: Flow) -> Reward:
        """Each request its value."""
        del flow
        return np.arange(len(self._value)), np.array(self._value, dtype=np.int64)

    def expression(self, model: Model) -> Expression:
        """Weigh each literal by the value of its request."""
        return model.total(self._value[request] * literal for (request, _slot), literal in model.at.items())


class _Reached:
    """The number of participants with at least ``rank`` meetings, or all that they asked for."""

    name: str
    maximise = True
    base: int

    def __init__(self, instance: Instance, rank: int) -> None:
        self._instance = instance
        self._people = np.flatnonzero(instance.arrays.asked)
        self._least = np.minimum(instance.arrays.asked[self._people], rank)

    def measure(self, plan: Placements) -> int:
        """Count the participants at or above their target."""
        return self._reached_with(self._instance.counts(plan))

    def limit(self) -> int:
        """Everybody who can hold so many meetings at all."""
        return self._reached_with(np.array(self._instance.capacity))

    def _reached_with(self, counts: np.ndarray) -> int:
        return self.base + int(np.count_nonzero(counts[self._people] >= self._least))

    def reward(self, flow: Flow) -> Reward:
        """One on the arc of the meeting that reaches the target."""
        return flow.units(self._people, self._least), 1

    def expression(self, model: Model) -> Expression:
        """Sum one literal a participant, true only when its meetings reach the target."""
        reached: list[Expression] = []
        for person, target in zip(self._people.tolist(), self._least.tolist(), strict=True):
            meetings = model.meetings_of(person)
            if len(meetings) < target:
                continue
            literal = model.cp.new_bool_var("")
            model.cp.add(model.total(meetings) >= target).only_enforce_if(literal)
            reached.append(literal)
        return model.total([self.base, *reached])


class Coverage(_Reached):
    """The number of participants with a meeting, among those with a request."""

    name = "coverage"

    def __init__(self, instance: Instance) -> None:
        self.base = 0
        super().__init__(instance, 1)


class Balance(_Reached):
    """The number of participants with at least min(``rank``, own requests) meetings: one step of the leximin."""

    name = "balance"

    def __init__(self, instance: Instance, rank: int) -> None:
        super().__init__(instance, rank)
        self.base = len(instance.people) - len(self._people)


class Minimum:
    """The number of meetings missing below the participants' minima; fewer is better."""

    name = "minimum"
    maximise = False

    def __init__(self, instance: Instance) -> None:
        people = instance.problem.participants
        self._instance = instance
        self._least = np.array([person.min_meetings for person in people], dtype=np.int64)
        self.base = int(self._least.sum())

    def measure(self, plan: Placements) -> int:
        """Sum what each participant misses."""
        return self._missing_with(self._instance.counts(plan))

    def limit(self) -> int:
        """What is missing when everybody holds as many as it can."""
        return self._missing_with(np.array(self._instance.capacity, dtype=np.int64))

    def _missing_with(self, counts: np.ndarray) -> int:
        return int(np.maximum(0, self._least - counts).sum())

    def reward(self, flow: Flow) -> Reward:
        """One on each of the first meetings, up to the minimum."""
        people = np.repeat(np.arange(len(self._least)), self._least)
        before = np.repeat(np.cumsum(self._least) - self._least, self._least)
        return flow.units(people, np.arange(len(people)) - before + 1), 1

    def expression(self, model: Model) -> Expression:
        """Sum one integer a participant, at least what it misses."""
        missing: list[Expression] = []
        for person in np.flatnonzero(self._least).tolist():
            least = int(self._least[person])
            short = model.cp.new_int_var(0, least, "")
            model.cp.add(short + model.total(model.meetings_of(person)) >= least)
            missing.append(short)
        return model.total(missing)
