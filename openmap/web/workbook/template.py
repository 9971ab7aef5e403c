"""The empty workbook: one sheet a table, help on every column, drop-downs for what can be chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from openmap.web.workbook.layout import Column, Sheet

ROWS: Final = 500
"""How far down the drop-downs and formats reach."""

LONGEST_LIST: Final = 255
"""Excel keeps no more characters in a drop-down that is written in its cell: longer lists get a sheet of their own."""
CHOICES: Final = "Choix"


def write_book(target: Any, sheets: Sequence[Sheet], read_me: Sequence[str]) -> None:
    """Write the empty workbook to a file's name or a stream; ``read_me`` is its title and what to do."""
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    formats = {
        "title": book.add_format({"bold": True, "bg_color": "#0b6e4f", "font_color": "#ffffff", "bottom": 1}),
        "heading": book.add_format({"bold": True, "font_size": 16, "font_color": "#0b6e4f"}),
        "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
        "date": book.add_format({"num_format": "dd/mm/yyyy"}),
        "time": book.add_format({"num_format": "hh:mm"}),
        "text": book.add_format({"num_format": "@"}),
    }
    _read_me(book, sheets, read_me, formats)
    lists = _lists(sheets)
    for sheet in sheets:
        _sheet(book, sheets, sheet, formats, lists)
    if lists:
        _write_lists(book, lists)
    book.close()


def _read_me(book: Any, sheets: Sequence[Sheet], read_me: Sequence[str], formats: dict[str, Any]) -> None:
    page = book.add_worksheet("Lisez-moi")
    page.hide_gridlines(2)
    page.set_column(0, 0, 24)
    page.set_column(1, 1, 90, formats["wrap"])
    page.write_string(0, 0, read_me[0], formats["heading"])
    for line, sentence in enumerate(read_me[1:], start=2):
        page.write_string(line, 1, sentence, formats["wrap"])
    line = len(read_me) + 2
    for sheet in sheets:
        page.write_url(line, 0, f"internal:'{sheet.title}'!A2", string=sheet.title)
        page.write_string(line, 1, sheet.help + ("" if sheet.required else " Facultative."), formats["wrap"])
        line += 1


def _sheet(
    book: Any, sheets: Sequence[Sheet], sheet: Sheet, formats: dict[str, Any], lists: dict[tuple[str, ...], str]
) -> None:
    page = book.add_worksheet(sheet.title)
    page.freeze_panes(1, 0)
    for rank, column in enumerate(sheet.columns):
        title = f"{column.title} *" if column.required else column.title
        shape = {"date": "date", "time": "time", "code": "text", "slots": "text", "text": "text"}.get(column.kind)
        page.set_column(rank, rank, column.width, formats[shape] if shape else None)
        page.write_string(0, rank, title, formats["title"])
        page.write_comment(0, rank, column.help, {"x_scale": 2})
        page.data_validation(1, rank, ROWS, rank, _validation(column, sheets, lists))
    page.print_across()
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)


def _validation(column: Column, sheets: Sequence[Sheet], lists: dict[tuple[str, ...], str]) -> dict[str, Any]:
    """Return a drop-down where there is a choice, otherwise the help alone."""
    told = {
        "input_title": column.title[:32],
        "input_message": column.help[:255],
        "error_title": "À vérifier",
        "error_message": column.help[:255],
        "error_type": "warning",
        "ignore_blank": True,
    }
    if column.kind == "flag":
        return told | {"validate": "list", "source": ["oui", "non"]}
    if column.kind == "choice" and column.words:
        words = tuple(column.words.values())
        return told | {"validate": "list", "source": lists.get(words) or list(words)}
    if column.kind == "code" and column.of is not None:
        return told | {"validate": "list", "source": _codes_of(sheets, column.of)}
    if column.kind == "integer":
        return told | {"validate": "integer", "criteria": ">=", "value": 0}
    return told | {"validate": "any"}


def _codes_of(sheets: Sequence[Sheet], key: str) -> str:
    """Return the range of the codes of a sheet."""
    sheet = next(sheet for sheet in sheets if sheet.key == key)
    rank = next(rank for rank, column in enumerate(sheet.columns) if column.key == "code")
    letter = xl_col_to_name(rank, col_abs=True)
    return f"='{sheet.title}'!{letter}$2:{letter}${ROWS + 1}"


def _lists(sheets: Sequence[Sheet]) -> dict[tuple[str, ...], str]:
    """Return the range of each list of words that is too long for its cell."""
    long: dict[tuple[str, ...], str] = {}
    for column in (column for sheet in sheets for column in sheet.columns):
        words = tuple((column.words or {}).values())
        if column.kind == "choice" and len(",".join(words)) > LONGEST_LIST and words not in long:
            letter = xl_col_to_name(len(long), col_abs=True)
            long[words] = f"='{CHOICES}'!{letter}$1:{letter}${len(words)}"
    return long


def _write_lists(book: Any, lists: dict[tuple[str, ...], str]) -> None:
    page = book.add_worksheet(CHOICES)
    page.hide()
    for rank, words in enumerate(lists):
        for line, word in enumerate(words):
            page.write_string(line, rank, word)
