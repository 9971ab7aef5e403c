"""What the words of a search mean: stems with their worth, activities that they name, a number that names a structure.

Synonyms, typing errors, CPV codes and legal words are understood here, nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from openmap.extensions import AnySession
from openmap.reference.relevance import Question
from openmap.reference.stems import stems_and_words
from openmap.reference.widening import Synonyms

_NUMBER: Final = re.compile(r"\d{3}[\s.]?\d{3}[\s.]?\d{3}(?:[\s.]?\d{5})?")


@dataclass(frozen=True, slots=True)
class Understood:
    """The meaning of some words.

    ``question``: the stems that were written (``own``) and those that only widen (``more``). ``activities``: ids that
    the words name. ``kinds``: codes of kinds that they name. ``place``: « niveau:code » or nothing. ``siren``: the
    beginning of a SIRET, 9 or 14 digits. ``notes``: what was understood otherwise than written, in French sentences.
    ``written``: how each stem was written.
    """

    question: Question = field(default_factory=lambda: Question({}, {}))
    activities: frozenset[int] = frozenset()
    kinds: frozenset[str] = frozenset()
    place: str = ""
    siren: str = ""
    notes: tuple[str, ...] = ()
    written: Mapping[str, str] = field(default_factory=dict)


def understand(session: AnySession, words: str) -> Understood:
    """Return what words mean; one query, none without words."""
    if not words:
        return Understood()
    number = _NUMBER.fullmatch(words.strip())
    if number is not None:
        return Understood(siren=re.sub(r"\D", "", number.group()))
    written: dict[str, str] = {}
    for stem, word in stems_and_words(words):
        written.setdefault(stem, word)
    synonyms = Synonyms(session)
    stems = [stem for stem, _word in stems_and_words(words)]
    activities = frozenset(synonyms.implied(stems))
    question = Question(dict.fromkeys(stems, 1.0), synonyms.words_of(activities))
    return Understood(question, activities, written=written)
