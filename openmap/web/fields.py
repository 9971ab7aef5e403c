"""Fields that several rooms' forms share."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from wtforms import DateField, SelectMultipleField


class Chosen(SelectMultipleField):  # type: ignore[misc]
    """Ids or codes among things found by searching; what is not one is left out."""

    def __init__(self, label: Any, pattern: str, **kwargs: Any) -> None:
        super().__init__(label, choices=[], validate_choice=False, **kwargs)
        self._pattern = re.compile(pattern)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Keep what has the shape of a value, each once."""
        self.data = list(dict.fromkeys(one for one in valuelist if self._pattern.fullmatch(one)))


class Day(DateField):  # type: ignore[misc]
    """A day that may stay empty, as a browser sends it or as people write it."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed; before 2000 and after 2100 nothing is bought."""
        typed = "".join(valuelist[:1]).strip()
        self.data = None
        if not typed:
            return
        for shape in ("%Y-%m-%d", "%d/%m/%Y"):
            try:
                read = datetime.strptime(typed, shape).date()  # noqa: DTZ007 - a day has no zone
            except ValueError:
                continue
            if 2000 <= read.year <= 2100:
                self.data = read
                return
        raise ValueError(_("Cette date n’existe pas : écrivez-la comme 31/01/2027."))
