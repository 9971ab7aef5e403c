"""The job of this room: carry a publication out."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Final

from flask import current_app

from openmap.agendas import publishing
from openmap.agendas.models import Mailing
from openmap.extensions import db
from openmap.jobs import enqueue, job, queue_of

log = logging.getLogger(__name__)

TEND_SECONDS: Final = 5.0


def clock() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)


@job
def publish_release(mailing_id: int) -> None:
    """Write to the people concerned by a publication."""
    sender = current_app.config["OPENMAP"].mail_from
    stopping = queue_of(current_app).stopping.is_set
    over = publishing.run_mailing(db.session, mailing_id, sender=sender, clock=clock, stopping=stopping)
    mailing = db.session.get(Mailing, mailing_id)
    if over and mailing is not None:
        log.info("Diffusion %s : %s", mailing.id, mailing.message)


def enqueue_mailing(mailing_id: int) -> None:
    """Hand a publication to the workers."""
    enqueue(publish_release, mailing_id)


def tend() -> None:
    """Hand out again the publications that wait beside an idle worker; a job delivered twice runs once."""
    if queue_of(current_app).is_idle:
        for mailing_id in publishing.waiting_mailings(db.session, now=clock()):
            enqueue_mailing(mailing_id)
    db.session.remove()
