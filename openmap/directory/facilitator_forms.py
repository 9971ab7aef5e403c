"""The form of a facilitator: shape and wording of each field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, SelectField, StringField, TelField, TextAreaField, ValidationError
from wtforms.validators import DataRequired, Email, Length, Optional

from openmap.directory.facilitating import FIELDS
from openmap.directory.facilitator_labels import ROLE_LABELS
from openmap.directory.facilitator_models import Facilitator
from openmap.extensions import AnySession
from openmap.people.forms import no_address, number_chosen, one_line, options, printable, several_lines, usable_phone
from openmap.reference.places import areas_by_id, communes_by_code
from openmap.web.fields import Chosen, Day
from openmap.web.requests import row_number

_SHOWN: Final = tuple(name for name in FIELDS if name != "deputy_id")


def _most(most: int) -> Length:
    return Length(max=most, message=lazy_gettext("Ce texte est trop long : %(most)d caractères au plus.", most=most))


def _given(text: str | None) -> str:
    return one_line(text) or ""


def _text(text: str | None) -> str:
    return several_lines(text).strip()


def _deputy(value: Any) -> int | None:
    number = number_chosen(value)
    return None if number is None else row_number(str(number))


def web_address(_form: FlaskForm, field: Any) -> None:
    """Accept an address of the web only: no other scheme can be followed from a page."""
    if field.data and not field.data.lower().startswith(("https://", "http://")):
        raise ValidationError(_("L’adresse du site commence par https://, par exemple https://www.domaine.fr."))


class FacilitatorForm(FlaskForm):  # type: ignore[misc]
    """Who helps buyers with social clauses, and where. ``others`` may stand in for it."""

    role = SelectField(lazy_gettext("Rôle"), choices=[])
    organisation = StringField(
        lazy_gettext("Organisme"),
        filters=[_given],
        validators=[DataRequired(lazy_gettext("Nommez l’organisme.")), _most(200), printable],
    )
    presentation = TextAreaField(lazy_gettext("Présentation"), filters=[_text], validators=[Optional(), _most(2_000)])
    website = StringField(
        lazy_gettext("Site internet"), filters=[_given], validators=[Optional(), _most(300), printable, web_address]
    )
    areas = Chosen(lazy_gettext("Territoires"), r"[0-9]{1,9}")
    communes = Chosen(lazy_gettext("Communes"), r"[0-9][0-9AB][0-9]{3}")
    find_place = StringField(lazy_gettext("Chercher un territoire ou une commune"), filters=[_given])
    contact_name = StringField(
        lazy_gettext("Prénom et nom, ou service"),
        filters=[_given],
        validators=[Optional(), _most(120), printable, no_address],
    )
    contact_email = EmailField(
        lazy_gettext("Adresse électronique"),
        filters=[_given],
        validators=[
            Optional(),
            _most(254),
            Email(lazy_gettext("Cette adresse n’est pas complète : vérifiez-la, par exemple nom@domaine.fr.")),
        ],
    )
    contact_phone = TelField(lazy_gettext("Téléphone"), filters=[_given], validators=[Optional(), usable_phone])
    is_published = BooleanField(lazy_gettext("Cette personne accepte que ses coordonnées soient publiques"))
    active_from = Day(lazy_gettext("Répond à partir du"))
    active_until = Day(lazy_gettext("Répond jusqu’au"))
    deputy_id = SelectField(lazy_gettext("En son absence, répond"), choices=[], coerce=_deputy)

    def __init__(self, others: Sequence[Facilitator], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.role.choices = options(ROLE_LABELS.items())
        self.deputy_id.choices = options([("", _("Personne"))] + [(one.id, one.organisation) for one in others])

    def validate_active_until(self, field: Any) -> None:
        """Ask for days in order."""
        if field.data and self.active_from.data and field.data < self.active_from.data:
            raise ValidationError(_("La fin vient avant le début : vérifiez les deux dates."))

    def values(self, session: AnySession) -> dict[str, Any]:
        """Return what the entry is to hold, by the names that ``facilitating.change`` takes."""
        return {
            **{name: self[name].data for name in FIELDS},
            "areas": areas_by_id(session, map(int, self.areas.data or [])),
            "communes": communes_by_code(session, self.communes.data or []),
            "is_published": bool(self.is_published.data),
        }


def filled(entry: Facilitator) -> dict[str, Any]:
    """Return what the form of an entry shows."""
    return {name: getattr(entry, name) for name in _SHOWN} | {
        "deputy_id": entry.deputy_id or "",
        "areas": [str(one.id) for one in entry.areas],
        "communes": [one.code for one in entry.communes],
        "is_published": entry.published_at is not None,
    }
