"""The form that asks for a new calculation."""

from __future__ import annotations

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import IntegerField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, NumberRange

LARGEST_SEED = 2**31 - 1

TIME_LIMITS = [
    SelectChoice(10, lazy_gettext("10 secondes : une première idée")),
    SelectChoice(60, lazy_gettext("1 minute : conseillé pour une matinée")),
    SelectChoice(300, lazy_gettext("5 minutes : grande édition")),
    SelectChoice(1800, lazy_gettext("30 minutes : pour chercher la preuve")),
]


class SolveForm(FlaskForm):  # type: ignore[misc]
    """How long to search at most, and the seed that makes a run repeatable."""

    time_limit = SelectField(
        lazy_gettext("Durée maximale"),
        coerce=int,
        choices=TIME_LIMITS,
        default=60,
        validate_choice=True,
    )
    seed = IntegerField(
        lazy_gettext("Graine"),
        default=1,
        validators=[
            InputRequired(lazy_gettext("Donnez une graine : un nombre entier, par exemple 1.")),
            NumberRange(1, LARGEST_SEED, lazy_gettext("La graine est un nombre entier, de 1 à 2 147 483 647.")),
        ],
    )
