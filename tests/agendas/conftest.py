"""The pages of this room belong to organisers: its client is signed in."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.signing import administrator_client


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Return a client of an administrator."""
    return administrator_client(app)
