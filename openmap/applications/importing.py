"""Applications brought in from a workbook: all of them, or none; what is there already is told, never touched."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from sqlalchemy import select

from openmap.applications.completeness import missing
from openmap.applications.fields import apply
from openmap.applications.inviting import begin_for
from openmap.applications.models import Application
from openmap.applications.permissions import open_to
from openmap.applications.presenting import questions_of
from openmap.applications.services import submit
from openmap.applications.workbook import Entry, entries_of
from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.people import journal
from openmap.people.models import Person
from openmap.reference.models import Activity

Outcome = Literal["draft", "submitted", "there"]


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of a line. ``application_id`` is ``None`` for a file that must not be shown to who imports."""

    line: int
    siret: str
    name: str
    outcome: Outcome
    application_id: int | None
    lacking: int = 0


def bring_in(
    session: AnySession, edition: Edition, source: Path, *, submitting: bool, by: Person, now: datetime
) -> list[Brought]:
    """Begin a draft for every line whose SIRET has no file yet; ``submitting``, submit those that lack nothing.

    Raises WorkbookUnusable with every fault; nothing is saved then.
    """
    entries = entries_of(session, edition, source)
    journal.lock(session)  # of the same workbook sent twice, the second finds what the first has brought
    there = _there(session, edition, entries)
    shown = set(session.scalars(select(Application.id).where(Application.id.in_(there.values()), open_to(by))))
    codes = {code for entry in entries for code in entry.values["activities"]}
    named = select(Activity.code, Activity.id).where(Activity.code.in_(codes))
    activities = {row[0]: row[1] for row in session.execute(named)}
    questions = questions_of(session, edition.id)
    brought = []
    for entry in entries:
        known = there.get(entry.siret)
        if known is not None:
            number = known if known in shown else None
            brought.append(Brought(entry.line, entry.siret, entry.name, "there", number))
            continue
        application = _begin(session, edition, entry, activities, by=by, now=now)
        lacking = len(missing(application, questions))
        outcome: Outcome = "draft"
        if submitting and not lacking:
            submit(session, application, by=by, now=now)
            outcome = "submitted"
        brought.append(Brought(entry.line, entry.siret, entry.name, outcome, application.id, lacking))
    return brought


def _there(session: AnySession, edition: Edition, entries: list[Entry]) -> dict[str, int]:
    asked = select(Application.siret, Application.id).where(
        Application.edition_id == edition.id,
        Application.siret.in_({entry.siret for entry in entries}),
        Application.state.in_(("draft", "submitted", "withdrawn")),
    )
    return {row[0]: row[1] for row in session.execute(asked.order_by(Application.id))}


def _begin(
    session: AnySession, edition: Edition, entry: Entry, activities: dict[str, int], *, by: Person, now: datetime
) -> Application:
    contact = entry.contact
    application = begin_for(
        session, edition, name=entry.name, siret=entry.siret, contact=contact["name"], email=contact["email"], by=by,
        now=now,
    )  # fmt: skip
    values = {name: value for name, value in entry.values.items() if value not in (None, "", [])}
    if "activities" in values:
        values["activities"] = [activities[code] for code in values["activities"] if code in activities]
    with session.no_autoflush:
        apply(session, application, values)
    session.flush()
    changes = {"line": [None, entry.line]}
    journal.record(session, "application.imported", application, by=by, now=now, edition_id=edition.id, changes=changes)
    return application
