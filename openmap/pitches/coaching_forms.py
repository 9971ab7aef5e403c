"""Shape and wording of what is typed about the coaching."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import DateField, IntegerField, TimeField, ValidationError
from wtforms.validators import InputRequired, NumberRange, Optional

from openmap.events.forms import LocalTime, line, of_our_time, text
from openmap.events.models import Edition
from openmap.events.slots import Rhythm
from openmap.pitches.models import CoachingSlot, Jury


class CoachingRhythmForm(FlaskForm):  # type: ignore[misc]
    """The half-day: from when to when, how long each, with whom."""

    day = DateField(lazy_gettext("Jour"), validators=[InputRequired(lazy_gettext("Donnez un jour.")), of_our_time])
    start = TimeField(lazy_gettext("Début"), validators=[InputRequired(lazy_gettext("Donnez une heure."))])
    end = TimeField(lazy_gettext("Fin"), validators=[InputRequired(lazy_gettext("Donnez une heure."))])
    duration = IntegerField(
        lazy_gettext("Durée d’un accompagnement, en minutes"),
        default=45,
        validators=[
            InputRequired(lazy_gettext("Donnez une durée.")),
            NumberRange(5, 240, lazy_gettext("Donnez une durée de 5 à 240 minutes.")),
        ],
    )
    coaches = text(lazy_gettext("Qui accompagne, une personne ou une agence par ligne"), 1000)
    place = line(lazy_gettext("Lieu"), 200)

    def validate_end(self, field: Any) -> None:
        """Refuse an end before the beginning."""
        if field.data and self.start.data and field.data <= self.start.data:
            raise ValidationError(_("La fin doit venir après le début."))

    def validate_coaches(self, field: Any) -> None:
        """Refuse a half-day without anyone, and names that are too long."""
        if not self.names():
            raise ValidationError(_("Donnez au moins un nom."))
        if any(len(name) > 120 for name in self.names()):
            raise ValidationError(_("Un nom est trop long : 120 caractères au plus."))
        del field

    def names(self) -> list[str]:
        """Return who coaches."""
        typed: str = self.coaches.data or ""
        return [" ".join(name.split()) for name in typed.splitlines() if name.strip()]

    def rhythm(self, zone: ZoneInfo) -> Rhythm:
        """Return the half-day as a rhythm of instants."""
        day: Any = self.day.data
        start: Any = self.start.data
        end: Any = self.end.data
        return Rhythm(
            datetime.combine(day, start, zone),
            datetime.combine(day, end, zone),
            timedelta(minutes=self.duration.data or 45),
            timedelta(0),
        )


class CoachingSlotForm(FlaskForm):  # type: ignore[misc]
    """A moment with a coach."""

    coach = line(lazy_gettext("Qui accompagne"), 120, required=lazy_gettext("Donnez un nom."))
    place = line(lazy_gettext("Lieu"), 200)
    start = LocalTime(lazy_gettext("Début"), [InputRequired(lazy_gettext("Donnez un jour et une heure.")), of_our_time])
    end = LocalTime(lazy_gettext("Fin"), [InputRequired(lazy_gettext("Donnez un jour et une heure.")), of_our_time])

    def validate_end(self, field: Any) -> None:
        """Refuse an end before the beginning."""
        start: Any = self.start.data
        if field.data and start and field.data <= start:
            raise ValidationError(_("La fin doit venir après le début."))

    def show(self, slot: CoachingSlot, edition: Edition) -> None:
        """Fill the fields with a moment."""
        self.coach.data, self.place.data = slot.coach, slot.place
        hours: list[tuple[Any, datetime]] = [(self.start, slot.start), (self.end, slot.end)]
        for field, instant in hours:
            field.data = instant.astimezone(edition.zone).replace(tzinfo=None)

    def values(self, edition: Edition) -> dict[str, Any]:
        """Return what the moment is to be."""
        start: Any = self.start.data
        end: Any = self.end.data
        return {
            "coach": self.coach.data,
            "place": self.place.data or "",
            "start": start.replace(tzinfo=edition.zone),
            "end": end.replace(tzinfo=edition.zone),
        }


class DeadlinesForm(FlaskForm):  # type: ignore[misc]
    """Until when structures book, and hand in their slides."""

    booking = LocalTime(lazy_gettext("Réserver ou changer jusqu’au"), [Optional(), of_our_time])
    decks = LocalTime(lazy_gettext("Déposer un support jusqu’au"), [Optional(), of_our_time])

    def show(self, jury: Jury, edition: Edition) -> None:
        """Fill the fields with what is set."""
        fields: list[tuple[Any, datetime | None]] = [
            (self.booking, jury.booking_until),
            (self.decks, jury.decks_until),
        ]
        for field, instant in fields:
            field.data = instant and instant.astimezone(edition.zone).replace(tzinfo=None)

    def instants(self, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
        """Return both as instants."""
        booking: Any = self.booking.data
        decks: Any = self.decks.data
        return booking and booking.replace(tzinfo=zone), decks and decks.replace(tzinfo=zone)


class DeckForm(FlaskForm):  # type: ignore[misc]
    """The slides."""

    file = FileField(
        lazy_gettext("Support de présentation"), validators=[InputRequired(lazy_gettext("Choisissez un fichier."))]
    )
