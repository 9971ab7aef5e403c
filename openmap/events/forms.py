"""Forms about editions and what they are made of. Hours are typed and shown in the edition's own zone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import (
    DateField,
    DateTimeLocalField,
    EmailField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TelField,
    TextAreaField,
    TimeField,
    URLField,
    ValidationError,
)
from wtforms.validators import DataRequired, Email, InputRequired, Length, NumberRange, Optional

from openmap.events.labels import MOMENT_LABELS, STAND_LABELS
from openmap.events.models import Edition
from openmap.events.zones import zone_choices
from openmap.people.forms import (
    ADDRESS,
    choice,
    no_address,
    number_chosen,
    one_line,
    options,
    printable,
    several_lines,
    to_choose,
    usable_phone,
)

MINUTE: Final = "%Y-%m-%dT%H:%M"


def given(text: str | None) -> str:
    """Return what was typed on one line; nothing where the field was not sent."""
    return one_line(text) or ""


def line(label: Any, most: int, *, required: Any = None, more: Sequence[Any] = ()) -> StringField:
    """Return a field for one line of text; ``more`` are further checks."""
    validators: list[Any] = [DataRequired(required)] if required else []  # of spaces nothing is left
    too_long = lazy_gettext("Ce texte est trop long : %(most)d caractères au plus.", most=most)
    validators += [Length(max=most, message=too_long), printable, *more]
    return StringField(label, filters=[given], validators=validators)


def text(label: Any, most: int) -> TextAreaField:
    """Return a field for several lines."""
    too_long = lazy_gettext("Ce texte est trop long : %(most)d caractères au plus.", most=most)
    return TextAreaField(label, filters=[several_lines], validators=[Length(max=most, message=too_long)])


def bound(label: Any, *, least: int = 1, most: int = 100_000) -> IntegerField:
    """Return a field for a whole number that may stay empty."""
    wrong = lazy_gettext("Donnez un nombre entier, de %(least)d à %(most)d.", least=least, most=most)
    return IntegerField(label, validators=[Optional(), NumberRange(least, most, wrong)])


EARLIEST: Final = date(2000, 1, 1)
LATEST: Final = date(2199, 12, 31)
"""Beyond these years a date is a slip, and counting a few days from it may leave the calendar."""


def of_our_time(_form: FlaskForm, field: Any) -> None:
    """Refuse a date that no meeting can have."""
    day = field.data.date() if isinstance(field.data, datetime) else field.data
    if day and not EARLIEST <= day <= LATEST:
        raise ValidationError(_("Cette date est trop lointaine : vérifiez l’année."))


class NewEditionForm(FlaskForm):  # type: ignore[misc]
    """What an edition begins with."""

    title = line(lazy_gettext("Titre"), 200, required=lazy_gettext("Saisissez un titre."))
    held_on = DateField(
        lazy_gettext("Date"),
        validators=[InputRequired(lazy_gettext("Donnez la date de la rencontre.")), of_our_time],
    )
    trade = line(lazy_gettext("Filière"), 200)


class CopyForm(FlaskForm):  # type: ignore[misc]
    """What a copy of an edition has of its own."""

    title = line(lazy_gettext("Titre de la nouvelle édition"), 200, required=lazy_gettext("Saisissez un titre."))
    held_on = DateField(
        lazy_gettext("Date de la nouvelle édition"),
        validators=[InputRequired(lazy_gettext("Donnez la date de la rencontre.")), of_our_time],
    )


class EditionForm(NewEditionForm):
    """What an edition says of itself."""

    activities = SelectMultipleField(lazy_gettext("Activités"), coerce=int, choices=[])
    area_id = SelectField(lazy_gettext("Territoire"), coerce=int, choices=[])
    timezone = SelectField(lazy_gettext("Fuseau horaire"), choices=[])
    venue = line(lazy_gettext("Lieu"), 200)
    address = line(lazy_gettext("Adresse"), 300)
    access = text(lazy_gettext("Comment venir"), 2000)
    description = text(lazy_gettext("Présentation"), 5000)
    contact_name = line(lazy_gettext("Personne à contacter"), 120)
    contact_email = EmailField(
        lazy_gettext("Adresse électronique de contact"),
        filters=[given],
        validators=[
            Optional(),
            Length(max=254),
            Email(lazy_gettext("Cette adresse n’est pas complète : vérifiez-la, par exemple nom@domaine.fr.")),
        ],
    )
    contact_phone = TelField(lazy_gettext("Téléphone de contact"), filters=[given], validators=[usable_phone])
    capacity = bound(lazy_gettext("Nombre de places"))

    def __init__(
        self, activities: Sequence[tuple[int, str]], areas: Sequence[tuple[int, str]], zone: str, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.timezone.choices = zone_choices(zone)
        self.activities.choices = options(activities)
        self.area_id.choices = options([(0, _("non précisé")), *areas])


class LocalTime(DateTimeLocalField):  # type: ignore[misc]
    """A date and an hour as a browser sends them, without a zone."""

    def __init__(self, label: Any, validators: Any = (), **kwargs: Any) -> None:
        super().__init__(
            label, validators=list(validators), format=[MINUTE, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"], **kwargs
        )

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed; what is not a date keeps what was typed and says so."""
        if not valuelist or not valuelist[0].strip():
            self.data = None
            return
        try:
            super().process_formdata(valuelist)
        except ValueError:
            self.data = None
            raise ValueError(_("Donnez une date et une heure, par exemple 16/11/2017 09:30.")) from None


class PhaseForm(FlaskForm):  # type: ignore[misc]
    """When a phase is open."""

    opens_at = LocalTime(
        lazy_gettext("Ouverture"), [InputRequired(lazy_gettext("Donnez le début de l’étape.")), of_our_time]
    )
    closes_at = LocalTime(lazy_gettext("Clôture"), [Optional(), of_our_time])

    def validate_closes_at(self, field: Any) -> None:
        """Refuse an end before the beginning."""
        opens: Any = self.opens_at.data
        if field.data and opens and field.data <= opens:
            raise ValidationError(_("La clôture doit venir après l’ouverture."))

    def interval(self, zone: ZoneInfo) -> tuple[datetime, datetime | None]:
        """Return the beginning and the end as instants."""
        opens: Any = self.opens_at.data
        closes: Any = self.closes_at.data
        return opens.replace(tzinfo=zone), closes.replace(tzinfo=zone) if closes else None


class LateCodeForm(FlaskForm):  # type: ignore[misc]
    """For whom a late code is."""

    note = line(lazy_gettext("Pour quelle structure"), 200, required=lazy_gettext("Dites pour quelle structure."))


class PartForm(FlaskForm):  # type: ignore[misc]
    """A part of an edition. Each says how it is shown of a row, and what the row is to hold."""

    def show(self, row: Any, edition: Edition) -> None:  # noqa: ARG002 - hours need it
        """Fill the fields with what a row holds."""
        for field in self:
            if hasattr(row, field.name):
                field.data = getattr(row, field.name)

    def values(self, edition: Edition) -> dict[str, Any]:  # noqa: ARG002 - hours need it
        """Return what the row is to hold."""
        return {field.name: field.data for field in self if field.type != "CSRFTokenField"}


class TimedForm(PartForm):
    """A part between two hours of the day of the edition."""

    start = TimeField(lazy_gettext("Début"), validators=[InputRequired(lazy_gettext("Donnez l’heure de début."))])
    end = TimeField(lazy_gettext("Fin"), validators=[InputRequired(lazy_gettext("Donnez l’heure de fin."))])

    def validate_end(self, field: Any) -> None:
        """Refuse an end before the beginning."""
        if field.data and self.start.data and field.data <= self.start.data:
            raise ValidationError(_("La fin doit venir après le début."))

    def show(self, row: Any, edition: Edition) -> None:
        """Fill the fields, hours in the edition's zone."""
        super().show(row, edition)
        for field in (self.start, self.end):
            field.data = getattr(row, field.name).astimezone(edition.zone).time()

    def values(self, edition: Edition) -> dict[str, Any]:
        """Return what the row is to hold, hours as instants."""
        hours = {
            field.name: datetime.combine(edition.held_on, field.data, edition.zone) for field in (self.start, self.end)
        }
        return super().values(edition) | hours


class ProgrammeForm(TimedForm):
    """A moment of the programme."""

    kind = choice(lazy_gettext("Nature"), lazy_gettext("Choisissez la nature de ce moment."))
    title = line(lazy_gettext("Titre"), 200, required=lazy_gettext("Saisissez un titre."))
    room = line(lazy_gettext("Salle"), 120)
    description = text(lazy_gettext("Description"), 2000)
    speakers = text(lazy_gettext("Intervenants, un par ligne"), 2000)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kind.choices = to_choose(MOMENT_LABELS.items())


class SlotForm(TimedForm):
    """A meeting slot."""

    code = line(lazy_gettext("Code"), 20, required=lazy_gettext("Saisissez un code, par exemple C01."))
    block = line(lazy_gettext("Bloc"), 60)


class TableForm(PartForm):
    """A table of the meeting room."""

    code = line(lazy_gettext("Code"), 20, required=lazy_gettext("Saisissez un code, par exemple T1."))
    label = line(lazy_gettext("Emplacement"), 120)
    seats = IntegerField(
        lazy_gettext("Nombre de chaises"),
        default=4,
        validators=[
            InputRequired(lazy_gettext("Donnez un nombre de chaises.")),
            NumberRange(1, 100, lazy_gettext("Donnez un nombre de chaises, de 1 à 100.")),
        ],
    )


class CategoryForm(PartForm):
    """A category of registrations."""

    name = line(lazy_gettext("Nom"), 80, required=lazy_gettext("Saisissez un nom."))
    capacity = bound(lazy_gettext("Nombre de places réservées au plus"))


class StandRequestForm(PartForm):
    """What a partner says of the stand they ask for."""

    name = line(lazy_gettext("Nom du partenaire"), 200, required=lazy_gettext("Saisissez le nom du partenaire."))
    description = line(lazy_gettext("Présentation, en une phrase"), 500)
    website = URLField(lazy_gettext("Site internet"), filters=[given], validators=[Length(max=300)])
    equipment = line(lazy_gettext("Matériel nécessaire"), 500)

    def validate_website(self, field: Any) -> None:
        """Refuse what is not the address of a page."""
        if field.data and not field.data.startswith(("https://", "http://")):
            raise ValidationError(_("Donnez l’adresse entière, par exemple https://www.exemple.fr."))


class StandForm(StandRequestForm):
    """A stand as an organiser keeps it."""

    place = line(lazy_gettext("Emplacement sur le plan"), 60)
    state = SelectField(lazy_gettext("Demande"), choices=options(STAND_LABELS.items()), default="accepted")


class ResourceForm(FlaskForm):  # type: ignore[misc]
    """A document to download."""

    title = line(lazy_gettext("Titre"), 200, required=lazy_gettext("Saisissez un titre."))
    file = FileField(lazy_gettext("Fichier"), validators=[InputRequired(lazy_gettext("Choisissez un fichier."))])


class AccessPlanForm(FlaskForm):  # type: ignore[misc]
    """A plan of the way to the venue; without a file, the one that is kept stays."""

    file = FileField(lazy_gettext("Plan d’accès"))
    alternative = line(
        lazy_gettext("Ce que montre le plan, en une ou deux phrases"),
        500,
        required=lazy_gettext("Décrivez le plan pour les personnes qui ne le voient pas."),
    )


class RhythmForm(FlaskForm):  # type: ignore[misc]
    """From when to when meetings are held, and at which pace."""

    start = TimeField(lazy_gettext("Premier entretien"), validators=[InputRequired(lazy_gettext("Donnez une heure."))])
    end = TimeField(lazy_gettext("Fin des entretiens"), validators=[InputRequired(lazy_gettext("Donnez une heure."))])
    duration = IntegerField(
        lazy_gettext("Durée d’un entretien, en minutes"),
        default=15,
        validators=[
            InputRequired(lazy_gettext("Donnez une durée.")),
            NumberRange(5, 120, lazy_gettext("Donnez une durée de 5 à 120 minutes.")),
        ],
    )
    transfer = IntegerField(
        lazy_gettext("Temps pour changer de table, en minutes"),
        default=0,
        validators=[InputRequired(), NumberRange(0, 60, lazy_gettext("Donnez un temps de 0 à 60 minutes."))],
    )
    break_start = TimeField(lazy_gettext("Début de la pause"), validators=[Optional()])
    break_end = TimeField(lazy_gettext("Fin de la pause"), validators=[Optional()])

    def validate_end(self, field: Any) -> None:
        """Refuse an end before the beginning."""
        if field.data and self.start.data and field.data <= self.start.data:
            raise ValidationError(_("La fin doit venir après le premier entretien."))

    def validate_break_start(self, field: Any) -> None:
        """Refuse a break without an end, or one that ends before it begins."""
        end: Any = self.break_end.data
        if end is None:
            raise ValidationError(_("Donnez le début et la fin de la pause, ou aucun des deux."))
        if end <= field.data:
            raise ValidationError(_("La pause doit finir après son début."))

    def validate_break_end(self, _field: Any) -> None:
        """Refuse a break without a beginning."""
        if self.break_start.data is None:
            raise ValidationError(_("Donnez le début et la fin de la pause, ou aucun des deux."))

    def lengths(self) -> tuple[timedelta, timedelta]:
        """Return the duration of a meeting and the time between two."""
        return timedelta(minutes=self.duration.data), timedelta(minutes=self.transfer.data)


class RegistrationForm(FlaskForm):  # type: ignore[misc]
    """Someone who wants to come."""

    name = line(
        lazy_gettext("Prénom et nom"),
        120,
        required=lazy_gettext("Saisissez votre prénom et votre nom."),
        more=[no_address],
    )
    email = EmailField(lazy_gettext("Adresse électronique"), filters=[one_line], validators=[*ADDRESS])
    organisation = line(lazy_gettext("Organisme"), 200)
    category_id = choice(
        lazy_gettext("Vous venez en tant que"),
        lazy_gettext("Dites en tant que qui vous venez."),
        coerce=number_chosen,
    )
    requirements = line(lazy_gettext("Besoin particulier pour vous accueillir"), 500)

    def __init__(self, edition: Edition, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.category_id.choices = to_choose((category.id, category.name) for category in edition.categories)
