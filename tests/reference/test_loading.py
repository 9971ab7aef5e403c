"""The reference data: what is packaged is whole, loading it twice changes nothing, and its script makes it again."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from openmap.cli import main
from openmap.extensions import db
from openmap.reference import queries
from openmap.reference.loading import ILE_DE_FRANCE, TAXONOMY, UnreadableFile, load_taxonomy, load_territories
from openmap.reference.models import Activity, Area, AreaCommune, Commune, Label, StructureKind, Trade
from openmap.reference.words import folded
from tests.house.counting import statements
from tools import territories

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
POPULATION = 12_463_067
"""Of the region, as the package's communes add up to."""


@pytest.fixture
def region(app: Flask) -> Flask:
    """Return the application with Île-de-France loaded."""
    load_territories(db.session, ILE_DE_FRANCE, now=NOW)
    db.session.commit()
    return app


@pytest.mark.usefixtures("region")
def test_region_has_its_communes_and_levels() -> None:
    current = select(func.count(Commune.code), func.sum(Commune.population)).where(Commune.current_code.is_(None))
    assert tuple(db.session.execute(current).one()) == (1_266, POPULATION)
    levels = Counter(extent.area.level for extent in queries.areas(db.session))
    assert levels == {"region": 1, "departement": 8, "ept": 12, "epci": 52}
    by_departement = {e.area.code: e.communes for e in queries.areas(db.session, "departement")}
    assert by_departement == {"75": 1, "77": 507, "78": 259, "91": 194, "92": 36, "93": 39, "94": 47, "95": 183}


@pytest.mark.usefixtures("region")
def test_63_territories_partition_the_region() -> None:
    cells = [extent for extent in queries.areas(db.session) if extent.area.is_cell]
    assert len(cells) == 63
    assert sum(cell.communes for cell in cells) == 1_266
    assert sum(cell.population for cell in cells) == POPULATION
    held = db.session.scalars(select(AreaCommune.commune_code).join(Area).where(Area.is_cell)).all()
    assert len(held) == len(set(held)) == 1_266
    for level in ("region", "departement", "epci"):
        assert sum(one.population for one in queries.areas(db.session, level)) == POPULATION, level


@pytest.mark.usefixtures("region")
def test_some_territories_span_two_departements_or_leave_the_region() -> None:
    grand_orly = queries.area_by_code(db.session, "ept", "T12")
    assert grand_orly is not None
    assert {one.area.code for one in queries.sharing(db.session, grand_orly) if one.area.level == "departement"} == {
        "91",
        "94",
    }
    leaving = db.session.scalars(select(Area).where(Area.communes_outside > 0)).all()
    assert [(area.name, area.communes_outside) for area in leaving] == [("CC du Pays Houdanais (CCPH)", 4)]


@pytest.mark.usefixtures("region")
@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("saint denis", "Saint-Denis"),
        ("St-Denis", "Saint-Denis"),
        ("VITRY SUR", "Vitry-sur-Seine"),
        ("ile saint", "L'Île-Saint-Denis"),
        ("94400", "Vitry-sur-Seine"),
        ("93059", "Saint-Denis"),  # Pierrefitte, merged in 2025
        ("75113", "Paris"),
        ("oe", None),
    ],
)
def test_communes_are_found_as_people_type_them(words: str, first: str | None) -> None:
    found = queries.find_communes(db.session, words)
    if first is not None:
        assert found[0].name == first
    assert all(commune.current_code is None for commune in found)


@pytest.mark.usefixtures("region")
def test_a_postal_code_may_cover_several_communes() -> None:
    counts = Counter(code for codes in db.session.scalars(select(Commune.postal_codes)) for code in codes)
    assert sum(count > 1 for count in counts.values()) == 204
    shared, count = counts.most_common(1)[0]
    found = queries.find_communes(db.session, shared)
    assert sum(shared in commune.postal_codes for commune in found) == count


@pytest.mark.usefixtures("region")
def test_neighbours_grow_with_the_distance() -> None:
    vitry = queries.commune_by_code(db.session, "94081")
    assert vitry is not None
    assert vitry.lon is not None
    assert vitry.lat is not None
    near = {km: set(queries.communes_near(db.session, vitry.lon, vitry.lat, km)) for km in (0.001, 3, 10, 30)}
    assert near[0.001] == {"94081"}
    assert near[3] < near[10] < near[30]
    measured = queries.communes_near(db.session, vitry.lon, vitry.lat, 10)
    assert all(distance <= 10 for distance in measured.values())


def test_search_sends_as_many_queries_for_one_commune_as_for_thirty(region: Flask) -> None:
    counts = []
    for words in ("vitry sur seine", "saint"):
        with statements() as sent:
            page = region.test_client().get(f"/territoires?q={words}").text
        counts.append(len(sent))
    assert "30\u00a0communes" in page
    assert counts[0] == counts[1]


def test_a_degree_of_latitude_is_111_km() -> None:
    assert queries.distance_km(2.0, 48.0, 2.0, 49.0) == pytest.approx(111.195, abs=0.01)


@pytest.mark.usefixtures("app")
def test_loading_twice_changes_nothing() -> None:
    load_territories(db.session, ILE_DE_FRANCE, now=NOW)
    load_taxonomy(db.session, TAXONOMY, now=NOW)
    again = [load_territories(db.session, ILE_DE_FRANCE, now=NOW), load_taxonomy(db.session, TAXONOMY, now=NOW)]
    assert [(report.added, report.changed) for report in again] == [(0, 0), (0, 0)]
    assert len(queries.loads(db.session, "territories")) == 1


@pytest.mark.usefixtures("region")
def test_a_merged_commune_leads_to_the_new_one(tmp_path: Path) -> None:
    content = json.loads(ILE_DE_FRANCE.read_text(encoding="utf-8"))
    gone = next(one for one in content["communes"] if one["code"] == "77001")
    heir = next(one for one in content["communes"] if one["code"] == "77003")
    content["communes"].remove(gone)
    heir["former"]["77001"] = gone["name"]
    file = tmp_path / "2027.json"
    file.write_text(json.dumps(content | {"vintage": 2027}), encoding="utf-8")
    load_territories(db.session, file, now=NOW)
    merged = queries.commune_by_code(db.session, "77001")
    assert merged is not None
    assert merged.code == "77003"
    assert "77001" not in queries.codes_of(db.session, db.session.scalars(select(Area.id)).all())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda content: content["communes"][3]["areas"].append(["epci", "999999999"]),
            "territoire inconnu epci 999999999",
        ),
        (lambda content: content["communes"].append(content["communes"][0]), "75056 donné deux fois"),
        (lambda content: content["communes"][0].pop("former"), "'former'"),
        (lambda content: content.update(format="autre"), "format attendu"),
    ],
)
@pytest.mark.usefixtures("app")
def test_half_a_region_is_refused_whole(tmp_path: Path, change: object, told: str) -> None:
    content = json.loads(ILE_DE_FRANCE.read_text(encoding="utf-8"))
    change(content)  # type: ignore[operator]
    file = tmp_path / "faux.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(UnreadableFile, match=re.escape(told)):
        load_territories(db.session, file, now=NOW)
    assert db.session.scalar(select(func.count()).select_from(Commune)) == 0


def test_commands_load_and_refuse_in_french(app: Flask, tmp_path: Path) -> None:
    runner = app.test_cli_runner()
    assert "1835 ajout(s)" in runner.invoke(main, ["territories", "load"]).output
    assert "ajout(s)" in runner.invoke(main, ["taxonomy", "load"]).output
    broken = tmp_path / "faux.json"
    broken.write_text("{\n  oups", encoding="utf-8")
    for verb, file in (("territories", broken), ("taxonomy", broken), ("territories", tmp_path / "absent.json")):
        refused = runner.invoke(main, [verb, "load", str(file)])
        assert refused.exit_code == 2
        assert file.name in refused.output
    assert "ligne 2, colonne 3" in runner.invoke(main, ["territories", "load", str(broken)]).output


@pytest.mark.usefixtures("app")
def test_taxonomy_is_whole() -> None:
    load_taxonomy(db.session, TAXONOMY, now=NOW)
    activities = db.session.scalars(select(Activity)).all()
    assert db.session.scalar(select(func.count(Trade.id))) == 15
    assert len(activities) >= 80
    for activity in activities:
        assert activity.definition, activity.code
        assert len(activity.synonyms) >= 4, activity.code
        assert activity.cpv, activity.code
        assert all(re.fullmatch(r"\d{8}", code) for code in activity.cpv), activity.code
        assert not re.search(r"\bautres?\b|divers", activity.name.lower()), activity.code
    kinds = set(db.session.scalars(select(StructureKind.code)))
    assert {
        "ei",
        "ai",
        "aci",
        "etti",
        "eiti",
        "geiq",
        "ea",
        "eatt",
        "esat",
        "association",
        "cooperative",
        "ess",
    } <= kinds
    assert set(db.session.scalars(select(Label.family))) == {"label", "network"}


SECTORS = Path(__file__).with_name("lemarche_sectors.txt")
"""The names of Le marché's 154 sectors, « groupe > secteur », as its public directory shows them."""


@pytest.mark.usefixtures("app")
def test_every_sector_of_le_marche_is_mapped_but_the_others() -> None:
    load_taxonomy(db.session, TAXONOMY, now=NOW)
    known = set(SECTORS.read_text(encoding="utf-8").splitlines())
    assert len(known) == 154
    mapped = {name for names in db.session.scalars(select(Activity.lemarche)) for name in names}
    assert mapped <= known
    assert all(name.partition(" > ")[2].startswith("Autre") for name in known - mapped)


def test_names_are_folded_as_they_are_typed() -> None:
    assert folded("  L’Haÿ-les-Roses ") == "l hay les roses"
    assert folded("Saint-Ouen-sur-Seine") == folded("st ouen SUR seine") == "saint ouen sur seine"
    assert folded("Cœuvres") == "coeuvres"


def test_script_makes_the_packaged_file_again(tmp_path: Path) -> None:
    """The same bytes, from the registry; skipped where there is no npm or no way to it."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not here")
    try:
        data = territories.fetch(tmp_path)
    except subprocess.CalledProcessError:
        pytest.skip("the npm registry does not answer")
    text = territories.as_text(territories.document(data, territories.ILE_DE_FRANCE))
    assert text == ILE_DE_FRANCE.read_text(encoding="utf-8")
