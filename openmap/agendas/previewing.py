"""What a publication would tell, before it does: who is written to, what changes for each, who cannot be reached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select

from openmap.agendas.audience import PURPOSE, audience_of, invitations_of, mails_of, reckon
from openmap.agendas.invitations import Told
from openmap.agendas.letters import SUPERSEDED, block_of
from openmap.agendas.models import Invitation, Mailing
from openmap.agendas.queries import Party, Sheet, load_sheet
from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.mail.models import Message
from openmap.meetings.models import Release
from openmap.meetings.releasing import current_release, newest_release
from openmap.people.models import Person
from openmap.web.french import sort_key

PER_PAGE: Final = 50
MAILINGS_SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class Recipient:
    """Someone who would be written to. ``changes`` are in words; ``names`` the organisations acted for."""

    person_id: int
    name: str
    names: str
    counts: Mapping[str, int]
    changes: Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Preview:
    """Everything the page of publication shows; ``release`` is what would be published, ``current`` what is."""

    release: Release | None
    current: Release | None
    sheet: Sheet | None
    recipients: Sequence[Recipient]
    found: int
    page: int
    unchanged: int
    kinds: Mapping[str, int]
    unreachable: Sequence[tuple[Party, int]]
    states: Mapping[str, int]
    mailings: Sequence[Mailing]
    under_way: Mailing | None
    replies: Mapping[str, int]

    @property
    def pages(self) -> int:
        """How many pages of recipients there are, one at least."""
        return max(1, -(-self.found // PER_PAGE))


def preview_of(session: AnySession, edition: Edition, *, page: int, now: datetime) -> Preview:
    """Gather the page, in a fixed number of queries."""
    release = newest_release(session, edition)
    mailings = session.scalars(
        select(Mailing).where(Mailing.edition_id == edition.id).order_by(Mailing.id.desc()).limit(MAILINGS_SHOWN)
    ).all()
    under_way = next((one for one in mailings if one.ended_at is None), None)
    sheet = load_sheet(session, edition, release.plan, whole=False) if release is not None else None
    told, acting = _told(session, edition, release, sheet, now)
    names = _names(session, told)
    order = sorted(told, key=lambda person_id: (sort_key(names.get(person_id, "")), person_id))
    page = max(1, min(page, max(1, -(-len(order) // PER_PAGE))))
    shown = order[(page - 1) * PER_PAGE : page * PER_PAGE]
    reached = {organisation for person_id in acting for organisation in acting[person_id]}
    return Preview(
        release=release,
        current=current_release(session, edition),
        sheet=sheet,
        recipients=[
            _recipient(sheet, person_id, names[person_id], told[person_id]) for person_id in shown if sheet is not None
        ],
        found=len(order),
        page=page,
        unchanged=len(acting) - len(order),
        kinds=Counter(change.kind for one in told.values() for change in one.changes),
        unreachable=[
            (party, len(sheet.of(party)))
            for party in (sheet.parties if sheet is not None else ())
            if party.organisation not in reached and sheet is not None and sheet.of(party)
        ],
        states=mail_states(session, edition),
        mailings=mailings,
        under_way=under_way,
        replies=reply_counts(session, edition),
    )


def _told(
    session: AnySession, edition: Edition, release: Release | None, sheet: Sheet | None, now: datetime
) -> tuple[dict[int, Told], Mapping[int, Sequence[int]]]:
    """Return what each person concerned would be told, and everyone with whom they act for."""
    if release is None or sheet is None:
        return {}, {}
    audience = audience_of(session, edition)
    rows, mails = invitations_of(session, edition), mails_of(session, edition)
    release_id = release.id
    told = {
        person_id: reckon(
            sheet, audience, person_id, rows.get(person_id, {}), mails.get(person_id, ()), release_id, now=now
        ).told
        for person_id in audience.acting
    }
    return {person_id: one for person_id, one in told.items() if one.changes}, audience.acting


def _names(session: AnySession, told: Mapping[int, Told]) -> dict[int, str]:
    if not told:
        return {}
    rows = session.execute(select(Person.id, Person.name, Person.email).where(Person.email.is_not(None)))
    return {number: name or email or "" for number, name, email in rows if number in told}


def _recipient(sheet: Sheet, person_id: int, name: str, told: Told) -> Recipient:
    concerned = {change.organisation for change in told.changes}
    return Recipient(
        person_id=person_id,
        name=name,
        names=", ".join(party.name for party in sheet.parties if party.organisation in concerned),
        counts=Counter(change.kind for change in told.changes),
        changes=block_of(sheet, told)["changes"],
    )


def mail_states(session: AnySession, edition: Edition) -> dict[str, int]:
    """Return how many of the agendas' mails are in each state; those replaced by newer ones are not counted."""
    rows = session.execute(
        select(Message.state, func.count())
        .where(Message.edition_id == edition.id, Message.purpose == PURPOSE, Message.error != SUPERSEDED)
        .group_by(Message.state)
    )
    return {state: count for state, count in rows}  # noqa: C416 - rows are not pairs to the type checker


def reply_counts(session: AnySession, edition: Edition) -> dict[str, int]:
    """Return how many invitations that still hold were answered in each way."""
    rows = session.execute(
        select(Invitation.reply, func.count())
        .where(
            Invitation.edition_slug == edition.slug,
            ~Invitation.cancelled,
            Invitation.reply_sequence == Invitation.sequence,
        )
        .group_by(Invitation.reply)
    )
    return {reply or "": count for reply, count in rows}
