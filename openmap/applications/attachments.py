"""The files of an application: added, replaced, removed; five current ones at most, every version kept.

The content lies under its hash, written before the row that names it: a process that dies in between leaves a file
that nobody refers to, which the nightly sweep removes.
"""

from __future__ import annotations

from datetime import datetime
from typing import IO, Any, Final

from flask_babel import gettext as _

from openmap.applications.models import Application, Attachment, Question
from openmap.applications.services import NoLongerYours, hold, note_revision, require_complete, require_open
from openmap.extensions import AnySession
from openmap.people import journal
from openmap.people.models import Person
from openmap.web.uploads import RefusedFile, keep

MOST: Final = 5


class TooMany(RefusedFile):
    """The file has as many attachments as it may."""

    def __init__(self) -> None:
        super().__init__(_("Cinq pièces jointes au plus : retirez-en une, puis recommencez."))


def current(application: Application) -> list[Attachment]:
    """Return the attachments that count now, oldest first; replaced versions are left out."""
    return [one for one in application.attachments if one.replaced_at is None]


def of_question(application: Application, question: Question | None) -> list[Attachment]:
    """Return the current attachments of the pitch, or of a question."""
    return [one for one in current(application) if one.question_id == (question.id if question else None)]


def add(
    session: AnySession,
    application: Application,
    stream: IO[bytes],
    filename: str,
    *,
    question: Question | None = None,
    by: Person,
    now: datetime,
) -> Attachment:
    """Keep a file with an application; a question has one, and so has each name: the version before is replaced.

    The same content under the same name changes nothing, so that an upload sent twice is kept once.

    Raises RefusedFile, NoLongerYours, and of a submitted file CallClosed.
    """
    kept = keep(stream, filename)
    late = _begin(session, application, by=by, now=now)
    there = of_question(application, question)
    same = next((one for one in there if (one.digest, one.filename) == (kept.digest, kept.filename)), None)
    if same is not None:
        return same
    replaced = there if question is not None else [one for one in there if one.filename == kept.filename]
    if len(current(application)) - len(replaced) >= MOST:
        raise TooMany
    for old in replaced:
        old.replaced_at = now
    added = Attachment(
        question_id=question.id if question else None, filename=kept.filename, media_type=kept.media_type,
        size=kept.size, digest=kept.digest, added_at=now,
    )  # fmt: skip
    application.attachments.append(added)
    before = ", ".join(old.filename for old in replaced) or None
    _end(session, application, "attachment.added", [before, kept.filename], question, late=late, by=by, now=now)
    return added


def remove(session: AnySession, application: Application, attachment: Attachment, *, by: Person, now: datetime) -> None:
    """Take an attachment out of the file; the version stays, dated. Removing it twice changes nothing.

    Raises NoLongerYours, and of a submitted file CallClosed and Incomplete.
    """
    late = _begin(session, application, by=by, now=now)
    if attachment.replaced_at is not None:
        return
    attachment.replaced_at = now
    if application.state == "submitted":
        require_complete(session, application)
    change = [attachment.filename, None]
    _end(session, application, "attachment.removed", change, attachment.question, late=late, by=by, now=now)


def _begin(session: AnySession, application: Application, *, by: Person, now: datetime) -> bool:
    journal.lock(session)
    hold(session, application)
    if application.state not in {"draft", "submitted"}:
        raise NoLongerYours
    if application.state == "draft":
        return False
    return require_open(session, application.edition, application, by=by, now=now)


def _end(
    session: AnySession,
    application: Application,
    action: str,
    change: list[Any],
    question: Question | None,
    *,
    late: bool,
    by: Person,
    now: datetime,
) -> None:
    application.changed_at = now
    session.flush()
    journal.record(
        session, action, application, by=by, now=now, edition_id=application.edition_id, changes={"filename": change}
    )
    if application.state == "submitted":
        field = "attachments" if question is None else f"question_{question.id}"
        note_revision(session, application, {field: change}, late=late, by=by, now=now)
