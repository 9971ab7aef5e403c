"""Structures made and changed from the lines of a list, many at once, with where each field comes from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, insert, text, update

from openmap.directory import revising
from openmap.directory.lists.comparing import OF_ORGANISATION, OF_STRUCTURE, Difference, Known
from openmap.directory.lists.judging import Line
from openmap.directory.models import Organisation, Structure
from openmap.extensions import AnySession, UTCDateTime
from openmap.reference import indexing

_EMPTY: Final[Mapping[str, Any]] = {"siret": None, "commune_code": None, "lon": None, "lat": None, "workforce": None}
_TELL: Final = """
    INSERT INTO field_sources (structure_id, field, kind, source, import_id, at)
    SELECT {row}, 'import', :source, :import_id, :at FROM {rows} WHERE true
    ON CONFLICT (structure_id, field) DO UPDATE
    SET kind = excluded.kind, source = excluded.source, import_id = excluded.import_id, at = excluded.at
"""
_AT: Final = bindparam("at", type_=UTCDateTime())
_SQLITE: Final = text(
    _TELL.format(row="json_extract(value, '$[0]'), json_extract(value, '$[1]')", rows="json_each(:rows)")
).bindparams(_AT)
_POSTGRESQL: Final = text(
    _TELL.format(row="told.id, told.name", rows="unnest(CAST(:ids AS int[]), CAST(:names AS text[])) AS told(id, name)")
).bindparams(_AT)


@dataclass(slots=True)
class Batch:
    """What a stretch of lines makes: new pages, and changes of those that are there."""

    new: list[Line] = field(default_factory=list)
    changed: list[tuple[Known, Difference]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the values of an import come from, and whether what it brings is listed at once."""

    import_id: int
    source: str
    listing: bool
    invented: bool = False


def save(session: AnySession, batch: Batch, origin: Origin, *, now: datetime) -> list[int]:
    """Write a batch, stamp and index what it touched; return the ids of the new pages; does not commit."""
    made = _insert(session, batch.new, origin, now)
    changed = [(known, diff) for known, diff in batch.changed if not diff.is_empty]
    _update(session, changed, now)
    fields = [(number, name) for number, line in zip(made, batch.new, strict=True) for name in _told_by(line)]
    fields += [(known.id, name) for known, diff in changed for name in _changed_by(diff)]
    _tell(session, fields, origin, now)
    touched = {*made, *(known.id for known, _diff in changed)}
    if touched:
        revising.touch(session, touched)
        indexing.index(session, "organisation", touched)
    return made


def _told_by(line: Line) -> list[str]:
    return [*line.values, "kind"]


def _changed_by(diff: Difference) -> list[str]:
    return [*diff.values, *(["kind"] if diff.kinds else [])]


def _insert(session: AnySession, lines: Sequence[Line], origin: Origin, now: datetime) -> list[int]:
    if not lines:
        return []
    organisations = [
        {"type": "structure", "is_invented": origin.invented, **_columns(line, OF_ORGANISATION)} for line in lines
    ]
    inserting = insert(Organisation.__table__).returning(  # type: ignore[arg-type]
        Organisation.__table__.c.id, sort_by_parameter_order=True
    )
    made = list(session.execute(inserting, organisations).scalars())
    listed = now if origin.listing else None
    structures = [
        {
            "id": number, "kind": line.kinds[0], "also_kinds": line.kinds[1:], "version": 1, "listed_at": listed,
            "changed_at": now, "revision": 0, "joint_bids": "", "certifications": "", "delisted_reason": "",
            **_columns(line, OF_STRUCTURE),
        }
        for number, line in zip(made, lines, strict=True)
    ]  # fmt: skip
    session.execute(insert(Structure.__table__), structures)  # type: ignore[arg-type]
    return made


def _columns(line: Line, names: Sequence[str]) -> dict[str, Any]:
    return {name: line.values.get(name, _EMPTY.get(name, "")) for name in names}


def _update(session: AnySession, changed: Sequence[tuple[Known, Difference]], now: datetime) -> None:
    """Write changes of the same columns together: one statement for each set of columns."""
    by_columns: dict[tuple[Any, tuple[str, ...]], list[dict[str, Any]]] = {}
    for known, diff in changed:
        of_structure: dict[str, Any] = {name: diff.values[name] for name in OF_STRUCTURE if name in diff.values}
        if diff.kinds:
            of_structure["also_kinds"] = [*known.kinds[1:], *diff.kinds]
        if diff.lists:
            of_structure["listed_at"] = now
        of_structure["changed_at"] = now
        of_organisation = {name: diff.values[name] for name in OF_ORGANISATION if name in diff.values}
        for table, values in ((Organisation.__table__, of_organisation), (Structure.__table__, of_structure)):
            if values:
                row = {"b_id": known.id} | {f"b_{name}": value for name, value in values.items()}
                by_columns.setdefault((table, tuple(sorted(values))), []).append(row)
    for (table, names), rows in by_columns.items():
        writing = update(table).where(table.c.id == bindparam("b_id"))
        writing = writing.values({name: bindparam(f"b_{name}", type_=table.c[name].type) for name in names})
        session.connection().execute(writing, rows)


def _tell(session: AnySession, fields: Sequence[tuple[int, str]], origin: Origin, now: datetime) -> None:
    """Say of each field that it comes from this list: one statement, its rows unfolded by the database itself."""
    if not fields:
        return
    told: dict[str, Any] = {"source": origin.source, "import_id": origin.import_id, "at": now}
    if session.get_bind().dialect.name == "sqlite":
        statement, told["rows"] = _SQLITE, json.dumps(fields)
    else:
        statement = _POSTGRESQL
        told |= {"ids": [number for number, _name in fields], "names": [name for _number, name in fields]}
    session.execute(statement, told)
