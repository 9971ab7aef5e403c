"""What the jury has said of a file that is merged into another goes with it: a conflict never gets lost on the way."""

from __future__ import annotations

from datetime import UTC, datetime

from flask_babel import gettext as _
from sqlalchemy import select

from openmap.applications.merging import RefusedMerge, register_follow
from openmap.applications.models import Application
from openmap.extensions import AnySession, insert_unless_there
from openmap.pitches.conflicts import drop_reading
from openmap.pitches.models import Conflict, Selection


def follow(session: AnySession, kept: Application, other: Application) -> None:
    """Give ``kept`` the conflicts told about ``other``; who is in conflict with it has not read it any more.

    Raises RefusedMerge when the jury has decided of ``other``.
    """
    if session.scalar(select(Selection.application_id).where(Selection.application_id == other.id)) is not None:
        raise RefusedMerge(_("Le jury s’est prononcé sur l’autre dossier : gardez celui-là."))
    for one in session.scalars(select(Conflict).where(Conflict.application_id == other.id)).all():
        insert_unless_there(
            session, Conflict, application_id=kept.id, person_id=one.person_id, reason=one.reason,
            declared_at=one.declared_at,
        )  # fmt: skip
        drop_reading(session, kept, one.person, by=None, now=datetime.now(UTC))


register_follow(follow)
