"""What the words of a search mean: stems with their worth, activities that they name, codes, kinds, a place.

Synonyms, typing errors, CPV and NAF codes, legal words and places are understood here, nowhere else. Whatever was
read otherwise than it was written is told in ``notes``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from flask_babel import gettext
from sqlalchemy import select

from openmap.directory.models import Structure
from openmap.directory.search import legal, placing
from openmap.directory.search.placing import Place
from openmap.extensions import AnySession
from openmap.reference import cpv
from openmap.reference.lexicon import Lexicon
from openmap.reference.meaning import Meanings, meanings
from openmap.reference.relevance import Question
from openmap.reference.stems import stems_and_words

WIDENING: Final = 0.3
"""What a word of an activity that is meant is worth beside a word that was written."""

RELATIVE: Final = 0.5
"""What a word of the same root is worth: « laveur » finds « lavage »."""

ASIDE: Final = 0.25
"""What a word is worth that was understood as a place or a kind: a structure may bear it in its name."""

MOST_MEANT: Final = 6

_NUMBER: Final = re.compile(
    r"(?:siren|siret)?\s*:?\s*(\d{3}[\s. ]?\d{3}[\s. ]?\d{3}(?:[\s. ]?\d{5}|[\s. ]?\d{2}[\s. ]?\d{3})?)", re.IGNORECASE
)
_NAF: Final = re.compile(r"(?:\b(?:naf|ape)\s*:?\s*)?(?<![\w.])(\d{2})\.?(\d{2})([A-HZ])(?!\w)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Understood:
    """The meaning of some words.

    ``question``: the stems that were written (``own``) and those that only widen (``more``). ``activities``: ids that
    the words surely name, ``meant``: ids that they are about with how surely (0 to 1), the sure ones among them.
    ``kinds``: codes of kinds to keep to. ``place``: « niveau:code » or nothing, to be offered as a filter and to rank
    by; ``place_name`` its name. ``siren``: the beginning of a SIRET, 9 or 14 digits. ``only``: ids of
    the structures that have a NAF code that was typed. ``kin``: a stem of the same root that stands for one written.
    ``notes``: what was understood otherwise than written, in French sentences. ``written``: how each stem was written.
    """

    question: Question = field(default_factory=lambda: Question({}, {}))
    activities: frozenset[int] = frozenset()
    kinds: frozenset[str] = frozenset()
    place: str = ""
    siren: str = ""
    notes: tuple[str, ...] = ()
    written: Mapping[str, str] = field(default_factory=dict)
    meant: Mapping[int, float] = field(default_factory=dict)
    place_name: str = ""
    only: frozenset[int] | None = None
    kin: Mapping[str, str] = field(default_factory=dict)

    @property
    def asks_words(self) -> bool:
        """Whether words are to be found in texts: not where only a kind, a place or a code was written."""
        return any(worth >= 1 for worth in self.question.own.values())


def understand(session: AnySession, words: str, heard: Lexicon | None = None) -> Understood:
    """Return what words mean; two queries, none without words.

    ``heard`` are the words that structures use (the index's own): what is among them is no slip of the pen. Without
    it only the vocabulary's words are known, and nothing is mended.
    """
    if not words.strip():
        return Understood()
    number = _NUMBER.fullmatch(words.strip())
    if number is not None:
        return Understood(siren=re.sub(r"\D", "", number.group(1)))
    return _Reader(session, meanings(session), heard).read(words)


class _Reader:
    """Reads one search, from what is surest to what is guessed."""

    def __init__(self, session: AnySession, vocabulary: Meanings, heard: Lexicon | None) -> None:
        self._session = session
        self._vocabulary = vocabulary
        self._heard = heard
        self._notes: list[str] = []
        self._own: dict[str, float] = {}
        self._more: dict[str, float] = {}
        self._kin: dict[str, str] = {}
        self._written: dict[str, str] = {}

    def read(self, typed: str) -> Understood:
        codes, left = cpv.codes_in(typed)
        nafs, left = self._nafs(left)
        law = legal.read(left)
        for words, told in law.told:
            self._note(gettext("« %(words)s » : %(told)s.", words=words, told=str(told)))
        tokens = law.left.split()
        places, taken = placing.read(self._session, tokens, known=self._is_trade_word)
        rest = [word for rank, word in enumerate(tokens) if rank not in taken]
        stems = self._words(rest, places)
        for text in (law.kept, *(one.written for one in places)):
            for stem, word in stems_and_words(text):
                self._own.setdefault(stem, ASIDE)
                self._written.setdefault(stem, word)
        meant = self._coded(codes) if codes else {}
        about = self._vocabulary.about(dict.fromkeys(stems, 1.0)) if stems else {}
        for activity, worth in list(about.items())[:MOST_MEANT]:
            meant[activity] = max(meant.get(activity, 0.0), worth)
        self._widen(meant)
        place = places[0] if places else None
        if place is not None:
            self._note(gettext("« %(words)s » est lu comme un lieu : %(name)s.", words=place.written, name=place.name))
        return Understood(
            question=Question(self._own, self._more),
            activities=frozenset(self._sure(stems, codes, meant)),
            kinds=law.kinds,
            place=place.value if place else "",
            notes=tuple(self._notes),
            written=self._written,
            meant=meant,
            place_name=place.name if place else "",
            only=self._holders(nafs) if nafs else None,
            kin=self._kin,
        )

    def _note(self, sentence: str) -> None:
        if sentence not in self._notes:
            self._notes.append(sentence)

    def _is_trade_word(self, stem: str) -> bool:
        return stem in self._vocabulary.lexicon

    def _words(self, tokens: Sequence[str], places: list[Place]) -> list[str]:
        """Return the stems of what is left, slips mended; a slip of a place's name joins the places."""
        stems: list[str] = []
        for token in tokens:
            for stem, word in stems_and_words(token):
                meant = stem if self._is_known(stem) else self._mended(stem, word, places)
                if meant:
                    stems.append(meant)
                    self._own[meant] = 1.0
                    self._written.setdefault(meant, word)
                    self._add_relatives(meant)
        return stems

    def _is_known(self, stem: str) -> bool:
        lexicon = self._vocabulary.lexicon
        return stem in lexicon or self._heard is None or stem in self._heard or bool(lexicon.relatives(stem))

    def _mended(self, stem: str, word: str, places: list[Place]) -> str:
        """Return the stem that an unknown one is a slip of: of our vocabulary first, a place, a word of the index."""
        ours = self._vocabulary.lexicon.nearest(word)
        theirs = self._heard.nearest(word) if self._heard is not None else None
        if ours is not None and (theirs is None or ours[1] <= theirs[1]):
            return self._read_as(word, ours[0], self._vocabulary.lexicon.written[ours[0]])
        place = placing.nearest(self._session, word) if not places else None
        if place is not None:
            places.append(place)
            return ""
        if theirs is not None and self._heard is not None:
            return self._read_as(word, theirs[0], self._heard.written[theirs[0]])
        return stem

    def _read_as(self, typed: str, stem: str, read: str) -> str:
        self._note(gettext("« %(typed)s » a été lu « %(read)s ».", typed=typed, read=read))
        self._written[stem] = read
        return stem

    def _add_relatives(self, stem: str) -> None:
        lexicons = [self._vocabulary.lexicon] + ([self._heard] if self._heard is not None else [])
        for lexicon in lexicons:
            for one in lexicon.relatives(stem):
                self._more[one] = max(self._more.get(one, 0.0), RELATIVE)
                self._kin.setdefault(one, stem)

    def _widen(self, meant: Mapping[int, float]) -> None:
        """Add the words of what is meant: the synonyms of one activity help, those of six are noise."""
        top = max(meant.values(), default=0.0)
        for activity, worth in meant.items():
            if worth < 0.8 * top:
                continue
            for stem, share in self._vocabulary.words_of(activity).items():
                self._more[stem] = max(self._more.get(stem, 0.0), WIDENING * share * worth)

    def _coded(self, codes: Sequence[cpv.Typed]) -> dict[int, float]:
        """Return the activities of the CPV codes, and tell what each is."""
        for one in codes:
            label, key = cpv.label_of(one.code), cpv.key_of(one.code)
            if not label:
                self._note(gettext("Le code CPV %(code)s n’existe pas : vérifiez-le.", code=one.code))
            else:
                self._note(gettext("Code CPV %(code)s : %(label)s.", code=one.code, label=label.rstrip(".")))
            if one.key and key and one.key != key:
                self._note(
                    gettext("La clé du code CPV %(code)s est %(key)s ; il a été lu sans elle.", code=one.code, key=key)
                )
        return self._vocabulary.coded([one.code for one in codes])

    def _nafs(self, text: str) -> tuple[frozenset[str], str]:
        found = frozenset("".join(match).upper() for match in _NAF.findall(text))
        for one in sorted(found):
            self._note(
                gettext("Code NAF %(code)s : les structures qui l’ont sont montrées.", code=f"{one[:2]}.{one[2:]}")
            )
        return found, " ".join(_NAF.sub(" ", text).split()) if found else text

    def _holders(self, nafs: frozenset[str]) -> frozenset[int]:
        return frozenset(self._session.scalars(select(Structure.id).where(Structure.naf.in_(nafs))))

    def _sure(self, stems: Sequence[str], codes: Sequence[cpv.Typed], meant: Mapping[int, float]) -> set[int]:
        """Return the activities that the words surely name: by a CPV code, or by the longest of their own phrases."""
        if codes:
            return {number for number, worth in meant.items() if worth >= 0.99}
        named = {number: length for number, length in self._vocabulary.named(stems).items() if number in meant}
        longest = max(named.values(), default=0)
        best = {number for number, length in named.items() if length == longest}
        return best if len(best) <= (1 if longest == 1 else 2) else set()
