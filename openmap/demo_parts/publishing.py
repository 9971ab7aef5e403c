"""Plans that were published: that of the fictitious former edition twice, with answers; the real morning's once.

Mails of the demonstration leave for addresses in ``.example`` only, which no server takes: they end up as files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import current_app
from sqlalchemy import func, select

from openmap.agendas.models import Invitation, Mailing
from openmap.agendas.publishing import request_mailing, run_mailing
from openmap.agendas.queries import newest_plan
from openmap.directory.models import Buyer, Delegate, Organisation, Structure
from openmap.directory.services import invite
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.mail.sending import send_due
from openmap.meetings.models import Meeting, Participation, Plan, Release, Wish
from openmap.people.models import ORGANISER, Person
from openmap.people.services import welcome

STRUCTURES: Final = 8
MEETINGS_EACH: Final = 4
BUYERS: Final = ("Ville de Fontclaire (fictif)", "Département de l’Orée (fictif)", "Bailleur des Deux Ponts (fictif)")


def demo_publishing(former: Edition, people: Mapping[str, Person], now: datetime) -> None:
    """Publish the former edition's plan and its correction, note some answers; ``people`` by role."""
    if db.session.scalar(select(Mailing.id).where(Mailing.edition_id == former.id)) is not None:
        return
    by = people[ORGANISER]
    if newest_plan(db.session, former) is None:
        _meet(former, people, by, now)
    first = newest_plan(db.session, former)
    if first is None:
        return
    _publish(former, _frozen(former, first, "Première version (fictive)", now), by, now)
    _publish(former, _frozen(former, first, "Après deux désistements (fictive)", now, changed=True), by, now)
    _answer(former, now)


def demo_publishing_real(edition: Edition, people: Mapping[str, Person], now: datetime) -> None:
    """Publish the plan of the morning of 2017 to the people of the demonstration, who are invented."""
    if db.session.scalar(select(Mailing.id).where(Mailing.edition_id == edition.id)) is not None:
        return
    plan = newest_plan(db.session, edition)
    if plan is not None:
        by = people[ORGANISER]
        _reachable(edition, by, now)
        _publish(edition, _frozen(edition, plan, "Planning de la matinée", now), by, now)


def _reachable(edition: Edition, by: Person, now: datetime) -> None:
    """Give each participant without anyone an invented person, so that its agenda has somebody to go to."""
    asked = (
        select(Participation)
        .outerjoin(Delegate, Delegate.organisation_id == Participation.organisation_id)
        .where(Participation.edition_id == edition.id, Delegate.id.is_(None))
    )
    for one in db.session.scalars(asked.order_by(Participation.id)).all():
        mail, told = f"matinee-{one.code.lower()}@demonstration.example", f"Personne fictive, {one.code}"
        person = welcome(db.session, mail, name=told, by=None, now=now)
        invite(db.session, one.organisation, person, by=by, now=now)


@dataclass(frozen=True, slots=True)
class _Sides:
    buyers: list[Participation]
    structures: list[Participation]


def _meet(edition: Edition, people: Mapping[str, Person], by: Person, now: datetime) -> None:
    """Let invented buyers and structures take part, each with someone, and plan their meetings a round each."""
    sides = _sides(edition, people, by, now)
    slots, tables = edition.slots, edition.tables
    plan = Plan(
        edition=edition, version=1, status="feasible", seed=1, problem_digest="0" * 64, created_at=now, kind="hand",
        name="Planning fictif",
    )  # fmt: skip
    db.session.add(plan)
    number = 0
    for at, buyer in enumerate(sides.buyers):
        for turn in range(min(MEETINGS_EACH, len(slots))):
            structure = sides.structures[(at * 2 + turn) % len(sides.structures)]
            number += 1
            wish = Wish(edition_id=edition.id, code=f"R{number:03d}", buyer=buyer, structure=structure, value=3)
            table = tables[at % len(tables)] if tables else None
            db.session.add(wish)
            plan.meetings.append(Meeting(wish=wish, slot=slots[turn], table=table))
    db.session.flush()


def _sides(edition: Edition, people: Mapping[str, Person], by: Person, now: datetime) -> _Sides:
    buyers: list[Organisation] = [_buyer(name) for name in BUYERS]
    asked = select(Structure).where(Structure.is_invented, Structure.city != "").order_by(Structure.id)
    structures: list[Organisation] = list(db.session.scalars(asked.limit(STRUCTURES)))
    sides = _Sides([], [])
    for side, letter, organisations, found in (
        ("buyer", "B", buyers, sides.buyers),
        ("structure", "S", structures, sides.structures),
    ):
        for rank, organisation in enumerate(organisations, start=1):
            row = Participation(edition=edition, organisation=organisation, code=f"{letter}{rank:02d}", side=side)
            found.append(row)
            person = _person(f"{side}-{rank}", now) if rank > 1 else people[f"{side}_delegate"]
            invite(db.session, organisation, person, by=by, now=now)
    db.session.add_all([*sides.buyers, *sides.structures])
    db.session.flush()
    return sides


def _buyer(name: str) -> Buyer:
    known = db.session.scalars(select(Buyer).where(Buyer.name == name)).one_or_none()
    if known is None:
        known = Buyer(name=name, city="Fontclaire", is_invented=True)
        db.session.add(known)
        db.session.flush()
    return known


def _person(name: str, now: datetime) -> Person:
    told = f"Personne fictive, {name.replace('buyer', 'acheteur').replace('-', ' ')}"
    return welcome(db.session, f"agenda-{name}@demonstration.example", name=told, by=None, now=now)


def _frozen(edition: Edition, plan: Plan, name: str, now: datetime, *, changed: bool = False) -> Release:
    """Copy a plan into a release; ``changed``: two meetings are cancelled and one moves to the last slot."""
    version = 1 + (db.session.scalar(select(func.max(Plan.version)).where(Plan.edition_id == edition.id)) or 0)
    number = 1 + (db.session.scalar(select(func.max(Release.number)).where(Release.edition_id == edition.id)) or 0)
    copy = Plan(
        edition=edition, version=version, status=plan.status, seed=plan.seed, seconds=plan.seconds,
        objectives=plan.objectives, problem_digest=plan.problem_digest, created_at=now, kind="release", name=name,
        parent_id=plan.id, frozen_at=now,
    )  # fmt: skip
    meetings = list(plan.meetings)
    for at, meeting in enumerate(meetings):
        if changed and at in {MEETINGS_EACH, MEETINGS_EACH + 1}:
            continue
        slot = edition.slots[-1] if changed and at == 0 else meeting.slot
        copy.meetings.append(Meeting(wish=meeting.wish, slot=slot, table=meeting.table))
    release = Release(edition_id=edition.id, number=number, name=name, plan=copy, released_at=now)
    db.session.add(release)
    db.session.flush()
    return release


def _publish(edition: Edition, release: Release, by: Person, now: datetime) -> None:
    mailing = request_mailing(db.session, edition, release.id, by=by, now=now)
    db.session.commit()
    config = current_app.config["OPENMAP"]
    run_mailing(db.session, mailing.id, sender=config.mail_from, clock=lambda: now)
    if config.smtp_host is None:  # into files at once, so that the next publication has something to change
        send_due(db.session, config, clock=lambda: now)


def _answer(edition: Edition, now: datetime) -> None:
    """Note three invented answers of three kinds."""
    asked = select(Invitation).where(Invitation.edition_slug == edition.slug, ~Invitation.cancelled)
    late, absent = "Peut-être dix minutes de retard (fictif)", "Absent (fictif)"
    answers = (("accepted", ""), ("tentative", late), ("declined", absent))
    rows = db.session.scalars(asked.order_by(Invitation.id).limit(len(answers)))
    for row, (reply, comment) in zip(rows, answers, strict=False):
        row.reply, row.reply_comment, row.reply_sequence = reply, comment, row.sequence
        row.replied_at = now
    db.session.commit()
