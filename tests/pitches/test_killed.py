"""A process that dies: the decisions leave all or none, and what a reading's page was told to be kept is kept."""

from __future__ import annotations

import itertools
import os
import random
import signal
import threading
import time

import pytest
from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import func, select

from benchmarks.deadline import RAW, Caller, post, served
from openmap.extensions import db
from openmap.mail.models import Message
from openmap.people.journal import verify
from openmap.pitches import releasing, selecting
from openmap.pitches.models import Reading, Selection
from tests import killing
from tests.pitches.conftest import World
from tests.pitches.jury_of_three import JURY, Readers, make_readers
from tests.signing import now, token_of

STOPS = ("first mail", "last mail", "order", "before commit", "after commit")

KILLED_AT = """
import os, signal, sys
from datetime import UTC, datetime
from sqlalchemy import select
from openmap import create_app
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.people.models import Person
from openmap.pitches import releasing

stop, mails = sys.argv[1], 0

def die(moment):
    if moment == stop:
        db.session.flush()
        os.kill(os.getpid(), signal.SIGKILL)

real_tell, real_renumber = releasing.tell_outcome, releasing.renumber

def tell(*args, **options):
    global mails
    found = real_tell(*args, **options)
    mails += 1
    die({1: "first mail", 4: "last mail"}.get(mails))
    return found

def renumber(*args):
    real_renumber(*args)
    die("order")

releasing.tell_outcome, releasing.renumber = tell, renumber
app = create_app()
with app.app_context():
    edition = db.session.scalars(select(Edition)).one()
    by = db.session.scalars(select(Person).where(Person.email == "organisation@essai.example")).one()
    releasing.release(db.session, edition, held=False, by=by, now=datetime.now(UTC))
    die("before commit")
    db.session.commit()
    die("after commit")
"""


@pytest.mark.parametrize("stop", STOPS)
def test_a_release_that_is_killed_leaves_all_or_none_and_never_a_mail_twice(room: World, stop: str) -> None:
    for application, decision in zip(room.files, ("picked", "picked", "reserve", "declined"), strict=True):
        selecting.decide(db.session, room.edition, application, decision, by=room.organiser, now=now())
    db.session.commit()
    db.session.expire_all()
    code, errors = killing.run(KILLED_AT, stop, config=room.app.config["OPENMAP"])
    assert code == -signal.SIGKILL, errors
    released = select(func.count()).select_from(Selection).where(Selection.released_at.is_not(None))
    mails = select(func.count()).select_from(Message)
    expected = 4 if stop == "after commit" else 0
    assert (db.session.scalar(released), db.session.scalar(mails)) == (expected, expected)
    assert room.jury.stage == ("released" if expected else "open")
    assert verify(db.session).broken_at is None
    if not expected:
        db.session.rollback()
        assert releasing.release(db.session, room.edition, held=False, by=room.organiser, now=now()) == 4
        db.session.commit()
        assert db.session.scalar(mails) == 4


ROUNDS = 2


def callers_of(app: Flask, world: Readers) -> list[tuple[int, Caller]]:
    """Return a browser for each reading, with the reading's number."""
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    token = str(URLSafeTimedSerializer(app.secret_key or "", salt="wtf-csrf-token").dumps(RAW))
    found = []
    for juror in world.jurors:
        for one in world.own(juror)[:2]:
            held = {"_user_id": token_of(juror), "_fresh": True, "_permanent": True, "csrf_token": RAW}
            found.append((one.id, Caller(one.application_id, str(serializer.dumps(held)), token)))
    return found


@pytest.mark.enable_socket
def test_what_a_reading_was_told_to_be_kept_outlives_the_server(app: Flask) -> None:
    world = make_readers(app)
    world.declared(*world.jurors)
    world.shared()
    callers = callers_of(app, world)
    fields = [f"note-{one.id}" for one in world.criteria]
    db.session.commit()
    db.session.remove()
    config = app.config["OPENMAP"]
    numbers, sent, told = itertools.count(1), dict.fromkeys(dict(callers), 0), dict.fromkeys(dict(callers), 0)

    def read(address: str, reading: int, caller: Caller, ended: threading.Event) -> None:
        while not ended.is_set():
            number = next(numbers)
            sent[reading] = number
            data = dict.fromkeys(fields, str(2 + number % 4)) | {"remarque": str(number)}
            status = post(address, f"{JURY}/lectures/{caller.application_id}/brouillon", caller, data, timeout=30)
            if status != 200:
                assert status == 0
                return
            told[reading] = number

    chance = random.Random(5)
    for _ in range(ROUNDS):
        ended, before = threading.Event(), dict(told)
        with served(config, workers=2) as (address, server):
            crowd = [threading.Thread(target=read, args=(address, *one, ended)) for one in callers]
            for one in crowd:
                one.start()
            until = time.monotonic() + 30
            while not all(told[one] > before[one] for one in told) and time.monotonic() < until:
                time.sleep(0.01)
            time.sleep(chance.uniform(0.0, 0.4))
            os.killpg(server.pid, signal.SIGKILL)
            ended.set()
            for one in crowd:
                one.join(60)
        db.session.expire_all()
        for one in db.session.scalars(select(Reading).where(Reading.id.in_(told))):
            number = int(one.comment)
            assert told[one.id] <= number <= sent[one.id]  # what was acknowledged last, or one that was cut off
            assert [score.mark for score in one.scores] == [2 + number % 4] * len(fields)  # whole
            assert one.finished_at is not None
        assert min(told[reading] - before[reading] for reading in told) > 0
        db.session.remove()
    assert verify(db.session).broken_at is None
