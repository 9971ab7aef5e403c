"""Who is told of a plan: everyone who acts for a participating organisation, and who acted for one until now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select

from openmap.agendas.invitations import Pair, Told, told_of, wanted_of
from openmap.agendas.models import Invitation, Mailing
from openmap.agendas.queries import Party, Sheet
from openmap.directory.models import Delegate
from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.mail.models import Message
from openmap.mail.sending import UNCERTAIN
from openmap.meetings.models import Participation, Release
from openmap.people.models import Person

PURPOSE: Final = "agenda.published"
"""The purpose of the mails that tell a person's agenda."""

ON_ITS_WAY: Final = ("held", "queued", "sending")


@dataclass(frozen=True, slots=True)
class Audience:
    """``acting`` gives the organisations of each person, by ids; ``remembered`` who held which meeting."""

    acting: Mapping[int, Sequence[int]]
    remembered: Mapping[Pair, int]

    def parties_of(self, sheet: Sheet, person_id: int) -> list[Party]:
        """Return the participants that a person acts for."""
        wanted = set(self.acting.get(person_id, ()))
        return [party for party in sheet.parties if party.organisation in wanted] if wanted else []


@dataclass(frozen=True, slots=True)
class Mail:
    """An agenda's mail that has not arrived for certain."""

    id: int
    release_id: int | None
    is_lost: bool
    may_be_taken_back: bool


@dataclass(frozen=True, slots=True)
class Reckoned:
    """What a person is to be told, and which of the mails to them must not leave any more."""

    told: Told
    superseded: frozenset[int]


def audience_of(session: AnySession, edition: Edition) -> Audience:
    """Return who is concerned by an edition's plan; two queries and one for who left."""
    taking_part = select(Participation.organisation_id).where(Participation.edition_id == edition.id)
    rows = session.execute(
        select(Delegate.person_id, Delegate.organisation_id)
        .join(Person, Person.id == Delegate.person_id)
        .where(Delegate.organisation_id.in_(taking_part), Person.email.is_not(None))
        .order_by(Delegate.id)
    )
    acting: dict[int, list[int]] = defaultdict(list)
    for person_id, organisation_id in rows:
        acting[person_id].append(organisation_id)
    told = (
        select(Invitation.person_id)
        .join(Person, Person.id == Invitation.person_id)
        .where(Invitation.edition_slug == edition.slug, Person.email.is_not(None))
        .distinct()
    )
    for person_id in session.scalars(told):
        acting.setdefault(person_id, [])
    return Audience({person_id: acting[person_id] for person_id in sorted(acting)}, remembered_of(session, edition))


def remembered_of(
    session: AnySession, edition: Edition, organisations: Collection[int] | None = None
) -> dict[Pair, int]:
    """Return which of an organisation's people was last told to hold each of its meetings."""
    asked = select(Invitation.organisation_id, Invitation.other_id, Invitation.party).where(
        Invitation.edition_slug == edition.slug, Invitation.party > 0, ~Invitation.cancelled
    )
    if organisations is not None:
        asked = asked.where(Invitation.organisation_id.in_(organisations))
    rows = session.execute(asked.order_by(Invitation.stamped_at, Invitation.id))
    return {(one, other): number for one, other, number in rows}


def invitations_of(
    session: AnySession, edition: Edition, people: Collection[int] | None = None
) -> dict[int, dict[str, Invitation]]:
    """Return what calendars were last told: person → UID → row; of these people, or of all."""
    asked = select(Invitation).where(Invitation.edition_slug == edition.slug)
    if people is not None:
        asked = asked.where(Invitation.person_id.in_(people))
    found: dict[int, dict[str, Invitation]] = defaultdict(dict)
    for row in session.scalars(asked):
        found[row.person_id][row.uid] = row
    return found


def mails_of(
    session: AnySession, edition: Edition, people: Collection[int] | None = None, *, hold: bool = False
) -> dict[int, list[Mail]]:
    """Return the mails that have not arrived, by person. ``hold`` keeps workers from claiming them until the commit."""
    asked = select(Message.id, Message.person_id, Message.key, Message.state, Message.error, Message.handing_at).where(
        Message.edition_id == edition.id, Message.purpose == PURPOSE, Message.state != "sent"
    )
    if people is not None:
        asked = asked.where(Message.person_id.in_(people))
    rows = session.execute(asked.with_for_update() if hold else asked).all()
    asked_for = select(Mailing.id, Mailing.release_id).where(Mailing.edition_id == edition.id)
    releases = {row.id: row.release_id for row in session.execute(asked_for)}
    found: dict[int, list[Mail]] = defaultdict(list)
    for row in rows:
        if row.person_id is not None:
            certain = row.state == "failed" and not row.error.startswith(UNCERTAIN)
            found[row.person_id].append(
                Mail(
                    id=row.id,
                    release_id=releases.get(mailing_id_of(row.key)),
                    is_lost=row.state == "dropped" or certain,
                    may_be_taken_back=row.state in ON_ITS_WAY and row.handing_at is None,
                )
            )
    return found


def key_of(mailing_id: int, person_id: int) -> str:
    """Return what tells an agenda's mail from all others; ``mail.services.write`` puts the purpose before it."""
    return f"{mailing_id}:{person_id}"


def mailing_id_of(key: str) -> int:
    """Return the act of publishing that a mail belongs to, by the key of its row."""
    return int(key.removeprefix(f"{PURPOSE}:").partition(":")[0])


def reckon(
    sheet: Sheet,
    audience: Audience,
    person_id: int,
    rows: Mapping[str, Invitation],
    mails: Sequence[Mail],
    release: Release | int,
    *,
    now: datetime,
) -> Reckoned:
    """Return what a person is to be told of ``sheet``, counting on the mails that still leave on their own.

    Those of an older release must not, nor any once there is something new to tell: what they carried is told again.
    """
    release_id = release if isinstance(release, int) else release.id
    wanted = wanted_of(sheet, person_id, audience.parties_of(sheet, person_id), audience.remembered)
    lost = {mail.id for mail in mails if mail.is_lost}
    waiting = {mail.id for mail in mails if mail.may_be_taken_back}
    outdated = {mail.id for mail in mails if mail.may_be_taken_back and mail.release_id != release_id}
    told = told_of(sheet, wanted, rows, lost | outdated, now=now)
    if told.changes and waiting != outdated:
        told, outdated = told_of(sheet, wanted, rows, lost | waiting, now=now), waiting
    return Reckoned(told, frozenset(outdated))
