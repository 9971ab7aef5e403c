"""From files to rows: territories (JSON) and taxonomy (TOML). Loading a file again changes nothing."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import delete, insert, select

from openmap.extensions import AnySession
from openmap.reference.models import (
    FAMILIES,
    LABEL_FAMILIES,
    LEVELS,
    Activity,
    Area,
    AreaCommune,
    Commune,
    Label,
    Load,
    StructureKind,
    Term,
    Trade,
)
from openmap.reference.words import folded

PACKAGED: Final = Path(__file__).parent / "data"
ILE_DE_FRANCE: Final = PACKAGED / "ile-de-france.json"
TAXONOMY: Final = PACKAGED / "taxonomy.toml"
TERRITORIES_FORMAT: Final = "openmap-territories/1"

Row = dict[str, Any]


class UnreadableFile(Exception):
    """The file is not what it should be; the sentence says where and what to do."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a load did. ``kept`` are the codes that an administrator changed and the file therefore did not."""

    version: str
    added: int
    changed: int
    kept: tuple[str, ...] = ()


def load_territories(session: AnySession, file: Path, *, now: datetime) -> Report:
    """Load a region's communes and areas, over those already there; other regions stay.

    A commune that the file no longer has, but knows as a former code, leads to its commune of today from then on.

    Raises UnreadableFile.
    """
    text = _text_of(file)
    try:
        content = json.loads(text)
    except json.JSONDecodeError as fault:
        raise UnreadableFile(
            f"{file.name}, ligne {fault.lineno}, colonne {fault.colno} : ce n’est pas du JSON."
        ) from None
    _require_territories(file, content)
    rows = {code: row for one in content["communes"] for code, row in _commune_rows(one).items()}
    added, changed = _upsert_communes(session, rows)
    areas = _upsert_areas(session, content["areas"])
    _replace_memberships(session, areas, content["communes"], codes=set(rows))
    _mark_cells(session)
    _note(session, "territories", str(content["vintage"]), text, content["sources"], now)
    return Report(str(content["vintage"]), added, changed)


def _require_territories(file: Path, content: Any) -> None:
    """Refuse a file that would leave half a region, before anything is written."""
    if not isinstance(content, dict) or content.get("format") != TERRITORIES_FORMAT:
        raise UnreadableFile(f"{file.name} : le format attendu est « {TERRITORIES_FORMAT} ».")
    try:
        known = {(area["level"], area["code"]) for area in content["areas"]}
        used = {(level, code) for one in content["communes"] for level, code in one["areas"]}
        codes = [one["code"] for one in content["communes"]]
        former = [code for one in content["communes"] for code in one["former"]]
    except (KeyError, TypeError, ValueError) as fault:
        raise UnreadableFile(f"{file.name} : il manque {fault} à une commune ou à un territoire.") from None
    faults = [f"territoire inconnu {level} {code}" for level, code in sorted(used - known)]
    faults += [f"niveau inconnu « {level} »" for level in sorted({level for level, _code in known} - set(LEVELS))]
    faults += [f"code INSEE {code} donné deux fois" for code in sorted({c for c in codes if codes.count(c) > 1})]
    faults += [f"code INSEE « {code} » de longueur autre que 5" for code in codes if len(code) != 5]
    faults += [f"{code} est à la fois une commune et un ancien code" for code in sorted(set(codes) & set(former))]
    if faults:
        raise UnreadableFile(f"{file.name} : {' ; '.join(faults[:5])}. Rien n’a été chargé.")


def _commune_rows(one: Row) -> dict[str, Row]:
    """Return a commune and its former codes as rows, by code."""
    lon, lat = one["point"] or (None, None)
    own = {
        "code": one["code"],
        "name": one["name"],
        "folded": folded(one["name"]),
        "current_code": None,
        "population": one["population"],
        "lon": lon,
        "lat": lat,
        "postal_codes": one["postal_codes"],
    }
    rows = {one["code"]: own}
    for code, name in one["former"].items():
        rows[code] = {
            "code": code,
            "name": name or one["name"],
            "folded": folded(name or one["name"]),
            "current_code": one["code"],
            "population": None,
            "lon": None,
            "lat": None,
            "postal_codes": [],
        }
    return rows


def _upsert_communes(session: AnySession, rows: dict[str, Row]) -> tuple[int, int]:
    known = {commune.code: commune for commune in session.scalars(select(Commune).where(Commune.code.in_(rows)))}
    new = [row for code, row in rows.items() if code not in known]
    for standing in (True, False):  # a former code refers to a commune that must be there first
        batch = [row for row in new if (row["current_code"] is None) == standing]
        if batch:
            session.execute(insert(Commune), batch)
    changed = 0
    for code, commune in known.items():
        different = {name: value for name, value in rows[code].items() if getattr(commune, name) != value}
        for name, value in different.items():
            setattr(commune, name, value)
        changed += bool(different)
    session.flush()
    return len(new), changed


def _upsert_areas(session: AnySession, rows: list[Row]) -> dict[tuple[str, str], Area]:
    known = {(area.level, area.code): area for area in session.scalars(select(Area))}
    for row in rows:
        area = known.setdefault((row["level"], row["code"]), Area(level=row["level"], code=row["code"]))
        area.name, area.siren = row["name"], row["siren"]
        area.communes_outside = row["communes_outside"]
        session.add(area)
    session.flush()
    return known


def _replace_memberships(
    session: AnySession, areas: dict[tuple[str, str], Area], communes: list[Row], *, codes: set[str]
) -> None:
    session.execute(delete(AreaCommune).where(AreaCommune.commune_code.in_(codes)))
    pairs = [
        {"area_id": areas[level, code].id, "commune_code": one["code"]}
        for one in communes
        for level, code in one["areas"]
    ]
    if pairs:
        session.execute(insert(AreaCommune), pairs)


def _mark_cells(session: AnySession) -> None:
    """Find the territories that partition the regions: EPT where there are some, EPCI elsewhere."""
    session.expire_all()
    inside = select(AreaCommune.commune_code).join(Area).where(Area.level == "ept")
    covered = set(session.scalars(select(AreaCommune.area_id).where(AreaCommune.commune_code.in_(inside))))
    filled = set(session.scalars(select(AreaCommune.area_id).distinct()))
    for area in session.scalars(select(Area)):
        area.is_cell = area.id in filled and (area.level == "ept" or (area.level == "epci" and area.id not in covered))
    session.flush()


def load_taxonomy(session: AnySession, file: Path, *, now: datetime) -> Report:
    """Load trades, activities, kinds and labels. What an administrator changed stays as it is, and is reported.

    A code that an earlier file had and this one has not is retired, never deleted.

    Raises UnreadableFile.
    """
    text = _text_of(file)
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise UnreadableFile(f"{file.name} : ce n’est pas du TOML ({fault}).") from None
    _require_taxonomy(file, content)
    added, changed = 0, 0
    kept: list[str] = []
    trades = {one["code"]: one for one in content["trade"]}
    parts: list[tuple[type[Term], list[Row]]] = [
        (Trade, [{**_without(one, "activity")} for one in trades.values()]),
        (Activity, [{**act, "trade": one["code"]} for one in trades.values() for act in one["activity"]]),
        (StructureKind, content["kind"]),
        (Label, content["label"]),
    ]
    for model, rows in parts:
        counts = _upsert_terms(session, model, rows, now=now)
        added, changed = added + counts.added, changed + counts.changed
        kept += counts.kept
    _note(session, "taxonomy", content["version"], text, [file.name], now)
    return Report(content["version"], added, changed, tuple(kept))


def _require_taxonomy(file: Path, content: Row) -> None:
    faults = [f"« {part} » manque" for part in ("version", "trade", "kind", "label") if part not in content]
    rows = [("filière", one) for one in content.get("trade", [])]
    rows += [("activité", act) for one in content.get("trade", []) for act in one.get("activity", [])]
    rows += [("type", one) for one in content.get("kind", [])] + [("label", one) for one in content.get("label", [])]
    seen: set[tuple[str, str]] = set()
    for word, row in rows:
        code = row.get("code", "")
        if not code or not row.get("name"):
            faults.append(f"{word} sans code ou sans nom : {row}")
        elif (word, code) in seen:
            faults.append(f"{word} {code} donné(e) deux fois")
        families = {"type": FAMILIES, "label": LABEL_FAMILIES}.get(word)
        if families and row.get("family") not in families:
            faults.append(f"{word} {code} : « family » vaut {row.get('family')!r}, attendu {', '.join(families)}")
        seen.add((word, code))
    if faults:
        raise UnreadableFile(f"{file.name} : {' ; '.join(faults[:5])}. Rien n’a été chargé.")


def _upsert_terms(session: AnySession, model: type[Term], rows: list[Row], *, now: datetime) -> Report:
    known = {term.code: term for term in session.scalars(select(model))}
    trades = {trade.code: trade.id for trade in session.scalars(select(Trade))}
    added, changed = 0, 0
    kept: list[str] = []
    for rank, row in enumerate(rows):
        values = {**row, "rank": rank}
        if "trade" in values:
            values["trade_id"] = trades[values.pop("trade")]
        term = known.pop(row["code"], None)
        if term is None:
            session.add(model(**values))
            added += 1
        elif term.edited_at is not None:
            kept.append(term.code)
        elif any(getattr(term, name) != value for name, value in values.items()) or term.retired_at:
            for name, value in {**values, "retired_at": None}.items():
                setattr(term, name, value)
            term.version += 1
            changed += 1
    for term in known.values():
        if term.edited_at is None and term.retired_at is None:
            term.retired_at, changed = now, changed + 1
    session.flush()
    return Report("", added, changed, tuple(kept))


def _without(row: Row, key: str) -> Row:
    return {name: value for name, value in row.items() if name != key}


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as fault:
        raise UnreadableFile(f"{file} : impossible à lire ({fault.strerror}).") from None
    except UnicodeDecodeError:
        raise UnreadableFile(f"{file.name} : ce n’est pas du texte en UTF-8.") from None


def _note(session: AnySession, kind: str, version: str, text: str, sources: list[str], now: datetime) -> None:
    """Remember what was loaded, unless it is what was loaded last."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    last = session.scalars(select(Load).where(Load.kind == kind).order_by(Load.id.desc())).first()
    if last is None or last.digest != digest:
        session.add(Load(kind=kind, version=version, digest=digest, sources=sources, loaded_at=now))
        session.flush()
