"""The form of a need: shape and wording of each field. What a declared need must have is ``services``' to say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import (
    EmailField,
    RadioField,
    SelectField,
    StringField,
    TelField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import DataRequired, Email, Length, Optional

from openmap.extensions import AnySession
from openmap.needs import labels
from openmap.needs.models import Need
from openmap.needs.periods import bounds, inside, quarters_from
from openmap.needs.services import outside
from openmap.needs.telling import CONTACT
from openmap.people.forms import no_address, one_line, options, printable, several_lines, usable_phone
from openmap.reference.picking import chosen_activities
from openmap.reference.places import areas_by_id, communes_by_code
from openmap.web.fields import Chosen, Day
from openmap.web.french import quarter as quarter_told

LONGEST: Final = 3_000
MOST_CODES: Final = 20
_CODE: Final = re.compile(r"([0-9]{8})(-[0-9])?")
_SPLIT: Final = re.compile(r"[\s,;]+")


def _given(text: str | None) -> str:
    return one_line(text) or ""


def _text(text: str | None) -> str:
    return several_lines(text).strip()


def _most(most: int) -> Length:
    return Length(max=most, message=lazy_gettext("Ce texte est trop long : %(most)d caractères au plus.", most=most))


def _line(label: Any, most: int, *more: Any) -> StringField:
    return StringField(label, filters=[_given], validators=[Optional(), _most(most), printable, *more])


class NeedForm(FlaskForm):  # type: ignore[misc]
    """A need. ``need`` is the one that is being changed, ``today`` the first of the eighteen months."""

    title = StringField(
        lazy_gettext("Objet de l’achat"),
        filters=[_given],
        validators=[
            DataRequired(lazy_gettext("Dites en une ligne ce que vous pensez acheter.")),
            _most(300),
            printable,
        ],
    )
    description = TextAreaField(lazy_gettext("Description"), filters=[_text], validators=[Optional(), _most(LONGEST)])
    activities = Chosen(lazy_gettext("Activités et codes CPV"), r"[0-9]{1,9}")
    cpv = Chosen(lazy_gettext("Codes CPV"), r"[0-9]{8}")
    cpv_typed = StringField(lazy_gettext("Autres codes CPV"), filters=[_given])
    find_trade = StringField(lazy_gettext("Chercher une activité ou un code CPV"), filters=[_given])
    areas = Chosen(lazy_gettext("Lieu d’exécution"), r"[0-9]{1,9}")
    communes = Chosen(lazy_gettext("Communes"), r"[0-9][0-9AB][0-9]{3}")
    find_place = StringField(lazy_gettext("Chercher un territoire ou une commune"), filters=[_given])
    quarter = SelectField(lazy_gettext("Trimestre"), choices=[])
    starts_on = Day(lazy_gettext("Premier jour"))
    ends_on = Day(lazy_gettext("Dernier jour"))
    recurrence = SelectField(lazy_gettext("Récurrence"), choices=[])
    amount = SelectField(lazy_gettext("Montant hors taxes, sur toute la durée"), choices=[])
    lots = TextAreaField(lazy_gettext("Lots, un par ligne"), filters=[_text], validators=[Optional(), _most(LONGEST)])
    delivery = SelectField(lazy_gettext("Forme de l’achat"), choices=[])
    lever = RadioField(lazy_gettext("Levier social prévu"), choices=[])
    procedure = SelectField(lazy_gettext("Procédure"), choices=[])
    renews = _line(lazy_gettext("Marché renouvelé"), 300)
    renewed_ends_on = Day(lazy_gettext("Fin de ce marché"))
    certainty = RadioField(lazy_gettext("Certitude"), choices=[])
    contact_name = _line(lazy_gettext("Prénom et nom, ou service"), 120, no_address)
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
    visibility = RadioField(lazy_gettext("Qui voit ce besoin"), choices=[])

    def __init__(self, need: Need | None, today: date, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._need, self._today = need, today
        self.quarter.choices = options([("", _("Des dates, ou pas encore décidé")), *self._quarters()])
        self.recurrence.choices = options(labels.RECURRENCE_LABELS.items())
        self.amount.choices = options(labels.AMOUNT_LABELS.items())
        self.delivery.choices = options(labels.DELIVERY_LABELS.items())
        self.procedure.choices = options(labels.PROCEDURE_LABELS.items())
        self.lever.choices = options(labels.LEVER_LABELS.items())
        self.certainty.choices = options(labels.CERTAINTY_LABELS.items())
        self.visibility.choices = options(labels.VISIBILITY_LABELS.items())

    def _quarters(self) -> list[tuple[str, str]]:
        listed = quarters_from(self._today)
        if self._need is not None and self._need.quarter and self._need.quarter not in listed:
            listed.insert(0, self._need.quarter)
        return [(code, quarter_told(code)) for code in listed]

    def validate_cpv_typed(self, field: Any) -> None:
        """Accept codes of eight digits, with or without the key."""
        wrong = [one for one in _SPLIT.split(field.data or "") if one and not _CODE.fullmatch(one)]
        if wrong:
            raise ValidationError(
                _("« %(code)s » n’est pas un code CPV : huit chiffres, par exemple 90911200.", code=wrong[0][:40])
            )
        if len(self.codes()) > MOST_CODES:
            raise ValidationError(_("Vingt codes CPV au plus."))

    def validate_ends_on(self, field: Any) -> None:
        """Ask for both days or none, in order, inside the quarter where one is chosen too, within eighteen months."""
        first, last, code = self.starts_on.data, field.data, self.quarter.data
        if self.starts_on.errors or (first is None and last is None):
            return
        if first is None or last is None:
            raise ValidationError(_("Donnez les deux dates : du premier jour au dernier."))
        if last < first:
            raise ValidationError(_("La fin vient avant le début : vérifiez les deux dates."))
        if code in dict(self._quarters()) and not (bounds(code)[0] <= first and last <= bounds(code)[1]):
            raise ValidationError(
                _("Ces dates ne sont pas dans le trimestre choisi : corrigez-les, ou laissez le trimestre de côté.")
            )
        if not self._is_held(first, last) and not inside(first, last, self._today):
            raise ValidationError(outside(last, self._today))

    def _is_held(self, first: date, last: date) -> bool:
        return self._need is not None and (self._need.starts_on, self._need.ends_on) == (first, last)

    def codes(self) -> list[str]:
        """Return the CPV codes chosen and typed, each once, without their keys."""
        typed = [match[1] for one in _SPLIT.split(self.cpv_typed.data or "") if (match := _CODE.fullmatch(one))]
        return list(dict.fromkeys([*(self.cpv.data or []), *typed]))

    def values(self, session: AnySession) -> dict[str, Any]:
        """Return what the need is to hold, by the names of ``telling.COLUMNS``."""
        plain = (
            "title", "description", "recurrence", "amount", "lots", "delivery", "lever", "procedure", "renews",
            "renewed_ends_on", "certainty", *CONTACT, "visibility",
        )  # fmt: skip
        first, last = self.starts_on.data, self.ends_on.data
        code = self.quarter.data if self.quarter.data in dict(self._quarters()) else None
        if code and first is None:
            first, last = bounds(code)
        return {
            **{name: self[name].data for name in plain},
            "cpv": self.codes(),
            "activities": chosen_activities(session, self.activities.data or []),
            "areas": areas_by_id(session, map(int, self.areas.data or [])),
            "communes": communes_by_code(session, self.communes.data or []),
            "quarter": code,
            "starts_on": first,
            "ends_on": last,
        }


def filled(need: Need) -> Mapping[str, Any]:
    """Return what the form of a need shows: days only where they say more than the quarter."""
    shown = {
        name: getattr(need, name)
        for name in (
            "title", "description", "recurrence", "amount", "lots", "delivery", "lever", "procedure", "renews",
            "renewed_ends_on", "certainty", *CONTACT, "visibility",
        )
    }  # fmt: skip
    whole = bool(need.quarter) and (need.starts_on, need.ends_on) == bounds(need.quarter or "")
    return shown | {
        "quarter": need.quarter or "",
        "starts_on": None if whole else need.starts_on,
        "ends_on": None if whole else need.ends_on,
        "cpv": list(need.cpv),
        "activities": [str(one.id) for one in need.activities],
        "areas": [str(one.id) for one in need.areas],
        "communes": [one.code for one in need.communes],
    }
