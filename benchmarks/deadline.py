"""``python -m benchmarks.deadline``: the last minutes before the deadline of a call, on the real server.

Structures submit their finished drafts more and more densely up to the deadline, some in its very last second, some in
the same second as it and after; a tenth tap twice. What is told: how long an answer takes, how many of those sent in
time were refused because they had waited in the queue, and that nothing acknowledged is lost and nothing is doubled.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from urllib.parse import urlencode

from flask import Flask
from flask_migrate import upgrade
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import create_engine, func, make_url, select, text

from benchmarks.run import environment
from openmap import create_app
from openmap.applications.models import Application, Attendee
from openmap.config import Config
from openmap.directory.models import Structure
from openmap.events.models import Edition, Phase
from openmap.extensions import db
from openmap.mail.models import Message
from openmap.people.journal import verify
from openmap.people.models import Person
from openmap.reference.models import Activity, Trade
from openmap.signin.services import open_session

PEOPLE, SECONDS, AFTER, TWICE = 300, 30.0, 12, 10
HEAD = (
    "| engine | structures | p50 | p95 | longest | submitted | refused | sent in time, refused | lost | doubled "
    "| accepted too late | journal |\n" + "| --- " * 12 + "|"
)
RAW = "0" * 40
SECRET = "only-for-benchmarks-" + "0123456789abcdef" * 2


@dataclass(frozen=True, slots=True)
class Caller:
    """Someone with a finished draft: its number, the browser's cookie and the token of its forms."""

    application_id: int
    cookie: str
    token: str


@dataclass(frozen=True, slots=True)
class Answer:
    """When a request was sent, before (negative) or after the deadline in seconds; its status; how long it took."""

    application_id: int
    sent: float
    status: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the database says afterwards of what the callers were told."""

    submitted: int
    refused: int
    queued: int
    lost: int
    doubled: int
    early: int


def furnish(app: Flask, people: int) -> tuple[Edition, list[Caller]]:
    """Add an edition whose call is open, and ``people`` complete drafts, each with someone who is signed in."""
    now = datetime.now(UTC)
    edition = Edition(slug="limite", title="Limite", held_on=date(now.year + 1, 3, 1), published_at=now)
    edition.phases = [Phase(kind="call", opens_at=now - timedelta(days=1), closes_at=now + timedelta(hours=1))]
    activity = Activity(code="essai.essai", name="Essai", trade=Trade(code="essai", name="Essai"))
    db.session.add_all([edition, activity])
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    token = str(URLSafeTimedSerializer(app.secret_key or "", salt="wtf-csrf-token").dumps(RAW))
    callers = []
    for number in range(people):
        person = Person(email=f"p{number}@exemple.fr", name=f"Personne {number}", created_at=now)
        draft = Application(
            edition=edition, person=person, state="draft", siret=siret(number), name=f"Structure {number}",
            kind="association", offers="Offre", workforce=3, radius_km=20, wants_pitch=False, wants_meetings=True,
            typed={}, created_at=now, changed_at=now, activities=[activity],
            attendees=[Attendee(name="Essai", email=f"p{number}@exemple.fr")],
        )  # fmt: skip
        db.session.add_all([person, draft])
        db.session.flush()
        opened = open_session(db.session, person, browser="Essai", how="link", now=now)
        held = {"_user_id": opened.token, "_fresh": True, "_permanent": True, "csrf_token": RAW}
        callers.append(Caller(draft.id, str(serializer.dumps(held)), token))
    db.session.commit()
    return edition, callers


def siret(number: int) -> str:
    """Return a valid SIRET that nobody has: a SIREN and an establishment, both with their Luhn key."""
    siren = _keyed(f"99{number:06d}")
    return _keyed(siren + "0001")


def _keyed(body: str) -> str:
    digits = [int(digit) * (2 - rank % 2) for rank, digit in enumerate(reversed(body))]
    return body + str(-sum(digit - 9 if digit > 9 else digit for digit in digits) % 10)


@contextmanager
def served(config: Config, *, workers: int = 4) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Serve a database with the real server; yield its address and its process, which leads a group of its own."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = os.environ | {
        "OPENMAP_INSTANCE": str(config.instance),
        "DATABASE_URL": config.database_url,
        "SECRET_KEY": config.secret_key,
        "REDIS_URL": config.redis_url or "",
    }
    command = [sys.executable, "-m", "gunicorn", "--no-control-socket", f"--bind=127.0.0.1:{port}"]
    command += [f"--workers={workers}", "--threads=16", "--graceful-timeout=10", "--log-level=warning", "wsgi:app"]
    with (config.instance / "server.log").open("ab") as log:
        server = subprocess.Popen(
            command, env=environ, stdout=log, stderr=log, start_new_session=True, cwd=Path(__file__).parents[1]
        )
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(f"{address}/connexion")
            yield address, server
        finally:
            _end(server)


def _end(server: subprocess.Popen[bytes]) -> None:
    """Ask the server to end, and end its whole group when it takes too long."""
    if server.poll() is None:
        server.send_signal(signal.SIGTERM)
    try:
        server.wait(45)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait(10)


def _wait_for(address: str) -> None:
    until = time.monotonic() + 180  # a busy machine starts four processes slowly
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(address, timeout=10):  # noqa: S310 - our own server
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the server does not answer")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        return None


def post(address: str, path: str, caller: Caller, data: dict[str, str], *, timeout: float = 60) -> int:
    """Send a form as the caller's browser does; return the status, 0 where no answer came."""
    body = urlencode({"csrf_token": caller.token, **data}).encode()
    request = urllib.request.Request(address + path, body, {"Cookie": f"session={caller.cookie}"})  # noqa: S310
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=timeout) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as answer:
        answer.close()
        return answer.code
    except OSError:
        return 0


def rush(address: str, callers: Sequence[Caller], closes_at: datetime, seconds: float) -> list[Answer]:
    """Let all submit during the ``seconds`` before the deadline, ever more densely, and some after it."""
    random = Random(7)
    late = max(1, len(callers) * AFTER // PEOPLE)
    moments = [-seconds * random.random() ** 2 for _ in callers[:-late]] + [random.random() for _ in range(late)]
    moments[0] = 0.0  # the very instant

    def submit(caller: Caller, moment: float) -> Answer:
        time.sleep(max(0.0, closes_at.timestamp() + moment - time.time()))
        began = time.time()
        status = post(address, f"/candidatures/{caller.application_id}/depot", caller, {})
        return Answer(caller.application_id, began - closes_at.timestamp(), status, time.time() - began)

    calls = list(zip(callers, moments, strict=True))
    calls += [call for rank, call in enumerate(calls) if rank % TWICE == 0]
    with ThreadPoolExecutor(len(calls)) as crowd:
        return list(crowd.map(lambda call: submit(*call), calls))


def judge(answers: Sequence[Answer], closes_at: datetime) -> Verdict:
    """Hold what the callers were told against the database."""
    db.session.expire_all()
    files = {one.id: one for one in db.session.scalars(select(Application))}
    told = {one.application_id for one in answers if one.status == 303}
    submitted = {number for number, one in files.items() if one.state == "submitted"}
    mails = select(func.count()).select_from(Message).where(Message.purpose == "application.received")
    receipts = db.session.scalar(mails) or 0
    structures = db.session.scalar(select(func.count()).select_from(Structure)) or 0
    return Verdict(
        submitted=len(submitted),
        refused=len(files) - len(submitted),
        queued=len({one.application_id for one in answers if one.sent < 0} - submitted),
        lost=len(told - submitted),
        doubled=(receipts - len(submitted)) + (structures - len(submitted)),
        early=sum(one.submitted_at >= closes_at for one in files.values() if one.submitted_at is not None),
    )


def close_in(edition: Edition, seconds: float) -> datetime:
    """Set the deadline so many seconds ahead."""
    closes_at = datetime.now(UTC) + timedelta(seconds=seconds)
    next(phase for phase in edition.phases if phase.kind == "call").closes_at = closes_at
    db.session.commit()
    return closes_at


def measure(database_url: str, people: int, seconds: float) -> str:
    """Run once on a database of its own; return a line of the table."""
    with tempfile.TemporaryDirectory() as folder:
        url = database_url or f"sqlite:///{folder}/openmap.db"
        config = Config(Path(folder), url, None, SECRET, production=False, testing=True)
        app = create_app(config)
        with app.app_context():
            upgrade()
            edition, callers = furnish(app, people)
            with served(replace(config, testing=False)) as (address, _server):
                closes_at = close_in(edition, seconds + 2)
                answers = rush(address, callers, closes_at, seconds)
            verdict = judge(answers, closes_at)
            whole = verify(db.session).broken_at is None
            db.session.remove()
            db.engine.dispose()
    times = sorted(one.seconds for one in answers)
    p95 = times[int(len(times) * 0.95)]
    engine = make_url(url).get_backend_name()
    return (
        f"| {engine} | {people} in {seconds:.0f} s "
        f"| {statistics.median(times):.2f} s | {p95:.2f} s | {times[-1]:.2f} s "
        f"| {verdict.submitted} | {verdict.refused} | {verdict.queued} | {verdict.lost} | {verdict.doubled} "
        f"| {verdict.early} | {'whole' if whole else 'BROKEN'} |"
    )


def _fresh(server: str) -> str:
    """Create an empty database on a PostgreSQL server and return its address."""
    target = make_url(server).set(database="openmap_bench")
    admin = create_engine(make_url(server), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text('DROP DATABASE IF EXISTS "openmap_bench" WITH (FORCE)'))
        connection.execute(text('CREATE DATABASE "openmap_bench"'))
    admin.dispose()
    return target.render_as_string(hide_password=False)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table: SQLite, and PostgreSQL where a server is named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="the last minutes, compressed to so long")
    parser.add_argument("--postgres", default="", help="postgresql+psycopg://… of a server where we may create one")
    asked = parser.parse_args(arguments)
    print(environment())
    print(HEAD)
    for server in ["", *([asked.postgres] if asked.postgres else [])]:
        print(measure(_fresh(server) if server else "", asked.people, asked.seconds), flush=True)


if __name__ == "__main__":
    main()
