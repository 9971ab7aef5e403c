"""``python -m benchmarks.directory_import``: 100,000 invented structures, checked, brought in, brought in again.

Each step runs in a process of its own, so that its memory is its own.
"""

from __future__ import annotations

import argparse
import csv
import io
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from flask_migrate import upgrade
from sqlalchemy import create_engine, make_url, select, text
from stdnum import luhn

from benchmarks.run import environment
from openmap import create_app
from openmap.config import Config
from openmap.directory.import_models import DirectoryImport
from openmap.directory.lists import running
from openmap.directory.lists.reading import read_list
from openmap.extensions import db
from openmap.reference.cli import load_packaged
from openmap.reference.models import Commune
from openmap.web.uploads import keep_own

LINES = 100_000
SECRET = "only-for-benchmarks-" + "0123456789abcdef" * 2
HEAD = "| engine | step | seconds | lines a second | memory at most, MB | what came of it |\n" + "| --- " * 6 + "|"
KINDS = ("EI", "ACI", "AI", "ETTI", "Entreprise adaptée", "ESAT", "Association")
FIRST = "Atelier Chantier Régie Jardins Cuisine Fabrique Maison Ressourcerie Transport Propreté Laverie Menuiserie"
SECOND = "solidaire durable partagé nouveau local vivant ouvert commun social fertile utile libre"
TITLES = (
    "siret", "raison_sociale", "nom_commercial", "type", "naf", "adresse", "code_postal", "ville", "code_insee",
    "departement", "lon", "lat", "site_web", "courriel", "telephone", "presentation", "colonne_etrangere",
)  # fmt: skip


def now() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)


def siret(rank: int) -> str:
    """Return an invented SIRET whose keys hold (SIREN and SIRET), of a range that is hardly used."""
    siren = f"99{rank:06d}"
    number = siren + luhn.calc_check_digit(siren) + "0001"
    return str(number + luhn.calc_check_digit(number))


def rows(communes: Sequence[Any], count: int = LINES, *, seed: int = 1) -> list[tuple[str, ...]]:
    """Return the lines of an invented list: over the communes, a fiftieth without a SIRET, some dirty."""
    random, first, second = Random(seed), FIRST.split(), SECOND.split()
    made: list[tuple[str, ...]] = []
    for rank in range(count):
        commune = communes[random.randrange(len(communes))]
        name = f"{random.choice(first)} {random.choice(second)} {rank} (fictif)"
        number = "" if rank % 50 == 7 else siret(rank)
        postal = str(commune.postal_codes[0]) if commune.postal_codes else ""
        made.append(
            (
                number if rank % 100 else f"{number[:9]} {number[9:]}", name, f"Marque {rank}", random.choice(KINDS),
                "8899B", f"{rank % 90} rue inventée", postal, commune.name, commune.code, commune.code[:2],
                f"{(commune.lon or 2.3) + random.uniform(-0.01, 0.01):.6f}",
                f"{(commune.lat or 48.8) + random.uniform(-0.01, 0.01):.6f}", f"www.exemple-{rank}.example",
                f"contact@exemple-{rank}.example", "102030405", f"{name} fait des travaux de {random.choice(second)}.",
                "rien",
            )
        )  # fmt: skip
    return made


def written(lines: Sequence[Sequence[str]]) -> bytes:
    """Return the list as a CSV file."""
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=";")
    writer.writerow(TITLES)
    writer.writerows(lines)
    return stream.getvalue().encode()


def sent(content: bytes, filename: str = "liste.csv") -> int:
    """Begin the import of a list and return its number."""
    kept = keep_own(content, filename, "text/csv")
    brought = running.begin(
        db.session, read_list(content, filename), digest=kept["digest"], filename=filename, size=len(content),
        media_type="text/csv", source="Liste inventée", by=None, now=now(),
    )  # fmt: skip
    db.session.commit()
    return brought.id


def _fresh(server: str) -> str:
    target = make_url(server).set(database="openmap_bench_directory_import")
    admin = create_engine(make_url(server), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{target.database}" WITH (FORCE)'))
        connection.execute(text(f'CREATE DATABASE "{target.database}"'))
    admin.dispose()
    return target.render_as_string(hide_password=False)


def _made(config: Config, count: int) -> None:
    """Make the database and the list."""
    with create_app(config).app_context():
        upgrade()
        load_packaged()
        today = db.session.scalars(select(Commune).where(Commune.current_code.is_(None)).order_by(Commune.code)).all()
        (config.instance / "liste.csv").write_bytes(written(rows(today, count)))
        db.session.remove()
        db.engine.dispose()


def _step(step: str, config: Config, count: int, results: Any) -> None:
    """Do one step of the import, and send what it cost."""
    with create_app(config).app_context():
        begun = time.perf_counter()
        if step == "check":
            number = sent((config.instance / "liste.csv").read_bytes())
            running.check(db.session, number, now=now)
        else:
            number = db.session.scalars(select(DirectoryImport.id).order_by(DirectoryImport.id.desc())).first() or 0
            running.start(db.session, db.session.get_one(DirectoryImport, number), listing=True, by=None, now=now())
            db.session.commit()
            running.bring_in(db.session, number, now=now)
        took = time.perf_counter() - begun
        brought = db.session.get_one(DirectoryImport, number)
        told = brought.counts.get("result") or {
            key: brought.counts.get(key, 0) for key in ("new", "unchanged", "faults")
        }
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        name = db.engine.dialect.name
        words = ", ".join(f"{value} {key}" for key, value in told.items())
        results.put(f"| {name} | {step} | {took:.1f} | {count / took:.0f} | {memory} | {words} |")
        db.session.remove()
        db.engine.dispose()


def run(server: str, count: int) -> None:
    """Check and bring in the list twice, on a database of its own."""
    with tempfile.TemporaryDirectory() as folder:
        url = _fresh(server) if server else f"sqlite:///{folder}/openmap.db"
        config = Config(Path(folder), url, None, SECRET, production=False, testing=True)
        _apart(_made, config, count)
        for step in ("check", "import", "check", "import"):
            results = multiprocessing.get_context("spawn").Queue()
            _apart(_step, step, config, count, results)
            print(results.get(timeout=10), flush=True)


def _apart(function: Callable[..., None], *arguments: Any) -> None:
    process = multiprocessing.get_context("spawn").Process(target=function, args=arguments)
    process.start()
    process.join()
    assert process.exitcode == 0


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures: SQLite, and PostgreSQL where a server is named."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--postgres", default="", help="postgresql+psycopg://… of a server where we may create one")
    parser.add_argument("--lines", type=int, default=LINES)
    asked = parser.parse_args(arguments)
    print(environment(), HEAD, sep="\n\n")
    for server in ["", *([asked.postgres] if asked.postgres else [])]:
        run(server, asked.lines)


if __name__ == "__main__":
    main()
