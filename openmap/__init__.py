"""OpenMap ESS: meetings between public buyers and the social economy."""

from __future__ import annotations

import os
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
    _register_rooms(app)
    app.wsgi_app = Patient(app.wsgi_app)  # type: ignore[method-assign]
    if config.proxies:
        # Each proxy adds one address: those before the counted ones are the visitor's own words.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=config.proxies, x_proto=config.proxies, x_host=config.proxies)  # type: ignore[method-assign]
    return app


def _register_rooms(app: Flask) -> None:
    """Give every room its chance to add models and pages."""
    from openmap import web  # noqa: PLC0415 - rooms import the extensions above
    from openmap.agendas import exports as agendas  # noqa: PLC0415
    from openmap.agendas import own_agenda, publication_views  # noqa: PLC0415
    from openmap.agendas import privacy as _agendas_privacy  # noqa: F401, PLC0415
    from openmap.applications import applying, asking, behalf, bringing, comparing, examining, handing, writing  # noqa: PLC0415  # noqa: PLC0415
    from openmap.applications import files as attached_files  # noqa: PLC0415
    from openmap.applications import privacy as _applications_privacy  # noqa: F401, PLC0415
    from openmap.directory import privacy as _directory_privacy  # noqa: F401, PLC0415
    from openmap.directory import views as organisations  # noqa: PLC0415
    from openmap.events import history, parts, preparing, registrations, resources, stands, team  # noqa: PLC0415
    from openmap.events import privacy as _events_privacy  # noqa: F401, PLC0415
    from openmap.events import views as events  # noqa: PLC0415
    from openmap.mail import privacy as _mail_privacy  # noqa: F401, PLC0415
    from openmap.mail import views as mail  # noqa: PLC0415
    from openmap.meetings import solve_views as solves  # noqa: PLC0415
    from openmap.meetings import tasks as _tasks  # noqa: F401, PLC0415
    from openmap.meetings import views as meetings  # noqa: PLC0415
    from openmap.needs import models as _needs  # noqa: F401, PLC0415
    from openmap.people import access, permissions  # noqa: PLC0415
    from openmap.people import views as people  # noqa: PLC0415
    from openmap.pitches import coachings, deciding, juror_pages, jury_pages  # noqa: PLC0415
    from openmap.pitches import following as _following  # noqa: F401, PLC0415
    from openmap.pitches import outcomes as _outcomes  # noqa: F401, PLC0415
    from openmap.pitches import permissions as _pitches  # noqa: F401, PLC0415
    from openmap.pitches import privacy as _pitches_privacy  # noqa: F401, PLC0415
    from openmap.pitches import selection_privacy as _selection_privacy  # noqa: F401, PLC0415
    from openmap.reference import views as reference  # noqa: PLC0415
    from openmap.signin import account, sessions  # noqa: PLC0415
    from openmap.signin import privacy as _signin_privacy  # noqa: F401, PLC0415
    from openmap.signin import views as signin  # noqa: PLC0415

    web.init_app(app)
    sessions.init_app(app)
    app.context_processor(
        lambda: {
            "person": access.current_person(),
            "has_outbox": permissions.organises_something(access.current_person()),
        }
    )
    for room in (people, mail, signin, account, reference, organisations):
        app.register_blueprint(room.blueprint)
    for pages in (preparing, parts, registrations, stands, resources, team, history):
        app.register_blueprint(pages.blueprint)
    for pages in (applying, attached_files):
        app.register_blueprint(pages.blueprint)
    for pages in (examining, handing, writing, asking, behalf, bringing, comparing):
        app.register_blueprint(pages.blueprint)
    for pages in (jury_pages, juror_pages):
        app.register_blueprint(pages.blueprint)
    app.register_blueprint(events.blueprint)
    for choosing in (deciding, coachings):
        app.register_blueprint(choosing.blueprint)
    app.register_blueprint(meetings.blueprint)
    agendas.register()
    app.register_blueprint(solves.blueprint)
    for pages in (publication_views, own_agenda):
        app.register_blueprint(pages.blueprint)
