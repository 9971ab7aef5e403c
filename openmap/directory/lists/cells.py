"""Values of a list made ours, one cell at a time: each returns the value, or says what is wrong and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Final

from flask_babel import gettext as _
from stdnum.fr import siret as siret_number

_EXPONENT: Final = re.compile(r"(\d)(?:[.,](\d+))?[eE]\+?(\d{1,2})")
_WHOLE: Final = re.compile(r"(\d+)[.,]0+")
_QUOTED: Final = re.compile(r'="?([^"]*)"?')
_POINT: Final = re.compile(r"(-?\d+(?:\.\d+)?)[\s,;]+(-?\d+(?:\.\d+)?)")
_NUMBER: Final = re.compile(r"-?\d+(?:[.,]\d+)?")
_ADDRESS: Final = re.compile(r"[^@\s]{1,64}@[^@\s.]+(?:\.[^@\s.]+)+")
_SITE: Final = re.compile(r"(https?://)?[\w-]+(\.[\w-]+)+(:\d{2,5})?([/?#]\S*)?", re.IGNORECASE)
_DAY: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})|(\d{1,2})/(\d{1,2})/(\d{4})")
_TWICE: Final = str.maketrans("0123456789", "0246813579")
SPOILT: Final = re.compile("Ã[\x80-\xbf©¨ª«´¢§]|â€™|�")
"""Letters that were read in the wrong encoding before they came here."""

FRANCE: Final = (
    (-5.5, 41.0, 10.0, 51.5), (-62.0, 15.7, -60.7, 18.2), (-61.4, 14.2, -60.6, 15.0), (-55.0, 2.0, -51.4, 6.0),
    (55.0, -21.6, 56.0, -20.7), (44.8, -13.2, 45.5, -12.4), (-56.6, 46.6, -56.0, 47.3),
)  # fmt: skip
"""Boxes of degrees (west, south, east, north): mainland and Corsica, then overseas."""


class Wrong(Exception):
    """A cell that cannot be taken as it is; the message says why and what to do."""


class Mended(Exception):
    """A cell that is taken otherwise than it is written; ``value`` is how."""

    def __init__(self, value: str, message: str) -> None:
        super().__init__(message)
        self.value = value


def siret(text: str) -> str:
    """Return the fourteen digits of a SIRET; raises Mended where a lost zero is put back, Wrong otherwise."""
    if len(text) == 14 and text.isascii() and text.isdigit() and _holds(text):
        return text
    written = _unquoted(text)
    powers = _EXPONENT.fullmatch(written.replace(" ", ""))
    if powers:
        digits = powers[1] + (powers[2] or "")
        if len(digits.rstrip("0")) <= 12 or int(powers[3]) not in {12, 13}:
            raise Wrong(
                _("Le tableur a arrondi ce SIRET, ses derniers chiffres sont perdus : reprenez-le dans le fichier "
                  "d’origine, colonne au format texte.")
            )  # fmt: skip
        written = digits.ljust(int(powers[3]) + 1, "0")
    plain = re.sub(r"[\s.\u00a0\u202f_-]", "", _WHOLE.sub(r"\1", written))
    if len(plain) == 14 and plain.isascii() and plain.isdigit() and _holds(plain):
        return plain
    if plain.isascii() and plain.isdigit() and 11 <= len(plain) < 14 and siret_number.is_valid(plain.zfill(14)):
        raise Mended(plain.zfill(14), _("Les zéros du début du SIRET étaient perdus : ils sont remis, à vérifier."))
    if plain.isascii() and plain.isdigit() and len(plain) == 9:
        raise Wrong(_("C’est un SIREN (9 chiffres) : donnez le SIRET de l’établissement (14 chiffres), ou rien."))
    if plain.isascii() and plain.isdigit() and len(plain) == 14:
        raise Wrong(_("Ce SIRET a un chiffre faux (sa clé ne tombe pas juste) : corrigez-le, ou laissez vide."))
    raise Wrong(_("Un SIRET a 14 chiffres : corrigez-le, ou laissez vide."))


def _holds(plain: str) -> bool:
    """Say whether the keys of fourteen digits hold: the quick way, then the library's, which knows the exceptions."""
    return (_luhn(plain[:9]) and _luhn(plain)) or siret_number.is_valid(plain)


def _luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    even = digits[-2::-2]
    return (sum(map(int, digits[-1::-2])) + sum(map(int, even.translate(_TWICE)))) % 10 == 0


def postal_code(text: str) -> str:
    """Return the five digits of a post code; raises Mended where a lost zero is put back, Wrong otherwise."""
    plain = re.sub(r"[\s\u00a0]", "", _WHOLE.sub(r"\1", _unquoted(text)))
    if re.fullmatch(r"\d{5}", plain, re.ASCII):
        return plain
    if re.fullmatch(r"[1-9]\d{3}", plain, re.ASCII):
        raise Mended(f"0{plain}", _("Le zéro du début du code postal était perdu : il est remis."))
    raise Wrong(_("Un code postal a cinq chiffres : il n’est pas repris."))


def commune_code(text: str) -> str:
    """Return an INSEE code; raises Mended where a lost zero is put back, Wrong otherwise."""
    plain = re.sub(r"\s", "", _WHOLE.sub(r"\1", _unquoted(text))).upper()
    if re.fullmatch(r"\d[\dAB]\d{3}", plain, re.ASCII):
        return plain
    if re.fullmatch(r"[1-9]\d{3}", plain, re.ASCII):
        raise Mended(f"0{plain}", _("Le zéro du début du code INSEE était perdu : il est remis."))
    raise Wrong(_("Un code INSEE a cinq caractères : il n’est pas repris."))


@lru_cache(maxsize=2_000)
def naf(text: str) -> str:
    """Return a NAF code as 88.99B."""
    plain = re.sub(r"[\s.]", "", text).upper()
    if not re.fullmatch(r"\d{4}[A-Z]", plain, re.ASCII):
        raise Wrong(_("Un code NAF s’écrit 88.99B : il n’est pas repris."))
    return f"{plain[:2]}.{plain[2:]}"


def website(text: str) -> str:
    """Return an address that begins with http:// or https://."""
    plain = text.split(maxsplit=1)[0].rstrip(".,;") if text.split() else ""
    if not _SITE.fullmatch(plain) or len(plain) > 290 or plain.replace(".", "").isdigit():
        raise Wrong(_("Cette adresse de site n’en est pas une (https://…) : elle n’est pas reprise."))
    return plain if plain.lower().startswith(("http://", "https://")) else f"https://{plain}"


def contact_email(text: str) -> str:
    """Return a mail address, the first where there are several."""
    plain = re.split(r"[;,\s]+", text.strip().removeprefix("mailto:"))[0].lower()
    if not _ADDRESS.fullmatch(plain) or len(plain) > 254:
        raise Wrong(_("Cette adresse électronique n’en est pas une : elle n’est pas reprise."))
    return plain


def workforce(text: str) -> int:
    """Return a number of people."""
    plain = re.sub(r"[\s\u00a0\u202f]", "", text).replace(",", ".")
    if not _NUMBER.fullmatch(plain) or not 0 <= float(plain) <= 1_000_000:
        raise Wrong(_("Un effectif est un nombre : il n’est pas repris."))
    return round(float(plain))


def updated_on(text: str) -> date:
    """Return a day written 2026-11-25 or 25/11/2026, with an hour after it or not."""
    found = _DAY.match(text)
    wrong = Wrong(_("Cette date ne se lit pas (attendu : 25/11/2026) : elle n’est pas reprise."))
    if found is None:
        raise wrong
    year, month, day = (found[1], found[2], found[3]) if found[1] else (found[6], found[5], found[4])
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        raise wrong from None


def degrees(text: str) -> float:
    """Return a number of degrees, with a point or a comma."""
    plain = text.replace(" ", "").replace(",", ".")
    if not _NUMBER.fullmatch(plain):
        raise Wrong(_("Ce nombre de degrés ne se lit pas : le point n’est pas repris."))
    return float(plain)


def point(text: str) -> tuple[float, float]:
    """Return longitude and latitude: « SRID=4326;POINT (lon lat) » (WKT), or « lat, lon » as maps write it."""
    found = _POINT.search(text.partition("(")[2] if "(" in text else text)
    if found is None:
        raise Wrong(_("Ce point ne se lit pas (attendu : latitude, longitude) : il n’est pas repris."))
    first, second = float(found[1]), float(found[2])
    return (first, second) if "POINT" in text.upper() else (second, first)


def in_france(lon: float, lat: float) -> bool:
    """Say whether a point lies in one of France's boxes."""
    return any(west <= lon <= east and south <= lat <= north for west, south, east, north in FRANCE)


def _unquoted(text: str) -> str:
    """Return what « ="01500" » shields from a spreadsheet, else the text."""
    found = _QUOTED.fullmatch(text.strip())
    return (found[1] if found else text).strip().lstrip("'")


READERS: Final[dict[str, Callable[[str], object]]] = {
    "siret": siret, "postal_code": postal_code, "commune_code": commune_code, "naf": naf, "website": website,
    "contact_email": contact_email, "workforce": workforce, "updated_on": updated_on, "lon": degrees, "lat": degrees,
    "point": point,
}  # fmt: skip
"""How a field is read; the others are texts."""
