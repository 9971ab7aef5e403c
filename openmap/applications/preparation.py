"""What the organiser has to prepare of the call, and how far it is: steps on the edition's preparation page."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy import func, select

from openmap.applications.calling import call_of
from openmap.applications.models import Application, Question
from openmap.events.models import Edition
from openmap.events.sections import Task, register_task
from openmap.extensions import db
from openmap.web.french import counted, moment


def _questions(edition: Edition) -> int:
    return db.session.scalar(select(func.count(Question.id)).where(Question.edition_id == edition.id)) or 0


def _call_told(edition: Edition) -> str:
    """Return where the call stands and how many files there are."""
    stage = call_of(edition, now=datetime.now(UTC))
    if stage.phase is None:
        return ""
    opens, closes = stage.phase.opens_at, stage.phase.closes_at
    until = "" if closes is None else moment(closes, edition.zone)
    dates = {
        "coming": _("Ouvre le %(when)s.", when=moment(opens, edition.zone)),
        "open": _("Ouvert jusqu’au %(when)s.", when=until) if until else _("Ouvert, sans date de clôture."),
        "closed": _("Clos depuis le %(when)s.", when=until),
    }[stage.state]
    asked = select(Application.state, func.count()).where(Application.edition_id == edition.id)
    found = {row[0]: row[1] for row in db.session.execute(asked.group_by(Application.state))}
    files = [
        counted(found.get("submitted", 0), _("candidature déposée"), _("candidatures déposées")),
        counted(found.get("draft", 0), _("brouillon"), _("brouillons")),
    ]
    return dates if stage.state == "coming" else f"{dates} {', '.join(files)}."


register_task(
    Task(
        22,
        lazy_gettext("Adapter les questions de la candidature"),
        lazy_gettext("Ce que vous voulez savoir de plus que l’identité, l’activité et les territoires."),
        lambda edition: url_for("questions.index", slug=edition.slug),
        lambda edition: _questions(edition) > 0,
        lambda edition: counted(count, _("question")) if (count := _questions(edition)) else "",
        lambda _edition: True,
    )
)
register_task(
    Task(
        24,
        lazy_gettext("Ouvrir l’appel à candidatures"),
        lazy_gettext("Les structures candidatent entre les dates que vous fixez."),
        lambda edition: url_for("preparing.phases", slug=edition.slug) + "#etape-call",
        lambda edition: any(one.kind == "call" for one in edition.phases),
        _call_told,
    )
)
