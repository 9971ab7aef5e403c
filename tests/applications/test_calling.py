"""Invitations made from a search in the directory: who is proposed, and each is written to once."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from openmap.applications.models import Application
from openmap.directory.models import Delegate, Offer, Structure
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.mail.models import Message
from openmap.people.models import ORGANISER, JournalEntry, Person
from tests.applying import make_application
from tests.factories import make_edition
from tests.house.counting import statements
from tests.signing import client_of, make_person, now, sent

PATH = "/editions/essai/candidatures/annuaire"


@pytest.fixture
def edition(app: Flask) -> Edition:
    """Return an edition without anyone."""
    return make_edition("essai", buyers=0, structures=0)


@pytest.fixture
def organiser(edition: Edition) -> Person:
    """Return who organises it."""
    return make_person("organiser@essai.example", ORGANISER, edition_id=edition.id)


def caterer(name: str, **more: Any) -> Structure:
    structure = Structure(name=f"{name} (fictif)", kind="ei", is_invented=True, **{"listed_at": now(), **more})
    structure.offers.append(Offer(title="Traiteur et cocktails", reach="france"))
    db.session.add(structure)
    db.session.commit()
    return structure


def invitations() -> list[str]:
    asked = select(Message.recipient).where(Message.purpose == "structure.called").order_by(Message.recipient)
    return list(db.session.scalars(asked))


def test_people_are_written_to_else_the_contact_address_which_is_never_shown(
    app: Flask, edition: Edition, organiser: Person
) -> None:
    one, other = caterer("Une"), caterer("Autre", contact_email="secret@autre.example")
    for name in ("a@une.example", "b@une.example"):
        db.session.add(Delegate(person_id=make_person(name).id, organisation_id=one.id, invited_at=now()))
    silent, gone = caterer("Muette"), caterer("Partie", contact_email="x@partie.example", delisted_at=now(),
                                              delisted_reason="Fermée")  # fmt: skip
    db.session.commit()
    browser = client_of(app, organiser)
    page = browser.get(f"{PATH}?q=traiteur").text
    assert "secret@autre.example" not in page
    assert gone.name not in page
    assert ("Sans adresse connue" in page, f'value="{silent.id}"' in page) == (True, False)
    chosen = {"structure": [str(number) for number in (one.id, other.id, silent.id, gone.id)]}
    for _again in range(2):
        assert sent(browser, f"{PATH}?q=traiteur", chosen).status_code == 303
        assert invitations() == ["a@une.example", "b@une.example", "secret@autre.example"]
    entries = db.session.scalars(select(JournalEntry).where(JournalEntry.action == "structure.called")).all()
    assert {entry.object_id for entry in entries} == {one.id, other.id}
    assert browser.get(f"{PATH}?q=traiteur").text.count("Déjà invitée") == 2


def test_who_has_applied_or_come_is_told_and_can_be_left_out(app: Flask, edition: Edition, organiser: Person) -> None:
    before = make_edition("avant", buyers=0, structures=0)
    before.held_on = edition.held_on.replace(year=edition.held_on.year - 1)
    came, applied = caterer("Venue", contact_email="a@v.example"), caterer("Candidate", contact_email="b@c.example")
    for number, (structure, where) in enumerate(((came, before), (applied, edition))):
        application: Application = make_application(where, number)
        application.structure = structure
    db.session.commit()
    browser = client_of(app, organiser)
    page = browser.get(f"{PATH}?q=traiteur").text
    assert (f'value="{came.id}"' in page, f'value="{applied.id}"' in page) == (True, False)
    assert f"Venue à : {before.title}" in " ".join(page.split())
    assert came.name not in browser.get(f"{PATH}?q=traiteur&nouvelles=oui").text
    sent(browser, f"{PATH}?q=traiteur", {"structure": [str(applied.id)]})
    assert invitations() == []


def test_a_long_list_costs_no_more_statements(app: Flask, edition: Edition, organiser: Person) -> None:
    browser = client_of(app, organiser)
    counts = []
    for more in (3, 27):
        for number in range(more):
            caterer(f"Table {more} {number}", contact_email="t@t.example")
        browser.get(f"{PATH}?q=traiteur")
        with statements() as made:
            browser.get(f"{PATH}?q=traiteur")
        counts.append(len(made))
    assert counts[0] == counts[1]
