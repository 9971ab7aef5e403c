"""Static files: all served from here, named by their content so that browsers may keep them."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from flask import Blueprint, Flask, current_app, url_for

FOREVER = 365 * 24 * 3600
DIGEST_LENGTH = 12


def init_app(app: Flask) -> None:
    """Serve htmx out of its wheel and offer ``asset_url`` to the templates."""
    app.register_blueprint(Blueprint("htmx", __name__, static_folder=str(_htmx_folder()), static_url_path="/htmx"))
    app.add_template_global(asset_url)


def asset_url(endpoint: str, filename: str) -> str:
    """Return the address of a static file with a digest of its content, so that a change changes the address."""
    return url_for(endpoint, filename=filename, v=_digest(_folder(endpoint) / filename))


def _folder(endpoint: str) -> Path:
    """Return the folder behind a static endpoint: the application's own or a blueprint's."""
    owner = current_app if endpoint == "static" else current_app.blueprints[endpoint.partition(".")[0]]
    return Path(str(owner.static_folder))


@cache
def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:DIGEST_LENGTH]


def _htmx_folder() -> Path:
    """Locate the wheel's files without importing it: its code asks for Django, which nobody here needs."""
    spec = find_spec("js_lib_htmx")
    if spec is None or spec.origin is None:
        raise RuntimeError("django-js-lib-htmx n'est pas installé : réinstallez les dépendances du projet.")
    return Path(spec.origin).parent / "static" / "htmx"
