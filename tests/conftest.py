"""Fixtures that every test shares: a fresh application on a real database.

SQLite by default; ``TEST_DATABASE_URL`` runs the same suite on PostgreSQL, one database per xdist worker.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import create_engine, make_url, text

from openmap import create_app
from openmap.config import Config
from openmap.extensions import db
from openmap.jobs import queue_of


def config_for(instance: Path, database_url: str, **changes: object) -> Config:
    """Build a test configuration in ``instance``."""
    settings = {
        "instance": instance,
        "database_url": database_url,
        "redis_url": os.environ.get("TEST_REDIS_URL"),
        "secret_key": "only-for-tests-" + "0123456789abcdef" * 2,
        "organiser_token": None,
        "production": False,
        "testing": True,
    } | changes
    return Config(**settings)  # type: ignore[arg-type]


def _postgres_url(worker: str) -> str | None:
    """Create this worker's own PostgreSQL database, empty, and return its URL."""
    url = os.environ.get("TEST_DATABASE_URL")
    if not url:
        return None
    target = make_url(url).set(database=f"openmap_test_{worker}")
    admin = create_engine(make_url(url), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{target.database}" WITH (FORCE)'))
        connection.execute(text(f'CREATE DATABASE "{target.database}"'))
    admin.dispose()
    return target.render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> str:
    """Return the URL of a database at the newest migration, made once per worker."""
    folder = tmp_path_factory.mktemp("migrated")
    url = _postgres_url(worker_id) or f"sqlite:///{folder / 'empty.db'}"
    app = create_app(config_for(folder, url))
    with app.app_context():
        upgrade()
        db.engine.dispose()
    return url


@pytest.fixture
def database_url(migrated: str, tmp_path: Path) -> Iterator[str]:
    """Return a database of this test's own: a copied file, or PostgreSQL emptied afterwards."""
    if migrated.startswith("sqlite"):
        file = tmp_path / "openmap.db"
        shutil.copy(migrated.removeprefix("sqlite:///"), file)
        yield f"sqlite:///{file}"
        return
    yield migrated
    engine = create_engine(migrated)
    names = ", ".join(f'"{table.name}"' for table in db.metadata.sorted_tables)
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
    engine.dispose()


@contextmanager
def opened(config: Config) -> Iterator[Flask]:
    """Build an application, and close its connections in the end."""
    app = create_app(config)
    try:
        yield app
    finally:
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """Return an application on an empty, migrated database, inside its context."""
    with opened(config_for(tmp_path, database_url)) as app:
        if app.config["OPENMAP"].redis_url:
            queue_of(app).huey.flush()  # a file is this test's own; Redis keeps what earlier tests asked for
        with app.app_context():
            yield app
            db.session.remove()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Return a browserless client of the application."""
    return app.test_client()
