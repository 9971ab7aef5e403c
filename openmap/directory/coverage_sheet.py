"""The anomalies of the coverage as a table, a line an anomaly and a place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from flask_babel import lazy_gettext

from openmap.directory.coverage_faults import Anomaly
from openmap.directory.facilitator_labels import fault_label
from openmap.reference.labels import level_label
from openmap.web.tabular import Cell

HEAD: Final = (
    lazy_gettext("Anomalie"),
    lazy_gettext("Organismes"),
    lazy_gettext("Niveau"),
    lazy_gettext("Code"),
    lazy_gettext("Territoire ou commune"),
)


def rows(found: Iterable[Anomaly]) -> Iterator[list[Cell]]:
    """Return the lines of the table, under ``HEAD``."""
    for one in found:
        start: list[Cell] = [fault_label(one.kind), ", ".join(who.organisation for who in one.facilitators)]
        for area in one.where.areas:
            yield [*start, level_label(area.level), area.code, area.name]
        for commune in one.where.communes:
            yield [*start, "Commune", commune.code, commune.name]
        if not one.where.count:
            yield [*start, "", "", ""]
