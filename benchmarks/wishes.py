"""``python -m benchmarks.wishes``: participants who say their wishes all together, on the real server.

Each opens its page, then saves answer after answer as the page itself does, at the pace of someone who reads, while two
organisers follow, change the setting, gather anew, look at the plan and move meetings by hand, and a solve runs: an
edition whose wishes have just been opened by mail, its people all there in the same minute. What is told: how long an
answer takes (p50, p95, the longest), how many failed, and that nothing acknowledged is lost and nothing is doubled.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
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
from openmap.meetings.models import Choice, Desk, Meeting, Participation, Plan, PlanEdit, Wish
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
    "| engine | participants | saves in | p50 | p95 | longest | pages p95 | organisers p95 | moves p95 | moved "
    "| errors | acknowledged | lost | doubled | wishes right | journal |\n"
    "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|:-:|:-:|"
)


@dataclass(frozen=True, slots=True)
class Speaker:
    """A participant, whom it can choose, and the browser of someone who acts for it; an organiser's meetings."""

    participation_id: int
    others: tuple[int, ...]
    cookie: str
    token: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server answered, and how long it took from the first packet to the last."""

    status: int
    seconds: float
    body: bytes


@dataclass(frozen=True, slots=True)
class Asked:
    """What was sent: of what kind, what it said, the status and how long the answer took."""

    kind: str
    said: tuple[int, int, str] | None
    status: int
    seconds: float

    @classmethod
    def of(cls, kind: str, answer: Answer, said: tuple[int, int, str] | None = None) -> Asked:
        """Keep what counts of an answer."""
        return cls(kind, said, answer.status, answer.seconds)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the database says afterwards of what was acknowledged; moves are those that the plan's history holds."""

    told: int
    lost: int
    doubled: int
    right: bool
    moved: int


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
    for rank, structure in enumerate(ids["structure"]):  # what the solve that runs meanwhile works on
        for step in range(4):
            buyer = ids["buyer"][(rank + 7 * step) % buyers]
            code = f"W{rank:04d}{step}"
            db.session.add(
                Wish(edition_id=edition.id, code=code, buyer_id=buyer, structure_id=structure, value=1 + step)
            )
    held = _planned(edition, now)
    organisers = []
    for rank in range(2):
        person, cookie, token = _person(app, f"o{rank}@exemple.fr", now)
        db.session.add(Role(person_id=person.id, role=ORGANISER, edition_id=edition.id, granted_at=now))
        organisers.append(Speaker(0, tuple(held[rank::2]), cookie, token))
    db.session.commit()
    return edition, speakers, organisers


def _planned(edition: Edition, now: datetime) -> list[int]:
    """Add the plan that organisers correct meanwhile; return the wishes that it holds."""
    plan = Plan(edition_id=edition.id, version=1, status="feasible", seed=1, problem_digest="", created_at=now)
    db.session.add(plan)
    db.session.flush()
    db.session.add(Desk(edition_id=edition.id, plan_id=plan.id, changed_at=now))
    table = dict(db.session.execute(select(Participation.id, Participation.table_id)).all())
    taken: set[tuple[int, int]] = set()
    for wish in db.session.scalars(select(Wish).order_by(Wish.id)).all():
        sides = wish.buyer_id, wish.structure_id
        free = (slot.id for slot in edition.slots[::2] if not taken & {(side, slot.id) for side in sides})
        slot = next(free, None)
        if slot is not None:
            taken |= {(side, slot) for side in sides}
            plan.meetings.append(Meeting(wish_id=wish.id, slot_id=slot, table_id=table[wish.buyer_id]))
    return [one.wish_id for one in plan.meetings]


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


async def ask(address: str, path: str, who: Speaker, data: dict[str, str] | None = None) -> Answer:
    """Open a page, or send what its script sends; the status is 0 where no answer came.

    Written by hand on a socket: a client with all its comforts would take from the two cores what the server needs.
    """
    host, _colon, port = address.removeprefix("http://").partition(":")
    head = [f"{'GET' if data is None else 'POST'} {path} HTTP/1.1", f"Host: {host}", f"Cookie: session={who.cookie}"]
    body = b""
    if data is not None:
        body = urlencode({"csrf_token": who.token, **data}).encode()
        head += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
        head += ["HX-Request: true"] if path.count("/") == 4 else []
    sent = "\r\n".join([*head, "Connection: close", "", ""]).encode() + body
    began = time.monotonic()
    try:
        async with asyncio.timeout(60):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(sent)
            answer = await reader.read(-1)
            writer.close()
        status = int(answer[9:12])
    except (OSError, TimeoutError, ValueError):
        answer, status = b"", 0
    return Answer(status, time.monotonic() - began, answer.partition(b"\r\n\r\n")[2])


async def speak(address: str, slug: str, who: Speaker, seconds: float) -> list[Asked]:
    """Open one's page, then answer of one after the other at a reader's pace."""
    random = Random(who.participation_id)
    page, pace = f"/editions/{slug}/souhaits/{who.participation_id}", seconds / (SAVES + 1)
    began = time.monotonic()
    await asyncio.sleep(random.random() * pace)
    found = [Asked.of("page", await ask(address, page, who))]
    for rank, other in enumerate(who.others, 1):
        await asyncio.sleep(max(0.0, began + pace * (rank + random.random()) - time.monotonic()))
        level = LEVELS[(rank + who.participation_id) % len(LEVELS)]
        sent = {f"niveau-{other}": level, f"note-{other}": "", f"vu-{other}": NOTHING}
        said = (who.participation_id, other, level)
        found.append(Asked.of("save", await ask(address, page, who, sent), said))
    return found


async def organise(address: str, slug: str, who: Speaker, over: asyncio.Event) -> list[Asked]:
    """Follow the answers, look at the values and the plan, gather anew, move meetings by hand, until it is over."""
    found: list[Asked] = []
    deeds: tuple[tuple[str, dict[str, str] | None], ...] = (
        ("souhaits/suivi", None), ("", None), ("souhaits/valeurs", None), ("planning", None), ("", None),
        ("souhaits/suivi/recueil", {}), ("souhaits/suivi/obligation", {"obligatoire": "1"}), ("", None),
        ("souhaits/suivi?etat=silencieux", None), ("souhaits/suivi/obligation", {}),
    )  # fmt: skip
    meetings, turn = Random(who.token).sample(who.others, len(who.others)), 0
    while True:
        for path, data in deeds:
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), 2.0)
                return found
            if path:
                found.append(Asked.of("organiser", await ask(address, f"/editions/{slug}/{path}", who, data)))
            else:
                found += await _move(address, slug, who, meetings[turn % len(meetings)])
                turn += 1


async def _move(address: str, slug: str, who: Speaker, wish: int) -> list[Asked]:
    """Open a meeting's page, ask where it may go as the grid's script does, and put it there."""
    page = f"/editions/{slug}/planning/rendez-vous/{wish}"
    opened = await ask(address, page, who)
    told = await ask(address, f"{page}/cibles", who)
    found = [Asked.of("organiser", opened), Asked.of("organiser", told)]
    mark = re.search(rb'name="vu" value="([0-9.]+)"', opened.body)
    free = [slot for slot, refusal in json.loads(told.body or b"{}").items() if not refusal]
    if mark is not None and free:
        sent = {"slot": free[wish % len(free)], "vu": mark[1].decode()}
        found.append(Asked.of("move", await ask(address, f"{page}/place", who, sent)))
    return found


def judge(edition_id: int, asked: Sequence[Asked]) -> Verdict:
    """Hold what was acknowledged against the database; ``right``: the wishes say what the choices say."""
    db.session.expire_all()
    told = {one.said for one in asked if one.kind == "save" and one.status == 200 and one.said is not None}
    rows = db.session.execute(select(Choice.participation_id, Choice.other_id, Choice.level)).all()
    held = Counter((one.participation_id, one.other_id) for one in rows)
    lost = len(told - {(one.participation_id, one.other_id, one.level) for one in rows})
    codes = db.session.execute(select(func.count(), func.count(Wish.code.distinct())).select_from(Wish)).one()
    doubled = sum(count - 1 for count in held.values()) + codes[0] - codes[1] + _clashes()
    moved = db.session.scalar(select(func.count()).select_from(PlanEdit)) or 0
    edition = db.session.get_one(Edition, edition_id)
    again = gather(db.session, edition, by=None, now=datetime.now(UTC))
    db.session.rollback()
    right = (again.made, again.changed, again.withdrawn) == (0, 0, 0)
    return Verdict(len(told), lost, doubled, right, moved)


def _clashes() -> int:
    """Return how often someone has two meetings at once in the plan that was corrected."""
    asked = select(Wish.buyer_id, Wish.structure_id, Meeting.slot_id).join(Wish, Wish.id == Meeting.wish_id)
    asked = asked.join(Desk, Desk.plan_id == Meeting.plan_id)
    rows = db.session.execute(asked).all()
    there = Counter((side, slot) for buyer, structure, slot in rows for side in (buyer, structure))
    return sum(count - 1 for count in there.values())


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
                    asked = asyncio.run(_rush(address, slug, speakers, organisers, seconds))
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


async def _rush(
    address: str, slug: str, speakers: Sequence[Speaker], organisers: Sequence[Speaker], seconds: float
) -> list[Asked]:
    over = asyncio.Event()
    editing = [asyncio.create_task(organise(address, slug, one, over)) for one in organisers]
    spoken = await asyncio.gather(*(speak(address, slug, one, seconds) for one in speakers))
    over.set()
    return [one for found in [*spoken, *await asyncio.gather(*editing)] for one in found]


def _line(
    engine: str,
    people: int,
    seconds: float,
    asked: Sequence[Asked],
    verdict: Verdict,
    *,
    whole: bool,
) -> str:
    times: dict[str, list[float]] = {"save": [], "page": [], "organiser": [], "move": []}
    for one in asked:
        times[one.kind].append(one.seconds)
    errors = sum(one.status not in {200, 303} for one in asked)
    saves = sorted(times["save"])
    return (
        f"| {engine} | {people} | {len(saves)} in {seconds:.0f} s | {_ms(statistics.median(saves))} "
        f"| {_ms(_p95(saves))} | {_ms(saves[-1])} | {_ms(_p95(times['page']))} | {_ms(_p95(times['organiser']))} "
        f"| {_ms(_p95(times['move']))} | {verdict.moved} | {errors} | {verdict.told} | {verdict.lost} "
        f"| {verdict.doubled} | {'yes' if verdict.right else 'NO'} | {'whole' if whole else 'BROKEN'} |"
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
