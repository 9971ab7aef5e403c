"""Reads of the call: where it stands, and the files of the one who looks."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import aliased, selectinload

from openmap.applications.models import Application
from openmap.directory.models import Delegate
from openmap.events.models import Edition
from openmap.events.phases import Stage, stages
from openmap.extensions import AnySession
from openmap.people.models import Person


def call_of(edition: Edition, *, now: datetime) -> Stage:
    """Return the phase of the call, with where it stands."""
    return next(stage for stage in stages(edition, now=now) if stage.kind == "call")


def files_of(session: AnySession, person: Person, edition: Edition | None = None) -> list[Application]:
    """Return the files that are the person's own, or of a structure that they act for, newest first.

    One that was merged is left out where the file it went into is theirs too; else it stays, and its page tells them.
    """
    represented = select(Delegate.organisation_id).where(Delegate.person_id == person.id)
    kept = aliased(Application)
    theirs = select(kept.id).where(or_(kept.person_id == person.id, kept.structure_id.in_(represented)))
    asked = select(Application).where(
        or_(Application.person_id == person.id, Application.structure_id.in_(represented)),
        or_(Application.state != "merged", Application.merged_into_id.not_in(theirs)),
    )
    if edition is not None:
        asked = asked.where(Application.edition_id == edition.id)
    loaded = asked.options(selectinload(Application.edition)).order_by(Application.id.desc())
    return list(session.scalars(loaded))
