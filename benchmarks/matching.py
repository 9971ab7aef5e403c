"""``make bench-matching``: how well the match score ranks, on sixty judgements, and how fast, on a large edition.

The judgements (``matching_judgements.toml``) grade invented structures for invented needs from 0 to 3. Told in one run:
nDCG@5 of the whole score, of the activities alone and of the words alone, need by need. Where a ranking leaves
structures equal, the mean over their orders is taken, so that no luck helps it (McSherry and Najork, ECIR 2008).
"""

from __future__ import annotations

import argparse
import math
import random
import resource
import tempfile
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from flask_migrate import upgrade
from sqlalchemy import create_engine, make_url, select, text

from benchmarks.run import environment
from openmap import create_app
from openmap.applications.models import Application
from openmap.config import Config
from openmap.directory.models import Buyer, Structure
from openmap.events.models import Edition
from openmap.extensions import AnySession, db
from openmap.meetings.matching import Match, preview, ranked, scores
from openmap.meetings.models import Participation
from openmap.meetings.weighing import HOUSE, PARTS
from openmap.needs.models import Need
from openmap.reference.cli import load_packaged
from openmap.reference.models import Activity, Area, Commune

JUDGEMENTS: Final = Path(__file__).with_name("matching_judgements.toml")
DEPTH: Final = 5
NOW: Final = datetime(2026, 9, 1, 8, tzinfo=UTC)
SECRET: Final = "only-for-benchmarks-" + "0123456789abcdef" * 2

RANKINGS: Final[Mapping[str, Mapping[str, int]]] = {
    "whole score": HOUSE,
    "activities only": {part: 100 * (part == "sector") for part in PARTS},
    "words only": {part: 100 * (part == "text") for part in PARTS},
}


def judged() -> dict[str, Any]:
    """Return the needs, structures and grades."""
    return tomllib.loads(JUDGEMENTS.read_text(encoding="utf-8"))


def furnish(session: AnySession) -> Edition:
    """Make an edition of the judged needs, each of a buyer of its own, and of all the structures."""
    told = judged()
    words = {one.code: one for one in session.scalars(select(Activity))}
    areas = {f"{one.level}:{one.code}": one for one in session.scalars(select(Area))}
    edition = Edition(slug="jugements", title="Jugements (fictif)", held_on=date(2026, 11, 25))
    session.add(edition)
    for number, one in enumerate(told["structure"]):
        structure = Structure(name=one["name"], kind=one["kind"], is_invented=True)
        application = Application(
            edition=edition, structure=structure, state="submitted", name=one["name"], kind=one["kind"],
            commune_code=one["commune"], areas=[areas[code] for code in one["areas"]], radius_km=one.get("radius"),
            activities=[words[code] for code in one["activities"]], workforce=one["workforce"], offers=one["offers"],
            presentation=one["presentation"], siret=f"{number:014d}", typed={},
            created_at=NOW, changed_at=NOW, submitted_at=NOW,
        )  # fmt: skip
        session.add_all([application, _participation(edition, structure, one["code"], "structure")])
    for one in told["need"]:
        buyer = Buyer(name=f"Acheteur {one['code']} (fictif)", is_invented=True)
        need = Need(
            buyer=buyer, state="declared", title=one["title"], description=one["description"], amount=one["amount"],
            activities=[words[code] for code in one["activities"]],
            areas=[areas[code] for code in one.get("areas", [])],
            communes=[session.get_one(Commune, code) for code in one.get("communes", [])],
            created_at=NOW, changed_at=NOW, declared_at=NOW,
        )  # fmt: skip
        session.add_all([need, _participation(edition, buyer, one["code"], "buyer")])
    session.commit()
    return edition


def _participation(edition: Edition, organisation: Buyer | Structure, code: str, side: str) -> Participation:
    return Participation(edition=edition, organisation=organisation, code=code, side=side)


def ndcg(matches: Sequence[tuple[str, int]], grades: Mapping[str, int], depth: int = DEPTH) -> float:
    """Return nDCG at ``depth`` of codes with their scores, best first; gains 2^grade − 1, ties at their mean."""
    gained, place = 0.0, 0
    for _score, group in groupby(matches, key=lambda one: one[1]):
        codes = [code for code, _score in group]
        mean = sum(2 ** grades.get(code, 0) - 1 for code in codes) / len(codes)
        gained += sum(mean / math.log2(at + 2) for at in range(place, min(depth, place + len(codes))))
        place += len(codes)
    best = sorted((2**grade - 1 for grade in grades.values()), reverse=True)[:depth]
    return float(gained / sum(gain / math.log2(at + 2) for at, gain in enumerate(best)))


def measure(session: AnySession, edition: Edition) -> dict[str, dict[str, float]]:
    """Return nDCG@5 of each ranking for each need."""
    grades = {one["code"]: one["grades"] for one in judged()["need"]}
    asked = select(Participation).where(Participation.edition_id == edition.id, Participation.side == "buyer")
    buyers = session.scalars(asked.order_by(Participation.code)).all()
    return {
        name: {one.code: ndcg(_told(ranked(session, one, weights=weights)), grades[one.code]) for one in buyers}
        for name, weights in RANKINGS.items()
    }


def _told(matches: Sequence[Match]) -> list[tuple[str, int]]:
    return [(one.other.code, one.score) for one in matches]


def mean(values: Mapping[str, float]) -> float:
    """Return the mean over needs."""
    return sum(values.values()) / len(values)


def make_large(session: AnySession, buyers: int, structures: int) -> Edition:
    """Make an edition of so many, with two needs a buyer, by a seed: activities, areas and words of the vocabulary."""
    chance = random.Random(7)
    activities = list(session.scalars(select(Activity).order_by(Activity.id)))
    areas = list(session.scalars(select(Area).where(Area.level != "region").order_by(Area.id)))
    communes = list(session.scalars(select(Commune).where(Commune.current_code.is_(None), Commune.lon.is_not(None))))
    words = [word for one in activities for word in (one.name, *one.synonyms)]
    edition = Edition(slug="grande", title="Grande édition (fictif)", held_on=date(2026, 11, 25))
    session.add(edition)
    for number in range(structures):
        structure = Structure(name=f"Structure {number} (fictif)", kind="ei", is_invented=True)
        chosen = chance.sample(activities, 2)
        offers = ", ".join([*(one.name for one in chosen), *chosen[0].synonyms, *chance.sample(words, 8)])
        application = Application(
            edition=edition, structure=structure, state="submitted", name=structure.name, kind="ei",
            commune_code=chance.choice(communes).code, areas=chance.sample(areas, 2),
            radius_km=chance.choice([None, 15]), activities=chosen, workforce=chance.randint(3, 200), offers=offers,
            siret=f"{number:014d}", typed={},
            created_at=NOW, changed_at=NOW, submitted_at=NOW,
        )  # fmt: skip
        session.add_all([application, _participation(edition, structure, f"S{number:04d}", "structure")])
    for number in range(buyers):
        buyer = Buyer(name=f"Acheteur {number} (fictif)", is_invented=True)
        session.add(_participation(edition, buyer, f"B{number:04d}", "buyer"))
        for _lot in range(2):
            meant = chance.choice(activities)
            session.add(
                Need(
                    buyer=buyer,
                    state="declared",
                    title=f"{meant.name} : {chance.choice(words)}",
                    description=", ".join(chance.sample(words, 12)),
                    amount=chance.choice(["40k_90k", "221k_500k"]),
                    activities=[meant],
                    areas=[chance.choice(areas)],
                    created_at=NOW,
                    changed_at=NOW,
                    declared_at=NOW,
                )
            )
    session.commit()
    return edition


def _cost(what: Callable[[], object]) -> str:
    """Return the seconds that a call takes, and those of the processor in it: a busy machine lengthens the first."""
    began, worked = time.perf_counter(), time.process_time()
    what()
    return f"{time.perf_counter() - began:6.2f} s ({time.process_time() - worked:.2f} s of processor)"


def tell_large(session: AnySession, buyers: int, structures: int) -> None:
    """Print what a large edition costs: all scores, one buyer's page and one structure's."""
    number = make_large(session, buyers, structures).id
    session.expunge_all()
    edition = session.get_one(Edition, number)
    asked = select(Participation).where(Participation.edition_id == edition.id).order_by(Participation.code)
    one = {side: session.scalars(asked.where(Participation.side == side)).first() for side in ("buyer", "structure")}
    print(f"{buyers} buyers (two needs each) x {structures} structures")
    print(f"  all scores            {_cost(lambda: scores(session, edition))}")
    for side, person in one.items():
        assert person is not None
        print(f"  first 20 of a {side:9} {_cost(lambda who=person: ranked(session, who, limit=20))}")  # type: ignore[misc]
    tried = {**HOUSE, "text": 80}
    print(f"  preview of weights    {_cost(lambda: preview(session, edition, tried))}")
    print(f"  memory at most       {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:6.0f} MB")


def tell_judgements(session: AnySession) -> None:
    """Print nDCG@5 need by need, and the means."""
    found = measure(session, furnish(session))
    print(f"nDCG@{DEPTH}   " + "  ".join(f"{name:>15}" for name in found))
    for code in next(iter(found.values())):
        print(f"{code:9}" + "  ".join(f"{values[code]:15.3f}" for values in found.values()))
    print(f"{'mean':9}" + "  ".join(f"{mean(values):15.3f}" for values in found.values()))


def _fresh(server: str) -> str:
    """Create an empty database on a PostgreSQL server and return its address."""
    target = make_url(server).set(database="openmap_bench_matching")
    admin = create_engine(make_url(server), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{target.database}" WITH (FORCE)'))
        connection.execute(text(f'CREATE DATABASE "{target.database}"'))
    admin.dispose()
    return target.render_as_string(hide_password=False)


def run(server: str, large: tuple[int, int] | None) -> None:
    """Run on a database of its own: SQLite, or one made on a PostgreSQL server."""
    with tempfile.TemporaryDirectory() as folder:
        url = _fresh(server) if server else f"sqlite:///{folder}/openmap.db"
        app = create_app(Config(Path(folder), url, None, SECRET, production=False, testing=True))
        with app.app_context():
            upgrade()
            load_packaged()
            print(f"\n{db.engine.dialect.name}")
            tell_judgements(db.session)
            if large is not None:
                tell_large(db.session, *large)
            db.session.remove()
            db.engine.dispose()


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures: SQLite, and PostgreSQL where a server is named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--postgres", default="", help="postgresql+psycopg://… of a server where we may create one")
    parser.add_argument("--large", nargs=2, type=int, metavar=("BUYERS", "STRUCTURES"), help="time an edition, too")
    asked = parser.parse_args(arguments)
    print(environment())
    for server in ["", *([asked.postgres] if asked.postgres else [])]:
        run(server, None if asked.large is None else (asked.large[0], asked.large[1]))


if __name__ == "__main__":
    main()
