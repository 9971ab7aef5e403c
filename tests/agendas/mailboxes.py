"""Calendars as people's programs keep them: fed with mails in order, read by vobject, by the rules of RFC 5546 alone.

Nothing of the application is used here: what a stranger's program makes of the mails is what counts.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import vobject


@dataclass
class Kept:
    """A meeting in a calendar; a cancelled one stays known, so that what comes late is recognised."""

    uid: str
    sequence: int
    stamp: datetime
    event: Any
    cancelled: bool


@dataclass
class Mailbox:
    """The calendar of one address."""

    address: str
    kept: dict[str, Kept] = field(default_factory=dict)
    log: list[tuple[str, str]] = field(default_factory=list)
    """What each object did: method and « added », « updated », « cancelled », « same », « late » or « unknown »;
    « again » where it was cancelled once more, after a request that was refused and may have arrived all the same."""

    def receive(self, mail: EmailMessage) -> list[str]:
        """Apply every calendar object of a mail; return their texts."""
        texts = []
        for method, text in objects_of(mail):
            texts.append(text)
            self.apply(method, text, sender=mail["From"].addresses[0].addr_spec)
        return texts

    def apply(self, method: str, text: str, *, sender: str) -> None:
        """Apply one object as RFC 5546 says (3.2.2, 3.2.5, 2.1.5); anything irregular fails."""
        calendar = vobject.readOne(text)
        assert calendar.method.value == method
        assert calendar.version.value == "2.0"
        events = calendar.contents["vevent"]
        assert len({event.uid.value for event in events}) == 1, "one UID an object (3.2.2)"
        (event,) = events
        assert event.organizer.value == f"mailto:{sender}", "ORGANIZER is who writes (RFC 6047, 3)"
        (attendee,) = event.contents["attendee"]
        assert attendee.value == f"mailto:{self.address}"
        uid, sequence = event.uid.value, int(event.sequence.value)
        stamp = event.dtstamp.value.astimezone(UTC)
        known = self.kept.get(uid)
        if known is not None and (sequence, stamp) < (known.sequence, known.stamp):
            self.log.append((method, "late"))
            return
        if method == "CANCEL":
            assert event.status.value == "CANCELLED"
            self.log.append((method, "unknown" if known is None else "again" if known.cancelled else "cancelled"))
        else:
            assert method == "REQUEST"
            assert event.status.value == "CONFIRMED"
            same = known is not None and not known.cancelled and known.sequence == sequence
            self.log.append((method, "added" if known is None or known.cancelled else "same" if same else "updated"))
        self.kept[uid] = Kept(uid, sequence, stamp, event, cancelled=method == "CANCEL")

    @property
    def meetings(self) -> list[tuple[str, datetime, datetime, str]]:
        """What the calendar shows: whom, start, end, table; a list, so that a duplicate is seen."""
        return sorted(shown(one.event) for one in self.kept.values() if not one.cancelled)


def objects_of(mail: EmailMessage) -> list[tuple[str, str]]:
    """Return the iTIP objects of a mail: the method that the header tells, and the text."""
    found = []
    for part in mail.walk():
        if part.get_content_type() == "text/calendar":
            method = part["Content-Type"].params["method"]
            assert part["Content-Type"].params["charset"].lower() == "utf-8"
            found.append((method, part.get_payload(decode=True).decode()))
    return found


def shown(event: Any) -> tuple[str, datetime, datetime, str]:
    """Return whom, start, end and table of an event."""
    whom = event.summary.value.removeprefix("Entretien avec ").partition(" (personne")[0]
    place = event.location.value if "location" in event.contents else ""
    table = place.partition(", ")[0]
    return (
        whom,
        event.dtstart.value.astimezone(UTC),
        event.dtend.value.astimezone(UTC),
        table if table.startswith("Table") else "",
    )
