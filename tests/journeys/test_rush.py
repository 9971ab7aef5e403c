"""180 registrations in less than a minute against 150 places, on the real server with its real workers."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from http.cookiejar import CookieJar

import pytest
from flask import Flask
from sqlalchemy import func, select

from openmap.events.models import Phase, Registration
from openmap.extensions import db
from openmap.mail.models import Message
from openmap.people.journal import verify
from tests.factories import make_edition
from tests.signing import now

PEOPLE, PLACES = 180, 150


@pytest.fixture
def served(app: Flask) -> Iterator[str]:
    """Serve an edition of 150 places behind one proxy, with four worker processes; return the address of its form."""
    edition = make_edition("foule", held_on=(now() + timedelta(days=30)).date(), capacity=PLACES)
    edition.phases = [Phase(kind="registration", opens_at=now() - timedelta(hours=1))]
    db.session.commit()
    db.session.remove()
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = app.config["OPENMAP"]
    environment = os.environ | {
        "OPENMAP_INSTANCE": str(config.instance),
        "DATABASE_URL": config.database_url,
        "SECRET_KEY": config.secret_key,
        "OPENMAP_PROXIES": "1",
    }
    environment.pop("REDIS_URL", None)
    if config.redis_url:
        environment["REDIS_URL"] = config.redis_url
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "--bind",
        f"127.0.0.1:{port}",
        "--workers",
        "4",
        "--threads",
        "2",
        "--graceful-timeout",
        "5",
        "wsgi:app",
    ]
    log = (config.instance / "server.log").open("w")
    server = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        address = f"http://127.0.0.1:{port}/editions/foule/inscription"
        _wait_for(address)
        yield address
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:  # a busy machine: what was to be shown has been shown
            server.kill()
            server.wait()
        log.close()


def _wait_for(address: str) -> None:
    until = time.monotonic() + 90
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("the server does not answer")


def _register(address: str, number: int) -> int:
    """Open the form and send it, as someone of their own address does."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    browser.addheaders = [("X-Forwarded-For", f"10.1.{number // 250}.{number % 250}")]
    with browser.open(address, timeout=60) as page:
        text = page.read().decode()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', text)
    category = re.search(r'<option[^>]* value="(\d+)"|<option value="(\d+)"', text)
    assert token is not None
    assert category is not None
    data = {
        "csrf_token": token[1],
        "name": f"Personne {number}",
        "email": f"p{number}@essai.example",
        "category_id": category[1] or category[2],
    }
    with browser.open(address, urllib.parse.urlencode(data).encode(), timeout=60) as answer:
        return int(answer.status)


@pytest.mark.enable_socket
def test_exactly_the_places_are_given_and_the_rest_waits_in_order(served: str) -> None:
    began = time.monotonic()
    with ThreadPoolExecutor(24) as crowd:
        answers = list(crowd.map(lambda number: _register(served, number), range(PEOPLE)))
    assert time.monotonic() - began < 60  # what is asked for is a minute; how much less is the benchmarks' to say
    assert answers == [200] * PEOPLE
    rows = db.session.scalars(select(Registration).order_by(Registration.rank)).all()
    assert [row.rank for row in rows] == list(range(1, PEOPLE + 1))
    assert [row.state for row in rows] == ["confirmed"] * PLACES + ["waiting"] * (PEOPLE - PLACES)
    mails = dict(db.session.execute(select(Message.purpose, func.count()).group_by(Message.purpose)).all())
    assert mails == {"registration.confirmed": PLACES, "registration.waiting": PEOPLE - PLACES}
    assert len(set(db.session.scalars(select(Message.recipient)))) == PEOPLE
    told = db.session.scalars(select(Message).where(Message.purpose == "registration.waiting")).all()
    ranks = sorted(int(found[1]) for mail in told if (found := re.search(r"au rang (\d+)", mail.body)))
    assert ranks == list(range(1, PEOPLE - PLACES + 1))
    assert verify(db.session).broken_at is None
