"""What sourcing keeps of people leaves with them, and after thirty-six months."""

from __future__ import annotations

import json
from datetime import timedelta

from flask import Flask
from sqlalchemy import func, select

from openmap.directory.sourcing import shortlists, watching, writing
from openmap.directory.sourcing.watched import kinds
from openmap.directory.sourcing_models import Inquiry, InquiryRecipient, SavedSearch, Shortlist, ShortlistItem
from openmap.extensions import Base, db
from openmap.mail.models import Message
from openmap.mail.purposes import refusal_of, reply_to_of
from openmap.people import privacy
from openmap.people.models import Person
from tests.signing import client_of, make_person, now
from tests.sourcing import acting, buying, listed, mails, make_buyer, make_structure, written


def furnished() -> tuple[Person, Person]:
    """Return a buyer's person with one of everything, and a colleague."""
    town = make_buyer()
    person, colleague = buying("une@essai.example", town), buying("deux@essai.example", town)
    structure = acting(make_person("jardins@essai.example"), make_structure("Jardins d’essai"))
    garden = make_structure("Verger d’essai", contact_email="verger@essai.example")
    listed(person, garden, name="Seule")
    shared = listed(person, garden, name="Partagée", shared=town)
    shortlists.note(db.session, shared.items[0], "met", "Sérieux.", version=1, by=person, now=now())
    inquiry = written(person, garden, body="Pouvez-vous tondre ?")
    writing.answer(db.session, inquiry.recipients[0], "interested", "Volontiers.", now=now())
    watching.save(db.session, kinds()["structures"], "q=tonte", "Tonte", by=person, now=now())
    db.session.commit()
    del structure
    return person, colleague


def count(model: type[Base]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_people_take_what_they_kept_with_them(app: Flask) -> None:
    person, colleague = furnished()
    data = json.loads(client_of(app, person).get("/compte/donnees").data)
    assert data["inquiries"][0]["body"] == "Pouvez-vous tondre ?"
    assert data["inquiry_recipients"][0]["answer_text"] == "Volontiers."
    assert {one["name"] for one in data["shortlists"]} == {"Seule", "Partagée"}
    assert "Sérieux." in {one.get("note") for one in data["shortlist_items"]}
    assert data["saved_searches"][0]["query"] == "q=tonte"
    theirs = client_of(app, colleague).get("/compte/donnees").text
    assert "verger@essai.example" not in json.dumps(data)
    for hidden in ("Sérieux.", "Volontiers.", "Seule"):
        assert hidden not in theirs


def test_who_is_erased_leaves_the_shared_notes_without_a_name(app: Flask) -> None:
    person, colleague = furnished()
    [mail] = mails("inquiry.asked")
    assert reply_to_of(db.session, mail) == person.email
    privacy.forget(db.session, person, by=None, now=now())
    db.session.commit()
    for model, left in ((Inquiry, 0), (InquiryRecipient, 0), (SavedSearch, 0), (Shortlist, 1), (ShortlistItem, 1)):
        assert count(model) == left, model
    item = db.session.scalars(select(ShortlistItem)).one()
    assert (item.note, item.person_id, item.noted_by_id) == ("Sérieux.", None, None)
    page = client_of(app, colleague).get(f"/annuaire/listes/{item.shortlist_id}").text
    assert "Sérieux." in page
    waiting = db.session.scalars(select(Message).where(Message.recipient == "verger@essai.example")).one()
    assert refusal_of(db.session, waiting)  # a mail that has not left does not leave any more
    assert reply_to_of(db.session, waiting) == ""


def test_all_is_forgotten_after_thirty_six_months(app: Flask) -> None:
    furnished()
    search = db.session.scalars(select(SavedSearch)).one()
    privacy.purge(db.session, now=now() + timedelta(days=36 * 30))
    assert count(Inquiry) == 1
    search.alerts = False
    db.session.commit()
    privacy.purge(db.session, now=now() + timedelta(days=36 * 31))
    db.session.commit()
    for model in (Inquiry, InquiryRecipient, SavedSearch, Shortlist, ShortlistItem):
        assert count(model) == 0, model
