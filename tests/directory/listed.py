"""Lists of invented structures, and the communes that they are in."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from openpyxl import Workbook

from benchmarks.directory_import import siret
from openmap.directory.import_models import DirectoryImport
from openmap.directory.lists import running
from openmap.directory.lists.reading import read_list
from openmap.extensions import db
from openmap.reference.models import Commune
from openmap.reference.words import folded
from openmap.web.uploads import keep_own

HEAD = "siret;nom;type;adresse;code postal;commune;code insee;longitude;latitude;site web;courriel;telephone"
NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)

__all__ = ["HEAD", "NOW", "bring", "check", "line", "make_communes", "now", "sent", "siret", "workbook"]


def now() -> datetime:
    """Return an instant that never moves."""
    return NOW


def make_communes() -> None:
    """Write four communes of Seine-Saint-Denis, one of them a former one, and one of the Val-de-Marne."""
    for code, name, current, lon, lat, postal in (
        ("93066", "Saint-Denis", None, 2.36, 48.93, ["93200", "93210", "93380"]),
        ("93059", "Pierrefitte-sur-Seine", "93066", None, None, ["93380"]),
        ("93063", "Romainville", None, 2.43, 48.88, ["93230"]),
        ("93048", "Montreuil", None, 2.44, 48.86, ["93100"]),
        ("94081", "Vitry-sur-Seine", None, 2.39, 48.79, ["94400"]),
    ):
        db.session.add(
            Commune(
                code=code, name=name, folded=folded(name), current_code=current, lon=lon, lat=lat, postal_codes=postal
            )
        )
        db.session.flush()
    db.session.commit()


def line(rank: int, name: str = "", **changes: str) -> str:
    """Return a clean line of the list above, but for what is changed."""
    values = {
        "siret": siret(rank), "nom": name or f"Atelier inventé {rank}", "type": "EI", "adresse": "1 rue inventée",
        "cp": "93230", "commune": "Romainville", "insee": "93063", "lon": "2.43", "lat": "48.88",
        "site": "www.atelier.example", "courriel": "contact@atelier.example", "telephone": "102030405", **changes,
    }  # fmt: skip
    return ";".join(values.values())


def sent(content: bytes | str | list[str], filename: str = "liste.csv", **options: Any) -> DirectoryImport:
    """Begin an import, its columns recognised by their titles."""
    if isinstance(content, list):
        content = "\n".join([HEAD, *content])
    raw = content.encode() if isinstance(content, str) else content
    sheet = read_list(raw, filename)
    kept = keep_own(raw, filename, "text/csv")
    brought = running.begin(
        db.session, sheet, digest=kept["digest"], filename=filename, size=len(raw), media_type="text/csv",
        source="Liste inventée", by=None, now=NOW, **options,
    )  # fmt: skip
    if brought.state == "mapping":
        brought.state = "checking"
    db.session.commit()
    return brought


def check(content: bytes | str | list[str], filename: str = "liste.csv", **options: Any) -> DirectoryImport:
    """Begin an import and check it."""
    brought = sent(content, filename, **options)
    running.check(db.session, brought.id, now=now)
    assert brought.state == "checked", brought.failure
    return brought


def bring(content: bytes | str | list[str] | DirectoryImport, filename: str = "liste.csv") -> dict[str, Any]:
    """Check a list unless it is, bring it in, and return what came of it."""
    brought = content if isinstance(content, DirectoryImport) else check(content, filename)
    running.start(db.session, brought, listing=True, by=None, now=NOW)
    db.session.commit()
    running.bring_in(db.session, brought.id, now=now)
    assert brought.state == "done"
    result: dict[str, Any] = brought.counts["result"]
    return result


def workbook(rows: list[list[Any]], *merged: str) -> bytes:
    """Return a workbook of one sheet."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    for reference in merged:
        book.active.merge_cells(reference)
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()
