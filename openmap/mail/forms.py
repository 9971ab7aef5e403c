"""Forms of the outbox."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import StringField, TextAreaField, ValidationError
from wtforms.validators import DataRequired, Length

from openmap.mail.purposes import Purpose, UnknownPlaceholder, require_known
from openmap.people.forms import one_line, printable, several_lines


class WordsForm(FlaskForm):  # type: ignore[misc]
    """A subject and a text; with a ``purpose``, only placeholders that it can fill."""

    subject = StringField(
        lazy_gettext("Objet"),
        filters=[one_line],
        validators=[
            DataRequired(lazy_gettext("Donnez un objet au message.")),
            Length(max=200, message=lazy_gettext("L’objet est trop long : 200 caractères au plus.")),
            printable,
        ],
    )
    body = TextAreaField(
        lazy_gettext("Texte"),
        filters=[several_lines],
        validators=[
            DataRequired(lazy_gettext("Écrivez le texte du message.")),
            Length(max=20_000, message=lazy_gettext("Le texte est trop long : 20 000 caractères au plus.")),
        ],
    )

    def __init__(self, purpose: Purpose | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._purpose = purpose

    def validate_subject(self, field: Any) -> None:
        """Refuse unknown placeholders."""
        self._check(field)

    def validate_body(self, field: Any) -> None:
        """Refuse unknown placeholders."""
        self._check(field)

    def _check(self, field: Any) -> None:
        if self._purpose is None:
            return
        try:
            require_known(field.data, self._purpose)
        except UnknownPlaceholder as error:
            raise ValidationError(str(error)) from None
