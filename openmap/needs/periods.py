"""Quarters and the eighteen months that a declaration looks ahead."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

HORIZON_MONTHS: Final = 18


def bounds(quarter: str) -> tuple[date, date]:
    """Return the first and the last day of a quarter such as ``2018-T1``."""
    year, number = int(quarter[:4]), int(quarter[-1])
    first = date(year, 3 * number - 2, 1)
    return first, months_after(first, 3) - timedelta(days=1)


def quarter_of(day: date) -> str:
    """Return the quarter of a day, such as ``2018-T1``."""
    return f"{day.year:04d}-T{(day.month + 2) // 3}"


def quarters_from(day: date) -> list[str]:
    """Return the quarters of the eighteen months that begin on ``day``, the running one first."""
    first = date(day.year, day.month - (day.month - 1) % 3, 1)
    count = months_between(first, horizon(day)) // 3 + 1
    return [quarter_of(months_after(first, 3 * rank)) for rank in range(count)]


def horizon(day: date) -> date:
    """Return the last day of the eighteen months that begin on ``day``."""
    return months_after(day, HORIZON_MONTHS) - timedelta(days=1)


def months_after(day: date, months: int) -> date:
    """Return the day ``months`` later; the last of its month where that month is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return min(date(year, month + 1, 1) + timedelta(days=day.day - 1), following - timedelta(days=1))


def months_between(first: date, last: date) -> int:
    """Return how many months apart the months of two days are."""
    return (last.year - first.year) * 12 + last.month - first.month


def inside(starts_on: date, ends_on: date, today: date) -> bool:
    """Say whether a period touches the eighteen months that begin today: not over, and begun before their end."""
    return ends_on >= today and starts_on <= horizon(today)


def place_of(starts_on: date, today: date) -> str:
    """Return the quarter under which a period is listed: the one in which it begins, the running one where it has."""
    return quarter_of(max(starts_on, today))


def moved_forward(ends_on: date, today: date) -> int:
    """Return by how many whole years a period that is over must move so as not to be; none where it is not."""
    years = max(0, today.year - ends_on.year)
    return years + (months_after(ends_on, 12 * years) < today)
