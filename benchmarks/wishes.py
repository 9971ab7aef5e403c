"""``python -m benchmarks.wishes``: participants who say their wishes all together, on the real server.

Each opens its page, then saves answer after answer as the page itself does, at the pace of someone who reads, while two
organisers follow, change the setting, gather anew and look at the plan, and a solve runs. What is told: how long an
answer takes (p50, p95, the longest), how many failed, and that nothing acknowledged is lost and nothing is doubled.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from flask_migrate import upgrade
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import func, make_url, select

from benchmarks.deadline import RAW, SECRET, _fresh, served
from benchmarks.run import environment
from openmap import create_app
from openmap.config import Config
from openmap.directory.models import Buyer, Delegate, Structure
from openmap.events.models import Edition, Phase, Slot, Table
from openmap.extensions import db
from openmap.meetings import services
from openmap.meetings.gathering import gather
from openmap.meetings.models import Choice, Participation, Wish
from openmap.meetings.wishing import digest
from openmap.people.journal import verify
from openmap.people.models import ORGANISER, Person, Role
from openmap.signin.services import open_session

PEOPLE, SAVES, SECONDS = 300, 6, 60.0
BUYERS_IN = 4
"""One participant of so many buys."""
LEVELS = ("must", "want", "want", "open", "open", "veto")
NOTHING = digest("", "")
HEAD = (
    "| engine | participants | saves in | p50 | p95 | longest | pages p95 | organisers p95 | errors | acknowledged "
    "| lost | doubled | wishes right | journal |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|:-:|:-:|"
)


@dataclass(frozen=True, slots=True)
class Speaker:
    """A participant, whom it can choose, and the browser of someone who acts for it."""

    participation_id: int
    others: tuple[int, ...]
    cookie: str
    token: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What was sent: of what kind, what it said, the status and how long the answer took."""

    kind: str
    said: tuple[int, int, str] | None
    status: int
    seconds: float


def furnish(app: Flask, people: int) -> tuple[Edition, list[Speaker], list[Speaker]]:
    """Add an edition whose wishes are open, ``people`` participants of both sides, and two organisers."""
    now = datetime.now(UTC)
    edition = Edition(slug="affluence", title="Affluence", held_on=(now + timedelta(days=30)).date(), published_at=now)
    edition.phases = [Phase(kind="wishes", opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=7))]
    start = now.replace(hour=8, minute=0, second=0, microsecond=0) + timedelta(days=30)
    edition.slots = [
        Slot(
            code=f"T{rank:02d}",
            start=start + timedelta(minutes=15 * rank),
            end=start + timedelta(minutes=15 * rank + 15),
        )
        for rank in range(16)
    ]
    buyers = max(2, people // BUYERS_IN)
    edition.tables = [Table(code=f"A{rank}", position=rank) for rank in range(buyers)]
    db.session.add(edition)
    rows: dict[str, list[Participation]] = {"buyer": [], "structure": []}
    for rank in range(people):
        side = "buyer" if rank < buyers else "structure"
        given = {"name": f"Participant {rank}", "activity": f"Mobilier et activité {rank % 12}", "is_invented": True}
        organisation = Buyer(**given) if side == "buyer" else Structure(kind="ess", **given)
        rows[side].append(
            Participation(
                edition=edition, organisation=organisation, side=side, code=f"{side[0].upper()}{rank:04d}",
                table=edition.tables[rank] if side == "buyer" else None,
            )
        )  # fmt: skip
    db.session.add_all([*rows["buyer"], *rows["structure"]])
    db.session.flush()
    random = Random(7)
    ids = {side: [one.id for one in rows[side]] for side in rows}
    speakers = []
    for side, other in (("buyer", "structure"), ("structure", "buyer")):
        for one in rows[side]:
            person, cookie, token = _person(app, f"p{one.id}@exemple.fr", now)
            db.session.add(Delegate(person_id=person.id, organisation_id=one.organisation_id, invited_at=now))
            others = tuple(random.sample(ids[other], min(SAVES, len(ids[other]))))
            speakers.append(Speaker(one.id, others, cookie, token))
    organisers = []
    for rank in range(2):
        person, cookie, token = _person(app, f"o{rank}@exemple.fr", now)
        db.session.add(Role(person_id=person.id, role=ORGANISER, edition_id=edition.id, granted_at=now))
        organisers.append(Speaker(0, (), cookie, token))
    for rank, structure in enumerate(ids["structure"]):  # what the solve that runs meanwhile works on
        for step in range(4):
            buyer = ids["buyer"][(rank + 7 * step) % buyers]
            code = f"W{rank:04d}{step}"
            db.session.add(
                Wish(edition_id=edition.id, code=code, buyer_id=buyer, structure_id=structure, value=1 + step)
            )
    db.session.commit()
    return edition, speakers, organisers


def _person(app: Flask, email: str, now: datetime) -> tuple[Person, str, str]:
    """Return someone who is signed in, the cookie of their browser and the token of its forms."""
    person = Person(email=email, name=email.partition("@")[0], created_at=now)
    db.session.add(person)
    db.session.flush()
    opened = open_session(db.session, person, browser="Essai", how="link", now=now)
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    held = {"_user_id": opened.token, "_fresh": True, "_permanent": True, "csrf_token": RAW}
    token = str(URLSafeTimedSerializer(app.secret_key or "", salt="wtf-csrf-token").dumps(RAW))
    return person, str(serializer.dumps(held)), token


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        return None


def ask(address: str, path: str, who: Speaker, data: dict[str, str] | None = None) -> tuple[int, float]:
    """Open a page, or send what its script sends; return the status, 0 where no answer came, and the seconds."""
    headers = {"Cookie": f"session={who.cookie}"}
    body = None
    if data is not None:
        body = urlencode({"csrf_token": who.token, **data}).encode()
        headers |= {"HX-Request": "true"} if path.count("/") == 4 else {}
    request = urllib.request.Request(address + path, body, headers)  # noqa: S310 - our own server
    began = time.monotonic()
    status = 0
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=60) as answer:
            answer.read()
            status = int(answer.status)
    except urllib.error.HTTPError as answer:
        answer.close()
        status = answer.code
    except OSError:
        status = 0
    return status, time.monotonic() - began


def speak(address: str, slug: str, who: Speaker, seconds: float) -> list[Asked]:
    """Open one's page, then answer of one after the other at a reader's pace."""
    random = Random(who.participation_id)
    page, pace = f"/editions/{slug}/souhaits/{who.participation_id}", seconds / (SAVES + 1)
    began = time.monotonic()
    time.sleep(random.random() * pace)
    found = [Asked("page", None, *ask(address, page, who))]
    for rank, other in enumerate(who.others, 1):
        time.sleep(max(0.0, began + pace * (rank + random.random()) - time.monotonic()))
        level = LEVELS[(rank + who.participation_id) % len(LEVELS)]
        sent = {f"niveau-{other}": level, f"note-{other}": "", f"vu-{other}": NOTHING}
        found.append(Asked("save", (who.participation_id, other, level), *ask(address, page, who, sent)))
    return found


def organise(address: str, slug: str, who: Speaker, stop: threading.Event) -> list[Asked]:
    """Follow the answers, look at the values and the plan, gather anew, until it is over."""
    found: list[Asked] = []
    deeds: tuple[tuple[str, dict[str, str] | None], ...] = (
        ("souhaits/suivi", None), ("souhaits/valeurs", None), ("planning", None), ("souhaits/suivi/recueil", {}),
        ("souhaits/suivi/obligation", {"obligatoire": "1"}), ("souhaits/suivi?etat=silencieux", None),
        ("souhaits/suivi/obligation", {}),
    )  # fmt: skip
    while True:
        for path, data in deeds:
            if stop.wait(2.0):
                return found
            found.append(Asked("organiser", None, *ask(address, f"/editions/{slug}/{path}", who, data)))


def judge(edition_id: int, asked: Sequence[Asked]) -> tuple[int, int, int, bool]:
    """Return what was acknowledged, lost and doubled, and whether the wishes say what the choices say."""
    db.session.expire_all()
    told = {one.said for one in asked if one.kind == "save" and one.status == 200 and one.said is not None}
    rows = db.session.execute(select(Choice.participation_id, Choice.other_id, Choice.level)).all()
    held = Counter((one.participation_id, one.other_id) for one in rows)
    lost = len(told - {(one.participation_id, one.other_id, one.level) for one in rows})
    codes = db.session.execute(select(func.count(), func.count(Wish.code.distinct())).select_from(Wish)).one()
    doubled = sum(count - 1 for count in held.values()) + codes[0] - codes[1]
    edition = db.session.get_one(Edition, edition_id)
    again = gather(db.session, edition, by=None, now=datetime.now(UTC))
    db.session.rollback()
    return len(told), lost, doubled, (again.made, again.changed, again.withdrawn) == (0, 0, 0)


def measure(database_url: str, people: int, seconds: float, workers: int) -> str:
    """Run once on a database of its own; return a line of the table."""
    with tempfile.TemporaryDirectory() as folder:
        url = database_url or f"sqlite:///{folder}/openmap.db"
        config = Config(Path(folder), url, None, SECRET, production=False, testing=True)
        app = create_app(config)
        with app.app_context():
            upgrade()
            edition, speakers, organisers = furnish(app, people)
            slug, edition_id = edition.slug, edition.id
            services.request_solve(db.session, edition, time_limit=seconds, seed=1, now=datetime.now(UTC))
            db.session.commit()
            db.session.remove()
            with served(replace(config, testing=False), workers=workers) as (address, _server):
                solving = _solve(config)
                try:
                    asked = _rush(address, slug, speakers, organisers, seconds)
                finally:
                    solving.terminate()
                    with suppress(subprocess.TimeoutExpired):
                        solving.wait(30)
                    solving.kill()
            verdict = judge(edition_id, asked)
            whole = verify(db.session).broken_at is None
            db.session.remove()
            db.engine.dispose()
    return _line(make_url(url).get_backend_name(), people, seconds, asked, verdict, whole=whole)


def _solve(config: Config) -> subprocess.Popen[bytes]:
    """Start the worker that runs the solve, as beside any real server."""
    environ = os.environ | {
        "OPENMAP_INSTANCE": str(config.instance), "DATABASE_URL": config.database_url, "SECRET_KEY": config.secret_key,
        "REDIS_URL": "",
    }  # fmt: skip
    command = [str(Path(sys.executable).with_name("openmap")), "worker"]
    log = (config.instance / "worker.log").open("ab")
    return subprocess.Popen(command, env=environ, stdout=log, stderr=log, cwd=Path(__file__).parents[1])


def _rush(
    address: str, slug: str, speakers: Sequence[Speaker], organisers: Sequence[Speaker], seconds: float
) -> list[Asked]:
    over = threading.Event()
    with ThreadPoolExecutor(len(speakers) + len(organisers)) as crowd:
        editing = [crowd.submit(organise, address, slug, one, over) for one in organisers]
        spoken = [one for found in crowd.map(lambda who: speak(address, slug, who, seconds), speakers) for one in found]
        over.set()
        return [*spoken, *(one for deed in editing for one in deed.result())]


def _line(
    engine: str,
    people: int,
    seconds: float,
    asked: Sequence[Asked],
    verdict: tuple[int, int, int, bool],
    *,
    whole: bool,
) -> str:
    times: dict[str, list[float]] = {"save": [], "page": [], "organiser": []}
    for one in asked:
        times[one.kind].append(one.seconds)
    errors = sum(one.status not in {200, 303} for one in asked)
    told, lost, doubled, right = verdict
    saves = sorted(times["save"])
    return (
        f"| {engine} | {people} | {len(saves)} in {seconds:.0f} s | {_ms(statistics.median(saves))} "
        f"| {_ms(_p95(saves))} | {_ms(saves[-1])} | {_ms(_p95(times['page']))} | {_ms(_p95(times['organiser']))} "
        f"| {errors} | {told} | {lost} | {doubled} | {'yes' if right else 'NO'} | {'whole' if whole else 'BROKEN'} |"
    )


def _p95(times: Sequence[float]) -> float:
    ordered = sorted(times)
    return ordered[int(len(ordered) * 0.95)] if ordered else 0.0


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table: SQLite, and PostgreSQL where a server is named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long they take for their answers")
    parser.add_argument("--workers", type=int, default=4, help="processes of the server")
    parser.add_argument("--postgres", default="", help="postgresql+psycopg://… of a server where we may create one")
    given: Any = parser.parse_args(arguments)
    print(environment())
    print(HEAD)
    for server in ["", *([given.postgres] if given.postgres else [])]:
        url = _fresh(server) if server else ""
        print(measure(url, given.people, given.seconds, given.workers), flush=True)


if __name__ == "__main__":
    main()
