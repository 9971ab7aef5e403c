"""Questions about applications. The room below adds who reads files, and whom a conflict keeps from them."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Select, true
from sqlalchemy.sql.elements import ColumnElement

from openmap.applications.models import Application
from openmap.directory.queries import acts_for
from openmap.extensions import AnySession, db
from openmap.people.models import Person
from openmap.people.permissions import organises

Question = Callable[[AnySession, Person, Application], bool]
Barred = Callable[[Person], Select[int]]

_readers: list[Question] = []
_bars: list[Question] = []
_barred: list[Barred] = []


def register_reader(question: Question) -> None:
    """Let a room below say who else may open a file: the jurors it is given to."""
    _readers.append(question)


def register_bar(question: Question, barred: Barred) -> None:
    """Let a room below say who must never open a file, whatever else they may: a juror in conflict.

    ``barred`` selects the ids of all the files that are so for a person: lists leave them out in one query.
    """
    _bars.append(question)
    _barred.append(barred)


def is_barred(person: Person, application: Application) -> bool:
    """Say whether a conflict keeps ``person`` from everything about this file."""
    return any(bar(db.session, person, application) for bar in _bars)


def open_to(person: Person) -> ColumnElement[bool]:
    """Return the condition on applications that leaves out those that a conflict keeps from ``person``."""
    condition: ColumnElement[bool] = true()
    for barred in _barred:
        condition &= Application.id.not_in(barred(person))
    return condition


def is_applicant(person: Person | None, application: Application) -> bool:
    """Say whether the file is the person's own: who began it, and who acts for its structure."""
    if person is None or person.erased_at is not None:
        return False
    if application.person_id == person.id:
        return True
    return application.structure is not None and acts_for(db.session, person, application.structure)


def may_fill(person: Person | None, application: Application) -> bool:
    """Say whether ``person`` may fill the file in: the applicant, and an organiser on their behalf."""
    if is_applicant(person, application):
        return True
    return may_examine(person, application)


def may_examine(person: Person | None, application: Application) -> bool:
    """Say whether ``person`` examines the file for the organisers."""
    return person is not None and organises(person, application.edition_id) and not is_barred(person, application)


def may_open_file(person: Person | None, application: Application) -> bool:
    """Say whether ``person`` may read the file, its attachments and its PDF."""
    if may_fill(person, application):
        return True
    if person is None or person.erased_at is not None or is_barred(person, application):
        return False
    return any(reads(db.session, person, application) for reads in _readers)
