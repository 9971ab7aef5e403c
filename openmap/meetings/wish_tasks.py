"""What a worker does about wishes without being asked."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Final

from openmap.extensions import db
from openmap.meetings.completing import complete_closed

log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 300.0


def complete_silent() -> None:
    """Speak for the sides that stayed silent, once their phase is over."""
    told = complete_closed(db.session, now=datetime.now(UTC))
    db.session.commit()
    if told:
        log.info("Souhaits : %d participant(s) silencieux, complétés d’après le score.", told)
