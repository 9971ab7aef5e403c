"""« Qu’est devenu ce besoin ? »: when it is asked, of whom, how it is answered, and what is counted."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from openmap.directory.models import Buyer
from openmap.extensions import db
from openmap.mail.models import Message
from openmap.needs import outcomes
from openmap.needs.models import Need, Outcome
from openmap.needs.outcomes import RefusedAnswer, ask_due, token_hash
from openmap.people import journal, privacy
from openmap.people.models import ADMINISTRATOR, JournalEntry
from tests.house.counting import statements
from tests.needing import make_need
from tests.signing import client_of, make_person, now, sent

END = date(2026, 3, 31)


def _at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 6, tzinfo=UTC)


@pytest.fixture
def buyer(app: Flask) -> Buyer:
    """Return a buyer without needs."""
    buyer = Buyer(name="Ville d’Essai (fictif)", city="Essai", is_invented=True)
    db.session.add(buyer)
    db.session.commit()
    return buyer


def _need(buyer: Buyer, title: str = "Tonte", **more: object) -> Need:
    need = make_need(buyer, title, quarter="2026-T1", **({"contact_email": "contact@essai.example"} | more))
    db.session.add(need)
    db.session.commit()
    return need


def _mails() -> list[Message]:
    return list(db.session.scalars(select(Message).where(Message.purpose == "need.outcome").order_by(Message.id)))


def _ask(day: date) -> int:
    written = ask_due(db.session, now=_at(day))
    db.session.commit()
    return written


def _tokens(message: Message) -> list[str]:
    return re.findall(r"/besoins/suite/(\S+)", message.body)


def test_it_is_asked_a_week_three_and_six_months_after_and_never_twice(buyer: Buyer) -> None:
    need = _need(buyer)
    days = [END + timedelta(days=passed) for passed in range(1, 260)]
    asked = [day for day in days for _mail in range(_ask(day))]
    assert asked == [date(2026, 4, 7), date(2026, 6, 30), date(2026, 9, 30)]
    assert [one.step for one in need.outcomes] == ["days_7", "months_3", "months_6"]
    assert {mail.recipient for mail in _mails()} == {"contact@essai.example"}


@pytest.mark.parametrize(("value", "again"), [("inclusive", 0), ("abandoned", 0), ("running", 1), ("postponed", 1)])
def test_a_final_answer_ends_the_questions(buyer: Buyer, value: str, again: int) -> None:
    need = _need(buyer)
    _ask(date(2026, 4, 7))
    outcomes.answer(db.session, need.outcomes[0], value, now=_at(date(2026, 4, 8)))
    assert _ask(date(2026, 6, 30)) == again


def test_drafts_withdrawn_needs_and_those_of_years_ago_are_not_asked_about(buyer: Buyer) -> None:
    _need(buyer, state="draft", declared_at=None)
    _need(buyer, state="withdrawn")
    old = make_need(buyer, "Ancien", quarter="2018-T1", contact_email="contact@essai.example")
    db.session.add(old)
    db.session.commit()
    assert _ask(date(2026, 4, 7)) == 0


def test_a_plan_that_ends_on_one_day_makes_one_mail_with_a_link_for_each_need(buyer: Buyer) -> None:
    for number in range(5):
        _need(buyer, f"Besoin {number}")
    assert _ask(date(2026, 4, 7)) == 1
    [mail] = _mails()
    tokens = _tokens(mail)
    assert len(set(tokens)) == 5
    kept = set(db.session.scalars(select(Outcome.token_hash)))
    assert kept == {token_hash(token) for token in tokens}  # the token itself is kept nowhere but in the mail
    assert mail.due_at.astimezone(outcomes.HERE).hour == 9


def test_the_contact_is_asked_else_who_stated_the_need_else_who_acts_for_the_buyer(buyer: Buyer) -> None:
    person = make_person("auteur@essai.example")
    _need(buyer, "Sans contact", contact_email="", person=person)
    _need(buyer, "Sans personne", contact_email="")
    assert _ask(date(2026, 4, 7)) == 1
    assert [(mail.recipient, len(_tokens(mail))) for mail in _mails()] == [("auteur@essai.example", 1)]


def test_opening_the_link_changes_nothing_and_a_button_answers(app: Flask, buyer: Buyer) -> None:
    need = _need(buyer, recurrence="yearly")
    ask_due(db.session, now=_at(date(2026, 4, 7)))
    db.session.commit()
    outcome = need.outcomes[0]
    outcome.asked_at = now()
    db.session.commit()
    [token] = _tokens(_mails()[0])
    client, address = app.test_client(), f"/besoins/suite/{token}"
    for _scan in range(2):
        page = client.get(address)
        assert page.status_code == 200
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Referrer-Policy"] == "no-referrer"
    db.session.refresh(outcome)
    assert outcome.answer is None
    assert client.post(address, data={"answer": "inclusive"}).status_code == 400  # without its CSRF token
    assert sent(client, address, {"answer": "inclusive"}).status_code == 303
    page = client.get(address).text
    assert "Merci, votre réponse est enregistrée." in page
    assert "Recopier ce besoin" in page
    assert sent(client, address, {"answer": "clause", "note": "Lot 2."}).status_code == 303
    db.session.refresh(outcome)
    assert (outcome.answer, outcome.note) == ("clause", "Lot 2.")
    assert sent(client, address, {"answer": "n’importe quoi"}).status_code == 422
    assert client.get("/besoins/suite/faux").status_code == 404
    told = db.session.scalars(select(JournalEntry.changes).where(JournalEntry.action == "outcome.answered")).all()
    assert told == [{"answer": [None, "inclusive"]}, {"answer": ["inclusive", "clause"]}]
    assert journal.verify(db.session).broken_at is None


def test_an_answer_can_be_changed_for_thirty_days_and_a_link_lives_a_year(buyer: Buyer) -> None:
    need = _need(buyer)
    _ask(date(2026, 4, 7))
    outcome, day = need.outcomes[0], _at(date(2026, 4, 8))
    outcomes.answer(db.session, outcome, "running", now=day)
    outcomes.answer(db.session, outcome, "other", now=day + timedelta(days=29))
    with pytest.raises(RefusedAnswer, match="ne peut plus"):
        outcomes.answer(db.session, outcome, "clause", now=day + timedelta(days=30))
    assert outcome.answer == "other"
    late = Outcome(need=need, step="months_3", token_hash="0" * 64, asked_at=day)
    db.session.add(late)
    with pytest.raises(RefusedAnswer):
        outcomes.answer(db.session, late, "clause", now=day + timedelta(days=366))


def test_the_answer_stands_on_the_need_and_its_note_only_for_the_buyer(app: Flask, buyer: Buyer) -> None:
    need = _need(buyer)
    _ask(date(2026, 4, 7))
    outcomes.answer(db.session, need.outcomes[0], "inclusive", note="Confidence.", now=_at(date(2026, 4, 8)))
    db.session.commit()
    page = app.test_client().get(f"/besoins/{need.id}").text
    assert "Attribué à une structure de l’économie sociale et solidaire" in page
    assert "Confidence." not in page
    own = client_of(app, make_person("admin@essai.example", ADMINISTRATOR)).get(f"/besoins/{need.id}").text
    assert "Confidence." in own


def test_organisers_read_how_many_went_to_the_social_economy_by_the_last_answer(app: Flask, buyer: Buyer) -> None:
    client, counts = client_of(app, make_person("admin@essai.example", ADMINISTRATOR)), []
    for size in (3, 30):
        for number in range(size):
            need = _need(buyer, f"Besoin {size} {number}")
            for step, value in (("days_7", "running"), ("months_3", "inclusive" if number % 3 else "other")):
                one = Outcome(need=need, step=step, token_hash=token_hash(f"{need.id}{step}"), asked_at=now())
                db.session.add(one)
                db.session.flush()
                outcomes.answer(db.session, one, value, now=now())
        db.session.commit()
        with statements() as asked:
            page = client.get("/besoins/suites")
        assert page.status_code == 200
        counts.append(len(asked))
    admin = make_person("admin@essai.example")
    found = outcomes.counts_for(db.session, admin)
    assert (found.asked, found.answered, found.answers["inclusive"], found.answers["running"]) == (33, 33, 22, 0)
    assert counts[0] == counts[1]


def test_a_note_is_forgotten_after_two_years_and_the_answer_stays(buyer: Buyer) -> None:
    need = _need(buyer)
    _ask(date(2026, 4, 7))
    outcome = need.outcomes[0]
    outcomes.answer(db.session, outcome, "inclusive", note="Avec Camille.", now=_at(date(2026, 4, 8)))
    privacy.purge(db.session, now=_at(date(2028, 4, 20)))
    db.session.refresh(outcome)
    assert (outcome.note, outcome.answer) == ("", "inclusive")
