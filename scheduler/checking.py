"""Is this plan right? Every rule, told breach by breach; and can these locks all be kept?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations

from scheduler.instance import Instance, Placement
from scheduler.plan import Meeting, Plan, Violation
from scheduler.problem import Lock, Problem
from scheduler.rules import RULES
from scheduler.seating import seat


def check(problem: Problem, plan: Plan) -> tuple[Violation, ...]:
    """Return everything that ``plan`` breaks; an empty tuple when every rule holds."""
    instance = Instance(problem)
    unknown = list(_unknown(instance, plan.meetings))
    known = [meeting for meeting in plan.meetings if _is_known(instance, meeting)]
    placements = instance.placements(tuple(known))
    broken = [violation for rule in RULES for violation in rule.check(instance, placements)]
    return (*unknown, *broken)


def _is_known(instance: Instance, meeting: Meeting) -> bool:
    return meeting.request in instance.request_rank and meeting.slot in instance.slot_rank


def _unknown(instance: Instance, meetings: Sequence[Meeting]) -> Iterator[Violation]:
    """Yield the meetings that do not say what they are: unknown names, wrong pairs, doubles."""
    seen: set[str] = set()
    for meeting in meetings:
        names = (meeting.request,)
        if not _is_known(instance, meeting):
            wrong = (
                f"la demande {meeting.request}" if meeting.slot in instance.slot_rank else f"le créneau {meeting.slot}"
            )
            yield Violation("served_once", f"{wrong} n'existe pas dans le problème.", names)
            continue
        request = instance.problem.requests[instance.request_rank[meeting.request]]
        if (meeting.buyer, meeting.structure) != (request.buyer, request.structure):
            yield Violation(
                "served_once",
                f"{request.id} réunit {request.buyer} et {request.structure}, et non {meeting.buyer} et "
                f"{meeting.structure}.",
                names,
            )
        if meeting.request in seen:
            yield Violation("served_once", f"{request.id} est servie plusieurs fois.", names)
        seen.add(meeting.request)


def lock_conflict(problem: Problem) -> Violation | None:
    """Return the smallest set of locks that cannot be kept together, with the rule it breaks, or ``None``.

    The set is minimal: without any one of its locks the rest can be kept, and this is tried before it is told.
    """
    conflicts = [*_double_locks(problem.locks), *_broken_by(problem, problem.locks)]
    for conflict in sorted(conflicts, key=lambda violation: len(violation.requests)):
        locks = [lock for lock in problem.locks if lock.request in conflict.requests]
        minimal = _shrink(problem, locks)
        if minimal:
            requests = tuple(dict.fromkeys(lock.request for lock in minimal))
            return Violation(conflict.rule, conflict.sentence, requests)
    return None


def _shrink(problem: Problem, locks: list[Lock]) -> list[Lock]:
    """Drop the locks that the conflict does not need; empty when there is no conflict at all."""
    if not _in_conflict(problem, locks):
        return []
    for lock in list(locks):
        rest = [other for other in locks if other is not lock]
        if _in_conflict(problem, rest):
            locks = rest
    return locks


def _in_conflict(problem: Problem, locks: Sequence[Lock]) -> bool:
    return any(_double_locks(locks)) or any(_broken_by(problem, locks))


def _double_locks(locks: Sequence[Lock]) -> Iterator[Violation]:
    """Yield the requests that two locks place differently."""
    by_request: dict[str, list[Lock]] = defaultdict(list)
    for lock in locks:
        by_request[lock.request].append(lock)
    for request, several in by_request.items():
        for one, other in combinations(several, 2):
            if one.slot != other.slot or len({one.table, other.table} - {None}) > 1:
                yield Violation(
                    "locks",
                    f"{request} est verrouillée deux fois : en {_place(one)} et en {_place(other)}.",
                    (request,),
                )


def _place(lock: Lock) -> str:
    return lock.slot if lock.table is None else f"{lock.slot}, table {lock.table}"


def _broken_by(problem: Problem, locks: Sequence[Lock]) -> Iterator[Violation]:
    """Yield what the plan of the locked meetings alone breaks."""
    instance = Instance(problem)
    placements = {
        instance.request_rank[lock.request]: Placement(instance.slot_rank[lock.slot], lock.table) for lock in locks
    }
    yield from _too_few_tables(instance, placements)
    seated = seat(instance, placements)
    kept = {lock.request for lock in locks}
    for rule in RULES:
        for violation in rule.check(instance, seated):
            if kept.issuperset(violation.requests):
                yield violation


def _too_few_tables(instance: Instance, placements: dict[int, Placement]) -> Iterator[Violation]:
    """Yield the slots in which more pool meetings are locked than there are tables."""
    if instance.pool is None:
        return
    by_slot: dict[int, list[int]] = defaultdict(list)
    for request, placement in placements.items():
        if instance.host[request] is None:
            by_slot[placement.slot].append(request)
    for slot, requests in by_slot.items():
        if len(requests) > len(instance.pool):
            names = tuple(instance.problem.requests[r].id for r in requests[: len(instance.pool) + 1])
            yield Violation(
                "tables",
                f"{len(requests)} entretiens sont verrouillés en {instance.problem.slots[slot].id} pour "
                f"{len(instance.pool)} table(s) commune(s) : {', '.join(names)}.",
                names,
            )
