"""The only door to the scheduler: rows become a problem, a plan becomes rows.

Ids in the problem are the organisers' own codes, so that what the engine says can be read by them.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import joinedload

import scheduler
from openmap.events.models import Edition, Slot, Table
from openmap.extensions import AnySession
from openmap.meetings.models import (
    Choice,
    Exclusion,
    Lock,
    Meeting,
    Participation,
    Plan,
    UnservedWish,
    Wish,
    absences,
    wish_slots,
)
from openmap.pitches.passage import on_stage

OnProgress = Callable[[scheduler.Progress], None]

EXPLAINED_REQUESTS: Final = 1_000
"""Above so many wishes remedies are not solved for each one left out: the reasons are still told."""

EXPLAINING_SECONDS: Final = 30.0
"""Remedies are sought for as long as the plan was given, and never longer than this."""

STOPPED_EXPLAINING_SECONDS: Final = 3.0
"""Once someone has asked to stop, remedies are sought for so long and no more."""

_LISTED: Final = 900
"""SQLite takes some thousand values in a list at most; beyond so many all of an edition's rows are read."""

AnyPlan = scheduler.Plan
AnyProblem = scheduler.Problem
AnyViolation = scheduler.Violation
OBJECTIVES: Final = scheduler.OBJECTIVES


class EditionChanged(Exception):
    """What a plan names is gone from the edition; the message is for the organiser."""


class AllBegun(Exception):
    """Every slot of the edition has begun: there is nothing left to plan."""


def problem_of(session: AnySession, edition: Edition, *, only: Collection[int] | None = None) -> scheduler.Problem:
    """Return an edition's wishes, limits and room as a problem; a fixed number of queries.

    ``only`` keeps the wishes of these ids and those who are in them, withdrawn ones too: enough to judge a few
    meetings. Whoever has a table of its own stays, since it is no table for the others.
    """
    slots = session.scalars(select(Slot).where(Slot.edition_id == edition.id).order_by(Slot.start)).all()
    tables = session.scalars(
        select(Table).where(Table.edition_id == edition.id).order_by(Table.position, Table.id)
    ).all()
    # Plain rows, not objects: the largest editions have 40,000 wishes, and this is asked on every page.
    asked = select(Wish.id, Wish.code, Wish.buyer_id, Wish.structure_id, Wish.value, Wish.required)
    asked = asked.where(Wish.edition_id == edition.id)
    asked = asked.where(Wish.withdrawn_at.is_(None) if only is None else Wish.id.in_(only))
    wishes = session.execute(asked.order_by(Wish.code)).all()
    here = select(Participation).where(Participation.edition_id == edition.id)
    if only is not None:
        sides = {side for wish in wishes for side in (wish.buyer_id, wish.structure_id)}
        here = here.where(Participation.id.in_(sides) | Participation.table_id.is_not(None))
    people = session.scalars(
        here.options(joinedload(Participation.organisation), joinedload(Participation.table)).order_by(
            Participation.side, Participation.code
        )
    ).all()
    code = {person.id: person.code for person in people}
    slot_code = {slot.id: slot.code for slot in slots}
    table_code = {table.id: table.code for table in tables}
    absent = _slot_sets(session, absences.c.participation_id, absences.c.slot_id, edition, set(code))
    for person_id, taken in pitching_slots(session, edition, slots, people).items():
        absent[person_id] |= taken
    kept = {wish.id: wish.code for wish in wishes}
    allowed = _slot_sets(session, wish_slots.c.wish_id, wish_slots.c.slot_id, edition, set(kept))
    apart = _kept_apart(session, edition, {person.id: person.side for person in people})
    return scheduler.Problem(
        slots=tuple(
            scheduler.Slot(
                slot.code, slot.start.astimezone(edition.zone), slot.end.astimezone(edition.zone), slot.block
            )
            for slot in slots
        ),
        tables=tuple(scheduler.Table(table.code, table.label) for table in tables) or None,
        participants=tuple(_participant(person, slots, absent[person.id]) for person in people),
        requests=tuple(
            scheduler.Request(
                id=wish.code,
                buyer=code[wish.buyer_id],
                structure=code[wish.structure_id],
                value=wish.value,
                required=wish.required,
                slots=tuple(slot.code for slot in slots if slot.id in allowed[wish.id]) if wish.id in allowed else None,
            )
            for wish in wishes
        ),
        locks=tuple(
            scheduler.Lock(kept[wish], slot_code[slot], table_code.get(table) if table else None)
            for wish, slot, table in _locks_of(session, edition)
            if wish in kept
        ),
        exclusions=tuple(scheduler.Exclusion(code[buyer], code[structure]) for buyer, structure in apart),
    )


def _locks_of(session: AnySession, edition: Edition) -> Sequence[tuple[int, int, int | None]]:
    """Return the locks of an edition: wish, slot, table; in the order of the wishes' codes."""
    asked = select(Lock.wish_id, Lock.slot_id, Lock.table_id).join(Wish, Wish.id == Lock.wish_id)
    rows = session.execute(asked.where(Wish.edition_id == edition.id).order_by(Wish.code))
    return [(wish, slot, table) for wish, slot, table in rows]


def _kept_apart(session: AnySession, edition: Edition, side: Mapping[int, str]) -> list[tuple[int, int]]:
    """Return the pairs, buyer first, that must not meet: the organisers' exclusions, and the vetoes of both sides."""
    here = select(Participation.id).where(Participation.edition_id == edition.id)
    told = select(Exclusion.buyer_id, Exclusion.structure_id).where(Exclusion.buyer_id.in_(here))
    vetoes = select(Choice.participation_id, Choice.other_id)
    vetoes = vetoes.where(Choice.level == "veto", Choice.participation_id.in_(here))
    pairs = {(one, other) for one, other in session.execute(told)}
    for one, other in session.execute(vetoes):
        if one in side:
            pairs.add((one, other) if side[one] == "buyer" else (other, one))
    return sorted(pair for pair in pairs if side.keys() >= set(pair))


def _participant(person: Participation, slots: Sequence[Slot], absent: set[int]) -> scheduler.Participant:
    return scheduler.Participant(
        id=person.code,
        side="buyer" if person.side == "buyer" else "structure",
        name=person.organisation.name,
        delegates=person.delegates,
        available=tuple(slot.code for slot in slots if slot.id not in absent) if absent else None,
        min_meetings=person.min_meetings,
        max_meetings=person.max_meetings,
        max_run=person.max_run,
        table=person.table.code if person.table is not None else None,
    )


def pitching_slots(
    session: AnySession, edition: Edition, slots: Sequence[Slot], people: Sequence[Participation]
) -> dict[int, set[int]]:
    """Return the slots that each participation spends on stage: those that overlap its own turn.

    Moving a turn changes the problem, and so makes a plan stale.
    """
    spans = on_stage(session, edition, [(person.id, person.organisation_id, person.pitches) for person in people])
    return {
        person_id: {slot.id for slot in slots if slot.start < span[1] and span[0] < slot.end}
        for person_id, span in spans.items()
    }


def _slot_sets(
    session: AnySession, owner: Any, slot: Any, edition: Edition, owners: set[int]
) -> defaultdict[int, set[int]]:
    """Return the slots of an edition that an association table gives to each of ``owners``."""
    sets: defaultdict[int, set[int]] = defaultdict(set)
    asked = select(owner, slot).join(Slot, Slot.id == slot).where(Slot.edition_id == edition.id)
    if len(owners) <= _LISTED:
        asked = asked.where(owner.in_(owners))
    for owner_id, slot_id in session.execute(asked):
        if owner_id in owners:
            sets[owner_id].add(slot_id)
    return sets


def faults_of(problem: scheduler.Problem) -> list[str]:
    """Return, in French, why no plan could be made of ``problem``; an empty list when one can."""
    faults = validated(problem)
    if faults:
        return faults
    conflict = conflict_of(problem)
    return [] if conflict is None else [f"Ces créneaux imposés se contredisent : {conflict[0]}"]


def validated(problem: scheduler.Problem) -> list[str]:
    """Return, in French, what makes ``problem`` unusable by itself, locks apart."""
    return [fault.sentence for fault in scheduler.validate(problem)]


def conflict_of(problem: scheduler.Problem) -> tuple[str, tuple[str, ...]] | None:
    """Return the smallest set of locks that cannot be kept together: its sentence, and the codes of its wishes.

    The problem must be usable (``scheduler.validate``).
    """
    conflict = scheduler.lock_conflict(problem) if problem.locks else None
    return None if conflict is None else (conflict.sentence, conflict.requests)


def digest_of(problem: scheduler.Problem) -> str:
    """Return what tells two problems apart (SHA-256 of their JSON), their locks aside: see ``is_stale``."""
    told = scheduler.problem_to_json(replace(problem, locks=()))
    return text_digest(json.dumps(told, sort_keys=True, ensure_ascii=False))


def text_digest(text: str) -> str:
    """Return the SHA-256 of a text in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def is_stale(session: AnySession, plan: Plan) -> bool:
    """Say whether wishes, limits or the room have changed since ``plan`` was made, or a lock is set that it misses.

    A lock on what the plan holds already does not make it old: organisers lock what they see.
    """
    if plan.problem_digest != digest_of(problem_of(session, plan.edition)):
        return True
    held = select(Meeting.wish_id, Meeting.slot_id, Meeting.table_id).join(Lock, Lock.wish_id == Meeting.wish_id)
    places = {wish: (slot, table) for wish, slot, table in session.execute(held.where(Meeting.plan_id == plan.id))}
    return any(
        wish not in places or places[wish][0] != slot or table not in {None, places[wish][1]}
        for wish, slot, table in _locks_of(session, plan.edition)
    )


def solve(
    problem: scheduler.Problem,
    *,
    time_limit: float,
    seed: int,
    previous: scheduler.Plan | None = None,
    now: str | None = None,
    remedies: bool = True,
    on_progress: OnProgress | None = None,
    stop: Callable[[], bool] | None = None,
) -> scheduler.Plan:
    """Return the best plan with, for each wish left out, its reason and its cheapest remedy, really solved.

    With ``previous`` the plan changes least from it, and keeps what begins before the slot of code ``now``.
    ``time_limit`` in seconds is for the plan; ``remedies`` take as long again at most, never more than
    ``EXPLAINING_SECONDS``, far less once ``stop`` says true.
    """
    asked_to_stop = stop or (lambda: False)
    options = scheduler.Options(time_limit=time_limit, seed=seed)
    if previous is not None:
        plan = scheduler.repair(problem, previous, options, now=now, on_progress=on_progress, stop=stop)
    else:
        plan = scheduler.solve(problem, options, on_progress=on_progress, stop=stop)
    # Remedies know no clock: once the day has begun they would offer what is over.
    if not remedies or now is not None or plan.status == "infeasible" or len(problem.requests) > EXPLAINED_REQUESTS:
        return plan
    found_at = time.monotonic()
    explained = scheduler.explain(
        problem,
        plan,
        options=scheduler.Options(time_limit=min(time_limit, EXPLAINING_SECONDS), seed=seed),
        stop=lambda: asked_to_stop() and time.monotonic() - found_at > STOPPED_EXPLAINING_SECONDS,
    )
    return replace(plan, unserved=explained)


def next_slot(problem: scheduler.Problem, now: datetime) -> str | None:
    """Return the first slot that has not begun where some have; ``None`` before the first.

    Raises AllBegun once the last has.
    """
    begun = [slot.id for slot in problem.slots if slot.start <= now]
    if len(begun) == len(problem.slots):
        raise AllBegun
    return problem.slots[len(begun)].id if begun else None


def as_json(plan: scheduler.Plan) -> dict[str, Any]:
    """Return a plan as the engine's own document."""
    return scheduler.plan_to_json(plan)


def store(session: AnySession, row: Plan, plan: scheduler.Plan) -> None:
    """Write ``plan`` into ``row``, replacing the meetings and reasons that it had; does not commit.

    Raises EditionChanged when a wish, slot or table of the plan has been deleted since its problem was read.
    """
    edition_id = row.edition_id
    wishes = dict(session.execute(select(Wish.code, Wish.id).where(Wish.edition_id == edition_id)).all())
    slots = dict(session.execute(select(Slot.code, Slot.id).where(Slot.edition_id == edition_id)).all())
    tables = dict(session.execute(select(Table.code, Table.id).where(Table.edition_id == edition_id)).all())
    row.status = "optimal" if plan.status == "optimal" else "feasible"
    row.seconds = plan.seconds
    row.objectives = scheduler.plan_to_json(plan)["objectives"]
    try:
        meetings = [
            {
                "plan_id": row.id,
                "wish_id": wishes[meeting.request],
                "slot_id": slots[meeting.slot],
                "table_id": tables[meeting.table] if meeting.table is not None else None,
            }
            for meeting in plan.meetings
        ]
        unserved = [
            {
                "plan_id": row.id,
                "wish_id": wishes[left.request],
                "reason": left.reason,
                "sentence": left.sentence,
                "would_need": list(left.would_need),
            }
            for left in plan.unserved
        ]
    except KeyError as gone:
        raise EditionChanged(
            f"Les souhaits, les créneaux ou les tables ont changé pendant le calcul ({gone.args[0]} n’existe plus) : "
            "relancez-le."
        ) from None
    session.flush()
    session.execute(delete(Meeting).where(Meeting.plan_id == row.id))
    session.execute(delete(UnservedWish).where(UnservedWish.plan_id == row.id))
    # Thousands of rows twice a second: plain inserts, several times quicker than as objects.
    if meetings:
        session.execute(insert(Meeting), meetings)
    if unserved:
        session.execute(insert(UnservedWish), unserved)
    session.expire(row)


def plan_of(session: AnySession, row: Plan) -> scheduler.Plan:
    """Return a stored plan as the engine's value, for checking, repairing and comparing."""
    meetings = session.scalars(
        select(Meeting)
        .where(Meeting.plan_id == row.id)
        .options(
            joinedload(Meeting.slot),
            joinedload(Meeting.table),
            joinedload(Meeting.wish).options(joinedload(Wish.buyer), joinedload(Wish.structure)),
        )
    ).all()
    ordered = sorted(meetings, key=lambda meeting: (meeting.slot.start, meeting.wish.code))
    return scheduler.Plan(
        status="optimal" if row.status == "optimal" else "feasible",
        meetings=tuple(
            scheduler.Meeting(
                request=meeting.wish.code,
                buyer=meeting.wish.buyer.code,
                structure=meeting.wish.structure.code,
                slot=meeting.slot.code,
                table=meeting.table.code if meeting.table is not None else None,
            )
            for meeting in ordered
        ),
        seed=row.seed,
        seconds=row.seconds,
    )


@dataclass(frozen=True, slots=True)
class Placed:
    """A meeting that is tried: the codes of its wish, both sides, slot and table."""

    wish: str
    buyer: str
    structure: str
    slot: str
    table: str | None


def broken_by(problem: scheduler.Problem, meetings: Sequence[Placed]) -> tuple[scheduler.Violation, ...]:
    """Return each rule that these meetings break; locks of others are left out of it."""
    held = {one.wish for one in meetings}
    tried = replace(problem, locks=tuple(lock for lock in problem.locks if lock.request in held))
    plan = scheduler.Plan(
        status="feasible",
        meetings=tuple(scheduler.Meeting(one.wish, one.buyer, one.structure, one.slot, one.table) for one in meetings),
        seed=0,
        seconds=0.0,
    )
    return scheduler.check(tried, plan)


def violations_of(session: AnySession, row: Plan) -> list[str]:
    """Return, in French, every rule that a stored plan breaks against today's wishes and limits."""
    problem = problem_of(session, row.edition)
    return [violation.sentence for violation in scheduler.check(problem, plan_of(session, row))]
