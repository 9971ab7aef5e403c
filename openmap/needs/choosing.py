"""What the form offers to choose from: what is chosen, what a search found, what is wanted most often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from openmap.extensions import AnySession
from openmap.needs.forms import chosen_activities
from openmap.needs.searching import (
    Code,
    Trades,
    find_trades,
    labels_of,
)
from openmap.reference.models import Activity


@dataclass(frozen=True, slots=True)
class TradesOffered:
    """Activities and codes: those chosen, and those that were found besides. ``typed`` is what was searched."""

    chosen: Sequence[Activity]
    codes: Sequence[Code]
    found: Trades
    typed: str

    @property
    def count(self) -> int:
        """How many things were found besides those chosen."""
        return len(self.found.activities) + len(self.found.codes)


def trades_offered(session: AnySession, ids: Sequence[str], codes: Sequence[str], typed: str) -> TradesOffered:
    """Return what is chosen (ids of activities, CPV codes) and what ``typed`` finds besides."""
    chosen = chosen_activities(session, ids[:100])
    held = {one.id for one in chosen}
    found = find_trades(session, typed) if typed else Trades()
    besides = Trades(
        [one for one in found.activities if one.id not in held],
        [one for one in found.codes if one.code not in codes],
        found.read_as,
    )
    return TradesOffered(chosen, labels_of(session, codes[:100]), besides, typed)
