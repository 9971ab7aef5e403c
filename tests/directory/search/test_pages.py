"""The page of the search without a script and for htmx, and the files of a filtered list."""

from __future__ import annotations

import csv
import json
from datetime import date, timedelta
from io import BytesIO, StringIO
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from openmap.directory import searching
from openmap.directory.models import Structure
from openmap.directory.search.finding import find, matching_ids
from openmap.directory.search.query import Query
from openmap.extensions import db
from openmap.meetings.models import Participation
from tests.directory.search.conftest import offer, structure
from tests.factories import make_edition
from tests.house.counting import statements
from tests.signing import client_of, make_person

GREEN = "espaces-verts.entretien"


@pytest.fixture
def listed(region: Flask) -> Flask:
    for at in range(25):
        structure(
            f"Jardin {at} (fictif)", ("93066", "77288")[at % 2], offer(GREEN, km=15, title="Tonte"),
            kind=("ei", "esat")[at % 2], contact_email="secret@exemple.fr",
        )  # fmt: skip
    structure('=HYPERLINK("x") <script>alert(1)</script>', "93066", offer(GREEN, km=15), kind="aci")
    db.session.commit()
    return region


def test_page_tells_filters_counts_and_reasons_without_a_script(listed: Flask) -> None:
    client = listed.test_client()
    page = client.get(f"/annuaire?activite={GREEN}&ou=Saint-Denis (93066)&type=ei&q=").text
    assert "13\u202fstructures" in page or "13\xa0structures" in page
    assert "Retirer le filtre" in page
    assert "Propose : Entretien" in page
    assert 'value="Saint-Denis (93066)"' in page
    assert "secret@exemple.fr" not in page
    assert "<script>alert" not in client.get("/annuaire?type=aci").text
    assert "Retirer les mots cherchés" in client.get("/annuaire?q=zzzz&type=ei").text


def test_htmx_gets_what_changes_and_the_address_of_it(listed: Flask) -> None:
    client = listed.test_client()
    answer = client.get("/annuaire?ou=Seine-Saint-Denis&type=ei&q=&taille=", headers={"HX-Request": "true"})
    assert answer.headers["HX-Push-Url"] == "/annuaire?type=ei&lieu=departement:93"
    assert "<h1" not in answer.text
    assert 'id="facettes" hx-swap-oob="true"' in answer.text
    assert "structures</span>" in answer.text
    restored = client.get("/annuaire", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert "<h1" in restored.text
    assert "Montreuil (93048)" in client.get("/annuaire/lieux?ou=montreu").text


def test_pages_show_everyone_once(listed: Flask) -> None:
    client = listed.test_client()
    pages = [client.get(f"/annuaire?page={number}").text for number in (1, 2)]
    for at in range(25):
        assert sum(f"Jardin {at} (fictif)" in page for page in pages) == 1
    assert client.get("/annuaire?page=99").text.count("found-structure__tags") == 6


def test_query_count_is_the_same_for_few_and_many(listed: Flask) -> None:
    client = listed.test_client()
    client.get("/annuaire")
    counts = []
    for address in ("/annuaire?type=aci", "/annuaire"):
        with statements() as sent:
            client.get(address)
        counts.append(len(sent))
    assert counts[0] == counts[1]
    assert counts[0] <= 9


def test_a_file_holds_the_filtered_list_in_its_order_and_says_what_it_is(listed: Flask) -> None:
    client = client_of(listed, make_person("camille@essai.example"))
    asked = f"activite={GREEN}&lieu=departement:93&type=ei&type=aci"
    with listed.test_request_context():
        query = Query.read(MultiDict(parse_qsl(asked)))
        ids = matching_ids(db.session, query, today=searching.today())
        names = dict(db.session.execute(select(Structure.id, Structure.name)).all())
        assert find(db.session, query, today=searching.today()).total == len(ids)
    expected = [names[one] for one in ids]
    text = client.get(f"/annuaire/liste.csv?{asked}").data
    assert text.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(StringIO(text.decode("utf-8-sig")), delimiter=";"))
    end = rows.index([])
    assert [row[0].removeprefix("'") for row in rows[1:end]] == expected
    assert any(row[0].startswith("'=HYPERLINK") for row in rows[1:end])
    about = {row[0]: row[1] for row in rows[end + 1 :]}
    assert "Seine-Saint-Denis" in about["Filtres"]
    assert about["Date"] == f"{searching.today():%d/%m/%Y}"
    assert urlsplit(about["Source"]).path == "/annuaire"
    book = load_workbook(BytesIO(client.get(f"/annuaire/liste.xlsx?{asked}").data))
    assert [row[0].value for row in book.worksheets[0].iter_rows(min_row=2)] == expected
    assert all(row[0].data_type == "s" for row in book.worksheets[0].iter_rows(min_row=2))
    assert book.worksheets[1]["A2"].value == "Filtres"
    shapes = json.loads(client.get(f"/annuaire/liste.geojson?{asked}").data)
    assert [one["properties"]["Nom"] for one in shapes["features"]] == expected
    assert all(one["geometry"]["type"] == "Point" for one in shapes["features"])
    assert b"secret@" not in text


def test_a_visitor_gets_the_first_lines_and_is_told(listed: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(searching.MOST_LINES, False, 5)
    text = listed.test_client().get("/annuaire/liste.csv").data.decode("utf-8-sig")
    rows = list(csv.reader(StringIO(text), delimiter=";"))
    assert rows.index([]) == 6
    assert rows[-1][0] == "Attention"


def test_structures_of_a_held_edition_are_found_by_it(listed: Flask) -> None:
    held = make_edition("passee", structures=2, held_on=date(2020, 1, 15))
    make_edition("a-venir", structures=2, held_on=searching.today() + timedelta(days=30))
    db.session.commit()
    there = db.session.scalars(
        select(Participation.organisation_id).where(
            Participation.edition_id == held.id, Participation.side == "structure"
        )
    ).all()
    db.session.get_one(Structure, there[0]).listed_at = db.session.scalars(select(Structure.listed_at)).first()
    db.session.commit()
    with listed.test_request_context():
        assert matching_ids(db.session, Query(met="passee"), today=searching.today()) == [there[0]]
        assert matching_ids(db.session, Query(met="a-venir"), today=searching.today()) == []
        facets = find(db.session, Query(), today=searching.today()).facets
    assert [(one.value, one.count) for one in facets["rencontre"]] == [("passee", 1)]
