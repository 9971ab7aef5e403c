"""The save that nobody asks for, as the page sends it: cut by a kill at any moment, and racing with a submission."""

from __future__ import annotations

import html
import os
import random
import re
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPException

import pytest
from flask import Flask
from sqlalchemy import select

from benchmarks.deadline import Caller, furnish, post, served
from openmap.applications.models import Application
from openmap.extensions import db
from openmap.mail.models import Message
from openmap.people.journal import verify

PEOPLE, ROUNDS = 9, 3
SAVED, SUBMITTED = "Enregistré à", "déposée depuis un autre appareil"


@dataclass(slots=True)
class OpenPage:
    """A step open in a browser: what it was given to send back, and what it has sent and been told since."""

    caller: Caller
    step: str
    kept: dict[str, str] = field(default_factory=dict)
    acknowledged: str = ""
    cut: list[str] = field(default_factory=list)
    """What was sent after that and never answered: any of it may be kept, or none."""
    answers: list[str] = field(default_factory=list)

    def open(self, address: str) -> str:
        page = self._ask(address, None)
        self._take(page)
        return page

    def type(self, address: str, text: str, fields: dict[str, str], file: str = "") -> str:
        """Send what the fields hold now, as htmx does; return the fragment that answers, empty where none came."""
        self.cut.append(text)
        answer = self._ask(address, fields, file)
        self.answers.append(answer)
        if SAVED in answer:
            self.acknowledged, self.cut = text, []
            self._take(answer)
        return answer

    def _take(self, page: str) -> None:
        for name in ("version", "seen"):
            found = re.search(rf'name="{name}" value="([^"]*)"', page)
            if found:
                self.kept[name] = html.unescape(found[1])

    def _ask(self, address: str, fields: dict[str, str] | None, file: str = "") -> str:
        mark, headers = "limite-entre-les-parties", {"Cookie": f"session={self.caller.cookie}"}
        body = None
        if fields is not None:
            sent = {"csrf_token": self.caller.token, **self.kept, **fields}
            parts = [f'--{mark}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in sent.items()]
            if file:
                head = f'--{mark}\r\nContent-Disposition: form-data; name="fichier"; filename="plan.pdf"\r\n\r\n'
                parts.append(f"{head}{file}\r\n")
            body = "".join([*parts, f"--{mark}--\r\n"]).encode()
            headers |= {"HX-Request": "true", "Content-Type": f"multipart/form-data; boundary={mark}"}
        path = f"{address}/candidatures/{self.caller.application_id}/{self.step}"
        request = urllib.request.Request(path, body, headers)
        try:
            with urllib.request.build_opener().open(request, timeout=30) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as refusal:
            with refusal:
                return f"{refusal.code}"
        except (OSError, HTTPException):
            return ""  # cut before its end


def texts(start: str) -> list[str]:
    """Return a sentence as it grows under the fingers."""
    return [f"{start} {'mot ' * count}fin" for count in range(1, 40)]


def typed(page: OpenPage, text: str) -> tuple[dict[str, str], str]:
    """Return the fields of a step that hold ``text``, and the content of the file that goes with them."""
    if page.step == "participants":
        return {"attendee_0_name": text, "attendee_0_email": "a@exemple.fr", "attendee_1_name": f"2 {text}"}, ""
    if page.step == "pitch":
        return {"wants_pitch": "non", "pitch_title": text}, f"%PDF-1.7 {text.encode().hex() * 200}"
    return {"wants_meetings": "oui", "meeting_wishes": text}, ""


def together(deeds: list[Callable[[], object]]) -> list[threading.Thread]:
    threads = [threading.Thread(target=deed) for deed in deeds]
    for one in threads:
        one.start()
    return threads


def _wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not true() and time.monotonic() < until:
        time.sleep(0.02)
    assert true()


@pytest.mark.enable_socket
def test_a_server_killed_while_it_answers_keeps_what_it_said_it_had(app: Flask) -> None:
    _edition, callers = furnish(app, PEOPLE)
    db.session.remove()
    steps = ("rendez-vous", "participants", "pitch")
    pages = [OpenPage(caller, steps[rank % 3]) for rank, caller in enumerate(callers)]
    lost: list[str] = []

    def work(address: str, page: OpenPage, start: str) -> None:
        """Open the page, find there what was acknowledged, and go on typing until the server is gone."""
        shown = html.unescape(page.open(address))
        if page.acknowledged and shown and not any(one in shown for one in (page.acknowledged, *page.cut)):
            lost.append(page.acknowledged)
        for text in texts(start)[: 3 if start == "dernier" else None]:
            if not page.type(address, text, *typed(page, text)):
                return

    chance, cut = random.Random(11), 0
    for number in range(ROUNDS):
        with served(app.config["OPENMAP"], workers=2) as (address, server):
            crowd = together([partial(work, address, page, f"tour {number}") for page in pages])
            _wait_until(lambda start=f"tour {number}": all(page.acknowledged.startswith(start) for page in pages))  # type: ignore[misc]
            time.sleep(chance.uniform(0.0, 0.6))
            os.killpg(server.pid, signal.SIGKILL)
            for one in crowd:
                one.join()
        cut += sum(bool(page.cut) for page in pages)
    assert cut  # else nothing was cut off, and nothing is shown
    with served(app.config["OPENMAP"], workers=2) as (address, _server):
        for one in together([partial(work, address, page, "dernier") for page in pages]):
            one.join()
    assert lost == []
    db.session.expire_all()
    for page in pages:
        application = db.session.get_one(Application, page.caller.application_id)
        assert page.acknowledged == texts("dernier")[2], page.answers[-1]
        if page.step == "rendez-vous":
            assert application.meeting_wishes == page.acknowledged
        elif page.step == "participants":
            assert [one.name for one in application.attendees] == [page.acknowledged, f"2 {page.acknowledged}"]
        else:
            assert application.pitch_title == page.acknowledged
            assert len([one for one in application.attachments if one.replaced_at is None]) == 1
            digests = [one.digest for one in application.attachments]
            assert len(set(digests)) == len(digests)  # each version once
        assert application.state == "draft"
    assert verify(db.session).broken_at is None


@pytest.mark.enable_socket
def test_a_save_that_races_with_a_submission_is_in_it_or_is_told_that_it_is_not(app: Flask) -> None:
    _edition, callers = furnish(app, PEOPLE)
    db.session.remove()
    pages = [OpenPage(caller, "rendez-vous") for caller in callers]
    statuses: dict[int, int] = {}

    def write(address: str, page: OpenPage) -> None:
        page.open(address)
        for text in texts("course")[:12]:
            page.type(address, text, *typed(page, text))

    def submit(address: str, caller: Caller, wait: float) -> None:
        time.sleep(wait)
        statuses[caller.application_id] = post(address, f"/candidatures/{caller.application_id}/depot", caller, {})

    chance = random.Random(5)
    with served(app.config["OPENMAP"], workers=2) as (address, _server):
        deeds: list[Callable[[], object]] = [partial(write, address, page) for page in pages]
        deeds += [partial(submit, address, caller, chance.uniform(0.1, 1.0)) for caller in callers]
        for one in together(deeds):
            one.join()
    assert set(statuses.values()) == {303}
    db.session.expire_all()
    for page in pages:
        application = db.session.get_one(Application, page.caller.application_id)
        assert application.state == "submitted"
        assert application.meeting_wishes == page.acknowledged
        assert application.revisions == []  # nothing half typed for the jurors to read
        assert all(page.answers)
        refused = [one for one in page.answers if SAVED not in one]
        assert all(SUBMITTED in one or "Modifié ailleurs" in one for one in refused)
    assert any(SUBMITTED in one for page in pages for one in page.answers)
    receipts = db.session.scalars(select(Message).where(Message.purpose == "application.received")).all()
    assert len(receipts) == PEOPLE
    assert verify(db.session).broken_at is None
