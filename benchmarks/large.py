"""``python -m benchmarks.large``: an edition of four thousand participants, from its workbook to everyone's mail.

A thousand buyers, three thousand structures and forty thousand wishes, all invented, come in by the real import, are
planned, looked at page by page, frozen, published and written to files as mails, one person an organisation. Told:
seconds of the clock and of the processor, the most memory of each step (a process of its own), and for each page the
middle of three times, its queries and its size. What does not come out right stops the run.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final, cast

from flask import Flask, current_app, g
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import event, func, insert, make_url, select

from benchmarks.deadline import SECRET, _fresh
from benchmarks.instances import NATIONAL, Shape, instance
from benchmarks.run import environment
from benchmarks.wishes import _person
from openmap import create_app
from openmap.agendas.models import Invitation
from openmap.agendas.publishing import request_mailing
from openmap.agendas.tasks import publish_release
from openmap.config import Config
from openmap.directory.models import Delegate
from openmap.events.models import Edition, Phase
from openmap.extensions import db
from openmap.mail.models import Message
from openmap.mail.sending import send_due
from openmap.meetings import releasing
from openmap.meetings.models import Meeting, Participation, Plan, Wish
from openmap.meetings.queries import plans_of
from openmap.meetings.services import plan_now
from openmap.meetings.workbook.importing import import_edition
from openmap.people.models import ORGANISER, Person, Role
from openmap.reference.cli import load_packaged
from openmap.reference.models import Activity

SLUG: Final = "grande"
LIMIT: Final = 60.0
SEATS: Final = NATIONAL.pool_tables / NATIONAL.buyers
"""Tables for each buyer."""


@dataclass(frozen=True, slots=True)
class Size:
    """What is made: the sides, the wishes in all, the slots, and the seconds that a plan is given."""

    buyers: int = NATIONAL.buyers
    structures: int = NATIONAL.structures
    wishes: int = NATIONAL.requests
    slots: int = NATIONAL.slots
    limit: float = LIMIT

    @property
    def shape(self) -> Shape:
        """The seeded problem of this size, with no more wishes than half of the pairs."""
        tables = max(1, round(self.buyers * SEATS))
        wishes = min(self.wishes, self.buyers * self.structures // 2)
        return replace(
            NATIONAL, buyers=self.buyers, structures=self.structures, requests=wishes, slots=self.slots,
            pool_tables=tables,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """What a step took: seconds of the clock and of the processor, the most memory in MB, and what came of it."""

    name: str
    seconds: float
    worked: float
    memory: float
    result: str


@dataclass(frozen=True, slots=True)
class Page:
    """What a page took: the middle of its times in seconds, of the clock and of the processor; queries; size in kB."""

    name: str
    seconds: float
    worked: float
    queries: int
    size: float


Told = list[Step | Page]


class Wrong(Exception):
    """Something did not come out right; the message says what."""


@contextmanager
def _timed(told: Told, name: str) -> Iterator[list[str]]:
    """Add a step to ``told``; what is put into the list given is its result."""
    result: list[str] = []
    began, worked = time.perf_counter(), time.process_time()
    yield result
    seconds, worked = time.perf_counter() - began, time.process_time() - worked
    told.append(Step(name, seconds, worked, _memory(), ", ".join(result)))


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def write_workbook(folder: Path, size: Size) -> None:
    """Write the edition as a folder of CSV files, as an organiser's spreadsheet would save them."""
    problem, random = instance(size.shape, 1), Random(5)
    words = [one.name for one in db.session.scalars(select(Activity).order_by(Activity.id))]
    day = problem.slots[0].start.date()
    slots = [one.id for one in problem.slots]
    people: dict[str, list[list[object]]] = {"buyer": [], "structure": []}
    for one in problem.participants:
        absent = [] if one.available is None else [code for code in slots if code not in set(one.available)]
        name = f"{'Acheteur' if one.side == 'buyer' else 'Structure'} {one.id} (fictif)"
        activity = ", ".join(random.sample(words, 2))
        people[one.side].append([one.id, name, ", ".join(absent), one.max_meetings or "", activity, "oui"])
    head = ["Code", "Nom", "Indisponible", "Maximum", "Activité", "Fictif"]
    sheets: dict[str, list[Any]] = {
        "edition": [["Identifiant", "Titre", "Date"], [SLUG, "Grande édition (fictif)", f"{day:%d/%m/%Y}"]],
        "creneaux": [["Code", "Début", "Fin", "Bloc"]]
        + [[one.id, f"{one.start:%H:%M}", f"{one.end:%H:%M}", one.block] for one in problem.slots],
        "tables": [["Code", "Nom"], *([one.id, one.label] for one in problem.tables or ())],
        "acheteurs": [head, *people["buyer"]],
        "structures": [head, *people["structure"]],
        "besoins": [["Acheteur", "Objet"], *([one[0], f"Marché de {one[4]}"] for one in people["buyer"])],
        "souhaits": [["Code", "Acheteur", "Structure", "Valeur"]]
        + [[one.id, one.buyer, one.structure, one.value] for one in problem.requests],
    }
    folder.mkdir()
    for name, rows in sheets.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter=";").writerows(rows)


def bring_in(size: Size) -> Told:
    """Make the workbook, and import it."""
    told: Told = []
    load_packaged()
    source = _config().instance / "classeur"
    write_workbook(source, size)
    db.session.remove()
    with _timed(told, "import of the workbook") as result:
        result.append(import_edition(db.session, source, replace=False).sentence.partition(" : ")[2].rstrip("."))
    return told


def plan(size: Size) -> Told:
    """Make the plan that is published, and another, so that there is something to compare it with."""
    told: Told = []
    for name, seed, limit in (("a plan", 1, size.limit), ("another plan, to compare", 2, size.limit / 3)):
        with _timed(told, f"{name}, {limit:.0f} s at most") as result:
            made = plan_now(db.session, _edition(), time_limit=limit, seed=seed, clock=_now)
            result.append(f"{_meetings(made)} meetings, {made.status}")
        db.session.remove()
    return told


def furnish(_size: Size) -> Told:
    """Let one person act for each organisation, and one organise; keep the cookies of two browsers."""
    now, edition = _now(), _edition()
    app: Flask = cast("Any", current_app)._get_current_object()
    edition.phases = [Phase(kind="wishes", opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=7))]
    organiser, organising, _token = _person(app, "organisation@exemple.fr", now)
    db.session.add(Role(person_id=organiser.id, role=ORGANISER, edition_id=edition.id, granted_at=now))
    asked = select(Participation).where(Participation.edition_id == edition.id).order_by(Participation.id)
    codes = [(one.code, one.organisation_id) for one in db.session.scalars(asked)]
    mine = _busiest(edition)
    participant, taking_part, _token = _person(app, f"{mine.code.lower()}@exemple.fr", now)
    db.session.add(Delegate(person_id=participant.id, organisation_id=mine.organisation_id, invited_at=now))
    others = [(code, number) for code, number in codes if number != mine.organisation_id]
    rows = [
        {"email": f"{code.lower()}@exemple.fr", "name": f"Personne {code}", "created_at": now} for code, _n in others
    ]
    ids = dict(_added(rows))
    db.session.execute(
        insert(Delegate),
        [
            {"person_id": ids[f"{code.lower()}@exemple.fr"], "organisation_id": number, "invited_at": now}
            for code, number in others
        ],
    )
    db.session.commit()
    kept = {"organiser": organising, "participant": taking_part, "mine": mine.id}
    (_config().instance / "browsers.json").write_text(json.dumps(kept), encoding="utf-8")
    return []


def _added(rows: list[dict[str, Any]]) -> list[tuple[str, int]]:
    db.session.execute(insert(Person), rows)
    wanted = {row["email"] for row in rows}
    found = db.session.execute(select(Person.email, Person.id)).all()
    return [(email, number) for email, number in found if email is not None and email in wanted]


def _busiest(edition: Edition) -> Participation:
    """Return a participant with the most meetings, whose agenda is the longest."""
    newest = plans_of(db.session, edition)[-1]
    asked = (
        select(Wish.buyer_id)
        .join(Meeting, Meeting.wish_id == Wish.id)
        .where(Meeting.plan_id == newest.id)
        .group_by(Wish.buyer_id)
        .order_by(func.count().desc(), Wish.buyer_id)
    )
    return db.session.get_one(Participation, db.session.scalars(asked.limit(1)).one())


def browse(_size: Size) -> Told:
    """Open what organisers open before they publish."""
    kept, planning = _browsers(), f"/editions/{SLUG}/planning"
    newest, first = (one.version for one in (plans_of(db.session, _edition())[0], plans_of(db.session, _edition())[-1]))
    wish = db.session.scalar(
        select(func.min(Meeting.wish_id)).where(Meeting.plan_id == plans_of(db.session, _edition())[0].id)
    )
    pages = {
        "plan, grid": planning,
        "plan, grid, one name sought": f"{planning}?q=B0001",
        "plan, by buyer": f"{planning}?vue=acheteurs",
        "plan, by structure": f"{planning}?vue=structures",
        "plan, by slot": f"{planning}?vue=creneaux",
        "plan, wishes left out": f"{planning}?vue=souhaits",
        "plan, figures": f"{planning}?vue=chiffres",
        "one meeting, what may change": f"{planning}/rendez-vous/{wish}",
        "checks before a calculation": f"{planning}/controle",
        "calculations": f"{planning}/calculs",
        "suppositions": f"{planning}/hypotheses",
        "versions": f"{planning}/versions",
        "differences of two versions": f"{planning}/versions/differences?avant={first}&apres={newest}",
        "freezing a version": f"{planning}/versions/figer",
        "wishes, follow-up": f"/editions/{SLUG}/souhaits/suivi",
        "wishes, follow-up as a workbook": f"/editions/{SLUG}/souhaits/suivi.xlsx",
        "wishes, values": f"/editions/{SLUG}/souhaits/valeurs",
        "participants": f"/editions/{SLUG}/souhaits/participants",
        "matching": f"/editions/{SLUG}/rapprochement",
    }
    told = _opened(kept["organiser"], pages)
    return told + _opened(kept["participant"], {"a participant's wishes": f"/editions/{SLUG}/souhaits/{kept['mine']}"})


def release(_size: Size) -> Told:
    """Freeze the first plan, and look at what its publication would tell."""
    told: Told = []
    with _timed(told, "freezing the plan") as result:
        edition = _edition()
        made = releasing.release(
            db.session, edition, plans_of(db.session, edition)[-1], "Publique", by=None, now=_now()
        )
        db.session.commit()
        result.append(f"{_meetings(made.plan)} meetings")
    pages = {"publication, before": f"/editions/{SLUG}/planning/diffusion"}
    return told + _opened(_browsers()["organiser"], pages)


def publish(_size: Size) -> Told:
    """Publish it: the job writes to everyone whose agenda it is."""
    told: Told = []
    edition = _edition()
    newest = releasing.releases_of(db.session, edition)[0]
    organiser = db.session.scalars(select(Person).join(Role).where(Role.edition_id == edition.id)).one()
    with _timed(told, "publication, the job") as result:
        mailing = request_mailing(db.session, edition, newest.id, by=organiser, now=_now())
        db.session.commit()
        publish_release(mailing.id)
        written = _count(Message.state == "queued")
        told_meetings = db.session.scalar(select(func.count()).select_from(Invitation)) or 0
        result.append(f"{written} mails, {told_meetings} invitations")
    _require(told_meetings == 2 * _meetings(newest.plan), f"{told_meetings} invitations")
    _require(written == len(_meeting_people(newest.plan)), f"{written} mails")
    return told


def send(_size: Size) -> Told:
    """Send the mails to the folder that stands for a server."""
    told: Told = []
    waiting = _count(Message.state == "queued")
    with _timed(told, "mails to .eml files") as result:
        sent = send_due(db.session, _config(), clock=_now)
        files = list((_config().instance / "outbox").glob("*.eml"))
        result.append(f"{len(files)} files, {sum(one.stat().st_size for one in files) / 1e6:.0f} MB")
    _require(waiting == sent == len(files), f"{waiting} mails waited, {sent} left, {len(files)} files")
    return told


def browse_published(_size: Size) -> Told:
    """Open what is looked at once the plan is published."""
    kept, planning = _browsers(), f"/editions/{SLUG}/planning"
    pages = {
        "publication, after": f"{planning}/diffusion",
        "a release": f"{planning}/versions/figees/1",
        "answers of participants": f"{planning}/diffusion/reponses",
    }
    told = _opened(kept["organiser"], pages)
    own = f"/editions/{SLUG}/mon-agenda"
    pages = {
        "a participant's agenda": own,
        "the same, to print": f"{own}/agenda.pdf",
        "the same, as a calendar": f"{own}/agenda.ics",
    }
    return told + _opened(kept["participant"], pages)


def _opened(cookie: str, pages: dict[str, str]) -> Told:
    """Open each page three times, with the cookie of a browser."""
    client = current_app.test_client()
    client.set_cookie("session", cookie)
    return [_page(client, name, path) for name, path in pages.items()]


def _page(client: FlaskClient, name: str, path: str) -> Page:
    clock, worked, queries, size = [], [], [0], 0

    def note(*_what: object) -> None:
        queries[-1] += 1

    event.listen(db.engine, "before_cursor_execute", note)
    for _time in range(3):
        db.session.remove()  # the context outlives the request here: nothing of the one before is to be left
        for kept in list(g):
            g.pop(kept)
        queries.append(0)
        began, before = time.perf_counter(), time.process_time()
        answer = client.get(path)
        size = len(answer.data)
        clock.append(time.perf_counter() - began)
        worked.append(time.process_time() - before)
        _require(answer.status_code == 200, f"{path} answers {answer.status}")
        answer.close()
    event.remove(db.engine, "before_cursor_execute", note)
    return Page(name, statistics.median(clock), statistics.median(worked), queries[-1], size / 1000)


def _require(right: bool, sentence: str) -> None:
    if not right:
        raise Wrong(sentence)


def _now() -> datetime:
    return datetime.now(UTC)


def _config() -> Config:
    return cast("Config", current_app.config["OPENMAP"])


def _edition() -> Edition:
    return db.session.scalars(select(Edition).where(Edition.slug == SLUG)).one()


def _browsers() -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads((_config().instance / "browsers.json").read_text(encoding="utf-8")))


def _meetings(made: Plan) -> int:
    return db.session.scalar(select(func.count()).select_from(Meeting).where(Meeting.plan_id == made.id)) or 0


def _meeting_people(made: Plan) -> set[int]:
    asked = select(Wish.buyer_id, Wish.structure_id).join(Meeting, Meeting.wish_id == Wish.id)
    return {one for pair in db.session.execute(asked.where(Meeting.plan_id == made.id)) for one in pair}


def _count(*which: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(Message).where(*which)) or 0


STEPS: Final[dict[str, Callable[[Size], Told]]] = {
    one.__name__: one for one in (bring_in, plan, furnish, browse, release, publish, send, browse_published)
}


def run_step(name: str, config: Config, size: Size) -> Told:
    """Carry one step out in this process."""
    app = create_app(config)
    with app.app_context():
        try:
            return STEPS[name](size)
        finally:
            db.session.remove()
            db.engine.dispose()


def run_apart(name: str, config: Config, size: Size) -> Told:
    """Carry one step out in a process of its own, so that its memory is its own."""
    asked = json.dumps({"step": name, "instance": str(config.instance), "url": config.database_url, **asdict(size)})
    command = [sys.executable, "-m", "benchmarks.large", "--step", asked]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False, cwd=Path(__file__).parents[1], text=True)
    _require(done.returncode == 0, f"the step « {name} » failed")
    kinds: dict[str, type[Step | Page]] = {"Step": Step, "Page": Page}
    return [kinds[kind](**one) for kind, one in json.loads(done.stdout.splitlines()[-1])]


def measure(
    url: str, size: Size, folder: Path, step: Callable[[str, Config, Size], Told] = run_apart
) -> dict[str, Told]:
    """Carry all steps out on an empty database; return what each took."""
    config = _configured(folder, url)
    app = create_app(config)
    with app.app_context():
        upgrade()
        db.engine.dispose()
    found = {}
    for name in STEPS:
        found[name] = step(name, config, size)
        print(f"… {name}", file=sys.stderr, flush=True)
    return found


def _configured(folder: Path, url: str) -> Config:
    return Config(folder, url or f"sqlite:///{folder}/openmap.db", None, SECRET, production=False, testing=True)


def tell(size: Size, found: dict[str, dict[str, Told]]) -> Iterator[str]:
    """Return the lines of both tables: steps, then pages, with the columns of each engine."""
    shape, engines = size.shape, list(found)
    yield f"{shape.buyers} buyers × {shape.structures} structures, {shape.requests} wishes, {shape.slots} slots"
    yield ""
    yield "| step | " + " | ".join(f"{one}: s (processor) | {one}: MB" for one in engines) + " | what came of it |"
    yield "| --- |" + " ---: | ---: |" * len(engines) + " --- |"
    told = {engine: [one for listed in steps.values() for one in listed] for engine, steps in found.items()}
    steps = {engine: [one for one in listed if isinstance(one, Step)] for engine, listed in told.items()}
    pages = {engine: [one for one in listed if isinstance(one, Page)] for engine, listed in told.items()}
    for same in zip(*steps.values(), strict=True):
        cells = [f"{one.seconds:.1f} ({one.worked:.1f}) | {one.memory:.0f}" for one in same]
        yield f"| {same[0].name} | " + " | ".join(cells) + f" | {same[0].result} |"
    yield ""
    yield "| page | " + " | ".join(f"{one}: s (processor)" for one in engines) + " | queries | kB |"
    yield "| --- |" + " ---: |" * len(engines) + " ---: | ---: |"
    for shown in zip(*pages.values(), strict=True):
        cells = [f"{one.seconds:.2f} ({one.worked:.2f})" for one in shown]
        yield f"| {shown[0].name} | " + " | ".join(cells) + f" | {shown[0].queries} | {shown[0].size:.0f} |"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables: SQLite, and PostgreSQL where a server is named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--buyers", type=int, default=NATIONAL.buyers)
    parser.add_argument("--structures", type=int, default=NATIONAL.structures)
    parser.add_argument("--wishes", type=int, default=NATIONAL.requests, help="at most half of the pairs")
    parser.add_argument("--slots", type=int, default=NATIONAL.slots)
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds that the plan is given")
    parser.add_argument("--postgres", default="", help="postgresql+psycopg://… of a server where we may create one")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    given: Any = parser.parse_args(arguments)
    if given.step:
        asked = json.loads(given.step)
        name, folder, url = (asked.pop(key) for key in ("step", "instance", "url"))
        told = run_step(name, _configured(Path(folder), url), Size(**asked))
        print(json.dumps([[type(one).__name__, asdict(one)] for one in told]))
        return
    size = Size(given.buyers, given.structures, given.wishes, given.slots, given.limit)
    found = {}
    for server in ["", *([given.postgres] if given.postgres else [])]:
        with tempfile.TemporaryDirectory() as folder:
            url = _fresh(server) if server else ""
            found[make_url(url).get_backend_name() if url else "sqlite"] = measure(url, size, Path(folder))
    print(environment())
    print(f"Load of the machine over a quarter of an hour: {os.getloadavg()[2]:.1f} on {os.cpu_count()} cores.")
    print("\n".join(tell(size, found)))


if __name__ == "__main__":
    main()
