"""Lists of wishes and pages of publication ask the database as much for 30 participants as for 300."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from openmap.agendas.publishing import request_mailing, run_mailing
from openmap.directory.models import Delegate
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.meetings.models import Participation, Plan, Release
from openmap.people.models import ORGANISER, Person
from tests.factories import make_edition, make_plan
from tests.house.counting import statements
from tests.signing import client_of, make_person, now

PAGES: Final = (
    "souhaits/suivi",
    "souhaits/valeurs",
    "souhaits/participants",
    "planning/diffusion",
    "planning/diffusion/reponses",
    "planning/versions/figees/1",
    "planning/versions/figees/2",
    "mon-agenda",
    "mon-agenda?participant=B01",
)


def _published(slug: str, buyers: int, structures: int) -> Person:
    """Make an edition whose plan was published to everyone, and a second release that waits; return its organiser."""
    edition = make_edition(slug, buyers=buyers, structures=structures, slots=12)
    plan = make_plan(edition)
    by = make_person(f"organisation@{slug}.example", ORGANISER, edition_id=edition.id)
    _reach(edition, slug)
    first = _released(edition, plan, 1)
    mailing = request_mailing(db.session, edition, first.id, by=by, now=now())
    db.session.commit()
    run_mailing(db.session, mailing.id, sender="essai@essai.example", clock=now)
    _released(edition, make_plan(edition), 2)
    return by


def _reach(edition: Edition, slug: str) -> None:
    """Let a person act for each participant."""
    for one in db.session.scalars(select(Participation).where(Participation.edition_id == edition.id)).all():
        email = f"{one.code.lower()}@{slug}.example"
        person = Person(email=email, name=f"Personne {one.code}", created_at=now())
        delegate = Delegate(organisation_id=one.organisation_id, invited_at=now())
        db.session.add(person)
        db.session.flush()
        delegate.person_id = person.id
        db.session.add(delegate)
    db.session.commit()


def _released(edition: Edition, plan: Plan, number: int) -> Release:
    made = Release(
        edition_id=edition.id, number=number, name=f"Version {number}", plan_id=plan.id,
        released_at=datetime(2017, 11, 1, tzinfo=UTC),
    )  # fmt: skip
    db.session.add(made)
    db.session.commit()
    return made


@pytest.fixture
def clients(app: Flask) -> dict[str, FlaskClient]:
    return {
        slug: client_of(app, _published(slug, buyers, structures))
        for slug, buyers, structures in (("trente", 10, 20), ("trois-cents", 30, 270))
    }


def test_lists_and_publication_ask_as_much_for_30_as_for_300(clients: dict[str, FlaskClient]) -> None:
    found: dict[str, list[int]] = {page: [] for page in PAGES}
    for slug, client in clients.items():
        for page in PAGES:
            db.session.remove()
            with statements() as sent:
                assert client.get(f"/editions/{slug}/{page}").status_code == 200, page
            found[page].append(len(sent))
    assert [page for page, counts in found.items() if len(set(counts)) > 1] == [], found
