"""Names of files that we hand over or put in an archive: safe on every disk and in every header."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from typing import Final

LONGEST: Final = 80
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def safe_name(text: str, fallback: str = "document") -> str:
    """Return ``text`` as the name of a file: no separator, no control character, neither hidden nor reserved."""
    kept = re.sub(r"[^\w .()’'&-]+|\.{2,}", "_", unicodedata.normalize("NFC", text))
    kept = " ".join(kept.split())[:LONGEST].strip(" ._-") or fallback
    return f"_{kept}" if _RESERVED.match(kept) else kept


def unused(name: str, taken: Container[str]) -> str:
    """Return ``name``, numbered before its ending where it is taken already, whatever the case."""
    if name.casefold() not in taken:
        return name
    stem, dot, ending = name.rpartition(".")
    stem, ending = (stem, f".{ending}") if dot else (name, "")
    number = 2
    while f"{stem} ({number}){ending}".casefold() in taken:
        number += 1
    return f"{stem} ({number}){ending}"
