"""A process that dies while the decisions leave: all of them, or none."""

from __future__ import annotations

import signal

import pytest
from sqlalchemy import func, select

from openmap.extensions import db
from openmap.mail.models import Message
from openmap.people.journal import verify
from openmap.pitches import releasing, selecting
from openmap.pitches.models import Selection
from tests import killing
from tests.pitches.conftest import World
from tests.signing import now

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
