"""Configuration from the environment; production refuses what is weak."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

PACKAGE: Final = Path(__file__).resolve().parent
TEMPLATES: Final = PACKAGE / "templates" if (PACKAGE / "templates").is_dir() else PACKAGE.parent / "templates"
"""In a checkout templates lie beside the package; a built wheel carries them inside."""

WEAK_SECRETS = frozenset({"secret", "changeme", "change-me", "dev", "development", "password", "openmap"})
SECRET_LENGTH = 32
DATABASES: Final = frozenset({"sqlite", "postgresql"})
QUEUES: Final = ("redis://", "rediss://", "unix://")


class ConfigurationError(Exception):
    """The environment asks for something that the application refuses to start with."""


@dataclass(frozen=True, slots=True)
class Config:
    """Everything the application takes from outside.

    ``database_url`` and ``redis_url`` choose PostgreSQL and Redis over the embedded SQLite files.
    Without ``organiser_token`` the organiser's pages answer to this machine only.
    """

    instance: Path
    database_url: str
    redis_url: str | None
    secret_key: str
    organiser_token: str | None
    production: bool
    testing: bool = False

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Config:
        """Read ``DATABASE_URL``, ``REDIS_URL``, ``SECRET_KEY`` and the ``OPENMAP_*`` variables.

        Raises ConfigurationError with a French sentence that names the variable to change.
        """
        mode = environ.get("OPENMAP_ENV", "development")
        if mode not in {"development", "production"}:
            raise ConfigurationError(f"OPENMAP_ENV vaut « {mode} » : choisissez development ou production.")
        production = mode == "production"
        instance = Path(environ.get("OPENMAP_INSTANCE", "instance")).absolute()
        instance.mkdir(parents=True, exist_ok=True)
        secret = environ.get("SECRET_KEY") or ("" if production else _kept_secret(instance / "secret_key"))
        token = environ.get("OPENMAP_ORGANISER_TOKEN") or None
        if production:
            _refuse_weak("SECRET_KEY", secret)
            if token is not None:
                _refuse_weak("OPENMAP_ORGANISER_TOKEN", token)
        redis_url = environ.get("REDIS_URL") or None
        if redis_url is not None and not redis_url.startswith(QUEUES):
            raise ConfigurationError("REDIS_URL n’est pas une adresse de Redis, par exemple redis://localhost:6379/0.")
        return cls(
            instance=instance,
            database_url=_database_url(environ.get("DATABASE_URL") or f"sqlite:///{instance / 'openmap.db'}"),
            redis_url=redis_url,
            secret_key=secret,
            organiser_token=token,
            production=production,
        )

    def for_flask(self) -> dict[str, Any]:
        """Return the same settings under the names that Flask and its extensions read."""
        return {
            "OPENMAP": self,
            "TESTING": self.testing,
            "SECRET_KEY": self.secret_key,
            "SQLALCHEMY_DATABASE_URI": self.database_url,
            "SESSION_COOKIE_SAMESITE": "Lax",
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SECURE": self.production,
            "BOOTSTRAP_SERVE_LOCAL": True,
            "BABEL_DEFAULT_LOCALE": "fr",
            "BABEL_DEFAULT_TIMEZONE": "Europe/Paris",
            "MAX_CONTENT_LENGTH": 16 * 1024 * 1024,
        }


def _database_url(url: str) -> str:
    """Return the address of a database that we run on, naming psycopg 3 where hosting platforms name no driver."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            url = "postgresql+psycopg://" + url.removeprefix(prefix)
    try:
        engine = make_url(url).get_backend_name()
    except ArgumentError:
        engine = ""
    if engine not in DATABASES:
        raise ConfigurationError(
            "DATABASE_URL n’est pas l’adresse d’une base SQLite ou PostgreSQL, par exemple "
            "postgresql://openmap@localhost/openmap."
        )
    return url


def _kept_secret(file: Path) -> str:
    """Make a secret once and keep it, so that sessions survive a restart in development."""
    try:
        return file.read_text().strip()
    except FileNotFoundError:
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(SECRET_LENGTH))
        return file.read_text().strip()


def _refuse_weak(name: str, secret: str) -> None:
    """Refuse a secret that is short, repeated or a well-known word."""
    if len(secret) < SECRET_LENGTH or len(set(secret)) < 10 or secret.lower() in WEAK_SECRETS:
        raise ConfigurationError(
            f"{name} est absent ou trop faible pour la production : donnez au moins {SECRET_LENGTH} "
            "caractères tirés au hasard, par exemple avec « python -c 'import secrets; "
            "print(secrets.token_urlsafe(48))' »."
        )
