"""A list of structures that leaves for a spreadsheet, with its notes. No address of a person leaves with it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from flask_babel import LazyString, lazy_gettext
from flask_babel import gettext as _

from openmap.directory.labels import SHORT_KINDS
from openmap.directory.sourcing.choosing import structure_path, whole_address
from openmap.directory.sourcing.labels import item_state
from openmap.directory.sourcing_models import ShortlistItem
from openmap.people.models import Person
from openmap.web.french import HERE
from openmap.web.tabular import Cell

HEAD: Final[tuple[LazyString, ...]] = (
    lazy_gettext("Structure"), lazy_gettext("Types"), lazy_gettext("Commune"), lazy_gettext("SIRET"),
    lazy_gettext("Étape"), lazy_gettext("Note"), lazy_gettext("Note écrite par"), lazy_gettext("Note écrite le"),
    lazy_gettext("Ajoutée par"), lazy_gettext("Ajoutée le"), lazy_gettext("Dans l’annuaire"), lazy_gettext("Page"),
)  # fmt: skip


def rows(items: Iterable[ShortlistItem]) -> list[list[Cell]]:
    """Return a row a structure, in the order of ``HEAD``."""
    return [_row(item) for item in items]


def _row(item: ShortlistItem) -> list[Cell]:
    one = item.structure
    city = one.commune.name if one.commune is not None else one.city
    return [
        one.name, ", ".join(str(SHORT_KINDS[kind]) for kind in one.kinds), city, one.siret or "",
        item_state(item.state), item.note, _name(item.noted_by), _day(item.noted_at), _name(item.person),
        _day(item.added_at), _("oui") if one.is_listed else _("retirée de l’annuaire"),
        whole_address(structure_path(one.id)) if one.is_listed else "",
    ]  # fmt: skip


def _name(person: Person | None) -> str:
    return person.name if person is not None else ""


def _day(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.astimezone(HERE):%d/%m/%Y}"
