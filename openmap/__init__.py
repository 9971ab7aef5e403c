"""OpenMap ESS: meetings between public buyers and the social economy."""

from __future__ import annotations

import os
from pathlib import Path

from flask import Flask

from openmap import jobs
from openmap.config import TEMPLATES, Config
from openmap.extensions import babel, bootstrap, csrf, db, migrate

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
    jobs.init_app(app)
    _register_rooms(app)
    return app


def _register_rooms(app: Flask) -> None:
    """Give every room its chance to add models and pages."""
    from openmap import web  # noqa: PLC0415 - rooms import the extensions above
    from openmap.agendas import exports as agendas  # noqa: PLC0415
    from openmap.events import views as events  # noqa: PLC0415
    from openmap.meetings import solve_views as solves  # noqa: PLC0415
    from openmap.meetings import tasks as _tasks  # noqa: F401, PLC0415
    from openmap.meetings import views as meetings  # noqa: PLC0415
    from openmap.needs import models as _needs  # noqa: F401, PLC0415

    web.init_app(app)
    app.register_blueprint(events.blueprint)
    app.register_blueprint(meetings.blueprint)
    agendas.register()
    app.register_blueprint(solves.blueprint)
