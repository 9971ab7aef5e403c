"""What the organisers say of a file: eligible, not eligible and why, or back to not examined."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from flask_babel import gettext as _

from openmap.applications.models import STANDINGS, Application
from openmap.extensions import AnySession
from openmap.people import journal
from openmap.people.models import Person

EXAMINED = frozenset({"submitted"})
"""States in which a file is examined: a draft is not finished, a withdrawn or merged one no longer counts."""


class Unreasoned(Exception):
    """A file is not refused without saying why."""

    def __init__(self) -> None:
        super().__init__(_("Dites pourquoi la candidature n’est pas recevable : ce motif fait foi en cas de recours."))


def judge(
    session: AnySession,
    applications: Iterable[Application],
    standing: str | None,
    *,
    reason: str = "",
    by: Person,
    now: datetime,
) -> list[Application]:
    """Give submitted files their standing, ``None`` to examine them again; return those that it changed.

    Files in other states are left as they are. Raises Unreasoned.
    """
    if standing is not None and standing not in STANDINGS:
        raise ValueError(standing)
    reason = reason.strip() if standing is not None else ""
    if standing == "ineligible" and not reason:
        raise Unreasoned
    changed = []
    for one in applications:
        if one.state not in EXAMINED or (one.standing, one.standing_reason) == (standing, reason):
            continue
        one.standing, one.standing_reason = standing, reason
        one.standing_at = now if standing is not None else None
        changes = journal.changes_of(one, "standing", "standing_reason")
        journal.record(session, "application.judged", one, by=by, now=now, edition_id=one.edition_id, changes=changes)
        changed.append(one)
    return changed
