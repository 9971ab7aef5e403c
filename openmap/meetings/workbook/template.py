"""The empty workbook: one sheet a table, help on every column, drop-downs for what can be chosen."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from openmap.meetings.workbook.layout import KIND_WORDS, SHEETS, Column, Sheet

ROWS: Final = 500
"""How far down the drop-downs and formats reach."""

_READ_ME: Final = (
    "Une édition OpenMap ESS",
    "Remplissez les feuilles de ce classeur, puis importez-le : openmap import edition NOM-DU-FICHIER.xlsx",
    "Les colonnes dont le titre porte un astérisque sont obligatoires. Les autres peuvent rester vides.",
    "Cliquez sur un titre de colonne ou dans une cellule : l'aide apparaît.",
    "Les codes (T01, A1, B01, S01, R001) peuvent rester vides : ils sont alors numérotés dans l'ordre des lignes.",
    "Collez des valeurs, pas des formules. Rien n'est enregistré tant qu'il reste une erreur ; toutes sont signalées.",
)


def write_template(file: Path) -> None:
    """Write the empty workbook; raises OSError when the file cannot be written."""
    with file.open("xb"):
        pass
    book = xlsxwriter.Workbook(str(file))
    formats = {
        "title": book.add_format({"bold": True, "bg_color": "#0b6e4f", "font_color": "#ffffff", "bottom": 1}),
        "heading": book.add_format({"bold": True, "font_size": 16, "font_color": "#0b6e4f"}),
        "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
        "date": book.add_format({"num_format": "dd/mm/yyyy"}),
        "time": book.add_format({"num_format": "hh:mm"}),
        "text": book.add_format({"num_format": "@"}),
    }
    _read_me(book, formats)
    for sheet in SHEETS:
        _sheet(book, sheet, formats)
    book.close()


def _read_me(book: Any, formats: dict[str, Any]) -> None:
    page = book.add_worksheet("Lisez-moi")
    page.hide_gridlines(2)
    page.set_column(0, 0, 24)
    page.set_column(1, 1, 90, formats["wrap"])
    page.write_string(0, 0, _READ_ME[0], formats["heading"])
    for line, sentence in enumerate(_READ_ME[1:], start=2):
        page.write_string(line, 1, sentence, formats["wrap"])
    line = len(_READ_ME) + 2
    for sheet in SHEETS:
        page.write_url(line, 0, f"internal:'{sheet.title}'!A2", string=sheet.title)
        page.write_string(line, 1, sheet.help + ("" if sheet.required else " Facultative."), formats["wrap"])
        line += 1


def _sheet(book: Any, sheet: Sheet, formats: dict[str, Any]) -> None:
    page = book.add_worksheet(sheet.title)
    page.freeze_panes(1, 0)
    for rank, column in enumerate(sheet.columns):
        title = f"{column.title} *" if column.required else column.title
        shape = {"date": "date", "time": "time", "code": "text", "slots": "text", "text": "text"}.get(column.kind)
        page.set_column(rank, rank, column.width, formats[shape] if shape else None)
        page.write_string(0, rank, title, formats["title"])
        page.write_comment(0, rank, column.help, {"x_scale": 2})
        page.data_validation(1, rank, ROWS, rank, _validation(column))
    page.print_across()
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)


def _validation(column: Column) -> dict[str, Any]:
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
    if column.kind == "structure_kind":
        return told | {"validate": "list", "source": list(KIND_WORDS.values())}
    if column.kind == "code" and column.of is not None:
        return told | {"validate": "list", "source": _codes_of(column.of)}
    if column.kind == "integer":
        return told | {"validate": "integer", "criteria": ">=", "value": 0}
    return told | {"validate": "any"}


def _codes_of(key: str) -> str:
    """Return the range of the codes of a sheet."""
    sheet = next(sheet for sheet in SHEETS if sheet.key == key)
    rank = next(rank for rank, column in enumerate(sheet.columns) if column.key == "code")
    letter = xl_col_to_name(rank, col_abs=True)
    return f"='{sheet.title}'!{letter}$2:{letter}${ROWS + 1}"
