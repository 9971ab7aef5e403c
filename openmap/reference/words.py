"""Names as people type them: without accents, case or punctuation."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_LIGATURES: Final = str.maketrans({"œ": "oe", "æ": "ae", "Œ": "oe", "Æ": "ae"})


class _Marks(dict[int, int | None]):
    """Leaves out combining marks; asked once a letter, so that long texts are folded at the speed of ``translate``."""

    def __missing__(self, code: int) -> int | None:
        self[code] = None if unicodedata.combining(chr(code)) else code
        return self[code]


_MARKS: Final = _Marks()
_SAINT: Final = re.compile(r"\bst(e?)\b")


def folded(text: str) -> str:
    """Return ``text`` in lower case, without accents, its words separated by one space; « st » is « saint »."""
    parts = unicodedata.normalize("NFKD", text.translate(_LIGATURES))
    plain = parts.translate(_MARKS).lower()
    return _SAINT.sub(r"saint\1", " ".join(re.findall(r"[a-z0-9]+", plain)))
