"""From a file or a folder to raw rows, every cell with its place; what cannot be read is told, all at once."""

from __future__ import annotations

import csv
import difflib
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from openmap.web.workbook.layout import LARGEST_ROWS, Column, Sheet, normal

MOST_COLUMNS: Final = 100
LAST_LINE: Final = 200_000
"""No line below is read: a sheet that says it has a million of them is a mistake, or worse."""
_OTHER_FORMAT: Final = "n'est pas un classeur .xlsx : enregistrez-le dans ce format, ou donnez un dossier de CSV."
_DAMAGED: Final = "Ce classeur est abîmé : ouvrez-le dans Excel, enregistrez-le en .xlsx et recommencez."
ERROR_CELLS: Final = frozenset({"#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#N/A", "#NUM!", "#NULL!"})


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a file may be, packed and unpacked, in bytes, and how many lines a sheet may hold."""

    packed: int = 30_000_000
    unpacked: int = 300_000_000
    rows: int = LARGEST_ROWS


ORDINARY: Final = Limits()


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, where, and what to do. ``line`` and ``column`` are empty where the whole sheet is meant."""

    sheet: str
    line: int | None
    column: str
    sentence: str

    def __str__(self) -> str:
        place = [f"feuille « {self.sheet} »"] if self.sheet else []
        if self.line is not None:
            place.append(f"ligne {self.line}")
        if self.column:
            place.append(f"colonne « {self.column} »")
        return f"{', '.join(place)} : {self.sentence}" if place else self.sentence


class WorkbookUnusable(Exception):
    """The workbook cannot come in; ``faults`` says everything that is wrong with it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = list(faults)
        super().__init__("\n".join(map(str, self.faults)))


@dataclass(frozen=True, slots=True)
class Row:
    """A line that holds something: its number and its cells by column key."""

    line: int
    cells: dict[str, Any]


@dataclass(slots=True)
class Raw:
    """A sheet as it was read. ``name`` is what the organiser calls it."""

    sheet: Sheet
    name: str
    rows: list[Row] = field(default_factory=list)


def read(source: Path, sheets: Sequence[Sheet], faults: list[Fault], limits: Limits = ORDINARY) -> dict[str, Raw]:
    """Return the sheets found at ``source`` by key, adding to ``faults`` what is wrong with their form."""
    if source.is_dir():
        found = _read_folder(source, sheets, faults, limits)
    elif source.is_file():
        found = _read_workbook(source, sheets, faults, limits)
    else:
        faults.append(Fault("", None, "", f"{source} n'existe pas : donnez un classeur .xlsx ou un dossier de CSV."))
        return {}
    if not faults:
        for sheet in sheets:
            if sheet.required and sheet.key not in found:
                faults.append(
                    Fault(
                        "",
                        None,
                        "",
                        f"Il manque la feuille « {sheet.title} » : {sheet.help[0].lower()}{sheet.help[1:]}",
                    )
                )
    return found


def _sheet_called(name: str, sheets: Sequence[Sheet], known: set[str], faults: list[Fault]) -> Sheet | None:
    """Return the sheet that ``name`` means, or tell which name was probably meant."""
    for sheet in sheets:
        if normal(name) in sheet.names():
            if sheet.key in known:
                faults.append(Fault(name, None, "", f"la feuille « {sheet.title} » est donnée deux fois."))
                return None
            known.add(sheet.key)
            return sheet
    if normal(name) in {"lisezmoi", "readme", "choix"}:
        return None
    titles = {normal(sheet.title): sheet.title for sheet in sheets}
    faults.append(Fault(name, None, "", f"nom de feuille inconnu{_suggest(normal(name), titles)}"))
    return None


def _suggest(name: str, titles: dict[str, str]) -> str:
    near = difflib.get_close_matches(name, titles, n=1, cutoff=0.6)
    if near:
        return f" ; vouliez-vous dire « {titles[near[0]]} » ?"
    return f" ; noms acceptés : {', '.join(titles.values())}."


# CSV folders


def _read_folder(folder: Path, sheets: Sequence[Sheet], faults: list[Fault], limits: Limits) -> dict[str, Raw]:
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() == ".csv")
    if not files:
        faults.append(Fault("", None, "", f"Le dossier {folder} ne contient aucun fichier .csv."))
        return {}
    found: dict[str, Raw] = {}
    known: set[str] = set()
    for file in files:
        sheet = _sheet_called(file.stem, sheets, known, faults)
        if sheet is not None:
            raw = Raw(sheet, file.name)
            found[sheet.key] = raw
            lines = _csv_lines(file, raw.name, faults, limits)
            if lines is not None:
                _take_rows(raw, lines, faults, limits)
    return found


def _csv_lines(file: Path, name: str, faults: list[Fault], limits: Limits) -> Iterator[tuple[int, list[Any]]] | None:
    """Return numbered rows of a CSV file, in UTF-8 or Windows-1252, separated by ; or , (the header decides)."""
    if file.stat().st_size > limits.packed:
        faults.append(Fault(name, None, "", f"le fichier dépasse {limits.packed // 1_000_000} Mo : est-ce le bon ?"))
        return None
    content = file.read_bytes()
    if b"\0" in content:
        faults.append(
            Fault(name, None, "", "le fichier contient des octets nuls : enregistrez-le en CSV UTF-8 et recommencez.")
        )
        return None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("cp1252")
        except UnicodeDecodeError:
            faults.append(
                Fault(
                    name, None, "", "l'encodage n'est ni UTF-8 ni Windows-1252 : enregistrez le fichier en CSV UTF-8."
                )
            )
            return None
    header = next((line for line in text.splitlines() if line.strip()), "")
    separator = ";" if header.count(";") >= header.count(",") else ","
    return _numbered(csv.reader(text.splitlines(keepends=True), delimiter=separator, strict=True), name, faults)


def _numbered(reader: Any, name: str, faults: list[Fault]) -> Iterator[tuple[int, list[Any]]]:
    """Yield each row with the number of its first line."""
    first = 1
    try:
        for row in reader:
            yield first, [cell if cell.strip() else None for cell in row]
            first = reader.line_num + 1
    except csv.Error:
        faults.append(
            Fault(name, first, "", "des guillemets ne sont pas refermés ou sont mal placés : corrigez cette ligne.")
        )


# Excel workbooks


def _read_workbook(file: Path, sheets: Sequence[Sheet], faults: list[Fault], limits: Limits) -> dict[str, Raw]:
    wrong = _not_a_workbook(file, limits)
    if wrong:
        faults.append(Fault("", None, "", wrong))
        return {}
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=False)
    except (InvalidFileException, KeyError, ValueError, OSError, zipfile.BadZipFile, SyntaxError):
        faults.append(Fault("", None, "", _DAMAGED))
        return {}
    found: dict[str, Raw] = {}
    known: set[str] = set()
    try:
        for worksheet in book.worksheets:
            sheet = _sheet_called(worksheet.title, sheets, known, faults)
            if sheet is None:
                continue
            raw = Raw(sheet, worksheet.title)
            found[sheet.key] = raw
            rows = worksheet.iter_rows(values_only=True, max_col=MOST_COLUMNS, max_row=LAST_LINE)
            _take_rows(raw, enumerate((list(row) for row in rows), start=1), faults, limits)
    except (KeyError, ValueError, OSError, zipfile.BadZipFile, SyntaxError):
        faults.append(Fault("", None, "", _DAMAGED))
    finally:
        book.close()
    return found


def _not_a_workbook(file: Path, limits: Limits) -> str:
    """Return why a file cannot be an .xlsx workbook, judged by its content; empty when it can."""
    size = file.stat().st_size
    if size == 0:
        return f"{file.name} est vide."
    if size > limits.packed:
        return f"{file.name} dépasse {limits.packed // 1_000_000} Mo : est-ce le bon fichier ?"
    with file.open("rb") as stream:
        start = stream.read(8)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        return (
            f"{file.name} est un ancien classeur .xls, ou un classeur protégé par mot de passe : retirez le mot de "
            "passe et enregistrez-le en .xlsx."
        )
    if not zipfile.is_zipfile(file):
        return f"{file.name} {_OTHER_FORMAT}"
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
            return (
                f"{file.name} n'est pas un classeur .xlsx : enregistrez-le dans ce format, ou donnez un dossier de CSV."
            )
        if sum(entry.file_size for entry in archive.infolist()) > limits.unpacked:
            return f"{file.name} est démesuré une fois décompressé : est-ce le bon fichier ?"
    return ""


# Rows of either


def _take_rows(raw: Raw, lines: Iterator[tuple[int, list[Any]]], faults: list[Fault], limits: Limits) -> None:
    """Read the header, then every line that holds something."""
    columns: dict[int, Column] | None = None
    most = max(raw.sheet.most, limits.rows)
    for line, cells in lines:
        if all(_is_blank(cell) for cell in cells):
            continue
        if columns is None:
            columns = _header(raw, line, cells, faults)
            continue
        if len(raw.rows) >= most:
            faults.append(
                Fault(
                    raw.name,
                    line,
                    "",
                    f"plus de {most} lignes : est-ce le bon fichier ? La suite n'est pas lue.",
                )
            )
            return
        row = Row(line, {})
        for rank, cell in enumerate(cells):
            if rank in columns:
                row.cells[columns[rank].key] = _clean(raw, line, columns[rank], cell, faults)
            elif not _is_blank(cell):
                faults.append(
                    Fault(
                        raw.name, line, "", f"la valeur « {cell} » est hors du tableau : sa colonne n'a pas de titre."
                    )
                )
        raw.rows.append(row)
    if columns is None:
        faults.append(Fault(raw.name, None, "", "la feuille est vide : il y faut au moins la ligne de titres."))


def _is_blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _header(raw: Raw, line: int, cells: list[Any], faults: list[Fault]) -> dict[int, Column]:
    """Match the titles with the columns; tell the unknown, the doubled and the missing."""
    columns: dict[int, Column] = {}
    titles = {normal(column.title): column.title for column in raw.sheet.columns}
    for rank, cell in enumerate(cells):
        if _is_blank(cell):
            continue
        match = next((column for column in raw.sheet.columns if normal(cell) in column.names()), None)
        if match is None:
            faults.append(Fault(raw.name, line, str(cell), f"titre de colonne inconnu{_suggest(normal(cell), titles)}"))
        elif match in columns.values():
            faults.append(Fault(raw.name, line, str(cell), "cette colonne est donnée deux fois : gardez-en une."))
        else:
            columns[rank] = match
    for column in raw.sheet.columns:
        if column.required and column not in columns.values():
            faults.append(Fault(raw.name, line, column.title, "cette colonne est obligatoire : ajoutez-la."))
    return columns


def _clean(raw: Raw, line: int, column: Column, cell: Any, faults: list[Fault]) -> Any:
    """Return a cell's value, or ``None`` after telling why it cannot be read."""
    if not isinstance(cell, str):
        return cell
    text = cell.strip()
    if text.startswith("=") and not raw.name.lower().endswith(".csv"):
        faults.append(Fault(raw.name, line, column.title, "la cellule contient une formule : collez sa valeur."))
        return None
    if text in ERROR_CELLS:
        faults.append(Fault(raw.name, line, column.title, f"la cellule est en erreur ({text}) : corrigez-la."))
        return None
    if any(not (character.isprintable() or character in "\n\r\t") for character in text):
        faults.append(Fault(raw.name, line, column.title, "la cellule contient un caractère de contrôle : retapez-la."))
        return None
    return text or None
