"""Forms about people."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any, Final

import phonenumbers
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import EmailField, SelectField, StringField, TelField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Email, InputRequired, Length

from openmap.people.labels import ROLE_LABELS

ADDRESS = (
    InputRequired(lazy_gettext("Saisissez une adresse électronique, par exemple nom@domaine.fr.")),
    Length(max=254, message=lazy_gettext("Cette adresse est trop longue : 254 caractères au plus.")),
    Email(lazy_gettext("Cette adresse n’est pas complète : vérifiez-la, par exemple nom@domaine.fr.")),
)
"""What every field for an address checks."""


_ADDRESS: Final = re.compile(r"[@/\\]|\b(?:www|WWW)\b|\w{2,}\.(?:[a-z]{2,}|[A-Z]{2,})\b")
"""What a mail reader could make a link of; « J.-P. » and « Dr.Martin » are names."""


def options(pairs: Iterable[tuple[Any, Any]]) -> list[SelectChoice]:
    """Return the choices of a list from values and labels."""
    return [SelectChoice(value=value, label=label) for value, label in pairs]


def to_choose(pairs: Iterable[tuple[Any, Any]]) -> list[SelectChoice]:
    """Return the choices of a list that begins with none made; of a single one there is nothing to choose."""
    offered = options(pairs)
    return offered if len(offered) == 1 else [SelectChoice(value="", label=_("Choisir…")), *offered]


def choice(label: Any, required: Any, *, coerce: Callable[[Any], Any] = str) -> SelectField:
    """Return a list in which a choice must be made; the form gives its ``choices`` by ``to_choose``."""
    return SelectField(label, coerce=coerce, choices=[], validators=[InputRequired(required)])


def number_chosen(value: Any) -> int | None:
    """Return the number of a choice, ``None`` while none is made. Raises ValueError."""
    return int(value) if value not in {None, ""} else None


def one_line(text: str | None) -> str | None:
    """Fold spaces and line breaks, so that a name stays a name."""
    return None if text is None else " ".join(text.split())


def printable(_form: FlaskForm, field: Any) -> None:
    """Refuse control characters, which no name has."""
    if field.data and not field.data.isprintable():
        raise ValidationError(_("Ce texte contient un caractère invisible : saisissez-le de nouveau."))


def several_lines(text: str | None) -> str:
    """Keep a text with its lines: ends of lines are those of Unix, other control characters go (RFC 5545, 3.3.11)."""
    lines = (text or "").replace("\r\n", "\n").replace("\r", "\n")
    return "".join(letter for letter in lines if letter in "\n\t" or unicodedata.category(letter) != "Cc")


def no_address(_form: FlaskForm, field: Any) -> None:
    """Refuse an address in the name of a person: mails to anyone repeat it, and would carry a stranger's link."""
    if field.data and _ADDRESS.search(field.data):
        raise ValidationError(_("Un nom ne contient pas d’adresse : saisissez seulement le prénom et le nom."))


def usable_phone(_form: FlaskForm, field: Any) -> None:
    """Accept a French number as it is usually typed, or an international one, and keep it in its one form (E.164)."""
    if not field.data:
        return
    try:
        number = phonenumbers.parse(field.data, "FR")
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        raise ValidationError(_("Ce numéro n’existe pas : donnez-le en entier, par exemple 01 23 45 67 89."))
    field.data = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class ProfileForm(FlaskForm):  # type: ignore[misc]
    """What a person says of themselves."""

    name = StringField(
        lazy_gettext("Prénom et nom"),
        filters=[one_line],
        validators=[
            DataRequired(lazy_gettext("Saisissez votre prénom et votre nom.")),
            Length(max=120, message=lazy_gettext("Ce nom est trop long : 120 caractères au plus.")),
            printable,
            no_address,
        ],
    )
    position = StringField(
        lazy_gettext("Fonction"),
        filters=[one_line],
        validators=[
            Length(max=120, message=lazy_gettext("Cette fonction est trop longue : 120 caractères au plus.")),
            printable,
        ],
    )
    phone = TelField(lazy_gettext("Téléphone"), validators=[usable_phone])


class PersonForm(FlaskForm):  # type: ignore[misc]
    """Someone to invite."""

    email = EmailField(lazy_gettext("Adresse électronique"), filters=[one_line], validators=[*ADDRESS])
    name = StringField(
        lazy_gettext("Prénom et nom"),
        filters=[one_line],
        validators=[
            Length(max=120, message=lazy_gettext("Ce nom est trop long : 120 caractères au plus.")),
            printable,
            no_address,
        ],
    )


class InviteForm(PersonForm):
    """Someone to give a role to. ``roles`` says which can be given here."""

    role = choice(lazy_gettext("Rôle"), lazy_gettext("Choisissez un rôle."))

    def __init__(self, roles: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.role.choices = to_choose((role, ROLE_LABELS[role]) for role in roles)
