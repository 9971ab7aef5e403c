"""Make the packaged file of a region's territories from a registry package and facts.

    python -m tools.territories                                writes the packaged file again
    python -m tools.territories --region 84 --output 84.json   any other region, without inside points

The same package gives the same bytes. What the package does not say lies beside this script: the numbers T1 … T12 of
the Métropole's territories (decrees of 11 December 2015; T1 is the City of Paris) and ``facts/points-*.csv``, a point
inside each commune in degrees (WGS 84), computed from IGN Admin Express COG 2018 contours.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any, Final

PACKAGE: Final = "@etalab/decoupage-administratif"
VERSION: Final = "6.0.0"
VINTAGE: Final = 2026
FACTS: Final = Path(__file__).parent / "facts"
ILE_DE_FRANCE: Final = "11"
OUTPUT: Final = Path(__file__).parents[1] / "openmap" / "reference" / "data" / "ile-de-france.json"

PARIS: Final = "75056"
TERRITORY_NUMBERS: Final = {
    "Vallée Sud-Grand Paris": 2,
    "Grand Paris Seine Ouest": 3,
    "Paris Ouest La Défense": 4,
    "Boucle Nord de Seine": 5,
    "Plaine Commune": 6,
    "Paris Terres d'Envol": 7,
    "Est Ensemble": 8,
    "Grand Paris Grand Est": 9,
    "Paris Est Marne et Bois": 10,
    "Grand Paris Sud Est Avenir": 11,
    "Grand-Orly Seine Bièvre": 12,
}

SOURCES: Final = [
    f"{PACKAGE} {VERSION} : codes, noms, rattachements, populations, codes postaux"
    " (INSEE, DGCL, La Poste ; Licence Ouverte)",
    "Numéros T1 à T12 des établissements publics territoriaux : décrets du 11 décembre 2015",
    "Points intérieurs des communes : calculés sur les contours IGN Admin Express COG 2018 (Licence Ouverte)",
]

Row = dict[str, Any]


def fetch(folder: Path) -> Path:
    """Bring the package from the npm registry into ``folder`` and return its data folder."""
    command = ["npm", "pack", "--silent", f"{PACKAGE}@{VERSION}"]
    packed = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)  # noqa: S603 - constant
    with tarfile.open(folder / packed.stdout.split()[-1]) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package" / "data"


def document(data: Path, region: str) -> Row:
    """Return the file's content for a region, from the package's ``data`` folder."""
    rows = {name: _rows(data, name) for name in ("communes", "departements", "epci", "ept", "regions")}
    here = [row for row in rows["communes"] if row.get("region") == region]
    current = {row["code"]: row for row in here if row["type"] == "commune-actuelle"}
    areas = [_area("region", row["code"], row["nom"]) for row in rows["regions"] if row["code"] == region]
    areas += [_area("departement", row["code"], row["nom"]) for row in rows["departements"] if row["region"] == region]
    of_commune: dict[str, list[list[str]]] = {
        code: [["region", region], ["departement", row["departement"]]] for code, row in current.items()
    }
    for level, code, row in _groupings(rows, region):
        members = [member["code"] for member in row["membres"]]
        inside = [member for member in members if member in current]
        if inside:
            areas.append(_area(level, code, row["nom"], siren=row.get("code"), outside=len(members) - len(inside)))
            for member in inside:
                of_commune[member].append([level, code])
    points = _points(FACTS / "points-ile-de-france.csv") if region == ILE_DE_FRANCE else {}
    former = _former_codes(here)
    return {
        "format": "openmap-territories/1",
        "vintage": VINTAGE,
        "sources": SOURCES if points else SOURCES[:1],
        "areas": sorted(areas, key=lambda area: (area["level"], _by_number(area["code"]))),
        "communes": [
            {
                "code": code,
                "name": row["nom"],
                "areas": of_commune[code],
                "population": row.get("population"),
                "point": points.get(code),
                "postal_codes": sorted(row.get("codesPostaux", [])),
                "former": former.get(code, {}),
            }
            for code, row in sorted(current.items())
        ],
    }


def _groupings(rows: dict[str, list[Row]], region: str) -> list[tuple[str, str, Row]]:
    """Return level, code and members of the EPCI and, in Île-de-France, of the Métropole's territories."""
    found = [("epci", row["code"], row) for row in rows["epci"]]
    if region == ILE_DE_FRANCE:
        found.append(("ept", "T1", {"nom": "Ville de Paris", "membres": [{"code": PARIS}]}))
        found += [("ept", f"T{TERRITORY_NUMBERS[row['nom']]}", row) for row in rows["ept"]]
    return found


def _area(level: str, code: str, name: str, *, siren: str | None = None, outside: int = 0) -> Row:
    return {"level": level, "code": code, "name": name, "siren": siren, "communes_outside": outside}


def _by_number(code: str) -> tuple[int, str]:
    return len(code), code


def _former_codes(rows: list[Row]) -> dict[str, dict[str, str]]:
    """Return, by commune, the codes that mean it and are not its own: merged communes, Paris arrondissements."""
    former: dict[str, dict[str, str]] = {}
    for row in rows:
        owner = row["code"] if row["type"] == "commune-actuelle" else row.get("chefLieu") or row.get("commune")
        codes = row.get("anciensCodes", []) if row["type"] == "commune-actuelle" else [row["code"]]
        for code in codes:
            if owner is not None and code != owner:
                name = row["nom"] if row["type"] != "commune-actuelle" else ""
                former.setdefault(owner, {}).setdefault(code, "")
                former[owner][code] = former[owner][code] or name
    return {owner: dict(sorted(codes.items())) for owner, codes in former.items()}


def _rows(data: Path, name: str) -> list[Row]:
    rows: list[Row] = json.loads((data / f"{name}.json").read_text(encoding="utf-8"))
    return rows


def _points(file: Path) -> dict[str, list[float]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return {row["code"]: [float(row["lon"]), float(row["lat"])] for row in csv.DictReader(lines)}


def as_text(content: Row) -> str:
    """Return the file: one commune and one area a line, so that a change of one reads as one."""
    parts = []
    for key, value in content.items():
        if isinstance(value, list):
            lines = ",\n".join("  " + json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in value)
            parts.append(f'"{key}": [\n{lines}\n]')
        else:
            parts.append(f'"{key}": {json.dumps(value, ensure_ascii=False)}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main() -> None:
    """Write the file and say what it holds."""
    parser = argparse.ArgumentParser(description="Make the packaged file of a region's territories.")
    parser.add_argument("--region", default=ILE_DE_FRANCE, help="INSEE code of the region")
    parser.add_argument("--package", type=Path, help="data folder of the package, instead of fetching it")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        content = document(arguments.package or fetch(Path(folder)), arguments.region)
    text = as_text(content)
    arguments.output.write_text(text, encoding="utf-8")
    digest = hashlib.sha256(text.encode()).hexdigest()
    print(f"{arguments.output}: {len(content['communes'])} communes, {len(content['areas'])} areas, sha256 {digest}")


if __name__ == "__main__":
    main()
