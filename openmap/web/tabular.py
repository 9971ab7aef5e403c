"""Tables that leave for a spreadsheet: CSV as French Excel opens it, and XLSX. No cell of either is ever a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime
from io import BytesIO, StringIO
from typing import Final

import xlsxwriter

CSV_TYPE: Final = "text/csv; charset=utf-8"
XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
"""A cell that starts so would become a formula: in CSV it gets an apostrophe, in XLSX it is marked as text."""

LONGEST_CELL: Final = 32_767
NEVER_GUESS: Final = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}

Cell = str | int | float | None


def neutral(value: Cell) -> Cell:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


def csv_bytes(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return a CSV file with semicolons and a byte-order mark, as French Excel expects."""
    text = StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([neutral(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def xlsx_bytes(
    title: str,
    head: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    created: datetime,
    about: Sequence[tuple[str, str]] = (),
) -> bytes:
    """Return a workbook with a frozen head and a filter; ``about``, what it says of itself, is a second sheet."""
    buffer = BytesIO()
    book = xlsxwriter.Workbook(buffer, NEVER_GUESS)
    book.set_properties({"title": title, "author": "OpenMap ESS", "created": created.replace(tzinfo=None)})
    bold, text = book.add_format({"bold": True}), book.add_format({"quote_prefix": True})
    sheet = book.add_worksheet("Liste")
    widths = [len(name) for name in head]
    last = 0
    for column, name in enumerate(head):
        sheet.write_string(0, column, name, bold)
    for last, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            if isinstance(cell, str):
                shown = cell[:LONGEST_CELL]
                sheet.write_string(last, column, shown, text if shown.startswith(FORMULA_STARTS) else None)
            elif cell is not None:
                sheet.write_number(last, column, cell)
            widths[column] = min(60, max(widths[column], len(str(cell or ""))))
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width + 2)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, last, max(0, len(head) - 1))
    if about:
        said = book.add_worksheet("À propos")
        said.set_column(0, 0, 14)
        for line, (name, value) in enumerate(about):
            said.write_string(line, 0, name, bold)
            said.write_string(line, 1, value[:LONGEST_CELL], text if value.startswith(FORMULA_STARTS) else None)
    book.close()
    return buffer.getvalue()
