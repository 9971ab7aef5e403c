"""Who of the other side fits, as the pages of wishes need it: ids, scores and reasons in words."""

from __future__ import annotations

from dataclasses import dataclass

from openmap.extensions import AnySession
from openmap.meetings import matching
from openmap.meetings.models import Participation


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Another participant by its id, its score from 0 to 100, and why, in words."""

    other_id: int
    score: int
    reasons: tuple[str, ...]


def suggestions(session: AnySession, participation: Participation, *, limit: int | None = None) -> list[Suggestion]:
    """Return the other side, best first; the number of queries does not depend on how many they are."""
    return [
        Suggestion(one.other.id, one.score, tuple(part.reason for part in one.parts if part.points and part.reason))
        for one in matching.ranked(session, participation, limit=limit)
    ]
