"""The meaning of a workbook: plain values, checked against each other, before any database is touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from email_validator import EmailNotValidError, validate_email
from stdnum.fr import siret as siret_number

from openmap.web.workbook.parsing import Cells, Codes, rows_of
from openmap.web.workbook.reading import Fault, Raw


@dataclass(frozen=True, slots=True)
class Moment:
    """A slot or a moment of the programme, in the edition's zone."""

    name: str
    start: datetime
    end: datetime
    more: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Person:
    """An organisation and how it takes part. ``absent`` lists slot codes."""

    side: Literal["buyer", "structure"]
    code: str
    name: str
    details: Mapping[str, Any]
    limits: Mapping[str, Any]
    absent: tuple[str, ...]
    table: str | None


@dataclass(frozen=True, slots=True)
class Wished:
    """A wish, or an exclusion; ``slots`` ``None`` means any."""

    code: str
    buyer: str
    structure: str
    value: int
    required: bool
    slots: tuple[str, ...] | None
    lock: tuple[str, str | None] | None
    excluded: bool
    line: int


@dataclass(slots=True)
class Contents:
    """An edition as the workbook gives it."""

    edition: dict[str, Any] = field(default_factory=dict)
    slots: list[Moment] = field(default_factory=list)
    tables: list[tuple[str, str]] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    wishes: list[Wished] = field(default_factory=list)
    programme: list[Moment] = field(default_factory=list)
    stands: list[tuple[str, str]] = field(default_factory=list)
    needs: list[dict[str, Any]] = field(default_factory=list)


def contents_of(raws: Mapping[str, Raw], faults: list[Fault]) -> Contents:
    """Return what the sheets mean, adding to ``faults`` everything that is wrong with it."""
    contents = Contents()
    _edition(raws.get("edition"), contents, faults)
    zone = ZoneInfo(contents.edition.get("timezone", "Europe/Paris"))
    held_on = contents.edition.get("held_on") or date(2000, 1, 1)
    codes = {
        "slots": Codes("Créneaux"),
        "tables": Codes("Tables"),
        "buyers": Codes("Acheteurs"),
        "structures": Codes("Structures"),
    }
    contents.slots = _moments(raws.get("slots"), held_on, zone, codes["slots"], faults)
    if raws.get("slots") is not None and not contents.slots and not faults:
        faults.append(Fault(raws["slots"].name, None, "", "il faut au moins un créneau."))
    for cells in rows_of(raws.get("tables"), faults):
        code = _code(cells, codes["tables"], "A")
        contents.tables.append((code, cells.text("label")))
    contents.people = [
        *_people(raws.get("buyers"), "buyer", codes, faults),
        *_people(raws.get("structures"), "structure", codes, faults),
    ]
    contents.wishes = _wishes(raws.get("wishes"), codes, faults)
    contents.programme = _moments(raws.get("programme"), held_on, zone, None, faults)
    _stands(raws.get("stands"), contents, faults)
    _needs(raws.get("needs"), codes["buyers"], contents, faults)
    return contents


def _edition(raw: Raw | None, contents: Contents, faults: list[Fault]) -> None:
    rows = list(rows_of(raw, faults))
    if raw is not None and len(rows) != 1:
        line = rows[1].line if rows else None
        faults.append(Fault(raw.name, line, "", f"une seule ligne est attendue sous les titres, et non {len(rows)}."))
    for cells in rows[:1]:
        zone = cells.text("timezone") or "Europe/Paris"
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            cells.refuse("timezone", f"« {zone} » n'est pas un fuseau horaire connu, comme Europe/Paris.")
            zone = "Europe/Paris"
        slug = cells.code("slug")
        if slug and not (slug.isascii() and slug == slug.lower() and slug.replace("-", "").isalnum()):
            cells.refuse("slug", f"« {slug} » : seulement des minuscules sans accent, des chiffres et des tirets.")
        email = cells.text("contact_email")
        if email:
            try:
                email = validate_email(email, check_deliverability=False, test_environment=True).normalized
            except EmailNotValidError:
                cells.refuse("contact_email", f"« {email} » n'est pas une adresse de courriel.")
        contents.edition = {
            "slug": slug,
            "title": cells.text("title"),
            "held_on": cells.day("held_on"),
            "trade": cells.text("trade"),
            "venue": cells.text("venue"),
            "address": cells.text("address"),
            "timezone": zone,
            "contact_email": email,
            "description": cells.text("description"),
        }


def _moments(raw: Raw | None, held_on: date, zone: ZoneInfo, codes: Codes | None, faults: list[Fault]) -> list[Moment]:
    """Read slots (numbered, in order, without overlap) or, without ``codes``, the programme."""
    moments: list[Moment] = []
    for cells in rows_of(raw, faults):
        name = _code(cells, codes, "T") if codes is not None else cells.text("title")
        more = {"block": cells.text("block")} if codes is not None else {
            "room": cells.text("room"), "description": cells.text("description")
        }  # fmt: skip
        start, end = cells.hour("start"), cells.hour("end")
        if start is None or end is None:
            continue
        if end <= start:
            cells.refuse("end", f"la fin ({end:%H:%M}) n'est pas après le début ({start:%H:%M}).")
            continue
        moment = Moment(name, _instant(held_on, start, zone), _instant(held_on, end, zone), more)
        if codes is not None:
            _order(cells, moment, moments)
        moments.append(moment)
    return moments


def _instant(day: date, hour: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, hour, zone)


def _order(cells: Cells, moment: Moment, before: list[Moment]) -> None:
    if before and moment.start < before[-1].start:
        cells.refuse("start", f"{moment.name} commence avant {before[-1].name} : classez les créneaux par heure.")
    elif before and moment.start < before[-1].end:
        cells.refuse("start", f"{moment.name} chevauche {before[-1].name}, qui finit à {before[-1].end:%H:%M}.")
    block = moment.more["block"]
    if before and block != before[-1].more["block"] and any(block == other.more["block"] for other in before):
        cells.refuse("block", f"le bloc « {block} » reprend après un autre : donnez-lui un autre nom.")


def _code(cells: Cells, codes: Codes, letter: str, *names: str) -> str:
    """Return the row's code, or the next number; tell a code given twice."""
    width = 3 if letter == "R" else 2 if letter != "A" else 1
    code = cells.code("code") or f"{letter}{len(codes.order) + 1:0{width}d}"
    if not codes.add(code, *names):
        cells.refuse("code", f"« {code} » est déjà pris plus haut : donnez un autre code.")
    return code


def _people(
    raw: Raw | None, side: Literal["buyer", "structure"], codes: Mapping[str, Codes], faults: list[Fault]
) -> list[Person]:
    people: list[Person] = []
    seen: dict[str, int] = {}
    own = codes["buyers" if side == "buyer" else "structures"]
    for cells in rows_of(raw, faults):
        name = cells.text("name")
        code = _code(cells, own, "B" if side == "buyer" else "S", name)
        if name and name in seen:
            cells.refuse("name", f"« {name} » figure déjà à la ligne {seen[name]} : gardez une seule ligne.")
        seen.setdefault(name, cells.line)
        details: dict[str, Any] = {
            "siret": _siret(cells),
            "city": cells.text("city"),
            "activity": cells.text("activity"),
            "is_invented": cells.flag("invented"),
        }
        if side == "structure":
            details["kind"] = cells.choice("kind", "ess", "un type connu")
        people.append(
            Person(
                side=side,
                code=code,
                name=name,
                details=details,
                limits=_limits(cells) | {"pitches": cells.flag("pitches") if side == "structure" else False},
                absent=_absences(cells, codes["slots"]),
                table=cells.reference("table", codes["tables"]),
            )
        )
    return people


def _siret(cells: Cells) -> str | None:
    text = cells.text("siret").replace(" ", "")
    if not text:
        return None
    if not siret_number.is_valid(text):
        cells.refuse("siret", f"« {text} » n'est pas un SIRET valide (14 chiffres) : corrigez-le ou laissez vide.")
        return None
    return str(siret_number.compact(text))


def _limits(cells: Cells) -> dict[str, Any]:
    limits = {
        "delegates": cells.integer("delegates", 1, 1),
        "min_meetings": cells.integer("min_meetings", 0, 0),
        "max_meetings": cells.integer("max_meetings", 0, None),
        "max_run": cells.integer("max_run", 1, None),
    }
    most, least = limits["max_meetings"], limits["min_meetings"] or 0
    if most is not None and most < least:
        cells.refuse("max_meetings", f"le maximum ({most}) est sous le minimum ({least}).")
    return limits


def _absences(cells: Cells, slots: Codes) -> tuple[str, ...]:
    if cells.has("absent") and cells.has("available"):
        cells.refuse("available", "remplissez « Indisponible » ou « Disponible », pas les deux.")
    available = cells.slots("available", slots)
    if available is not None:
        return tuple(code for code in slots.order if code not in available)
    return tuple(cells.slots("absent", slots) or ())


def _wishes(raw: Raw | None, codes: Mapping[str, Codes], faults: list[Fault]) -> list[Wished]:
    wishes: list[Wished] = []
    own = Codes("Souhaits")
    pairs: dict[tuple[str, str], int] = {}
    for cells in rows_of(raw, faults):
        code = _code(cells, own, "R")
        buyer = cells.reference("buyer", codes["buyers"])
        structure = cells.reference("structure", codes["structures"])
        allowed = cells.slots("slots", codes["slots"])
        lock_slot = cells.reference("lock_slot", codes["slots"])
        lock_table = cells.reference("lock_table", codes["tables"])
        if lock_table and not cells.has("lock_slot"):
            cells.refuse(
                "lock_table", "une table ne s'impose qu'avec un créneau : remplissez aussi « Créneau imposé »."
            )
        excluded = cells.flag("excluded")
        if excluded and lock_slot:
            cells.refuse("excluded", "cette paire est à la fois exclue et placée d'office : choisissez.")
        value, required = cells.integer("value", 1, 1), cells.flag("required")
        if buyer is None or structure is None:
            continue
        if (buyer, structure) in pairs:
            cells.refuse(
                "", f"{buyer} et {structure} sont déjà à la ligne {pairs[buyer, structure]} : gardez une seule ligne."
            )
        pairs.setdefault((buyer, structure), cells.line)
        wishes.append(
            Wished(
                code=code,
                buyer=buyer,
                structure=structure,
                value=value or 1,
                required=required,
                slots=None if allowed is None else tuple(allowed),
                lock=None if lock_slot is None else (lock_slot, lock_table),
                excluded=excluded,
                line=cells.line,
            )
        )
    return wishes


def _unique(cells: Cells, key: str, name: str, seen: dict[str, int]) -> bool:
    if name in seen:
        cells.refuse(key, f"« {name} » figure déjà à la ligne {seen[name]} : gardez une seule ligne.")
        return False
    seen[name] = cells.line
    return bool(name)


def _stands(raw: Raw | None, contents: Contents, faults: list[Fault]) -> None:
    seen: dict[str, int] = {}
    for cells in rows_of(raw, faults):
        name, description = cells.text("name"), cells.text("description")
        if _unique(cells, "name", name, seen):
            contents.stands.append((name, description))


def _needs(raw: Raw | None, buyers: Codes, contents: Contents, faults: list[Fault]) -> None:
    seen: dict[str, dict[str, int]] = {}
    for cells in rows_of(raw, faults):
        buyer, title = cells.reference("buyer", buyers), cells.text("title")
        more = {"quarter": cells.quarter("quarter"), "description": cells.text("description")}
        if buyer is not None and _unique(cells, "title", title, seen.setdefault(buyer, {})):
            contents.needs.append({"buyer": buyer, "title": title, **more})
