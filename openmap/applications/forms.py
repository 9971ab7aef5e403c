"""The forms of the steps: shape and wording of each field. What a file needs is ``completeness``' to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import (
    EmailField,
    Field,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TelField,
)
from wtforms.fields.choices import Choice
from wtforms.validators import Optional

from openmap.applications.models import LONGEST_SUMMARY
from openmap.directory.fields import Whole, given, line, siret_field, text, website_field
from openmap.people.forms import ADDRESS, options, usable_phone

MOST_ATTENDEES: Final = 3
YES_NO: Final = (("oui", lazy_gettext("Oui")), ("non", lazy_gettext("Non")))


class YesNo(RadioField):  # type: ignore[misc]
    """Yes, no, or not said yet."""

    def __init__(self, label: Any, **kwargs: Any) -> None:
        super().__init__(label, choices=options(YES_NO), validate_choice=False, coerce=_read, **kwargs)

    def iter_choices(self) -> Any:
        """Yield the two answers, as the browser sends them."""
        for value, label in YES_NO:
            yield Choice(value, str(label), self.data is not None and self.data == (value == "oui"), {})


def _read(value: Any) -> bool | None:
    return {"oui": True, "non": False, True: True, False: False}.get(value)


class Several(SelectMultipleField):  # type: ignore[misc]
    """Ids chosen from a list; what is not in the list is left out, for a word may have been retired meanwhile."""

    def __init__(self, label: Any, **kwargs: Any) -> None:
        super().__init__(label, coerce=int, choices=[], validate_choice=False, **kwargs)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Keep the ids that are on offer."""
        offered = {choice.value for choice in self.choices or []}
        typed = {int(value) for value in valuelist if value.isascii() and value.isdigit() and len(value) < 10}
        self.data = sorted(typed & offered) if offered else sorted(typed)


class StartForm(FlaskForm):  # type: ignore[misc]
    """What an application begins with: nothing, or a SIRET."""

    siret = siret_field()


class IdentityForm(FlaskForm):  # type: ignore[misc]
    """Which structure it is."""

    siret = siret_field()
    name = line(lazy_gettext("Nom de la structure"), 200)
    kind = SelectField(lazy_gettext("Type de structure"), choices=[], validate_choice=False, filters=[given])
    legal_form = SelectField(lazy_gettext("Forme juridique"), choices=[], validate_choice=False, filters=[given])
    commune = line(lazy_gettext("Commune ou code postal"), 120)
    address = line(lazy_gettext("Adresse"), 300)
    website = website_field()
    labels = Several(lazy_gettext("Labels et réseaux"))


class ActivityForm(FlaskForm):  # type: ignore[misc]
    """What the structure does."""

    activities = Several(lazy_gettext("Secteurs"))
    offers = text(lazy_gettext("Ce que vous proposez aux acheteurs"))
    presentation = text(lazy_gettext("Présentation de la structure"))
    clients = text(lazy_gettext("Références : clients, marchés"))
    workforce = Whole(lazy_gettext("Personnes au travail"), 100_000)
    supported_share = Whole(lazy_gettext("Dont en insertion ou en situation de handicap (%)"), 100)


class AreaForm(FlaskForm):  # type: ignore[misc]
    """Where it works."""

    areas = Several(lazy_gettext("Territoires"))
    radius_km = Whole(lazy_gettext("Rayon autour de votre commune, en km"), 1000)


class AttendeeForm(FlaskForm):  # type: ignore[misc]
    """Who comes, and when they cannot."""

    absent_slots = Several(lazy_gettext("Créneaux où vous ne pouvez pas venir"))


def _attendee_fields() -> Mapping[str, Field]:
    fields: dict[str, Field] = {}
    for rank in range(MOST_ATTENDEES):
        fields |= {
            f"attendee_{rank}_name": line(lazy_gettext("Prénom et nom"), 120),
            f"attendee_{rank}_email": EmailField(
                lazy_gettext("Adresse électronique"), filters=[given], validators=[Optional(), *ADDRESS[1:]]
            ),
            f"attendee_{rank}_phone": TelField(
                lazy_gettext("Téléphone"), filters=[given], validators=[Optional(), usable_phone]
            ),
            f"attendee_{rank}_position": line(lazy_gettext("Fonction"), 120),
        }
    return fields


for _name, _field in _attendee_fields().items():
    setattr(AttendeeForm, _name, _field)


class PitchForm(FlaskForm):  # type: ignore[misc]
    """The wish to pitch, and what about."""

    wants_pitch = YesNo(lazy_gettext("Demandez-vous à présenter un pitch ?"))
    pitch_title = line(lazy_gettext("Titre du pitch"), 120)
    pitch_summary = text(lazy_gettext("Résumé, en 600 caractères"), LONGEST_SUMMARY)
    pitch_novelty = text(lazy_gettext("Ce qui est nouveau"))
    pitch_impact = text(lazy_gettext("L’effet social"))


class MeetingsForm(FlaskForm):  # type: ignore[misc]
    """The wish for meetings with buyers."""

    wants_meetings = YesNo(lazy_gettext("Souhaitez-vous des rendez-vous avec des acheteurs ?"))
    meeting_wishes = text(lazy_gettext("Qui souhaitez-vous rencontrer, et pourquoi"))


class LateForm(FlaskForm):  # type: ignore[misc]
    """The code that lets one structure in after the deadline."""

    code = StringField(lazy_gettext("Code de retard"), filters=[given])


def choices_with(known: Sequence[tuple[str, str]], present: str, blank: str) -> list[Any]:
    """Return what there is to choose from, with a first line that chooses nothing and what the file has now."""
    listed = [("", blank), *known]
    return options(listed if present in dict(listed) else [*listed, (present, present)])
