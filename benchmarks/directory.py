"""``python -m benchmarks.directory``: the search among 200,000 invented structures, on the real server.

Twenty people search at once. Each asks again two seconds after an answer on average, as someone who reads does; then
the same twenty without a pause, which fills the machine and tells how much it carries. Printed: p50, p95 and the
longest answer, errors, statements a page, memory a process, and how long the index takes to build.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlencode

from flask_migrate import upgrade
from sqlalchemy import event, insert, make_url, select

from benchmarks.deadline import SECRET, _fresh, served
from benchmarks.run import environment
from openmap import create_app
from openmap.config import Config
from openmap.directory.models import (
    STRUCTURE_KINDS,
    ClientReference,
    Offer,
    Organisation,
    Structure,
    offer_areas,
    structure_labels,
)
from openmap.directory.search.finding import find
from openmap.directory.search.holding import snapshot
from openmap.directory.search.query import Query
from openmap.extensions import db
from openmap.reference import fulltext
from openmap.reference.fulltext import Document
from openmap.reference.loading import ILE_DE_FRANCE, TAXONOMY, load_taxonomy, load_territories
from openmap.reference.models import Activity, Area, Commune, Label

PEOPLE, THINK, SECONDS, STRUCTURES = 20, 2.0, 40.0, 200_000
BATCH = 5_000
NAMES = ("Atelier", "Ressourcerie", "Les Jardins", "Régie", "Coopérative", "Chantier", "Service", "Relais", "Maison")
WHOSE = ("du Pont", "des Lilas", "du Canal", "de la Plaine", "Solidaire", "du Faubourg", "des Deux Rives", "Horizon")
MORE = (
    "Nous intervenons en site occupé", "équipes encadrées", "matériel fourni", "devis sous huit jours",
    "produits écolabellisés", "passage régulier", "livraison à vélo", "filière locale", "références sur demande",
)  # fmt: skip
WORDS = (
    "nettoyage de bureaux", "traiteur bio", "espaces verts", "désherbage", "maçonnerie", "peinture",
    "réemploi mobilier", "blanchisserie", "imprimerie", "collecte de papier", "déménagement", "mise sous pli",
    "ressourcerie lilas", "équipes encadrées", "livraison vélo",
)  # fmt: skip
HEAD = (
    "| engine | structures | how | answers | p50 | p95 | longest | errors | statements | memory a process | index |\n"
    "|---|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """An answer: its status (0: none came) and how long it took."""

    status: int
    seconds: float


def furnish(count: int, seed: int = 7) -> None:
    """Add ``count`` listed structures with one to four offers each, over radii, areas or everywhere."""
    random, now = Random(seed), datetime(2026, 11, 1, tzinfo=UTC)
    load_territories(db.session, ILE_DE_FRANCE, now=now)
    load_taxonomy(db.session, TAXONOMY, now=now)
    db.session.commit()
    activities = db.session.execute(select(Activity.id, Activity.name, Activity.synonyms)).all()
    communes = db.session.execute(
        select(Commune.code, Commune.name, Commune.lon, Commune.lat, Commune.population)
        .where(Commune.current_code.is_(None))
        .order_by(Commune.code)
    ).all()
    areas, labels = db.session.scalars(select(Area.id)).all(), db.session.scalars(select(Label.id)).all()
    seats = random.choices(communes, [one.population or 1 for one in communes], k=count)
    offer_id = itertools.count(1)
    for start in range(1, count + 1, BATCH):
        rows: dict[Any, list[dict[str, Any]]] = {
            one: [] for one in (Organisation, Structure, Offer, ClientReference, structure_labels, offer_areas)
        }
        documents: dict[int, Document] = {}
        for number in range(start, min(start + BATCH, count + 1)):
            seat, kind = seats[number - 1], random.choice(STRUCTURE_KINDS)
            name = f"{random.choice(NAMES)} {random.choice(WHOSE)} {seat.name} {number} (fictif)"
            rows[Organisation].append({"id": number, "type": "structure", "name": name, "city": seat.name,
                                       "is_invented": True})  # fmt: skip
            rows[Structure].append({
                "id": number, "kind": kind, "commune_code": seat.code, "lon": seat.lon + random.gauss(0, 0.01),
                "lat": seat.lat + random.gauss(0, 0.01), "workforce": random.choice((None, 4, 12, 35, 80, 300)),
                "listed_at": now, "confirmed_at": random.choice((None, now, now - timedelta(days=500))),
            })  # fmt: skip
            plain: list[str] = []
            for _rank in range(random.choice((1, 1, 2, 2, 3, 4))):
                activity = random.choice(activities)
                reach = random.choices(("radius", "places", "france"), (6, 3, 1))[0]
                number_of = next(offer_id)
                title = f"{activity.name} {random.choice(activity.synonyms or [''])}"
                plain.append(title)
                rows[Offer].append({
                    "id": number_of, "structure_id": number, "activity_id": activity.id, "title": title[:200],
                    "is_service": True, "is_supply": random.random() < 0.2, "is_staff": random.random() < 0.2,
                    "reach": reach, "radius_km": random.choice((5, 10, 20, 30, 50)) if reach == "radius" else None,
                })  # fmt: skip
                if reach == "places":
                    chosen = random.sample(areas, random.choice((1, 1, 2)))
                    rows[offer_areas] += [{"offer_id": number_of, "area_id": one} for one in chosen]
            if random.random() < 0.3:
                rows[ClientReference].append({"structure_id": number, "client": "Ville d’exemple", "is_public": True})
            if random.random() < 0.3:
                rows[structure_labels].append({"structure_id": number, "label_id": random.choice(labels)})
            weak = f"{seat.name} {'. '.join(random.sample(MORE, 4))}"
            documents[number] = Document(name, "\n".join(plain), weak)
        for table, lines in rows.items():
            if lines:
                db.session.execute(insert(getattr(table, "__table__", table)), lines)
        fulltext.write(db.session, "organisation", documents)
        db.session.commit()
        print(f"\r{min(start + BATCH - 1, count):,} structures", end="", flush=True)
    print()


def questions(random: Random) -> Iterator[str]:
    """Yield addresses as people ask them: words, places, filters, a second page, all together."""
    places = [f"{area.level}:{area.code}" for area in db.session.scalars(select(Area).order_by(Area.id))]
    towns = [f"commune:{code}" for code in db.session.scalars(select(Commune.code).where(Commune.population > 30_000))]
    codes = db.session.scalars(select(Activity.code)).all()
    while True:
        asked: list[tuple[str, str]] = []
        if random.random() < 0.7:
            asked.append(("q", random.choice(WORDS)))
        if random.random() < 0.6:
            asked.append(("lieu", random.choice(places if random.random() < 0.5 else towns)))
        if random.random() < 0.4:
            asked.append(("activite", random.choice(codes)))
        if random.random() < 0.25:
            asked.append(("type", random.choice(STRUCTURE_KINDS)))
        if random.random() < 0.15:
            asked.append(("references", "oui"))
        if random.random() < 0.2:
            asked.append(("page", "2"))
        yield f"/annuaire?{urlencode(asked)}"


def ask(address: str, path: str, number: int) -> Asked:
    """Open a page as one of many visitors."""
    visitor = {"X-Forwarded-For": f"10.{number >> 8 & 255}.{number & 255}.7"}
    request = urllib.request.Request(address + path, headers=visitor)  # noqa: S310 - our own server
    began = time.monotonic()
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            answer.read()
            return Asked(int(answer.status), time.monotonic() - began)
    except urllib.error.HTTPError as answer:
        answer.close()
        return Asked(answer.code, time.monotonic() - began)
    except OSError:
        return Asked(0, time.monotonic() - began)


def crowd(address: str, paths: Sequence[str], *, think: float, seconds: float) -> list[Asked]:
    """Let twenty people search for a while; each waits ``think`` seconds on average between two searches."""
    numbers = itertools.count()

    def search(rank: int) -> list[Asked]:
        random, found = Random(rank), []
        time.sleep(random.random() * think)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            number = next(numbers)
            found.append(ask(address, paths[number % len(paths)], number))
            time.sleep(random.expovariate(1 / think) if think else 0)
        return found

    with ThreadPoolExecutor(PEOPLE) as pool:
        return [one for found in pool.map(search, range(PEOPLE)) for one in found]


def measure(database_url: str, count: int, seconds: float) -> None:
    """Run once on a database of its own, and print the lines of the table."""
    with tempfile.TemporaryDirectory() as folder:
        url = database_url or f"sqlite:///{folder}/openmap.db"
        config = Config(Path(folder), url, None, SECRET, production=False, testing=True, proxies=1)
        app = create_app(config)
        with app.app_context():
            upgrade()
            furnish(count)
            paths = list(itertools.islice(questions(Random(11)), 400))
            with app.test_request_context():
                built, statements, alone = _inside()
            db.session.remove()
            with served(replace(config, testing=False), workers=2) as (address, server):
                with ThreadPoolExecutor(8) as pool:  # each process reads its index before people come
                    list(pool.map(lambda number: ask(address, "/annuaire", number), range(24)))
                engine = make_url(url).get_backend_name()
                told = f"{statements} | {{}} | {built:.1f} s (search alone {alone * 1000:.0f} ms)"
                for how, think in (("think 2 s", THINK), ("no pause", 0.0)):
                    asked = crowd(address, paths, think=think, seconds=seconds)
                    print(_line(engine, count, how, asked, told.format(_memory(server))), flush=True)
            db.engine.dispose()


def _inside() -> tuple[float, int, float]:
    """Return the seconds that the index takes, the statements of a search, and the seconds of a search by itself."""
    began = time.monotonic()
    snapshot(db.session)
    built = time.monotonic() - began
    sent: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda _c, _u, statement, *_rest: sent.append(statement))
    today, took = datetime.now(UTC).date(), []
    for words in WORDS:
        began = time.monotonic()
        find(db.session, Query(words=words, place="departement:93"), today=today)
        took.append(time.monotonic() - began)
    return built, len(sent) // len(WORDS), statistics.median(took)


def _line(engine: str, count: int, how: str, asked: Sequence[Asked], told: str) -> str:
    times = sorted(one.seconds for one in asked)
    errors = sum(one.status != 200 for one in asked)
    p95 = times[int(len(times) * 0.95)]
    shown = " | ".join(f"{one * 1000:.0f} ms" for one in (statistics.median(times), p95, times[-1]))
    return f"| {engine} | {count:,} | {how} | {len(times):,} | {shown} | {errors} | {told} |"


def _memory(server: subprocess.Popen[bytes]) -> str:
    """Return the resident memory of the server's processes, in MB (Linux)."""
    found = subprocess.run(
        ["ps", "--ppid", str(server.pid), "-o", "rss="],  # noqa: S607
        check=False,
        capture_output=True,
        text=True,
    )
    return ", ".join(f"{int(line) // 1024} MB" for line in found.stdout.split())


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table: SQLite, and PostgreSQL where a server is named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--structures", type=int, default=STRUCTURES)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long they search, each way")
    parser.add_argument("--postgres", default="", help="postgresql+psycopg://… of a server where we may create one")
    given: Any = parser.parse_args(arguments)
    print(environment())
    print(HEAD)
    for server in ["", *([given.postgres] if given.postgres else [])]:
        measure(_fresh(server) if server else "", given.structures, given.seconds)


if __name__ == "__main__":
    main()
