"""Every page keeps the rules of the house, and opens to those it is meant for only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from tests.conftest import config_for, opened
from tests.house.linting import faults_of
from tests.house.world import ACTIONS, DOORS, FILES, PAGES, Action, File, Page, furnish

TOKEN = "un-code-d-acces-assez-long-pour-un-essai"
ELSEWHERE = {"REMOTE_ADDR": "203.0.113.9"}
EVERYTHING = (*PAGES, *ACTIONS, *FILES)


@pytest.fixture
def world(app: Flask) -> Flask:
    """Return the application on the furnished database."""
    furnish()
    return app


@pytest.fixture
def guarded(world: Flask, database_url: str, tmp_path: Path) -> Iterator[FlaskClient]:
    """Return a client of the same world behind a token."""
    with opened(config_for(tmp_path, database_url, organiser_token=TOKEN)) as app:
        yield app.test_client()


def sent(client: FlaskClient, path: str, data: dict[str, str] | None = None, **options: Any) -> TestResponse:
    """Post a form as a browser does, with the CSRF token of its session."""
    with client.session_transaction() as session:
        raw = session.setdefault("csrf_token", "0" * 40)
    signer = URLSafeTimedSerializer(client.application.secret_key, salt="wtf-csrf-token")
    return client.post(path, data={"csrf_token": signer.dumps(raw), **(data or {})}, **options)


def test_every_address_is_in_the_table(app: Flask) -> None:
    served = {rule.endpoint for rule in app.url_map.iter_rules() if not rule.endpoint.endswith("static")}
    assert served == {line.endpoint for line in EVERYTHING} | DOORS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_page_keeps_the_rules_of_the_house(world: Flask, page: Page) -> None:
    response = world.test_client().get(page.path)
    assert response.status_code == page.status
    assert faults_of(response) == []


@pytest.mark.parametrize(
    "line", [line for line in (*PAGES, *FILES) if line.who == "organiser"], ids=lambda line: line.path
)
def test_what_organisers_read_is_refused_to_others_and_stored_nowhere(world: Flask, line: Page | File) -> None:
    refused = world.test_client().get(line.path, environ_overrides=ELSEWHERE)
    assert refused.status_code == 403
    assert faults_of(refused) == []
    opened = world.test_client().get(line.path)
    assert opened.status_code == 200
    assert opened.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.path)
def test_actions_are_refused_to_others(world: Flask, action: Action) -> None:
    data = {"time_limit": "10", "seed": "1"}
    stranger = sent(world.test_client(), action.path, data, environ_overrides=ELSEWHERE)
    assert stranger.status_code == (403 if action.who == "organiser" else 302)
    response = sent(world.test_client(), action.path, data)
    assert (response.status_code, response.location) in {(302, action.redirects), (303, action.redirects)}


@pytest.mark.parametrize("page", [page for page in PAGES if page.who == "everyone"], ids=lambda page: page.path)
def test_public_pages_open_to_everyone_and_name_no_organiser_page(world: Flask, page: Page) -> None:
    response = world.test_client().get(page.path, environ_overrides=ELSEWHERE)
    assert response.status_code == 200
    assert "planning" not in response.text.replace("Planning", "planning")


@pytest.mark.parametrize(
    "environ",
    [
        {"REMOTE_ADDR": "192.168.1.20"},
        {"REMOTE_ADDR": ""},
        {"HTTP_HOST": "openmap.example"},
        {"HTTP_HOST": "127.0.0.1.evil.example:8000"},
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"HTTP_FORWARDED": "for=127.0.0.1"},
        {"HTTP_X_FORWARDED_HOST": "localhost"},
    ],
    ids=str,
)
def test_without_a_token_only_this_machine_organises(world: Flask, environ: dict[str, str]) -> None:
    response = world.test_client().get("/editions/essai/planning", environ_overrides=environ)
    assert response.status_code == 403


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000", "[::1]"])
def test_this_machine_organises_under_each_of_its_names(world: Flask, host: str) -> None:
    response = world.test_client().get("/editions/essai/planning", environ_overrides={"HTTP_HOST": host})
    assert response.status_code == 200


def test_with_a_token_even_this_machine_is_asked_for_it(guarded: FlaskClient) -> None:
    response = guarded.get("/editions/essai/planning?vue=souhaits")
    assert response.status_code == 302
    page = guarded.get(response.location)
    assert page.status_code == 200
    assert faults_of(page) == []
    entered = sent(guarded, response.location, {"token": TOKEN})
    assert entered.location == "/editions/essai/planning?vue=souhaits"
    assert guarded.get(entered.location).status_code == 200
    assert TOKEN not in str(entered.headers)


def test_with_a_token_actions_are_refused_until_it_is_given(guarded: FlaskClient) -> None:
    refused = sent(guarded, "/editions/sansplan/planning/calculs", {"time_limit": "10", "seed": "1"})
    assert refused.status_code == 403
    assert "Saisir le code d’accès" in refused.text


@pytest.mark.parametrize("answer", ["", "faux", TOKEN + " ", "é" * 40])
def test_a_wrong_token_opens_nothing_and_says_so(guarded: FlaskClient, answer: str) -> None:
    response = sent(guarded, "/organisateur", {"token": answer})
    assert response.status_code == 403
    assert 'href="#token"' in response.text
    assert faults_of(response) == []
    assert guarded.get("/editions/essai/planning").status_code == 302


def test_leaving_closes_the_organisers_pages(guarded: FlaskClient) -> None:
    sent(guarded, "/organisateur", {"token": TOKEN})
    assert guarded.get("/editions/essai/planning").status_code == 200
    sent(guarded, "/organisateur/quitter")
    assert guarded.get("/editions/essai/planning").status_code == 302


def test_a_session_ends_when_the_token_changes(guarded: FlaskClient) -> None:
    sent(guarded, "/organisateur", {"token": TOKEN})
    config = guarded.application.config["OPENMAP"]
    guarded.application.config["OPENMAP"] = config_for(
        config.instance, config.database_url, organiser_token="autre" * 9
    )
    assert guarded.get("/editions/essai/planning").status_code == 302


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "/a\nb", ""]
)
def test_the_token_page_leads_to_our_own_pages_only(guarded: FlaskClient, target: str) -> None:
    response = sent(guarded, "/organisateur", {"token": TOKEN}, query_string={"suite": target})
    assert response.location == "/"


def test_a_form_without_its_csrf_token_is_refused_in_french(app: Flask) -> None:
    furnish()
    response = app.test_client().post("/editions/sansplan/planning/calculs", data={"time_limit": "10", "seed": "1"})
    assert response.status_code == 400
    assert "Formulaire expiré" in response.text
    assert faults_of(response) == []


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
    response = world.test_client().open(path, method=method)
    assert response.status_code == status
    assert faults_of(response) == []
    assert "Voir les éditions" in response.text


@pytest.mark.parametrize("status", [400, 403, 404, 405, 413, 418, 429, 500, 503])
def test_each_error_says_what_to_do(app: Flask, status: int) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.add_url_rule("/casse", "events.broken", lambda: _raise(status))
    response = app.test_client().get("/casse")
    assert response.status_code == status
    assert faults_of(response) == []


def test_a_crash_shows_no_detail(app: Flask) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.add_url_rule("/casse", "events.broken", lambda: 1 / 0)  # type: ignore[arg-type, return-value]
    response = app.test_client().get("/casse")
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
