"""A purchase plan line by line: the need that each makes, what must be confirmed first, what is wrong and where."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from flask_babel import gettext as _

from openmap.needs.cells import Period, amount_in, band_of, codes_in, day_in, of_quarter, period_in, years_in
from openmap.needs.guessing import SEVERAL
from openmap.needs.models import AMOUNTS
from openmap.needs.periods import horizon, inside
from openmap.needs.plan_lines import Fault, Judged, Line, Question, key_of, same_need
from openmap.needs.plan_words import WORDS
from openmap.needs.recognising import Meaning, Vocabulary, ticked, yes_or_no
from openmap.needs.sheets import Row, lines_of
from openmap.needs.telling import day
from openmap.reference.words import folded

LONGEST_TITLE: Final = 300
MOST_CODES: Final = 20
_SPLIT: Final = {"area": re.compile(r"[;\n,/]+"), "activity": re.compile(r"[;\n]+")}
_TOTAL: Final = re.compile(r"(sous )?total\b|total general")
_ADDRESS: Final = re.compile(r"[^@\s<>,;]{1,64}@[^@\s<>,;]+\.[A-Za-z]{2,}")
_PHONE: Final = re.compile(r"\+?[\d ().-]{6,20}")
_QUARTER: Final = re.compile(r"20\d\d-T[1-4]")

Known = Callable[[str], str | None]
"""What a key (« kind:folded text ») was confirmed to mean; an empty text where it is to be left aside."""


def judge(
    rows: Sequence[Row],
    first_line: int,
    columns: Mapping[int, str],
    known: Known,
    vocabulary: Vocabulary,
    *,
    today: date,
    there: Mapping[tuple[str, date | None, date | None], int],
    doubles: bool = False,
) -> Judged:
    """Return what the rows after the header make. ``there`` are the buyer's needs of today, by ``same_need``.

    Of a line that is there already nothing is asked, unless ``doubles`` are wanted.
    """
    judged, seen = Judged(), dict[tuple[str, date | None, date | None], int]()
    for number, row in lines_of(rows, first_line):
        judged.total += 1
        reader = _Reader(number, row, rows[0], columns, known, vocabulary, judged)
        line = reader.line(today, there, doubles=doubles)
        if line is None:
            continue
        same = same_need(line.values["title"], line.values["starts_on"], line.values["ends_on"])
        if same in seen:
            reader.fault("title", _("même objet et même période que la ligne %(line)d : vérifiez.", line=seen[same]))
        seen.setdefault(same, number)
        judged.lines.append(line)
    return judged


class _Reader:
    """One line."""

    def __init__(
        self,
        number: int,
        row: Row,
        titles: Row,
        columns: Mapping[int, str],
        known: Known,
        words: Vocabulary,
        into: Judged,
    ) -> None:
        self._number, self._known, self._words, self._into = number, known, words, into
        self._cells: dict[str, str] = {}
        self._titles: dict[str, str] = {}
        self._held = sum(1 for rank, cell in enumerate(row) if cell and columns.get(rank))
        self._mapped = len([one for one in columns.values() if one])
        for rank, cell in enumerate(row):
            name = columns.get(rank)
            if not name:
                continue
            self._titles.setdefault(name, titles[rank])
            if name in SEVERAL and sum(1 for one in columns.values() if one == name) > 1 and cell:
                before = f"{self._cells[name]}\n" if self._cells.get(name) else ""
                self._cells[name] = f"{before}{titles[rank]} : {cell}"
            elif cell or name not in self._cells:
                self._cells[name] = cell

    def line(
        self, today: date, there: Mapping[tuple[str, date | None, date | None], int], *, doubles: bool
    ) -> Line | None:
        """Return the need that the line makes; ``None`` after telling why it makes none."""
        title = " ".join(self._cells.get("title", "").split())
        period = self._period() if title else None
        unusable = self._unusable(title, period, today)
        if unusable is not None:
            self._into.faults.append(self._fault(*unusable, is_left=True))
            return None
        ends = (period.starts_on, period.ends_on) if period else (None, None)
        known_id = there.get(same_need(title[:LONGEST_TITLE], *ends))
        if known_id is not None:
            self._into.there.append((self._number, known_id, title[:LONGEST_TITLE]))
            if not doubles:
                return None
        if len(title) > LONGEST_TITLE:
            self.fault("title", _("l’objet est plus long que 300 caractères : la fin est coupée."))
        codes = self._codes()
        values: dict[str, Any] = {
            "title": title[:LONGEST_TITLE],
            "description": self._cells.get("description", ""),
            "lots": self._cells.get("lots", ""),
            "renews": self._bounded("renews", 300),
            "cpv": codes,
            "activities": self._activities(title, codes),
            "places": self._parts("area"),
            "quarter": period.quarter if period else None,
            "starts_on": ends[0],
            "ends_on": ends[1],
            "amount": self._amount(),
            "lever": self._lever(),
            "renewed_ends_on": self._day("renewed_ends_on"),
            **{kind: self._choice(kind) for kind in ("procedure", "certainty", "recurrence", "delivery")},
            **self._contact(),
        }
        given = {"activities": values["activities"] or codes, "areas": values["places"], "quarter": period}
        return Line(self._number, values, [name for name, value in given.items() if not value])

    def fault(self, name: str, sentence: str) -> None:
        """Tell something of a cell."""
        self._into.faults.append(self._fault(name, sentence))

    def _fault(self, name: str, sentence: str, *, is_left: bool = False) -> Fault:
        value = self._cells.get(name, "")
        return Fault(
            self._number, self._titles.get(name, ""), value[:80] + ("…" if len(value) > 80 else ""), sentence, is_left
        )

    def _unusable(self, title: str, period: Period | None, today: date) -> tuple[str, str] | None:
        """Return why the line makes no need, and in which column; ``None`` where it makes one."""
        if not title:
            return "title", _("il n’y a pas d’objet : la ligne est laissée de côté.")
        if _TOTAL.match(folded(title)):
            return "title", _("c’est une ligne de total : elle est laissée de côté.")
        if self._held == 1 and self._mapped >= 3:
            return "title", _("rien d’autre que ce texte : c’est un intertitre, laissé de côté.")
        if period is None or inside(period.starts_on, period.ends_on, today):
            return None
        if period.ends_on < today:
            return "period", _("cette période est passée : la ligne est laissée de côté.")
        last = day(horizon(today))
        return "period", _("cette période commence après les dix-huit mois, qui vont jusqu’au %(day)s.", day=last)

    def _ask(self, kind: str, text: str, meaning: Meaning) -> None:
        key = key_of(kind, text)
        self._into.questions.setdefault(key, Question(kind, key, text[:300], meaning)).lines.append(self._number)

    def _answered(self, kind: str, text: str) -> str | None:
        """Return what was confirmed of a text, and note that it stands here."""
        key = key_of(kind, text)
        answer = self._known(key)
        if answer is not None:
            noted = self._into.answered.setdefault(key, Question(kind, key, text[:300], Meaning(answer, 100)))
            noted.lines.append(self._number)
        return answer

    # When

    def _period(self) -> Period | None:
        text = self._cells.get("period", "")
        if not text:
            return None
        found = period_in(text)
        if found is None:
            answer = self._answered("period", text)
            if answer is None:
                self._ask("period", text, Meaning())
                return None
            return of_quarter(answer) if _QUARTER.fullmatch(answer) else None
        return self._until(found, text)

    def _until(self, found: Period, text: str) -> Period:
        """Return the period up to what the column of its end says."""
        last = self._cells.get("period_end", "")
        end = period_in(last) if last else None
        if last and end is None:
            self.fault("period_end", _("cette date n’est pas comprise : seul le début est retenu."))
        if end is None or end == found:
            return found
        starts_on, ends_on = day_in(text) or found.starts_on, day_in(last) or end.ends_on
        if ends_on < starts_on:
            self.fault("period_end", _("la fin vient avant le début : seul le début est retenu."))
            return found
        return Period(starts_on, ends_on, None)

    def _day(self, name: str) -> date | None:
        text = self._cells.get(name, "")
        if not text:
            return None
        found = day_in(text)
        if found is None:
            period = period_in(text)
            found = period.ends_on if period else None
        if found is None:
            self.fault(name, _("cette date n’est pas comprise : elle n’est pas reprise."))
        return found

    # What and where

    def _codes(self) -> list[str]:
        text = self._cells.get("cpv", "")
        codes, more = codes_in(text)
        if more:
            self.fault("cpv", _("un code CPV a huit chiffres : ce qui n’en est pas un n’est pas repris."))
        return codes[:MOST_CODES]

    def _activities(self, title: str, codes: Sequence[str]) -> list[str]:
        """Return the codes of the activities: as CPV codes say, else as the column does, else as the title does.

        A family of purchases that was confirmed comes before them: the buyer has said what it means.
        """
        text = self._cells.get("activity", "")
        by_code = [one.code for one in self._words.activities_of(codes)]
        if by_code and not self._answer("activity", text):
            return by_code
        if text:
            return self._parts("activity")
        answer = self._answer("activity", title)
        if answer is not None:
            return [answer] if answer else []
        meaning = self._words.meaning("title", title)
        if meaning.is_sure:
            return [meaning.value]
        if meaning.is_probable:
            self._ask("activity", title, meaning)
        return []

    def _parts(self, kind: str) -> list[str]:
        """Return what a cell that may list several things means, each once."""
        text = self._cells.get(kind, "")
        if not text:
            return []
        whole = self._answer(kind, text)
        if whole is not None:
            return [whole] if whole else []
        meaning = self._words.meaning(kind, text)
        parts = [part.strip() for part in _SPLIT[kind].split(text) if part.strip()]
        if meaning.is_sure or len(parts) < 2:
            return self._one(kind, text, meaning)
        found = [one for part in parts[:20] for one in self._of_part(kind, part)]
        return list(dict.fromkeys(found))

    def _of_part(self, kind: str, part: str) -> list[str]:
        answer = self._answer(kind, part)
        if answer is not None:
            return [answer] if answer else []
        return self._one(kind, part, self._words.meaning(kind, part))

    def _one(self, kind: str, text: str, meaning: Meaning) -> list[str]:
        if meaning.is_sure:
            return [meaning.value]
        self._ask(kind, text, meaning)
        return []

    def _answer(self, kind: str, text: str) -> str | None:
        """Return what was confirmed, unless our words have lost it since."""
        answer = self._known(key_of(kind, text))
        if answer and not is_meaning(kind, answer, self._words):
            return None
        return self._answered(kind, text)

    # How

    def _choice(self, kind: str, text: str | None = None) -> str:
        """Return a value of a list, empty where the cell is, or is to be confirmed first."""
        text = self._cells.get(kind, "") if text is None else text
        if not text:
            return ""
        answer = self._answer(kind, text)
        if answer is not None:
            return answer
        meaning = self._words.meaning(kind, text)
        if meaning.is_sure:
            return meaning.value
        self._ask(kind, text, meaning)
        return ""

    def _lever(self) -> str:
        text = self._cells.get("lever", "")
        tick = yes_or_no(text) if text else False
        if tick is not None:
            return ticked(self._titles.get("lever", "")) if tick else ""
        return self._choice("lever")

    def _amount(self) -> str:
        text = self._cells.get("amount", "")
        if text:
            amount = amount_in(text, self._titles["amount"])
            return band_of(amount) if amount is not None else self._choice("amount")
        text = self._cells.get("yearly", "")
        if not text:
            return ""
        yearly = amount_in(text, self._titles["yearly"])
        if yearly is None:
            return self._choice("amount", text)
        length = self._cells.get("duration", "")
        years = years_in(length, self._titles.get("duration", "")) if length else None
        if years is None:
            self.fault("duration" if length else "yearly", _("durée absente ou obscure : une seule année est comptée."))
        return band_of(yearly * (years or 1))

    def _bounded(self, name: str, most: int) -> str:
        text = " ".join(self._cells.get(name, "").split())
        if len(text) > most:
            self.fault(name, _("ce texte est plus long que %(most)d caractères : la fin est coupée.", most=most))
        return text[:most]

    def _contact(self) -> dict[str, str]:
        found = {"contact_name": self._bounded("contact_name", 120), "contact_email": "", "contact_phone": ""}
        for name, shape, sentence in (
            ("contact_email", _ADDRESS, _("ce n’est pas une adresse électronique : elle n’est pas reprise.")),
            ("contact_phone", _PHONE, _("ce n’est pas un numéro de téléphone : il n’est pas repris.")),
        ):
            text = self._cells.get(name, "").strip()
            if text and shape.fullmatch(text) and len(text) <= 254:
                found[name] = text
            elif text:
                self.fault(name, sentence)
        return found


def is_meaning(kind: str, value: str, words: Vocabulary) -> bool:
    """Say whether a value is one that a text of this kind can mean today."""
    match kind:
        case "activity":
            return value in words.activity_by_code
        case "area":
            return value in words.area_by_key or value in words.commune_names
        case "period":
            return bool(_QUARTER.fullmatch(value))
        case "amount":
            return value in AMOUNTS
        case _:
            return value in WORDS[kind]
