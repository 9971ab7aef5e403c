"""Printed documents, read back by pypdf: what they say, on how many pages, tagged and in French."""

import io
import re
import unicodedata

import pytest
from flask import Flask
from pypdf import PdfReader

from openmap.agendas.exports import (
    agenda_pdf,
    all_agendas_pdf,
    door_sheets_pdf,
    plan_poster_pdf,
    table_cards_pdf,
)
from openmap.agendas.printing import SLOTS_A_PAGE
from openmap.extensions import db
from tests.agendas.factory import FIRST_PLAN, Morning, build


def pages(pdf: bytes) -> list[str]:
    """Return the text of each page, spaces made plain."""
    return [re.sub(r"\s+", " ", page.extract_text()) for page in PdfReader(io.BytesIO(pdf)).pages]


def outside(pdf: bytes, *, margin: float = 36) -> list[str]:
    """Return the texts that lie off their page, or below its margin (points) and not on the footer's one line."""
    lost: list[str] = []
    for page in PdfReader(io.BytesIO(pdf)).pages:
        width, height = float(page.mediabox.width), float(page.mediabox.height)
        low: dict[int, str] = {}

        def look(text: str, cm: list[float], tm: list[float], *_: object, w: float = width, h: float = height) -> None:
            x = tm[4] * cm[0] + tm[5] * cm[2] + cm[4]
            y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
            if text.strip() and not (0 < x < w and 0 < y < h):
                lost.append(text)
            elif text.strip() and y < margin:
                low[round(y)] = text  # noqa: B023 - read before the next page

        page.extract_text(visitor_text=look)
        lost.extend(low[y] for y in sorted(low)[1:])
    return lost


def squeezed(text: str) -> str:
    """Return the letters alone: a page may break a word anywhere."""
    return "".join(c for c in unicodedata.normalize("NFKC", text) if c.isalnum())


@pytest.fixture
def morning(app: Flask) -> Morning:
    return build(db.session)


def test_an_agenda_tells_each_meeting_with_hour_and_table(morning: Morning) -> None:
    (text,) = pages(agenda_pdf(db.session, morning.plan(), morning.people["S02"]))
    assert "Extramuros" in text
    assert "2 entretiens" in text
    for told in ("11 h – 11 h 15", "Département du Val-de-Marne", "Table 2", "11 h 15 – 11 h 30", "Ville de Paris"):
        assert told in text
    assert "ARES Services" not in text, "another structure's meeting"


def test_free_time_absences_and_breaks_are_shown(morning: Morning) -> None:
    morning.people["B01"].absent_slots = [morning.slots["T06"]]
    (text,) = pages(agenda_pdf(db.session, morning.plan(), morning.people["B01"]))
    for told in ("11 h 30 – 11 h 45 Temps libre", "11 h 45 – 12 h 15 Pause", "12 h 45 – 13 h Indisponible"):
        assert told in text


def test_all_agendas_are_one_document_with_a_page_each(morning: Morning) -> None:
    found = pages(all_agendas_pdf(db.session, morning.plan()))
    assert len(found) == len(morning.people)
    for person, text in zip(morning.people.values(), found, strict=True):
        assert person.organisation.name in text
        assert "page 1 sur 1" in text


def test_documents_are_tagged_named_and_in_french(morning: Morning) -> None:
    plan = morning.plan()
    documents = {
        "Agenda de Ville de Paris": agenda_pdf(db.session, plan, morning.people["B01"]),
        "Agendas des participants": all_agendas_pdf(db.session, plan),
        "Cartons de table": table_cards_pdf(db.session, plan),
        "Planning général": plan_poster_pdf(db.session, plan),
    }
    for title, pdf in documents.items():
        reader = PdfReader(io.BytesIO(pdf))
        catalog = reader.trailer["/Root"]
        assert str(catalog["/Lang"]).startswith("fr")
        assert catalog["/MarkInfo"]["/Marked"]
        assert "/StructTreeRoot" in catalog
        assert reader.metadata is not None
        assert str(reader.metadata.title) == f"{title} – OpenMap ESS Économie circulaire"
        assert reader.metadata.creation_date == plan.created_at
        assert b"pdfuaid:part" in pdf


@pytest.mark.parametrize("number", [1, 5, 12, 20])
def test_one_to_twenty_meetings_fit_on_one_page(app: Flask, number: int) -> None:
    names = [f"Structure d’insertion au nom plutôt long, antenne n° {i}" for i in range(1, number + 1)]
    morning = build(db.session, buyers=["Ville de Paris"], structures=names, slots=20)
    plan = morning.plan([("B01", f"S{i:02}", f"T{i:02}", "A1") for i in range(1, number + 1)])
    (text,) = pages(agenda_pdf(db.session, plan, morning.people["B01"]))
    assert all(name in text for name in names)
    cards = pages(table_cards_pdf(db.session, plan))
    assert len(cards) == 1
    assert all(squeezed(name) in squeezed(cards[0]) for name in names)
    assert not outside(agenda_pdf(db.session, plan, morning.people["B01"]))
    assert not outside(table_cards_pdf(db.session, plan))


def test_a_table_card_names_its_owner_and_who_comes(morning: Morning) -> None:
    first, second = pages(table_cards_pdf(db.session, morning.plan()))
    assert "Table 1" in first
    assert "Ville de Paris" in first
    assert "11 h – 11 h 15" in first
    assert "ARES Services" in first
    assert "Extramuros" in first
    assert "Lemon Aide" not in first
    assert "Lemon Aide" in second


def test_without_tables_each_buyer_has_its_card(app: Flask) -> None:
    morning = build(db.session)
    for person in morning.people.values():
        person.table = None
    for table in morning.tables.values():
        db.session.delete(table)
    plan = morning.plan([(b, s, slot, None) for b, s, slot, _ in FIRST_PLAN])
    db.session.expire_all()
    found = pages(table_cards_pdf(db.session, plan))
    first, second = found
    assert squeezed(first).startswith("VilledeParis")
    assert squeezed(second).startswith("DépartementduValdeMarne")
    assert squeezed("11 h – 11 h 15 ARES Services") in squeezed(first)


def test_a_pool_table_names_both_who_meet_there(morning: Morning) -> None:
    plan = morning.plan([("B01", "S01", "T01", "A2")])
    _, second = pages(table_cards_pdf(db.session, plan))
    assert "Ville de Paris – ARES Services" in second


def test_the_poster_holds_every_meeting_and_splits_a_long_day(app: Flask) -> None:
    morning = build(db.session, slots=20)
    plan = morning.plan([("B01", "S01", "T01", "A1"), ("B02", "S02", "T20", "A2")])
    found = pages(plan_poster_pdf(db.session, plan))
    assert SLOTS_A_PAGE < 20
    assert len(found) == 2
    assert "ARES" in found[0]
    assert "Extramuros" in found[1]


@pytest.mark.parametrize("number", [2, 10, 18, 30])
def test_the_posters_grid_stays_above_its_footer(app: Flask, number: int) -> None:
    morning = build(db.session, buyers=[f"Département de la Rivière {i}" for i in range(number)], slots=12)
    meetings = [(f"B{i:02}", "S01", "T01", f"A{i}") for i in range(1, number + 1)]
    poster = plan_poster_pdf(db.session, morning.plan(meetings))
    assert len(pages(poster)) == 1
    assert not outside(poster, margin=39)


def test_a_large_poster_runs_over_pages_and_loses_nobody(app: Flask) -> None:
    buyers = [f"Acheteur public numéro {i:03}" for i in range(1, 91)]
    morning = build(db.session, buyers=buyers, structures=["Extramuros"])
    poster = plan_poster_pdf(db.session, morning.plan([("B90", "S01", "T01", "A90")]))
    found = pages(poster)
    assert len(found) > 1
    assert not outside(poster, margin=39)
    assert all(squeezed(name) in squeezed(" ".join(found)) for name in buyers)


MARKUP = (
    "#panic() *gras* $x^2$ @cible <a> `code` \\ [b] // fin",
    '#read("common.typ") "guillemets" {x}',
    "= Titre\n- puce\r\n/ terme: x",
    "Société 🌱 verte \x01 sonnée",
    "漢字 Kanji",
    "\U0001f331",
    "x" * 200,
    "é" * 200,
    "-1+1",
)


@pytest.mark.parametrize("name", MARKUP)
def test_what_people_type_is_printed_as_text(app: Flask, name: str) -> None:
    morning = build(db.session, buyers=[name, "Autre"], structures=[f"S {name}"[:200], "B", "C"], venue=name)
    plan = morning.plan()
    found = " ".join(pages(agenda_pdf(db.session, plan, morning.people["S01"])))
    letters = squeezed(re.sub("[漢字]", "", name))
    assert letters in squeezed(found)
    if "#" in name:
        assert squeezed(name) in squeezed(found)
        assert "#" in found
    assert len(pages(table_cards_pdf(db.session, plan))) >= 2
    assert letters in squeezed(" ".join(pages(plan_poster_pdf(db.session, plan))))


def test_letters_that_no_font_holds_leave_a_visible_mark(app: Flask) -> None:
    morning = build(db.session, structures=["漢字 Kanji", "B", "C"])
    (text,) = pages(agenda_pdf(db.session, morning.plan(), morning.people["S01"]))
    assert "□□ Kanji" in text


def test_a_participant_without_meeting_is_told_so(morning: Morning) -> None:
    (text,) = pages(agenda_pdf(db.session, morning.plan([]), morning.people["S03"]))
    assert "Aucun entretien n’est prévu pour vous" in text


def test_a_door_sheet_tells_one_slot_and_who_is_expected_at_which_table(morning: Morning) -> None:
    pdf = door_sheets_pdf(db.session, morning.plan())
    sheets = pages(pdf)
    assert len(sheets) == len(morning.slots)
    assert "11 h – 11 h 15" in sheets[0].replace("\u202f", " ").replace("\xa0", " ")
    assert sheets[0].index("ARES Services") < sheets[0].index("Extramuros"), "by name, as one looks for oneself"
    assert "Table 2" in sheets[0]
    assert "Lemon Aide" not in sheets[0]
    assert "Aucun entretien" in sheets[5]
    assert outside(pdf) == []


def test_a_door_sheet_of_a_hundred_meetings_goes_on_overleaf(app: Flask) -> None:
    names = [f"{number:03} structure au nom qui ne tient guère sur une ligne" for number in range(100)]
    large = build(db.session, buyers=[f"Acheteur {number}" for number in range(100)], structures=names, slots=2)
    pdf = door_sheets_pdf(db.session, large.plan([(f"B{n:02}", f"S{n:02}", "T01", None) for n in range(1, 101)]))
    text = " ".join(pages(pdf))
    assert all(f"{number:03} structure" in text for number in range(100))
    assert outside(pdf) == []
