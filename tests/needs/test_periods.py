"""Quarters and the eighteen months, for every day of two centuries."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openmap.needs.periods import (
    bounds,
    horizon,
    inside,
    months_after,
    moved_forward,
    place_of,
    quarter_of,
    quarters_from,
)

days = st.dates(min_value=date(1950, 1, 1), max_value=date(2150, 12, 31))
DAY = timedelta(days=1)
many = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@many
@given(days)
def test_a_day_is_in_its_quarter_and_in_no_other(day: date) -> None:
    first, last = bounds(quarter_of(day))
    assert first <= day <= last
    assert quarter_of(first) == quarter_of(last) == quarter_of(day)
    assert quarter_of(first - DAY) != quarter_of(day) != quarter_of(last + DAY)
    assert (first.day, first.month % 3, last.month) == (1, 1, first.month + 2)
    assert last.day == calendar.monthrange(last.year, last.month)[1]


@many
@given(days)
def test_the_quarters_offered_are_those_of_the_eighteen_months_without_a_gap(day: date) -> None:
    listed = quarters_from(day)
    assert listed[0] == quarter_of(day)
    assert listed[-1] == quarter_of(horizon(day))
    for before, after in pairwise(listed):
        assert bounds(before)[1] + DAY == bounds(after)[0]
    assert len(listed) in {6, 7}
    assert all(inside(*bounds(code), day) for code in listed)
    assert not inside(*bounds(quarter_of(bounds(listed[0])[0] - DAY)), day)
    assert not inside(*bounds(quarter_of(bounds(listed[-1])[1] + DAY)), day)


@many
@given(days)
def test_eighteen_months_end_the_day_before_the_same_day(day: date) -> None:
    after = horizon(day) + DAY
    assert (after.year - day.year) * 12 + after.month - day.month == 18
    assert after.day == min(day.day, calendar.monthrange(after.year, after.month)[1])
    assert inside(horizon(day), horizon(day), day)
    assert not inside(after, after, day)
    assert inside(day, day, day)
    assert not inside(day - DAY, day - DAY, day)


@many
@given(days, st.integers(0, 40))
def test_months_later_is_the_same_day_or_the_last_of_its_month(day: date, months: int) -> None:
    later = months_after(day, months)
    assert (later.year - day.year) * 12 + later.month - day.month == months
    assert later.day == min(day.day, calendar.monthrange(later.year, later.month)[1])


@many
@given(days, st.integers(0, 400), st.integers(-4_000, 4_000))
def test_a_period_that_is_over_moves_by_as_few_years_as_it_takes(first: date, length: int, offset: int) -> None:
    last = first + timedelta(days=length)
    today = last + timedelta(days=offset)
    years = moved_forward(last, today)
    assert months_after(last, 12 * years) >= today
    assert years == 0 or months_after(last, 12 * (years - 1)) < today
    assert (years == 0) == (last >= today)
    if offset >= 0:
        assert inside(months_after(first, 12 * years), months_after(last, 12 * years), today)


@many
@given(days, st.integers(0, 800), st.integers(0, 600))
def test_a_period_of_the_eighteen_months_is_listed_in_one_of_their_quarters(
    today: date, begins: int, length: int
) -> None:
    first = today + timedelta(days=begins - 200)
    last = first + timedelta(days=length)
    if inside(first, last, today):
        assert place_of(first, today) in quarters_from(today)
