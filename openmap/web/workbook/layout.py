"""What a workbook is made of: sheets and columns, described once for the template, the reader and the guide."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["text", "code", "integer", "number", "flag", "date", "time", "slots", "choice", "quarter"]

LARGEST_ROWS: Final = 20_000
"""A national convention has 4,000 participants; above this a file is a mistake, and is refused unread."""


def normal(name: object) -> str:
    """Return a name without accents, case, punctuation or spaces, to compare what people type."""
    text = unicodedata.normalize("NFKD", str(name))
    return re.sub(r"[^a-z0-9]", "", "".join(c for c in text if not unicodedata.combining(c)).lower())


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, what it holds and what to tell whoever fills it in.

    ``longest`` bounds texts; ``of`` names the sheet whose codes the cell refers to; ``words`` are what there is to
    choose from, each value with its word.
    """

    key: str
    title: str
    kind: Kind
    help: str
    required: bool = False
    longest: int = 200
    of: str | None = None
    aliases: tuple[str, ...] = ()
    width: int = 16
    example: str = ""
    words: Mapping[str, str] | None = None

    def names(self) -> set[str]:
        """Return every accepted header, normalised."""
        return {normal(self.title), normal(self.key), *map(normal, self.aliases)}


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of the workbook, or a CSV file of the folder; ``most`` lines where it may have more than the others."""

    key: str
    title: str
    help: str
    columns: tuple[Column, ...]
    required: bool = True
    aliases: tuple[str, ...] = ()
    most: int = 0

    def names(self) -> set[str]:
        """Return every accepted sheet or file name, normalised."""
        return {normal(self.title), normal(self.key), *map(normal, self.aliases)}
