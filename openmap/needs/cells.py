"""What the cells of a purchase plan say of time and money, as French buyers write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from openmap.needs.periods import bounds, months_after, quarter_of
from openmap.reference.words import folded

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "janvier janv jan", "fevrier fevr fev", "mars mar", "avril avr", "mai", "juin", "juillet juil", "aout aou",
            "septembre sept sep", "octobre oct", "novembre nov", "decembre dec",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_RANKS: Final = {
    word: rank
    for rank, words in enumerate(
        ("1er premier 1", "2e 2eme deuxieme second 2", "3e 3eme troisieme 3", "4e 4eme quatrieme 4"), start=1
    )
    for word in words.split()
}
_QUARTER: Final = re.compile(r"(?:(?P<y1>20\d\d) ?[tq] ?(?P<n1>[1-4])|[tq] ?(?P<n2>[1-4]) ?(?P<y2>20\d\d))")
_QUARTER_WORDS: Final = re.compile(r"(\w+) trimestre (?:de |d )?(?:l annee )?(20\d\d)")
_HALF: Final = re.compile(r"(?:s ?([12])|(\w+) semestre)(?: de)? (20\d\d)|(20\d\d) ?s ?([12])")
_MONTH: Final = re.compile(r"([a-z]+) (20\d\d|\d\d)")
_YEAR: Final = re.compile(r"(?:annee |courant |en )?(20\d\d)")
_DAY_SHAPES: Final = ("%Y-%m-%d", "%d/%m/%Y", "%d/%m/%y", "%d-%m-%Y", "%d.%m.%Y", "%Y/%m/%d")
_MONTH_DIGITS: Final = re.compile(r"(\d{1,2})[/-](20\d\d)|(20\d\d)-(\d{1,2})")
_SERIAL_BEGINS: Final = date(1899, 12, 30)
"""Day 0 of the serial numbers of spreadsheets, 1900 leap-year slip included."""

_NUMBER: Final = re.compile(r"(\d[\d\s\u00a0\u202f.,]*)\s*(k|m|millions?|milliers?)?(?![a-z])")
_THOUSANDS: Final = re.compile(r"(?<=\d)[\s\u00a0\u202f.](?=\d{3}(?!\d))")
_BANDS: Final = (
    (10_000, "under_10k"), (40_000, "10k_40k"), (90_000, "40k_90k"), (221_000, "90k_221k"), (500_000, "221k_500k"),
    (1_000_000, "500k_1m"),
)  # fmt: skip
_CODE: Final = re.compile(r"(?<!\d)(\d{8})(?:-\d)?(?!\d)")


@dataclass(frozen=True, slots=True)
class Period:
    """When something is to be bought: whole days, and the quarter where they lie in one."""

    starts_on: date
    ends_on: date
    quarter: str | None


def period_in(text: str) -> Period | None:
    """Return the period that a cell means, a quarter where it names a day or a month; ``None`` where it names none."""
    day = day_in(text)
    if day is not None:
        return of_quarter(quarter_of(day))
    digits = _MONTH_DIGITS.fullmatch(text.strip())
    if digits is not None:
        year, month = int(digits[2] or digits[3]), int(digits[1] or digits[4])
        return of_quarter(quarter_of(date(year, month, 1))) if 1 <= month <= 12 else None
    name = folded(text)
    return _quarter(name) or _longer(name) or _month(name)


def of_quarter(code: str) -> Period:
    """Return a whole quarter such as ``2027-T1``."""
    return Period(*bounds(code), code)


def _quarter(name: str) -> Period | None:
    found = _QUARTER.fullmatch(name)
    if found:
        return of_quarter(f"{found['y1'] or found['y2']}-T{found['n1'] or found['n2']}")
    found = _QUARTER_WORDS.fullmatch(name)
    rank = _RANKS.get(found[1]) if found else None
    return of_quarter(f"{found[2]}-T{rank}") if found and rank else None


def _longer(name: str) -> Period | None:
    """Read a half or a whole year."""
    found = _HALF.fullmatch(name)
    if found:
        rank = int(found[1] or found[5] or _RANKS.get(found[2] or "", 0))
        year = int(found[3] or found[4])
        if rank in {1, 2}:
            first = date(year, 6 * rank - 5, 1)
            return Period(first, months_after(first, 6) - timedelta(days=1), None)
        return None
    found = _YEAR.fullmatch(name)
    return Period(date(int(found[1]), 1, 1), date(int(found[1]), 12, 31), None) if found else None


def _month(name: str) -> Period | None:
    found = _MONTH.fullmatch(name)
    month = _MONTHS.get(found[1]) if found else None
    if found is None or month is None:
        return None
    return of_quarter(quarter_of(date(int(found[2]) % 100 + 2000, month, 1)))


def day_in(text: str) -> date | None:
    """Return the day that a cell holds, be it the serial number of a spreadsheet; from 2000 to 2099."""
    typed = text.strip()
    for shape in _DAY_SHAPES:
        try:
            read = datetime.strptime(typed, shape).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
        return read if 2000 <= read.year < 2100 else None
    if typed.isascii() and typed.isdecimal() and 40_000 <= int(typed[:9]) < 60_000:
        return _SERIAL_BEGINS + timedelta(days=int(typed))
    return None


def amount_in(text: str, title: str = "") -> float | None:
    """Return the euros that a cell says, « 45 k€ », « 1,2 M€ », the middle of « 40 000 à 90 000 » ; ``None`` without.

    ``title`` is the column's: a unit there, « (en k€) », counts for every cell.
    """
    plain = text.replace("\u2019", "'").lower().replace("€", " ").replace("euros", " ").replace("eur", " ")
    found = [(_number(one[1]), one[2] or "") for one in _NUMBER.finditer(_THOUSANDS.sub("", plain))]
    if not found or len(found) > 2 or any(number is None for number, _unit in found):
        return None
    unit = next((unit for _number, unit in reversed(found) if unit), "") or _unit_of(title)
    factor = {"": 1, "k": 1_000, "m": 1_000_000}[unit[:1] if not unit.startswith("millier") else "k"]
    values = [number * factor for number, _unit in found if number is not None]
    folded_text = folded(text)
    if len(values) == 1 and folded_text.startswith("moins de"):
        return values[0] - 1
    if len(values) == 1 and folded_text.startswith("plus de"):
        return values[0] + 1
    amount = sum(values) / len(values)
    return amount if 0 < amount < 1e12 else None


def _unit_of(title: str) -> str:
    name = title.lower()
    if "k€" in name or "k euro" in name or "milliers" in name:
        return "k"
    return "m" if "m€" in name or "millions" in name else ""


def _number(text: str) -> float | None:
    digits = "".join(text.split()).rstrip(".,")
    digits = digits.replace(",", ".") if digits.count(",") + digits.count(".") <= 1 else ""
    try:
        return float(digits)
    except ValueError:
        return None


def band_of(amount: float) -> str:
    """Return the band of ``models.AMOUNTS`` that an amount lies in."""
    return next((band for above, band in _BANDS if amount < above), "over_1m")


def years_in(text: str, title: str = "") -> float | None:
    """Return how long a contract runs, in years: « 48 mois », « 4 ans », « 1 an + 3 reconductions »; a bare number is
    years, months where the column's title says so or above ten."""
    name = folded(text)
    renewed = re.match(r"(\d+) ans? (?:renouvelable |reconductible |)(\d+) (?:fois|reconductions?)", name)
    if renewed:
        return float(int(renewed[1]) * (1 + int(renewed[2])))
    found = re.fullmatch(r"(\d{1,3})(?: (\d))? ?(ans?|annees?|mois|)(?: ferme.*| maximum| max)?", name)
    if not found:
        return None
    count = float(f"{found[1]}.{found[2] or 0}")
    months = found[3] == "mois" or (not found[3] and ("mois" in folded(title) or count > 10))
    years = count / 12 if months else count
    return years if 0 < years <= 30 else None


def codes_in(text: str) -> tuple[list[str], bool]:
    """Return the CPV codes of a cell, each once without its key, and whether it holds anything else."""
    codes = list(dict.fromkeys(_CODE.findall(text)))
    return codes, bool(re.search(r"\d", _CODE.sub("", text))) or (not codes and bool(text.strip()))
