"""From a search to an answer, by pages alone and through a real mail server: keep, compare, write, be answered."""

from __future__ import annotations

import re
from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from openmap.directory.sourcing import watching
from openmap.directory.sourcing_models import Shortlist
from openmap.extensions import db
from openmap.mail import sending
from tests.mail.server import listening
from tests.publishing import config_to
from tests.signing import client_of, make_person, now, sent
from tests.sourcing import acting, buying, make_structure

HIDDEN = "accueil@cachee.example"


def test_from_a_search_to_an_answer(app: Flask) -> None:
    garden, orchard = make_structure("Jardins d’essai"), make_structure("Verger d’essai", contact_email=HIDDEN)
    silent = make_structure("Pelouses muettes", workforce=8)
    acting(make_person("jardins@essai.example"), garden)
    buyer = buying("acheteur@essai.example")
    client = client_of(app, buyer)

    found = client.get("/annuaire?q=tonte").text
    for one in (garden, orchard, silent):
        assert one.name in found
        kept = sent(client, "/annuaire/listes/ajout", {"structure_id": str(one.id), "suite": "/annuaire?q=tonte"})
        assert kept.location == "/annuaire?q=tonte"
    shortlist = db.session.scalars(select(Shortlist)).one()
    page = client.get(f"/annuaire/listes/{shortlist.id}").text
    ids = re.findall(r'name="structures" value="(\d+)"', page)
    assert sorted(ids) == sorted(str(one.id) for one in (garden, orchard, silent))

    compared = client.get("/annuaire/comparer", query_string={"structures": ids}).text
    assert "Identique" in compared
    form = client.get("/annuaire/messages/nouveau", query_string={"structures": ids}).text
    assert "Personne à qui écrire" in form
    reached = re.findall(r'name="structures" value="(\d+)"', form)
    told = {"subject": "Parc de la mairie", "body": "Deux hectares au printemps ?", "organisation_id": ""}
    answer = sent(client, "/annuaire/messages/nouveau", told | {"structures": ",".join(reached)})
    assert answer.status_code == 303
    search = {"cherche": "structures", "query": "q=tonte", "name": "Tonte"}
    assert sent(client, "/annuaire/recherches/nouvelle", search).status_code == 303

    with listening() as post:
        assert sending.send_due(db.session, config_to(post), clock=now) == 2
        assert {recipient for recipient, _content in post.letters} == {"jardins@essai.example", HIDDEN}
        for mail in post.mails():
            assert mail["Reply-To"] == buyer.email
            assert "Bcc" not in mail
            assert mail["Subject"] == "Parc de la mairie"
        text = post.mails()[0].get_body(("plain",))
        assert text is not None
        [address] = re.findall(r"http\S+(/annuaire/reponses/\S+)", text.get_content())
        visitor = app.test_client()
        assert "Deux hectares" in visitor.get(address).text
        assert sent(visitor, address, {"answer": "interested", "text": "Avec joie."}).status_code == 303
        sending.send_due(db.session, config_to(post), clock=now)
        recipient, _content = post.letters[-1]
        assert recipient == buyer.email
        assert "Avec joie." in str(post.mails()[-1].get_body(("plain",)))
        assert HIDDEN not in str(post.mails()[-1])

        followed = client.get(answer.location).text
        assert "Avec joie." in followed
        assert "envoyé" in followed  # the other has not answered
        assert HIDDEN not in followed

        make_structure("Tonte nouvelle")
        later = now() + timedelta(days=1)
        for person_id in watching.due_people(db.session, now=later):
            watching.write_digest(db.session, person_id, now=later)
            db.session.commit()
        sending.send_due(db.session, config_to(post), clock=lambda: later + timedelta(days=1))
        assert "Tonte nouvelle" in str(post.mails()[-1].get_body(("plain",)))
