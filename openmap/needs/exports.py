"""Needs that leave for a spreadsheet or a calendar. A contact leaves with neither."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Final
from uuid import UUID, uuid5

from flask_babel import LazyString, lazy_gettext
from flask_babel import gettext as _
from icalendar import Calendar, Event

from openmap.needs.models import Need
from openmap.needs.telling import held, told
from openmap.web.french import HERE
from openmap.web.tabular import Cell

PRODID: Final = "-//OpenMap ESS//Needs 1.0//FR"
_NAMESPACE: Final = UUID("7f3b9a52-8d0c-5b64-9a53-2f1f3f6c1d90")

Address = Callable[[Need], str]
"""Returns the whole address of a need's page."""

HEAD: Final[tuple[LazyString, ...]] = (
    lazy_gettext("Acheteur"), lazy_gettext("Objet"), lazy_gettext("Description"), lazy_gettext("Filières"),
    lazy_gettext("Activités"), lazy_gettext("Codes CPV"), lazy_gettext("Lieu d’exécution"), lazy_gettext("Période"),
    lazy_gettext("Du"), lazy_gettext("Au"), lazy_gettext("Récurrence"), lazy_gettext("Montant hors taxes"),
    lazy_gettext("Lots"), lazy_gettext("Forme de l’achat"), lazy_gettext("Levier social prévu"),
    lazy_gettext("Procédure"), lazy_gettext("Marché renouvelé"), lazy_gettext("Fin du marché renouvelé"),
    lazy_gettext("Certitude"), lazy_gettext("Visible par"), lazy_gettext("Déclaré le"), lazy_gettext("Modifié le"),
    lazy_gettext("Adresse"),
)  # fmt: skip


def rows(needs: Iterable[Need], address: Address) -> list[list[Cell]]:
    """Return a row a need, in the order of ``HEAD``."""
    return [_row(need, address(need)) for need in needs]


def _row(need: Need, address: str) -> list[Cell]:
    words = told(held(need))
    trades = dict.fromkeys(one.trade.name for one in need.activities)
    return [
        need.buyer.name, need.title, need.description, ", ".join(trades), words["activities"], words["cpv"],
        words["areas"], words["period"], _day(need.starts_on), _day(need.ends_on), words["recurrence"],
        words["amount"], need.lots, words["delivery"], words["lever"], words["procedure"], need.renews,
        _day(need.renewed_ends_on), words["certainty"], words["visibility"], _day(_local(need.declared_at)),
        _day(_local(need.changed_at)), address,
    ]  # fmt: skip


def calendar_of(needs: Iterable[Need], address: Address, *, name: str) -> bytes:
    """Return a day a need, the first of its period (RFC 5545): so that a quarter does not fill a calendar.

    The UID is the need's own and SEQUENCE counts its saves: importing again replaces. What is not certain is TENTATIVE.
    """
    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    for need in needs:
        if need.starts_on is not None:
            calendar.add_component(_event(need, need.starts_on, address(need)))
    return bytes(calendar.to_ical())


def _event(need: Need, first: date, address: str) -> Event:
    words = told(held(need))
    event = Event()
    event.add("uid", str(uuid5(_NAMESPACE, f"need/{need.id}")))
    event.add("sequence", need.version)
    event.add("dtstamp", need.changed_at)
    event.add("last-modified", need.changed_at)
    event.add("dtstart", first)
    event.add("summary", f"{need.title} – {need.buyer.name}")
    event.add("status", "CONFIRMED" if need.certainty == "certain" else "TENTATIVE")
    event.add("transp", "TRANSPARENT")
    event.add("location", words["areas"])
    trades = list(dict.fromkeys(one.trade.name for one in need.activities))
    if trades:
        event.add("categories", trades)
    lines = (need.description, words["period"], words["lever"], words["certainty"], address)
    event.add("description", "\n".join([*(line for line in lines if line), _("Cette déclaration n’engage personne.")]))
    event.add("url", address)
    return event


def _local(moment: datetime | None) -> date | None:
    return None if moment is None else moment.astimezone(HERE).date()


def _day(one: date | None) -> str:
    return "" if one is None else f"{one:%d/%m/%Y}"
