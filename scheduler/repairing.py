"""Repair: the day has changed, the plan follows with as few changes as it can.

The problem already holds what changed (someone late, absent, leaving, arrived; a table closed). What has begun
is not touched; then, after the promises (required, minimum, coverage), the fewest changes, then the usual
levels, which also offer freed places to requests that waited.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from scheduler.checking import lock_conflict
from scheduler.document import InputError
from scheduler.instance import Instance, Placement
from scheduler.objectives import Changes
from scheduler.plan import Meeting, Plan, Violation
from scheduler.problem import BEFORE_CHANGES, CHANGES, Lock, Problem
from scheduler.rules import RULES
from scheduler.search import Options, Search
from scheduler.solving import OnProgress, Stop, descend, require_usable
from scheduler.timetable import Timetable
from scheduler.validating import Fault


def repair(
    problem: Problem,
    previous: Plan,
    options: Options = Options(),  # noqa: B008 - a frozen value
    *,
    now: str | None = None,
    on_progress: OnProgress | None = None,
    stop: Stop | None = None,
) -> Plan:
    """Return the plan nearest to ``previous`` that the changed problem allows.

    Meetings in slots before ``now`` (a slot id; ``None``: nothing has begun) are kept as they were, and
    nothing new is placed there; those that the problem forbids today are told in ``warnings``.
    Raises InputError when the problem or ``now`` is unusable.
    """
    with _no_collection():
        return _repaired(problem, previous, options, now, on_progress, stop)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Leave cyclic garbage alone meanwhile: what a repair makes lives until its end, and the problem longer.

    At the largest size the collector would look through all of it for nothing, for a fifth of the time.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _repaired(
    problem: Problem,
    previous: Plan,
    options: Options,
    now: str | None,
    on_progress: OnProgress | None,
    stop: Stop | None,
) -> Plan:
    require_usable(problem)
    ranks = {slot.id: rank for rank, slot in enumerate(problem.slots)}
    if now is not None and now not in ranks:
        raise InputError([Fault("--now", f"le créneau « {now} » n'existe pas dans le problème.")])
    start = 0 if now is None else ranks[now]
    search = Search(options, stop)

    requests = {request.id: rank for rank, request in enumerate(problem.requests)}
    known = tuple(m for m in previous.meetings if m.request in requests and m.slot in ranks)
    before = {requests[meeting.request]: Placement(ranks[meeting.slot], meeting.table) for meeting in known}
    past = {request: placement for request, placement in before.items() if placement.slot < start}
    locks, dropped = _live_locks(problem, requests, ranks, past, start)
    future = replace(problem, locks=locks)
    conflict = lock_conflict(future) or _too_late(future, start, past) if locks else None
    if conflict is not None:
        return Plan("infeasible", seed=options.seed, seconds=round(search.elapsed, 3), conflict=conflict)

    instance = Instance(future, now=start, past=past)
    warnings = [*_lost(previous, known), *_forbidden(instance, past), *dropped]
    changes = Changes(instance, before, gone=len(previous.meetings) - len(known))
    kept = {
        request: placement
        for request, placement in before.items()
        if request not in past and instance.allowed[request] >> placement.slot & 1
    }
    return descend(
        instance,
        with_changes(problem.settings.objectives),
        search,
        changes=changes,
        pinned=kept,
        known={requests[meeting.request]: meeting for meeting in known},
        warnings=tuple(warnings),
        on_progress=on_progress,
    )


def with_changes(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the levels of a repair: ``changes`` right after the promises, unless the settings place it."""
    if CHANGES in names:
        return names
    after = max((rank + 1 for rank, name in enumerate(names) if name in BEFORE_CHANGES), default=0)
    return (*names[:after], CHANGES, *names[after:])


def _lost(previous: Plan, known: tuple[Meeting, ...]) -> Iterator[str]:
    """Tell the meetings of the previous plan that the problem no longer knows."""
    if len(known) == len(previous.meetings):
        return
    places = {(meeting.request, meeting.slot) for meeting in known}
    for meeting in previous.meetings:
        if (meeting.request, meeting.slot) not in places:
            yield f"{meeting.request} ({meeting.slot}) n'existe plus dans le problème : son entretien est retiré."


def _forbidden(instance: Instance, past: dict[int, Placement]) -> Iterator[str]:
    """Tell what has been held although the problem forbids it today; locks are not about the past."""
    for rule in RULES:
        if rule.NAME != "locks":
            for violation in rule.check(instance, past):
                yield f"déjà tenu, gardé tel quel : {violation.sentence}"


def _live_locks(
    problem: Problem, requests: dict[str, int], slots: dict[str, int], past: dict[int, Placement], start: int
) -> tuple[tuple[Lock, ...], list[str]]:
    """Return the locks that the future can still keep, and a sentence for each that it cannot."""
    live, dropped = [], []
    for lock in problem.locks:
        held = past.get(requests[lock.request])
        if held is not None:
            if held.slot != slots[lock.slot] or lock.table not in {None, held.table}:
                dropped.append(f"{lock.request} s'est déjà tenu ailleurs : son verrou en {lock.slot} est ignoré.")
        elif slots[lock.slot] < start:
            dropped.append(f"{lock.slot} est passé : le verrou de {lock.request} est ignoré.")
        else:
            live.append(lock)
    return tuple(live), dropped


def _too_late(problem: Problem, start: int, past: dict[int, Placement]) -> Violation | None:
    """Return the smallest set of locks that what has been held makes impossible, or ``None``.

    Rules only get harder as meetings are added, so the locks can be kept if they fit one after the other.
    """
    free = Instance(replace(problem, locks=()), now=start, past=past)

    def fit(locks: Sequence[Lock]) -> bool:
        state = Timetable(free)
        for lock in locks:
            request, slot = free.request_rank[lock.request], free.slot_rank[lock.slot]
            if not state.fits(request, slot):
                return False
            state.place(request, slot)
        return True

    guilty = list(problem.locks)
    if fit(guilty):
        return None
    for lock in problem.locks:
        rest = [other for other in guilty if other is not lock]
        if not fit(rest):
            guilty = rest
    names = tuple(lock.request for lock in guilty)
    return Violation("locks", f"après ce qui a déjà été tenu, {', '.join(names)} ne peuvent plus l'être.", names)
