"""What a word of a purchase plan means in ours: an activity, a place …, how surely, and what else it could be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from threading import Lock
from typing import Final

from rapidfuzz.fuzz import partial_ratio, ratio, token_set_ratio, token_sort_ratio
from rapidfuzz.process import extract
from snowballstemmer import stemmer
from sqlalchemy import select

from openmap.extensions import AnySession
from openmap.needs.guessing import AUTOMATIC, PROBABLE
from openmap.needs.plan_words import WORDS
from openmap.reference.models import Activity, Area, Commune
from openmap.reference.picking import usable_activities
from openmap.reference.words import folded

MOST_CANDIDATES: Final = 6
COMMON: Final = 4
"""A stem in more wordings than that tells activities apart no more."""
_IDLE: Final = frozenset((
    "a", "au", "aux", "d", "de", "des", "du", "en", "et", "l", "la", "le", "les", "ou", "par", "pour", "sur", "un",
    "une", "dans", "avec", "marche", "accord", "cadre", "prestation", "prestations", "service", "services",
    "fourniture", "fournitures", "lot", "travaux", "achat", "divers", "ville", "departement", "locaux",
))  # fmt: skip
"""Words that say nothing of what is bought; « locaux » alone fits half the vocabulary."""
_FRENCH: Final = stemmer("french")
_ONE_AT_A_TIME: Final = Lock()
_GENERIC: Final = re.compile(
    r"^(ca|cc|cu|ept|communaute d agglomeration|communaute de communes|etablissement public territorial|departement|"
    r"commune|ville|region|metropole|territoire)( d| de la| de l| de| du| des)? "
)
_CODED: Final = re.compile(r"(?:departement (?:de |du )?)?(\d{2}|2[ab]|97\d)")
_NAMED: Final = re.compile(r"(.+) (\d{2})")
"""« Seine-Saint-Denis (93) », « Montreuil (93) »: the name says what the code repeats."""

_LEVELS: Final = ("region", "departement", "ept", "epci")

_YES: Final = frozenset({"oui", "o", "x", "yes", "vrai"})
_NO: Final = frozenset({"non", "n", "no", "faux"})


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a word is taken for (``value``, empty where nothing fits), how surely, and what else comes near it.

    Activities go by their code, places by ``area:<level>:<code>`` or ``commune:<INSEE code>``.
    """

    value: str = ""
    confidence: int = 0
    others: tuple[str, ...] = ()

    @property
    def is_sure(self) -> bool:
        """Whether it needs no confirmation."""
        return bool(self.value) and self.confidence >= AUTOMATIC

    @property
    def is_probable(self) -> bool:
        """Whether it is proposed."""
        return bool(self.value) and self.confidence >= PROBABLE


@dataclass
class Vocabulary:
    """Our words, loaded once for a whole plan."""

    activities: Sequence[Activity]
    areas: Sequence[Area]
    communes: Sequence[tuple[str, str, str, Sequence[str]]]
    """Code, name, folded name and postal codes of the communes of today."""
    _met: dict[tuple[str, str], Meaning] = field(default_factory=dict)

    def meaning(self, kind: str, text: str) -> Meaning:
        """Return what a text means among the words of a kind (``models.WORD_KINDS`` without columns).

        ``title`` is the activity that an object tells: a sentence, in which slips of the pen are not looked for.
        """
        key = (kind, folded(text))
        if key not in self._met:
            match kind:
                case "activity":
                    self._met[key] = self._activity(key[1])
                case "title":
                    self._met[key] = self._activity(key[1], slips=False)
                case "area":
                    self._met[key] = self._place(text, key[1])
                case _:
                    self._met[key] = _chosen(kind, key[1])
        return self._met[key]

    def activities_of(self, codes: Iterable[str]) -> list[Activity]:
        """Return the activities whose CPV codes these are."""
        wanted = set(codes)
        return [one for one in self.activities if wanted & set(one.cpv)]

    @cached_property
    def activity_by_code(self) -> Mapping[str, Activity]:
        """The activities by their code."""
        return {one.code: one for one in self.activities}

    @cached_property
    def area_by_key(self) -> Mapping[str, Area]:
        """The areas by ``area:<level>:<code>``."""
        return {_area_key(one): one for one in self.areas}

    @cached_property
    def commune_names(self) -> Mapping[str, str]:
        """The names of communes by ``commune:<code>``."""
        return {f"commune:{code}": f"{name} ({(postal or [code])[0]})" for code, name, _folded, postal in self.communes}

    @cached_property
    def _labels(self) -> list[tuple[str, str, frozenset[str], int]]:
        """Every wording of every activity: code, folded text, stems, and what it counts (of 100)."""
        found = []
        for one in self.activities:
            # A synonym of one word, « linge », is a hint even where nothing else is said.
            told = [(one.name, 100), *((word, 96 if " " in word else 88) for word in one.synonyms)]
            told += [(part.strip(), 92) for line in one.lemarche for part in line.split(">")[1:]]
            found += [(one.code, folded(text), _stems(folded(text)), weight) for text, weight in told if folded(text)]
        return found

    @cached_property
    def _by_stem(self) -> Mapping[str, Sequence[int]]:
        """The places of the wordings that hold a stem."""
        index: dict[str, list[int]] = {}
        for place, (_code, _label, words, _weight) in enumerate(self._labels):
            for word in words:
                index.setdefault(word, []).append(place)
        return index

    def _rarity(self, word: str) -> int:
        """Return how many wordings hold a stem."""
        return len(self._by_stem.get(word, ()))

    def _activity(self, name: str, *, slips: bool = True) -> Meaning:
        if not name:
            return Meaning()
        stems, points = _stems(name), dict[str, float]()
        for place in {place for stem in stems for place in self._by_stem.get(stem, ())}:
            code, label, words, weight = self._labels[place]
            points[code] = max(points.get(code, 0.0), weight / 100 * _alike(name, stems, label, words, self._rarity))
        if slips and max(points.values(), default=0.0) < AUTOMATIC:
            wordings = [label for _code, label, _words, _weight in self._labels]
            for scorer, share in (
                (ratio, 1.0),
                (token_set_ratio, 0.82),
                (partial_ratio, 0.78 if len(name) > 5 else 0.0),
            ):
                for _label, score, place in extract(name, wordings, scorer=scorer, limit=20, score_cutoff=60):
                    code, _told, _words, weight = self._labels[place]
                    points[code] = max(points.get(code, 0.0), weight / 100 * share * score)
        return _ranked(points)

    @cached_property
    def _places(self) -> list[tuple[str, str, str]]:
        """Every place: key, name, and name without what kind of place it is."""
        areas = [(_area_key(one), folded(one.name), _bare(folded(one.name))) for one in self.areas]
        return [*areas, *((f"commune:{code}", name, name) for code, _name, name, _postal in self.communes)]

    def _place(self, text: str, name: str) -> Meaning:
        code = text.strip().upper()
        digits, named = _CODED.fullmatch(name), _NAMED.fullmatch(name)
        number = digits and digits[1]
        if named and not set(text) & set(",;/\n"):
            name = named[1]
        for one in self.areas:
            if code == one.code.upper() or (number == one.code and one.level == "departement"):
                return Meaning(_area_key(one), 100)
        coded = [one for one, _name, _folded, postal in self.communes if code == one or code in postal]
        if coded:
            return Meaning(
                f"commune:{coded[0]}", 100 if len(coded) == 1 else PROBABLE, tuple(f"commune:{c}" for c in coded[1:])
            )
        bare = _bare(name)
        points: dict[str, float] = {}
        for key, label, short in self._places:
            if name in {label, short} or bare == short:
                points[key] = 100.0
            elif abs(len(short) - len(bare)) <= max(6, len(bare)):
                points[key] = max(
                    ratio(bare, short), token_sort_ratio(bare, short), 0.85 * token_set_ratio(bare, short)
                )
        order = {level: rank for rank, level in enumerate(_LEVELS)}
        # « Paris » is the département, its only commune and a territory: the widest of the same name is taken.
        widest = sorted(points, key=lambda key: (-points[key], order.get(key.split(":")[1], 9)))
        for rank, key in enumerate(widest[1:6], start=1):
            if points[key] == points[widest[0]]:
                points[key] -= rank
        return _ranked(points)


def load_vocabulary(session: AnySession) -> Vocabulary:
    """Return our words as they are today, in three statements."""
    communes = session.execute(
        select(Commune.code, Commune.name, Commune.folded, Commune.postal_codes).where(Commune.current_code.is_(None))
    )
    areas = list(session.scalars(select(Area).order_by(Area.level.desc(), Area.code)))
    return Vocabulary(usable_activities(session), areas, [(c, n, f, p or []) for c, n, f, p in communes])


def yes_or_no(text: str) -> bool | None:
    """Return what a cell ticks; ``None`` where it says more."""
    name = folded(text)
    return True if name in _YES else False if name in _NO else None


def ticked(title: str) -> str:
    """Return the lever that « oui » means under a title such as « Clause sociale ? »."""
    name = folded(title)
    if "reserv" in name:
        return "reserved_lot" if "lot" in name else "reserved_contract"
    return "criterion" if "critere" in name else "clause"


def _chosen(kind: str, name: str) -> Meaning:
    points: dict[str, float] = {}
    for value, words in WORDS[kind].items():
        points[value] = max(
            100.0 if name == word else max(ratio(name, word), 0.9 * token_sort_ratio(name, word)) for word in words
        )
    return _ranked(points)


def _ranked(points: Mapping[str, float]) -> Meaning:
    """Return the best meaning; one that another equals is not sure."""
    best = sorted(points, key=lambda value: -points[value])[:MOST_CANDIDATES]
    if not best or points[best[0]] <= 0:
        return Meaning()
    top = points[best[0]]
    tied = len(best) > 1 and points[best[1]] == top
    others = tuple(value for value in best[1:] if points[value] >= 50)
    return Meaning(best[0], min(int(top), AUTOMATIC - 1) if tied else int(top), others)


def _alike(name: str, stems: frozenset[str], label: str, words: frozenset[str], count: Callable[[str], int]) -> float:
    """Return how much a text says what a wording says, of 100."""
    if name == label or (stems and stems == words):
        return 100.0
    written = ratio(name, label)
    if len(words) == 1 and words <= stems:
        return max(written, 80.0 if count(*words) <= COMMON else 60.0)  # « collecte » says little, « biodéchets » much
    if words and words <= stems:
        return max(written, 93.0 if len(stems) <= len(words) + 3 else 85.0)
    shared = len(words & stems)
    return max(written, 70.0 * 2 * shared / (len(words) + len(stems)) if shared else 0.0)


def _stems(name: str) -> frozenset[str]:
    return frozenset(_stem(one) for one in name.split() if one not in _IDLE and not one.isdigit())


@lru_cache(maxsize=20_000)
def _stem(word: str) -> str:
    """Return a word's stem; finding one takes a third of a millisecond, and plans repeat their words."""
    with _ONE_AT_A_TIME:  # a stemmer keeps the word in itself: two threads would mix theirs
        return str(_FRENCH.stemWord(word))


def _bare(name: str) -> str:
    return _GENERIC.sub("", name, count=1)


def _area_key(area: Area) -> str:
    return f"area:{area.level}:{area.code}"
