"""The room on a screen: what everyone who is present may read at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.people.models import Person
from openmap.pitches.models import Jury
from openmap.pitches.permissions import hidden_from
from openmap.pitches.queries import jurors
from openmap.pitches.room import Filters, Room, build


@dataclass(frozen=True, slots=True)
class Screen:
    """The files that no one present is kept from. ``seats`` says of each juror whether they have left the room."""

    room: Room
    seats: Sequence[tuple[Person, bool]]
    kept: int


def screen_of(session: AnySession, edition: Edition, jury: Jury, person: Person, left: Collection[int]) -> Screen:
    """Return the screen for ``person`` and every juror but those who have ``left`` the room.

    A screen is read by all: a juror in conflict leaves while their file is spoken of, and only then is it shown. What
    is kept from whoever opens the screen stays so.
    """
    seats = [(juror, juror.id in left and juror.id != person.id) for juror in jurors(session, edition.id)]
    present = [juror for juror, is_out in seats if not is_out]
    hidden = hidden_from(session, person, edition.id)
    for juror in present:
        hidden |= hidden_from(session, juror, edition.id)
    whole = build(session, edition, jury, hidden_from(session, person, edition.id), Filters())
    room = build(session, edition, jury, hidden, Filters())
    return Screen(room, seats, len(whole.everything) - len(room.everything))
