"""The step of the organisers' questions: one field a question, made from its row."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from flask_babel import gettext as _
from flask_wtf import FlaskForm
from wtforms import DateField, Field, RadioField, SelectMultipleField, StringField
from wtforms.validators import Optional

from openmap.applications.fields import QUESTION
from openmap.applications.forms import YesNo
from openmap.applications.models import Question
from openmap.directory.fields import text
from openmap.people.forms import one_line, options

LARGEST: Final = 1e12


class Number(StringField):  # type: ignore[misc]
    """A number as French people write it: 1 250,5."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed; a whole number stays whole."""
        typed = "".join("".join(valuelist[:1]).split()).replace(",", ".")
        self.data = None
        if not typed:
            return
        try:
            value = float(typed)
        except ValueError:
            value = math.nan
        if not abs(value) <= LARGEST or "_" in typed:
            raise ValueError(_("Donnez un nombre, par exemple 1 250,5."))
        self.data = int(value) if value.is_integer() else value

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else str(self.data).replace(".", ",")


class OneOf(RadioField):  # type: ignore[misc]
    """One of the options of a question, or none yet; an option that the organisers took away is left out."""

    def __init__(self, label: Any, offered: Sequence[str], **kwargs: Any) -> None:
        super().__init__(label, choices=options((one, one) for one in offered), validate_choice=False, **kwargs)
        self._offered = offered

    def process_formdata(self, valuelist: list[str]) -> None:
        """Keep what is on offer."""
        self.data = next((value for value in valuelist if value in self._offered), None)


class SomeOf(SelectMultipleField):  # type: ignore[misc]
    """Some of the options of a question."""

    def __init__(self, label: Any, offered: Sequence[str], **kwargs: Any) -> None:
        super().__init__(label, choices=options((one, one) for one in offered), validate_choice=False, **kwargs)
        self._offered = offered

    def process_formdata(self, valuelist: list[str]) -> None:
        """Keep what is on offer, in the order of the question."""
        self.data = [one for one in self._offered if one in valuelist]


class Day(DateField):  # type: ignore[misc]
    """A day, kept as an ISO date."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what the browser sends, or a date typed as people do."""
        typed = one_line("".join(valuelist[:1])) or ""
        self.data = None
        if not typed:
            return
        pieces = typed.split("/")
        try:
            self.data = date.fromisoformat("-".join(reversed(pieces)) if len(pieces) == 3 else typed)
        except ValueError:
            raise ValueError(_("Donnez une date, par exemple 16/11/2017.")) from None


def questions_form(questions: Sequence[Question]) -> type[FlaskForm]:
    """Return the form of these questions; one that asks for a file has no field, its file is sent beside."""
    fields = {f"{QUESTION}{one.id}": field for one in questions if (field := _field_of(one)) is not None}
    return type("QuestionsForm", (FlaskForm,), fields)


def shown_answer(question: Question, value: Any) -> Any:
    """Return an answer as its field holds it."""
    if question.kind == "date" and isinstance(value, str):
        return date.fromisoformat(value)
    return value


def kept_answer(value: Any) -> Any:
    """Return what a field holds, as its answer is kept."""
    return value.isoformat() if isinstance(value, date) else value


def _field_of(question: Question) -> Field | None:
    match question.kind:
        case "text":
            return text(question.label)
        case "choice":
            return OneOf(question.label, question.options)
        case "choices":
            return SomeOf(question.label, question.options)
        case "number":
            return Number(question.label, validators=[Optional()])
        case "date":
            return Day(question.label, validators=[Optional()])
        case "boolean":
            return YesNo(question.label)
        case _:
            return None
