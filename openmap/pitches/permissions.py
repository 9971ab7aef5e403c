"""Questions about the jury: who sits in it, who reads which file, whom a conflict keeps out."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import aliased

from openmap.applications import permissions as applications
from openmap.applications.models import Application
from openmap.directory.models import Delegate
from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.people.models import Person
from openmap.people.permissions import organises
from openmap.pitches.models import Conflict, Declaration, Jury, Reading, Selection, declaration_names

JUROR: Final = "juror"


def is_juror(person: Person | None, edition_id: int) -> bool:
    """Say whether ``person`` sits in the jury of an edition."""
    return person is not None and person.erased_at is None and person.holds(JUROR, edition_id)


def is_chair(session: AnySession, person: Person | None, edition_id: int) -> bool:
    """Say whether ``person`` chairs the jury: one of the jurors, for as long as they sit in it."""
    if person is None or not is_juror(person, edition_id):
        return False
    return session.scalar(select(Jury.chair_id).where(Jury.edition_id == edition_id)) == person.id


def follows_jury(session: AnySession, person: Person | None, edition: Edition) -> bool:
    """Say whether ``person`` follows how the readings go: who organises, and the chair."""
    return organises(person, edition.id) or is_chair(session, person, edition.id)


def has_declared(session: AnySession, person: Person, edition_id: int) -> bool:
    """Say whether a juror has told their conflicts: before that, no file is opened."""
    asked = select(Declaration.id).where(Declaration.edition_id == edition_id, Declaration.person_id == person.id)
    return session.scalar(asked) is not None


def has_been_told_of(session: AnySession, person: Person, application: Application) -> bool:
    """Say whether this file's structure was on the list on which a juror told their conflicts."""
    asked = (
        select(Declaration.id)
        .join(declaration_names, declaration_names.c.declaration_id == Declaration.id)
        .where(Declaration.person_id == person.id, declaration_names.c.application_id == application.id)
    )
    return session.scalar(asked) is not None


def files_in_conflict(person: Person) -> Select[int]:
    """Select the files with which ``person`` has told a conflict, and those that these were merged into."""
    told, file = aliased(Application), aliased(Application)
    return (
        select(file.id)
        .join(told, or_(told.id == file.id, told.merged_into_id == file.id))
        .join(Conflict, Conflict.application_id == told.id)
        .where(Conflict.person_id == person.id)
    )


def is_in_conflict(session: AnySession, person: Person, application: Application) -> bool:
    """Say whether ``person`` has told a conflict with this file; it holds whatever other role they have.

    A conflict told about a file that was merged into this one holds for this one.
    """
    return application.id in set(session.scalars(files_in_conflict(person)))


def files_kept_from(person: Person) -> Select[int]:
    """Select the files that ``person`` must not open, be they an organiser.

    Those of a conflict; and of an edition in whose jury they sit, those whose name they have not been asked about.
    """
    file = aliased(Application)
    sits = [role.edition_id for role in person.roles if role.role == JUROR]
    told = (
        select(declaration_names.c.application_id)
        .join(Declaration, Declaration.id == declaration_names.c.declaration_id)
        .where(Declaration.person_id == person.id)
    )
    untold = and_(
        file.edition_id.in_(sits),
        file.state == "submitted",
        file.wants_pitch.is_(True),
        or_(file.standing.is_(None), file.standing != "ineligible"),
        file.id.not_in(told),
    )
    return select(file.id).where(or_(file.id.in_(files_in_conflict(person)), untold))


def is_kept_from(session: AnySession, person: Person, application: Application) -> bool:
    """Say whether ``person`` must not open this file: a conflict, or a juror who has not been asked about it."""
    if is_juror(person, application.edition_id) and is_read(application):
        return not has_been_told_of(session, person, application) or is_in_conflict(session, person, application)
    return is_in_conflict(session, person, application)


def is_read(application: Application) -> bool:
    """Say whether a file is for the jury: submitted, with a pitch, and not found ineligible."""
    return application.state == "submitted" and bool(application.wants_pitch) and application.standing != "ineligible"


def reads(session: AnySession, person: Person, application: Application) -> bool:
    """Say whether a juror who has told their conflicts was given this file to read."""
    if not is_juror(person, application.edition_id) or not is_read(application):
        return False
    asked = select(Reading.id).where(Reading.application_id == application.id, Reading.person_id == person.id)
    return session.scalar(asked) is not None and has_been_told_of(session, person, application)


def may_mark(session: AnySession, person: Person | None, application: Application) -> bool:
    """Say whether ``person`` may score this file: it is theirs to read, without a conflict, nor their own."""
    if person is None or not reads(session, person, application) or is_in_conflict(session, person, application):
        return False
    return not applications.is_applicant(person, application)


def hidden_from(session: AnySession, person: Person, edition_id: int) -> frozenset[int]:
    """Return the files of an edition of which no page tells ``person`` anything.

    Those that a conflict keeps from them; from a juror also their own, and those whose structure was not on the list
    on which they told their conflicts.
    """
    kept: ColumnElement[bool] = Application.id.in_(files_in_conflict(person))
    if is_juror(person, edition_id):
        told = (
            select(declaration_names.c.application_id)
            .join(Declaration, Declaration.id == declaration_names.c.declaration_id)
            .where(Declaration.person_id == person.id)
        )
        theirs = select(Delegate.organisation_id).where(Delegate.person_id == person.id)
        own = or_(Application.person_id == person.id, Application.structure_id.in_(theirs))
        kept = or_(kept, own, Application.id.not_in(told))
    return frozenset(session.scalars(select(Application.id).where(Application.edition_id == edition_id, kept)))


def sees_all(session: AnySession, person: Person, edition_id: int) -> bool:
    """Say whether no file for the jury is kept from ``person``."""
    hidden = hidden_from(session, person, edition_id)
    return not session.scalars(select(Application.id).where(Application.id.in_(hidden), for_the_jury(edition_id))).all()


def for_the_jury(edition_id: int) -> ColumnElement[bool]:
    """Say in SQL which files the jury chooses from: submitted, with a pitch, not found ineligible.

    Once the decisions are released, those that were decided, whatever becomes of them: the minutes stay the same.
    """
    asks = and_(
        Application.state == "submitted",
        Application.wants_pitch.is_(True),
        or_(Application.standing.is_(None), Application.standing == "eligible"),
    )
    decided = select(Selection.application_id).where(
        Selection.edition_id == edition_id, Selection.released_at.is_not(None)
    )
    was_released = select(Jury.edition_id).where(Jury.edition_id == edition_id, Jury.stage == "released").exists()
    return and_(
        Application.edition_id == edition_id,
        or_(and_(was_released, Application.id.in_(decided)), and_(~was_released, asks)),
    )


def leads(person: Person | None, edition_id: int, jury: Jury | None) -> bool:
    """Say whether ``person`` leads the jury: the chair while they sit in it, and who organises."""
    if person is None or organises(person, edition_id):
        return person is not None
    return jury is not None and is_juror(person, edition_id) and jury.chair_id == person.id


def may_deliberate(person: Person | None, edition_id: int) -> bool:
    """Say whether the jury room is open to ``person``: the jury and who organises."""
    return is_juror(person, edition_id) or organises(person, edition_id)


def may_see_scores(session: AnySession, person: Person, edition_id: int, jury: Jury | None) -> bool:
    """Say whether ``person`` sees ranks and scores: nobody while jurors read; then who has told their conflicts.

    Organisers who sit in the jury tell theirs too.
    """
    if jury is None or jury.stage == "blind":
        return False
    if is_juror(person, edition_id):
        return has_declared(session, person, edition_id)
    return organises(person, edition_id)


def may_decide(session: AnySession, person: Person, application: Application, jury: Jury | None) -> bool:
    """Say whether ``person`` writes down what the jury decides of a file: who leads it, without a conflict there."""
    return (
        may_see_scores(session, person, application.edition_id, jury)
        and leads(person, application.edition_id, jury)
        and application.id not in hidden_from(session, person, application.edition_id)
    )


applications.register_reader(reads)
applications.register_bar(is_kept_from, files_kept_from)
