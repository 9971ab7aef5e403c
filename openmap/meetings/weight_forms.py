"""The form of an edition's weights."""

from __future__ import annotations

from typing import Any, Final

from flask_babel import LazyString, lazy_gettext
from flask_wtf import FlaskForm
from wtforms import HiddenField, IntegerField, RadioField
from wtforms.validators import InputRequired, NumberRange

from openmap.meetings.models import MatchSetting
from openmap.meetings.weighing import COMPLETES, HEAVIEST, PART_LABELS, weights_of
from openmap.people.forms import options

MOST_COMPLETED: Final = 30
LONGEST_VERSION: Final = 10


def _number(label: LazyString, most: int) -> IntegerField:
    wrong = lazy_gettext("Donnez un nombre entier, de 0 à %(most)d.", most=most)
    return IntegerField(label, validators=[InputRequired(wrong), NumberRange(0, most, wrong)])


class WeightsForm(FlaskForm):  # type: ignore[misc]
    """How much each part counts, who gets the points of past meetings, and how much a silent side is given."""

    version = HiddenField()
    sector = _number(PART_LABELS["sector"], HEAVIEST)
    territory = _number(PART_LABELS["territory"], HEAVIEST)
    text = _number(PART_LABELS["text"], HEAVIEST)
    capacity = _number(PART_LABELS["capacity"], HEAVIEST)
    past = _number(lazy_gettext("Rencontres passées"), HEAVIEST)
    prefers = RadioField(
        lazy_gettext("Les points des rencontres passées vont"),
        choices=options(
            [
                ("novelty", lazy_gettext("à ceux qui ne se sont pas encore rencontrés")),
                ("met", lazy_gettext("à ceux qui se sont déjà rencontrés")),
            ]
        ),
        validators=[InputRequired(lazy_gettext("Dites à qui vont ces points."))],
    )
    completes = _number(lazy_gettext("Souhaits proposés à un participant qui n’a rien répondu"), MOST_COMPLETED)

    @classmethod
    def of(cls, setting: MatchSetting | None) -> WeightsForm:
        """Return the form filled with what is in force."""
        weights = weights_of(setting)
        prefers = "met" if weights["met"] > weights["novelty"] else "novelty"
        data = {name: weights[name] for name in ("sector", "territory", "text", "capacity")}
        data |= {"past": weights[prefers], "completes": COMPLETES if setting is None else setting.completes}
        return cls(formdata=None, data={**data, "prefers": prefers, "version": version_of(setting)})

    def weights(self) -> dict[str, int]:
        """Return the weight of each part."""
        chosen: dict[str, Any] = {name: self[name].data for name in ("sector", "territory", "text", "capacity")}
        return chosen | {name: self.past.data if self.prefers.data == name else 0 for name in ("novelty", "met")}

    def seen(self) -> int:
        """Return the version that was shown; -1, which never is, where it is no number."""
        text = self.version.data or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < LONGEST_VERSION else -1


def version_of(setting: MatchSetting | None) -> int:
    """Return the version of what is in force, 1 while nobody has set anything."""
    return 1 if setting is None else setting.version
