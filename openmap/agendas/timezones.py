"""VTIMEZONE components that match the zone database around a day (RFC 5545, section 3.6.5)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

_AROUND = timedelta(days=366)


def vtimezone(zone: ZoneInfo, day: date) -> Timezone:
    """Return the offsets of ``zone`` from a year before ``day`` to a year after it.

    ``DTSTART`` of each observance is told in the time that was in force before it, as the RFC asks;
    readers that know the zone by its name take their own rules anyway.
    """
    component = Timezone()
    component.add("tzid", zone.key)
    noon = datetime.combine(day, time(12), UTC)
    at, last = noon - _AROUND, noon + _AROUND
    component.add_component(_observance(at, zone, at.astimezone(zone)))
    while at < last:
        after = at + timedelta(days=1)
        if at.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset():
            change = _change_between(at, after, zone)
            component.add_component(_observance(change, zone, (change - timedelta(seconds=1)).astimezone(zone)))
        at = after
    return component


def _change_between(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """Return the first second of the offset in force at ``high``, by halving."""
    old = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        if middle.astimezone(zone).utcoffset() == old:
            low = middle
        else:
            high = middle
    return high


def _observance(at: datetime, zone: ZoneInfo, before: datetime) -> TimezoneStandard | TimezoneDaylight:
    """Return the offset in force from ``at`` on, which followed that of ``before``."""
    local = at.astimezone(zone)
    old = before.utcoffset() or timedelta()
    observance = TimezoneDaylight() if local.dst() else TimezoneStandard()
    observance.add("dtstart", (at + old).replace(tzinfo=None))
    observance.add("tzoffsetfrom", old)
    observance.add("tzoffsetto", local.utcoffset() or timedelta())
    observance.add("tzname", local.tzname() or zone.key)
    return observance
