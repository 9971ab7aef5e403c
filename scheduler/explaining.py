"""What would it take to serve this request? The cheapest change to the plan, really solved.

The request is forced into the model; the meetings of the plan may move or go, nothing else may come. The
cost is, in this order: availability that someone must give, required meetings that go, 3 × cancelled + 2 × moved in
time + 1 × moved table, and the value that goes with what is cancelled. Locks and every hard rule hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from scheduler.comparing import compare
from scheduler.document import InputError
from scheduler.instance import Instance, Placements
from scheduler.model import Expression, Model
from scheduler.objectives import Changes, objectives_of
from scheduler.plan import Counterfactual, Meeting, Plan, Unserved
from scheduler.problem import Participant, Problem, Request
from scheduler.reasons import unserved_of
from scheduler.rules import model_of
from scheduler.search import Options, Search
from scheduler.seating import seat
from scheduler.solving import require_usable
from scheduler.timetable import Timetable
from scheduler.validating import Fault

Openings = dict[int, tuple[str, ...]]
"""By slot, who would have to open it: participants by id, and the request itself for its own slots."""

LEVEL_NAMES: Final = {
    "required": "les entretiens obligatoires",
    "minimum": "les minimums promis",
    "coverage": "le nombre de participants qui ont un entretien",
    "value": "la valeur totale",
    "balance": "l'équilibre entre participants",
    "changes": "la stabilité du planning",
    "idle": "les attentes",
    "moves": "les changements de table",
    "early": "l'heure des entretiens",
}


def explain(
    problem: Problem,
    plan: Plan,
    request: str | None = None,
    options: Options = Options(),  # noqa: B008 - a frozen value
    *,
    stop: Callable[[], bool] | None = None,
) -> tuple[Unserved, ...]:
    """Return each unserved request of ``plan`` (or only ``request``) with its reason and cheapest remedy.

    Raises InputError when the problem is unusable or ``request`` is unknown. A request that is served gives
    an empty tuple. Once ``options.time_limit`` is used up or ``stop`` says true, reasons come without remedy.
    """
    require_usable(problem)
    instance = Instance(problem)
    if request is not None and request not in instance.request_rank:
        raise InputError([Fault("REQUEST", f"la demande « {request} » n'existe pas dans le problème.")])
    known = tuple(m for m in plan.meetings if m.request in instance.request_rank and m.slot in instance.slot_rank)
    placements = instance.placements(known)
    search = Search(options, stop)
    found = unserved_of(Timetable(instance, placements), placements, proved=plan.status == "optimal")
    wanted = [unserved for unserved in found if request in {None, unserved.request}]
    return tuple(_with_remedy(problem, placements, unserved, search) for unserved in wanted)


def _with_remedy(problem: Problem, placements: Placements, unserved: Unserved, search: Search) -> Unserved:
    remedy = _cheapest(problem, placements, unserved, search)
    if remedy is None:
        return unserved
    sentence = unserved.sentence
    if remedy.worse is not None and unserved.reason in {"buyer_full", "structure_full", "others_preferred"}:
        sentence = f"{sentence[:-1]} ; le servir coûterait sur {LEVEL_NAMES[remedy.worse]}."
    return replace(unserved, sentence=sentence, would_need=tuple(_words(remedy)), counterfactual=remedy)


def _cheapest(problem: Problem, placements: Placements, unserved: Unserved, search: Search) -> Counterfactual | None:
    """Solve for the cheapest change; where the pair shares no slot, one may be opened, asking the least of people."""
    if unserved.reason == "excluded" or search.over:
        return None
    if unserved.reason == "no_common_slot":
        return _with_opening(problem, placements, unserved.request, search)
    return _forced(problem, placements, unserved.request, search)


def _with_opening(problem: Problem, placements: Placements, name: str, search: Search) -> Counterfactual | None:
    """Try the slots that ask the least of people first, all that ask as much at once."""
    instance = Instance(problem)
    wish = problem.requests[instance.request_rank[name]]
    openings = _openings(instance, wish)
    for price in sorted({len(asked) for asked in openings.values()}):
        given = {slot: asked for slot, asked in openings.items() if len(asked) == price}
        found = _forced(problem, placements, name, search, given)
        if found is not None:
            slot = found.meeting.slot
            return replace(found, opened=tuple((who, slot) for who in given[instance.slot_rank[slot]]))
    return None


def _openings(instance: Instance, wish: Request) -> Openings:
    """Return, for each slot, who would have to open it: participants, and the request's own slots by its id."""
    request = instance.request_rank[wish.id]
    return {
        slot: (
            *(
                instance.problem.participants[person].id
                for person in instance.sides(request)
                if not instance.available[person] >> slot & 1
            ),
            *((wish.id,) if wish.slots is not None and instance.problem.slots[slot].id not in wish.slots else ()),
        )
        for slot in range(instance.slot_count)
    }


def _opened(problem: Problem, wish: Request, given: Openings) -> Problem:
    """Return the problem in which all that is ``given`` is open."""
    slots: dict[str, list[str]] = {}
    for slot, asked in given.items():
        for who in asked:
            slots.setdefault(who, []).append(problem.slots[slot].id)

    def give(person: Participant) -> Participant:
        return (
            replace(person, available=(*(person.available or ()), *slots[person.id])) if person.id in slots else person
        )

    def allow(request: Request) -> Request:
        if request.id != wish.id or wish.id not in slots:
            return request
        return replace(request, slots=(*(request.slots or ()), *slots[wish.id]))

    return replace(
        problem,
        participants=tuple(map(give, problem.participants)),
        requests=tuple(map(allow, problem.requests)),
    )


def _forced(
    problem: Problem, placements: Placements, name: str, search: Search, given: Openings | None = None
) -> Counterfactual | None:
    """Return the cheapest plan that serves ``name``, in one of the slots ``given`` to it where there are any."""
    old = Instance(problem)
    wish = problem.requests[old.request_rank[name]]
    instance = Instance(_without_others(_opened(problem, wish, given) if given else problem, placements, name))
    kept = instance.placements(old.meetings(placements))
    changes = Changes(instance, kept)
    model = model_of(instance)
    request = instance.request_rank[name]
    slots = range(instance.slot_count) if given is None else given
    model.cp.add_bool_or([model.at[request, slot] for slot in slots if (request, slot) in model.at])
    for slot, asked in (given or {}).items():
        # What is opened for this request serves others only together with it.
        for other in {r for who in asked if who != name for r in instance.requests_of[instance.participant_rank[who]]}:
            if other != request and (other, slot) in model.at:
                model.cp.add_implication(model.at[other, slot], model.at[request, slot])
    model.hint(kept)
    status, plan, _bound = search.run(model, _cost(model, changes, kept))
    if plan is None or status != "optimal":
        return None
    after = seat(instance, plan)
    meetings = {meeting.request: meeting for meeting in instance.meetings(after)}
    before = old.meetings(placements)
    difference = compare(problem, Plan("feasible", before), Plan("feasible", tuple(meetings.values())))
    return Counterfactual(
        meeting=meetings[name],
        cancelled=difference.cancelled,
        moved=difference.moved,
        worse=_first_worse(old, placements, old.placements(tuple(meetings.values()))),
    )


def _cost(model: Model, changes: Changes, kept: Placements) -> Expression:
    """Return required meetings lost, then changes, then value lost, as one sum in which each outweighs the next."""
    instance = model.instance
    value = sum(instance.value[request] for request in kept) + 1
    promise = value * (changes.base + 2 * len(kept) + 1)
    served = (
        -(instance.value[request] + promise * instance.required[request]) * literal
        for (request, _slot), literal in model.at.items()
        if request in kept
    )
    return value * changes.expression(model) + model.total(served)


def _without_others(problem: Problem, placements: Placements, name: str) -> Problem:
    """Return the problem with only the requests of the plan and ``name``."""
    kept = {problem.requests[request].id for request in placements} | {name}
    return replace(
        problem,
        requests=tuple(request for request in problem.requests if request.id in kept),
        locks=tuple(lock for lock in problem.locks if lock.request in kept),
    )


def _first_worse(instance: Instance, before: Placements, after: Placements) -> str | None:
    """Return the first level that differs, when it is for the worse."""
    for objective in objectives_of(instance, instance.problem.settings.objectives):
        old, new = objective.measure(before), objective.measure(after)
        if old != new:
            return None if (new > old) == objective.maximise else objective.name
    return None


def _words(remedy: Counterfactual) -> Iterator[str]:
    """Say what the remedy asks for, one step a line."""
    meeting = remedy.meeting
    for who, slot in remedy.opened:
        yield f"{who} accepte {slot}" if who == meeting.request else f"{who} se rend disponible en {slot}"
    for move in remedy.moved:
        if move.before.slot != move.after.slot:
            yield (f"déplacer {move.before.request} ({_pair(move.before)}) de {move.before.slot} à {move.after.slot}")
        else:
            yield f"{move.before.request} ({_pair(move.before)}) change de table : {move.after.table}"
    for gone in remedy.cancelled:
        freed = [person for person in (gone.buyer, gone.structure) if person in {meeting.buyer, meeting.structure}]
        whose = f" de {freed[0]}" if freed else ""
        yield f"libérer {gone.slot}{whose}, au prix de {gone.request} ({_pair(gone)})"
    yield f"placer {meeting.request} en {_place(meeting)}"


def _pair(meeting: Meeting) -> str:
    return f"{meeting.buyer} – {meeting.structure}"


def _place(meeting: Meeting) -> str:
    return meeting.slot if meeting.table is None else f"{meeting.slot}, table {meeting.table}"
