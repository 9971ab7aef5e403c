"""Needs for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from openmap.directory.models import Buyer
from openmap.needs.models import Need
from openmap.needs.periods import bounds

STATED_AT: Final = datetime(2017, 9, 1, 8, tzinfo=UTC)


def make_need(buyer: Buyer, title: str, *, quarter: str = "2018-T1", **more: Any) -> Need:
    """Return a declared, public need of ``buyer``; the caller adds it."""
    starts_on, ends_on = bounds(quarter)
    given: dict[str, Any] = {
        "state": "declared", "visibility": "public", "quarter": quarter, "starts_on": starts_on, "ends_on": ends_on,
        "created_at": STATED_AT, "changed_at": STATED_AT, "declared_at": STATED_AT,
    } | more  # fmt: skip
    return Need(buyer=buyer, title=title, **given)
