"""Editions come in from true workbooks; what is none, or too large, is told."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import datetime, time
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from sqlalchemy import select

from openmap.events.models import Slot
from openmap.extensions import db
from openmap.meetings.workbook.layout import SHEETS
from openmap.meetings.workbook.template import write_template
from openmap.web.workbook.layout import LARGEST_ROWS
from tests.meetings.folders import SMALL, bring_in, faults_of, folder


def workbook(path: Path, fill: Callable[[openpyxl.Workbook], None] = lambda _book: None) -> Path:
    """Write the small edition into the empty template, the way an organiser would, then change it."""
    file = path / "edition.xlsx"
    write_template(file)
    book = openpyxl.load_workbook(file)
    for name, text in SMALL.items():
        header, *lines = [line.split(";") for line in text.strip().split("\n")]
        sheet = next(sheet for sheet in SHEETS if name in sheet.names())
        page = book[sheet.title]
        titles = {str(cell.value).rstrip(" *"): cell.column for cell in page[1]}
        for row, cells in enumerate(lines, start=2):
            for title, cell in zip(header, cells, strict=True):
                page.cell(row, titles[title], cell or None)
    fill(book)
    book.save(file)
    return file


@pytest.mark.usefixtures("app")
def test_filled_template_comes_in_like_the_folder(tmp_path: Path) -> None:
    file = workbook(tmp_path)
    told = bring_in(file)
    assert told == bring_in(folder(tmp_path), replace=True)


@pytest.mark.usefixtures("app")
def test_true_excel_dates_and_times_are_read(tmp_path: Path) -> None:
    def fill(book: openpyxl.Workbook) -> None:
        book["Édition"]["C2"] = datetime(2017, 11, 16)  # noqa: DTZ001 - Excel knows no zone
        book["Créneaux"]["B2"] = time(9, 0)
        book["Acheteurs"]["F2"] = 4.0

    bring_in(workbook(tmp_path, fill))
    assert db.session.scalars(select(Slot).where(Slot.code == "T01")).one().start.hour == 8


@pytest.mark.usefixtures("app")
def test_empty_template_says_what_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "vide.xlsx"
    write_template(file)
    assert any("feuille « Édition » : une seule ligne est attendue" in fault for fault in faults_of(file))


def formula(book: openpyxl.Workbook) -> None:
    book["Souhaits"]["D2"] = "=2+3"


def broken(book: openpyxl.Workbook) -> None:
    book["Souhaits"]["D2"] = "#REF!"


def misspelt(book: openpyxl.Workbook) -> None:
    book["Souhaits"].title = "Souhait des acheteurs"


def without_slots(book: openpyxl.Workbook) -> None:
    del book["Créneaux"]


@pytest.mark.parametrize(
    ("fill", "told"),
    [
        (
            formula,
            "feuille « Souhaits », ligne 2, colonne « Valeur » : la cellule contient une formule : collez sa valeur",
        ),
        (broken, "la cellule est en erreur (#REF!)"),
        (misspelt, "nom de feuille inconnu"),
        (without_slots, "Il manque la feuille « Créneaux »"),
    ],
)
@pytest.mark.usefixtures("app")
def test_bad_workbook_is_told(tmp_path: Path, fill: Callable[[openpyxl.Workbook], None], told: str) -> None:
    assert any(told in fault for fault in faults_of(workbook(tmp_path, fill)))


def _zip(path: Path, **files: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/").replace("TYPES", "[Content_Types].xml"), content)
    return path


def _huge(path: Path) -> Path:
    return _zip(path, TYPES=b"<x/>", xl__sheet=b"0" * 320_000_000)


def _million(path: Path) -> Path:
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    page = book.add_worksheet("Tables")
    page.write_row(0, 0, ["Code", "Nom"])
    for row in range(1, LARGEST_ROWS * 3):
        page.write_string(row, 0, f"A{row}")
    book.close()
    return path


@pytest.mark.parametrize(
    ("write", "told"),
    [
        pytest.param(lambda path: path.touch() or path, "est vide", id="nothing"),
        pytest.param(lambda path: path.write_bytes(b"%PDF-1.7") and path, "n'est pas un classeur .xlsx", id="PDF"),
        pytest.param(
            lambda path: path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 9) and path, "mot de passe", id="xls"
        ),
        pytest.param(lambda path: _zip(path, word__document=b"x"), "n'est pas un classeur .xlsx", id="another zip"),
        pytest.param(lambda path: _zip(path, TYPES=b"<x", xl__workbook=b"<"), "abîmé", id="torn"),
        pytest.param(_huge, "démesuré", id="zip bomb"),
        pytest.param(_million, f"plus de {LARGEST_ROWS} lignes", id="too many rows"),
    ],
)
@pytest.mark.usefixtures("app")
def test_what_is_no_workbook_is_told(tmp_path: Path, write: Callable[[Path], Path], told: str) -> None:
    assert any(told in fault for fault in faults_of(write(tmp_path / "classeur.xlsx")))


@pytest.mark.usefixtures("app")
def test_source_that_does_not_exist_is_told(tmp_path: Path) -> None:
    assert "n'existe pas" in faults_of(tmp_path / "rien")[0]
    (tmp_path / "vide").mkdir()
    assert "aucun fichier .csv" in faults_of(tmp_path / "vide")[0]
