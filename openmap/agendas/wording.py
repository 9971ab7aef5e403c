"""The words of agendas that no other room has, and the cleaning of the words that others typed."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

from openmap.web.french import clock

_BREAKS = re.compile("[\x00-\x20\x7f-\x9f\u2028\u2029]+")
_INVISIBLE = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def one_line(text: str) -> str:
    """Return ``text`` on one line: no control character, no line break, no character that turns the writing."""
    return _BREAKS.sub(" ", _INVISIBLE.sub("", unicodedata.normalize("NFC", text))).strip()


def hour(instant: datetime) -> str:
    """Return « 11 h 15 » in the zone that ``instant`` carries."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs its time zone")
    return clock(instant, instant.tzinfo)


def hours(start: datetime, end: datetime) -> str:
    """Return « 11 h 15 – 11 h 30 », which does not break at a line's end."""
    return f"{hour(start)}\u202f–\u202f{hour(end)}"


def interviews(number: int) -> str:
    """Return « 3 entretiens », « 1 entretien » or « aucun entretien »."""
    return f"{number}\u00a0entretien{'s' if number > 1 else ''}" if number else "aucun entretien"


def file_name(code: str, name: str) -> str:
    """Return a name that every file system takes, such as ``B01-ville-de-paris``."""
    parts = (_ascii(code)[:20], _ascii(name).lower()[:60].strip("-"))
    return "-".join(part for part in parts if part) or "participant"


def _ascii(text: str) -> str:
    text = text.replace("œ", "oe").replace("Œ", "OE").replace("æ", "ae").replace("’", "-")
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")
