"""What if: an edition's problem with other slots, tables or limits, without changing the edition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from flask_babel import gettext as _

from openmap.events.models import Edition
from openmap.meetings import planning
from openmap.web.french import clock, counted

if TYPE_CHECKING:
    from openmap.meetings.planning import AnyProblem

CLOSE: Final = timedelta(minutes=10)
"""Slots less far apart than this follow each other: no break between them."""

ORDERS: Final[Mapping[str, tuple[str, ...]]] = {
    "usual": planning.OBJECTIVES,
    "balance": ("required", "minimum", "coverage", "balance", "value", "idle", "moves", "early"),
    "idle": ("required", "minimum", "coverage", "idle", "value", "balance", "moves", "early"),
}
"""The orders of objectives that are offered."""


class RefusedSupposition(Exception):
    """What is supposed cannot be; the message is for the organiser."""


@dataclass(frozen=True, slots=True)
class Someone:
    """What is supposed of a participant, by its code; ``None``: as it is. ``absent`` lists codes of slots."""

    code: str
    delegates: int | None = None
    max_meetings: int | None = None
    absent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What is supposed of an edition.

    ``more`` slots of ``minutes`` each follow one another from ``start`` (ISO 8601 with its offset); the last ``fewer``
    slots go; ``tables`` are added, or taken from the pool when below 0.
    """

    more: int = 0
    start: str = ""
    minutes: int = 15
    fewer: int = 0
    tables: int = 0
    people: tuple[Someone, ...] = ()
    order: str = "usual"

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Assumptions:
        """Read what ``as_json`` wrote."""
        people = tuple(Someone(**{**one, "absent": tuple(one["absent"])}) for one in document.get("people", ()))
        return cls(**{**document, "people": people})

    def as_json(self) -> dict[str, Any]:
        """Return what a run keeps of them."""
        return asdict(self)

    @property
    def is_nothing(self) -> bool:
        """Whether they leave the edition as it is."""
        return not (self.more or self.fewer or self.tables or self.people) and self.order == "usual"

    @property
    def begins(self) -> datetime:
        """When the first added slot begins."""
        return datetime.fromisoformat(self.start)

    @property
    def length(self) -> timedelta:
        """How long an added slot lasts."""
        return timedelta(minutes=self.minutes)


@dataclass(frozen=True, slots=True)
class NewSlot:
    """A slot that is supposed: its code, hours and block."""

    code: str
    start: datetime
    end: datetime
    block: str


def supposed(problem: AnyProblem, assumptions: Assumptions) -> AnyProblem:
    """Return ``problem`` as it would be. Raises RefusedSupposition when it could not.

    Locks whose slot or table is gone are gone with it.
    """
    if assumptions.is_nothing:
        return problem
    _require_tables(problem, assumptions)
    gone = {slot.id for slot in removed_slots(problem, assumptions)}
    added = added_slots(problem, assumptions)
    kept = [slot for slot in problem.slots if slot.id not in gone]
    made = [replace(problem.slots[0], id=one.code, start=one.start, end=one.end, block=one.block) for one in added]
    slots = tuple(sorted((*kept, *made), key=lambda slot: slot.start))
    tables = problem.tables
    lost = set(removed_tables(problem, assumptions))
    if tables is not None and assumptions.tables:
        more = [replace(tables[0], id=code, label=label) for code, label in added_tables(problem, assumptions)]
        tables = (*(table for table in tables if table.id not in lost), *more)
    told = {one.code: one for one in assumptions.people}
    unknown = sorted(set(told) - {person.id for person in problem.participants})
    if unknown:
        raise RefusedSupposition(
            _("« %(code)s » ne participe pas à cette édition : choisissez dans la liste.", code=unknown[0])
        )
    new = {one.code for one in added}
    participants = tuple(_person(person, told.get(person.id), slots, new, gone) for person in problem.participants)
    requests = problem.requests
    if gone:
        requests = tuple(
            one if one.slots is None else replace(one, slots=tuple(code for code in one.slots if code not in gone))
            for one in requests
        )
    locks = tuple(lock for lock in problem.locks if lock.slot not in gone and lock.table not in lost)
    settings = replace(problem.settings, objectives=ORDERS.get(assumptions.order, planning.OBJECTIVES))
    return replace(
        problem,
        slots=slots,
        tables=tables,
        participants=participants,
        requests=requests,
        locks=locks,
        settings=settings,
    )


def _person(person: Any, told: Someone | None, slots: tuple[Any, ...], new: set[str], gone: set[str]) -> Any:
    """Return a participant as supposed: an added slot suits everyone who is not said to be away."""
    away = set(told.absent) if told is not None else set()
    available = person.available
    if away or (available is not None and (new or gone)):
        here = {slot.id for slot in slots} if available is None else {*available, *new}
        available = tuple(slot.id for slot in slots if slot.id in here and slot.id not in away)
    if told is None:
        return person if available is person.available else replace(person, available=available)
    most = person.max_meetings if told.max_meetings is None else told.max_meetings
    if most is not None and most < person.min_meetings:
        raise RefusedSupposition(
            _(
                "%(name)s a un minimum de %(least)s : son maximum ne peut pas être plus bas.",
                name=person.name, least=counted(person.min_meetings, _("entretien"), _("entretiens")),
            )
        )  # fmt: skip
    return replace(person, available=available, delegates=told.delegates or person.delegates, max_meetings=most)


def removed_slots(problem: AnyProblem, assumptions: Assumptions) -> tuple[Any, ...]:
    """Return the last slots, those that would go."""
    if assumptions.fewer >= len(problem.slots):
        raise RefusedSupposition(_("Il ne resterait aucun créneau : retirez-en moins."))
    return problem.slots[len(problem.slots) - assumptions.fewer :]


def added_slots(problem: AnyProblem, assumptions: Assumptions) -> list[NewSlot]:
    """Return the slots that would be added, in a run, in the block that they touch, else in one of their own."""
    if not assumptions.more:
        return []
    begin, end = assumptions.begins, assumptions.begins + assumptions.more * assumptions.length
    gone = {slot.id for slot in removed_slots(problem, assumptions)}
    kept = [slot for slot in problem.slots if slot.id not in gone]
    hit = next((slot for slot in kept if slot.start < end and begin < slot.end), None)
    if hit is not None:
        raise RefusedSupposition(
            _(
                "Les créneaux ajoutés chevauchent celui de %(hour)s : choisissez une autre heure, ou une autre durée.",
                hour=clock(hit.start, hit.start.tzinfo or UTC),
            )
        )
    before = next((slot for slot in reversed(kept) if slot.end <= begin), None)
    after = next((slot for slot in kept if slot.start >= end), None)
    if before is not None and (begin - before.end <= CLOSE or (after is not None and after.block == before.block)):
        block = before.block
    elif after is not None and after.start - end <= CLOSE:
        block = after.block
    else:
        block = _unused({slot.block for slot in problem.slots}, "Bloc {}")
    codes: set[str] = {slot.id for slot in problem.slots}
    found = []
    for number in range(assumptions.more):
        code = _unused(codes, "H{:02d}")
        codes.add(code)
        start = begin + number * assumptions.length
        found.append(NewSlot(code, start, start + assumptions.length, block))
    return found


def added_tables(problem: AnyProblem, assumptions: Assumptions) -> list[tuple[str, str]]:
    """Return code and label of the tables that would be added."""
    _require_tables(problem, assumptions)
    codes = {table.id for table in problem.tables or ()}
    labels = {table.label for table in problem.tables or ()}
    found: list[tuple[str, str]] = []
    number = len(codes)
    while len(found) < assumptions.tables:
        number += 1
        code, label = f"A{number}", _("Table %(number)s", number=number)
        if code not in codes and label not in labels:
            found.append((code, label))
    return found


def removed_tables(problem: AnyProblem, assumptions: Assumptions) -> list[str]:
    """Return the codes of the tables that would go: the last of those that belong to nobody."""
    if assumptions.tables >= 0:
        return []
    _require_tables(problem, assumptions)
    own = {person.table for person in problem.participants}
    pool = [table.id for table in problem.tables or () if table.id not in own]
    if len(pool) < -assumptions.tables or len(problem.tables or ()) <= -assumptions.tables:
        raise RefusedSupposition(
            _(
                "Il n’y a que %(count)s sans titulaire à retirer : les autres sont attitrées, ou la dernière.",
                count=counted(len(pool), _("table"), _("tables")),
            )
        )
    return pool[assumptions.tables :]


def _require_tables(problem: AnyProblem, assumptions: Assumptions) -> None:
    if problem.tables is None and assumptions.tables:
        raise RefusedSupposition(
            _("Cette édition ne compte pas ses tables : il y en a toujours assez. Ajoutez-les d’abord à l’édition.")
        )


def _unused(taken: set[str], pattern: str) -> str:
    return next(name for number in range(1, len(taken) + 2) if (name := pattern.format(number)) not in taken)


def order_label(order: str) -> str:
    """Return what an order of objectives is called."""
    labels: dict[str, str] = {
        "usual": _("l’ordre habituel"),
        "balance": _("l’équilibre avant la valeur"),
        "idle": _("l’attente avant la valeur"),
    }
    return labels.get(order, labels["usual"])


def told(assumptions: Assumptions, edition: Edition, names: Mapping[str, str]) -> list[str]:
    """Say in French what is supposed, a sentence a thing; ``names`` gives participants by code."""
    hours = {slot.code: clock(slot.start, edition.zone) for slot in edition.slots}
    said = []
    if assumptions.more:
        length = counted(assumptions.minutes, _("minute"))
        said.append(
            _(
                "%(count)s de plus à partir de %(hour)s, de %(length)s",
                count=counted(assumptions.more, _("créneau"), _("créneaux")),
                hour=clock(assumptions.begins, edition.zone), length=length,
            )
        )  # fmt: skip
    if assumptions.fewer:
        count = counted(assumptions.fewer, _("créneau"), _("créneaux"))
        said.append(_("%(count)s de moins, à la fin", count=count))
    if assumptions.tables:
        count = counted(abs(assumptions.tables), _("table"))
        said.append(
            _("%(count)s de plus", count=count) if assumptions.tables > 0 else _("%(count)s de moins", count=count)
        )
    for one in assumptions.people:
        name = names.get(one.code, one.code)
        parts = []
        if one.delegates is not None:
            parts.append(counted(one.delegates, _("délégué")))
        if one.max_meetings is not None:
            parts.append(_("%(count)s au plus", count=counted(one.max_meetings, _("entretien"))))
        if one.absent:
            parts.append(_("absent à %(hours)s", hours=", ".join(hours.get(code, code) for code in one.absent)))
        said.append(_("%(name)s\u00a0: %(what)s", name=name, what=", ".join(parts)))
    if assumptions.order != "usual":
        said.append(_("objectifs\u00a0: %(order)s", order=order_label(assumptions.order)))
    return said or [_("l’édition comme elle est")]
