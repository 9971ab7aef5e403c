"""A jury of three that is to read six files by two readers each; nothing is declared nor shared out yet."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from openmap.applications.models import Application
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.people.models import ORGANISER, Person
from openmap.pitches.conflicts import declare
from openmap.pitches.jury import begin_with_ours, keep_jury
from openmap.pitches.models import Criterion, Reading
from openmap.pitches.queries import read_files
from openmap.pitches.sharing import propose, share_out
from tests.applying import make_application
from tests.factories import make_edition
from tests.signing import client_of, make_person, now

JURY = "/editions/essai/jury"


@dataclass(slots=True)
class Readers:
    """The edition, its files in the order of their names, its jurors, who organises, and clients of them."""

    app: Flask
    edition: Edition
    files: list[Application]
    jurors: list[Person]
    organiser: Person

    def client(self, person: Person) -> FlaskClient:
        return client_of(self.app, person)

    def declared(self, *people: Person, conflicts: dict[int, str] | None = None) -> None:
        names = [one.id for one in read_files(db.session, self.edition.id)]
        for person in people:
            declare(db.session, self.edition, person, conflicts or {}, shown=names, by=person, now=now())
        db.session.commit()

    def shared(self) -> None:
        digest = propose(db.session, self.edition).digest
        share_out(db.session, self.edition, expected=digest, by=self.organiser, now=now())
        db.session.commit()

    def own(self, person: Person) -> list[Reading]:
        asked = select(Reading).where(Reading.person_id == person.id).order_by(Reading.application_id)
        return list(db.session.scalars(asked.execution_options(populate_existing=True)))

    @property
    def criteria(self) -> list[Criterion]:
        asked = select(Criterion).where(Criterion.edition_id == self.edition.id).order_by(Criterion.position)
        return list(db.session.scalars(asked))

    def marks(self, value: int = 4, **more: str) -> dict[str, str]:
        return {f"note-{one.id}": str(value) for one in self.criteria} | more


def make_readers(app: Flask, *, files: int = 6) -> Readers:
    edition = make_edition("essai", buyers=1, structures=1, slots=2)
    organiser = make_person("organisation@essai.example", ORGANISER, edition_id=edition.id)
    jurors = [
        make_person(f"jure{number}@essai.example", "juror", edition_id=edition.id, name=f"Juré Secret {number}")
        for number in (1, 2, 3)
    ]
    made = [make_application(edition, number) for number in range(1, files + 1)]
    begin_with_ours(db.session, edition, by=organiser, now=now())
    keep_jury(db.session, edition).readers = 2
    db.session.commit()
    return Readers(app, edition, made, jurors, organiser)
