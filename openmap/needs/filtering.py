"""The filters of the list of needs, as its address says them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from werkzeug.datastructures import MultiDict

from openmap.needs.listing import Filters
from openmap.needs.models import AMOUNTS, LEVERS
from openmap.needs.periods import quarters_from
from openmap.web.requests import row_number


def filters_asked(asked: MultiDict[str, str], *, today: date, editions: Collection[int] = ()) -> Filters:
    """Return the filters that an address says; a value that means nothing is left out.

    ``editions``: those by whose buyers the reader may filter.
    """
    quarter, lever, amount = (asked.get(name, "") for name in ("trimestre", "levier", "montant"))
    edition = asked.get("edition", type=row_number)
    return Filters(
        words=asked.get("q", "").strip()[:80],
        trade=asked.get("filiere", type=row_number),
        activity=asked.get("activite", type=row_number),
        area=asked.get("territoire", type=row_number),
        quarter=quarter if quarter in quarters_from(today) else "",
        lever=lever if lever in LEVERS else "",
        amount=amount if amount in AMOUNTS else "",
        edition=edition if edition in editions else None,
    )


def as_arguments(filters: Filters) -> dict[str, Any]:
    """Return filters as the address has them; those that narrow nothing are left out."""
    named = {
        "q": filters.words,
        "filiere": filters.trade,
        "activite": filters.activity,
        "territoire": filters.area,
        "trimestre": filters.quarter,
        "levier": filters.lever,
        "montant": filters.amount,
        "edition": filters.edition,
    }
    return {name: value for name, value in named.items() if value not in {"", None}}
