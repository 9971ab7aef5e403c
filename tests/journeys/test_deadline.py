"""The last seconds before the deadline, and a server killed in the middle of its work, on the real server."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from benchmarks.deadline import Caller, close_in, furnish, judge, post, rush, served
from openmap.applications.models import Application, Attachment
from openmap.extensions import db
from openmap.mail.models import Message
from openmap.people.journal import verify
from openmap.web.keeping import referred
from openmap.web.uploads import sweep

PEOPLE, SECONDS, ROUNDS = 40, 5.0, 3


@pytest.mark.enable_socket
def test_nothing_is_lost_or_doubled_in_the_last_seconds(app: Flask) -> None:
    edition, callers = furnish(app, PEOPLE)
    db.session.remove()
    with served(app.config["OPENMAP"], workers=2) as (address, _server):
        closes_at = close_in(db.session.merge(edition), SECONDS + 2)
        db.session.remove()
        answers = rush(address, callers, closes_at, SECONDS)
    verdict = judge(answers, closes_at)
    assert {one.status for one in answers} <= {303, 409}
    in_time = {one.application_id for one in answers if one.sent < 0}  # a second click on these changes nothing
    assert all(one.status == 409 for one in answers if one.sent >= 0 and one.application_id not in in_time)
    assert (verdict.lost, verdict.doubled, verdict.early) == (0, 0, 0)
    assert verdict.submitted + verdict.refused == PEOPLE
    assert verify(db.session).broken_at is None


def _upload(address: str, caller: Caller, version: str, content: bytes) -> int:
    """Send a file with the step of the pitch, as a browser does."""
    mark = "limite-entre-les-parties"
    fields = {"csrf_token": caller.token, "version": version, "seen": "", "continuer": "1"}
    parts = [f'--{mark}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items()]
    head = f'--{mark}\r\nContent-Disposition: form-data; name="fichier"; filename="p.pdf"\r\n\r\n'
    body = "".join(parts).encode() + head.encode() + content + f"\r\n--{mark}--\r\n".encode()
    request = urllib.request.Request(
        f"{address}/candidatures/{caller.application_id}/pitch",
        body,
        {"Cookie": f"session={caller.cookie}", "Content-Type": f"multipart/form-data; boundary={mark}"},
    )
    try:
        with urllib.request.build_opener().open(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as answer:
        answer.close()
        return answer.code
    except OSError:
        return 0


@pytest.mark.enable_socket
def test_a_server_killed_at_any_moment_loses_and_doubles_nothing(app: Flask) -> None:
    _edition, callers = furnish(app, 24)
    db.session.remove()
    config = app.config["OPENMAP"]
    saved: dict[int, list[str]] = {}
    uploaded: set[int] = set()
    answers: dict[int, int] = {}
    told: set[int] = set()

    def save(address: str, caller: Caller) -> None:
        path = f"/candidatures/{caller.application_id}/rendez-vous"
        with app.app_context():
            version = db.session.scalar(select(Application.version).where(Application.id == caller.application_id))
            db.session.remove()
        words = f"Essai {time.monotonic()}"
        data = {"version": str(version), "wants_meetings": "oui", "meeting_wishes": words}
        saved.setdefault(caller.application_id, []).append(words)
        if post(address, path, caller, data, timeout=30) == 303:
            saved[caller.application_id] = [words]

    def upload(address: str, caller: Caller) -> None:
        # in hexadecimal: bytes drawn at random can spell the name of a script, which is refused
        answers[caller.application_id] = _upload(
            address, caller, "1", b"%PDF-1.7 " + os.urandom(200_000).hex().encode()
        )
        if answers[caller.application_id] == 200:
            uploaded.add(caller.application_id)

    def submit(address: str, caller: Caller) -> None:
        if post(address, f"/candidatures/{caller.application_id}/depot", caller, {}, timeout=30) == 303:
            told.add(caller.application_id)

    def everyone(address: str) -> list[threading.Thread]:
        deeds = [(save, callers[:8]), (upload, callers[8:16]), (submit, callers[16:])]
        return [threading.Thread(target=deed, args=(address, one)) for deed, some in deeds for one in some]

    chance = random.Random(3)
    for _ in range(ROUNDS):
        with served(config, workers=2) as (address, server):
            crowd = everyone(address)
            for one in crowd:
                one.start()
            time.sleep(chance.uniform(0.05, 1.2))
            os.killpg(server.pid, signal.SIGKILL)
            for one in crowd:
                one.join()
    with served(config, workers=2) as (address, _server):
        crowd = everyone(address)
        for one in crowd:
            one.start()
        for one in crowd:
            one.join()
    db.session.expire_all()
    files = {one.id: one for one in db.session.scalars(select(Application))}
    for number, words in saved.items():
        assert files[number].meeting_wishes in words  # what was acknowledged last, or a later one cut off
    assert uploaded == {one.application_id for one in callers[8:16]}, answers
    folder = Path(config.instance) / "files"
    for one in db.session.scalars(select(Attachment)):
        assert (folder / one.digest[:2] / one.digest).stat().st_size == one.size
    current = select(Attachment.application_id, func.count()).where(Attachment.replaced_at.is_(None))
    assert {count for _id, count in db.session.execute(current.group_by(Attachment.application_id))} == {1}
    assert told == {one.application_id for one in callers[16:]}
    assert {files[number].state for number in told} == {"submitted"}
    receipts = select(Message).where(Message.purpose == "application.received")
    assert len(db.session.scalars(receipts).all()) == len(told)
    for path in folder.rglob("*"):
        os.utime(path, (time.time() - 200_000,) * 2)
    known = referred(db.session)
    sweep(known)
    assert {path.name for path in folder.rglob("*") if path.is_file()} <= known
    assert verify(db.session).broken_at is None
