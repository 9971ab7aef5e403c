"""Every page keeps the rules of the house, and opens to those it is meant for only."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from flask import Flask, current_app
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import func, select

from openmap.extensions import db
from tests.conftest import config_for, opened
from tests.house.addresses import ACTIONS, DOORS, EML, FILES, PAGES
from tests.house.conftest import visitor
from tests.house.linting import faults_of
from tests.house.table import ALLOWED, READER, VISITORS, Action, File, Page
from tests.house.world import numbers
from tests.signing import client_of, make_person, sent

EVERYTHING = (*PAGES, *ACTIONS, *FILES)


def reader(world: Flask, line: Page | File | Action) -> FlaskClient:
    """Return a client of the one who has least of those who may."""
    return visitor(world, READER[line.who])


def test_every_address_is_in_the_table(app: Flask) -> None:
    served = {rule.endpoint for rule in app.url_map.iter_rules() if not rule.endpoint.endswith("static")}
    assert served == {line.endpoint for line in EVERYTHING} | DOORS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_page_keeps_the_rules_of_the_house(world: Flask, page: Page) -> None:
    response = reader(world, page).get(_numbered(page.path))
    assert response.status_code == page.status
    assert faults_of(response) == []


@pytest.mark.parametrize("line", [*PAGES, *FILES], ids=lambda line: line.path)
def test_what_is_read_opens_to_those_of_the_table_and_to_no_one_else(world: Flask, line: Page | File) -> None:
    for name in VISITORS:
        answer = visitor(world, name).get(_numbered(line.path), buffered=True)
        if name in ALLOWED[line.who]:
            known = line.endpoint == "signin.ask" and name != "anonymous"  # who is here already is led on
            assert answer.status_code == (302 if known else getattr(line, "status", 200)), name
            if line.who != "everyone":
                assert answer.headers["Cache-Control"] == "no-store", name
        elif name == "anonymous":
            assert answer.status_code == 302
            assert answer.location.startswith("/connexion?suite=")
        else:
            assert answer.status_code == 403, name
            assert faults_of(answer) == []


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.path)
def test_what_is_done_is_done_for_those_of_the_table_and_for_no_one_else(world: Flask, action: Action) -> None:
    path, data = _numbered(action.path), {name: _numbered(value) for name, value in action.data.items()}
    target = action.redirects and _numbered(action.redirects)
    before = _rows()
    for name in VISITORS:
        if name not in ALLOWED[action.who]:
            refused = sent(visitor(world, name), path, data)
            assert refused.status_code == (401 if name == "anonymous" else 403), name
    assert _rows() == before
    response = sent(reader(world, action), path, data)
    assert response.status_code == action.status
    if action.redirects is not None:
        assert response.location == (target if "{new" not in action.redirects else _numbered(action.redirects))


def _numbered(path: str) -> str:
    """Fill in the numbers and the tokens that only the database knows; what is new, as it stands now."""
    known = current_app.extensions["numbers"]
    return path.format_map(numbers() if "{new" in path else known)


def _rows() -> dict[str, int]:
    """Count the rows of every table that a visit alone does not write to."""
    visits = {"sessions", "journal_entries", "journal_head"}
    counted = {n: select(func.count()).select_from(t) for n, t in db.metadata.tables.items() if n not in visits}
    return {name: db.session.scalar(count) or 0 for name, count in counted.items()}


@pytest.mark.parametrize("page", [page for page in PAGES if page.who == "everyone"], ids=lambda page: page.path)
def test_public_pages_name_no_organiser_page_to_the_public(world: Flask, page: Page) -> None:
    text = world.test_client().get(page.path).text
    assert "/planning" not in text
    assert "/equipe" not in text


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "/a\nb",
        "//[",
        "/" + "a" * 300,
        "",
    ],
)
def test_signing_in_leads_to_our_own_pages_only(world: Flask, target: str) -> None:
    client = visitor(world, "nobody")
    assert client.get("/connexion", query_string={"suite": target}).location == "/compte"


def test_a_form_without_its_csrf_token_is_refused_in_french(world: Flask) -> None:
    response = world.test_client().post("/editions/sansplan/planning/calculs", data={"time_limit": "10", "seed": "1"})
    assert response.status_code == 400
    assert "Formulaire expiré" in response.text
    assert faults_of(response) == []


def test_a_form_left_open_for_a_day_is_still_taken(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    person = make_person("camille@essai.example")
    client = client_of(app, person)
    signed = time.time()
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: signed - 24 * 3_600)
    token = URLSafeTimedSerializer(app.secret_key, salt="wtf-csrf-token").dumps("0" * 40)
    monkeypatch.undo()
    with client.session_transaction() as session:
        session["csrf_token"] = "0" * 40
    answer = client.post("/compte", data={"csrf_token": token, "name": "Long Texte"})
    assert (answer.status_code, person.name) == (303, "Long Texte")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8000", 200),
        ("127.0.0.1", 200),
        ("[::1]:8000", 200),
        ("evil.example", 404),
        ("evil.example:8000", 404),
    ],
)
def test_mails_of_development_are_read_from_this_machine_only(world: Flask, host: str, status: int) -> None:
    for path in ("/courrier/fichiers", f"/courrier/fichiers/{EML}"):
        assert world.test_client().get(path, headers={"Host": host}).status_code == status


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/rien", "GET", 404),
        ("/editions/rien", "GET", 404),
        ("/editions/essai/planning?version=99", "GET", 404),
        ("/editions/essai/planning?version=abc", "GET", 404),
        ("/editions/essai/planning/calculs/999", "GET", 404),
        ("/editions/encours/planning/calculs/1", "GET", 404),
        ("/editions/essai/planning/2/documents/rien", "GET", 404),
        ("/editions/essai/planning/2/documents/Z99/agenda", "GET", 404),
        ("/editions/essai/planning/2/documents/agenda", "GET", 404),
        ("/", "POST", 405),
    ],
)
def test_refusals_are_pages_of_the_house(world: Flask, path: str, method: str, status: int) -> None:
    response = visitor(world, "administrator").open(path, method=method)
    assert response.status_code == status
    assert faults_of(response) == []
    assert "Voir les éditions" in response.text


@pytest.mark.parametrize("status", [400, 403, 404, 405, 413, 418, 429, 500, 503])
def test_each_error_says_what_to_do(own_app: Flask, status: int) -> None:
    own_app.config["PROPAGATE_EXCEPTIONS"] = False
    own_app.add_url_rule("/casse", "events.broken", lambda: _raise(status))
    response = own_app.test_client().get("/casse")
    assert response.status_code == status
    assert faults_of(response) == []


def test_a_crash_shows_no_detail(own_app: Flask) -> None:
    own_app.config["PROPAGATE_EXCEPTIONS"] = False
    own_app.add_url_rule("/casse", "events.broken", lambda: 1 / 0)  # type: ignore[arg-type, return-value]
    response = own_app.test_client().get("/casse")
    assert response.status_code == 500
    assert "ZeroDivision" not in response.text
    assert faults_of(response) == []


def _raise(status: int) -> str:
    from flask import abort

    abort(status)


def test_files_named_by_their_content_are_kept_by_browsers(client: FlaskClient) -> None:
    sheets = re.findall(r'href="([^"]+\.css\?v=[0-9a-f]{12})"', client.get("/").text)
    assert len(sheets) == 2
    for sheet in sheets:
        with client.get(sheet) as response:
            assert response.status_code == 200
            assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_htmx_is_served_from_its_wheel(client: FlaskClient) -> None:
    with client.get("/htmx/htmx.min.js") as response:
        assert response.status_code == 200
        assert b"htmx" in response.data


def test_only_production_asks_for_https_for_good(app: Flask, tmp_path: Path, database_url: str) -> None:
    assert "Strict-Transport-Security" not in app.test_client().get("/").headers
    with opened(config_for(tmp_path, database_url, production=True)) as production:
        assert "max-age=31536000" in production.test_client().get("/").headers["Strict-Transport-Security"]
