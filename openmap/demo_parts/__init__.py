"""What the demonstration shows of the rooms that grew after the first morning, part by part; all of it is invented."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from openmap.demo_parts.applying import demo_applying
from openmap.demo_parts.deciding import demo_deciding
from openmap.demo_parts.examining import demo_examining
from openmap.demo_parts.facilitating import demo_facilitating
from openmap.demo_parts.publishing import demo_publishing
from openmap.demo_parts.purchasing import demo_purchasing
from openmap.demo_parts.reading import demo_reading
from openmap.demo_parts.stating import demo_stating
from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.people.models import Person


def furnish(session: AnySession, former: Edition, coming: Edition, people: Mapping[str, Person], now: datetime) -> None:
    """Fill the coming edition with applications and a jury half-way, the former one with a released selection.

    ``people`` has someone of every role. Furnishing again changes nothing.
    """
    for part in (demo_applying, demo_examining, demo_reading, demo_stating, demo_purchasing, demo_facilitating):
        part(coming, people, now)
        session.commit()
    for shown in (demo_deciding, demo_publishing):
        shown(former, people, now)
        session.commit()
