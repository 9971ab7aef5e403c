"""Reminders by rule: so many days before or after the day of an edition, or after something stays unanswered.

Rooms register rules and say whom each is for; the room that owns the editions says which days are theirs. A reminder is
written the day before it leaves, so that an organiser can read it, change it or keep it back; its key makes it one per
person however often the postman passes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select

from openmap.extensions import AnySession
from openmap.mail.models import ReminderSetting
from openmap.mail.purposes import Purpose
from openmap.mail.services import write
from openmap.people import journal
from openmap.people.models import Person

LEAVES_AT: Final = time(9)
"""The hour at which reminders leave, where the edition is."""

WRITTEN_BEFORE: Final = timedelta(days=1)
LATEST: Final = timedelta(hours=12)
"""A reminder that was not written by then is not written any more: « demain » would be wrong."""

Recipients = Callable[[AnySession, int, datetime], Iterable[tuple[Person, Mapping[str, str]]]]


@dataclass(frozen=True, slots=True)
class Rule:
    """``days`` counts from the day of the edition; ``recipients`` says who is written to, with the mail's values.

    ``days`` is ``None`` for a rule that follows people rather than the calendar: its mails leave the next morning.
    """

    name: str
    days: int | None
    purpose: Purpose
    recipients: Recipients


@dataclass(frozen=True, slots=True)
class Dated:
    """An edition as reminders see it."""

    edition_id: int
    day: date
    zone: ZoneInfo


_rules: dict[str, Rule] = {}
_days: list[Callable[[AnySession], Iterable[Dated]]] = []


def register_rule(rule: Rule) -> Rule:
    """Add a rule; registering a name again replaces it."""
    _rules[rule.name] = rule
    return rule


def register_days(load: Callable[[AnySession], Iterable[Dated]]) -> None:
    """Say which editions there are, and when."""
    _days[:] = [load]


def rules() -> list[Rule]:
    """Return the rules: those that follow people, then those of the calendar, earliest first."""
    return sorted(_rules.values(), key=lambda rule: (rule.days is not None, rule.days or 0))


def dated(session: AnySession, edition_id: int) -> Dated | None:
    """Return an edition as reminders see it."""
    return next((one for load in _days for one in load(session) if one.edition_id == edition_id), None)


def leaves_at(rule: Rule, edition: Dated, *, now: datetime) -> datetime:
    """Return when a rule's mails leave; the next morning where it follows people."""
    if rule.days is not None:
        return datetime.combine(edition.day + timedelta(days=rule.days), LEAVES_AT, edition.zone)
    morning = datetime.combine(now.astimezone(edition.zone).date(), LEAVES_AT, edition.zone)
    return morning if morning > now else morning + timedelta(days=1)


def switched_off(session: AnySession, edition_id: int) -> set[str]:
    """Return the rules that an edition does not want."""
    asked = select(ReminderSetting.rule).where(ReminderSetting.edition_id == edition_id, ReminderSetting.is_off)
    return set(session.scalars(asked))


def switch(session: AnySession, rule: Rule, edition_id: int, *, off: bool, by: Person, now: datetime) -> None:
    """Switch a rule off or on for an edition; what is written already stays in the outbox."""
    journal.lock(session)  # of two tabs the second finds what the first has made
    asked = select(ReminderSetting).where(ReminderSetting.edition_id == edition_id, ReminderSetting.rule == rule.name)
    setting = session.scalars(asked).one_or_none()
    if setting is None:
        setting = ReminderSetting(edition_id=edition_id, rule=rule.name)
        session.add(setting)
    setting.is_off = off
    session.flush()
    changes = {rule.name: [off, not off]}
    journal.record(session, "mail.reminder", setting, by=by, now=now, edition_id=edition_id, changes=changes)


def copy_switches(session: AnySession, source_id: int, target_id: int) -> None:
    """Switch off for an edition the rules that another one has switched off."""
    for rule in sorted(switched_off(session, source_id) - switched_off(session, target_id)):
        session.add(ReminderSetting(edition_id=target_id, rule=rule))
    session.flush()


def write_due(session: AnySession, *, now: datetime) -> int:
    """Write the reminders that leave within a day; return how many are new."""
    written = 0
    for edition in [one for load in _days for one in load(session)]:
        off = switched_off(session, edition.edition_id)
        for rule in rules():
            due = leaves_at(rule, edition, now=now)
            if rule.name in off or not due - WRITTEN_BEFORE <= now < due + LATEST:
                continue
            for person, values in rule.recipients(session, edition.edition_id, now):
                key = f"{edition.edition_id}:{edition.day if rule.days is not None else 'once'}:{person.id}"
                message = write(
                    session, rule.purpose, person, values, key=key, now=now, edition_id=edition.edition_id, due_at=due
                )
                written += message is not None
    return written
