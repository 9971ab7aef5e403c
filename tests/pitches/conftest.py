"""An edition with a jury that has read, and clients of those who sit in it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient

from openmap.applications.models import Application
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.people.models import ORGANISER, Person
from openmap.pitches.models import Jury
from tests.deciding import make_room
from tests.factories import make_edition
from tests.signing import client_of, make_person


@dataclass(slots=True)
class World:
    """The edition « essai »: four files of 5, 4, 3 and 2 points, two of which are to be picked; three jurors."""

    app: Flask
    edition: Edition
    files: list[Application]
    jurors: list[Person]
    organiser: Person

    @property
    def jury(self) -> Jury:
        """The jury as the database has it."""
        return db.session.get_one(Jury, self.edition.id, populate_existing=True)

    def client(self, person: Person | None) -> FlaskClient:
        """Return a client on which ``person`` is signed in."""
        return client_of(self.app, person)


@pytest.fixture
def room(app: Flask) -> World:
    """Return a room that is open, nothing decided yet."""
    edition = make_edition("essai")
    organiser = make_person("organisation@essai.example", ORGANISER, edition_id=edition.id)
    files, jurors = make_room(edition)
    db.session.commit()
    return World(app, edition, files, jurors, organiser)
