"""A purchase plan as it was sent: a workbook or a CSV file, judged by its content, read into a grid of text cells."""

from __future__ import annotations

import csv
import io
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import IO, Any, Final

import openpyxl
from flask_babel import gettext as _
from openpyxl.utils.exceptions import InvalidFileException

from openmap.needs.guessing import header_score
from openmap.web.inspecting import RefusedFile, ending_of

LARGEST: Final = 5 * 1024 * 1024
MOST_ROWS: Final = 2_000
MOST_COLUMNS: Final = 60
LONGEST_CELL: Final = 3_000
LAST_LINE: Final = 20_000
"""No line below is looked at: a sheet that says it has a million of them is a mistake, or worse."""

HEADER_WITHIN: Final = 30
"""The header is looked for among so many first lines: titles, logos and notes come before it."""

_NOT_TEXT: Final = (
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"MZ",
    b"\x7fELF",
    b"Rar!",
    b"7z\xbc\xaf",
    b"\x1f\x8b",
)
_OLD_WORKBOOK: Final = b"\xd0\xcf\x11\xe0"
_SEPARATORS: Final = (";", "\t", ",", "|")

Row = list[str]


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of a sheet from its header on, a row a line; ``first_line`` is the header's (from 1).

    Rows that hold nothing are there, empty, so that a row's place tells its line. ``cut`` are the lines in which a
    cell was longer than what is kept.
    """

    sheet: str
    first_line: int
    rows: list[Row]
    cut: list[int]


def read_plan(stream: IO[bytes], filename: str) -> Grid:
    """Return the grid of an .xlsx workbook (its sheet that looks most like a plan) or of a CSV file.

    Raises RefusedFile with a sentence for who sent it.
    """
    content = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise RefusedFile(_("Ce fichier dépasse 5 Mo : gardez seulement la feuille du plan d’achat."))
    if not content.strip():
        raise RefusedFile(_("Ce fichier est vide : choisissez-en un autre."))
    if content.startswith(b"PK"):
        return _chosen(_workbook(content))
    if content.startswith(_OLD_WORKBOOK):
        raise RefusedFile(
            _(
                "C’est un ancien classeur .xls, ou un classeur protégé par mot de passe : retirez le mot de passe et "
                "enregistrez-le en .xlsx."
            )
        )
    if content.startswith(_NOT_TEXT):
        raise _not_a_plan()
    return _chosen([(Path(filename).stem[:120], _csv_rows(_decoded(content)))])


def _not_a_plan() -> RefusedFile:
    return RefusedFile(_("Ce fichier n’est ni un classeur .xlsx ni un CSV : exportez-y votre plan d’achat."))


def _too_long() -> RefusedFile:
    return RefusedFile(_("Ce fichier a plus de 2 000 lignes : est-ce bien un plan d’achat ?"))


# Workbooks


def _workbook(content: bytes) -> list[tuple[str, list[Row]]]:
    """Return the visible sheets of a workbook that holds neither macro nor bomb."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plan"
        path.write_bytes(content)
        try:
            ending = ending_of(path)
        except RefusedFile as refusal:
            raise (refusal if "anormal" in str(refusal) or "protégé" in str(refusal) else _not_a_plan()) from None
    if ending != "xlsx":
        raise _not_a_plan()
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        try:
            return [
                (sheet.title[:120], _sheet_rows(sheet)) for sheet in book.worksheets if sheet.sheet_state == "visible"
            ]
        finally:
            book.close()
    except (InvalidFileException, KeyError, ValueError, TypeError, OSError, zipfile.BadZipFile, SyntaxError):
        raise RefusedFile(
            _("Ce classeur est abîmé : ouvrez-le dans un tableur, enregistrez-le en .xlsx et recommencez.")
        ) from None


def _sheet_rows(sheet: Any) -> list[Row]:
    cells = sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS, max_row=LAST_LINE)
    return _bounded([_cell(value) for value in row] for row in cells)


def _cell(value: Any) -> str:
    """Return a cell as text: a day as 2027-03-01, a number without an exponent."""
    match value:
        case None:
            return ""
        case bool():
            return "oui" if value else "non"
        case datetime():
            return value.date().isoformat()
        case date():
            return value.isoformat()
        case time():
            return value.isoformat("minutes")
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"
        case _:
            return str(value)


# CSV


def _decoded(content: bytes) -> str:
    """Return the text of a CSV file: UTF-8, UTF-16 with its mark, or what Windows writes in France."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: Sequence[str] = ("utf-16",)
    elif b"\0" in content:
        raise _not_a_plan()
    else:
        encodings = ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise RefusedFile(_("Les lettres de ce fichier ne se lisent pas : enregistrez-le en « CSV UTF-8 » et recommencez."))


def _csv_rows(text: str) -> list[Row]:
    separator = _separator(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        return _bounded(row[:MOST_COLUMNS] for row in reader)
    except csv.Error:
        raise RefusedFile(
            _(
                "Ligne %(line)d : des guillemets ne sont pas refermés, ou une cellule est démesurée.",
                line=reader.line_num,
            )
        ) from None


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


# Rows of either


def _bounded(rows: Iterable[Iterable[str]]) -> list[Row]:
    """Return rows without what follows the last one that holds something; too many are refused."""
    kept: list[Row] = []
    last = held = 0
    for number, row in enumerate(rows, start=1):
        if number > LAST_LINE:
            break
        cells = list(row)
        kept.append(cells if any(cell.strip() for cell in cells) else [])
        if kept[-1]:
            last, held = number, held + 1
        if held > MOST_ROWS + HEADER_WITHIN:
            raise _too_long()
    return kept[:last]


def _chosen(sheets: Sequence[tuple[str, list[Row]]]) -> Grid:
    """Return the sheet whose header has most columns that we know, from that header on."""
    found = [(*_header(rows), name, rows) for name, rows in sheets]
    if not found or max(one[0] for one in found) < 0:
        raise RefusedFile(
            _("Aucun tableau n’est reconnu dans ce fichier : il y faut une ligne de titres, puis une ligne par achat.")
        )
    _score, place, name, rows = max(found, key=lambda one: one[0])
    rows = rows[place:]
    width = max(rank for row in rows for rank, cell in enumerate(row, start=1) if cell.strip())
    cut = [place + rank for rank, row in enumerate(rows, start=1) if any(len(cell) > LONGEST_CELL for cell in row)]
    clean = [[_clean(cell) for cell in row[:width]] + [""] * (width - len(row)) if row else [] for row in rows]
    if sum(1 for row in clean[1:] if row) > MOST_ROWS:
        raise _too_long()
    return Grid(name, place + 1, clean, cut)


def _header(rows: Sequence[Row]) -> tuple[float, int]:
    """Return how much the best of the first lines looks like a header, and its place; −1 where there is no table."""
    best = (-1.0, 0)
    for place, row in enumerate(rows[:HEADER_WITHIN]):
        texts = [cell for cell in row if cell.strip()]
        if not texts or not any(rows[place + 1 :]):
            continue
        # Where no word is known, the first line of several texts is taken, and the page asks what each column is.
        known = header_score(texts)
        wide = 0.1 if len(texts) > 1 else 0.0
        if known + wide > best[0]:
            best = (known + wide, place)
    return best


def _clean(cell: str) -> str:
    """Return a cell that every database keeps and every page shows: no control character, bounded."""
    kept = cell[:LONGEST_CELL].replace("\r\n", "\n").replace("\r", "\n")
    return "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in kept).strip()


def lines_of(rows: Sequence[Row], first_line: int) -> Iterator[tuple[int, Row]]:
    """Yield the rows after the header that hold something, each with its line in the file."""
    for rank, row in enumerate(rows[1:], start=1):
        if any(row):
            yield first_line + rank, row
