"""Forms of those who examine."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import RadioField, TextAreaField, ValidationError
from wtforms.validators import Length

from openmap.applications.labels import STANDING_LABELS, UNDECIDED
from openmap.people.forms import options


class StandingForm(FlaskForm):  # type: ignore[misc]
    """Whether a file is eligible, and why."""

    standing = RadioField(
        lazy_gettext("Recevabilité"),
        choices=options([*STANDING_LABELS.items(), ("", UNDECIDED)]),
        filters=[lambda value: value or ""],
    )
    standing_reason = TextAreaField(
        lazy_gettext("Motif"),
        filters=[lambda text: (text or "").replace("\r\n", "\n").strip()],
        validators=[Length(max=1000, message=lazy_gettext("Le motif est trop long : 1 000 caractères au plus."))],
    )

    @property
    def reason(self) -> str:
        """The reason that was typed."""
        return str(self.standing_reason.data or "")

    def validate_standing_reason(self, field: Any) -> None:
        """Ask for a reason where the file is refused."""
        if self.standing.data == "ineligible" and not field.data:
            raise ValidationError(_("Dites pourquoi la candidature n’est pas recevable."))
