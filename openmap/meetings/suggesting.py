"""Who of the other side fits, as the pages of wishes need it: ids, scores and reasons in words."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from openmap.extensions import AnySession
from openmap.meetings.matching import Ranking
from openmap.meetings.models import Participation
from openmap.meetings.recalling import engine_of
from openmap.meetings.weighing import setting_of, weights_of


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Another participant by its id, its score from 0 to 100, and why, in words."""

    other_id: int
    score: int
    reasons: tuple[str, ...]


class Suggestions:
    """The other side of a participant, best first; the reasons are put into words for those that are shown."""

    def __init__(self, ranking: Ranking) -> None:
        self._ranking = ranking
        self.place = {number: at for at, number in enumerate(ranking.ids)}
        """Where each stands, by its id: 0 first."""

    def of(self, numbers: Collection[int]) -> dict[int, Suggestion]:
        """Return what is suggested of these."""
        return {number: self._told(number, self.place[number]) for number in numbers if number in self.place}

    def _told(self, number: int, at: int) -> Suggestion:
        reasons = tuple(part.reason for part in self._ranking.parts(at) if part.points and part.reason)
        return Suggestion(number, self._ranking.score(at), reasons)


def suggestions(session: AnySession, participation: Participation) -> Suggestions:
    """Return the other side, best first; the number of queries does not depend on how many they are."""
    edition = participation.edition
    weights = weights_of(setting_of(session, edition))
    return Suggestions(engine_of(session, edition, participation).ranking(participation, weights))
