"""Forms of what buyers do with what the search finds."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from openmap.directory.models import Organisation
from openmap.people.forms import one_line, options, printable, several_lines

LONGEST_BODY = 5_000


class _ForSomeone(FlaskForm):  # type: ignore[misc]
    """A form in which one may speak for one of one's organisations; ``chosen`` is it, or ``None``."""

    _ALONE = lazy_gettext("En mon nom seulement")

    organisation_id = SelectField(lazy_gettext("Pour"), coerce=str, default="")

    def __init__(self, own: Sequence[Organisation], **kwargs: object) -> None:
        super().__init__(**kwargs)
        self._own = {str(one.id): one for one in own}
        self.organisation_id.choices = options(
            [("", self._ALONE), *((number, one.name) for number, one in self._own.items())]
        )

    @property
    def chosen(self) -> Organisation | None:
        """The organisation that was chosen."""
        return self._own.get(self.organisation_id.data or "")


class InquiryForm(_ForSomeone):
    """One message to structures."""

    subject = StringField(
        lazy_gettext("Objet"),
        filters=[one_line],
        validators=[
            DataRequired(lazy_gettext("Donnez un objet au message.")),
            Length(max=150, message=lazy_gettext("L’objet est trop long : 150 caractères au plus.")),
            printable,
        ],
    )
    body = TextAreaField(
        lazy_gettext("Message"),
        filters=[several_lines],
        validators=[
            DataRequired(lazy_gettext("Écrivez votre message.")),
            Length(max=LONGEST_BODY, message=lazy_gettext("Le message est trop long : 5 000 caractères au plus.")),
        ],
    )


class ListForm(_ForSomeone):
    """The name of a list, and who shares it."""

    _ALONE = lazy_gettext("Moi seulement")

    name = StringField(
        lazy_gettext("Nom de la liste"),
        filters=[one_line],
        validators=[
            DataRequired(lazy_gettext("Donnez un nom à la liste.")),
            Length(max=120, message=lazy_gettext("Ce nom est trop long : 120 caractères au plus.")),
            printable,
        ],
    )

    def __init__(self, own: Sequence[Organisation], **kwargs: object) -> None:
        super().__init__(own, **kwargs)
        self.organisation_id.label.text = _("Partagée avec les personnes de")


class NoteForm(FlaskForm):  # type: ignore[misc]
    """Where a buyer stands with a structure, and what they note of it."""

    note = TextAreaField(
        lazy_gettext("Note"),
        filters=[several_lines],
        validators=[Length(max=5_000, message=lazy_gettext("La note est trop longue : 5 000 caractères au plus."))],
    )


class SearchNameForm(FlaskForm):  # type: ignore[misc]
    """The name of a search."""

    name = StringField(
        lazy_gettext("Nom de la recherche"),
        filters=[one_line],
        validators=[
            DataRequired(lazy_gettext("Donnez un nom à la recherche.")),
            Length(max=120, message=lazy_gettext("Ce nom est trop long : 120 caractères au plus.")),
            printable,
        ],
    )
