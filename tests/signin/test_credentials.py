"""Passwords and the second factor."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient

from openmap.extensions import db
from openmap.people.models import Person
from openmap.signin.models import Credential
from openmap.signin.services import (
    WrongCredentials,
    check_code,
    check_password,
    make_link,
    needs_code,
    set_password,
    start_second_factor,
)
from tests.signing import client_of, make_person, now, sent

ADDRESS, PASSWORD = "camille@essai.example", "cheval agrafe pile correcte"


@pytest.fixture
def person(app: Flask) -> Person:
    person = make_person(ADDRESS)
    set_password(db.session, person, PASSWORD, kept=None, now=now())
    return person


def with_code(person: Person) -> pyotp.TOTP:
    """Turn the second factor on, as confirmed ten minutes ago."""
    totp = pyotp.TOTP(start_second_factor(db.session, person, now=now()))
    credential = db.session.get(Credential, person.id)
    assert credential is not None
    credential.totp_confirmed_at = now() - timedelta(minutes=10)
    db.session.commit()
    return totp


def test_a_password_opens_a_session(person: Person, client: FlaskClient) -> None:
    answer = sent(client, "/connexion/mot-de-passe", {"email": ADDRESS, "password": PASSWORD})
    assert answer.location == "/compte"
    assert client.get("/compte").status_code == 200


@pytest.mark.parametrize(
    ("email", "password"), [(ADDRESS, "faux"), ("inconnue@essai.example", PASSWORD), (ADDRESS, PASSWORD + " ")]
)
def test_wrong_credentials_do_not_tell_which_is_wrong(
    person: Person, client: FlaskClient, email: str, password: str
) -> None:
    answer = sent(client, "/connexion/mot-de-passe", {"email": email, "password": password})
    assert answer.status_code == 403
    assert "L’adresse ou le mot de passe ne convient pas" in answer.text
    assert PASSWORD not in answer.text


def test_unknown_addresses_are_verified_against_a_decoy_as_long_as_known_ones(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    from openmap.signin import services

    tried: list[str] = []
    real = services._hasher()

    class Counting:
        def verify(self, stored: str, password: str) -> bool:
            tried.append(stored.split("$")[3])
            return real.verify(stored, password)

        hash = staticmethod(real.hash)

    monkeypatch.setattr(services, "_hasher", Counting)
    for email in (ADDRESS, "inconnue@essai.example"):
        with pytest.raises(WrongCredentials):
            check_password(db.session, email, "faux")
    assert len(tried) == 2
    assert tried[0] == tried[1]  # the same cost: memory, passes, lanes


def test_passwords_are_kept_as_argon2id_only(person: Person) -> None:
    credential = db.session.get(Credential, person.id)
    assert credential is not None
    assert (credential.password_hash or "").startswith("$argon2id$")


@pytest.mark.parametrize("weak", ["court", "aaaaaaaaaaaaaa", "motdepasse1234", "azerty azerty"])
def test_weak_passwords_are_refused_with_what_to_do(app: Flask, person: Person, weak: str) -> None:
    answer = sent(client_of(app, person), "/compte/mot-de-passe", {"password": weak, "again": weak})
    assert answer.status_code == 422
    assert 'href="#password"' in answer.text
    check_password(db.session, ADDRESS, PASSWORD)


def test_a_new_password_ends_the_other_sessions_only(app: Flask, person: Person) -> None:
    here, elsewhere = client_of(app, person), client_of(app, person)
    new = "quatre autres mots sans lien"
    assert sent(here, "/compte/mot-de-passe", {"password": new, "again": new}).status_code == 303
    assert here.get("/compte").status_code == 200
    assert elsewhere.get("/compte").status_code == 302


def test_the_second_factor_is_turned_on_from_the_page_and_asked_for_after_a_link(app: Flask, person: Person) -> None:
    client = client_of(app, person)
    page = client.get("/compte/second-facteur").text
    credential = db.session.get(Credential, person.id)
    assert credential is not None
    assert credential.totp_secret is not None
    assert credential.totp_secret in page
    totp = pyotp.TOTP(credential.totp_secret)
    assert sent(client, "/compte/second-facteur", {"code": "000000"}).status_code == 422
    assert sent(client, "/compte/second-facteur", {"code": totp.now()}).status_code == 303
    assert needs_code(db.session, person)
    assert credential.totp_secret not in client.get("/compte/second-facteur").text

    visitor = app.test_client()
    answer = sent(visitor, f"/connexion/lien/{make_link(db.session, person, now=now())}")
    assert answer.location == "/connexion/code"
    assert visitor.get("/compte").status_code == 302
    assert visitor.get("/connexion/code").status_code == 200
    later = totp.at(now() + timedelta(seconds=30))
    assert sent(visitor, "/connexion/code", {"code": later}).location == "/compte"
    assert visitor.get("/compte").status_code == 200


def test_an_open_browser_alone_does_not_take_the_second_factor_away(app: Flask, person: Person) -> None:
    totp, client = with_code(person), client_of(app, person)
    path = "/compte/second-facteur/retrait"
    for data in ({}, {"code": "000000"}):
        refused = sent(client, path, data)
        assert (refused.status_code, 'href="#code"' in refused.text) == (422, True)
    assert needs_code(db.session, person)
    assert sent(client, path, {"code": totp.now()}).status_code == 303
    assert not needs_code(db.session, person)


def test_the_second_factor_is_asked_for_after_a_password_too(app: Flask, person: Person, client: FlaskClient) -> None:
    with_code(person)
    answer = sent(client, "/connexion/mot-de-passe", {"email": ADDRESS, "password": PASSWORD})
    assert answer.location == "/connexion/code"
    assert client.get("/compte").status_code == 302


def test_a_code_works_once(person: Person) -> None:
    code = with_code(person).now()
    check_code(db.session, person, code, now=now())
    with pytest.raises(WrongCredentials):
        check_code(db.session, person, code, now=now())


@pytest.mark.parametrize("code", ["", "12345", "１２３４５６", "abcdef", "0" * 40])
def test_what_is_no_code_is_refused(person: Person, code: str) -> None:
    with_code(person)
    with pytest.raises(WrongCredentials):
        check_code(db.session, person, code, now=now())


def test_an_old_code_is_refused(person: Person) -> None:
    totp = with_code(person)
    with pytest.raises(WrongCredentials):
        check_code(db.session, person, totp.at(now() - timedelta(minutes=2)), now=now())


def test_guessing_codes_is_stopped(app: Flask, person: Person) -> None:
    with_code(person)
    client = app.test_client()
    sent(client, "/connexion/mot-de-passe", {"email": ADDRESS, "password": PASSWORD})
    answers = [sent(client, "/connexion/code", {"code": f"{n:06}"}).status_code for n in range(11)]
    assert answers[-1] == 429
    assert set(answers[:10]) <= {403}


def test_without_a_link_or_a_password_no_code_is_asked_for(client: FlaskClient) -> None:
    assert client.get("/connexion/code").location == "/connexion"
    assert sent(client, "/connexion/code", {"code": "123456"}).location == "/connexion"
