"""Races of a reading that saves itself against a conflict, the sharing out and the opening, by real threads.

Each race is run held at its worst moment, one way round and the other, and then free.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Barrier, Event, Thread
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from openmap.extensions import db
from openmap.people.journal import verify
from openmap.people.models import JournalEntry
from openmap.pitches import juror_pages, reading, sharing
from openmap.pitches.models import Conflict, Jury, Reading, Score
from openmap.pitches.ranking import marks_of
from openmap.pitches.sharing import propose
from tests.pitches.jury_of_three import JURY, Readers, make_readers
from tests.signing import sent

OPENING = f"{JURY}/deliberation/ouverture"
SHARING = "/editions/essai/preparation/jury/repartition"
REASON = {"raison": "J’y suis bénévole."}


@pytest.fixture
def ready(app: Flask) -> Readers:
    """Return a jury that has declared and been given its readings."""
    world = make_readers(app)
    world.declared(*world.jurors)
    world.shared()
    return world


class Post(Thread):
    """A form that is sent while others are; ``status`` once it is answered."""

    def __init__(self, client: FlaskClient, path: str, data: dict[str, str], start: Barrier | None = None) -> None:
        super().__init__(daemon=True)
        self._sent, self._start, self.status = (client, path, data), start, 0

    def run(self) -> None:
        if self._start is not None:
            self._start.wait(20)
        self.status = sent(*self._sent).status_code

    def answer(self) -> int:
        self.join(30)
        assert not self.is_alive()
        return self.status


@contextmanager
def held(monkeypatch: pytest.MonkeyPatch, module: object, name: str, *, after: bool = False) -> Iterator[Event]:
    """Hold the first who calls a function of ours, before it or after it; yield the event that says they are there."""
    real: Callable[..., Any] = getattr(module, name)
    there, go = Event(), Event()

    def stop() -> None:
        if not there.is_set():
            there.set()
            assert go.wait(20)

    def stopping(*args: Any, **options: Any) -> Any:
        if not after:
            stop()
        found = real(*args, **options)
        if after:
            stop()
        return found

    monkeypatch.setattr(module, name, stopping)
    try:
        yield there
    finally:
        go.set()
        monkeypatch.setattr(module, name, real)


def readings_in_conflict() -> int:
    """Count the readings of jurors in conflict, whatever their state."""
    asked = select(func.count(Reading.id)).join(
        Conflict, (Conflict.application_id == Reading.application_id) & (Conflict.person_id == Reading.person_id)
    )
    return db.session.scalar(asked) or 0


def given() -> tuple[list[tuple[int, int, int]], list[tuple[int, Any, str]]]:
    """Return every mark and what else a reading says, as the database has them now."""
    db.session.expire_all()
    marks = select(Score.reading_id, Score.criterion_id, Score.mark).order_by(Score.reading_id, Score.criterion_id)
    rows = select(Reading.id, Reading.finished_at, Reading.comment).order_by(Reading.id)
    return [tuple(row) for row in db.session.execute(marks)], [tuple(row) for row in db.session.execute(rows)]  # type: ignore[misc]


def test_a_conflict_told_while_a_reading_is_about_to_be_saved_wins(
    ready: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    juror = ready.jurors[0]
    number, marks = ready.own(juror)[0].application_id, ready.marks(5)
    saving = Post(ready.client(juror), f"{JURY}/lectures/{number}/brouillon", marks)
    telling = Post(ready.client(juror), f"{JURY}/conflits/{number}", REASON)
    db.session.remove()
    with held(monkeypatch, juror_pages, "save") as there:  # it may open the file, and has not written yet
        saving.start()
        assert there.wait(20)
        telling.start()
        assert telling.answer() == 303
    assert saving.answer() == 409
    assert readings_in_conflict() == 0
    assert db.session.scalar(select(func.count(Score.id))) == 0


def test_a_conflict_told_while_a_reading_is_being_saved_waits_and_drops_it(
    ready: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    juror = ready.jurors[0]
    number, marks, edition_id = ready.own(juror)[0].application_id, ready.marks(5), ready.edition.id
    saving = Post(ready.client(juror), f"{JURY}/lectures/{number}/brouillon", marks)
    telling = Post(ready.client(juror), f"{JURY}/conflits/{number}", REASON)
    db.session.remove()
    with held(monkeypatch, reading, "_settle") as there:  # the marks are written, and not the journal
        saving.start()
        assert there.wait(20)
        telling.start()
        telling.join(0.7)
        assert telling.is_alive()
    assert (saving.answer(), telling.answer()) == (200, 303)
    assert readings_in_conflict() == 0
    assert marks_of(db.session, edition_id) == {}
    dropped = db.session.scalars(select(JournalEntry).where(JournalEntry.action == "reading.dropped")).one()
    assert [told.endswith(" : 5") for told in dropped.changes["marks"][0]] == [True] * 5
    assert verify(db.session).broken_at is None


def test_a_conflict_told_while_readings_are_shared_out_leaves_no_reading(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_readers(app)
    world.declared(*world.jurors)
    proposal = propose(db.session, world.edition)
    application, person = proposal.added[0]
    organiser, client, number = world.client(world.organiser), world.client(person), application.id
    giving = Post(organiser, SHARING, {"proposition": proposal.digest})
    telling = Post(client, f"{JURY}/conflits/{number}", REASON)
    db.session.remove()
    with held(monkeypatch, sharing, "propose", after=True) as there:  # who reads what is settled, and not written
        giving.start()
        assert there.wait(20)
        telling.start()
        telling.join(0.7)
    assert (giving.answer(), telling.answer()) == (303, 303)
    assert readings_in_conflict() == 0


def test_a_reading_about_to_be_saved_when_the_room_opens_stays_as_it_was(
    ready: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    juror = ready.jurors[0]
    number = ready.own(juror)[0].application_id
    client, marks = ready.client(juror), ready.marks(2)
    path = f"{JURY}/lectures/{number}/brouillon"
    assert sent(client, path, ready.marks(4, remarque="Avant")).status_code == 200
    before = given()
    saving = Post(client, path, marks | {"remarque": "Après"})
    opening = Post(ready.client(ready.organiser), OPENING, {})
    db.session.remove()
    with held(monkeypatch, juror_pages, "save") as there:
        saving.start()
        assert there.wait(20)
        opening.start()
        assert opening.answer() == 303
    assert saving.answer() == 409
    assert given() == before


def test_the_room_waits_for_a_reading_that_is_being_saved(ready: Readers, monkeypatch: pytest.MonkeyPatch) -> None:
    juror = ready.jurors[0]
    number, marks = ready.own(juror)[0].application_id, ready.marks(4)
    client = ready.client(juror)
    saving = Post(client, f"{JURY}/lectures/{number}/brouillon", marks)
    opening = Post(ready.client(ready.organiser), OPENING, {})
    db.session.remove()
    with held(monkeypatch, reading, "_settle") as there:
        saving.start()
        assert there.wait(20)
        opening.start()
        opening.join(0.7)
        assert opening.is_alive()
    assert (saving.answer(), opening.answer()) == (200, 303)
    before = given()
    assert [mark for _reading, _criterion, mark in before[0]] == [4] * 5
    assert sent(client, f"{JURY}/lectures/{number}/brouillon", marks | {"remarque": "Après"}).status_code == 409
    assert given() == before


@pytest.mark.parametrize("against", ["conflict", "opening"])
def test_many_free_races_end_in_one_order_or_the_other(ready: Readers, against: str) -> None:
    juror, organiser = ready.jurors[0], ready.client(ready.organiser)
    numbers, marks = [one.application_id for one in ready.own(juror)], ready.marks(3)
    clients = [ready.client(juror) for _ in range(2 * len(numbers))]
    start = Barrier(len(numbers) * 2 if against == "conflict" else len(numbers) + 1)
    db.session.remove()
    saving = [
        Post(client, f"{JURY}/lectures/{number}/brouillon", marks, start)
        for client, number in zip(clients, numbers, strict=False)
    ]
    others = [
        Post(client, f"{JURY}/conflits/{number}", REASON, start)
        for client, number in zip(clients[len(numbers) :], numbers, strict=True)
    ]
    others = others if against == "conflict" else [Post(organiser, OPENING, {}, start)]
    for one in (*saving, *others):
        one.start()
    answers = [one.answer() for one in saving]
    assert set(answers) <= {200, 403, 409}, answers
    assert {one.answer() for one in others} == {303}
    kept = db.session.scalars(select(Reading).where(Reading.finished_at.is_not(None))).all()
    assert readings_in_conflict() == 0
    if against == "conflict":
        assert kept == []
        assert db.session.scalar(select(func.count(Conflict.id))) == len(numbers)
    else:
        assert db.session.scalar(select(Jury.stage)) == "open"
        assert len(kept) == answers.count(200)  # what was acknowledged is kept, what was refused is not
    assert verify(db.session).broken_at is None
