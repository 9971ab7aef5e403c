"""A morning whose plans are released and published to people, and mailboxes that read what arrives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import func, select

from openmap.agendas.models import Mailing
from openmap.agendas.publishing import request_mailing, run_mailing
from openmap.config import Config
from openmap.directory.models import Delegate, Organisation
from openmap.extensions import db
from openmap.mail.sending import send_due
from openmap.meetings.models import Plan, Release
from openmap.people.models import ORGANISER, Person
from tests.agendas.factory import NOW, Morning
from tests.mail.server import Post
from tests.signing import make_person

SENDER = "OpenMap ESS <rencontres@essai.example>"
ADDRESS = "rencontres@essai.example"

Meetings = Iterable[tuple[str, str, str, str | None]]


class Clock:
    """A clock that moves by hand; publications are a minute apart."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class Scene:
    """A morning with people for each participant, by its code."""

    morning: Morning
    organiser: Person
    domain: str = "essai.example"
    clock: Clock = field(default_factory=Clock)
    people: dict[str, list[Person]] = field(default_factory=lambda: defaultdict(list))

    def join(self, code: str, email: str = "") -> Person:
        """Let one more person act for a participant."""
        address = email or f"{code.lower()}-{len(self.people[code]) + 1}@{self.domain}"
        person = make_person(address, name=f"Personne {address.partition('@')[0]}")
        organisation_id = self.morning.people[code].organisation_id
        db.session.add(Delegate(person_id=person.id, organisation_id=organisation_id, invited_at=NOW))
        db.session.commit()
        self.people[code].append(person)
        return person

    def leave(self, code: str, person: Person) -> None:
        """Let a person no longer act for a participant."""
        organisation_id = self.morning.people[code].organisation_id
        asked = select(Delegate).where(Delegate.person_id == person.id, Delegate.organisation_id == organisation_id)
        db.session.delete(db.session.scalars(asked).one())
        db.session.commit()
        self.people[code].remove(person)

    def release(self, meetings: Meetings | None = None) -> Release:
        """Freeze a plan that holds ``meetings`` under the next number."""
        version = 1 + (
            db.session.scalar(select(func.max(Plan.version)).where(Plan.edition_id == self.morning.edition.id)) or 0
        )
        plan = (
            self.morning.plan(meetings, version=version) if meetings is not None else self.morning.plan(version=version)
        )
        return self.freeze(plan)

    def freeze(self, plan: Plan) -> Release:
        number = 1 + (
            db.session.scalar(select(func.max(Release.number)).where(Release.edition_id == self.morning.edition.id))
            or 0
        )
        plan.kind, plan.frozen_at = "release", self.clock()
        release = Release(
            edition_id=self.morning.edition.id, number=number, name=f"Version {number}", plan=plan,
            released_at=self.clock(),
        )  # fmt: skip
        db.session.add(release)
        db.session.commit()
        return release

    def ask(self, release: Release | None = None) -> Mailing:
        """Ask for the newest release to be published, or make one of the first plan."""
        known = db.session.scalar(
            select(Release)
            .where(Release.edition_id == self.morning.edition.id)
            .order_by(Release.number.desc())
            .limit(1)
        )
        release = release or known or self.release()
        self.clock.forward(minutes=1)
        mailing = request_mailing(db.session, self.morning.edition, release.id, by=self.organiser, now=self.clock())
        db.session.commit()
        return mailing

    def publish(self, meetings: Meetings | None = None) -> Mailing:
        """Release and publish a plan; without one the newest release again."""
        mailing = self.ask(None if meetings is None else self.release(meetings))
        assert run_mailing(db.session, mailing.id, sender=SENDER, clock=self.clock)
        return mailing

    def expected(self, meetings: Sequence[tuple[str, str, str, str | None]]) -> dict[str, set[tuple[Any, ...]]]:
        """Return what each person's calendar is to hold: address → {(whom, start, end, table)}."""
        morning = self.morning
        found: dict[str, set[tuple[Any, ...]]] = defaultdict(set)
        for buyer, structure, slot, table in meetings:
            for own, other in ((buyer, structure), (structure, buyer)):
                for person in self.people[own]:
                    assert person.email is not None
                    found[person.email].add(
                        (
                            morning.people[other].organisation.name,
                            morning.slots[slot].start,
                            morning.slots[slot].end,
                            morning.tables[table].label if table else "",
                        )
                    )
        return found


def open_scene(morning: Morning, *, each: int = 1, domain: str = "essai.example") -> Scene:
    """Give each participant of a morning ``each`` people."""
    scene = Scene(morning, make_person("organisation@essai.example", ORGANISER, edition_id=morning.edition.id), domain)
    for code in morning.people:
        for _number in range(each):
            scene.join(code)
    return scene


def config_to(post: Post) -> Config:
    """Return the configuration that sends to this server."""
    base: Config = current_app.config["OPENMAP"]
    return replace(base, smtp_host="127.0.0.1", smtp_port=post.port, smtp_security="none", mail_from=SENDER)


def deliver(post: Post, at: Callable[[], datetime]) -> int:
    """Send what is due to the server."""
    return send_due(db.session, config_to(post), clock=at)


def organisation_named(name: str) -> Organisation:
    return db.session.scalars(select(Organisation).where(Organisation.name == name)).one()


LATER = datetime(2099, 1, 1, tzinfo=UTC)
