"""Forms about the jury."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, NumberRange

from openmap.events.forms import line, text
from openmap.people.forms import options
from openmap.people.models import Person
from openmap.pitches.models import HIGHEST_MARK, PICKS, Criterion, Jury

MOST_READERS: Final = 15
NEVER: Final = -1


def _count(label: Any, most: int, default: int) -> IntegerField:
    wrong = lazy_gettext("Donnez un nombre entier, de 1 à %(most)d.", most=most)
    return IntegerField(label, default=default, validators=[InputRequired(wrong), NumberRange(1, most, wrong)])


class JuryForm(FlaskForm):  # type: ignore[misc]
    """How the jury works."""

    readers = _count(lazy_gettext("Lecteurs par dossier"), MOST_READERS, 3)
    picks = _count(lazy_gettext("Structures à choisir"), 100, PICKS)
    comment_under = SelectField(lazy_gettext("Commentaire obligatoire"), coerce=int)
    chair_id = SelectField(lazy_gettext("Présidence du jury"), coerce=int)

    def __init__(self, jurors: Sequence[Person], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.comment_under.choices = options(
            [
                (NEVER, _("jamais")),
                (0, _("pour la note 0")),
                *((mark, _("pour une note de 0 à %(mark)d", mark=mark)) for mark in range(1, HIGHEST_MARK)),
                (HIGHEST_MARK, _("pour toutes les notes")),
            ]
        )
        self.chair_id.choices = options(
            [(0, _("personne pour l’instant")), *((one.id, one.shown_name) for one in jurors)]
        )

    @classmethod
    def of(cls, jury: Jury, jurors: Sequence[Person]) -> JuryForm:
        """Return the form filled with what the jury is now."""
        chair = jury.chair_id if jury.chair_id in {one.id for one in jurors} else 0
        under = NEVER if jury.comment_under is None else jury.comment_under
        return cls(
            jurors,
            formdata=None,
            data={"readers": jury.readers, "picks": jury.picks, "comment_under": under, "chair_id": chair},
        )

    def values(self) -> dict[str, Any]:
        """Return what the jury is to be."""
        under = self.comment_under.data
        return {
            "readers": self.readers.data,
            "picks": self.picks.data,
            "comment_under": None if under == NEVER else under,
            "chair_id": self.chair_id.data or None,
        }


def _word(mark: int) -> StringField:
    label = lazy_gettext("Que veut dire la note %(mark)d ?", mark=mark)
    return line(label, 120, required=lazy_gettext("Donnez un mot pour la note %(mark)d.", mark=mark))


class CriterionForm(FlaskForm):  # type: ignore[misc]
    """A criterion, with its weight and a word for each mark."""

    name = line(lazy_gettext("Critère"), 120, required=lazy_gettext("Donnez un nom au critère."))
    weight = _count(lazy_gettext("Coefficient"), 20, 1)
    help = text(lazy_gettext("Aide pour les jurés"), 500)
    word_0 = _word(0)
    word_1 = _word(1)
    word_2 = _word(2)
    word_3 = _word(3)
    word_4 = _word(4)
    word_5 = _word(5)

    @property
    def words(self) -> list[StringField]:
        """The fields of the words, from 0 up."""
        return [self[f"word_{mark}"] for mark in range(HIGHEST_MARK + 1)]

    @classmethod
    def of(cls, criterion: Criterion) -> CriterionForm:
        """Return the form filled with a criterion."""
        words = {f"word_{mark}": word for mark, word in enumerate(criterion.words)}
        data = {"name": criterion.name, "weight": criterion.weight, "help": criterion.help, **words}
        return cls(formdata=None, data=data)

    def values(self) -> dict[str, Any]:
        """Return what the criterion is to be."""
        return {
            "name": self.name.data,
            "weight": self.weight.data,
            "help": " ".join(self.help.data.split()),
            "words": [field.data for field in self.words],
        }


class LiftForm(FlaskForm):  # type: ignore[misc]
    """Why a conflict is lifted."""

    why = line(lazy_gettext("Pourquoi lever ce conflit"), 300, required=lazy_gettext("Dites pourquoi il est levé."))
