"""Forms about wishes: when a participant comes, how many meet at once and how much."""

from __future__ import annotations

from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import IntegerField, SelectMultipleField, StringField, TextAreaField, ValidationError
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import TextInput

from openmap.meetings.models import Participation
from openmap.people.forms import one_line, options, printable, several_lines

MOST_DELEGATES: Final = 10
MOST_MEETINGS: Final = 200
LIMITS: Final = ("delegates", "max_meetings", "max_run", "note", "absent_slots")


def _number(label: Any, most: int, *, required: bool = False) -> IntegerField:
    wrong = lazy_gettext("Donnez un nombre entier, de 1 à %(most)d.", most=most)
    need = InputRequired(wrong) if required else Optional()
    return Whole(label, wrong, validators=[need, NumberRange(1, most, wrong)])


class Whole(IntegerField):  # type: ignore[misc]
    """A whole number, refused in words where it is none."""

    widget = TextInput()

    def __init__(self, label: Any, wrong: Any, **kwargs: Any) -> None:
        self._wrong = wrong
        super().__init__(label, **kwargs)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed."""
        typed = "".join(valuelist[:1]).strip()
        self.data = None
        if typed:
            if not (typed.isascii() and typed.isdigit() and len(typed) < 8):
                raise ValueError(self._wrong)
            self.data = int(typed)


class LimitsForm(FlaskForm):  # type: ignore[misc]
    """When and how much a participant can meet."""

    delegates = _number(lazy_gettext("Rendez-vous que vous pouvez tenir en même temps"), MOST_DELEGATES, required=True)
    max_meetings = _number(lazy_gettext("Rendez-vous au plus, en tout"), MOST_MEETINGS)
    max_run = _number(lazy_gettext("Rendez-vous d’affilée au plus, avant une pause"), MOST_MEETINGS)
    absent_slots = SelectMultipleField(
        lazy_gettext("Créneaux où vous n’êtes pas là"), coerce=str, validate_choice=False
    )
    note = TextAreaField(
        lazy_gettext("Un mot à l’organisation"),
        filters=[several_lines, str.strip],
        validators=[Length(max=500, message=lazy_gettext("Ce texte est trop long : 500 caractères au plus."))],
    )

    def __init__(self, participation: Participation, **kwargs: Any) -> None:
        self._least = participation.min_meetings
        held = {name: getattr(participation, name) for name in LIMITS}
        held["absent_slots"] = [str(slot.id) for slot in participation.absent_slots]
        super().__init__(data=held, **kwargs)
        self.absent_slots.choices = options((str(slot.id), slot.code) for slot in participation.edition.slots)

    def validate_max_meetings(self, field: Any) -> None:
        """Refuse less than the organisers count on."""
        if field.data is not None and field.data < self._least:
            raise ValidationError(
                _(
                    "L’organisation compte sur %(least)d rendez-vous au moins : donnez autant, ou plus.",
                    least=self._least,
                )
            )

    def values(self, participation: Participation) -> dict[str, Any]:
        """Return what the participation is to hold."""
        wanted = set(self.absent_slots.data or ())
        slots = [slot for slot in participation.edition.slots if str(slot.id) in wanted]
        return {name: getattr(self, name).data for name in LIMITS[:-1]} | {"absent_slots": slots}


class NewParticipantForm(FlaskForm):  # type: ignore[misc]
    """An organisation that is not in the directory yet."""

    name = StringField(
        lazy_gettext("Nom"),
        filters=[one_line],
        validators=[
            InputRequired(lazy_gettext("Donnez le nom de l’acheteur.")),
            Length(max=200, message=lazy_gettext("Ce nom est trop long : 200 caractères au plus.")),
            printable,
        ],
    )
    city = StringField(
        lazy_gettext("Ville"),
        filters=[one_line],
        validators=[
            Length(max=120, message=lazy_gettext("Ce nom est trop long : 120 caractères au plus.")),
            printable,
        ],
    )
