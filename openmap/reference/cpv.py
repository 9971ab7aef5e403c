"""CPV codes as buyers write them: eight digits with or without their key, or the first digits of a class.

``data/cpv.csv`` holds divisions, groups and the codes of our vocabulary with their French labels (Common Procurement
Vocabulary 2008, European Union, reused under decision 2011/833/EU).
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

LABELS: Final = Path(__file__).parent / "data" / "cpv.csv"
_CODE: Final = re.compile(r"(?<![\w-])(\d{8})(?:\s?[-–]\s?(\d))?(?![\w-])")
_SHORT: Final = re.compile(r"\bcpv\s*:?\s*(\d{2,8})(?:-(\d))?(?!\w)", re.IGNORECASE)
_WORD: Final = re.compile(r"\bcpv\b\s*:?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Typed:
    """A code in a text: ``code`` of eight digits, ``key`` as it was typed or nothing."""

    code: str
    key: str


def codes_in(text: str) -> tuple[list[Typed], str]:
    """Return the CPV codes of a text and what is left of it without them."""
    found: list[Typed] = []

    def take(match: re.Match[str]) -> str:
        found.append(Typed(match.group(1).ljust(8, "0"), match.group(2) or ""))
        return " "

    left = _CODE.sub(take, _SHORT.sub(take, text))
    return found, " ".join(_WORD.sub(" ", left).split() if found else left.split())


def label_of(code: str) -> str:
    """Return what a code is called, else what the narrowest group that holds it is; nothing where there is none."""
    known = _known()
    for length in range(8, 1, -1):
        label = known.get(code[:length].ljust(8, "0"))
        if label is not None:
            return label[1]
    return ""


def key_of(code: str) -> str:
    """Return the key of a code that is known here, or nothing: the official keys follow no published rule."""
    return _known().get(code, ("", ""))[0]


def depth(code: str, other: str) -> int:
    """Return how many digits two codes begin with in common."""
    return next((at for at in range(8) if code[at] != other[at]), 8)


def is_within(code: str, other: str) -> bool:
    """Say whether one of two codes is a part of the other, or the same."""
    one, two = max(code.rstrip("0"), code[:2]), max(other.rstrip("0"), other[:2])
    return one.startswith(two) or two.startswith(one)


@cache
def _known() -> dict[str, tuple[str, str]]:
    with LABELS.open(encoding="utf-8", newline="") as lines:
        return {row["code"][:8]: (row["code"][9:], row["label"]) for row in csv.DictReader(lines, delimiter=";")}
