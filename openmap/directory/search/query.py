"""What is asked of the directory, and how an address says it: ``/annuaire?q=traiteur&lieu=departement:93``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, Protocol

from openmap.directory.models import DELIVERIES, STRUCTURE_KINDS
from openmap.reference.models import LEVELS

LONGEST_WORDS: Final = 200
MOST_VALUES: Final = 60
"""Values of one filter that an address may carry."""

LAST_PAGE: Final = 100_000
SIZES: Final = {"1": (1, 9), "10": (10, 49), "50": (50, 249), "250": (250, None)}
"""Bands of workforce by the number that each begins with."""

PLACE_LEVELS: Final = ("commune", *LEVELS)
_CODE: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")
_PLACE: Final = re.compile(rf"({'|'.join(PLACE_LEVELS)}):([0-9A-Za-z]{{1,9}})")
_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,119}")


class Arguments(Protocol):
    """What a query is read from: the arguments of a request (werkzeug's ``MultiDict``)."""

    def getlist(self, key: str) -> list[str]:
        """Return all values of a name."""


@dataclass(frozen=True, slots=True)
class Query:
    """A question to the directory. Values of one filter widen it, filters narrow one another; empty means all.

    ``place`` is « niveau:code » of a commune or an area; ``place_words`` what was typed instead, not understood yet.
    ``faults`` tells in French what could not be read.
    """

    words: str = ""
    activities: frozenset[str] = frozenset()
    trades: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    place: str = ""
    place_words: str = ""
    deliveries: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    size: str = ""
    public_references: bool = False
    met: str = ""
    page: int = 1
    faults: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def read(cls, args: Arguments) -> Query:
        """Return what an address asks; what it says wrongly is left out and told in ``faults``."""
        return _Reader(args).query()

    def pairs(self) -> list[tuple[str, str]]:
        """Return the names and values of an address that asks the same, always in one order."""
        made: list[tuple[str, str]] = []
        for name, attribute in NAMES.items():
            value = getattr(self, attribute)
            if isinstance(value, frozenset):
                made += [(name, one) for one in sorted(value)]
            elif isinstance(value, bool):
                made += [(name, "oui")] if value else []
            elif isinstance(value, int):
                made += [(name, str(value))] if value > 1 else []
            elif value:
                made.append((name, value))
        return made

    def filters(self) -> list[tuple[str, str]]:
        """Return the pairs that narrow the list: all but the page."""
        return [pair for pair in self.pairs() if pair[0] != "page"]

    def without(self, name: str, value: str = "") -> Query:
        """Return the query without one pair of its address, from its first page; all values of a name without one."""
        attribute = NAMES[name]
        held = getattr(self, attribute)
        left = held - {value} if isinstance(held, frozenset) and value else _EMPTY[attribute]
        changes: dict[str, Any] = {attribute: left, "page": 1}
        return replace(self, **changes)

    def with_(self, name: str, value: str) -> Query:
        """Return the query with one more value, or another one where a name holds a single one; from its first page."""
        attribute = NAMES[name]
        held = getattr(self, attribute)
        more = held | {value} if isinstance(held, frozenset) else (True if isinstance(held, bool) else value)
        changes: dict[str, Any] = {"page": 1, attribute: more}
        return replace(self, **changes)

    def on_page(self, page: int) -> Query:
        """Return the same query on another page."""
        return replace(self, page=page)


NAMES: Final = {
    "q": "words",
    "activite": "activities",
    "filiere": "trades",
    "type": "kinds",
    "lieu": "place",
    "ou": "place_words",
    "livraison": "deliveries",
    "label": "labels",
    "taille": "size",
    "references": "public_references",
    "rencontre": "met",
    "page": "page",
}
"""The names of an address, and what each is in a query."""

_EMPTY: Final[dict[str, Any]] = {one.name: one.default for one in fields(Query)}


class _Reader:
    """Reads the arguments of one request."""

    def __init__(self, args: Arguments) -> None:
        self._args = args
        self._faults: list[str] = []

    def query(self) -> Query:
        place, place_words = self._place()
        read: dict[str, Any] = {
            "words": self._words(),
            "activities": self._codes("activite", "L’activité"),
            "trades": self._codes("filiere", "La filière"),
            "kinds": self._known("type", STRUCTURE_KINDS, "Le type de structure"),
            "place": place,
            "place_words": place_words,
            "deliveries": self._known("livraison", DELIVERIES, "Le mode de livraison"),
            "labels": self._codes("label", "Le label ou le réseau"),
            "size": next(iter(sorted(self._known("taille", tuple(SIZES), "L’effectif"))), ""),
            "public_references": self._yes("references"),
            "met": self._slug("rencontre"),
            "page": self._page(),
        }
        return Query(**read, faults=tuple(self._faults))

    def _one(self, name: str) -> str:
        return next((one.strip() for one in self._args.getlist(name) if one.strip()), "")

    def _words(self) -> str:
        words = " ".join(self._one("q").split())
        if len(words) > LONGEST_WORDS:
            self._faults.append(f"Seuls les {LONGEST_WORDS} premiers caractères de la recherche ont été lus.")
        return words[:LONGEST_WORDS].strip()

    def _all(self, name: str) -> list[str]:
        given = list(dict.fromkeys(one.strip() for one in self._args.getlist(name) if one.strip()))
        if len(given) > MOST_VALUES:
            self._faults.append(f"Un filtre porte {MOST_VALUES} valeurs au plus : les suivantes ont été laissées.")
        return given[:MOST_VALUES]

    def _codes(self, name: str, what: str) -> frozenset[str]:
        return self._kept(name, what, lambda one: _CODE.fullmatch(one) is not None)

    def _known(self, name: str, known: tuple[str, ...], what: str) -> frozenset[str]:
        return self._kept(name, what, lambda one: one in known)

    def _kept(self, name: str, what: str, test: Any) -> frozenset[str]:
        given = self._all(name)
        self._faults += [
            f"{what} « {one[:60]} » n’existe pas : ce filtre a été retiré." for one in given if not test(one)
        ]
        return frozenset(one for one in given if test(one))

    def _place(self) -> tuple[str, str]:
        given = self._one("lieu")
        if not given or _PLACE.fullmatch(given):
            return given, "" if given else " ".join(self._one("ou").split())[:80]
        return "", " ".join(given.split())[:80]

    def _slug(self, name: str) -> str:
        given = self._one(name)
        if given and not _SLUG.fullmatch(given):
            self._faults.append(f"La rencontre « {given[:60]} » n’existe pas : ce filtre a été retiré.")
            return ""
        return given

    def _yes(self, name: str) -> bool:
        given = self._one(name)
        if given not in {"", "oui"}:
            self._faults.append("Le filtre des références ne peut être que « oui » : il a été retiré.")
        return given == "oui"

    def _page(self) -> int:
        given = self._one("page")
        if not given:
            return 1
        if not (given.isascii() and given.isdecimal()) or len(given) > 6 or not 1 <= int(given) <= LAST_PAGE:
            self._faults.append("Ce numéro de page n’existe pas : voici la première.")
            return 1
        return int(given)
