"""Who waits for whom: a participant's later answers wait for nothing but their own edition's wishes."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from openmap.events.models import Edition
from openmap.extensions import db
from openmap.meetings.gathering import gather
from openmap.meetings.models import Participation
from openmap.meetings.wishing import digest, own_choices, save_lines
from openmap.people import journal
from openmap.people.models import Person
from tests.signing import now
from tests.wishing import line, make_morning, said_of, wishes_of


def test_a_later_answer_does_not_wait_for_the_journal(app: Flask) -> None:
    del app
    if db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    morning = make_morning()
    own, (first, second, _third) = morning.structures[0], morning.buyers
    save_lines(db.session, own, {first.id: line("must")}, by=morning.selling, now=now())
    db.session.commit()
    with Session(db.engine) as other:
        journal.lock(other)  # an organiser's long deed
        db.session.execute(text("SET LOCAL lock_timeout = '2s'"))
        save_lines(db.session, own, {second.id: line("want")}, by=morning.selling, now=now())
        db.session.commit()
        other.rollback()
    assert set(said_of(own)) == {first.id, second.id}


def test_both_sides_at_once_and_an_organiser_who_gathers_make_one_wish_of_what_both_say(app: Flask) -> None:
    morning = make_morning()
    edition, organiser = morning.edition.id, morning.organiser.id
    buyer, structure = morning.buyers[0].id, morning.structures[0].id
    buying, selling = morning.buying.id, morning.selling.id
    db.session.remove()
    failures: list[BaseException] = []

    def say(own: int, other: int, by: int, level: str) -> None:
        one, person = db.session.get_one(Participation, own), db.session.get_one(Person, by)
        seen = "".join(choice.level for choice in own_choices(db.session, one))
        save_lines(db.session, one, {other: line(level, seen=digest(seen, ""))}, by=person, now=now())

    def collect() -> None:
        by = db.session.get_one(Person, organiser)
        gather(db.session, db.session.get_one(Edition, edition), by=by, now=now())

    def in_turn(*deeds: Callable[[], None]) -> None:
        with app.app_context():
            try:
                for deed in deeds:
                    deed()
                    db.session.commit()
            except BaseException as failure:
                failures.append(failure)
            finally:
                db.session.remove()

    levels = ("open", "must", "veto", "want", "must")
    turns = [
        [lambda level=level: say(buyer, structure, buying, level) for level in levels],
        [lambda level=level: say(structure, buyer, selling, level) for level in levels],
        [collect] * 4,
    ]
    threads = [threading.Thread(target=in_turn, args=deeds) for deeds in turns]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    [wish] = wishes_of(db.session.get_one(Edition, edition)).values()
    assert (wish.value, wish.withdrawn_at) == (12 + 12 + 5, None)
