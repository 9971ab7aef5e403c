"""What the page of a release tells of its publication."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from openmap.agendas.models import Mailing
from openmap.extensions import AnySession
from openmap.meetings.models import Release
from openmap.meetings.release_parts import ReleasePart, register_release_part
from openmap.meetings.releasing import current_release, newest_release

MAILINGS_SHOWN: Final = 8


def standing_of(session: AnySession, release: Release) -> Mapping[str, Any]:
    """Return the newest release and the one that participants see, and the last publications of this one.

    ``under_way`` is the publication of this edition, of this release or another, that is not over.
    """
    asked = select(Mailing).where(Mailing.edition_id == release.edition_id).options(joinedload(Mailing.person))
    own = asked.where(Mailing.release_id == release.id).order_by(Mailing.id.desc()).limit(MAILINGS_SHOWN)
    return {
        "newest": newest_release(session, release.edition),
        "current": current_release(session, release.edition),
        "mailings": session.scalars(own).all(),
        "under_way": session.scalars(asked.where(Mailing.ended_at.is_(None))).first(),
    }


register_release_part(ReleasePart("publication", "agendas/_release.html", 10, standing_of))
