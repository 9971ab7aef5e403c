"""Reads of a participant's own page: the other side, best matches first, with what it has said of each.

Nothing of what the other side says is ever read here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import with_polymorphic

from openmap.applications.models import Application
from openmap.directory.models import Organisation, Structure
from openmap.directory.search.reading import understand
from openmap.extensions import AnySession
from openmap.meetings.models import LEVELS, Choice, Participation
from openmap.meetings.queries import needs_of
from openmap.meetings.suggesting import Suggestion, suggestions
from openmap.meetings.wishing import Line, digest, in_order, order_seen
from openmap.needs.models import Need
from openmap.reference.lexicon import Lexicon
from openmap.reference.stems import stems_and_words, stems_of
from openmap.reference.words import folded
from openmap.web.french import sort_key

PER_PAGE: Final = 24
SHOWN: Final = ("", "sans", "choisis", "eviter")
"""All · nothing said yet · those that are wished for · vetoes."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for."""

    words: str = ""
    shown: str = ""
    by_name: bool = False
    page: int = 1

    @classmethod
    def of(cls, values: Mapping[str, str]) -> Asked:
        """Read an address or a form; what is not understood is left out."""
        page, shown = values.get("page", ""), values.get("choix", "")
        return cls(
            words=values.get("q", "").strip()[:80],
            shown=shown if shown in SHOWN else "",
            by_name=values.get("tri") == "nom",
            page=int(page) if page.isascii() and page.isdigit() and 0 < len(page) < 6 else 1,
        )

    @property
    def arguments(self) -> dict[str, Any]:
        """What an address needs to ask for the same, but for the page."""
        given = {"q": self.words, "choix": self.shown, "tri": "nom" if self.by_name else ""}
        return {name: value for name, value in given.items() if value}


@dataclass(frozen=True, slots=True)
class Other:
    """Someone of the other side, as a participant sees it. ``seen`` is what its line shows, for the next save."""

    id: int
    organisation: Organisation
    score: int
    reasons: tuple[str, ...]
    needs: Sequence[Need]
    about: str
    level: str
    note: str
    seen: str
    completed: bool


@dataclass(frozen=True, slots=True)
class Named:
    """One of those chosen, in the list to put in order."""

    choice: Choice
    name: str


@dataclass(frozen=True, slots=True)
class Own:
    """What a participant has chosen: by level, with the digest of each order, how many, and what was completed."""

    levels: list[tuple[str, list[Named], str]]
    counts: Mapping[str, int]
    completed: list[str]


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of the other side."""

    rows: list[Other]
    total: int
    everyone: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are, one at least."""
        return max(1, -(-self.total // PER_PAGE))


def own_of(session: AnySession, participation: Participation) -> Own:
    """Return what a participant has chosen; one query."""
    asked = (
        select(Choice, Organisation.name)
        .join(Participation, Choice.other_id == Participation.id)
        .join(Participation.organisation)
        .where(Choice.participation_id == participation.id)
    )
    rows = session.execute(asked.execution_options(populate_existing=True)).all()
    names = {choice.other_id: name for choice, name in rows}
    choices = in_order(choice for choice, _name in rows if choice.source != "completed")
    mine = {one.other_id for one in choices}
    levels = [
        (level, [Named(one, names[one.other_id]) for one in choices if one.level == level], order_seen(choices, level))
        for level in LEVELS
    ]
    completed = sorted(names[number] for number in set(names) - mine)
    return Own(levels, Counter(one.level for one in choices), completed)


def listed(
    session: AnySession, participation: Participation, asked: Asked, *, typed: Mapping[int, Line] | None = None
) -> Listed:
    """Return a page of the other side; the number of queries does not depend on how many they are.

    ``typed`` are lines that were sent and not kept: they are shown as they were typed.
    """
    side = "structure" if participation.side == "buyer" else "buyer"
    here = (
        select(Participation.id, Organisation.name, Organisation.city, Organisation.activity)
        .join(Participation.organisation)
        .where(Participation.edition_id == participation.edition_id, Participation.side == side)
    )
    everyone = {row.id: row for row in session.execute(here)}
    said = session.scalars(select(Choice).where(Choice.participation_id == participation.id)).all()
    choices = {one.other_id: one for one in said}
    found = suggestions(session, participation)
    meant = _meant(session, everyone.values(), asked.words)
    kept = [number for number, row in everyone.items() if _fits(row, choices.get(number), asked, meant)]
    names = {number: sort_key(everyone[number].name) for number in kept}
    if asked.by_name:
        kept.sort(key=lambda number: (names[number], number))
    else:
        kept.sort(key=lambda number: (found.place.get(number, len(found.place)), names[number]))
    page = max(1, min(asked.page, -(-len(kept) // PER_PAGE) or 1))
    numbers = kept[PER_PAGE * (page - 1) : PER_PAGE * page]
    return Listed(_rows(session, numbers, choices, found.of(numbers), typed or {}), len(kept), len(everyone), page)


def _meant(session: AnySession, rows: Iterable[Any], words: str) -> list[set[str]]:
    """Return the stems that answer each word that was typed, slips mended as in the directory's search."""
    if not words:
        return []
    heard = Lexicon()
    for row in rows:
        heard.learn(stems_and_words(_text_of(row)))
    meant = understand(session, words, heard)
    return [{stem} | {one for one, own in meant.kin.items() if own == stem} for stem in meant.question.own]


def _text_of(row: Any) -> str:
    return f"{row.name} {row.city} {row.activity}"


def _fits(row: Any, choice: Choice | None, asked: Asked, meant: Sequence[set[str]]) -> bool:
    level = "" if choice is None or choice.source == "completed" else choice.level
    fits = {"": True, "sans": not level, "choisis": level in {"must", "want", "open"}, "eviter": level == "veto"}
    if not fits[asked.shown]:
        return False
    if not asked.words:
        return True
    text, stems = folded(_text_of(row)), set(stems_of(_text_of(row)))
    as_typed = all(word in text for word in folded(asked.words).split())
    return as_typed or (bool(meant) and all(one & stems for one in meant))


def _rows(
    session: AnySession,
    numbers: Sequence[int],
    choices: Mapping[int, Choice],
    found: Mapping[int, Suggestion],
    typed: Mapping[int, Line],
) -> list[Other]:
    organisation = with_polymorphic(Organisation, [Structure], flat=True)
    asked = select(Participation, organisation).join(Participation.organisation.of_type(organisation))
    people = {one.id: (one, org) for one, org in session.execute(asked.where(Participation.id.in_(numbers)))}
    needs = needs_of(session, [one for one, _org in people.values()], visible=("public", "participants"))
    about = _presentations(session, [one for one, _org in people.values()])
    rows = []
    for number in numbers:
        one, org = people[number]
        choice = choices.get(number)
        spoken = choice is not None and choice.source != "completed"
        held = (choice.level, choice.note) if choice is not None and spoken else ("", "")
        line = typed.get(number) or Line(*held, seen=digest(*held))
        hint = found.get(number, Suggestion(number, 0, ()))
        rows.append(
            Other(
                number, org, hint.score, hint.reasons, needs.get(one.organisation_id, []),
                about.get(one.organisation_id, ""), line.level, line.note, line.seen, choice is not None and not spoken,
            )
        )  # fmt: skip
    return rows


def _presentations(session: AnySession, people: Sequence[Participation]) -> dict[int, str]:
    """Return what structures say of their offer in their file of this edition."""
    if not people:
        return {}
    asked = select(Application.structure_id, Application.offers).where(
        Application.edition_id == people[0].edition_id,
        Application.structure_id.in_([one.organisation_id for one in people]),
        Application.state == "submitted",
    )
    return {number: offers for number, offers in session.execute(asked) if number is not None}
