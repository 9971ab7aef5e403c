"""JSON in, JSON out: the problem and the plan as documents.

Unknown keys are refused: a misspelt key is a wish that nobody would hear.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from scheduler.document import (
    InputError,
    Reader,
    decode,
    flag,
    identifier,
    integer,
    list_of,
    moment,
    number,
    objects,
    one_of,
    optional,
    text,
)
from scheduler.plan import PLAN_FORMAT, Level, Meeting, Plan, Unserved, Violation
from scheduler.problem import (
    PROBLEM_FORMAT,
    Exclusion,
    Lock,
    Participant,
    Problem,
    Request,
    Settings,
    Slot,
    Table,
)
from scheduler.validating import Fault, validate


def problem_from_json(document: str | bytes | Mapping[str, Any]) -> Problem:
    """Read a problem from JSON text or from a decoded object.

    Raises InputError with every fault found, of form first, of meaning when the form is right.
    """
    faults: list[Fault] = []
    content = decode(document, faults)
    if content is None:
        raise InputError(faults)
    top = Reader("$", content, faults)
    top.take("format", one_of(PROBLEM_FORMAT))
    slots = [_slot(reader) for reader in objects(top, "slots") or ()]
    tables = objects(top, "tables", None)
    problem_tables = None if tables is None else tuple(_table(reader) for reader in tables)
    participants = [_participant(reader) for reader in objects(top, "participants") or ()]
    requests = [_request(reader) for reader in objects(top, "requests") or ()]
    locks = [_lock(reader) for reader in objects(top, "locks", []) or ()]
    exclusions = [_exclusion(reader) for reader in objects(top, "exclusions", []) or ()]
    settings = _settings(top)
    top.close()
    if faults:
        raise InputError(faults)
    problem = Problem(
        slots=tuple(slots),
        participants=tuple(participants),
        requests=tuple(requests),
        tables=problem_tables,
        locks=tuple(locks),
        exclusions=tuple(exclusions),
        settings=settings,
    )
    if faults := validate(problem):
        raise InputError(faults)
    return problem


def _slot(reader: Reader) -> Slot:
    name = reader.take("id", identifier)
    start, end = reader.take("start", moment), reader.take("end", moment)
    block = reader.take("block", text, "")
    reader.close()
    # A fault was noted where a moment is missing; any moment stands in until the faults are told.
    missing = datetime.min  # noqa: DTZ901
    return Slot(
        id=name,
        start=datetime.fromisoformat(start) if start else missing,
        end=datetime.fromisoformat(end) if end else missing,
        block=block,
    )


def _table(reader: Reader) -> Table:
    table = Table(id=reader.take("id", identifier), label=reader.take("label", text, ""))
    reader.close()
    return table


def _names(reader: Reader, key: str) -> tuple[str, ...] | None:
    names = reader.take(key, optional(list_of(identifier)), None)
    return None if names is None else tuple(names)


def _participant(reader: Reader) -> Participant:
    participant = Participant(
        id=reader.take("id", identifier),
        side=reader.take("side", one_of("buyer", "structure")),
        name=reader.take("name", text, ""),
        delegates=reader.take("delegates", integer(1), 1),
        available=_names(reader, "available"),
        min_meetings=reader.take("min_meetings", integer(0), 0),
        max_meetings=reader.take("max_meetings", optional(integer(0)), None),
        max_run=reader.take("max_run", optional(integer(1)), None),
        table=reader.take("table", optional(identifier), None),
    )
    reader.close()
    return participant


def _request(reader: Reader) -> Request:
    request = Request(
        id=reader.take("id", identifier),
        buyer=reader.take("buyer", identifier),
        structure=reader.take("structure", identifier),
        value=reader.take("value", integer(1)),
        required=reader.take("required", flag, False),
        slots=_names(reader, "slots"),
    )
    reader.close()
    return request


def _lock(reader: Reader) -> Lock:
    lock = Lock(
        request=reader.take("request", identifier),
        slot=reader.take("slot", identifier),
        table=reader.take("table", optional(identifier), None),
    )
    reader.close()
    return lock


def _exclusion(reader: Reader) -> Exclusion:
    exclusion = Exclusion(buyer=reader.take("buyer", identifier), structure=reader.take("structure", identifier))
    reader.close()
    return exclusion


def _settings(top: Reader) -> Settings:
    content = top.take("settings", lambda value: None if isinstance(value, dict) else "un objet est attendu", {})
    reader = Reader("$.settings", content, top.faults)
    objectives = reader.take("objectives", list_of(text), None)
    reader.close()
    return Settings() if objectives is None else Settings(tuple(objectives))


def problem_to_json(problem: Problem) -> dict[str, Any]:
    """Return the problem as an ``openmap-problem/1`` object; what has its default value is left out."""
    document: dict[str, Any] = {
        "format": PROBLEM_FORMAT,
        "slots": [
            _sparse(id=slot.id, start=slot.start.isoformat(), end=slot.end.isoformat(), block=slot.block or None)
            for slot in problem.slots
        ],
    }
    if problem.tables is not None:
        document["tables"] = [_sparse(id=table.id, label=table.label or None) for table in problem.tables]
    document["participants"] = [
        _sparse(
            id=person.id,
            side=person.side,
            name=person.name or None,
            delegates=person.delegates if person.delegates != 1 else None,
            available=None if person.available is None else list(person.available),
            min_meetings=person.min_meetings or None,
            max_meetings=person.max_meetings,
            max_run=person.max_run,
            table=person.table,
        )
        for person in problem.participants
    ]
    document["requests"] = [
        _sparse(
            id=request.id,
            buyer=request.buyer,
            structure=request.structure,
            value=request.value,
            required=request.required or None,
            slots=None if request.slots is None else list(request.slots),
        )
        for request in problem.requests
    ]
    document["locks"] = [_sparse(request=lock.request, slot=lock.slot, table=lock.table) for lock in problem.locks]
    document["exclusions"] = [_sparse(buyer=pair.buyer, structure=pair.structure) for pair in problem.exclusions]
    document["settings"] = {"objectives": list(problem.settings.objectives)}
    return document


def _sparse(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _figure(value: Any) -> str | None:
    return None if integer(0)(value) is None else list_of(integer(0))(value)


def plan_from_json(document: str | bytes | Mapping[str, Any]) -> Plan:
    """Read a plan from JSON text or from a decoded object. Raises InputError with every fault found."""
    faults: list[Fault] = []
    content = decode(document, faults)
    if content is None:
        raise InputError(faults)
    top = Reader("$", content, faults)
    top.take("format", one_of(PLAN_FORMAT))
    conflict = top.take("conflict", lambda value: None if isinstance(value, dict) else "un objet est attendu", None)
    plan = Plan(
        status=top.take("status", one_of("optimal", "feasible", "infeasible"), "feasible"),
        meetings=tuple(_meeting(reader) for reader in objects(top, "meetings") or ()),
        objectives=tuple(_level(reader) for reader in objects(top, "objectives", []) or ()),
        unserved=tuple(_unserved(reader) for reader in objects(top, "unserved", []) or ()),
        seed=top.take("seed", integer(0), 1),
        seconds=top.take("seconds", number, 0.0),
        warnings=tuple(top.take("warnings", list_of(text), ())),
        conflict=None if conflict is None else _violation(Reader("$.conflict", conflict, faults)),
    )
    top.close()
    if faults:
        raise InputError(faults)
    return plan


def _meeting(reader: Reader) -> Meeting:
    meeting = Meeting(
        request=reader.take("request", identifier),
        buyer=reader.take("buyer", identifier),
        structure=reader.take("structure", identifier),
        slot=reader.take("slot", identifier),
        table=reader.take("table", optional(identifier), None),
    )
    reader.close()
    return meeting


def _level(reader: Reader) -> Level:
    value, bound = reader.take("value", _figure), reader.take("bound", _figure)
    level = Level(
        name=reader.take("name", identifier),
        value=tuple(value) if isinstance(value, list) else value,
        bound=tuple(bound) if isinstance(bound, list) else bound,
        proved=reader.take("proved", flag),
        seconds=reader.take("seconds", number, 0.0),
    )
    reader.close()
    return level


def _unserved(reader: Reader) -> Unserved:
    unserved = Unserved(
        request=reader.take("request", identifier),
        reason=reader.take("reason", identifier),
        sentence=reader.take("sentence", text, ""),
        would_need=tuple(reader.take("would_need", list_of(text), ())),
    )
    reader.close()
    return unserved


def _violation(reader: Reader) -> Violation:
    violation = Violation(
        rule=reader.take("rule", identifier),
        sentence=reader.take("sentence", text, ""),
        requests=tuple(reader.take("requests", list_of(identifier), ())),
    )
    reader.close()
    return violation


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """Return the plan as an ``openmap-plan/1`` object."""
    document: dict[str, Any] = {
        "format": PLAN_FORMAT,
        "status": plan.status,
        "meetings": [
            {
                "request": meeting.request,
                "buyer": meeting.buyer,
                "structure": meeting.structure,
                "slot": meeting.slot,
                "table": meeting.table,
            }
            for meeting in plan.meetings
        ],
        "objectives": [
            {
                "name": level.name,
                "value": list(level.value) if isinstance(level.value, tuple) else level.value,
                "bound": list(level.bound) if isinstance(level.bound, tuple) else level.bound,
                "proved": level.proved,
                "seconds": level.seconds,
            }
            for level in plan.objectives
        ],
        "unserved": [
            {
                "request": unserved.request,
                "reason": unserved.reason,
                "sentence": unserved.sentence,
                "would_need": list(unserved.would_need),
            }
            for unserved in plan.unserved
        ],
        "seed": plan.seed,
        "seconds": plan.seconds,
    }
    if plan.warnings:
        document["warnings"] = list(plan.warnings)
    if plan.conflict is not None:
        document["conflict"] = {
            "rule": plan.conflict.rule,
            "sentence": plan.conflict.sentence,
            "requests": list(plan.conflict.requests),
        }
    return document
