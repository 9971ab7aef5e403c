"""The rooms of the house: their pages, and what each tells the others of itself when it is imported."""

from __future__ import annotations

from types import ModuleType
from typing import Final

from flask import Flask

from openmap import web
from openmap.agendas import exports, own_agenda, publication_views
from openmap.agendas import privacy as _agendas_privacy  # noqa: F401
from openmap.agendas import release_standing as _release_standing  # noqa: F401
from openmap.api import sitemaps
from openmap.api import views as api
from openmap.applications import (
    applying,
    asking,
    behalf,
    bringing,
    calling_pages,
    comparing,
    examining,
    handing,
    renewing,
    writing,
)
from openmap.applications import files as attached_files
from openmap.applications import indexing as _applications_indexing  # noqa: F401
from openmap.applications import preparation as _applications_preparation  # noqa: F401
from openmap.applications import privacy as _applications_privacy  # noqa: F401
from openmap.directory import (
    buyers,
    claiming,
    confirming,
    facilitators,
    import_pages,
    keeping,
    keeping_clients,
    keeping_files,
    keeping_offers,
    searching,
    showing,
)
from openmap.directory import claim_privacy as _claim_privacy  # noqa: F401
from openmap.directory import facilitator_models as _facilitators  # noqa: F401
from openmap.directory import facilitator_privacy as _facilitator_privacy  # noqa: F401
from openmap.directory import import_models as _imports  # noqa: F401
from openmap.directory import import_privacy as _import_lists_privacy  # noqa: F401
from openmap.directory import import_tasks as _import_tasks  # noqa: F401
from openmap.directory import indexing as _directory_indexing  # noqa: F401
from openmap.directory import privacy as _directory_privacy  # noqa: F401
from openmap.directory import revising as _revising  # noqa: F401
from openmap.directory import schema_org as _schema_org  # noqa: F401
from openmap.directory import sourcing_models as _sourcing  # noqa: F401
from openmap.directory import views as organisations
from openmap.directory.sourcing import answer_pages, compare_pages, list_pages, message_pages, watch_pages
from openmap.directory.sourcing import privacy as _sourcing_privacy  # noqa: F401
from openmap.events import access_plans, history, parts, preparing, registrations, resources, stands, team
from openmap.events import privacy as _events_privacy  # noqa: F401
from openmap.events import views as events
from openmap.mail import privacy as _mail_privacy  # noqa: F401
from openmap.mail import views as mail
from openmap.meetings import (
    check_views,
    correcting,
    following_pages,
    inviting_pages,
    solve_views,
    suppose_views,
    versions,
    weight_views,
    wish_pages,
)
from openmap.meetings import memory as _memory  # noqa: F401
from openmap.meetings import met_before as _met_before  # noqa: F401
from openmap.meetings import plan_privacy as _plan_privacy  # noqa: F401
from openmap.meetings import tasks as _tasks  # noqa: F401
from openmap.meetings import views as meetings
from openmap.meetings import wish_privacy as _wish_privacy  # noqa: F401
from openmap.needs import answering_pages, outcome_pages, plans, stating
from openmap.needs import buyer_part as _buyer_part  # noqa: F401
from openmap.needs import import_privacy as _import_privacy  # noqa: F401
from openmap.needs import indexing as _needs_indexing  # noqa: F401
from openmap.needs import privacy as _needs_privacy  # noqa: F401
from openmap.needs import views as needs
from openmap.needs import watching as _needs_watching  # noqa: F401
from openmap.people import access, permissions
from openmap.people import views as people
from openmap.pitches import coachings, deciding, juror_pages, jury_pages
from openmap.pitches import following as _following  # noqa: F401
from openmap.pitches import outcomes as _outcomes  # noqa: F401
from openmap.pitches import permissions as _pitches  # noqa: F401
from openmap.pitches import preparation as _pitches_preparation  # noqa: F401
from openmap.pitches import privacy as _pitches_privacy  # noqa: F401
from openmap.pitches import selection_privacy as _selection_privacy  # noqa: F401
from openmap.reference import views as reference
from openmap.signin import account, sessions
from openmap.signin import privacy as _signin_privacy  # noqa: F401
from openmap.signin import views as signin

PAGES: Final[tuple[ModuleType, ...]] = (
    people, mail, signin, account, reference, organisations, searching,
    message_pages, answer_pages, list_pages, compare_pages, watch_pages,
    showing, keeping, keeping_offers, keeping_clients, keeping_files, claiming, confirming,
    facilitators, buyers, import_pages,
    stating, needs, answering_pages, plans, outcome_pages,
    preparing, parts, registrations, stands, resources, access_plans, team, history,
    renewing, applying, attached_files, examining, calling_pages, handing, writing, asking, behalf, bringing, comparing,
    jury_pages, juror_pages,
    events,
    deciding, coachings,
    inviting_pages, following_pages, wish_pages,
    meetings, correcting, versions, solve_views, check_views, suppose_views, weight_views,
    publication_views, own_agenda,
    api, sitemaps,
)  # fmt: skip
"""The modules that have pages, each with its ``blueprint``."""


def register(app: Flask) -> None:
    """Add every room's pages to ``app``."""
    web.init_app(app)
    sessions.init_app(app)
    app.context_processor(
        lambda: {
            "person": access.current_person(),
            "has_outbox": permissions.organises_something(access.current_person()),
        }
    )
    for room in PAGES:
        app.register_blueprint(room.blueprint)
    exports.register()
