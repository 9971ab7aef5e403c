"""OpenMap ESS: meetings between public buyers and the social economy."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from openmap import jobs
from openmap.config import TEMPLATES, Config
from openmap.extensions import babel, bootstrap, csrf, db, limiter, migrate
from openmap.web.patience import Patient

PACKAGE = Path(__file__).resolve().parent


def create_app(config: Config | None = None) -> Flask:
    """Build the application; ``config`` defaults to the environment."""
    config = config or Config.from_env(os.environ)
    app = Flask(
        __name__,
        instance_path=str(config.instance),
        template_folder=str(TEMPLATES),
        static_folder="web/static",
    )
    app.config.from_mapping(config.for_flask())

    db.init_app(app)
    migrate.init_app(app, db, directory=str(PACKAGE / "migrations"))
    babel.init_app(app)
    bootstrap.init_app(app)
    csrf.init_app(app)
    limiter.init_app(app)
    jobs.init_app(app)
    rooms = import_module("openmap.rooms")  # which import the extensions above
    rooms.register(app)
    app.wsgi_app = Patient(app.wsgi_app)  # type: ignore[method-assign]
    if config.proxies:
        # Each proxy adds one address: those before the counted ones are the visitor's own words.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=config.proxies, x_proto=config.proxies, x_host=config.proxies)  # type: ignore[method-assign]
    return app
