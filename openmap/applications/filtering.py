"""The filters of the list, to and from the address: short French names, nothing that is not understood."""

from __future__ import annotations

from typing import Any

from werkzeug.datastructures import MultiDict

from openmap.applications.models import STANDINGS, STATES
from openmap.applications.queries import SORTS, UNDECIDED, Filters


def filters_asked(values: MultiDict[str, str]) -> Filters:
    """Return the filters that an address or a form asks for."""

    def known(name: str, usable: tuple[str, ...]) -> str:
        value = values.get(name, "")
        return value if value in usable else ""

    def number(name: str) -> int | None:
        value = values.get(name, "")
        return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None

    return Filters(
        state=known("etat", STATES),
        standing=known("recevabilite", (UNDECIDED, *STANDINGS)),
        pitch=known("pitch", ("oui", "non")),
        kind=values.get("type", "")[:20],
        activity=number("activite"),
        area=number("territoire"),
        words=values.get("q", "").strip()[:80],
        late=values.get("retard") == "1",
        doubles=values.get("doublons") == "1",
    )


def sort_asked(values: MultiDict[str, str]) -> str:
    """Return the order that an address asks for; the latest first where it names none."""
    asked = values.get("tri", "")
    return asked if asked in SORTS else SORTS[0]


def as_arguments(filters: Filters, sort: str = SORTS[0]) -> dict[str, Any]:
    """Return what an address needs to ask for the same again."""
    given = {
        "etat": filters.state,
        "recevabilite": filters.standing,
        "pitch": filters.pitch,
        "type": filters.kind,
        "activite": filters.activity,
        "territoire": filters.area,
        "q": filters.words,
        "retard": "1" if filters.late else "",
        "doublons": "1" if filters.doubles else "",
        "tri": sort if sort != SORTS[0] else "",
    }
    return {name: value for name, value in given.items() if value not in ("", None)}
