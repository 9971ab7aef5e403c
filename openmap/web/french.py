"""French wording of dates, hours and figures, as template filters and plain functions."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, tzinfo
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_decimal
from flask import Flask
from markupsafe import Markup

NBSP = "\u00a0"
HERE = ZoneInfo("Europe/Paris")


def init_app(app: Flask) -> None:
    """Make the functions of this module template filters under their own names."""
    for filter_ in (
        typographic,
        long_date,
        clock,
        clock_range,
        moment,
        short_moment,
        here_moment,
        number,
        percent,
        duration,
        counted,
        quarter,
        breakable,
        lower_first,
    ):
        app.add_template_filter(filter_)


def typographic(text: object) -> str:
    """Return a sentence with curved apostrophes, and spaces that no line breaks at: in quotes and before : ; ? !."""
    curved = re.sub(r"(?<=\w)'(?=\w)", "’", str(text))
    return re.sub(r" (?=[:;?!»])|(?<=«) ", NBSP, curved)


def long_date(day: date) -> str:
    """Write ``jeudi 16 novembre 2017``; the first of a month reads ``1er``."""
    text = format_date(day, "EEEE d MMMM y", locale="fr")
    return text.replace(" 1 ", " 1er ", 1) if day.day == 1 else text


def clock(instant: datetime, zone: tzinfo) -> str:
    """Write ``11 h 15``, ``9 h`` on the hour, in ``zone``."""
    local = instant.astimezone(zone)
    hour = f"{local.hour}{NBSP}h"
    return f"{hour}{NBSP}{local.minute:02d}" if local.minute else hour


def clock_range(start: datetime, end: datetime, zone: tzinfo) -> str:
    """Write ``de 9 h à 13 h``."""
    return f"de {clock(start, zone)} à {clock(end, zone)}"


def moment(instant: datetime, zone: tzinfo) -> str:
    """Write ``jeudi 16 novembre 2017, 11 h 15``."""
    return f"{long_date(instant.astimezone(zone).date())}, {clock(instant, zone)}"


def short_moment(instant: datetime, zone: tzinfo) -> str:
    """Write ``20 oct. 2026, 11 h 15`` where there is little room, in a table."""
    return f"{format_date(instant.astimezone(zone).date(), 'd MMM y', locale='fr')}, {clock(instant, zone)}"


def here_moment(instant: datetime) -> str:
    """Write a moment that belongs to no edition, in the time of Paris."""
    return moment(instant, HERE)


def number(value: float) -> str:
    """Write ``1 234`` or ``0,5``."""
    return format_decimal(value, locale="fr")


def percent(share: float) -> str:
    """Write ``0,4 %`` for 0.004: one decimal under ten per cent, none above."""
    pattern = "#,##0.#" if abs(share) < 0.1 else "#,##0"
    return f"{format_decimal(share * 100, format=pattern, locale='fr')}{NBSP}%"


def duration(seconds: float) -> str:
    """Write ``0,2 s``, ``12 s``, ``2 min``, ``2 min 05 s``, ``3 h 20 min`` or ``5 jours``: two units at most."""
    if seconds < 10:
        return f"{format_decimal(seconds, format='0.0', locale='fr')}{NBSP}s"
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest}{NBSP}s"
    if minutes < 60:
        return f"{minutes}{NBSP}min{NBSP}{rest:02d}{NBSP}s" if rest else f"{minutes}{NBSP}min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours}{NBSP}h{NBSP}{minutes:02d}{NBSP}min" if minutes else f"{hours}{NBSP}h"
    return f"{number(hours // 24)}{NBSP}jours"


def counted(count: int, singular: str, plural: str | None = None) -> str:
    """Write ``1 structure`` or ``27 structures``; French has its plural from two on."""
    return f"{number(count)}{NBSP}{singular if count < 2 else plural or singular + 's'}"


def quarter(code: str) -> str:
    """Write ``1er trimestre 2018`` for ``2018-T1``."""
    year, _, rank = code.partition("-T")
    return f"{rank}{'er' if rank == '1' else 'e'} trimestre {year}"


def breakable(name: str) -> Markup:
    """Let ``Recyclo'Pôle`` break after its apostrophe in a narrow cell, where ``d'Avenir`` must not."""
    pieces = re.split(r"(?<=\w{3}['’])", name)
    return Markup("<wbr>").join(pieces)


def lower_first(text: str) -> str:
    """Write a title inside a sentence: ``Fixer les dates`` is ``fixer les dates``."""
    text = str(text)
    return text[:1].lower() + text[1:]


def sort_key(name: str) -> str:
    """Return what French readers sort by: without accents or case."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))
