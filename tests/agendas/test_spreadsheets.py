"""The workbook, read back by openpyxl."""

import io
from datetime import datetime, time
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook

from openmap.agendas.exports import plan_workbook
from openmap.extensions import db
from tests.agendas.factory import FIRST_PLAN, Morning, build


def opened(content: bytes) -> Any:
    return load_workbook(io.BytesIO(content))


def rows(sheet: Any) -> list[tuple[Any, ...]]:
    return list(sheet.iter_rows(values_only=True))


@pytest.fixture
def morning(app: Flask) -> Morning:
    return build(db.session)


def test_it_has_the_five_sheets_ready_to_print(morning: Morning) -> None:
    book = opened(plan_workbook(db.session, morning.plan()))
    assert book.sheetnames == ["Planning", "Entretiens", "Par structure", "Souhaits non servis", "Indicateurs"]
    for sheet in book.worksheets:
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.print_title_rows == "$1:$1"
        assert sheet.freeze_panes is not None
    assert book["Planning"].freeze_panes == "D2"
    assert book["Entretiens"].auto_filter.ref == "A1:L5"


def test_the_list_holds_exactly_the_plan(morning: Morning) -> None:
    book = opened(plan_workbook(db.session, morning.plan()))
    head, *body = rows(book["Entretiens"])
    found = {(row[5], row[7], row[2], row[4]) for row in body}
    assert found == {(b, s, slot, table.replace("A", "Table ")) for b, s, slot, table in FIRST_PLAN}
    first = body[0][0]
    assert (first.time() if isinstance(first, datetime) else first) == time(11, 0), "local time, as a time"
    assert head[:3] == ("Début", "Fin", "Créneau")


def test_both_grids_say_who_meets_whom_when(morning: Morning) -> None:
    morning.people["S03"].absent_slots = [morning.slots["T01"]]
    book = opened(plan_workbook(db.session, morning.plan([("B01", "S01", "T02", "A2"), ("B02", "S03", "T06", "A2")])))
    head, paris, marne = rows(book["Planning"])
    assert head[4] == "11\u00a0h\u00a015\u202f–\u202f11\u00a0h\u00a030"
    assert paris[4] == "ARES Services (Table 2)"
    assert marne[8] == "Lemon Aide"
    assert (paris[-1], marne[-1]) == (1, 1)
    _, ares, _, lemon = rows(book["Par structure"])
    assert ares[4] == "Ville de Paris (Table 2)"
    assert lemon[3] == "indisponible"


def test_wishes_left_out_come_with_their_reason(morning: Morning) -> None:
    book = opened(plan_workbook(db.session, morning.plan()))
    _, *body = rows(book["Souhaits non servis"])
    assert {(row[2], row[4]) for row in body} == {
        ("Ville de Paris", "Lemon Aide"),
        ("Département du Val-de-Marne", "ARES Services"),
    }
    assert body[0][7:] == (
        "Structure complète",
        "La structure est déjà prise sur tous ses créneaux.",
        "libérer T03 de S01",
    )


def test_indicators_give_value_bound_and_proof(morning: Morning) -> None:
    book = opened(plan_workbook(db.session, morning.plan()))
    levels = {row[0]: row[1:4] for row in rows(book["Indicateurs"])}
    assert levels["Valeur des souhaits"] == (40, 40, "Oui")
    assert levels["Équilibre"] == ("5 / 3", "5 / 4", "Non")
    assert levels["Entretiens"][0] == 4


FORMULAS = (
    "=1+1", "+33 1 23", "-2*3", "@SUM(A1)", "=HYPERLINK(\"http://example.org\")", "=cmd|' /C calc'!A0", "https://example.org",
    "12345", "\t=1+1", "\x01=1+1", "_x0041_",
)  # fmt: skip


@pytest.mark.parametrize("name", FORMULAS)
def test_no_cell_is_ever_a_formula(app: Flask, name: str) -> None:
    morning = build(db.session, buyers=[name, "Autre"], structures=[f"{name} s"[:200], "B", "C"], title=name)
    book = opened(plan_workbook(db.session, morning.plan()))
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]
    shown = name.strip("\t\x01")
    named = [cell for cell in cells if cell.value == shown]
    assert named
    assert all(cell.data_type in {"s", "inlineStr"} for cell in named)
    if shown[0] in "=+-@":
        assert all(cell.quotePrefix for cell in named)


def test_the_same_plan_gives_the_same_bytes(morning: Morning) -> None:
    plan = morning.plan()
    assert plan_workbook(db.session, plan) == plan_workbook(db.session, plan)


def test_a_plan_without_meetings_still_makes_a_workbook(morning: Morning) -> None:
    book = opened(plan_workbook(db.session, morning.plan([])))
    assert len(rows(book["Entretiens"])) == 1
