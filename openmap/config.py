"""Configuration from the environment; production refuses what is weak."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

PACKAGE: Final = Path(__file__).resolve().parent
TEMPLATES: Final = PACKAGE / "templates" if (PACKAGE / "templates").is_dir() else PACKAGE.parent / "templates"
"""In a checkout templates lie beside the package; a built wheel carries them inside."""

WEAK_SECRETS = frozenset({"secret", "changeme", "change-me", "dev", "development", "password", "openmap"})
SECRET_LENGTH = 32
DATABASES: Final = frozenset({"sqlite", "postgresql"})
SECURITIES: Final = frozenset({"starttls", "tls", "none"})
QUEUES: Final = ("redis://", "rediss://", "unix://")


class ConfigurationError(Exception):
    """The environment asks for something that the application refuses to start with."""


@dataclass(frozen=True, slots=True)
class Config:
    """Everything the application takes from outside.

    ``database_url`` and ``redis_url`` choose PostgreSQL and Redis over the embedded SQLite files. ``base_url`` is what
    links in mails begin with, ``proxies`` how many proxies stand before the server. Without ``smtp_host`` mails are
    written to a folder; ``smtp_security`` is ``starttls``, ``tls`` or ``none``.
    """

    instance: Path
    database_url: str
    redis_url: str | None
    secret_key: str
    production: bool
    testing: bool = False
    base_url: str = "http://127.0.0.1:8000"
    proxies: int = 0
    smtp_host: str | None = None
    smtp_port: int = 587
    smtp_user: str | None = None
    smtp_password: str | None = None
    smtp_security: str = "starttls"
    mail_from: str = "OpenMap ESS <openmap-ess@localhost>"

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Config:
        """Read ``DATABASE_URL``, ``REDIS_URL``, ``SECRET_KEY``, ``SMTP_*`` and the ``OPENMAP_*`` variables.

        Raises ConfigurationError with a French sentence that names the variable to change.
        """
        mode = environ.get("OPENMAP_ENV", "development")
        if mode not in {"development", "production"}:
            raise ConfigurationError(f"OPENMAP_ENV vaut « {mode} » : choisissez development ou production.")
        production = mode == "production"
        instance = Path(environ.get("OPENMAP_INSTANCE", "instance")).absolute()
        instance.mkdir(parents=True, exist_ok=True)
        secret = environ.get("SECRET_KEY") or ("" if production else _kept_secret(instance / "secret_key"))
        if production:
            _refuse_weak("SECRET_KEY", secret)
        redis_url = environ.get("REDIS_URL") or None
        if redis_url is not None and not redis_url.startswith(QUEUES):
            raise ConfigurationError("REDIS_URL n’est pas une adresse de Redis, par exemple redis://localhost:6379/0.")
        return cls(
            instance=instance,
            database_url=_database_url(environ.get("DATABASE_URL") or f"sqlite:///{instance / 'openmap.db'}"),
            redis_url=redis_url,
            secret_key=secret,
            production=production,
            base_url=_base_url(environ.get("OPENMAP_BASE_URL", ""), production=production),
            proxies=_number("OPENMAP_PROXIES", environ.get("OPENMAP_PROXIES") or "0", 9),
            **_mail_settings(environ, production=production),
        )

    def for_flask(self) -> dict[str, Any]:
        """Return the same settings under the names that Flask and its extensions read."""
        return {
            "OPENMAP": self,
            "TESTING": self.testing,
            "SECRET_KEY": self.secret_key,
            "SQLALCHEMY_DATABASE_URI": self.database_url,
            # As many connections as a process has threads (openmap.serving): none is opened and closed for one page.
            "SQLALCHEMY_ENGINE_OPTIONS": {"pool_size": 16, "max_overflow": 4},
            "SESSION_COOKIE_SAMESITE": "Lax",
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SECURE": self.production,
            "RATELIMIT_STORAGE_URI": self.redis_url or "memory://",
            "RATELIMIT_HEADERS_ENABLED": False,
            "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED": self.redis_url is not None,
            "WTF_CSRF_TIME_LIMIT": None,  # as long as the session: a long text must not be lost to a clock
            "BOOTSTRAP_SERVE_LOCAL": True,
            "BABEL_DEFAULT_LOCALE": "fr",
            "BABEL_DEFAULT_TIMEZONE": "Europe/Paris",
            "MAX_CONTENT_LENGTH": 16 * 1024 * 1024,
        }


def _base_url(address: str, *, production: bool) -> str:
    """Return the address that links in mails begin with, without the slash at its end."""
    if not address and not production:
        return "http://127.0.0.1:8000"
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.netloc or (production and parts.scheme != "https"):
        raise ConfigurationError(
            "OPENMAP_BASE_URL doit être l’adresse publique du site, en https en production, par exemple "
            "https://openmap.example.fr."
        )
    return address.rstrip("/")


def _number(name: str, text: str, most: int) -> int:
    if not text.isdecimal() or int(text) > most:
        raise ConfigurationError(f"{name} vaut « {text} » : donnez un nombre entier, de 0 à {most}.")
    return int(text)


def _mail_settings(environ: Mapping[str, str], *, production: bool) -> dict[str, Any]:
    """Read how mails leave; production refuses to write people's mails to a folder that nobody reads."""
    host = environ.get("SMTP_HOST") or None
    security = environ.get("SMTP_SECURITY") or "starttls"
    if production and host is None:
        raise ConfigurationError("SMTP_HOST manque : sans serveur de messagerie, personne ne pourrait se connecter.")
    if security not in SECURITIES:
        raise ConfigurationError(f"SMTP_SECURITY vaut « {security} » : choisissez starttls, tls ou none.")
    sender = environ.get("OPENMAP_MAIL_FROM") or "OpenMap ESS <openmap-ess@localhost>"
    if "@" not in parseaddr(sender)[1] or not sender.isprintable():
        raise ConfigurationError("OPENMAP_MAIL_FROM doit être une adresse, par exemple OpenMap ESS <rencontres@x.fr>.")
    return {
        "smtp_host": host,
        "smtp_port": _number("SMTP_PORT", environ.get("SMTP_PORT") or "587", 65_535),
        "smtp_user": environ.get("SMTP_USER") or None,
        "smtp_password": environ.get("SMTP_PASSWORD") or None,
        "smtp_security": security,
        "mail_from": sender,
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
