"""Sessions as Flask-Login sees them: what the cookie holds is the token of a row that can be ended at any time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Flask, request, session
from flask_login import UserMixin, current_user, login_user, logout_user

from openmap.extensions import db, login
from openmap.people.models import Person
from openmap.signin.models import Session
from openmap.signin.services import SESSION_LIFE, open_session, session_of


class SignedIn(UserMixin):  # type: ignore[misc]
    """Who is signed in, by which session."""

    def __init__(self, token: str, row: Session) -> None:
        self._token = token
        self.row = row
        self.person: Person = row.person

    def get_id(self) -> str:
        """Return what the cookie keeps."""
        return self._token


def init_app(app: Flask) -> None:
    """Let the application know its visitors."""
    app.config.setdefault("PERMANENT_SESSION_LIFETIME", SESSION_LIFE)
    app.config.setdefault("REMEMBER_COOKIE_DURATION", timedelta(0))
    login.session_protection = None  # addresses change on a phone; the session's own row decides
    login.init_app(app)
    login.user_loader(_load)


def _load(token: str) -> SignedIn | None:
    row = session_of(db.session, token, now=datetime.now(UTC))
    return None if row is None else SignedIn(token, row)


def start(person: Person, how: str) -> None:
    """Open a session in this browser; whatever the browser held before is gone."""
    now = datetime.now(UTC)
    opened = open_session(db.session, person, browser=browser_name(), how=how, now=now)
    session.clear()
    session.permanent = True
    row = session_of(db.session, opened.token, now=now)
    if row is not None:
        login_user(SignedIn(opened.token, row))


def leave() -> None:
    """Forget the session in this browser."""
    logout_user()
    session.clear()


def current_row() -> Session | None:
    """Return the row of the session of this request."""
    row: Session | None = getattr(current_user, "row", None)
    return row


def browser_name() -> str:
    """Return the browser's name in words, as far as it tells it."""
    agent = request.user_agent.string
    name = next((name for mark, name in _BROWSERS if mark in agent), "Navigateur")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return f"{name}, {system}" if system else name


_BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)
