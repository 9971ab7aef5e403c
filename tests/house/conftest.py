"""The furnished world, made once and handed to each test as a copy of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade

from openmap import create_app
from openmap.extensions import db
from openmap.people.models import Person
from tests import postgres
from tests.conftest import config_for, lent
from tests.house.world import Numbers, furnish, numbers
from tests.signing import resume, token_of

KEPT = ("files", "outbox")
"""The folders beside the database in which the world keeps what people sent and what was sent to them."""


@dataclass(frozen=True, slots=True)
class Furnished:
    """A database with everything in it, the folder beside it, and who signs in, by number.

    Each has signed in: ``tokens`` are what their browsers keep. ``numbers`` fill the addresses; looked up once, for
    they are the same in every copy. On PostgreSQL, ``sequences`` say how far it has counted, so that it can be put
    back after a test.
    """

    url: str
    instance: Path
    visitors: dict[str, int]
    tokens: dict[str, str]
    numbers: Numbers
    sequences: dict[str, int]


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory, migrated: str, worker_id: str) -> Furnished:
    """Furnish a database once per worker."""
    instance = tmp_path_factory.mktemp("furnished")
    url = f"sqlite:///{instance / 'openmap.db'}"
    if not migrated.startswith("sqlite"):
        url = postgres.created(migrated, f"openmap_furnished_{worker_id}")
    app = create_app(config_for(instance, url))
    with app.app_context():
        upgrade()
        people = furnish()
        visitors = {name: person.id for name, person in people.items()}
        tokens = {name: token_of(person) for name, person in people.items()}
        known = numbers()
        db.session.remove()
        db.engine.dispose()
    return Furnished(url, instance, visitors, tokens, known, {} if url.startswith("sqlite") else postgres.keep(url))


@pytest.fixture
def world(furnished: Furnished, tmp_path: Path) -> Iterator[Flask]:
    """Return the application on a copy of the furnished database; ``visitor`` is someone's browser there."""
    for folder in KEPT:
        if (furnished.instance / folder).is_dir():
            shutil.copytree(furnished.instance / folder, tmp_path / folder)
    url = furnished.url
    if url.startswith("sqlite"):
        url = f"sqlite:///{shutil.copy(furnished.instance / 'openmap.db', tmp_path)}"
    else:
        postgres.put_back(url, furnished.sequences)
    with lent(config_for(tmp_path, url)) as app:
        people = {name: db.session.get_one(Person, number) for name, number in furnished.visitors.items()}
        app.extensions["visitors"], app.extensions["tokens"] = people, furnished.tokens
        app.extensions["numbers"] = furnished.numbers
        yield app


def visitor(world: Flask, name: str) -> FlaskClient:
    """Return the browser of one of the world's visitors; who is not among them has not signed in."""
    client, token = world.test_client(), world.extensions["tokens"].get(name)
    return client if token is None else resume(client, token)
