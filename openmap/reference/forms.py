"""Forms about words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    HiddenField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import DataRequired, Length

from openmap.people.forms import choice, number_chosen, one_line, options, printable, several_lines, to_choose
from openmap.reference.models import Term

_CPV: Final = re.compile(r"(\d{8})(-\d)?")


def lines_of(text: str | None) -> list[str]:
    """Return the lines that hold something, each once, in order."""
    return list(dict.fromkeys(" ".join(line.split()) for line in (text or "").splitlines() if line.strip()))


class TermForm(FlaskForm):  # type: ignore[misc]
    """What every word has. ``others`` are the codes and names that could replace it."""

    version = HiddenField()
    name = StringField(
        lazy_gettext("Nom"),
        filters=[one_line],
        validators=[
            DataRequired(lazy_gettext("Saisissez un nom.")),
            Length(max=120, message=lazy_gettext("Ce nom est trop long : 120 caractères au plus.")),
            printable,
        ],
    )
    definition = TextAreaField(
        lazy_gettext("Définition"),
        filters=[several_lines],
        validators=[
            Length(max=2000, message=lazy_gettext("Cette définition est trop longue : 2 000 caractères au plus."))
        ],
    )
    retired = BooleanField(lazy_gettext("N’est plus utilisé : le code reste lisible, il ne peut plus être choisi"))
    replaced_by = SelectField(lazy_gettext("Remplacé par"), choices=[])

    def __init__(self, others: Sequence[tuple[str, str]], term: Term | None = None, **kwargs: Any) -> None:
        data = None if term is None else self.data_of(term)
        super().__init__(data=data, **kwargs)
        self.replaced_by.choices = options([("", _("rien")), *others])
        if term is None:
            del self.retired, self.replaced_by

    def data_of(self, term: Term) -> dict[str, Any]:
        """Return what the form shows of a word."""
        return {
            "version": str(term.version),
            "name": term.name,
            "definition": term.definition,
            "retired": term.retired_at is not None,
            "replaced_by": term.replaced_by or "",
        }

    def values(self, term: Term | None, now: datetime) -> dict[str, Any]:
        """Return what the word is to hold."""
        values: dict[str, Any] = {"name": self.name.data, "definition": (self.definition.data or "").strip()}
        if term is not None:
            retired = (term.retired_at or now) if self.retired.data else None
            values |= {"retired_at": retired, "replaced_by": (self.replaced_by.data or None) if retired else None}
        return values


class FamilyForm(TermForm):
    """A kind of structure or a label: a word that belongs to a family."""

    family = choice(lazy_gettext("Famille"), lazy_gettext("Choisissez une famille."))

    def __init__(self, families: Sequence[tuple[str, Any]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.family.choices = to_choose(families)

    def data_of(self, term: Any) -> dict[str, Any]:
        """Return what the form shows of a word."""
        return super().data_of(term) | {"family": term.family}

    def values(self, term: Term | None, now: datetime) -> dict[str, Any]:
        """Return what the word is to hold."""
        return super().values(term, now) | {"family": self.family.data}


class KindForm(FamilyForm):
    """A kind of structure."""

    law = StringField(
        lazy_gettext("Article du code de la commande publique qui permet de lui réserver un marché"),
        filters=[one_line],
        validators=[
            Length(max=40, message=lazy_gettext("Cette référence est trop longue : 40 caractères au plus.")),
            printable,
        ],
    )

    def data_of(self, term: Any) -> dict[str, Any]:
        """Return what the form shows of a kind."""
        return super().data_of(term) | {"law": term.law}

    def values(self, term: Term | None, now: datetime) -> dict[str, Any]:
        """Return what the kind is to hold."""
        return super().values(term, now) | {"law": self.law.data or ""}


class ActivityForm(TermForm):
    """An activity with the other words for it."""

    trade_id = choice(lazy_gettext("Filière"), lazy_gettext("Choisissez une filière."), coerce=number_chosen)
    synonyms = TextAreaField(lazy_gettext("Synonymes, un par ligne"), filters=[several_lines])
    cpv = TextAreaField(lazy_gettext("Codes CPV, un par ligne"))
    lemarche = TextAreaField(lazy_gettext("Secteurs du Marché de l’inclusion, un par ligne"), filters=[several_lines])

    def __init__(self, trades: Sequence[tuple[int, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.trade_id.choices = to_choose(trades)

    def data_of(self, term: Any) -> dict[str, Any]:
        """Return what the form shows of an activity."""
        lists = {name: "\n".join(getattr(term, name)) for name in ("synonyms", "cpv", "lemarche")}
        return super().data_of(term) | {"trade_id": term.trade_id} | lists

    def values(self, term: Term | None, now: datetime) -> dict[str, Any]:
        """Return what the activity is to hold."""
        lists = {name: lines_of(self[name].data) for name in ("synonyms", "lemarche")}
        cpv = [code.partition("-")[0] for code in lines_of(self.cpv.data)]
        return super().values(term, now) | {"trade_id": self.trade_id.data, "cpv": list(dict.fromkeys(cpv))} | lists

    def validate_cpv(self, field: Any) -> None:
        """Refuse what is not a CPV code: eight digits, and its check digit if wanted."""
        wrong = [line for line in lines_of(field.data) if not _CPV.fullmatch(line)]
        if wrong:
            raise ValidationError(
                _("« %(code)s » n’est pas un code CPV : donnez huit chiffres, par exemple 77310000.", code=wrong[0])
            )
