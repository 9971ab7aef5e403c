"""Coaching: one moment each, until the deadline; slides with their versions."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime, timedelta
from io import BytesIO
from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy import func, select

from openmap.applications.models import Application
from openmap.events.models import Edition
from openmap.events.slots import Rhythm
from openmap.extensions import db
from openmap.mail.models import Message
from openmap.people.models import Person
from openmap.pitches import coaching, decks, passage, releasing, selecting
from openmap.pitches.models import CoachingSlot, Deck
from tests.pitches.conftest import World
from tests.signing import now

DAY = datetime(2099, 10, 20, 12, tzinfo=UTC)


@pytest.fixture
def coached(room: World) -> World:
    """Return a world in which two structures pitch, and two moments with one agency are to be had."""
    for application, decision in zip(room.files, ("picked", "picked", "reserve", "declined"), strict=True):
        selecting.decide(db.session, room.edition, application, decision, by=room.organiser, now=now())
    releasing.release(db.session, room.edition, held=True, by=room.organiser, now=now())
    rhythm = Rhythm(DAY, DAY + timedelta(hours=1), timedelta(minutes=30), timedelta(0))
    made = coaching.generate(db.session, room.edition, rhythm, ["Agence A"], place="Ici", by=room.organiser, now=now())
    assert made == 2
    db.session.commit()
    return room


def book(world: World, slot: CoachingSlot, application: Application, **options: bool) -> None:
    """Book as the application's own person."""
    assert application.person is not None
    coaching.book(db.session, slot, application, by=application.person, now=now(), **options)
    db.session.commit()


def mails(purpose: str) -> list[Message]:
    """Return the mails of a purpose."""
    return list(db.session.scalars(select(Message).where(Message.purpose == purpose).order_by(Message.id)))


def test_a_structure_has_one_moment_and_a_change_frees_the_one_before(coached: World) -> None:
    first, second = coaching.slots_of(db.session, coached.edition.id)
    book(coached, first, coached.files[0])
    book(coached, second, coached.files[0])
    assert first.application_id is None
    assert second.application_id == coached.files[0].id
    changed = mails("coaching.booked")[1]
    assert [one["name"] for one in changed.attachments] == ["annulation.ics", "accompagnement.ics"]
    assert "METHOD:CANCEL" in changed.attachments[0]["text"]
    assert "METHOD:PUBLISH" in changed.attachments[1]["text"]
    with pytest.raises(coaching.Taken):
        book(coached, second, coached.files[1])


def test_cancelling_tells_the_calendar_and_twice_does_nothing(coached: World) -> None:
    slot = coaching.slots_of(db.session, coached.edition.id)[0]
    book(coached, slot, coached.files[0])
    for _ in range(2):
        coaching.cancel(db.session, slot, by=coached.organiser, now=now())
        db.session.commit()
    told = mails("coaching.cancelled")
    assert len(told) == 1
    booked, cancelled = (message.attachments[0]["text"] for message in (mails("coaching.booked")[0], told[0]))
    uid = next(line for line in booked.splitlines() if line.startswith("UID:"))
    assert uid in cancelled


def test_at_the_deadline_itself_structures_can_no_longer_book_but_organisers_can(coached: World) -> None:
    slot, application, at = coaching.slots_of(db.session, coached.edition.id)[0], coached.files[0], now()
    jury = coached.jury
    coaching.set_deadlines(db.session, coached.edition, jury, at, at, by=coached.organiser, now=now())
    person: Person | None = application.person
    assert person is not None
    with pytest.raises(coaching.TooLate):
        coaching.book(db.session, slot, application, by=person, now=at)
    coaching.book(db.session, slot, application, by=person, now=at - timedelta(seconds=1))
    with pytest.raises(coaching.TooLate):
        coaching.cancel(db.session, slot, by=person, now=at)
    with pytest.raises(coaching.TooLate):
        decks.add(db.session, application, BytesIO(b"%PDF-1.7"), "a.pdf", by=person, now=at)
    coaching.cancel(db.session, slot, by=coached.organiser, now=at, late=True)


def test_a_moment_that_has_begun_is_for_organisers_alone_to_give_or_take(coached: World) -> None:
    slot, application = coaching.slots_of(db.session, coached.edition.id)[0], coached.files[0]
    person: Person | None = application.person
    assert person is not None
    for begun in (slot.start, slot.start + timedelta(days=9)):
        with pytest.raises(coaching.TooLate):
            coaching.book(db.session, slot, application, by=person, now=begun)
    coaching.book(db.session, slot, application, by=person, now=slot.start - timedelta(seconds=1))
    with pytest.raises(coaching.TooLate):
        coaching.cancel(db.session, slot, by=person, now=slot.start)
    coaching.cancel(db.session, slot, by=coached.organiser, now=slot.start, late=True)
    slot.start, slot.end = now() - timedelta(hours=2), now() - timedelta(hours=1)
    db.session.commit()
    page = coached.client(person).get("/editions/essai/accompagnement").text
    assert page.count("/reservation") == 1
    assert "passé</span>" in page


def test_only_those_who_pitch_are_coached_and_giving_up_frees_the_moment(coached: World) -> None:
    slot = coaching.slots_of(db.session, coached.edition.id)[0]
    with pytest.raises(coaching.NotPitching):
        book(coached, slot, coached.files[2])
    book(coached, slot, coached.files[0])
    releasing.replace(db.session, coached.edition, coached.files[0], by=coached.organiser, now=now())
    db.session.commit()
    db.session.refresh(slot)
    assert slot.application_id is None
    book(coached, slot, coached.files[2])


def test_moving_a_moment_tells_who_has_booked_it(coached: World) -> None:
    slot = coaching.slots_of(db.session, coached.edition.id)[0]
    book(coached, slot, coached.files[0])
    values = {"start": slot.start + timedelta(days=1), "end": slot.end + timedelta(days=1)}
    coaching.change(db.session, slot, values, by=coached.organiser, now=now())
    db.session.commit()
    first, second = (message.attachments[0]["text"] for message in mails("coaching.booked"))
    assert next(line for line in first.splitlines() if line.startswith("UID:")) in second
    assert "SEQUENCE:0" in first
    assert "SEQUENCE:0" not in second
    with pytest.raises(coaching.Booked):
        coaching.remove(db.session, slot, by=coached.organiser, now=now())


def test_every_version_of_the_slides_is_kept_and_the_archive_goes_by_passage(coached: World) -> None:
    one, two = coached.files[:2]
    one.name = "Étoile & Cie"
    for application, content in ((one, b"%PDF-1.7 v1"), (one, b"%PDF-1.7 v2"), (two, b"%PDF-1.7 autre")):
        decks.add(db.session, application, BytesIO(content), "support.pdf", by=coached.organiser, now=now())
    db.session.commit()
    assert db.session.scalar(select(func.count()).select_from(Deck)) == 3
    passage.move(db.session, coached.edition, two, up=True, by=coached.organiser, now=now())
    with zipfile.ZipFile(BytesIO(decks.archive(db.session, coached.edition))) as files:
        assert files.namelist() == ["01-Structure-2.pdf", "02-Etoile-Cie.pdf"]
        assert files.read("02-Etoile-Cie.pdf") == b"%PDF-1.7 v2"


def test_of_two_who_want_the_last_moment_at_once_one_gets_it(app: Flask, coached: World) -> None:
    slots = coaching.slots_of(db.session, coached.edition.id)
    coaching.remove(db.session, slots[0], by=coached.organiser, now=now())
    db.session.commit()
    slot_id, files = slots[1].id, [one.id for one in coached.files[:2]]
    db.session.remove()
    start, answers = Barrier(2), []

    def run(file_id: int) -> None:
        with app.app_context():
            slot, application = db.session.get_one(CoachingSlot, slot_id), db.session.get_one(Application, file_id)
            person = application.person
            assert person is not None
            start.wait(10)
            try:
                coaching.book(db.session, slot, application, by=person, now=now())
                db.session.commit()
                answers.append("booked")
            except coaching.Taken:
                db.session.rollback()
                answers.append("taken")
            finally:
                db.session.remove()

    threads = [Thread(target=run, args=(number,)) for number in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answers) == ["booked", "taken"]
    assert len(mails("coaching.booked")) == 1
    edition = db.session.scalars(select(Edition)).one()
    assert [slot.application_id in files for slot in coaching.slots_of(db.session, edition.id)] == [True]
