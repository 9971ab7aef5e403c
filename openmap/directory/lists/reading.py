"""A list as it was sent: CSV, workbook or JSON, judged by its content, read into rows of text from its header on."""

from __future__ import annotations

import csv
import io
import json
import re
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import openpyxl
from flask_babel import gettext as _
from openpyxl.utils import range_boundaries
from openpyxl.utils.exceptions import InvalidFileException

from openmap.directory.lists.shapes import known_titles
from openmap.web.inspecting import RefusedFile, ending_of

LARGEST: Final = 64 * 1024 * 1024
MOST_LINES: Final = 200_000
MOST_COLUMNS: Final = 200
LONGEST_CELL: Final = 5_000
HEADER_WITHIN: Final = 30
MOST_MERGED: Final = 5_000
_OLD_WORKBOOK: Final = b"\xd0\xcf\x11\xe0"
_SEPARATORS: Final = (";", "\t", ",", "|")
_UNWRITTEN: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_MERGED: Final = re.compile(rb'<mergeCell ref="([A-Z]+\d+:[A-Z]+\d+)"')

Row = list[str]


@dataclass(slots=True)
class Sheet:
    """The rows of one sheet. ``first_line`` is the header's (from 1); ``rows[0]`` is the header.

    ``cut`` are lines with a cell that is longer than what is kept, ``spread`` those that took a merged cell's value.
    """

    name: str
    first_line: int
    rows: list[Row]
    encoding: str = ""
    cut: set[int] = field(default_factory=set)
    spread: set[int] = field(default_factory=set)
    others: list[str] = field(default_factory=list)
    """The other sheets that hold something, which are not read."""

    @property
    def header(self) -> Row:
        """Return the columns' titles."""
        return self.rows[0]


def read_list(content: bytes, filename: str, sheet: str = "") -> Sheet:
    """Return the sheet of a list that looks most like one, or the one that is named.

    Raises RefusedFile with a sentence for who sent it.
    """
    if len(content) > LARGEST:
        raise RefusedFile(_("Ce fichier dépasse 64 Mo : donnez-le en plusieurs fichiers."))
    if not content.strip():
        raise RefusedFile(_("Ce fichier est vide : choisissez-en un autre."))
    if content.startswith(b"PK"):
        return _chosen(_workbook(content), sheet)
    if content.startswith(_OLD_WORKBOOK):
        raise RefusedFile(
            _("C’est un ancien classeur .xls ou un classeur protégé : enregistrez-le en .xlsx, sans mot de passe.")
        )
    text, encoding = _decoded(content)
    if text.lstrip()[:1] in {"[", "{"}:
        found: Sheet | None = _json(text, Path(filename).stem[:120])
    else:
        found = _table(_csv_rows(text), Path(filename).stem[:120])
    if found is None:
        raise _no_table()
    found.encoding = encoding
    return found


def _not_a_list() -> RefusedFile:
    return RefusedFile(_("Ce fichier n’est ni un CSV, ni un classeur .xlsx, ni du JSON : exportez-y votre liste."))


def _no_table() -> RefusedFile:
    return RefusedFile(
        _("Aucun tableau n’est reconnu dans ce fichier : il y faut une ligne de titres, puis une ligne par structure.")
    )


# Text


def _decoded(content: bytes) -> tuple[str, str]:
    """Return the text and the name of the encoding that it was found in."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        order: Sequence[str] = ("utf-16",)
    elif b"\0" in content:
        raise _not_a_list()
    elif content.startswith(b"\xef\xbb\xbf"):
        order = ("utf-8-sig",)
    else:
        order = ("utf-8", "cp1252", "latin-1")
    for encoding in order:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if len(_UNWRITTEN.findall(text[:100_000])) > 20:  # a picture, an archive, a program
            raise _not_a_list()
        return text, {"utf-8-sig": "UTF-8", "utf-8": "UTF-8", "cp1252": "Windows-1252"}.get(encoding, encoding.upper())
    raise RefusedFile(_("Les lettres de ce fichier ne se lisent pas : enregistrez-le en « CSV UTF-8 » et recommencez."))


def _csv_rows(text: str) -> list[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    rows: list[Row] = []
    try:
        for row in reader:
            rows.append(row[:MOST_COLUMNS])
            while len(rows) < reader.line_num:  # a cell over several lines: its row stands where it began
                rows.append([])
            if len(rows) > MOST_LINES + HEADER_WITHIN:
                raise _too_long()
    except csv.Error:
        raise RefusedFile(
            _("Ligne %(line)d : des guillemets ne sont pas refermés, ou une cellule est démesurée : corrigez-la.",
              line=reader.line_num)
        ) from None  # fmt: skip
    return rows


def _too_long() -> RefusedFile:
    return RefusedFile(_("Ce fichier a plus de 200 000 lignes : donnez-le en plusieurs fichiers."))


def _separator(text: str) -> str:
    """Return the separator that cuts the first lines into most columns, alike from line to line."""
    lines = text[:50_000].splitlines()[:HEADER_WITHIN]

    def order(separator: str) -> tuple[int, int]:
        widths = [len(row) for row in csv.reader(lines, delimiter=separator) if len(row) > 1]
        common = max(set(widths), key=widths.count) if widths else 0
        return widths.count(common) * min(common, 8), -_SEPARATORS.index(separator)

    try:
        return max(_SEPARATORS, key=order)
    except csv.Error:
        return _SEPARATORS[0]


def _json(text: str, name: str) -> Sheet:
    """Return the objects of a JSON list as rows; a line is an object's place in it, counted from 1."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise RefusedFile(_("Ce fichier JSON est abîmé ou tronqué : téléchargez-le de nouveau.")) from None
    if isinstance(document, dict):
        document = next((value for value in document.values() if isinstance(value, list)), [])
    objects = [one if isinstance(one, dict) else {} for one in document] if isinstance(document, list) else []
    titles = list(dict.fromkeys(str(key) for one in objects for key in one))[:MOST_COLUMNS]
    if len(titles) < 2:
        raise RefusedFile(_("Ce fichier JSON n’est pas une liste de structures : il y faut une liste d’objets."))
    if len(objects) > MOST_LINES:
        raise _too_long()
    rows = [titles, *([_json_cell(one.get(title)) for title in titles] for one in objects)]
    sheet = Sheet(name, 0, rows)
    _cleaned(sheet)
    return sheet


def _json_cell(value: Any) -> str:
    if isinstance(value, list):
        return " ; ".join(_json_cell(one) for one in value if not isinstance(one, dict | list))
    return "" if isinstance(value, dict) else _cell(value)


# Workbooks


def _workbook(content: bytes) -> list[Sheet]:
    """Return the visible sheets of a workbook that holds neither macro nor bomb, those with a table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "liste"
        path.write_bytes(content)
        try:
            ending = ending_of(path)
        except RefusedFile as refusal:
            raise (refusal if "anormal" in str(refusal) or "protégé" in str(refusal) else _not_a_list()) from None
    if ending != "xlsx":
        raise _not_a_list()
    try:
        merged = _merged_of(content)
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        try:
            found = [
                _table(*_spread(_sheet_rows(sheet), merged.get(rank, [])), sheet.title[:120])
                for rank, sheet in enumerate(book.worksheets)
                if sheet.sheet_state == "visible"
            ]
        finally:
            book.close()
    except (InvalidFileException, KeyError, ValueError, TypeError, OSError, zipfile.BadZipFile, SyntaxError):
        raise RefusedFile(
            _("Ce classeur est abîmé : ouvrez-le dans un tableur, enregistrez-le en .xlsx et recommencez.")
        ) from None
    return [one for one in found if one is not None]


def _sheet_rows(sheet: Any) -> list[Row]:
    rows: list[Row] = []
    empty = 0
    for row in sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS):
        cells = [_cell(value) for value in row]
        empty = 0 if any(cells) else empty + 1
        rows.append(cells if not empty else [])
        if empty > 1_000:  # a sheet that was formatted down to its last line
            break
        if len(rows) > MOST_LINES + HEADER_WITHIN:
            raise _too_long()
    return rows


def _cell(value: Any) -> str:
    """Return a cell as text: a day as 2027-03-01, a whole number without a point or an exponent."""
    match value:
        case None:
            return ""
        case bool():
            return "oui" if value else "non"
        case datetime():
            return value.date().isoformat()
        case date():
            return value.isoformat()
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"
        case _:
            return str(value)


def _merged_of(content: bytes) -> dict[int, list[tuple[int, int, int, int]]]:
    """Return the merged cells of each sheet, by its rank: first column, first row, last column, last row (from 1).

    openpyxl's quick reader does not tell them: they are read from the part of the archive, after its rows.
    """
    found: dict[int, list[tuple[int, int, int, int]]] = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
        try:
            parts = [getattr(sheet, "_worksheet_path", "").lstrip("/") for sheet in book.worksheets]
        finally:
            book.close()
        for rank, part in enumerate(parts):
            if part not in archive.namelist():
                continue
            tail = b""
            with archive.open(part) as stream:
                while piece := stream.read(1 << 20):
                    tail = (tail + piece).rpartition(b"</sheetData>")[2][-(1 << 20) :]
            found[rank] = [range_boundaries(reference.decode()) for reference in _MERGED.findall(tail)[:MOST_MERGED]]
    return found


def _spread(rows: list[Row], merged: Iterable[tuple[int, int, int, int]]) -> tuple[list[Row], set[int]]:
    """Write the value of cells merged from top to bottom in each line that they cover."""
    lines: set[int] = set()
    for left, top, _right, bottom in merged:
        if top < bottom <= len(rows) and bottom - top < 1_000 and left <= len(rows[top - 1]):
            value = rows[top - 1][left - 1]
            for line in range(top + 1, bottom + 1):
                row = rows[line - 1]
                if value and row and left <= len(row) and not row[left - 1]:
                    row[left - 1] = value
                    lines.add(line)
    return rows, lines


# Rows of either


def _table(rows: list[Row], *more: Any) -> Sheet | None:
    """Return the rows from the header on; ``None`` where no line looks like one."""
    spread, name = (more[0], more[1]) if len(more) > 1 else (set(), more[0])
    place = _header_place(rows)
    if place is None:
        return None
    sheet = Sheet(name, place + 1, rows[place:], spread=spread)
    _cleaned(sheet)
    return sheet


def _header_place(rows: Sequence[Row]) -> int | None:
    """Return which of the first lines names most columns that we know; else the first of several texts."""
    best, place = 0, None
    for rank, row in enumerate(rows[:HEADER_WITHIN]):
        texts = [cell for cell in row if cell.strip()]
        if len(texts) < 2 or not any(rows[rank + 1 :]):
            continue
        score = 1 + 10 * known_titles(texts)
        if score > best:
            best, place = score, rank
    return place


def _cleaned(sheet: Sheet) -> None:
    """Make every row as wide as the header, every cell one that a database keeps and a page shows."""
    while sheet.rows and not any(cell.strip() for cell in sheet.rows[-1]):
        sheet.rows.pop()
    width = max((rank for rank, cell in enumerate(sheet.rows[0], start=1) if cell.strip()), default=0)
    for place, row in enumerate(sheet.rows):
        if not row:
            continue
        cells = [_clean(cell) for cell in row[:width]]
        if any(len(cell) > LONGEST_CELL for cell in cells):
            sheet.cut.add(sheet.first_line + place)
            cells = [cell[:LONGEST_CELL] for cell in cells]
        sheet.rows[place] = cells + [""] * (width - len(cells)) if any(cells) else []


def _clean(cell: str) -> str:
    if cell.isprintable():
        return cell.strip()
    return _UNWRITTEN.sub(" ", cell.replace("\r\n", "\n").replace("\r", "\n")).replace("\xa0", " ").strip()


def _chosen(sheets: list[Sheet], name: str) -> Sheet:
    """Return the sheet that is named, else the one whose header has most columns that we know, the longest of those."""
    if not sheets:
        raise _no_table()
    named = [one for one in sheets if one.name == name]
    best = named[0] if named else max(sheets, key=lambda one: (known_titles(one.header), len(one.rows)))
    best.others = [one.name for one in sheets if one is not best]
    return best
