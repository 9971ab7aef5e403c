"""The levels that count meetings without the clock: required, minimum, coverage, value, balance.

On the flow each is a reward on single arcs. The rewards of a participant's first, second … meeting are
collected from the first on: a level that rewards the k-th comes after levels that reward those before it, or
rewards all of the first k, so a flow gains nothing by leaving an earlier unit empty.
"""

from __future__ import annotations

from scheduler.flow import Flow
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

    def reward(self, flow: Flow) -> dict[int, int]:
        """One a required request."""
        del flow
        return dict.fromkeys(self._requests, 1)

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

    def reward(self, flow: Flow) -> dict[int, int]:
        """Each request its value."""
        del flow
        return dict(enumerate(self._value))

    def expression(self, model: Model) -> Expression:
        """Weigh each literal by the value of its request."""
        return model.total(self._value[request] * literal for (request, _slot), literal in model.at.items())


class _Reached:
    """The number of participants that reach their own target number of meetings."""

    name: str
    maximise = True

    def __init__(self, instance: Instance, target: dict[int, int], base: int) -> None:
        self.base = base
        self._instance = instance
        self._target = target

    def measure(self, plan: Placements) -> int:
        """Count the participants at or above their target."""
        counts = self._instance.counts(plan)
        return self.base + sum(counts[person] >= target for person, target in self._target.items())

    def limit(self) -> int:
        """Everybody who can hold so many meetings at all."""
        capacity = self._instance.capacity
        return self.base + sum(capacity[person] >= target for person, target in self._target.items())

    def reward(self, flow: Flow) -> dict[int, int]:
        """One on the arc of the meeting that reaches the target."""
        arcs = (flow.unit(person, target) for person, target in self._target.items())
        return {arc: 1 for arc in arcs if arc is not None}

    def expression(self, model: Model) -> Expression:
        """Sum one literal a participant, true only when its meetings reach the target."""
        reached: list[Expression] = []
        for person, target in self._target.items():
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
        super().__init__(instance, {p: 1 for p in instance.people if instance.requests_of[p]}, 0)


class Balance(_Reached):
    """The number of participants with at least min(``rank``, own requests) meetings: one step of the leximin."""

    name = "balance"

    def __init__(self, instance: Instance, rank: int) -> None:
        asking = {person: min(rank, len(instance.requests_of[person])) for person in instance.people}
        target = {person: least for person, least in asking.items() if least}
        super().__init__(instance, target, len(asking) - len(target))


class Minimum:
    """The number of meetings missing below the participants' minima; fewer is better."""

    name = "minimum"
    maximise = False

    def __init__(self, instance: Instance) -> None:
        people = instance.problem.participants
        self._instance = instance
        self._least = {rank: person.min_meetings for rank, person in enumerate(people) if person.min_meetings}
        self.base = sum(self._least.values())

    def measure(self, plan: Placements) -> int:
        """Sum what each participant misses."""
        counts = self._instance.counts(plan)
        return sum(max(0, least - counts[person]) for person, least in self._least.items())

    def limit(self) -> int:
        """What is missing when everybody holds as many as it can."""
        capacity = self._instance.capacity
        return sum(max(0, least - capacity[person]) for person, least in self._least.items())

    def reward(self, flow: Flow) -> dict[int, int]:
        """One on each of the first meetings, up to the minimum."""
        arcs = (flow.unit(person, rank) for person, least in self._least.items() for rank in range(1, least + 1))
        return {arc: 1 for arc in arcs if arc is not None}

    def expression(self, model: Model) -> Expression:
        """Sum one integer a participant, at least what it misses."""
        missing: list[Expression] = []
        for person, least in self._least.items():
            short = model.cp.new_int_var(0, least, "")
            model.cp.add(short + model.total(model.meetings_of(person)) >= least)
            missing.append(short)
        return model.total(missing)
