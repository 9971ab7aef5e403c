"""What a request may carry: numbers that a database holds, text that every engine keeps."""

from __future__ import annotations

from typing import Final

from flask import Flask, abort, request
from werkzeug.routing import IntegerConverter

LARGEST: Final = 2**31 - 1
"""The largest number of a row (INTEGER of PostgreSQL)."""


class RowNumber(IntegerConverter):
    """``<int:…>`` of every address: a number that no row can have is no address."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **{"max": LARGEST, **kwargs})  # type: ignore[arg-type]

    def to_python(self, value: str) -> int:
        """Return the number; one of endless digits is refused before it is read."""
        return int(super().to_python(value if len(value) <= len(str(LARGEST)) else str(LARGEST + 1)))


def init_app(app: Flask) -> None:
    """Read numbers so in every address, and refuse what no text may hold."""
    app.url_map.converters["int"] = RowNumber
    app.before_request(_refuse_nul)


def row_number(text: str) -> int:
    """Return the number of a row as a query names it, for ``request.args.get(…, type=row_number)``.

    Raises ValueError.
    """
    if not text.isdecimal() or len(text) > len(str(LARGEST)) or int(text) > LARGEST:
        raise ValueError(text)
    return int(text)


def _refuse_nul() -> None:
    """Answer 400 to the one character that PostgreSQL keeps in no text, and that nobody types."""
    sent = [request.path, *request.args.values(), *(one for values in request.form.listvalues() for one in values)]
    if any("\x00" in text for text in sent):
        abort(400)
