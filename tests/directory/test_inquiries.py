"""Writing to structures: one text to each, answered by a link, and no address told to who must not have it."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import unquote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from openmap.directory.models import Structure
from openmap.directory.sourcing import writing
from openmap.directory.sourcing_models import Inquiry, InquiryRecipient
from openmap.extensions import db
from openmap.people.models import ADMINISTRATOR, JournalEntry, Person
from tests.house.counting import statements
from tests.signing import client_of, make_person, now, sent
from tests.sourcing import acting, buying, mails, make_buyer, make_structure, written

NEW = "/annuaire/messages/nouveau"
HIDDEN = "accueil@cachee.example"


@pytest.fixture
def buyer(app: Flask) -> Person:
    del app
    return buying()


def kept(name: str = "Jardins d’essai", *people: str) -> Structure:
    """Return a structure that some people act for."""
    structure = make_structure(name)
    for email in people or ("jardins@essai.example",):
        acting(make_person(email), structure)
    return structure


def message(*structures: Structure, **more: str) -> dict[str, str]:
    """Return a form that writes to structures."""
    ids = ",".join(str(one.id) for one in structures)
    return {"structures": ids, "subject": "Parc", "body": "Pouvez-vous ?", "organisation_id": ""} | more


def tokens() -> list[str]:
    return [re.findall(r"/annuaire/reponses/(\S+)", mail.body)[0] for mail in mails("inquiry.asked")]


def counts(client: FlaskClient, path: str) -> int:
    with statements() as asked:
        assert client.get(path).status_code == 200
    return len(asked)


def test_one_text_goes_to_who_acts_for_each_structure_else_to_its_own_address(app: Flask, buyer: Person) -> None:
    first = kept("Jardins d’essai", "un@essai.example", "deux@essai.example")
    second = make_structure("Ateliers d’essai", contact_email=HIDDEN)
    client = client_of(app, buyer)
    form = client.get(f"{NEW}?structures={first.id},{second.id}").text
    assert "2\u00a0structures" in form
    assert buyer.email in form  # they are told that structures get it
    answer = sent(client, NEW, message(first, second))
    assert answer.status_code == 303
    written_ = mails("inquiry.asked")
    assert [mail.recipient for mail in written_] == ["un@essai.example", "deux@essai.example", HIDDEN]
    assert all("Pouvez-vous ?" in mail.body and buyer.email in mail.body for mail in written_)
    assert tokens()[0] == tokens()[1] != tokens()[2]
    stored = set(db.session.scalars(select(InquiryRecipient.token_hash)))
    assert stored == {writing.token_hash(token) for token in tokens()}
    assert stored.isdisjoint(tokens())
    for path in (answer.location, "/annuaire/messages", f"{NEW}?structures={second.id}", "/compte/donnees"):
        assert HIDDEN not in client.get(path).text, path


def test_what_is_written_to_structures_is_in_nobody_s_outbox(app: Flask, buyer: Person) -> None:
    inquiry = written(buyer, make_structure("Ateliers d’essai", contact_email=HIDDEN), body="Entre nous.")
    client = client_of(app, make_person("admin@essai.example", ADMINISTRATOR))
    [mail] = mails("inquiry.asked")
    for path in ("/courrier", "/courrier?q=cachee", f"/courrier/{mail.id}", f"/annuaire/messages/{inquiry.id}"):
        page = client.get(path)
        assert HIDDEN not in page.text
        assert "Entre nous." not in page.text
    assert client.get(f"/courrier/{mail.id}").status_code == 403
    assert client.get(f"/annuaire/messages/{inquiry.id}").status_code == 403
    assert sent(client, f"/courrier/{mail.id}/abandon").status_code == 403


def test_a_structure_with_nobody_is_told_before_sending_and_left_out(app: Flask, buyer: Person) -> None:
    silent, broken = make_structure("Silence d’essai"), make_structure("Brisée", contact_email="pas une adresse")
    client = client_of(app, buyer)
    page = client.get(f"{NEW}?structures={silent.id}").text
    assert "Personne à qui écrire" in page
    assert "facilitateur" in page
    assert 'name="body"' not in page
    refused = sent(client, NEW, message(silent, broken))
    assert refused.status_code == 422
    assert "facilitateur" in refused.text
    with_one = sent(client, NEW, message(silent, kept()))
    assert with_one.status_code == 303
    assert db.session.scalar(select(func.count()).select_from(InquiryRecipient)) == 1


def test_who_has_not_signed_in_is_led_to_and_back(app: Flask) -> None:
    answer = app.test_client().get(f"{NEW}?structures=1,2")
    assert answer.status_code == 302
    assert "annuaire/messages/nouveau" in answer.location
    assert unquote(unquote(answer.location)).endswith(f"{NEW}?structures=1,2")


def test_a_delisted_structure_is_not_written_to(app: Flask, buyer: Person) -> None:
    gone = kept()
    gone.delisted_at, gone.delisted_reason = now(), "Fermée"
    db.session.commit()
    assert sent(client_of(app, buyer), NEW, message(gone)).status_code == 422
    assert mails("inquiry.asked") == []


def test_twenty_at_once_sixty_a_day_and_a_button_pressed_twice(app: Flask, buyer: Person) -> None:
    structures = [kept(f"Structure {n}", f"s{n}@essai.example") for n in range(21)]
    client = client_of(app, buyer)
    too_many = sent(client, NEW, message(*structures))
    assert too_many.status_code == 422
    assert "vingt" in too_many.text
    for _press in range(2):
        assert sent(client, NEW, message(*structures[:20])).status_code == 303
    assert db.session.scalar(select(func.count()).select_from(Inquiry)) == 1
    for subject in ("Deux", "Trois"):
        assert sent(client, NEW, message(*structures[:20], subject=subject)).status_code == 303
    over = sent(client, NEW, message(structures[20], subject="Quatre"))
    assert over.status_code == 422
    assert "attendez demain" in over.text
    sent_at = now() - timedelta(days=1, minutes=1)
    for inquiry in db.session.scalars(select(Inquiry)):
        inquiry.sent_at = sent_at
    db.session.commit()
    assert sent(client, NEW, message(structures[20], subject="Quatre")).status_code == 303


def test_nobody_speaks_for_an_organisation_that_is_not_theirs(app: Flask, buyer: Person) -> None:
    other = make_structure("Une autre")
    refused = sent(client_of(app, buyer), NEW, message(kept(), organisation_id=str(other.id)))
    assert refused.status_code == 422


def test_opening_the_link_changes_nothing_and_a_button_answers_and_tells_the_sender(app: Flask, buyer: Person) -> None:
    inquiry = written(buyer, kept())
    [token] = tokens()
    client, address = app.test_client(), f"/annuaire/reponses/{token}"
    for _scan in range(2):
        page = client.get(address)
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Referrer-Policy"] == "no-referrer"
    assert mails("inquiry.answered") == []
    assert client.post(address, data={"answer": "interested"}).status_code == 400  # without its CSRF token
    for _press in range(2):
        assert sent(client, address, {"answer": "interested", "text": "Volontiers."}).status_code == 303
    [mail] = mails("inquiry.answered")
    assert mail.recipient == buyer.email
    assert "Volontiers." in mail.body
    assert sent(client, address, {"answer": "declined", "text": "Finalement non."}).status_code == 303
    assert len(mails("inquiry.answered")) == 2
    page = client_of(app, buyer).get(f"/annuaire/messages/{inquiry.id}").text
    assert "Finalement non." in page
    assert sent(client, address, {"answer": "peut-être"}).status_code == 422
    assert sent(client, address, {"answer": "declined", "text": "x" * 2_001}).status_code == 422
    assert client.get("/annuaire/reponses/faux").status_code == 404
    told = db.session.scalars(select(JournalEntry.changes).where(JournalEntry.action == "inquiry.answered")).all()
    assert told == [{"answer": [None, "interested"]}, {"answer": ["interested", "declined"]}]


def test_a_link_takes_no_answer_after_six_months(app: Flask, buyer: Person) -> None:
    inquiry = written(buyer, kept())
    inquiry.sent_at = now() - writing.ANSWERABLE - timedelta(minutes=1)
    db.session.commit()
    late = sent(app.test_client(), f"/annuaire/reponses/{tokens()[0]}", {"answer": "interested"})
    assert late.status_code == 422
    assert mails("inquiry.answered") == []


def test_an_abuse_is_told_to_administrators_once_by_mail_and_in_the_journal(app: Flask, buyer: Person) -> None:
    admins = [make_person(f"admin{n}@essai.example", ADMINISTRATOR) for n in (1, 2)]
    written(buyer, kept(), body="Achetez mes vitamines.")
    client, address = app.test_client(), f"/annuaire/reponses/{tokens()[0]}"
    for _press in range(2):
        assert sent(client, f"{address}/signalement", {"reason": "Publicité"}).status_code == 303
    told = mails("inquiry.reported")
    assert {mail.recipient for mail in told} == {one.email for one in admins}
    assert len(told) == 2
    assert all("vitamines" in mail.body and "Publicité" in mail.body and buyer.email in mail.body for mail in told)
    entries = select(func.count()).where(JournalEntry.action == "inquiry.reported")
    assert db.session.scalar(entries) == 1
    assert "Ce message est signalé" in client.get(address).text


def test_a_buyer_reads_only_their_own_messages(app: Flask, buyer: Person) -> None:
    inquiry = written(buyer, kept())
    other = client_of(app, buying("autre@essai.example", make_buyer("Autre ville")))
    assert other.get(f"/annuaire/messages/{inquiry.id}").status_code == 403
    assert inquiry.subject not in other.get("/annuaire/messages").text


def test_hostile_words_stay_words(app: Flask, buyer: Person) -> None:
    text = "<script>alert(1)</script> {adresse} =cmd|x"
    written(buyer, kept(), subject="Objet\u00a0{texte}", body=text)
    [mail] = mails("inquiry.asked")
    assert text in mail.body  # placeholders inside a value are not filled
    page = app.test_client().get(f"/annuaire/reponses/{tokens()[0]}").text
    assert "<script>alert" not in page
    refused = sent(client_of(app, buyer), NEW, message(kept("Autre"), subject="a\r\nBcc: x@y.example"))
    assert refused.status_code == 303
    assert mails("inquiry.asked")[-1].subject == "a Bcc: x@y.example"


def test_pages_ask_the_database_alike_for_3_and_30(app: Flask, buyer: Person) -> None:
    structures = [kept(f"Structure {n}", f"s{n}@essai.example") for n in range(20)]
    client, asked = client_of(app, buyer), []
    for size in (3, 20):
        inquiry = written(buyer, *structures[:size], subject=f"À {size}")
        ids = ",".join(str(one.id) for one in structures[:size])
        paths = ("/annuaire/messages", f"/annuaire/messages/{inquiry.id}", f"{NEW}?structures={ids}")
        asked.append([counts(client, path) for path in paths])
    assert asked[0] == asked[1]
