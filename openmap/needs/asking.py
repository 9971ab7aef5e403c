"""What the pages of an import ask, and what they were answered: a list for each column and each word."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from flask_babel import gettext as _

from openmap.needs import labels
from openmap.needs.bringing import OPTIONS, Memory, guesses_of
from openmap.needs.guessing import Guess
from openmap.needs.judging import is_meaning
from openmap.needs.models import VISIBILITIES, NeedImport
from openmap.needs.periods import quarters_from
from openmap.needs.plan_lines import Judged, Question
from openmap.needs.recognising import Meaning, Vocabulary
from openmap.needs.sheets import lines_of
from openmap.reference.labels import level_label
from openmap.web.french import quarter

AT_ONCE: Final = 50
"""So many words are asked on a page: the others follow."""

MOST_SHOWN: Final = 200
SAMPLES: Final = 3

UNDECIDED: Final = "?"
ASIDE: Final = "-"
"""What the lists send for « not answered yet » and « leave it empty »."""

Group = tuple[str, Sequence[tuple[str, str]]]

_LISTS: Final = {
    "lever": labels.LEVER_LABELS,
    "procedure": labels.PROCEDURE_LABELS,
    "certainty": labels.CERTAINTY_LABELS,
    "recurrence": labels.RECURRENCE_LABELS,
    "amount": labels.AMOUNT_LABELS,
    "delivery": labels.DELIVERY_LABELS,
}


@dataclass(frozen=True, slots=True)
class AskedColumn:
    """A column: its place, title and some cells, what it is taken for, and what is chosen now."""

    rank: int
    title: str
    samples: Sequence[str]
    guess: Guess
    chosen: str


@dataclass(frozen=True, slots=True)
class AskedWord:
    """A word with the lists of what it can mean; ``chosen`` is what is proposed or was answered."""

    question: Question
    name: str
    kind: str
    near: Sequence[tuple[str, str]]
    groups: Sequence[Group]
    chosen: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The words of a page: those to confirm now, how many follow, and those that are known already."""

    now: Sequence[AskedWord]
    later: int
    known: Sequence[AskedWord]


def columns_of(brought: NeedImport, memory: Memory, typed: Mapping[str, str] | None) -> list[AskedColumn]:
    """Return every column with its guess and what was chosen so far."""
    rows = [row for _line, row in lines_of(brought.rows, brought.first_line)]
    found = []
    for rank, guess in enumerate(guesses_of(brought, memory)):
        cells = list(dict.fromkeys(row[rank] for row in rows[:200] if row[rank]))
        samples = [cell if len(cell) <= 60 else f"{cell[:60]}…" for cell in cells[:SAMPLES]]
        chosen = brought.columns.get(str(rank), "") if typed is None else typed.get(f"colonne-{rank}", "")
        found.append(AskedColumn(rank, brought.rows[0][rank], samples, guess, chosen))
    return found


def asked_of(found: Judged, words: Vocabulary, today: date) -> Asked:
    """Return what is to be confirmed: what is proposed first, then what nothing of ours fits."""
    waiting = sorted(found.questions.values(), key=lambda one: (not one.meaning.is_probable, one.lines[0]))
    lists = _Lists(words, today)
    return Asked(
        [lists.asked(one) for one in waiting[:AT_ONCE]],
        max(0, len(waiting) - AT_ONCE),
        [lists.asked(one) for one in list(found.answered.values())[:AT_ONCE]],
    )


def answers_typed(typed: Mapping[str, str], found: Judged, words: Vocabulary) -> dict[str, str]:
    """Return the answers that a page was sent with, by « kind:text »; what is no answer is left out."""
    answers = {}
    rest = ASIDE if typed.get("reste") else UNDECIDED
    for one in [*found.questions.values(), *found.answered.values()]:
        name = name_of(one.key)
        if name not in typed:
            continue
        value = typed[name]
        if value == UNDECIDED and one.key in found.questions:
            value = rest
        if value == ASIDE:
            answers[one.key] = ""
        elif value != UNDECIDED and is_meaning(one.kind, value, words):
            answers[one.key] = value
    return answers


def options_typed(typed: Mapping[str, str], words: Vocabulary) -> dict[str, str]:
    """Return what is chosen for all lines together."""
    chosen = {
        "state": "declared" if typed.get("etat") == "declared" else "draft",
        "doubles": "1" if typed.get("doubles") else "",
        "contact": "1" if typed.get("contact") else "",
    }
    visibility, place = typed.get("visibilite", ""), typed.get("lieu", "")
    chosen["visibility"] = visibility if visibility in VISIBILITIES else OPTIONS["visibility"]
    chosen["place"] = place if place in words.area_by_key else ""
    return {f"option:{name}": value for name, value in chosen.items()} if "etat" in typed else {}


def places_offered(words: Vocabulary) -> list[Group]:
    """Return the areas by level, for a list."""
    levels = dict.fromkeys(area.level for area in words.areas)
    return [
        (str(level_label(level)), [(key, area.name) for key, area in words.area_by_key.items() if area.level == level])
        for level in levels
    ]


def name_of(key: str) -> str:
    """Return the name of the list that asks for a word: letters and digits, whatever the word."""
    return f"mot-{hashlib.sha256(key.encode()).hexdigest()[:16]}"


class _Lists:
    """The lists of a page, each made once."""

    def __init__(self, words: Vocabulary, today: date) -> None:
        self._words, self._today = words, today
        self._groups: dict[str, list[Group]] = {}

    def asked(self, one: Question) -> AskedWord:
        """Return a word with its lists."""
        meaning = one.meaning
        chosen = meaning.value if meaning.is_probable else ASIDE if meaning.confidence == 100 else UNDECIDED
        if one.kind not in self._groups:
            self._groups[one.kind] = self._of_kind(one.kind)
        kind = str(_("Période")) if one.kind == "period" else str(labels.WORD_KIND_LABELS[one.kind])
        near = self._near(one.kind, meaning)
        return AskedWord(one, name_of(one.key), kind, near, self._groups[one.kind], chosen)

    def _of_kind(self, kind: str) -> list[Group]:
        match kind:
            case "activity":
                trades = dict.fromkeys(one.trade for one in self._words.activities)
                return [(trade.name, self._activities(trade.id)) for trade in trades]
            case "area":
                return places_offered(self._words)
            case "period":
                return [("", [(code, quarter(code)) for code in quarters_from(self._today)])]
            case _:
                return [("", [(value, str(label)) for value, label in _LISTS[kind].items() if value])]

    def _activities(self, trade_id: int) -> list[tuple[str, str]]:
        return [(one.code, one.name) for one in self._words.activities if one.trade_id == trade_id]

    def _near(self, kind: str, meaning: Meaning) -> list[tuple[str, str]]:
        """Return what comes near, named; only where the whole list is long."""
        if kind not in {"activity", "area"}:
            return []
        values: Iterable[str] = dict.fromkeys((meaning.value, *meaning.others)) if meaning.value else ()
        return [(value, name) for value in values if (name := self._name(kind, value))]

    def _name(self, kind: str, value: str) -> str:
        if kind == "activity":
            known = self._words.activity_by_code.get(value)
            return known.name if known else ""
        area = self._words.area_by_key.get(value)
        return area.name if area else self._words.commune_names.get(value, "")
