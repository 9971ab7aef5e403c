"""Publishing a release: one act, carried out by a job, that writes to each person whose agenda changed, once.

Each small batch of people is a transaction of its own: mail and calendar state are written together. A job that dies
is taken up again and finds what it has already written; what changed meanwhile is read afresh.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from openmap.agendas.audience import Audience, audience_of, invitations_of, key_of, mails_of, reckon
from openmap.agendas.invitations import Told, has_heard
from openmap.agendas.itip import ATTACHMENT_NAME, file_of, parts_of
from openmap.agendas.letters import AGENDA, SUPERSEDED, letter_of, page_of
from openmap.agendas.models import Invitation, Mailing
from openmap.agendas.queries import Sheet, load_sheet
from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.mail.models import Message
from openmap.mail.services import write
from openmap.meetings.models import Release
from openmap.meetings.releasing import newest_release
from openmap.people import journal
from openmap.people.models import Person
from openmap.web.french import counted

Clock = Callable[[], datetime]

BATCH: Final = 20
"""People written to in one transaction: half a second of a database's one writer."""

LOST_AFTER: Final = timedelta(seconds=30)
"""A job that has not written for so long has died."""


class RefusedPublication(Exception):
    """The release cannot be published now; the message is for the organiser."""


class NoRelease(RefusedPublication):
    """There is no release yet."""

    def __init__(self) -> None:
        super().__init__("Aucune version du planning n’est figée : figez-en une depuis le planning, puis diffusez-la.")


class NotNewest(RefusedPublication):
    """Another release was made since the page was opened."""

    def __init__(self) -> None:
        super().__init__("Une autre version a été figée entre-temps : relisez ce qui part, puis diffusez-la.")


class AlreadyUnderWay(RefusedPublication):
    """A publication of this edition is under way."""

    def __init__(self) -> None:
        super().__init__("Une diffusion est déjà en cours pour cette édition : rien ne part deux fois.")


def request_mailing(session: AnySession, edition: Edition, release_id: int, *, by: Person, now: datetime) -> Mailing:
    """Ask for the release that the organiser has seen to be published; the caller commits, then hands out the job.

    Raises NoRelease, NotNewest or AlreadyUnderWay.
    """
    newest = newest_release(session, edition)
    if newest is None:
        raise NoRelease
    if newest.id != release_id:
        raise NotNewest
    journal.lock(session)  # of two tabs the second finds what the first has asked for
    under_way = select(Mailing.id).where(Mailing.edition_id == edition.id, Mailing.ended_at.is_(None))
    if session.scalar(under_way) is not None:
        raise AlreadyUnderWay
    mailing = Mailing(edition_id=edition.id, release=newest, person=by, state="queued", requested_at=now)
    session.add(mailing)
    try:
        session.flush()
    except IntegrityError as error:
        raise AlreadyUnderWay from error
    journal.record(
        session,
        "release.published",
        newest,
        by=by,
        now=now,
        edition_id=edition.id,
        changes={"mailing": [None, mailing.id]},
    )
    return mailing


def waiting_mailings(session: AnySession, *, now: datetime) -> list[int]:
    """Return the publications whose job is to be handed out: queued ones, and those whose job died; commits."""
    dead = (Mailing.state == "running", Mailing.beat_at < now - LOST_AFTER)
    if session.scalar(select(Mailing.id).where(*dead).limit(1)) is not None:
        session.execute(update(Mailing).where(*dead).values(state="queued"))
        session.commit()
    return list(session.scalars(select(Mailing.id).where(Mailing.state == "queued").order_by(Mailing.id)))


def run_mailing(
    session: AnySession,
    mailing_id: int,
    *,
    sender: str,
    clock: Clock,
    stopping: Callable[[], bool] = lambda: False,
) -> bool:
    """Carry a queued publication out, and say whether it came to its end; each batch commits.

    ``sender`` is the address that mails leave from, the ORGANIZER of what they carry. A delivery of the same job twice,
    or a job thought dead that was only slow, writes nothing twice.
    """
    claimed_at = clock()
    taken = update(Mailing).where(Mailing.id == mailing_id, Mailing.state == "queued")
    taken = taken.values(state="running", claimed_at=claimed_at, beat_at=claimed_at, done=0, written=0)
    claimed = session.execute(taken).rowcount == 1  # type: ignore[attr-defined]
    session.commit()
    if not claimed:
        return False
    run = _Run.begin(session, mailing_id, sender, claimed_at)
    session.commit()
    people = list(run.audience.acting)
    for at in range(0, len(people), BATCH):
        if stopping():
            _give_back(session, run)
            return False
        batch = people[at : at + BATCH]
        if not _beat(session, run, len(people), min(at + BATCH, len(people)), now=clock()):
            session.rollback()
            return False
        _write_batch(session, run, batch)
        session.commit()
    return _finish(session, run, now=clock())


@dataclass(frozen=True, slots=True)
class _Run:
    """What a job reads once. ``stamp`` is the instant that the new state of calendars is dated by."""

    mailing_id: int
    claimed_at: datetime
    release_id: int
    edition: Edition
    edition_id: int
    sheet: Sheet
    audience: Audience
    sender: str
    stamp: datetime

    @classmethod
    def begin(cls, session: AnySession, mailing_id: int, sender: str, claimed_at: datetime) -> _Run:
        """Make the release the one that is published, and read what it tells."""
        mailing = session.get_one(Mailing, mailing_id)
        release: Release = mailing.release
        if release.published_at is None:
            release.published_at = mailing.requested_at
        edition = release.edition
        return cls(
            mailing_id=mailing_id,
            claimed_at=claimed_at,
            release_id=release.id,
            edition=edition,
            edition_id=edition.id,
            sheet=load_sheet(session, edition, release.plan, whole=False),
            audience=audience_of(session, edition),
            sender=sender,
            stamp=mailing.requested_at,
        )


def _mine(run: _Run) -> Any:
    """Return the statement that touches the publication as long as this job holds it; others wait for its commit."""
    return update(Mailing).where(
        Mailing.id == run.mailing_id, Mailing.state == "running", Mailing.claimed_at == run.claimed_at
    )


def _beat(session: AnySession, run: _Run, total: int, done: int, *, now: datetime) -> bool:
    held = session.execute(_mine(run).values(beat_at=now, total=total, done=done))
    return bool(held.rowcount == 1)  # type: ignore[attr-defined]


def _give_back(session: AnySession, run: _Run) -> None:
    session.execute(_mine(run).values(state="queued"))
    session.commit()


def _finish(session: AnySession, run: _Run, *, now: datetime) -> bool:
    asked = select(Message.id).where(Message.key.startswith(f"{AGENDA.name}:{run.mailing_id}:", autoescape=True))
    written = len(session.scalars(asked).all())
    sentence = f"{counted(written, 'message écrit', 'messages écrits')}, un par personne dont l’agenda a changé."
    ended = session.execute(_mine(run).values(state="finished", ended_at=now, written=written, message=sentence))
    session.commit()
    return bool(ended.rowcount == 1)  # type: ignore[attr-defined]


def _write_batch(session: AnySession, run: _Run, batch: Collection[int]) -> None:
    """Write to a batch of people, in the transaction that the beat has begun."""
    people = {person.id: person for person in session.scalars(select(Person).where(Person.id.in_(batch)))}
    rows = invitations_of(session, run.edition, batch)
    mails = mails_of(session, run.edition, batch, hold=True)
    keys = [f"{AGENDA.name}:{key_of(run.mailing_id, person_id)}" for person_id in batch]
    done = set(session.scalars(select(Message.person_id).where(Message.key.in_(keys))))
    for person_id in batch:
        person = people.get(person_id)
        if person is None or person.email is None or person_id in done:
            continue
        mine = rows.get(person_id, {})
        reckoned = reckon(
            run.sheet, run.audience, person_id, mine, mails.get(person_id, ()), run.release_id, now=run.stamp
        )
        if reckoned.superseded:
            _take_back(session, reckoned.superseded)
        message = _write(session, run, person, reckoned.told) if reckoned.told.changes else None
        lost = reckoned.superseded | {mail.id for mail in mails.get(person_id, ()) if mail.is_lost}
        _record(session, run, person_id, mine, reckoned.told, message, lost)
    session.flush()


def _take_back(session: AnySession, numbers: Collection[int]) -> None:
    session.execute(
        update(Message)
        .where(Message.id.in_(numbers), Message.state.in_(("held", "queued", "sending")), Message.handing_at.is_(None))
        .values(state="dropped", claimed_at=None, error=SUPERSEDED)
    )


def _write(session: AnySession, run: _Run, person: Person, told: Told) -> Message | None:
    letter = letter_of(session, run.sheet, run.edition_id, person, told)
    page = page_of(run.sheet.slug)
    parts = parts_of(run.sheet, [change.entry for change in told.changes], person, run.sender, page)
    if told.wanted:
        text = file_of(run.sheet, told.entries, run.sender, page)
        parts.append({"name": ATTACHMENT_NAME, "type": "application/ics", "text": text, "as": "file"})
    return write(
        session, AGENDA, person, letter.values, key=key_of(run.mailing_id, person.id), now=run.stamp,
        edition_id=run.edition_id, attachments=parts, words=letter.words, html=letter.html,
    )  # fmt: skip


def _record(
    session: AnySession,
    run: _Run,
    person_id: int,
    rows: dict[str, Invitation],
    told: Told,
    message: Message | None,
    lost: Collection[int],
) -> None:
    """Keep what the calendar is told now; nothing where its mail could not be written."""
    for row in told.quiet:
        row.cancelled, row.sequence, row.stamped_at = True, row.sequence + 1, run.stamp
    if message is None:
        return
    for change in told.changes:
        entry, known = change.entry, rows.get(change.entry.uid)
        if known is None:
            row = Invitation(
                uid=entry.uid, edition_slug=run.sheet.slug, person_id=person_id, organisation_id=change.organisation,
                other_id=change.other, known=False,
            )  # fmt: skip
            session.add(row)
        else:
            row = known
            row.known = has_heard(row, lost)
        row.message_id = message.id
        row.sequence, row.fingerprint, row.cancelled = entry.sequence, entry.fingerprint, entry.cancelled
        row.stamped_at, row.start, row.end = entry.stamped_at, entry.start, entry.end
        row.summary, row.place, row.party = entry.summary, entry.place, change.number
