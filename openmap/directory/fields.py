"""Fields that a structure is asked for wherever it tells of itself: on its page and in its files."""

from __future__ import annotations

from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from stdnum.exceptions import InvalidChecksum
from stdnum.exceptions import ValidationError as WrongNumber
from stdnum.fr import siret as siret_number
from wtforms import IntegerField, StringField, TextAreaField, URLField, ValidationError
from wtforms.validators import Length, NumberRange, Optional
from wtforms.widgets import TextInput

from openmap.people.forms import one_line, printable

LONGEST: Final = 3000


def given(text: str | None) -> str:
    """Return one line of text, never ``None``."""
    return one_line(text) or ""


def _lines(text: str | None) -> str:
    """Return a text with one kind of line break, so that its length is what the browser counted."""
    return (text or "").replace("\r\n", "\n").strip()


def too_long(most: int) -> Length:
    """Return the bound of a text, in words."""
    return Length(max=most, message=lazy_gettext("Ce texte est trop long : %(most)d caractères au plus.", most=most))


def line(label: Any, most: int) -> StringField:
    """Return a field for one line of text that may stay empty."""
    return StringField(label, filters=[given], validators=[Optional(), too_long(most), printable])


def text(label: Any, most: int = LONGEST) -> TextAreaField:
    """Return a field for several lines that may stay empty."""
    return TextAreaField(label, filters=[_lines], validators=[Optional(), too_long(most)])


class Whole(IntegerField):  # type: ignore[misc]
    """A whole number that may stay empty, typed as people do: spaces and a unit are left out."""

    widget = TextInput()  # a browser's own number field swallows what it cannot read

    def __init__(self, label: Any, most: int, **kwargs: Any) -> None:
        self._most = most
        wrong = lazy_gettext("Donnez un nombre entier, de 0 à %(most)d.", most=most)
        super().__init__(label, validators=[Optional(), NumberRange(0, most, wrong)], **kwargs)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed."""
        typed = "".join(valuelist[:1]).replace("\u202f", "").replace("\xa0", "").replace(" ", "").rstrip("%")
        self.data = None
        if not typed:
            return
        if not (typed.isascii() and typed.isdigit() and len(typed) < 8):
            raise ValueError(_("Donnez un nombre entier, de 0 à %(most)d.", most=self._most))
        self.data = int(typed)


def _right_siret(_form: FlaskForm, field: Any) -> None:
    try:
        field.data = siret_number.validate(field.data)
    except InvalidChecksum:
        raise ValidationError(
            _("Ce SIRET contient une erreur de frappe : sa clé de contrôle n’est pas juste. Vérifiez-le.")
        ) from None
    except WrongNumber:
        raise ValidationError(_("Un SIRET compte 14 chiffres : vérifiez-le, par exemple sur une facture.")) from None


def siret_field() -> StringField:
    """Return the field of a SIRET: spaces allowed, key checked."""
    return StringField(lazy_gettext("SIRET"), filters=[given], validators=[Optional(), _right_siret])


def _usable_site(_form: FlaskForm, field: Any) -> None:
    """Accept an address as people give it, and keep it whole; nothing that a browser would run."""
    address = field.data if "://" in field.data else f"https://{field.data}"
    if not address.startswith(("https://", "http://")) or " " in address or "." not in address:
        raise ValidationError(_("Cette adresse de site n’est pas complète, par exemple www.exemple.fr."))
    field.data = address


def website_field() -> URLField:
    """Return the field of a site's address: with or without its scheme."""
    return URLField(
        lazy_gettext("Site internet"), filters=[given], validators=[Optional(), too_long(300), _usable_site]
    )
