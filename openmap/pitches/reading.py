"""A juror reads a file and marks it. What is typed is kept at once; a reading is finished when nothing lacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select, update

from openmap.applications.models import Application, Revision
from openmap.extensions import AnySession, insert_unless_there
from openmap.people import journal
from openmap.people.models import Person
from openmap.pitches.conflicts import marks_told
from openmap.pitches.models import HIGHEST_MARK, Criterion, Jury, Reading, Score
from openmap.pitches.queries import criteria_of, jury_of

LONGEST_COMMENT = 1000
LONGEST_REMARK = 5000


class ReadingRefused(Exception):
    """The marks cannot be kept; the sentence says why and what to do."""


class ReadingsClosed(ReadingRefused):
    """The deliberation has begun: marks stay what they are."""

    def __init__(self) -> None:
        super().__init__("La délibération est ouverte : les notes ne changent plus.")


class ReadingGone(ReadingRefused):
    """The reading was given to someone else, or dropped for a conflict."""

    def __init__(self) -> None:
        super().__init__("Ce dossier n’est plus dans votre liste : il a été confié à une autre personne.")


class UnknownMark(ReadingRefused):
    """A mark outside the scale, or for a criterion of another edition."""

    def __init__(self) -> None:
        super().__init__(f"Une note va de 0 à {HIGHEST_MARK} : choisissez-la parmi celles proposées.")


@dataclass(frozen=True, slots=True)
class Lack:
    """What a reading lacks: of which criterion, in which field, and the sentence that says so."""

    criterion: Criterion
    field: str
    sentence: str


def reading_of(session: AnySession, application: Application, person: Person) -> Reading | None:
    """Return a juror's reading of a file."""
    own = select(Reading).where(Reading.application_id == application.id, Reading.person_id == person.id)
    return session.scalars(own).one_or_none()


def needs_comment(mark: int, comment_under: int | None) -> bool:
    """Say whether a mark is at or under the threshold from which jurors say why."""
    return comment_under is not None and mark <= comment_under


def lacking(reading: Reading, criteria: Sequence[Criterion], comment_under: int | None) -> list[Lack]:
    """Return what a reading lacks before it is finished: marks, and comments under the threshold."""
    given = {score.criterion_id: score for score in reading.scores}
    found = []
    for one in criteria:
        score = given.get(one.id)
        if score is None:
            sentence = _("Choisissez une note pour « %(name)s ».", name=one.name)
            found.append(Lack(one, f"note-{one.id}-0", sentence))
        elif needs_comment(score.mark, comment_under) and not score.comment.strip():
            sentence = _("Expliquez en une phrase la note %(mark)d pour « %(name)s ».", mark=score.mark, name=one.name)
            found.append(Lack(one, f"commentaire-{one.id}", sentence))
    return found


def latest_revision(session: AnySession, application_id: int) -> int | None:
    """Return the number of the last change made to a file since it was submitted."""
    return session.scalar(select(func.max(Revision.id)).where(Revision.application_id == application_id))


def unseen_revisions(session: AnySession, reading: Reading) -> list[Revision]:
    """Return the changes made to a file since this juror read it, oldest first; none before they have begun."""
    if reading.opened_at is None:
        return []
    asked = select(Revision).where(
        Revision.application_id == reading.application_id, Revision.id > (reading.seen_revision_id or 0)
    )
    return list(session.scalars(asked.order_by(Revision.id)))


def save(
    session: AnySession,
    reading: Reading,
    *,
    marks: Mapping[int, int],
    comments: Mapping[int, str],
    remark: str | None = None,
    seen: int | None = None,
    by: Person,
    now: datetime,
) -> list[Lack]:
    """Keep marks and comments by criterion, those that are given only; return what is still lacking.

    ``seen`` is the last change of the file that was on the page when the juror began. A comment without a mark is kept
    with the mark. Raises ReadingsClosed, ReadingGone, UnknownMark.
    """
    application = reading.application
    criteria = criteria_of(session, application.edition_id)
    known = {one.id for one in criteria}
    if not set(marks) | set(comments) <= known or not all(0 <= mark <= HIGHEST_MARK for mark in marks.values()):
        raise UnknownMark
    before = _hold(session, reading, seen=seen, now=now)
    for criterion_id, mark in marks.items():
        insert_unless_there(session, Score, reading_id=reading.id, criterion_id=criterion_id, mark=mark, comment="")
        _change(session, reading, criterion_id, mark=mark)
    for criterion_id, comment in comments.items():
        _change(session, reading, criterion_id, comment=comment.strip()[:LONGEST_COMMENT])
    if remark is not None:
        reading.comment = remark.strip()[:LONGEST_REMARK]
    session.flush()
    session.expire(reading, ["scores"])
    return _settle(session, reading, criteria, before=before, by=by, now=now)


def _hold(session: AnySession, reading: Reading, *, seen: int | None, now: datetime) -> list[str]:
    """Take the reading's row, then look at the stage, so that a conflict or the deliberation comes before or after.

    PostgreSQL holds the jury's row still first: rows are taken jury, reading, journal by all who write, so that no two
    wait for each other. SQLite knows no such hold; its one writer is this transaction from the update on.
    """
    asked = select(Jury.stage).where(Jury.edition_id == reading.application.edition_id)
    session.scalar(asked.with_for_update(read=True))
    mine = update(Reading).where(Reading.id == reading.id)
    if session.execute(mine.values(opened_at=func.coalesce(Reading.opened_at, now))).rowcount != 1:  # type: ignore[attr-defined]
        raise ReadingGone
    first = reading.opened_at is None
    if session.scalar(asked) not in {None, "blind"}:
        raise ReadingsClosed
    session.refresh(reading)
    if first and seen is not None:
        see_changes(session, reading, seen)
    return marks_told(session, reading)


def _change(session: AnySession, reading: Reading, criterion_id: int, **values: Any) -> None:
    own = update(Score).where(Score.reading_id == reading.id, Score.criterion_id == criterion_id)
    session.execute(own.values(**values))


def _settle(
    session: AnySession,
    reading: Reading,
    criteria: Sequence[Criterion],
    *,
    before: list[str],
    by: Person,
    now: datetime,
) -> list[Lack]:
    """Say when a reading is finished, and journal its marks then and at each later change.

    The entry belongs to no edition's page: jurors who organise would read the marks of others there.
    """
    jury = jury_of(session, reading.application.edition)
    lacks = lacking(reading, criteria, jury.comment_under)
    was = reading.finished_at
    reading.finished_at = (was or now) if criteria and not lacks else None
    after = marks_told(session, reading)
    if reading.finished_at is not None and (was is None or before != after):
        changes = {"marks": [before if was is not None else None, after]}
        journal.record(session, "reading.finished", reading, by=by, now=now, edition_id=None, changes=changes)
    session.flush()
    return lacks


def see_changes(session: AnySession, reading: Reading, revision_id: int) -> None:
    """Keep that a juror has seen the changes of a file up to ``revision_id``; later ones stay to be shown."""
    asked = select(func.max(Revision.id)).where(
        Revision.application_id == reading.application_id, Revision.id <= revision_id
    )
    seen = session.scalar(asked)
    if seen is not None and seen > (reading.seen_revision_id or 0):
        reading.seen_revision_id = seen
        session.flush()
