"""From raw cells to values: what people type in French spreadsheets, read generously, refused clearly."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Final

from openmap.web.workbook.layout import normal
from openmap.web.workbook.reading import Fault, Raw

YES: Final = frozenset({"oui", "o", "x", "1", "vrai", "true", "yes", "y"})
NO: Final = frozenset({"non", "n", "0", "faux", "false", "no"})
LARGEST_INTEGER: Final = 1_000_000
LARGEST_NUMBER: Final = 1e12
_TIME = re.compile(r"^(\d{1,2})\s*[h:.]\s*(\d{2})?\s*(?:mn|min)?(?::\d{2})?$", re.IGNORECASE)
_QUARTER = re.compile(r"^(\d{4})\s*-?\s*[tq]\s*([1-4])$", re.IGNORECASE)
_CODE = re.compile(r"^[^\s,;]{1,80}$")


@dataclass(slots=True)
class Codes:
    """The codes of a sheet, in its order, with other names that lead to them."""

    what: str
    order: list[str] = field(default_factory=list)
    _names: dict[str, str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)

    def add(self, code: str, *names: str) -> bool:
        """Add a code; false when it is taken."""
        if code in self._taken:
            return False
        self._taken.add(code)
        self.order.append(code)
        self._names[normal(code)] = code
        for name in names:
            self._names.setdefault(normal(name), code)
        return True

    def find(self, text: str) -> str | None:
        """Return the code that ``text`` means."""
        return self._names.get(normal(text))

    def refusal(self, text: str) -> str:
        """Say that ``text`` means no code, and which one was probably meant."""
        near = difflib.get_close_matches(normal(text), list(self._names), n=1, cutoff=0.6)
        hint = (
            f" ; vouliez-vous dire « {self._names[near[0]]} » ?" if near else f" : ajoutez-le à la feuille {self.what}."
        )
        return f"« {text} » est inconnu{hint}"


class Cells:
    """The cells of one row, read by kind; every refusal is noted with its place."""

    def __init__(self, raw: Raw, line: int, cells: Mapping[str, Any], faults: list[Fault]) -> None:
        self._raw = raw
        self.line = line
        self._cells = cells
        self._faults = faults
        self._columns = {column.key: column for column in raw.sheet.columns}

    def refuse(self, key: str, sentence: str) -> None:
        """Note a fault in the column ``key`` (empty: the whole line)."""
        title = self._columns[key].title if key else ""
        self._faults.append(Fault(self._raw.name, self.line, title, sentence))

    def has(self, key: str) -> bool:
        """Say whether the cell holds something."""
        return self._cells.get(key) is not None

    def peek(self, key: str) -> str:
        """Return what a cell holds as text, without judging it."""
        value = self._cells.get(key)
        return "" if value is None else str(value).strip()

    def text(self, key: str) -> str:
        """Return a text, empty when there is none."""
        column, value = self._columns[key], self._present(key)
        if value is None:
            return ""
        if isinstance(value, bool | datetime | date | time):
            self.refuse(key, f"un texte est attendu, et non {_shown(value)}.")
            return ""
        text = f"{value:.15g}" if isinstance(value, float) else str(value).strip()
        if len(text) > column.longest:
            self.refuse(key, f"{len(text)} caractères pour {column.longest} au plus : raccourcissez.")
            return ""
        return text

    def code(self, key: str) -> str:
        """Return a code: a short text without space, comma or semicolon."""
        text = self.text(key)
        if text and not _CODE.match(text):
            self.refuse(key, f"« {text} » ne peut être un code : ni espace, ni virgule, ni point-virgule.")
            return ""
        return text

    def reference(self, key: str, codes: Codes) -> str | None:
        """Return the code that a cell refers to."""
        text = self.text(key)
        if not text:
            return None
        found = codes.find(text)
        if found is None:
            self.refuse(key, codes.refusal(text))
        return found

    def integer(self, key: str, least: int, default: int | None) -> int | None:
        """Return a whole number, at least ``least``."""
        value = self._present(key)
        if value is None:
            return default
        if isinstance(value, str):
            digits = re.sub(r"[\s\u00a0\u202f]", "", value)
            value = int(digits) if re.fullmatch(r"[+-]?\d{1,12}", digits) else value
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            self.refuse(key, f"un nombre entier est attendu, et non {_shown(value)}.")
            return default
        if not least <= value <= LARGEST_INTEGER:
            self.refuse(key, f"un nombre entre {least} et {LARGEST_INTEGER} est attendu, et non {value}.")
            return default
        return value

    def flag(self, key: str) -> bool:
        """Return oui or non; an empty cell is non."""
        value = self._present(key)
        if value is None or isinstance(value, bool):
            return bool(value)
        word = normal(f"{value:g}" if isinstance(value, float) else value)
        if word in YES | NO:
            return word in YES
        self.refuse(key, f"« oui » ou « non » est attendu, et non {_shown(value)}.")
        return False

    def day(self, key: str) -> date | None:
        """Return a date: an Excel date, 16/11/2017 or 2017-11-16."""
        value = self._present(key)
        if isinstance(value, datetime):
            return value.date()
        if value is None or isinstance(value, date):
            return value
        for shape in ("%d/%m/%Y", "%Y-%m-%d", "%d/%m/%y", "%d-%m-%Y", "%d.%m.%Y"):
            try:
                return datetime.strptime(str(value), shape).date()  # noqa: DTZ007 - a day has no zone
            except ValueError:
                continue
        self.refuse(key, f"une date comme 16/11/2017 est attendue, et non {_shown(value)}.")
        return None

    def hour(self, key: str) -> time | None:
        """Return a time of day: an Excel time, 9:30, 9h30 or 9 h 30."""
        value = self._present(key)
        if isinstance(value, datetime):
            return value.time().replace(second=0, microsecond=0)
        if value is None or isinstance(value, time):
            return value
        if isinstance(value, str):
            match = _TIME.match(value.replace("\u00a0", " ").replace("\u202f", " "))
            if match and int(match[1]) < 24 and int(match[2] or 0) < 60:
                return time(int(match[1]), int(match[2] or 0))
        if isinstance(value, float) and 0 <= value < 1:
            minutes = round(value * 24 * 60)
            return time(minutes // 60 % 24, minutes % 60)
        self.refuse(key, f"une heure comme 9:30 ou 9 h 30 est attendue, et non {_shown(value)}.")
        return None

    def slots(self, key: str, codes: Codes) -> list[str] | None:
        """Return the slots of « T01-T03, T07 » in order; ``None`` when the cell is empty."""
        text = self.text(key)
        if not text:
            return None
        chosen: set[str] = set()
        for part in re.split(r"[,;\s]+", re.sub(r"\s*[-–—]\s*", "-", text)):
            if part:
                chosen.update(self._range(key, part, codes))
        return [code for code in codes.order if code in chosen]

    def _range(self, key: str, part: str, codes: Codes) -> Sequence[str]:
        if codes.find(part) is not None:
            return [str(codes.find(part))]
        first, dash, last = part.partition("-")
        if not dash:
            self.refuse(key, codes.refusal(part))
            return []
        ends = [codes.find(end) for end in (first, last)]
        for end, found in zip((first, last), ends, strict=True):
            if found is None:
                self.refuse(key, codes.refusal(end))
        if None in ends:
            return []
        start, stop = (codes.order.index(str(end)) for end in ends)
        if start > stop:
            self.refuse(key, f"« {part} » va à rebours : écrivez {last}-{first}.")
        return codes.order[start : stop + 1]

    def choice(self, key: str, default: str, what: str = "une valeur connue") -> str:
        """Return one of the column's values, ``default`` when the cell is empty."""
        value, words = self.text(key), self._columns[key].words or {}
        if not value:
            return default
        known = {normal(one): one for one in words} | {normal(word): one for one, word in words.items()}
        if normal(value) in known:
            return known[normal(value)]
        self.refuse(key, f"« {value} » n'est pas {what} ; choix possibles : {', '.join(words.values())}.")
        return default

    def choices(self, key: str, what: str) -> list[str]:
        """Return the column's values that a cell lists, separated by semicolons or lines, each once."""
        words = self._columns[key].words or {}
        known = {normal(one): one for one in words} | {normal(word): one for one, word in words.items()}
        found: list[str] = []
        for part in re.split(r"[;\n]+", self.text(key)):
            name = normal(part)
            if name in known:
                found.append(known[name])
            elif name:
                near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
                hint = f" ; vouliez-vous dire « {words[known[near[0]]]} » ?" if near else "."
                self.refuse(key, f"« {part.strip()} » n'est pas {what}{hint}")
        return list(dict.fromkeys(found))

    def number(self, key: str) -> int | float | None:
        """Return a number, whole where it can be; ``None`` when the cell is empty."""
        value = self._present(key)
        if isinstance(value, str):
            typed = re.sub(r"[\s\u00a0\u202f]", "", value).replace(",", ".")
            value = float(typed) if re.fullmatch(r"[+-]?\d{1,12}(\.\d{1,6})?", typed) else value
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST_NUMBER:
            self.refuse(key, f"un nombre est attendu, et non {_shown(value)}.")
            return None
        return int(value) if float(value).is_integer() else value

    def quarter(self, key: str) -> str | None:
        """Return a quarter as 2018-T2."""
        value = self.text(key)
        match = _QUARTER.match(value)
        if not value or match:
            return f"{match[1]}-T{match[2]}" if match else None
        self.refuse(key, f"un trimestre comme 2018-T2 est attendu, et non « {value} ».")
        return None

    def _present(self, key: str) -> Any:
        """Return the cell; note a fault when a required one is empty."""
        value = self._cells.get(key)
        if value is None and self._columns[key].required:
            self.refuse(key, "cette cellule est obligatoire : remplissez-la.")
        return value


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "« oui »" if value else "« non »"
    text = str(value)
    return f"« {text[:60]}… »" if len(text) > 60 else f"« {text} »"


def rows_of(raw: Raw | None, faults: list[Fault]) -> Iterator[Cells]:
    """Yield the rows of a sheet, none when it is absent."""
    if raw is not None:
        for row in raw.rows:
            yield Cells(raw, row.line, row.cells, faults)
