"""What a structure is told of its own file: the decision, once it is released. Never a score, nor a rank."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from openmap.applications.models import Application
from openmap.applications.telling import Told, register_told
from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.pitches.models import Selection
from openmap.pitches.passage import Passage, passages


@dataclass(frozen=True, slots=True)
class Outcome:
    """``decision``: picked, reserve, declined or withdrawn; ``passage``: the turn of a structure that pitches."""

    edition: Edition
    decision: str
    reason: str
    passage: Passage | None


def outcome_of(session: AnySession, application: Application) -> Outcome | None:
    """Return what was decided of a file, or ``None`` while that is not released."""
    found = session.get(Selection, application.id)
    if found is None or found.released_at is None:
        return None
    edition = application.edition
    if found.withdrawn_at is not None or application.state == "withdrawn":
        return Outcome(edition, "withdrawn", "", None)
    if found.decision != "picked":
        return Outcome(edition, found.decision, found.reason if found.decision == "declined" else "", None)
    turn = next((one for one in passages(session, edition) if one.application.id == application.id), None)
    return Outcome(edition, "picked", "", turn)


def _told(session: AnySession, application: Application) -> Mapping[str, Any] | None:
    outcome = outcome_of(session, application)
    return None if outcome is None else {"outcome": outcome}


register_told(Told("pitches/_outcome.html", _told))
