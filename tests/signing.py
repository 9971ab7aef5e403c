"""Clients and browsers that are signed in as someone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from openmap.extensions import db
from openmap.people.models import ADMINISTRATOR, Person
from openmap.people.services import give_role, welcome
from openmap.signin.services import open_session


def now() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)


def make_person(email: str, *roles: str, edition_id: int | None = None, name: str = "") -> Person:
    """Add a person with roles in an edition (an administrator's is in none)."""
    person = welcome(db.session, email, name=name or email.partition("@")[0].title(), by=None, now=now())
    for role in roles:
        give_role(db.session, person, role, None if role == ADMINISTRATOR else edition_id, by=None, now=now())
    db.session.commit()
    return person


def enter(client: FlaskClient, person: Person) -> FlaskClient:
    """Sign ``person`` in on this client."""
    return resume(client, token_of(person))


def token_of(person: Person) -> str:
    """Sign ``person`` in, and return what their browser keeps."""
    return open_session(db.session, person, browser="Essai", how="link", now=now()).token


def resume(client: FlaskClient, token: str) -> FlaskClient:
    """Let this client be the browser that keeps ``token``."""
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = token, True
    return client


def client_of(app: Flask, person: Person | None) -> FlaskClient:
    """Return a client on which ``person`` is signed in, or nobody."""
    client = app.test_client()
    return client if person is None else enter(client, person)


def administrator_client(app: Flask) -> FlaskClient:
    """Return a client of an administrator, made when there is none yet."""
    return client_of(app, make_person("administration@essai.example", ADMINISTRATOR))


def sent(client: FlaskClient, path: str, data: dict[str, Any] | None = None, **options: Any) -> TestResponse:
    """Post a form as a browser does, with the CSRF token of its session."""
    with client.session_transaction(base_url=options.get("base_url")) as session:
        raw = session.setdefault("csrf_token", "0" * 40)
    signer = URLSafeTimedSerializer(client.application.secret_key, salt="wtf-csrf-token")
    return client.post(path, data={"csrf_token": signer.dumps(raw), **(data or {})}, **options)


def cookie_of(app: Flask, person: Person) -> str:
    """Return the session cookie of a browser on which ``person`` is signed in."""
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    return str(serializer.dumps({"_user_id": token_of(person), "_fresh": True, "_permanent": True}))
