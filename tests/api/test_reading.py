"""The API hands over public data, all of it in pages, and nothing else."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import String, Text, select

from openmap.api.operations import OPERATIONS
from openmap.directory.facilitator_models import Facilitator
from openmap.directory.models import Buyer, ClientReference, Delegate, Offer, Structure
from openmap.directory.page_parts import parts_of
from openmap.extensions import Base, db, limiter
from openmap.needs.models import Need
from openmap.needs.periods import bounds, quarters_from
from openmap.people.models import Person
from openmap.reference.models import Activity, Area
from tests.facilitators import make_facilitator
from tests.house.counting import statements
from tests.needing import make_need
from tests.needs.conftest import words
from tests.signing import client_of, make_person, now

V1 = "/api/v1"
SECRET = "zzsecretzz"


@pytest.fixture
def data(app: Flask) -> FlaskClient:
    """Return a visitor's browser, words and places being there."""
    words()
    return app.test_client()


def make_structure(rank: int = 0, **more: Any) -> Structure:
    activity = db.session.scalars(select(Activity).where(Activity.code == "vert.tonte")).one()
    area = db.session.scalars(select(Area).where(Area.code == "93")).one()
    made = Structure(**{"name": f"Structure {rank}", "kind": "aci", "listed_at": now(), "commune_code": "93066"} | more)
    made.offers = [Offer(activity=activity, title="Tonte", reach="places", areas=[area])]
    made.clients = [ClientReference(client="Ville d’essai", year=2024)]
    db.session.add(made)
    return made


def coming_need(buyer: Buyer, title: str, **more: Any) -> Need:
    code = quarters_from(now().date())[1]
    first, last = bounds(code)
    made = make_need(buyer, title, **{"quarter": code, "starts_on": first, "ends_on": last} | more)
    made.areas = [db.session.scalars(select(Area).where(Area.code == "93")).one()]
    db.session.add(made)
    return made


def test_pages_follow_one_another_and_hold_everything_once(data: FlaskClient) -> None:
    made = [make_structure(rank) for rank in range(7)]
    db.session.commit()
    address, seen = f"{V1}/structures?ordre=numero&limite=3", list[int]()
    while address:
        answer = data.get(address.partition("8000")[2] or address).json
        seen += [row["id"] for row in answer["data"]]
        address = answer["links"]["next"]
    assert seen == [one.id for one in made]
    assert answer["meta"] | {"source": "", "notice": "", "licence": ""} == {
        "source": "", "notice": "", "licence": "", "total": 7, "page": 3, "pages": 3, "limit": 3,
    }  # fmt: skip
    assert "Licence Ouverte" in answer["meta"]["licence"]["name"]


def test_a_structure_is_told_whole(data: FlaskClient) -> None:
    one = make_structure(siret="73282932000074", also_kinds=["ei"], contact_email="cache@essai.example")
    db.session.commit()
    told = data.get(f"{V1}/structures/siret/73282932000074").json["data"]
    assert told == data.get(f"{V1}/structures/{one.id}").json["data"]
    assert (told["commune"], told["also_kinds"]) == (
        {"code": "93066", "name": "Saint-Denis"}, [{"code": "ei", "name": "EI"}],
    )  # fmt: skip
    assert told["offers"][0]["activity"] == {"code": "vert.tonte", "name": "Tonte"}
    assert told["offers"][0]["areas"] == [{"level": "departement", "code": "93", "name": "Seine-Saint-Denis"}]
    assert told["page"].endswith(f"/annuaire/structures/{one.id}")


def test_filters_are_those_of_the_search_page(data: FlaskClient) -> None:
    make_structure(1, kind="ei")
    make_structure(2, kind="esat")
    db.session.commit()
    found = data.get(f"{V1}/structures?type=esat").json
    assert ([row["name"] for row in found["data"]], found["meta"]["total"]) == (["Structure 2"], 1)
    assert data.get(f"{V1}/structures?type=esat&type=ei").json["meta"]["total"] == 2


@pytest.mark.parametrize(
    ("query", "status", "parameter"),
    [
        ("structures?limite=101", 400, "limite"),
        ("structures?page=0", 400, "page"),
        ("structures?page=1.0", 400, "page"),
        ("structures?couleur=vert", 400, "couleur"),
        ("structures?lieu=93", 400, "lieu"),
        ("structures?page=1&page=2", 400, "page"),
        ("needs?activite=rien", 422, "activite"),
        ("needs?territoire=ept:T77", 422, "territoire"),
        ("facilitators?q=x", 400, "q"),
    ],
)
def test_what_is_asked_wrongly_is_refused_in_french(data: FlaskClient, query: str, status: int, parameter: str) -> None:
    answer = data.get(f"{V1}/{query}")
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    body = json.loads(answer.data)
    assert (body["status"], [one["parameter"] for one in body["errors"]]) == (status, [parameter])
    assert all(re.search(r"[éàê]|Ce|Donnez|existe", one["detail"]) for one in body["errors"])


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/structures/999", "GET", 404),
        ("/rien", "GET", 404),
        ("/structures/999999999999", "GET", 404),
        ("/structures", "POST", 405),
        ("/structures/%00", "GET", 400),
    ],
)
def test_every_refusal_is_a_problem(data: FlaskClient, path: str, method: str, status: int) -> None:
    answer = data.open(f"{V1}{path}", method=method)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_what_has_not_changed_is_not_sent_again(data: FlaskClient) -> None:
    make_structure()
    db.session.commit()
    first = data.get(f"{V1}/structures")
    again = data.get(f"{V1}/structures", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert first.headers["Cache-Control"] == "public, no-cache"
    make_structure(2)
    db.session.commit()
    assert data.get(f"{V1}/structures", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_any_site_reads_it_and_nobody_is_recognised(app: Flask, data: FlaskClient) -> None:
    make_structure()
    db.session.commit()
    administrator = client_of(app, make_person("admin@essai.example", "administrator"))
    for path in ("structures", "needs", "facilitators", "openapi.json"):
        answer, same = data.get(f"{V1}/{path}"), administrator.get(f"{V1}/{path}")
        assert answer.data == same.data
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert "Set-Cookie" not in answer.headers
        assert "Set-Cookie" not in same.headers
    asking = data.options(f"{V1}/structures", headers={"Origin": "https://ailleurs.example"})
    assert "If-None-Match" in asking.headers["Access-Control-Allow-Headers"]


def test_mass_scraping_is_told_to_wait(data: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openmap.api.views.LIMITS", "20 per hour")  # a slow machine asks less than 120 in a minute
    for rank in range(20):
        answer = data.get(f"{V1}/{('structures', 'needs')[rank % 2]}")
        assert answer.status_code == 200
    assert answer.headers["RateLimit-Remaining"] == "0"
    over = data.get(f"{V1}/facilitators")
    assert (over.status_code, over.mimetype) == (429, "application/problem+json")
    assert 1 <= int(over.headers["Retry-After"]) <= 3_600
    assert "attendez" in json.loads(over.data)["detail"]
    other = data.get(f"{V1}/facilitators", environ_base={"REMOTE_ADDR": "127.0.0.9"})
    assert other.status_code == 200


@pytest.mark.parametrize("path", ["structures?limite=100", "needs?limite=100", "facilitators?limite=100"])
def test_a_page_costs_the_same_for_three_rows_and_thirty(data: FlaskClient, path: str) -> None:
    db.session.add(Buyer(name="Ville d’essai"))
    counts = []
    for rows in (3, 27):
        buyer = db.session.scalars(select(Buyer)).one()
        area = db.session.scalars(select(Area).where(Area.code == "93")).one()
        for rank in range(rows):
            make_structure(rank)
            coming_need(buyer, f"Besoin {rank}")
            db.session.add(make_facilitator(f"Maison {rank}", areas=[area], published_at=now()))
        db.session.commit()
        db.session.expunge_all()
        data.get(f"{V1}/{path}")  # the index is brought up to date
        with statements() as sent:
            assert data.get(f"{V1}/{path}").status_code == 200
        counts.append(len(sent))
    assert counts[0] == counts[1]


# What is secret


def _filled(row: Base, *but: str) -> Base:
    """Write a marker into every free text of a row."""
    for column in row.__table__.columns:
        free = isinstance(column.type, String | Text) and not column.foreign_keys and column.name not in but
        if free and (getattr(column.type, "length", None) or 99) >= 30:
            setattr(row, column.name, f"{SECRET} {column.name}")
    return row


FIXED = ("type", "kind", "state", "visibility", "certainty", "lever", "procedure", "delivery", "recurrence", "amount",
         "role", "siret", "quarter", "website")  # fmt: skip


def test_nothing_secret_is_in_the_api_the_map_or_the_public_pages(app: Flask, data: FlaskClient) -> None:
    """Everything that is not public bears a marker; then all that a visitor can reach is read."""
    buyer = Buyer(name="Ville d’essai")
    shown, hidden, gone = make_structure(1), make_structure(2), make_structure(3)
    for one, unlisted in ((hidden, {"listed_at": None}), (gone, {"delisted_at": now()})):
        _filled(one, *FIXED)
        _filled(one.offers[0], "reach", "largest_amount")
        for name, value in unlisted.items():
            setattr(one, name, value)
        one.name = f"{SECRET} {one.id}"
    shown.contact_email = f"{SECRET}@essai.example"
    db.session.add(buyer)
    public = coming_need(buyer, "Besoin public")
    for name in ("contact_name", "contact_email", "contact_phone"):
        setattr(public, name, SECRET)
    for visibility in ("participants", "organisers"):
        coming_need(buyer, f"{SECRET} {visibility}", visibility=visibility)
    for state in ("draft", "withdrawn"):
        coming_need(buyer, f"{SECRET} {state}", state=state)
    quiet = Buyer(name=f"{SECRET} acheteur")
    db.session.add(quiet)
    coming_need(quiet, f"{SECRET} seul", visibility="organisers")
    area = db.session.scalars(select(Area).where(Area.code == "93")).one()
    unpublished = make_facilitator("Maison d’essai", areas=[area], contact_name=SECRET,
                                   contact_email=f"{SECRET}@essai.example", contact_phone=SECRET)  # fmt: skip
    db.session.add(unpublished)
    db.session.flush()
    person = make_person(f"{SECRET}@essai.example", name=SECRET)
    person.phone = person.position = SECRET
    unpublished.person_id = public.person_id = person.id
    for one in (shown, buyer):
        db.session.add(Delegate(person_id=person.id, organisation_id=one.id, invited_at=now()))
    db.session.commit()
    addresses = [
        *(f"{V1}{one.rule}" for one in OPERATIONS if "<" not in one.rule),
        *(f"{V1}/structures/{number}" for number in range(1, 12)),
        *(f"{V1}/needs/{number}" for number in range(1, 12)),
        *(f"{V1}/facilitators/{number}" for number in range(1, 4)),
        f"{V1}/territories/communes/93066/facilitators", f"{V1}/structures?q={SECRET[2:-2]}", f"{V1}/openapi.json",
        "/sitemap.xml", "/plan-du-site/pages.xml", "/robots.txt", "/api", "/annuaire/facilitateurs?lieu=commune:93066",
        *(f"/annuaire/acheteurs/{one.id}" for one in (buyer, quiet)),
    ]  # fmt: skip
    reached = 0
    seen = list(addresses)
    while seen:
        limiter.reset()
        address = seen.pop()
        answer = data.get(address)
        assert answer.status_code in {200, 400, 404}, address
        told = answer.text.replace(f"q={SECRET[2:-2]}", "")
        assert SECRET not in told, address
        reached += answer.status_code == 200
        if address.endswith(".xml"):
            found = re.findall(r"<loc>http://[^/]+([^<]+)</loc>", answer.text)
            seen += found
            assert f"/annuaire/structures/{hidden.id}" not in found
            assert f"/annuaire/structures/{gone.id}" not in found
    assert reached > 25
    mapped = data.get("/plan-du-site/structures-1.xml").text
    assert re.findall(r"/annuaire/structures/(\d+)", mapped) == [str(shown.id)]
    public_page = data.get(f"/annuaire/acheteurs/{buyer.id}").text
    assert "Besoin public" in public_page
    assert "1\u00a0besoin<" in public_page  # the hidden ones are not even counted
    assert data.get(f"/annuaire/acheteurs/{quiet.id}").status_code == 404
    assert db.session.query(Person).count() == 1
    assert db.session.query(Facilitator).count() == 1


def test_a_contact_is_told_once_its_person_agreed(data: FlaskClient) -> None:
    db.session.add_all([make_facilitator("Une"), make_facilitator("Deux", published_at=now())])
    db.session.commit()
    told = {row["organisation"]: row["contact"] for row in data.get(f"{V1}/facilitators").json["data"]}
    assert told["Une"] is None
    assert told["Deux"]["email"] == "camille@essai.example"


def test_the_map_has_ten_thousand_pages_a_file(data: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openmap.api.sitemaps.PER_PAGE", 2)
    for rank in range(3):
        make_structure(rank)
    db.session.commit()
    index = data.get("/sitemap.xml").text
    maps = re.findall(r"/plan-du-site/(structures-\d+)\.xml", index)
    assert maps == ["structures-1", "structures-2"]
    numbers = [re.findall(r"structures/(\d+)", data.get(f"/plan-du-site/{one}.xml").text) for one in maps]
    assert [len(one) for one in numbers] == [2, 1]
    assert data.get("/plan-du-site/structures-3.xml").status_code == 404
    assert "Sitemap: http://127.0.0.1:8000/sitemap.xml" in data.get("/robots.txt").text


def test_search_engines_read_a_listed_structure_in_microdata(app: Flask, data: FlaskClient) -> None:
    listed, hidden = make_structure(1, name="A & <b>B</b>", contact_email="cache@essai.example"), make_structure(2)
    hidden.listed_at = None
    db.session.commit()
    with app.test_request_context():
        told, nothing = ("".join(parts_of(db.session, one, None, "main")) for one in (listed, hidden))
    assert 'itemtype="https://schema.org/Organization"' in told
    assert "A &amp; &lt;b&gt;B&lt;/b&gt;" in told
    assert "cache@" not in told
    assert "schema.org" not in nothing
