"""Conflicts of interest: told on a list of names before any file opens, added at any time, lifted by an organiser."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, insert, select, update

from openmap.applications.models import Application
from openmap.events.models import Edition
from openmap.extensions import AnySession, insert_unless_there
from openmap.people import journal
from openmap.people.models import Person
from openmap.pitches.models import Conflict, Criterion, Declaration, Jury, Reading, Score, declaration_names
from openmap.pitches.queries import own_files, read_files, told_names


class RefusedConflict(Exception):
    """The conflict cannot be told or lifted so; the sentence says why and what to do."""


def names_to_declare(session: AnySession, edition: Edition, person: Person) -> list[Application]:
    """Return the files whose names a juror has not been asked about yet; their own are no question."""
    settled = told_names(session, edition.id)[person.id] | own_files(session, edition.id)[person.id]
    return [one for one in read_files(session, edition.id) if one.id not in settled]


def declare(
    session: AnySession,
    edition: Edition,
    person: Person,
    reasons: Mapping[int, str],
    *,
    shown: Collection[int],
    by: Person,
    now: datetime,
) -> list[Application]:
    """Keep that ``person`` has been through the names ``shown``, in conflict with those that have ``reasons``.

    Names that have come since the list was shown are not counted as told. Returns the files in conflict.

    Raises RefusedConflict when a conflict is given no reason.
    """
    if any(not reason.strip() for reason in reasons.values()):
        raise RefusedConflict("Dites en quelques mots pourquoi, pour chaque conflit coché.")
    asked = [one for one in names_to_declare(session, edition, person) if one.id in set(shown)]
    insert_unless_there(session, Declaration, edition_id=edition.id, person_id=person.id, declared_at=now)
    own = (Declaration.edition_id == edition.id, Declaration.person_id == person.id)
    session.execute(update(Declaration).where(*own).values(declared_at=now))  # one device at a time from here
    declaration = session.scalars(select(Declaration).where(*own).execution_options(populate_existing=True)).one()
    known = set(
        session.scalars(
            select(declaration_names.c.application_id).where(declaration_names.c.declaration_id == declaration.id)
        )
    )
    new = [{"declaration_id": declaration.id, "application_id": one.id} for one in asked if one.id not in known]
    if new:
        session.execute(insert(declaration_names), new)
    changes = {"names": [len(known), len(known) + len(new)]}
    journal.record(session, "conflicts.declared", declaration, by=by, now=now, edition_id=edition.id, changes=changes)
    told = [one for one in asked if one.id in reasons]
    for one in told:
        add_conflict(session, one, person, reasons[one.id], by=by, now=now)
    return told


def add_conflict(
    session: AnySession, application: Application, person: Person, reason: str, *, by: Person, now: datetime
) -> bool:
    """Keep a conflict; a reading that ``person`` has of this file is dropped, and its marks count no more.

    Returns false where it was told already. Raises RefusedConflict without a reason, or once decisions have left.
    """
    if not reason.strip():
        raise RefusedConflict("Dites en quelques mots pourquoi vous êtes en conflit.")
    stage = select(Jury.stage).where(Jury.edition_id == application.edition_id)
    if session.scalar(stage.with_for_update(read=True)) == "released":  # whoever shares out waits, or is waited for
        raise RefusedConflict(
            "Les décisions sont parties : écrivez à la personne qui organise la rencontre, qui verra avec vous."
        )
    added = insert_unless_there(
        session,
        Conflict,
        application_id=application.id,
        person_id=person.id,
        reason=" ".join(reason.split())[:300],
        declared_at=now,
    )
    if added is None:
        return False
    session.execute(_reading(application, person).with_for_update())  # before the journal: a juror may be saving it
    conflict = session.get_one(Conflict, added)
    changes: dict[str, list[Any]] = {"file": [None, application.name], "juror": [None, person.id]}
    journal.record(
        session, "conflict.told", conflict, by=by, now=now, edition_id=application.edition_id, changes=changes
    )
    drop_reading(session, application, person, by=by, now=now)
    return True


def lift_conflict(session: AnySession, conflict: Conflict, why: str, *, by: Person, now: datetime) -> None:
    """Remove a conflict that was told by mistake; the reason stays in the journal.

    Raises RefusedConflict without a reason, and to whoever told it: an organiser who sits in the jury cannot let
    themselves in.
    """
    if not why.strip():
        raise RefusedConflict("Dites pourquoi ce conflit est levé : le procès-verbal en dépend.")
    if conflict.person_id == by.id:
        raise RefusedConflict("Vous ne pouvez pas lever votre propre conflit : demandez à une autre personne.")
    application = conflict.application
    changes: dict[str, list[Any]] = {
        "file": [application.name, None],
        "juror": [conflict.person_id, None],
        "why": [None, " ".join(why.split())[:300]],
    }
    journal.record(
        session, "conflict.lifted", conflict, by=by, now=now, edition_id=application.edition_id, changes=changes
    )
    session.delete(conflict)
    session.flush()


def drop_reading(
    session: AnySession, application: Application, person: Person, *, by: Person | None, now: datetime
) -> None:
    """Forget a reading; what it said is kept by the journal alone, apart from what the edition's pages show."""
    reading = session.scalars(_reading(application, person).with_for_update()).one_or_none()
    if reading is None:
        return
    changes: dict[str, list[Any]] = {"file": [application.name, None], "marks": [marks_told(session, reading), None]}
    journal.record(session, "reading.dropped", reading, by=by, now=now, edition_id=None, changes=changes)
    session.execute(delete(Score).where(Score.reading_id == reading.id))
    session.delete(reading)
    session.flush()


def _reading(application: Application, person: Person) -> Select[Reading]:
    return select(Reading).where(Reading.application_id == application.id, Reading.person_id == person.id)


def marks_told(session: AnySession, reading: Reading) -> list[str]:
    """Write the marks of a reading as the journal keeps them."""
    asked = (
        select(Criterion.name, Score.mark)
        .join(Score, Score.criterion_id == Criterion.id)
        .where(Score.reading_id == reading.id)
    )
    rows = session.execute(asked.order_by(Criterion.position, Criterion.id))
    return [f"{name} : {mark}" for name, mark in rows]
