"""A need in words: for its page, its log, the comparison of two versions and the exports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from babel.dates import format_date

from openmap.needs.labels import (
    AMOUNT_LABELS,
    CERTAINTY_LABELS,
    DELIVERY_LABELS,
    LEVER_LABELS,
    PROCEDURE_LABELS,
    RECURRENCE_LABELS,
    VISIBILITY_LABELS,
)
from openmap.needs.models import Need
from openmap.needs.periods import bounds
from openmap.reference.models import Area, Commune
from openmap.web.french import quarter

COLUMNS: Final = (
    "title", "description", "activities", "cpv", "areas", "communes", "quarter", "starts_on", "ends_on", "recurrence",
    "amount", "lots", "delivery", "lever", "procedure", "renews", "renewed_ends_on", "certainty", "contact_name",
    "contact_email", "contact_phone", "visibility",
)  # fmt: skip
"""What a buyer says of a need, by the names of the model."""

CHOSEN: Final = frozenset({"activities", "cpv", "areas", "communes"})
CONTACT: Final = ("contact_name", "contact_email", "contact_phone")


def held(need: Need) -> dict[str, Any]:
    """Return what a need holds, by the names of ``COLUMNS``."""
    values = {name: getattr(need, name) for name in COLUMNS}
    return {name: list(value) if isinstance(value, list) else value for name, value in values.items()}


def told(values: Mapping[str, Any]) -> dict[str, str]:
    """Return values of ``COLUMNS`` in words, by the names of ``labels.FIELD_LABELS``; nothing said is an empty text."""
    return {
        "title": values["title"],
        "description": values["description"],
        "activities": ", ".join(one.name for one in values["activities"]),
        "cpv": ", ".join(values["cpv"]),
        "areas": where(values["areas"], values["communes"]),
        "period": when(values["quarter"], values["starts_on"], values["ends_on"]),
        "recurrence": str(RECURRENCE_LABELS[values["recurrence"]]),
        "amount": str(AMOUNT_LABELS[values["amount"]]) if values["amount"] else "",
        "lots": values["lots"],
        "delivery": str(DELIVERY_LABELS[values["delivery"]]) if values["delivery"] else "",
        "lever": str(LEVER_LABELS[values["lever"]]),
        "procedure": str(PROCEDURE_LABELS[values["procedure"]]) if values["procedure"] else "",
        "renews": values["renews"],
        "renewed_ends_on": day(values["renewed_ends_on"]),
        "certainty": str(CERTAINTY_LABELS[values["certainty"]]),
        "contact": ", ".join(values[name] for name in CONTACT if values[name]),
        "visibility": str(VISIBILITY_LABELS[values["visibility"]]),
    }


def where(areas: Sequence[Area], communes: Sequence[Commune]) -> str:
    """Return the places of a need, the widest first."""
    return ", ".join([*(one.name for one in areas), *(place(one) for one in communes)])


def place(commune: Commune) -> str:
    """Return a commune with a postal code, which tells it from its namesakes."""
    return f"{commune.name} ({(commune.postal_codes or [commune.code])[0]})"


def when(code: str | None, starts_on: date | None, ends_on: date | None) -> str:
    """Return ``1er trimestre 2018``, or ``du 2 janvier 2018 au 3 mars 2018`` where days are known."""
    if starts_on is None or ends_on is None:
        return quarter(code) if code else ""
    if code and (starts_on, ends_on) == bounds(code):
        return quarter(code)
    return day(starts_on) if starts_on == ends_on else f"du {day(starts_on)} au {day(ends_on)}"


def day(one: date | None) -> str:
    """Return ``1er janvier 2018``, or nothing."""
    if one is None:
        return ""
    text = format_date(one, "d MMMM y", locale="fr")
    return text.replace("1 ", "1er ", 1) if one.day == 1 else text


def period_of(need: Need) -> str:
    """Return when a need is to be bought, in words."""
    return when(need.quarter, need.starts_on, need.ends_on)
