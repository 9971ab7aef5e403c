"""A person's own calendar address: made, renewed, taken back, and what it tells."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import or_, select

from openmap.agendas.audience import Audience, invitations_of, mails_of, reckon, remembered_of
from openmap.agendas.invitations import Told
from openmap.agendas.itip import feed_of
from openmap.agendas.letters import page_of
from openmap.agendas.models import FeedToken, Invitation
from openmap.agendas.queries import Sheet, load_sheet
from openmap.directory.models import Delegate
from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.meetings.models import Participation, Release
from openmap.meetings.releasing import current_release
from openmap.people import journal
from openmap.people.models import Person

SHOWN_AFTER: Final = timedelta(days=400)
"""A feed tells past editions for so long."""


@dataclass(frozen=True, slots=True)
class Agenda:
    """What one person does in an edition, by its published release."""

    edition: Edition
    release: Release
    sheet: Sheet
    told: Told


def make_token(session: AnySession, person: Person, *, secret: str, now: datetime) -> str:
    """Give ``person`` a new address and return its token; the one before leads nowhere from now on."""
    journal.lock(session)  # of two tabs the second renews what the first has made
    row = session.get(FeedToken, person.id, populate_existing=True)
    if row is None:
        row = FeedToken(person_id=person.id)
        session.add(row)
    row.salt, row.made_at = secrets.token_hex(16), now
    token = _token(secret, person.id, row.salt)
    row.digest = _digest(token)
    journal.record(session, "feed.made", person, by=person, now=now, changes={})
    return token


def revoke_token(session: AnySession, person: Person, *, now: datetime) -> bool:
    """Take the address back; false when there is none."""
    journal.lock(session)
    row = session.get(FeedToken, person.id, populate_existing=True)
    if row is None:
        return False
    session.delete(row)
    journal.record(session, "feed.revoked", person, by=person, now=now, changes={})
    return True


def token_of(session: AnySession, person: Person, *, secret: str) -> str | None:
    """Return the token of ``person``, made again from its salt; ``None`` without one, or when the secret changed."""
    row = session.get(FeedToken, person.id)
    if row is None:
        return None
    token = _token(secret, person.id, row.salt)
    return token if hmac.compare_digest(_digest(token), row.digest) else None


def has_token(session: AnySession, person: Person) -> bool:
    """Say whether ``person`` has an address, even one that can no longer be shown."""
    return session.get(FeedToken, person.id) is not None


def person_of(session: AnySession, token: str) -> Person | None:
    """Return whose address this is, or ``None``."""
    row = session.scalars(select(FeedToken).where(FeedToken.digest == _digest(token))).one_or_none()
    return None if row is None or row.person.erased_at is not None else row.person


def feed(session: AnySession, person: Person, *, sender: str, now: datetime) -> bytes:
    """Return the calendar of a person's address: the same bytes as long as nothing changes."""
    told = [
        (agenda.sheet, agenda.told.entries, page_of(agenda.edition.slug))
        for agenda in agendas_of(session, person, now=now)
    ]
    return feed_of(f"OpenMap ESS – {person.shown_name}", told, sender)


def agendas_of(session: AnySession, person: Person, *, now: datetime) -> list[Agenda]:
    """Return what a person does in each edition whose plan is published, the next one first."""
    own = select(Participation.edition_id).join(
        Delegate, Delegate.organisation_id == Participation.organisation_id
    ).where(Delegate.person_id == person.id)  # fmt: skip
    told = select(Invitation.edition_slug).where(Invitation.person_id == person.id)
    asked = select(Edition).where(
        or_(Edition.id.in_(own), Edition.slug.in_(told)), Edition.held_on >= (now - SHOWN_AFTER).date()
    )
    found = [agenda_of(session, edition, person) for edition in session.scalars(asked.order_by(Edition.held_on))]
    return [agenda for agenda in found if agenda is not None]


def has_agenda(session: AnySession, person: Person) -> bool:
    """Say whether ``person`` acts for a participant of an edition whose plan is published."""
    asked = (
        select(Release.id)
        .join(Participation, Participation.edition_id == Release.edition_id)
        .join(Delegate, Delegate.organisation_id == Participation.organisation_id)
        .where(Delegate.person_id == person.id, Release.published_at.is_not(None))
    )
    return session.scalar(asked.limit(1)) is not None


def agenda_of(session: AnySession, edition: Edition, person: Person) -> Agenda | None:
    """Return what a person does in an edition, in a fixed number of queries; ``None`` while nothing is published."""
    release = current_release(session, edition)
    if release is None or release.published_at is None:
        return None
    acting = organisations_of(session, edition, person)
    sheet = load_sheet(session, edition, release.plan, organisations=acting)
    audience = Audience({person.id: acting}, remembered_of(session, edition, acting))
    rows = invitations_of(session, edition, [person.id]).get(person.id, {})
    mails = mails_of(session, edition, [person.id]).get(person.id, [])
    # What no mail has told yet is dated by the publication, so that the same feed is the same bytes.
    reckoned = reckon(sheet, audience, person.id, rows, mails, release.id, now=release.published_at)
    return Agenda(edition, release, sheet, reckoned.told)


def organisations_of(session: AnySession, edition: Edition, person: Person) -> Sequence[int]:
    """Return the organisations of an edition that ``person`` acts for."""
    asked = select(Delegate.organisation_id).join(
        Participation, Participation.organisation_id == Delegate.organisation_id
    ).where(Delegate.person_id == person.id, Participation.edition_id == edition.id)  # fmt: skip
    return list(session.scalars(asked.order_by(Delegate.id)))


def _token(secret: str, person_id: int, salt: str) -> str:
    mark = hmac.new(secret.encode(), f"agenda feed {person_id} {salt}".encode(), hashlib.sha256).digest()
    return urlsafe_b64encode(mark).decode().rstrip("=")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
