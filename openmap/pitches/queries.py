"""Reads of the jury: its settings, its members, the files for it, and what one person may see of them."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import func, or_, select
from sqlalchemy.orm import contains_eager, joinedload

from openmap.applications.models import Application
from openmap.directory.models import Delegate
from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.people.models import Person, Role
from openmap.pitches.models import Conflict, Criterion, Declaration, Jury, declaration_names
from openmap.pitches.permissions import JUROR, hidden_from


def jury_of(session: AnySession, edition: Edition) -> Jury:
    """Return how the jury works; the house's settings, not kept yet, where the organisers have chosen none."""
    known = session.get(Jury, edition.id)
    return known or Jury(edition_id=edition.id, readers=3, picks=6, comment_under=1, stage="blind")


def criteria_of(session: AnySession, edition_id: int) -> list[Criterion]:
    """Return the criteria in their order."""
    asked = select(Criterion).where(Criterion.edition_id == edition_id)
    return list(session.scalars(asked.order_by(Criterion.position, Criterion.id)))


def jurors(session: AnySession, edition_id: int) -> list[Person]:
    """Return who sits in the jury, by name."""
    asked = select(Person).join(Role, Role.person_id == Person.id)
    chosen = asked.where(Role.edition_id == edition_id, Role.role == JUROR, Person.erased_at.is_(None))
    return list(session.scalars(chosen.order_by(func.lower(Person.name), Person.email)))


def read_files(session: AnySession, edition_id: int) -> list[Application]:
    """Return the files that the jury reads: submitted, with a pitch, not found ineligible; by name."""
    asked = select(Application).where(
        Application.edition_id == edition_id,
        Application.state == "submitted",
        Application.wants_pitch.is_(True),
        or_(Application.standing.is_(None), Application.standing != "ineligible"),
    )
    loaded = asked.options(joinedload(Application.commune))
    return list(session.scalars(loaded.order_by(func.lower(Application.name), Application.id)))


def conflicts_of(session: AnySession, edition_id: int) -> list[Conflict]:
    """Return the conflicts that were told, by structure."""
    asked = select(Conflict).join(Application).where(Application.edition_id == edition_id)
    loaded = asked.options(contains_eager(Conflict.application), joinedload(Conflict.person))
    return list(session.scalars(loaded.order_by(func.lower(Application.name), Conflict.id)))


def own_conflicts(session: AnySession, edition_id: int, person: Person) -> list[Conflict]:
    """Return the conflicts that a person has told, by structure."""
    asked = select(Conflict).join(Application).options(contains_eager(Conflict.application))
    own = asked.where(Application.edition_id == edition_id, Conflict.person_id == person.id)
    return list(session.scalars(own.order_by(func.lower(Application.name), Conflict.id)))


def names_known(session: AnySession, edition_id: int, person: Person) -> list[Application]:
    """Return the files whose names a juror has been through, by name."""
    told = told_names(session, edition_id)[person.id]
    return [one for one in read_files(session, edition_id) if one.id in told]


def conflicting(session: AnySession, edition_id: int) -> dict[int, set[int]]:
    """Return person → files that a conflict keeps from them; one told about a merged file holds for what it became."""
    asked = (
        select(Conflict.person_id, Application.id, Application.merged_into_id)
        .join(Application, Conflict.application_id == Application.id)
        .where(Application.edition_id == edition_id)
    )
    kept: dict[int, set[int]] = defaultdict(set)
    for person_id, application_id, merged_into in session.execute(asked):
        kept[person_id].update({application_id} if merged_into is None else {application_id, merged_into})
    return kept


def own_files(session: AnySession, edition_id: int) -> dict[int, set[int]]:
    """Return person → files that are their own: they began it, or act for its structure. Nobody reads these."""
    began = select(Application.person_id, Application.id).where(
        Application.edition_id == edition_id, Application.person_id.is_not(None)
    )
    acts = (
        select(Delegate.person_id, Application.id)
        .join(Application, Application.structure_id == Delegate.organisation_id)
        .where(Application.edition_id == edition_id)
    )
    own: dict[int, set[int]] = defaultdict(set)
    for asked in (began, acts):
        for person_id, application_id in session.execute(asked):
            if person_id is not None:
                own[person_id].add(application_id)
    return own


def told_names(session: AnySession, edition_id: int) -> dict[int, set[int]]:
    """Return juror → files on the list on which they told their conflicts; none without a declaration."""
    asked = (
        select(Declaration.person_id, declaration_names.c.application_id)
        .outerjoin(declaration_names, declaration_names.c.declaration_id == Declaration.id)
        .where(Declaration.edition_id == edition_id)
    )
    told: dict[int, set[int]] = defaultdict(set)
    for person_id, application_id in session.execute(asked):
        told[person_id].update(set() if application_id is None else {application_id})
    return told


def visible_applications(session: AnySession, person: Person, edition: Edition) -> list[Application]:
    """Return the files of the jury of which ``person`` may learn anything: how it is read, its marks, its rank.

    What lists files to a person lists these.
    """
    kept = hidden_from(session, person, edition.id)
    return [one for one in read_files(session, edition.id) if one.id not in kept]
