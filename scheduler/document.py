"""JSON objects read with care: every fault is noted with its path, and nothing is guessed.

A ``kind`` is a function that returns what is wrong with a value, or ``None`` when nothing is.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from scheduler.validating import LARGEST_INTEGER, Fault

Kind = Callable[[Any], str | None]

_MISSING: Final = object()
_CONTROLS: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Controls, half surrogates, line and paragraph separators; no-break spaces are French typography."""
_SHOWN = 60


class InputError(ValueError):
    """The input is unusable. ``faults`` lists everything that is wrong with it."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


@dataclass(frozen=True, slots=True)
class Reader:
    """A JSON object being read: ``take`` checks one key, ``close`` refuses the keys left over."""

    path: str
    content: Mapping[str, Any]
    faults: list[Fault]
    taken: set[str] = field(default_factory=set)

    def take(self, key: str, kind: Kind, default: Any = _MISSING) -> Any:
        """Return the value of ``key`` when ``kind`` accepts it; note a fault and return the default if not."""
        self.taken.add(key)
        value = self.content.get(key, default)
        if value is _MISSING:
            self.faults.append(Fault(f"{self.path}.{key}", "cette clé est obligatoire : ajoutez-la."))
            return None
        if key not in self.content:
            return value
        wrong = kind(value)
        if wrong is None:
            return value
        self.faults.append(Fault(f"{self.path}.{key}", f"{wrong} (reçu : {_shown(value)})."))
        return None if default is _MISSING else default

    def close(self) -> None:
        """Refuse the keys that nobody took."""
        for key in self.content:
            if key not in self.taken:
                known = ", ".join(sorted(self.taken))
                self.faults.append(
                    Fault(f"{self.path}.{_printable(str(key))}", f"clé inconnue ; clés acceptées : {known}.")
                )


def _shown(value: Any) -> str:
    """Return a value as JSON on one printable line, cut when it is long."""
    text = _printable(json.dumps(value, ensure_ascii=False, default=str))
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _printable(text: str) -> str:
    """Escape what would break a line or an encoding."""
    return "".join(
        f"\\u{ord(character):04x}" if unicodedata.category(character) in _CONTROLS else character for character in text
    )


def text(value: Any) -> str | None:
    """Accept a text without control characters."""
    if not isinstance(value, str):
        return "un texte entre guillemets est attendu"
    if any(unicodedata.category(character) in _CONTROLS for character in value):
        return "le texte contient un caractère de contrôle : retirez-le"
    return None


def identifier(value: Any) -> str | None:
    """Accept a text that is not blank."""
    return text(value) or (None if value.strip() else "un identifiant non vide est attendu")


def flag(value: Any) -> str | None:
    """Accept true or false."""
    return None if isinstance(value, bool) else "true ou false est attendu"


def integer(least: int) -> Kind:
    """Accept whole numbers from ``least`` on."""

    def kind(value: Any) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int):
            return "un nombre entier est attendu"
        if not least <= value <= LARGEST_INTEGER:
            return f"un entier entre {least} et {LARGEST_INTEGER} est attendu"
        return None

    return kind


def number(value: Any) -> str | None:
    """Accept a number of seconds."""
    if isinstance(value, float):
        return None if math.isfinite(value) else "un nombre fini est attendu"
    return integer(0)(value)


def optional(kind: Kind) -> Kind:
    """Accept null too."""
    return lambda value: None if value is None else kind(value)


def list_of(kind: Kind) -> Kind:
    """Accept a list whose items are all of ``kind``."""

    def check(value: Any) -> str | None:
        if not isinstance(value, list):
            return "une liste est attendue"
        return next((wrong for item in value if (wrong := kind(item))), None)

    return check


def one_of(*choices: str) -> Kind:
    """Accept one of ``choices``."""

    def kind(value: Any) -> str | None:
        return None if value in choices else f"une de ces valeurs est attendue : {', '.join(choices)}"

    return kind


def moment(value: Any) -> str | None:
    """Accept a date and time in ISO 8601."""
    if not isinstance(value, str):
        return "une date et heure ISO 8601 est attendue, par exemple 2017-11-16T11:00:00+01:00"
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return "une date et heure ISO 8601 est attendue, par exemple 2017-11-16T11:00:00+01:00"
    return None


def decode(document: str | bytes | Mapping[str, Any], faults: list[Fault]) -> Mapping[str, Any] | None:
    """Return the JSON object of a document, or note why it is none."""
    if isinstance(document, Mapping):
        return document
    try:
        content = json.loads(document, parse_constant=_refuse_constant, object_pairs_hook=_refuse_doubles)
    except UnicodeDecodeError:
        faults.append(Fault("$", "le fichier n'est pas en UTF-8 : enregistrez-le dans cet encodage."))
    except json.JSONDecodeError as error:
        faults.append(Fault("$", f"ce n'est pas du JSON, ligne {error.lineno}, colonne {error.colno} : corrigez-le."))
    except RecursionError:
        faults.append(Fault("$", "le document est imbriqué sans fin : ce n'est pas un problème de planning."))
    except _DoubledKeyError as error:
        faults.append(Fault("$", f"{error} : gardez-en une."))
    except ValueError as error:
        faults.append(Fault("$", f"un nombre est illisible ({error}) : corrigez-le."))
    else:
        if isinstance(content, dict):
            return content
        faults.append(Fault("$", "un objet JSON est attendu, entre accolades."))
    return None


def _refuse_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        keys = [key for key, _ in pairs]
        doubled = next(key for rank, key in enumerate(keys) if key in keys[:rank])
        raise _DoubledKeyError(f"la clé « {_printable(doubled)} » est donnée deux fois dans le même objet")
    return content


class _DoubledKeyError(ValueError):
    """Two values for one key: nobody can tell which is meant."""


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} n'est pas un nombre")


def objects(reader: Reader, key: str, default: Any = _MISSING) -> list[Reader] | None:
    """Return a reader for each object of the list at ``key``; ``None`` when the list itself is absent."""
    items = reader.take(key, lambda value: None if isinstance(value, list) else "une liste est attendue", default)
    if items is None:
        return None
    readers = []
    for rank, item in enumerate(items):
        path = f"{reader.path}.{key}[{rank}]"
        if isinstance(item, dict):
            readers.append(Reader(path, item, reader.faults))
        else:
            reader.faults.append(Fault(path, "un objet JSON est attendu, entre accolades."))
    return readers
