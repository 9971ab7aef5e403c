"""The jobs of imported lists: fetch by id, call a service."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Final

from flask import current_app

from openmap.directory.import_models import DirectoryImport
from openmap.directory.lists import running
from openmap.extensions import db
from openmap.jobs import enqueue, job, queue_of

log = logging.getLogger(__name__)

TEND_SECONDS: Final = 15.0
SILENT: Final = timedelta(seconds=60)
"""An import under way that tells nothing for so long beside an idle worker has lost its own."""


def clock() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)


@job
def check_list(import_id: int) -> None:
    """Say what a list would do."""
    running.check(db.session, import_id, now=clock)


@job
def import_list(import_id: int) -> None:
    """Bring a checked list in, from where it stands."""
    running.bring_in(db.session, import_id, now=clock, stopping=queue_of(current_app).stopping.is_set)
    brought = db.session.get(DirectoryImport, import_id)
    if brought is not None:
        log.info("Liste %s (%s) : %s", brought.id, brought.filename, brought.state)


def enqueue_import(brought: DirectoryImport) -> None:
    """Hand an import that is to be checked or brought in to the workers."""
    enqueue(check_list if brought.state == "checking" else import_list, brought.id)


def tend() -> None:
    """Hand out again the imports whose worker died; a job delivered twice saves nothing twice."""
    if queue_of(current_app).is_idle:
        for import_id, state in running.unfinished(db.session, before=clock() - SILENT):
            enqueue(check_list if state == "checking" else import_list, import_id)
    db.session.remove()
