"""Who acts for an organisation: several people for one, several organisations for one person, each invited by mail."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from openmap.directory.models import Delegate, Structure
from openmap.extensions import db
from openmap.mail.models import Message
from openmap.people.models import Person
from tests.signing import client_of, make_person, now, sent


@pytest.fixture
def organisations(app: Flask) -> list[Structure]:
    """Return two structures, Camille acting for both."""
    del app
    made = [Structure(name=f"Ressourcerie {n}", kind="aci") for n in (1, 2)]
    db.session.add_all(made)
    db.session.flush()
    camille = make_person("camille@essai.example", name="Camille Essai")
    db.session.add_all([Delegate(person_id=camille.id, organisation_id=one.id, invited_at=now()) for one in made])
    db.session.commit()
    return made


def camille() -> Person:
    return db.session.scalars(select(Person).where(Person.email == "camille@essai.example")).one()


def test_a_person_finds_every_organisation_they_act_for(app: Flask, organisations: list[Structure]) -> None:
    page = client_of(app, camille()).get("/organisations").text
    assert all(one.name in page for one in organisations)


def test_a_delegate_invites_another_by_mail_once(app: Flask, organisations: list[Structure]) -> None:
    client, path = client_of(app, camille()), f"/organisations/{organisations[0].id}/personnes"
    for _ in range(2):
        assert sent(client, path, {"email": "Dominique@essai.example", "name": "Dominique"}).status_code == 303
    message = db.session.scalars(select(Message)).one()
    assert (message.recipient, "Camille Essai" in message.body) == ("dominique@essai.example", True)
    assert "Ressourcerie 1" in message.body
    dominique = db.session.scalars(select(Person).where(Person.email == "dominique@essai.example")).one()
    assert client_of(app, dominique).get(path).status_code == 200
    assert client_of(app, dominique).get(f"/organisations/{organisations[1].id}/personnes").status_code == 403


def test_who_is_removed_is_out_at_once(app: Flask, organisations: list[Structure]) -> None:
    client, path = client_of(app, camille()), f"/organisations/{organisations[0].id}/personnes"
    own = db.session.scalars(select(Delegate).where(Delegate.organisation_id == organisations[0].id)).one()
    assert sent(client, f"{path}/{own.id}/retrait").location == "/organisations"
    assert client.get(path).status_code == 403
    assert client.get(f"/organisations/{organisations[1].id}/personnes").status_code == 200


def test_the_delegate_of_another_organisation_is_out_of_reach(app: Flask, organisations: list[Structure]) -> None:
    first, second = (f"/organisations/{one.id}/personnes" for one in organisations)
    theirs = db.session.scalars(select(Delegate).where(Delegate.organisation_id == organisations[1].id)).one().id
    dominique = make_person("dominique@essai.example")
    db.session.add(Delegate(person_id=dominique.id, organisation_id=organisations[0].id, invited_at=now()))
    db.session.commit()
    client = client_of(app, dominique)
    assert sent(client, f"{first}/{theirs}/retrait").status_code == 404
    assert sent(client, f"{second}/{theirs}/retrait").status_code == 403
    assert db.session.get(Delegate, theirs) is not None
