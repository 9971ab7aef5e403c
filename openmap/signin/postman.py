"""The postman: answers those who ask for a link, then sends what is due. Runs beside the jobs, never behind them."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Final

from flask import current_app

from openmap.extensions import db
from openmap.mail.reminders import write_due
from openmap.mail.sending import carrier_for, send_due
from openmap.people import privacy
from openmap.signin.services import answer_requests
from openmap.web.keeping import referred
from openmap.web.uploads import sweep

log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 1.0
PURGE_EVERY: Final = timedelta(hours=24)

_purged: dict[str, datetime] = {}


def clock() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)


def go_round() -> int:
    """Answer and send once; return how many mails left."""
    config = current_app.config["OPENMAP"]
    carrier = carrier_for(config)
    try:
        sent = answer_requests(db.session, config, clock=clock, carrier=carrier)
        sent += send_due(db.session, config, clock=clock, carrier=carrier)
    finally:
        carrier.close()
        db.session.remove()
    if sent:
        log.info("Courrier : %d message(s) envoyé(s).", sent)
    return sent


def write_reminders() -> None:
    """Write the reminders that leave within a day; they wait in the outbox until their hour."""
    written = write_due(db.session, now=clock())
    db.session.commit()
    if written:
        log.info("Rappels : %d message(s) écrit(s).", written)


def purge_nightly() -> None:
    """Forget once a day what is past its retention."""
    now = clock()
    if now - _purged.get("last", now - PURGE_EVERY) < PURGE_EVERY:
        return
    counts = privacy.purge(db.session, now=now)
    db.session.commit()
    swept = sweep(referred(db.session))
    db.session.rollback()
    if swept:
        log.info("Fichiers : %d que rien ne désigne plus, supprimés.", swept)
    _purged["last"] = now
    if counts:
        log.info("Données personnelles : %s.", ", ".join(f"{table} {count}" for table, count in counts.items()))
