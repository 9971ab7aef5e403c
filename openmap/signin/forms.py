"""Forms of signing in."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, PasswordField, StringField, ValidationError
from wtforms.validators import EqualTo, InputRequired, Length

from openmap.people.forms import ADDRESS, one_line
from openmap.signin.services import PASSWORD_LENGTH

MOST_COMMON = frozenset({"motdepasse", "azerty", "password", "openmap", "123456789012", "qwertyuiop"})


class AddressForm(FlaskForm):  # type: ignore[misc]
    """The address that a link is sent to."""

    email = EmailField(lazy_gettext("Votre adresse électronique"), filters=[one_line], validators=[*ADDRESS])


class PasswordForm(FlaskForm):  # type: ignore[misc]
    """Address and password."""

    email = EmailField(lazy_gettext("Votre adresse électronique"), filters=[one_line], validators=[*ADDRESS])
    password = PasswordField(
        lazy_gettext("Mot de passe"),
        validators=[
            InputRequired(lazy_gettext("Saisissez votre mot de passe.")),
            Length(max=200, message=lazy_gettext("Ce mot de passe est trop long : 200 caractères au plus.")),
        ],
    )


class CodeForm(FlaskForm):  # type: ignore[misc]
    """A code of the second factor."""

    code = StringField(
        lazy_gettext("Code à six chiffres"),
        validators=[InputRequired(lazy_gettext("Saisissez le code que montre votre application."))],
    )


def hard_to_guess(_form: FlaskForm, field: Any) -> None:
    """Refuse what everyone tries first (ANSSI, NIST SP 800-63B 5.1.1.2: length and a list, no rules of composition)."""
    folded = "".join(field.data.lower().split())
    rest = min((folded.replace(word, "") for word in MOST_COMMON), key=len)
    if len(set(folded)) < 5 or (rest != folded and len(rest) < 6):
        raise ValidationError(_("Ce mot de passe se devine : choisissez par exemple quatre mots sans rapport."))


class ChoosePasswordForm(FlaskForm):  # type: ignore[misc]
    """A new password, twice."""

    password = PasswordField(
        lazy_gettext("Nouveau mot de passe"),
        validators=[
            InputRequired(lazy_gettext("Choisissez un mot de passe.")),
            Length(
                PASSWORD_LENGTH,
                200,
                lazy_gettext("Le mot de passe doit avoir de 12 à 200 caractères : une phrase convient très bien."),
            ),
            hard_to_guess,
        ],
    )
    again = PasswordField(
        lazy_gettext("Le même, encore une fois"),
        validators=[EqualTo("password", lazy_gettext("Les deux saisies diffèrent : recommencez."))],
    )


class EraseForm(FlaskForm):  # type: ignore[misc]
    """The confirmation that erasing asks for."""

    sure = BooleanField(
        lazy_gettext("Je comprends que mes données seront effacées et ne pourront pas être rendues"),
        validators=[InputRequired(lazy_gettext("Cochez la case pour confirmer l’effacement."))],
    )
