"""``make bench-retrieval``: how well the directory's search answers 120 questions, beside plainer ways to ask.

Three hundred invented structures are made by a seed from hand-written phrases (``retrieval_phrases.toml``), with the
noise of real pages: names that mislead, sentences about other trades, offers that no activity is coded for. The
questions (``retrieval_queries.toml``) are graded by rule from what each structure truly sells. Told in one run, on both
halves of them (the second was not tuned on, but its results were seen meanwhile), and on forty written later by someone
who knew neither the engine nor its synonyms (``retrieval_blind.toml``):

- words only: the database's own full text over all that a page says (FTS5's BM25; PostgreSQL's ``ts_rank``),
- sector only: the activities that the question is truly about, chosen in the list of activities,
- ours: the search of ``/annuaire``.

Measures: nDCG@10 with gains 2^grade − 1, ties at the mean of their orders (McSherry and Najork, ECIR 2008); recall@10
and @20 of the structures of grade 2 or 3, of at most as many as fit.
"""

from __future__ import annotations

import argparse
import math
import random
import re
import tempfile
import tomllib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from flask_migrate import upgrade
from sqlalchemy import create_engine, make_url, select, text

from benchmarks.run import environment
from openmap import create_app
from openmap.config import Config
from openmap.directory.models import Offer, Structure
from openmap.directory.search import finding
from openmap.directory.search.query import Query
from openmap.extensions import AnySession, db
from openmap.reference.cli import load_packaged
from openmap.reference.models import Activity, Area
from openmap.reference.words import folded

PHRASES: Final = Path(__file__).with_name("retrieval_phrases.toml")
QUERIES: Final = Path(__file__).with_name("retrieval_queries.toml")
BLIND: Final = QUERIES.with_name("retrieval_blind.toml")
STRUCTURES: Final = 300
SEED: Final = 1816
NOW: Final = datetime(2026, 9, 1, 8, tzinfo=UTC)
TODAY: Final = date(2026, 9, 1)
SECRET: Final = "only-for-benchmarks-" + "0123456789abcdef" * 2

KINDS: Final = ("ei", "ei", "ei", "aci", "aci", "aci", "ea", "esat", "esat", "etti", "ai", "association", "cooperative")
TOWNS: Final = {
    "75": ("75056",), "77": ("77288", "77468"), "78": ("78646", "78498"), "91": ("91228", "91377"),
    "92": ("92050", "92004"), "93": ("93048", "93066"), "94": ("94028", "94081"), "95": ("95127", "95018"),
}  # fmt: skip
NAMES: Final = (
    "Les Jardins de {}", "Propreté et Compagnie {}", "Le Fournil de {}", "Atelier {}", "Bureau d’entraide {}",
    "Élan {}",
    "Régie de quartier {}", "Au Fil de {}", "{} Services", "Les Couleurs de {}", "{} Bâtiment Solidaire", "Espaces {}",
    "La Table de {}", "{} Numérique", "Trait d’union {}", "Passerelle {}", "Éco {}", "Main Verte {}", "Recyclerie {}",
    "{} Transports et Solidarité",
)  # fmt: skip
"""Names that say something of a trade, given without regard to what the structure does."""

PLACES: Final = (
    "la Source",
    "l’Ourcq",
    "la Plaine",
    "Belle Rive",
    "l’Avenir",
    "Horizon",
    "la Butte",
    "Mozaïk",
    "la Gare",
)
ASIDES: Final = (
    "Nos salariés viennent souvent du bâtiment, de la propreté ou de la restauration.",
    "Parmi nos clients : crèches, blanchisseries, traiteurs, garages et imprimeries.",
    "Nous partageons nos locaux avec un traiteur et un atelier de couture.",
    "Notre ancienne activité de nettoyage de bureaux a pris fin.",
    "Formations internes : sécurité au travail, espaces verts, cuisine et conduite de véhicules.",
    "Le site de production, avec ses bureaux, se trouve près de la gare.",
    "Devis gratuit sous deux jours, déplacement dans vos bureaux.",
    "Nous livrons avec nos propres véhicules, lavés chaque semaine.",
    "Nous collectons aussi nos cartons et notre papier pour les recycler.",
    "Des repas sont préparés chaque midi pour l’équipe.",
    "Le linge de nos équipes est lavé par un ESAT voisin.",
    "Notre atelier, repeint et isolé l’an dernier, accueille des visites.",
)
LONG: Final = (
    "Créée il y a vingt ans par des habitants, notre structure accueille des personnes éloignées de l’emploi, les "
    "forme et les accompagne vers un travail durable. Chaque parcours dure de six à vingt-quatre mois, avec un "
    "encadrant technique et une conseillère en insertion. Nous travaillons avec les communes, les bailleurs, les "
    "hôpitaux et les entreprises du territoire, dans le respect de l’environnement.",
    "Établissement inclusif agréé, nous faisons travailler plus de cinquante personnes en situation de handicap. La "
    "qualité, les délais et l’écoute sont nos engagements ; nos ateliers sont accessibles et ouverts aux visites.",
    "Association à but non lucratif.",
    "",
)


@dataclass(frozen=True, slots=True)
class Sold:
    """What an invented structure truly sells: « activity/facet », whatever its offer says and is coded as."""

    facet: str
    where: frozenset[str]

    @property
    def activity(self) -> str:
        """Return the activity's code."""
        return self.facet.split("/")[0]


@dataclass(frozen=True, slots=True)
class Truth:
    """An invented structure by its id: its kind and what it sells, with the départements where it goes."""

    number: int
    kind: str
    sold: tuple[Sold, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A graded question."""

    words: str
    best: frozenset[str]
    good: frozenset[str]
    near: frozenset[str]
    kinds: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()
    part: str = "tuning"
    """Tuned on (« tuning »), seen while tuning (« seen »), or neither (« blind »)."""

    def grade(self, one: Truth) -> int:
        """Return what a structure is worth for this question, from 0 to 3: its best offer's worth."""
        if self.kinds and one.kind not in self.kinds:
            return 0
        here = [sold for sold in one.sold if not self.places or self.places & sold.where]
        return max((self._worth(sold) for sold in here), default=0)

    def _worth(self, sold: Sold) -> int:
        for grade, held in ((3, self.best), (2, self.good), (1, self.near)):
            if held & {sold.facet, sold.activity}:
                return grade
        return 0


def questions() -> list[Asked]:
    """Return the questions: those tuned on and those seen in turn, then the blind ones."""
    first, blind = (tomllib.loads(file.read_text(encoding="utf-8"))["query"] for file in (QUERIES, BLIND))
    parts = [("tuning", "seen")[rank % 2] for rank in range(len(first))] + ["blind"] * len(blind)
    return [
        Asked(
            words=row["words"],
            **{name: frozenset(row.get(name, ())) for name in ("best", "good", "near", "kinds", "places")},
            part=part,
        )
        for row, part in zip((*first, *blind), parts, strict=True)
    ]


def furnish(session: AnySession, count: int = STRUCTURES) -> list[Truth]:
    """Add the invented structures and return what each truly sells."""
    chance = random.Random(SEED)
    phrases = tomllib.loads(PHRASES.read_text(encoding="utf-8"))
    known = {one.code: one for one in session.scalars(select(Activity))}
    areas = {one.code: one for one in session.scalars(select(Area).where(Area.level == "departement"))}
    pages = [_page(chance, phrases, known, areas, number) for number in range(count)]
    session.add_all([structure for structure, _sold in pages])
    session.commit()
    return [Truth(structure.id, structure.kind, tuple(sold)) for structure, sold in pages]


def _page(
    chance: random.Random,
    phrases: Mapping[str, Mapping[str, Sequence[str]]],
    known: Mapping[str, Activity],
    areas: Mapping[str, Area],
    number: int,
) -> tuple[Structure, list[Sold]]:
    codes = sorted(phrases)
    main = codes[number % len(codes)] if number < len(codes) else chance.choice(codes)
    chosen = [main]
    if chance.random() < 0.45:
        chosen.append(chance.choice([one for one in codes if one.split(".")[0] == main.split(".")[0]]))
    if chance.random() < 0.25:
        chosen.append(chance.choice(codes))
    home = chance.choice(sorted(TOWNS))
    structure = Structure(
        name=chance.choice(NAMES).format(chance.choice(PLACES)) + f" {number} (fictif)", kind=chance.choice(KINDS),
        commune_code=chance.choice(TOWNS[home]), description=_description(chance), workforce=chance.randint(3, 120),
        is_invented=True, listed_at=NOW, confirmed_at=NOW,
    )  # fmt: skip
    sold = []
    for position, code in enumerate(dict.fromkeys(chosen)):
        facet = chance.choice(sorted(phrases[code]))
        title, told = chance.choice(phrases[code][facet]).split(" | ")
        where = _where(chance, home, areas)
        structure.offers.append(
            Offer(
                activity=known.get(_coded(chance, code, codes)), position=position, title=title,
                description=f"{told} {chance.choice(ASIDES)}" if chance.random() < 0.4 else told,
                reach="france" if where is None else "places", areas=where or [],
            )
        )  # fmt: skip
        sold.append(Sold(f"{code}/{facet}", frozenset(areas) if where is None else frozenset(a.code for a in where)))
    return structure, sold


def _description(chance: random.Random) -> str:
    told = [chance.choice(LONG), *chance.sample(ASIDES, chance.choice((0, 1, 1, 2)))]
    return " ".join(one for one in told if one)


def _coded(chance: random.Random, code: str, codes: Sequence[str]) -> str:
    """Return the code that an offer bears: its own mostly, none, or a neighbour's by mistake."""
    drawn = chance.random()
    if drawn < 0.8:
        return code
    return (
        ""
        if drawn < 0.95
        else chance.choice([one for one in codes if one.split(".")[0] == code.split(".", maxsplit=1)[0]])
    )


def _where(chance: random.Random, home: str, areas: Mapping[str, Area]) -> list[Area] | None:
    """Return the départements where an offer goes, or nothing for the whole country."""
    drawn = chance.random()
    if drawn < 0.15:
        return None
    if drawn < 0.35:
        return list(areas.values())
    others = chance.sample(sorted(set(areas) - {home}), chance.choice((0, 1, 2)))
    return [areas[one] for one in (home, *others)]


# What is compared


Ranking = list[tuple[int, float]]
"""Structures with a score, best first; those of one score are equal."""


class WordsOnly:
    """The database's own full text over all that a page says: its words as they stand, any of them."""

    def __init__(self, session: AnySession) -> None:
        self._session = session
        self._lite = session.get_bind().dialect.name == "sqlite"
        pages = [(one.id, _page_text(one)) for one in session.scalars(select(Structure))]
        if self._lite:
            session.execute(text("CREATE VIRTUAL TABLE bench_pages USING fts5(page, tokenize='unicode61')"))
            insert = "INSERT INTO bench_pages (rowid, page) VALUES (:number, :page)"
        else:
            session.execute(text("CREATE TABLE bench_pages (number integer PRIMARY KEY, page text, words tsvector)"))
            insert = "INSERT INTO bench_pages VALUES (:number, :page, to_tsvector('french', :page))"
        session.execute(text(insert), [{"number": number, "page": page} for number, page in pages])
        session.commit()

    def __call__(self, asked: Asked) -> Ranking:
        """Return the structures that hold a word of the question."""
        words = re.findall(r"\w+", asked.words)
        if self._lite:
            query = " OR ".join(f'"{one}"' for one in words)
            found = "SELECT rowid, -bm25(bench_pages) FROM bench_pages WHERE bench_pages MATCH :query ORDER BY 2 DESC"
            return [(number, score) for number, score in self._session.execute(text(found), {"query": query})]
        found = (
            "SELECT number, ts_rank(words, asked) FROM bench_pages, "
            "to_tsquery('french', :query) AS asked WHERE words @@ asked ORDER BY 2 DESC"
        )
        query = " | ".join(words)
        return [(number, score) for number, score in self._session.execute(text(found), {"query": query})]


def _page_text(one: Structure) -> str:
    offers = [
        f"{offer.title} {offer.description} {offer.activity.name if offer.activity else ''}" for offer in one.offers
    ]
    return " ".join([one.name, one.description, *offers])


class SectorOnly:
    """The filter by activity, set as someone would who knows the vocabulary by heart: all that it finds is equal."""

    def __init__(self, session: AnySession) -> None:
        self._held: dict[int, set[str]] = {}
        asked = select(Offer.structure_id, Activity.code).join(Activity, Activity.id == Offer.activity_id)
        for number, code in session.execute(asked):
            self._held.setdefault(number, set()).add(code)

    def __call__(self, asked: Asked) -> Ranking:
        """Return the structures that have an offer of the question's activities."""
        codes = {one.split("/")[0] for one in asked.best}
        return [(number, 1.0) for number, held in self._held.items() if held & codes]


class Ours:
    """The search of the directory, its words only: no filter is set."""

    def __init__(self, session: AnySession) -> None:
        self._session = session

    def __call__(self, asked: Asked) -> Ranking:
        """Return the structures in the order that ``/annuaire`` shows them."""
        ids = finding.matching_ids(self._session, Query(words=asked.words), today=TODAY)
        return [(number, float(-rank)) for rank, number in enumerate(ids)]


WAYS: Final[Mapping[str, Callable[[AnySession], Callable[[Asked], Ranking]]]] = {
    "words only": WordsOnly,
    "sector only": SectorOnly,
    "ours": Ours,
}


@dataclass(frozen=True, slots=True)
class Figures:
    """Means over questions, each from 0 to 1."""

    ndcg10: float
    recall10: float
    recall20: float


def measure(way: Callable[[Asked], Ranking], asked: Sequence[Asked], truths: Sequence[Truth]) -> list[Figures]:
    """Return the figures of each question."""
    return [_figures(way(one), {truth.number: one.grade(truth) for truth in truths}) for one in asked]


def _figures(found: Ranking, grades: Mapping[int, int]) -> Figures:
    wanted = {number for number, grade in grades.items() if grade >= 2}
    return Figures(_ndcg(found, grades, 10), _recall(found, wanted, 10), _recall(found, wanted, 20))


def _tied(found: Ranking) -> list[list[int]]:
    groups: list[list[int]] = []
    last: float | None = None
    for number, score in found:
        if last is None or not math.isclose(score, last, rel_tol=1e-9):
            groups.append([])
        groups[-1].append(number)
        last = score
    return groups


def _ndcg(found: Ranking, grades: Mapping[int, int], depth: int) -> float:
    gained, place = 0.0, 0
    for group in _tied(found):
        mean_gain = sum(2 ** grades.get(one, 0) - 1 for one in group) / len(group)
        gained += sum(mean_gain / math.log2(at + 2) for at in range(place, min(depth, place + len(group))))
        place += len(group)
    best = sorted((2**grade - 1 for grade in grades.values()), reverse=True)[:depth]
    whole = sum(gain / math.log2(at + 2) for at, gain in enumerate(best))
    return gained / whole if whole else 1.0


def _recall(found: Ranking, wanted: Collection[int], depth: int) -> float:
    got, place = 0.0, 0
    for group in _tied(found):
        share = max(0, min(depth, place + len(group)) - place) / len(group)
        got += share * len([one for one in group if one in wanted])
        place += len(group)
    return got / min(depth, len(wanted)) if wanted else 1.0


def mean(figures: Sequence[Figures]) -> Figures:
    """Return the mean of figures."""
    total = len(figures) or 1
    return Figures(*(sum(getattr(one, name) for one in figures) / total for name in ("ndcg10", "recall10", "recall20")))


def tell(session: AnySession, *, details: bool) -> None:
    """Print the figures of each way to ask, on each part of the questions."""
    truths, asked = furnish(session), questions()
    halves = {part: [one for one in asked if one.part == part] for part in ("tuning", "seen", "blind")}
    print(f"{len(truths)} structures, {len(asked)} questions")
    print(f"{'':12} {'part':9} {'nDCG@10':>8} {'recall@10':>10} {'recall@20':>10}")
    for name, way in WAYS.items():
        ask = way(session)
        for half, some in halves.items():
            figures = measure(ask, some, truths)
            told = mean(figures)
            print(f"{name:12} {half:9} {told.ndcg10:8.3f} {told.recall10:10.3f} {told.recall20:10.3f}")
            if details and name == "ours":
                for one, found in sorted(zip(some, figures, strict=True), key=lambda pair: pair[1].ndcg10):
                    print(f"    {found.ndcg10:.3f} {found.recall20:.3f}  {folded(one.words)}")


def _fresh(server: str) -> str:
    """Create an empty database on a PostgreSQL server and return its address."""
    target = make_url(server).set(database="openmap_bench_retrieval")
    admin = create_engine(make_url(server), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{target.database}" WITH (FORCE)'))
        connection.execute(text(f'CREATE DATABASE "{target.database}"'))
    admin.dispose()
    return target.render_as_string(hide_password=False)


def run(server: str, *, details: bool) -> None:
    """Run on a database of its own: SQLite, or one made on a PostgreSQL server."""
    with tempfile.TemporaryDirectory() as folder:
        url = _fresh(server) if server else f"sqlite:///{folder}/openmap.db"
        app = create_app(Config(Path(folder), url, None, SECRET, production=False, testing=True))
        with app.app_context():
            upgrade()
            load_packaged()
            print(f"\n{db.engine.dialect.name}")
            tell(db.session, details=details)
            db.session.remove()
            db.engine.dispose()


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures: SQLite, and PostgreSQL where a server is named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--postgres", default="", help="postgresql+psycopg://… of a server where we may create one")
    parser.add_argument("--details", action="store_true", help="every question's figures, the worst first")
    asked: Any = parser.parse_args(arguments)
    print(environment())
    for server in ["", *([asked.postgres] if asked.postgres else [])]:
        run(server, details=asked.details)


if __name__ == "__main__":
    main()
