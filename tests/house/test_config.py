"""The configuration: easy in development, strict in production."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from openmap.config import Config, ConfigurationError

STRONG = "b7Vt0qXJm2wZ9rKd4sLfYp8uHc1eNg6aTi3oQx5v"


def read(path: Path, **variables: str) -> Config:
    return Config.from_env({"OPENMAP_INSTANCE": str(path), **variables})


def test_development_needs_nothing_and_keeps_its_secret(tmp_path: Path) -> None:
    first, second = read(tmp_path), read(tmp_path)
    assert first.secret_key == second.secret_key
    assert len(first.secret_key) >= 32
    assert first.database_url == f"sqlite:///{tmp_path / 'openmap.db'}"
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("secret", ["", "changeme", "a" * 64, "short-but-random-8f3k"])
def test_production_refuses_a_weak_secret(tmp_path: Path, secret: str) -> None:
    with pytest.raises(ConfigurationError, match="SECRET_KEY"):
        read(tmp_path, OPENMAP_ENV="production", SECRET_KEY=secret)


PRODUCTION = {
    "OPENMAP_ENV": "production",
    "SECRET_KEY": STRONG,
    "OPENMAP_BASE_URL": "https://openmap.example",
    "SMTP_HOST": "mail.example",
}


@pytest.mark.parametrize("name", ["OPENMAP_BASE_URL", "SMTP_HOST", "SECRET_KEY"])
def test_production_needs_its_name_and_a_mail_server(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        read(tmp_path, **{key: value for key, value in PRODUCTION.items() if key != name})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPENMAP_BASE_URL", "http://openmap.example"),
        ("OPENMAP_BASE_URL", "openmap.example"),
        ("OPENMAP_PROXIES", "-1"),
        ("OPENMAP_PROXIES", "beaucoup"),
        ("SMTP_PORT", "70000"),
        ("SMTP_SECURITY", "ssl3"),
        ("OPENMAP_MAIL_FROM", "personne"),
        ("OPENMAP_MAIL_FROM", "a@b.example\nBcc: x@y.example"),
    ],
)
def test_settings_that_cannot_work_are_refused_by_name(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        read(tmp_path, **{**PRODUCTION, name: value})


def test_production_takes_a_strong_secret(tmp_path: Path) -> None:
    config = read(tmp_path, **PRODUCTION)
    assert config.production
    assert config.for_flask()["SESSION_COOKIE_SECURE"] is True


def test_mode_must_be_known(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="OPENMAP_ENV"):
        read(tmp_path, OPENMAP_ENV="prod")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_platform_addresses_of_postgresql_are_understood(tmp_path: Path, scheme: str) -> None:
    config = read(tmp_path, DATABASE_URL=f"{scheme}://me@127.0.0.1/db")
    assert config.database_url == "postgresql+psycopg://me@127.0.0.1/db"


def test_secret_is_readable_by_its_owner_only_from_the_start(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        read(tmp_path)
    finally:
        os.umask(before)
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0
