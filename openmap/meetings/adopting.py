"""From a supposition to the edition: what would change, named first, then done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import delete, func, insert, select

from openmap.events.models import Edition, Slot, Table
from openmap.events.services import add_part
from openmap.extensions import AnySession
from openmap.meetings import keeping, planning, services
from openmap.meetings.holding import hold
from openmap.meetings.models import Meeting, Participation, Plan, Solve, absences
from openmap.meetings.supposing import (
    Assumptions,
    NewSlot,
    RefusedSupposition,
    Someone,
    added_slots,
    added_tables,
    order_label,
    removed_slots,
    removed_tables,
    supposed,
)
from openmap.people import journal
from openmap.people.models import Person
from openmap.web.french import clock, counted


@dataclass(frozen=True, slots=True)
class Step:
    """One change of the edition: its sentence, and what does it."""

    sentence: str
    do: Callable[[Person, datetime], None]


def steps_of(session: AnySession, edition: Edition, assumptions: Assumptions) -> list[Step]:
    """Return what adopting would change, in order. Raises RefusedSupposition when the edition no longer allows it."""
    problem = planning.problem_of(session, edition)
    supposed(problem, assumptions)
    codes = {one.code for one in assumptions.people}
    people = {
        person.code: person
        for person in session.scalars(
            select(Participation).where(Participation.edition_id == edition.id, Participation.code.in_(codes))
        )
    }
    steps = [_add_slot(session, edition, made) for made in added_slots(problem, assumptions)]
    gone = {slot.id for slot in removed_slots(problem, assumptions)}
    steps += [_close_slot(session, edition, slot) for slot in edition.slots if slot.code in gone]
    if assumptions.tables > 0:
        steps += [_add_table(session, edition, code, label) for code, label in added_tables(problem, assumptions)]
    lost = set(removed_tables(problem, assumptions))
    steps += [_remove_table(session, edition, table) for table in edition.tables if table.code in lost]
    steps += [_limit(session, edition, people[one.code], one) for one in assumptions.people]
    if assumptions.order != "usual":
        order = order_label(assumptions.order)
        sentence = _(
            "Le calcul qui suit cherche dans cet ordre\u00a0: %(order)s. Les suivants reprennent l’ordre habituel.",
            order=order,
        )
        steps.append(Step(sentence, lambda _by, _now: None))
    return steps


def _add_slot(session: AnySession, edition: Edition, made: NewSlot) -> Step:
    hours = f"{clock(made.start, edition.zone)} – {clock(made.end, edition.zone)}"
    values = {name: getattr(made, name) for name in ("code", "start", "end", "block")}
    return Step(
        _("Le créneau %(hours)s est ajouté (%(code)s)\u00a0: tous y sont disponibles.", hours=hours, code=made.code),
        lambda by, now: add_part(session, edition, Slot, values, by=by, now=now),
    )


def _close_slot(session: AnySession, edition: Edition, slot: Slot) -> Step:
    """Close a slot for everyone: plans of before hold their meetings in it, so that it cannot be deleted."""

    def close(by: Person, now: datetime) -> None:
        everyone = select(Participation.id, select(Slot.id).where(Slot.id == slot.id).scalar_subquery())
        away = select(absences.c.participation_id).where(absences.c.slot_id == slot.id)
        here = everyone.where(Participation.edition_id == edition.id, Participation.id.not_in(away))
        session.execute(insert(absences).from_select(["participation_id", "slot_id"], here))
        changes = {"name": [slot.code, None]}
        journal.record(session, "slot.closed", slot, by=by, now=now, edition_id=edition.id, changes=changes)

    return Step(
        _(
            "Le créneau de %(hour)s est fermé\u00a0: personne n’y est plus disponible. Il reste dans la liste, "
            "parce que des plannings peuvent y tenir des entretiens.",
            hour=clock(slot.start, edition.zone),
        ),
        close,
    )


def _add_table(session: AnySession, edition: Edition, code: str, label: str) -> Step:
    return Step(
        _("« %(label)s » est ajoutée aux tables (%(code)s).", label=label, code=code),
        lambda by, now: add_part(session, edition, Table, {"code": code, "label": label}, by=by, now=now),
    )


def _remove_table(session: AnySession, edition: Edition, table: Table) -> Step:
    frozen = select(func.count()).select_from(Meeting).join(Plan, Plan.id == Meeting.plan_id)
    if session.scalar(frozen.where(Meeting.table_id == table.id, Plan.frozen_at.is_not(None))):
        raise RefusedSupposition(
            _("« %(label)s » est la table d’entretiens d’une version figée\u00a0: elle doit rester.", label=table.label)
        )

    def remove(by: Person, now: datetime) -> None:
        changes = {"name": [table.code, None]}
        journal.record(session, "part.removed", table, by=by, now=now, edition_id=edition.id, changes=changes)
        session.execute(delete(Table).where(Table.id == table.id))
        session.expire(edition, ["tables"])

    return Step(
        _("« %(label)s » est supprimée. Les plannings déjà calculés qui s’en servent n’en diront plus la table.",
          label=table.label or table.code),
        remove,
    )  # fmt: skip


def _limit(session: AnySession, edition: Edition, person: Participation, told: Someone) -> Step:
    changed: list[str] = []
    if told.delegates is not None:
        changed.append(_("délégués %(before)s → %(after)s", before=person.delegates, after=told.delegates))
    if told.max_meetings is not None:
        before = _("aucun") if person.max_meetings is None else str(person.max_meetings)
        changed.append(_("maximum d’entretiens %(before)s → %(after)s", before=before, after=told.max_meetings))
    away = [slot for slot in edition.slots if slot.code in told.absent]
    if away:
        changed.append(_("absent dans %(slots)s de plus", slots=counted(len(away), _("créneau"), _("créneaux"))))

    def change(by: Person, now: datetime) -> None:
        if told.delegates is not None:
            person.delegates = told.delegates
        if told.max_meetings is not None:
            person.max_meetings = told.max_meetings
        person.version += 1
        known = {slot.id for slot in person.absent_slots}
        person.absent_slots += [slot for slot in away if slot.id not in known]
        changes = journal.changes_of(person, "delegates", "max_meetings")
        changes["absent"] = [None, [slot.code for slot in away]]
        journal.record(session, "participation.limited", person, by=by, now=now, edition_id=edition.id, changes=changes)

    return Step(_("%(name)s\u00a0: %(what)s.", name=person.organisation.name, what=", ".join(changed)), change)


def adopt(session: AnySession, edition: Edition, solve: Solve, *, by: Person, now: datetime, seen: str) -> Solve:
    """Make what a what-if run supposed so in the edition, and queue a calculation of it.

    ``seen`` is the fingerprint of the steps that were confirmed. Raises RefusedSupposition when they have changed
    since, AlreadyDecided when someone has adopted it, RefusedSolve when the calculation cannot start.
    """
    journal.lock(session)
    hold(session, edition.id)
    assumptions = Assumptions.of(solve.assumptions)
    steps = steps_of(session, edition, assumptions)
    if fingerprint(steps) != seen:
        raise RefusedSupposition(
            _("L’édition a changé depuis que cette page est ouverte\u00a0: rien n’a été fait. Relisez la liste.")
        )
    keeping.decide(session, solve, "adopted", by=by, now=now)
    for step in steps:
        step.do(by, now)
    session.flush()
    session.expire_all()
    only_order = Assumptions(order=assumptions.order)
    return services.request_solve(
        session, edition, time_limit=solve.time_limit, seed=solve.seed, now=now, name=solve.name,
        assumptions=only_order, by=by,
    )  # fmt: skip


def fingerprint(steps: list[Step]) -> str:
    """Tell what is confirmed apart: the same steps, in the same words."""
    return planning.text_digest("\n".join(step.sentence for step in steps))
