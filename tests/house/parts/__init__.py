"""The lines of the table, and the rows they need, room by room; a room that grows gets its own module here."""

from __future__ import annotations

from types import ModuleType
from typing import Final

from tests.house.parts import (
    applying,
    calculating,
    correcting,
    deciding,
    examining,
    facilitating,
    keeping,
    matching,
    publishing,
    purchasing,
    reading,
    reading_api,
    searching,
    stating,
    wishing,
)

PARTS: Final[tuple[ModuleType, ...]] = (
    applying, examining, reading, deciding, stating, purchasing, matching, wishing, calculating, correcting, publishing,
    facilitating, searching, reading_api,
    keeping,
)  # fmt: skip
"""In the order in which they furnish the world: each may use what the ones before have made."""
