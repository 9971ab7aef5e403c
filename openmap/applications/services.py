"""Verbs of the one who applies: begin, save, submit, withdraw.

The rule of the deadline: a file counts as submitted in time when its request reaches the server before the call's
``closes_at``, that is when ``now``, the instant of arrival (``web.arrival``: waiting in a queue does not count), is
strictly earlier. At that very instant or after, it is accepted only from someone to whom organisers have given a late
code, or from an organiser, and is then marked late. A draft can be saved at any time: nothing that someone types is
lost because the hour has passed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select, update

from openmap.applications.completeness import Missing, missing
from openmap.applications.fields import ROWS, apply, snapshot
from openmap.applications.letters import receipt_of, tell_received, tell_withdrawn
from openmap.applications.models import Application, Attendee, Revision
from openmap.applications.presenting import questions_of
from openmap.applications.recognising import link_structure, recognise, structure_of, take_over
from openmap.directory.models import Structure
from openmap.events.models import Edition, LateCode
from openmap.events.phases import is_open, make_late_code, use_late_code
from openmap.extensions import AnySession
from openmap.people import journal
from openmap.people.models import Person
from openmap.people.permissions import organises


class CallClosed(Exception):
    """The call is not open, and nothing lets this person in; the sentence says what to do."""

    def __init__(self, edition: Edition) -> None:
        contact = f" {edition.contact_email}" if edition.contact_email else ""
        super().__init__(
            _(
                "Les candidatures ne sont pas ouvertes : votre saisie est gardée, mais elle ne peut pas être déposée. "
                "Demandez un code de retard à l’organisation%(contact)s.",
                contact=contact,
            )
        )


class Incomplete(Exception):
    """The file still needs answers; ``missing`` says which."""

    def __init__(self, found: list[Missing]) -> None:
        super().__init__(_("Votre candidature n’est pas complète."))
        self.missing = found


class ChangedElsewhere(Exception):
    """The file was changed on another device since this one read it; nothing has been overwritten."""

    def __init__(self) -> None:
        super().__init__(_("Cette candidature a été modifiée ailleurs depuis que vous avez ouvert cette page."))


class NoLongerYours(Exception):
    """The file was withdrawn or merged: it can no longer be filled in."""

    def __init__(self) -> None:
        super().__init__(_("Cette candidature est retirée ou réunie à une autre : elle ne peut plus être modifiée."))


def start(
    session: AnySession,
    edition: Edition,
    *,
    person: Person,
    by: Person,
    now: datetime,
    siret: str = "",
    structure: Structure | None = None,
) -> Application:
    """Begin a draft for ``person``; one that they began and left untouched is returned instead of a second one.

    With a ``siret``, or a ``structure`` that they act for, the draft begins with what is known: public facts of the
    directory for everyone, and their own last file.

    Raises CallClosed.
    """
    journal.lock(session)  # of two taps on the same button, one makes the draft
    require_open(session, edition, None, by=by, now=now)
    application = _untouched(session, edition, person, siret or (structure.siret if structure else "") or "")
    if application is not None:
        return application
    application = Application(
        edition=edition, person=person, state="draft", version=1, siret=siret, typed={}, created_at=now, changed_at=now
    )
    application.attendees.append(
        Attendee(name=person.name, email=person.email or "", phone=person.phone, position=person.position, rank=0)
    )
    session.add(application)
    session.flush()
    take_over(session, application, person, structure or structure_of(session, siret))
    journal.record(
        session, "application.started", application, by=by, now=now, edition_id=edition.id,
        changes={"state": [None, "draft"]},
    )  # fmt: skip
    return application


def save(
    session: AnySession, application: Application, values: Mapping[str, Any], *, version: int, by: Person, now: datetime
) -> Application:
    """Keep what a step holds. ``values`` maps names of ``applications.fields`` to what they are to hold.

    A save that changes nothing is always accepted, so that the same one sent twice does no harm. A change to a file
    that is submitted must leave it complete and is kept as a revision, for the jurors to see what became of what they
    had read.

    Raises ChangedElsewhere, NoLongerYours, and of a submitted file CallClosed and Incomplete.
    """
    sent = application.state == "submitted"
    if sent:
        journal.lock(session)
    hold(session, application)
    if application.state not in {"draft", "submitted"}:
        raise NoLongerYours
    before = snapshot(session, application)
    if application.state == "submitted":
        values = {name: value for name, value in values.items() if name not in {"siret", "typed"}}
    with session.no_autoflush:
        apply(session, application, values)
        if application.siret != before["siret"]:
            known = structure_of(session, application.siret)
            if known is not None:
                recognise(session, application, known)
        after = snapshot(session, application)
    changes = {name: [before.get(name), after.get(name)] for name in after if before.get(name) != after.get(name)}
    if not changes:
        return application
    if application.version != version:
        raise ChangedElsewhere
    application.version, application.changed_at = version + 1, now
    if application.state == "submitted":
        _revise(session, application, changes, by=by, now=now)
    session.flush()
    return application


def _revise(
    session: AnySession, application: Application, changes: dict[str, list[Any]], *, by: Person, now: datetime
) -> None:
    late = require_open(session, application.edition, application, by=by, now=now)
    require_complete(session, application)
    told = {name: pair if name not in ROWS else [journal.HIDDEN, journal.HIDDEN] for name, pair in changes.items()}
    note_revision(session, application, told, late=late, by=by, now=now)


def note_revision(
    session: AnySession,
    application: Application,
    changes: dict[str, list[Any]],
    *,
    late: bool,
    by: Person,
    now: datetime,
) -> None:
    """Write down a change to a submitted file: for the jurors field by field, for the journal which fields."""
    application.revisions.append(Revision(person_id=by.id, at=now, is_late=late, changes=changes))
    journal.record(
        session, "application.changed", application, by=by, now=now, edition_id=application.edition_id,
        changes={"fields": [None, sorted(changes)]},
    )  # fmt: skip


def submit(session: AnySession, application: Application, *, by: Person, now: datetime) -> Application:
    """Submit a file, or submit it again after a withdrawal; one that is submitted stays as it is, told once.

    The receipt is typeset before the journal is taken, which all writers queue for; again in the rare case that
    another device has changed the file meanwhile.

    Raises CallClosed, Incomplete and NoLongerYours.
    """
    if application.state == "submitted":
        return application
    _require_ready(session, application, by=by, now=now)
    receipt, version = receipt_of(session, application, now=now), application.version
    journal.lock(session)
    hold(session, application)
    if application.state == "submitted":
        return application
    late = _require_ready(session, application, by=by, now=now)
    if application.version != version:
        receipt = receipt_of(session, application, now=now)
    link_structure(session, application, by=by, now=now)
    before = application.state
    application.state, application.submitted_at, application.withdrawn_at = "submitted", now, None
    application.is_late, application.typed, application.changed_at = late, {}, now
    application.version += 1
    journal.record(
        session, "application.submitted", application, by=by, now=now, edition_id=application.edition_id,
        changes={"state": [before, "submitted"]},
    )  # fmt: skip
    tell_received(session, application, receipt, now=now)
    return application


def _require_ready(session: AnySession, application: Application, *, by: Person, now: datetime) -> bool:
    """Return whether submitting now would be late, or raise why it cannot be done."""
    if application.state == "merged":
        raise NoLongerYours
    late = require_open(session, application.edition, application, by=by, now=now)
    require_complete(session, application)
    return late


def withdraw(session: AnySession, application: Application, *, by: Person, now: datetime) -> Application:
    """Withdraw a submitted file; withdrawing twice changes nothing.

    Raises NoLongerYours.
    """
    journal.lock(session)
    hold(session, application)
    if application.state == "withdrawn":
        return application
    if application.state != "submitted":
        raise NoLongerYours
    application.state, application.withdrawn_at = "withdrawn", now
    application.version += 1
    journal.record(
        session, "application.withdrawn", application, by=by, now=now, edition_id=application.edition_id,
        changes={"state": ["submitted", "withdrawn"]},
    )  # fmt: skip
    tell_withdrawn(session, application, now=now)
    return application


def allow_late(session: AnySession, application: Application, *, by: Person, now: datetime) -> None:
    """Let the people of one file submit or change it after the deadline: a late code, used for them already."""
    code = make_late_code(session, application.edition, application.name or application.siret, by=by, now=now)
    code.used_at, code.person_id = now, application.person_id
    journal.record(
        session, "application.allowed", application, by=by, now=now, edition_id=application.edition_id, changes={}
    )


def enter_late_code(session: AnySession, edition: Edition, typed: str, *, by: Person, now: datetime) -> bool:
    """Use a late code up for ``by``; false when there is none, or when someone else has used it."""
    return use_late_code(session, edition, typed, by=by, now=now)


def require_open(
    session: AnySession, edition: Edition, application: Application | None, *, by: Person, now: datetime
) -> bool:
    """Return whether this would be late.

    Raises CallClosed where it is too late, or too early, for ``by``.
    """
    if is_open(edition, "call", now=now):
        return False
    if not may_be_late(session, edition, application, by):
        raise CallClosed(edition)
    return True


def may_change(session: AnySession, application: Application, *, by: Person, now: datetime) -> bool:
    """Say whether ``by`` may change the file now: a draft always, a submitted one while the call is open to them."""
    if application.state != "submitted":
        return application.state == "draft"
    edition = application.edition
    return is_open(edition, "call", now=now) or may_be_late(session, edition, application, by)


def may_be_late(session: AnySession, edition: Edition, application: Application | None, by: Person) -> bool:
    """Say whether ``by`` may submit or change a file after the deadline: an organiser, or with a late code."""
    if organises(by, edition.id):
        return True
    people = {by.id, application.person_id if application else None} - {None}
    asked = select(LateCode.id).where(LateCode.edition_id == edition.id, LateCode.person_id.in_(people))
    return session.scalar(asked.limit(1)) is not None


def require_complete(session: AnySession, application: Application) -> None:
    """Raise Incomplete while the file needs something."""
    found = missing(application, questions_of(session, application.edition_id))
    if found:
        raise Incomplete(found)


def hold(session: AnySession, application: Application) -> None:
    """Keep every other transaction from this file until ours ends, and read it as it is now."""
    held = update(Application).where(Application.id == application.id).values(version=Application.version)
    session.execute(held.execution_options(synchronize_session=False))
    session.expire(application)


def _untouched(session: AnySession, edition: Edition, person: Person, siret: str) -> Application | None:
    asked = select(Application).where(
        Application.edition_id == edition.id,
        Application.person_id == person.id,
        Application.state == "draft",
        Application.version == 1,
        Application.siret == siret,
    )
    return session.scalars(asked.order_by(Application.id).limit(1)).one_or_none()
