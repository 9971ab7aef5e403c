"""Fixtures that every test shares: a fresh application on a real database.

SQLite by default; ``TEST_DATABASE_URL`` runs the same suite on PostgreSQL, one database per xdist worker.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, g, has_app_context
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import event
from werkzeug.test import TestResponse

from openmap import create_app, jobs
from openmap.config import Config
from openmap.extensions import db, limiter
from tests import postgres


def config_for(instance: Path, database_url: str, **changes: object) -> Config:
    """Build a test configuration in ``instance``."""
    settings = {
        "instance": instance,
        "database_url": database_url,
        "redis_url": _redis_url(),
        "secret_key": "only-for-tests-" + "0123456789abcdef" * 2,
        "production": False,
        "testing": True,
    } | changes
    return Config(**settings)  # type: ignore[arg-type]


def _redis_url() -> str | None:
    """Return this worker's own Redis database: queues and limits are counted apart."""
    url = os.environ.get("TEST_REDIS_URL")
    if not url:
        return None
    server, _slash, number = url.rpartition("/")
    return f"{server}/{int(number) + int(os.environ.get('PYTEST_XDIST_WORKER', 'gw0').removeprefix('gw'))}"


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[str]:
    """Return the URL of a database at the newest migration, made once per worker."""
    folder = tmp_path_factory.mktemp("migrated")
    server = os.environ.get("TEST_DATABASE_URL")
    name = f"openmap_test_{os.getpid()}_{worker_id}"  # runs beside each other stay apart
    url = postgres.created(server, name) if server else f"sqlite:///{folder / 'empty.db'}"
    app = create_app(config_for(folder, url))
    with app.app_context():
        upgrade()
        db.engine.dispose()
    yield url
    if server:
        postgres.dropped(server, name)


@pytest.fixture
def database_url(migrated: str, tmp_path: Path) -> Iterator[str]:
    """Return a database of this test's own: a copied file, or PostgreSQL emptied afterwards."""
    if migrated.startswith("sqlite"):
        file = tmp_path / "openmap.db"
        shutil.copy(migrated.removeprefix("sqlite:///"), file)
        yield f"sqlite:///{file}"
        return
    yield migrated
    postgres.empty(migrated)


class Visit(FlaskClient):
    """A client whose requests share nothing, although all run inside the test's application context."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Forget who the last request was for, then send this one."""
        for name in list(g) if has_app_context() else ():
            g.pop(name)
        return super().open(*args, **kwargs)


@contextmanager
def opened(config: Config) -> Iterator[Flask]:
    """Build an application of one's own, and close its connections in the end."""
    app = create_app(config)
    app.test_client_class = Visit
    try:
        yield app
    finally:
        with app.app_context():
            db.engine.dispose()
        _LENT.clear()  # the counter of requests, which all applications share, was set up for this one
        limiter._storage_dead = False  # a Redis that was away for this test is not away for the next


_LENT: dict[str, tuple[Flask, dict[str, Any], dict[str, Any]]] = {}
"""By engine: the application that this process lends to one test after another, its settings and its extensions."""


@contextmanager
def lent(config: Config) -> Iterator[Flask]:
    """Lend an application on ``config``: built once, for its addresses, templates and statements are slow to compile.

    Each test finds the settings, extensions, queue and database of a new one, and what it changed of them goes with it.
    What an application takes only before its first request (addresses, hooks) is refused: ``opened`` builds one.
    """
    on_file = config.database_url.startswith("sqlite")
    key = "sqlite" if on_file else config.database_url
    if key not in _LENT:
        app = create_app(config)
        app.test_client_class, app._got_first_request = Visit, True
        if on_file:
            with app.app_context():
                event.listen(db.engine, "do_connect", partial(_connect_to_the_tests_file, app))
        _LENT[key] = app, dict(app.config), dict(app.extensions)
    app, settings, extensions = _LENT[key]
    for kept, first in ((app.config, settings | config.for_flask()), (app.extensions, extensions)):
        kept.clear()
        kept.update(first)
    app.instance_path = str(config.instance)
    jobs.init_app(app)
    if config.redis_url:
        jobs.queue_of(app).huey.flush()  # a file is this test's own; Redis keeps what earlier tests asked for
    limiter.reset()
    with app.app_context():
        try:
            yield app
        finally:
            db.session.remove()
            db.engine.dispose()


def _connect_to_the_tests_file(app: Flask, _dialect: object, _record: object, target: list[Any], _how: object) -> None:
    target[0] = app.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///")


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """Return an application on an empty, migrated database, inside its context."""
    with lent(config_for(tmp_path, database_url)) as app:
        yield app


@pytest.fixture
def own_app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """Return the same, newly built: it still takes addresses."""
    with opened(config_for(tmp_path, database_url)) as app:
        limiter.reset()
        with app.app_context():
            yield app
            db.session.remove()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Return a browserless client of the application."""
    return app.test_client()
