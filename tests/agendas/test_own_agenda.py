"""What a participant sees, and the address that their calendar follows."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from openmap.agendas.feeds import make_token, token_of
from openmap.agendas.models import FeedToken
from openmap.directory.models import Buyer, Delegate, Structure
from openmap.extensions import db
from openmap.mail.models import Message
from openmap.meetings.models import Participation, Wish
from openmap.people.models import ORGANISER, Person
from tests.agendas.factory import FIRST_PLAN, NOW, build
from tests.house.counting import statements
from tests.house.parts.publishing import SECRET
from tests.publishing import Scene, open_scene
from tests.signing import client_of, make_person, sent

OWN = "/editions/matin/mon-agenda"


@pytest.fixture
def scene(app: Flask) -> Scene:
    morning = build(db.session, held_on=date(2099, 11, 19))
    morning.edition.published_at = NOW
    return open_scene(morning)


def client(app: Flask, person: Person) -> FlaskClient:
    return client_of(app, person)


def test_a_participant_sees_the_published_release_and_never_the_plan_being_made(app: Flask, scene: Scene) -> None:
    buyer = client(app, scene.people["B01"][0])
    assert "pas encore diffusé" in buyer.get(OWN).text
    scene.release(FIRST_PLAN)
    assert "pas encore diffusé" in buyer.get(OWN).text, "released is not published"
    scene.publish()
    assert "ARES Services" in buyer.get(OWN).text
    scene.release([("B01", "S03", "T01", "A1")])
    text = buyer.get(OWN).text
    assert "ARES Services" in text
    assert "Lemon Aide" not in text


def test_a_participant_sees_nobody_elses_agenda(app: Flask, scene: Scene) -> None:
    scene.publish(FIRST_PLAN)
    text = client(app, scene.people["B01"][0]).get(f"{OWN}?participant=B02").text
    assert "Ville de Paris" in text
    assert "Val-de-Marne" not in text
    stranger = make_person("personne@ailleurs.example")
    assert client(app, stranger).get(OWN).status_code == 403
    looked_at = client(app, scene.organiser).get(f"{OWN}?participant=B02").text
    assert "Département du Val-de-Marne" in looked_at


def test_the_file_and_the_feed_say_what_the_mails_said(app: Flask, scene: Scene) -> None:
    scene.publish(FIRST_PLAN)
    person = scene.people["B01"][0]
    told = [
        line.strip()
        for message in db.session.scalars(select(Message).where(Message.person_id == person.id))
        for part in message.attachments
        if part["as"] != "file"
        for line in part["text"].partition("BEGIN:VEVENT")[2].splitlines()
        if line.startswith(("UID", "SEQUENCE", "DTSTART", "LOCATION", "DTSTAMP"))
    ]
    make_token(db.session, person, secret=SECRET, now=scene.clock())
    db.session.commit()
    file = client(app, person).get(f"{OWN}/agenda.ics").text
    feed = app.test_client().get(f"/agenda/{token_of(db.session, person, secret=SECRET)}.ics").text
    for text in (file, feed):
        for line in told:
            assert line in text
        assert "ATTENDEE" not in text


def test_the_feed_tells_cancelled_meetings_as_cancelled_and_answers_304_until_something_changes(
    app: Flask, scene: Scene
) -> None:
    scene.publish(FIRST_PLAN)
    db.session.execute(Message.__table__.update().values(state="sent", sent_at=scene.clock()))
    person = scene.people["B01"][0]
    make_token(db.session, person, secret=SECRET, now=scene.clock())
    db.session.commit()
    path = f"/agenda/{token_of(db.session, person, secret=SECRET)}.ics"
    stranger = app.test_client()
    first = stranger.get(path)
    assert first.headers["Content-Type"] == "text/calendar; charset=utf-8"
    mark = {"If-None-Match": first.headers["ETag"]}
    assert stranger.get(path, headers=mark).status_code == 304
    assert stranger.get(path).data == first.data
    scene.publish(FIRST_PLAN[1:])
    second = stranger.get(path, headers=mark)
    assert second.status_code == 200
    assert second.text.count("STATUS:CANCELLED") == 1
    assert second.text.count("STATUS:CONFIRMED") == 1


def test_an_address_that_is_renewed_or_taken_back_tells_nothing_any_more(app: Flask, scene: Scene) -> None:
    scene.publish(FIRST_PLAN)
    person = scene.people["S01"][0]
    own, stranger = client(app, person), app.test_client()

    def address() -> str:
        db.session.expire_all()
        return f"/agenda/{token_of(db.session, person, secret=app.config['OPENMAP'].secret_key)}.ics"

    assert sent(own, "/agenda/abonnement").status_code == 303
    first = address()
    assert first in own.get("/agenda").text
    assert stranger.get(first).status_code == 200
    sent(own, "/agenda/abonnement")
    assert stranger.get(first).status_code == 404
    second = address()
    assert stranger.get(second).status_code == 200
    sent(own, "/agenda/abonnement/fin")
    assert stranger.get(second).status_code == 404
    assert second not in own.get("/agenda").text


def test_neither_the_database_nor_what_is_shared_holds_the_address(app: Flask, scene: Scene) -> None:
    person = scene.people["B01"][0]
    token = make_token(db.session, person, secret=SECRET, now=scene.clock())
    db.session.commit()
    scene.publish(FIRST_PLAN)
    row = db.session.get_one(FeedToken, person.id)
    assert token not in (row.salt, row.digest)
    for message in db.session.scalars(select(Message)):
        everything = message.body + message.html + "".join(part["text"] for part in message.attachments)
        assert token not in everything.replace("\r\n ", "")
    assert token not in app.test_client().get(f"/agenda/{token}.ics").text.replace("\r\n ", "")
    assert token not in client(app, person).get(OWN).text


def pairs(slug: str, size: int) -> Scene:
    """Return an edition of ``size`` buyers and as many structures: each has someone, and one meeting of its own."""
    morning = build(db.session, slug=slug, buyers=(), structures=())
    for number in range(1, size + 1):
        sides = []
        for letter, side, kind in (("B", "buyer", Buyer), ("S", "structure", Structure)):
            one = kind(name=f"{side} {slug} {number}")
            sides.append(Participation(edition=morning.edition, code=f"{letter}{number}", side=side, organisation=one))
        wish = Wish(edition_id=morning.edition.id, code=f"W{number}", buyer=sides[0], structure=sides[1], value=1)
        db.session.add_all([*sides, wish])
        morning.people |= {one.code: one for one in sides}
        morning.wishes[sides[0].code, sides[1].code] = wish
        for one in sides:
            person = Person(email=f"{one.code.lower()}@{slug}.example", name=one.code, created_at=NOW)
            db.session.add(Delegate(person=person, organisation=one.organisation, invited_at=NOW))
    db.session.commit()
    return Scene(morning, make_person("organisation@essai.example", ORGANISER, edition_id=morning.edition.id))


def test_pages_cost_the_same_queries_for_30_and_for_300_participants(app: Flask) -> None:
    paths = (
        "/editions/{slug}/planning/diffusion",
        "/editions/{slug}/planning/diffusion/reponses",
        "/editions/{slug}/mon-agenda?participant=B1",
    )
    counts: dict[str, list[int]] = {path: [] for path in paths}
    for size in (15, 150):
        slug = f"matin-{size}"
        scene = pairs(slug, size)
        scene.publish([(f"B{n}", f"S{n}", "T01", None) for n in range(1, size + 1)])
        scene.release([(f"B{n}", f"S{n}", "T02", None) for n in range(1, size + 1)])
        organiser = client(app, scene.organiser)
        for path in paths:
            db.session.remove()
            with statements() as sent_statements:
                answer = organiser.get(path.format(slug=slug))
            assert answer.status_code == 200
            counts[path].append(len(sent_statements))
    assert all(one == other for one, other in counts.values()), counts
