"""The list of the eighteen months: what it finds, counts, orders and hands over."""

from __future__ import annotations

import csv
import re
from datetime import timedelta
from io import BytesIO, StringIO
from typing import Any

import pytest
from icalendar import Calendar
from openpyxl import load_workbook

from openmap.extensions import db
from openmap.needs.listing import PER_PAGE, Filters, listed, whole
from openmap.needs.models import Need
from openmap.needs.periods import bounds, horizon, quarters_from
from openmap.needs.services import today_of
from openmap.reference.models import Commune
from openmap.reference.picking import find_trades
from openmap.reference.places import find_places
from tests.house.counting import statements
from tests.needs.conftest import Town, activity, area
from tests.signing import now

TODAY = today_of(now())
DAY = timedelta(days=1)


def found(**filters: Any) -> list[str]:
    """Return the titles that the public sees under these filters."""
    shown = listed(db.session, None, Filters(**filters), today=TODAY)
    return [one.title for one in whole(db.session, [line.id for line in shown.shown])]


@pytest.fixture
def four(town: Town) -> Town:
    """Return the town with four needs that differ in everything that is filtered."""
    town.need("Tonte", ahead=0, lever="clause", amount="10k_40k", certainty="certain", description="Pelouses d’été")
    town.need("Ménage", activities=[activity("propre.locaux")], areas=[area("93")], lever="none", amount="over_1m")
    town.need("Élagage", ahead=3, activities=[activity("vert.taille"), activity("propre.locaux")], areas=[],
              communes=[db.session.get_one(Commune, "94081")], certainty="idea")  # fmt: skip
    town.need("Partout", ahead=5, activities=[], cpv=["90911200"], areas=[area("11")])
    return town


@pytest.mark.parametrize(
    ("filters", "titles"),
    [
        ({}, ["Tonte", "Ménage", "Élagage", "Partout"]),
        ({"words": "elag"}, ["Élagage"]),
        ({"words": "ELAGAGE haies"}, ["Élagage"]),
        ({"words": "été pelouse"}, ["Tonte"]),
        ({"words": "9091"}, ["Partout"]),
        ({"words": "ville de mont"}, ["Tonte", "Ménage", "Élagage", "Partout"]),
        ({"words": "proprete"}, ["Ménage", "Élagage"]),
        ({"words": "rien de tel"}, []),
        ({"lever": "clause"}, ["Tonte"]),
        ({"amount": "over_1m"}, ["Ménage"]),
    ],
    ids=str,
)
def test_filters_find(four: Town, filters: dict[str, Any], titles: list[str]) -> None:
    assert found(**filters) == titles


def test_trades_activities_and_quarters_filter(four: Town) -> None:
    tonte, locaux = activity("vert.tonte"), activity("propre.locaux")
    assert found(trade=tonte.trade_id) == ["Tonte", "Élagage"]
    assert found(trade=locaux.trade_id) == ["Ménage", "Élagage"]
    assert found(trade=0) == ["Partout"]
    assert found(activity=tonte.id) == ["Tonte"]
    assert found(quarter=quarters_from(TODAY)[0]) == ["Tonte"]
    assert found(quarter=quarters_from(TODAY)[3], activity=locaux.id) == ["Élagage"]


def test_a_territory_shows_what_is_carried_out_in_some_part_of_it(four: Town) -> None:
    assert found(area=area("94").id) == ["Tonte", "Élagage", "Partout"]
    assert found(area=area("93").id) == ["Ménage", "Partout"]
    assert found(area=area("11").id) == ["Tonte", "Ménage", "Élagage", "Partout"]


def test_only_the_eighteen_months_are_listed(town: Town) -> None:
    last = horizon(TODAY)
    for title, first, end in (
        ("hier", TODAY - 9 * DAY, TODAY - DAY),
        ("finit aujourd’hui", TODAY - 99 * DAY, TODAY),
        ("commence au dernier jour", last, last + 9 * DAY),
        ("commence après", last + DAY, last + 9 * DAY),
    ):
        town.need(title, quarter=None, starts_on=first, ends_on=end)
    town.need("sans date", quarter=None, starts_on=None, ends_on=None)
    assert found() == ["finit aujourd’hui", "commence au dernier jour"]
    shown = listed(db.session, None, Filters(), today=TODAY)
    assert [line.quarter for line in shown.shown] == [shown.quarters[0], shown.quarters[-1]]


def test_each_option_shows_as_many_as_it_says(four: Town) -> None:
    shown = listed(db.session, None, Filters(words="e"), today=TODAY)
    for name in ("trade", "activity", "quarter", "lever", "amount"):
        for option in shown.options[name]:
            value: Any = int(option.value) if name in {"trade", "activity"} else option.value
            assert len(found(words="e", **{name: value})) == option.count, (name, option)


def test_the_timeline_holds_every_need_in_its_quarter_and_each_of_its_trades(four: Town) -> None:
    shown = listed(db.session, None, Filters(), today=TODAY)
    cells = {(name, cell.quarter): len(cell.lines) for _id, name, row in shown.timeline() for cell in row if cell.lines}
    codes = quarters_from(TODAY)
    assert cells == {
        ("Espaces verts", codes[0]): 1, ("Espaces verts", codes[3]): 1, ("Propreté", codes[1]): 1,
        ("Propreté", codes[3]): 1, ("", codes[5]): 1,
    }  # fmt: skip
    page = four.client("nobody").get("/besoins/calendrier").text
    assert page.count("<td") == 3 * len(codes)
    assert "Sans filière" in page


def test_a_full_quarter_names_the_first_and_leads_to_the_others(town: Town) -> None:
    for rank in range(22):
        town.need(f"Tonte {rank:02d}")
    client, code = town.client("nobody"), quarters_from(TODAY)[1]
    page = client.get("/besoins/calendrier?q=tonte").text
    assert ("Tonte 19" in page, "Tonte 20" in page) == (True, False)
    assert "22\u00a0besoins" in page
    rest = re.search(r'href="([^"]+)">Les voir tous', page)
    assert rest is not None
    assert client.get(rest[1].replace("&amp;", "&")).text.count('class="entry need"') == 22
    assert code in rest[1]


def test_a_cell_of_the_timeline_leads_to_the_needs_that_it_counts(four: Town) -> None:
    client = four.client("nobody")
    for trade, _name, row in listed(db.session, None, Filters(), today=TODAY).timeline():
        for cell in row:
            if cell.lines:
                text = client.get(f"/besoins?filiere={trade}&trimestre={cell.quarter}").text
                assert text.count('class="entry need"') == len(cell.lines)


def test_pages_hold_thirty_and_keep_the_filters(town: Town) -> None:
    for rank in range(PER_PAGE + 2):
        town.need(f"Tonte {rank:02d}", lever="clause")
    client = town.client("nobody")
    first, second = (client.get(f"/besoins?levier=clause&page={page}").text for page in (1, 9))
    assert (first.count('class="entry need"'), second.count('class="entry need"')) == (PER_PAGE, 2)
    assert "levier=clause" in first
    assert "Page 2 sur 2" in second
    assert "32\u00a0besoins" in second


@pytest.mark.parametrize("path", ["/besoins", "/besoins/calendrier", "/besoins/liste.csv", "/organisations/{}/besoins"])
def test_a_list_asks_the_database_as_often_for_thirty_as_for_three(town: Town, path: str) -> None:
    counts = []
    client = town.client("buyer")
    for size in (3, 30):
        while len(found()) < size:
            town.need(f"Tonte {len(found())}", communes=[db.session.get_one(Commune, "94081")])
        db.session.expire_all()
        with statements() as sent:
            assert client.get(path.format(town.buyer.id)).status_code == 200
        counts.append(len(sent))
    assert counts[0] == counts[1] <= 25


def test_a_needs_page_asks_as_often_for_a_long_log_as_for_a_short_one(town: Town) -> None:
    from openmap.needs.services import save

    need, counts = town.need(), []
    client, by = town.client("buyer"), town.people["buyer"]
    for size in (3, 30):
        while len(need.log) < size:
            save(db.session, need, {"lots": f"Lot {len(need.log)}"}, version=need.version, by=by, now=now())
            db.session.commit()
        db.session.expire_all()
        with statements() as sent:
            assert client.get(f"/besoins/{need.id}").text.count("Modifié") >= size
        counts.append(len(sent))
    assert counts[0] == counts[1]


HOSTILE = '=HYPERLINK("http://evil.example";"clic")'


def test_exports_hold_what_the_list_shows_and_no_formula(four: Town) -> None:
    four.need(HOSTILE, lever="clause", contact_email="secret@essai.example", lots="+33 1\nb", description="@x")
    client = four.client("buyer")
    text = client.get("/besoins/liste.csv?levier=clause")
    assert text.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(StringIO(text.data.decode("utf-8-sig")), delimiter=";"))
    assert [row[1] for row in rows[1:]] == ["Tonte", f"'{HOSTILE}"]
    assert rows[2][2] == "'@x"
    assert rows[2][12] == "'+33 1\nb"
    assert {len(row) for row in rows} == {23}
    assert rows[1][8] == f"{bounds(quarters_from(TODAY)[0])[0]:%d/%m/%Y}"
    sheet = load_workbook(BytesIO(client.get("/besoins/liste.xlsx?levier=clause").data)).active
    assert sheet is not None
    assert [(cell.value, cell.data_type) for cell in sheet["B"]][1:] == [("Tonte", "s"), (HOSTILE, "s")]
    assert "secret@essai.example" not in text.text


def test_the_calendar_has_a_day_a_need_that_keeps_its_identity(four: Town) -> None:
    def read() -> dict[str, Any]:
        answer = four.client("nobody").get("/besoins/liste.ics")
        assert "method=PUBLISH" in answer.headers["Content-Type"]
        events = Calendar.from_ical(answer.data).walk("VEVENT")
        return {str(one["summary"]).partition(" – ")[0]: one for one in events}

    before = read()
    assert set(before) == {"Tonte", "Ménage", "Élagage", "Partout"}
    need = db.session.query(Need).filter_by(title="Tonte").one()
    assert before["Tonte"].decoded("dtstart") == need.starts_on
    assert (before["Tonte"]["status"], before["Élagage"]["status"]) == ("CONFIRMED", "TENTATIVE")
    assert "n’engage personne" in before["Tonte"]["description"]
    assert str(before["Tonte"]["url"]).endswith(f"/besoins/{need.id}")
    need.version += 1
    db.session.commit()
    after = read()
    assert {name: one["uid"] for name, one in after.items()} == {name: one["uid"] for name, one in before.items()}
    assert int(after["Tonte"]["sequence"]) == int(before["Tonte"]["sequence"]) + 1


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ("nettoyage bureaux", ["propre.locaux"]),
        ("nettoyages", ["propre.locaux", "propre.vehicules"]),
        ("nettoyer des véhicules", ["propre.vehicules"]),
        ("GAZON", ["vert.tonte"]),
        ("tontte", ["vert.tonte"]),
        ("élagages", ["vert.taille"]),
        ("espaces verts", ["vert.tonte", "vert.taille"]),
        ("7731", ["vert.tonte"]),
        ("77310000-6", ["vert.tonte"]),
        ("90 91", ["propre.locaux"]),
        ("7", []),
        ("xyzzy", []),
        ("de la", []),
    ],
)
def test_activities_are_found_by_words_of_any_form_and_by_digits(town: Town, typed: str, codes: list[str]) -> None:
    assert [one.code for one in find_trades(db.session, typed).activities] == codes


def test_codes_are_found_with_the_activities_and_by_their_digits(town: Town) -> None:
    assert [one.code for one in find_trades(db.session, "gazon").codes] == ["77310000", "77311000"]
    assert [(one.code, one.label) for one in find_trades(db.session, "77311").codes] == [("77311000", "Tonte")]
    assert find_trades(db.session, "tontte").read_as
    assert not find_trades(db.session, "tonte").read_as


@pytest.mark.parametrize(
    ("typed", "areas", "communes"),
    [
        ("val de", ["94"], []),
        ("94", ["94"], ["94081"]),
        ("ile de", ["11"], []),
        ("saint-d", ["93"], ["93066"]),
        ("St Denis", ["93"], ["93066"]),
        ("vitry", [], ["94081"]),
        ("93066", [], ["93066"]),
        ("", [], []),
    ],
)
def test_places_are_found_at_every_level(town: Town, typed: str, areas: list[str], communes: list[str]) -> None:
    places = find_places(db.session, typed)
    assert [one.code for one in places.areas] == areas
    assert [one.code for one in places.communes] == communes
