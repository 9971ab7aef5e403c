"""The same form sent from two tabs at the same instant: one thing is made, and neither tab sees a crash."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from openmap.events import services
from openmap.events.letters import tell
from openmap.events.models import Category, Edition, Phase, Registration, Stand
from openmap.events.phases import set_phase
from openmap.events.registering import register
from openmap.events.team import INVITATION
from openmap.extensions import Base, db
from openmap.mail.models import Message, ReminderSetting, Template
from openmap.mail.reminders import rules, switch
from openmap.mail.services import reword
from openmap.people.models import ORGANISER, Person
from openmap.signin.models import Credential
from openmap.signin.services import start_second_factor
from tests.factories import make_edition
from tests.signing import client_of, make_person, now, sent

TABS = 6
Deed = Callable[[Edition, Person, int], object]

DEEDS: dict[type[Base], Deed] = {
    Phase: lambda edition, by, _tab: set_phase(db.session, edition, "call", now(), None, by=by, now=now()),
    Template: lambda edition, by, _tab: reword(
        db.session, INVITATION, edition.id, subject="Objet", body="Texte", by=by, now=now()
    ),
    ReminderSetting: lambda edition, by, tab: switch(
        db.session, rules()[0], edition.id, off=bool(tab % 2), by=by, now=now()
    ),
    Stand: lambda edition, by, tab: services.request_stand(
        db.session, edition, by, {"name": f"Partenaire {tab}"}, now=now()
    ),
    Credential: lambda _edition, by, _tab: start_second_factor(db.session, by, now=now()),
}


@pytest.fixture
def ids(app: Flask) -> tuple[int, int]:
    """Return the numbers of an edition without stands or phases, and of its organiser."""
    del app
    edition = make_edition("essai", held_on=(now() + timedelta(days=30)).date(), capacity=1)
    edition.stands.clear()
    edition.phases.clear()
    found = edition.id, make_person("organisation@essai.example", ORGANISER, edition_id=edition.id).id
    db.session.commit()
    db.session.remove()
    return found


def at_once(app: Flask, ids: tuple[int, int], *deeds: Deed) -> None:
    """Do each deed in a thread of its own, all starting together, after each has read what it changes."""
    start, failures = threading.Barrier(len(deeds)), list[BaseException]()

    def run(tab: int, deed: Deed) -> None:
        with app.app_context():
            edition, by = db.session.get_one(Edition, ids[0]), db.session.get_one(Person, ids[1])
            _ = (edition.title, edition.phases, edition.stands, edition.programme, by.name)
            db.session.rollback()
            start.wait()
            try:
                deed(edition, by, tab)
                db.session.commit()
            except BaseException as failure:
                failures.append(failure)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(tab, deed)) for tab, deed in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.parametrize("model", DEEDS, ids=lambda model: model.__tablename__)
def test_what_is_asked_for_at_once_is_made_once(app: Flask, ids: tuple[int, int], model: type[Base]) -> None:
    at_once(app, ids, *[DEEDS[model]] * TABS)
    assert db.session.scalar(select(func.count()).select_from(model)) == 1


def test_editions_of_the_same_title_created_at_once_get_addresses_of_their_own(
    app: Flask, ids: tuple[int, int]
) -> None:
    at_once(
        app,
        ids,
        *[
            lambda _edition, by, _tab: services.create(
                db.session, title="Nouvelle", held_on=date(2030, 1, 2), by=by, now=now()
            )
        ]
        * TABS,
    )
    slugs = db.session.scalars(select(Edition.slug).where(Edition.title == "Nouvelle")).all()
    assert len(set(slugs)) == TABS


def test_an_organiser_saves_the_edition_while_people_register(app: Flask, ids: tuple[int, int]) -> None:
    """Both take the journal, then the edition's row: neither waits for the other for ever."""

    def save(edition: Edition, by: Person, tab: int) -> None:
        values = {"held_on": edition.held_on, "venue": f"Salle {tab}"}
        services.change(db.session, edition, values, by=by, now=now())
        services.publish(db.session, edition, public=bool(tab % 3), by=by, now=now())

    def come(edition: Edition, _by: Person, tab: int) -> None:
        person = make_person(f"n{tab}@essai.example")
        register(
            db.session, edition, person, edition.categories[0], name=f"N {tab}", organisation="", by=None, now=now(),
            told=lambda one: tell(db.session, one, now=now()),
        )  # fmt: skip

    at_once(app, ids, *[save, come] * TABS)
    states = sorted(db.session.scalars(select(Registration.state)))
    assert states == ["confirmed"] + ["waiting"] * (TABS - 1)


def test_a_stand_accepted_twice_is_told_once(app: Flask, ids: tuple[int, int]) -> None:
    partner = make_person("partenaire@essai.example")
    services.request_stand(db.session, db.session.get_one(Edition, ids[0]), partner, {"name": "Un"}, now=now())
    db.session.commit()
    number = db.session.scalars(select(Stand.id)).one()
    organiser = client_of(app, db.session.get(Person, ids[1]))
    for decision, mails in (("accepter", 1), ("accepter", 1), ("refuser", 2)):
        assert sent(organiser, f"/editions/essai/stands/{number}/{decision}").status_code == 303
        told = select(func.count()).where(Message.purpose == "stand.decided")
        assert db.session.scalar(told) == mails
    sent(client_of(app, partner), "/editions/essai/stand", {"name": "Un, autrement"})
    assert db.session.scalars(select(Stand.state)).one() == "requested"  # asked anew, to be decided anew


def test_more_places_in_a_category_let_in_who_waits(app: Flask, ids: tuple[int, int]) -> None:
    edition = db.session.get_one(Edition, ids[0])
    edition.capacity, edition.categories[0].capacity = 10, 1
    for name in ("a", "b"):
        register(
            db.session, edition, make_person(f"{name}@essai.example"), edition.categories[0], name=name,
            organisation="", by=None, now=now(), told=lambda _one: None,
        )  # fmt: skip
    db.session.commit()
    category = db.session.get_one(Category, edition.categories[0].id)
    path = f"/editions/essai/preparation/categories/{category.id}"
    sent(client_of(app, db.session.get(Person, ids[1])), path, {"name": category.name, "capacity": "2"})
    assert list(db.session.scalars(select(Registration.state))) == ["confirmed", "confirmed"]
    assert db.session.scalar(select(func.count()).where(Message.purpose == "registration.confirmed")) == 1
