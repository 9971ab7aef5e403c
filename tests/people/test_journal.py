"""The journal: who changed what, in a chain that shows a change."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from openmap.cli import main
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.people import journal
from openmap.people.models import ADMINISTRATOR, JournalEntry, JournalHead
from tests.factories import make_edition
from tests.signing import client_of, make_person, now, sent


@pytest.fixture
def edition(app: Flask) -> Edition:
    return make_edition("essai")


def test_the_journal_tells_who_changed_what_without_personal_contents(app: Flask) -> None:
    person = make_person("camille@essai.example", name="Camille")
    sent(client_of(app, person), "/compte", {"name": "Camille Essai", "phone": "01 23 45 67 89"})
    entry = db.session.scalars(select(JournalEntry).where(JournalEntry.action == "person.changed")).one()
    assert entry.actor_id == person.id
    assert entry.changes == {"name": ["•", "•"], "phone": [None, "•"]}
    assert person.phone == "+33123456789"


@pytest.mark.parametrize("field", ["action", "actor_id", "object_id", "changes", "at", "hash"])
def test_a_changed_entry_breaks_the_chain(app: Flask, field: str) -> None:
    for n in range(4):
        make_person(f"n{n}@essai.example", ADMINISTRATOR)
    assert journal.verify(db.session).broken_at is None
    value = {"at": now() - timedelta(days=1), "changes": {"x": [1, 2]}, "actor_id": 99, "object_id": 99}.get(
        field, "autre"
    )
    db.session.execute(update(JournalEntry).where(JournalEntry.id == 3).values({field: value}))
    db.session.commit()
    assert journal.verify(db.session).broken_at == 3


def test_a_removed_entry_breaks_the_chain_and_so_does_a_cut_off_end(app: Flask) -> None:
    for n in range(3):
        make_person(f"n{n}@essai.example")
    db.session.query(JournalEntry).filter_by(id=3).delete()
    db.session.commit()
    assert journal.verify(db.session).broken_at == 0
    db.session.query(JournalEntry).filter_by(id=1).delete()
    db.session.commit()
    assert journal.verify(db.session).broken_at == 2


def test_many_who_write_at_once_make_one_chain(app: Flask) -> None:
    make_person("premiere@essai.example")
    db.session.remove()
    start = threading.Barrier(6)

    def write(rank: int) -> None:
        with app.app_context():
            start.wait()
            for n in range(5):
                make_person(f"p{rank}-{n}@essai.example")
            db.session.remove()

    threads = [threading.Thread(target=write, args=(rank,)) for rank in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    verdict = journal.verify(db.session)
    assert (verdict.entries, verdict.broken_at) == (31, None)
    assert db.session.get(JournalHead, 1).entries == 31  # type: ignore[union-attr]


def test_a_command_verifies_the_journal(app: Flask) -> None:
    make_person("camille@essai.example")
    runner = app.test_cli_runner()
    whole = runner.invoke(main, ["journal", "verify"])
    assert (whole.exit_code, "entier : 1 entrée" in whole.output) == (0, True)
    db.session.execute(update(JournalEntry).values(action="autre"))
    db.session.commit()
    broken = runner.invoke(main, ["journal", "verify"])
    assert (broken.exit_code, "modifié à l’entrée 1" in broken.output) == (1, True)
