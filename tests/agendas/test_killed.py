"""A worker that dies while a release is published, or while its mails leave: each person has each mail once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from openmap.agendas.models import Invitation, Mailing
from openmap.agendas.publishing import LOST_AFTER, run_mailing, waiting_mailings
from openmap.extensions import db
from openmap.mail import sending
from openmap.mail.models import Message
from tests.agendas.factory import build
from tests.mail.server import Post, listening
from tests.publishing import SENDER, Scene, config_to, open_scene
from tests.signing import now

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from tests.agendas.mailboxes import Mailbox

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:vobject", "ignore::DeprecationWarning:dateutil")

BUYERS, STRUCTURES = 8, 8
PLAN = [
    (f"B{buyer + 1:02}", f"S{(buyer + turn) % STRUCTURES + 1:02}", f"T{turn + 1:02}", None)
    for buyer in range(BUYERS)
    for turn in range(4)
]
CHANGED = [
    (buyer, structure, f"T{6 if slot == 'T04' else int(slot[1:]):02}", None) for buyer, structure, slot, _ in PLAN[4:]
]

WORKER = """
import os, signal, sys
from datetime import UTC, datetime
from openmap import create_app
from openmap.agendas import publishing
from openmap.extensions import db

moment, victim, mailing_id = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
counts = {}

def die(name):
    counts[name] = counts.get(name, 0) + 1
    if name == moment and counts[name] == victim:
        db.session.flush()
        os.kill(os.getpid(), signal.SIGKILL)

real_write, real_record, real_beat = publishing._write, publishing._record, publishing._beat
publishing.BATCH = 5

def write(*args):
    found = real_write(*args)
    die("mail written")
    return found

def record(*args):
    real_record(*args)
    die("calendar recorded")

def beat(*args, **options):
    die("batch committed")
    return real_beat(*args, **options)

publishing._write, publishing._record, publishing._beat = write, record, beat
app = create_app()
with app.app_context():
    publishing.run_mailing(
        db.session, mailing_id, sender="OpenMap ESS <rencontres@essai.example>", clock=lambda: datetime.now(UTC)
    )
    die("over")
"""

REAL_WORKER = """
from openmap.cli import main
main(["worker"])
"""


@pytest.fixture
def post() -> Iterator[Post]:
    with listening() as server:
        yield server


@pytest.fixture
def scene(app: Flask) -> Scene:
    morning = build(
        db.session,
        buyers=[f"Acheteur {n}" for n in range(BUYERS)],
        structures=[f"Structure {n}" for n in range(STRUCTURES)],
    )
    scene = open_scene(morning)
    scene.clock.at = now() - timedelta(hours=1)
    return scene


def environment(post: Post | None = None) -> dict[str, str]:
    from flask import current_app

    config = current_app.config["OPENMAP"]
    told = os.environ | {
        "OPENMAP_INSTANCE": str(config.instance),
        "DATABASE_URL": config.database_url,
        "SECRET_KEY": config.secret_key,
        "REDIS_URL": config.redis_url or "",
        "OPENMAP_MAIL_FROM": SENDER,
    }
    if post is not None:
        told |= {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(post.port), "SMTP_SECURITY": "none"}
    return told


def take_up_again(scene: Scene) -> None:
    """Do what the worker that follows does: find the publication whose job died, and carry it out."""
    db.session.rollback()
    db.session.expire_all()
    scene.clock.at = now() + LOST_AFTER + timedelta(seconds=1)
    for mailing_id in waiting_mailings(db.session, now=scene.clock()):
        assert run_mailing(db.session, mailing_id, sender=SENDER, clock=scene.clock)


def held(post: Post) -> dict[str, list[object]]:
    boxes: dict[str, Mailbox] = {}
    for (recipient, _content), mail in zip(post.letters, post.mails(), strict=True):
        boxes.setdefault(recipient, Mailbox(recipient)).receive(mail)
    return {address: list(box.meetings) for address, box in boxes.items() if box.meetings}


@pytest.mark.parametrize("moment", ["mail written", "calendar recorded", "batch committed", "over"])
def test_a_publication_that_is_killed_writes_each_mail_once(scene: Scene, post: Post, moment: str) -> None:
    scene.publish(PLAN)
    sending.send_due(db.session, config_to(post), clock=scene.clock)
    before = len(post.letters)
    mailing_id = scene.ask(scene.release(CHANGED)).id
    for victim in (7, 1) if moment not in {"over", "batch committed"} else (1,):
        command = [sys.executable, "-c", WORKER, moment, str(victim), str(mailing_id)]
        died = subprocess.run(
            command, env=environment(), cwd=Path(__file__).parents[2], capture_output=True, check=False, timeout=120
        )
        assert died.returncode == -signal.SIGKILL, died.stderr.decode()
        db.session.rollback()
        db.session.expire_all()
        scene.clock.at = now() + LOST_AFTER + timedelta(seconds=1)
        waiting_mailings(db.session, now=scene.clock())
    take_up_again(scene)
    mailing = db.session.get_one(Mailing, mailing_id)
    assert mailing.state == "finished"
    sending.send_due(db.session, config_to(post), clock=scene.clock)
    arrived = Counter(recipient for recipient, _ in post.letters[before:])
    touched = {code for meeting in set(PLAN) ^ set(CHANGED) for code in meeting[:2]}
    assert arrived == Counter(f"{code.lower()}-1@essai.example" for code in touched)
    assert held(post) == {address: sorted(found) for address, found in scene.expected(CHANGED).items()}


def test_real_workers_killed_at_random_moments_leave_each_person_each_mail_once(scene: Scene, post: Post) -> None:
    """The real program, four times killed wherever it is: writing, claiming, connecting, handing over."""
    chance = random.Random(20171116)
    mailing_id = scene.ask(scene.release(PLAN)).id
    for _death in range(4):
        worker = subprocess.Popen(
            [sys.executable, "-c", REAL_WORKER], env=environment(post), cwd=Path(__file__).parents[2],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        _wait_for_signs(post, len(post.letters), worker)
        time.sleep(chance.uniform(0.0, 0.12))
        worker.kill()
        worker.wait(20)
        db.session.rollback()
    take_up_again(scene)
    later = now()
    for _round in range(4):
        later += sending.LOST_AFTER + timedelta(seconds=1)
        sending.send_due(db.session, config_to(post), clock=lambda at=later: at)
    db.session.expire_all()
    assert db.session.get_one(Mailing, mailing_id).state == "finished"
    arrived = Counter(recipient for recipient, _ in post.letters)
    assert max(arrived.values()) == 1
    for message in db.session.scalars(select(Message)):
        assert arrived[message.recipient] == 1 or message.error, message.recipient
    assert db.session.scalar(select(func.count()).select_from(Message)) == BUYERS + STRUCTURES
    assert db.session.scalar(select(func.count()).select_from(Invitation)) == 2 * len(PLAN)


def _wait_for_signs(post: Post, known: int, worker: subprocess.Popen[bytes]) -> None:
    """Wait until the worker has written or sent something more, or has nothing left to do."""
    for _try in range(300):
        assert worker.poll() is None
        if len(post.letters) > known:
            return
        db.session.rollback()
        states = Counter(db.session.scalars(select(Message.state)))
        if states and set(states) <= {"sent", "failed", "sending"}:
            return
        time.sleep(0.02)
