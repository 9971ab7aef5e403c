"""The forms of this room: asking for a calculation, supposing, putting a participant's limits or a wish right."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, SelectField, SelectMultipleField, StringField, TimeField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from openmap.events.models import Edition
from openmap.meetings.models import Participation
from openmap.meetings.supposing import Assumptions, Someone
from openmap.people.forms import one_line, options, printable
from openmap.web.french import clock

LARGEST_SEED = 2**31 - 1

TIME_LIMITS = [
    SelectChoice(10, lazy_gettext("10 secondes : une première idée")),
    SelectChoice(60, lazy_gettext("1 minute : conseillé pour une matinée")),
    SelectChoice(300, lazy_gettext("5 minutes : grande édition")),
    SelectChoice(1800, lazy_gettext("30 minutes : pour chercher la preuve")),
]


class SolveForm(FlaskForm):  # type: ignore[misc]
    """Whether to begin anew or to change least, how long to search at most, the seed that makes a run repeatable."""

    kind = SelectField(
        lazy_gettext("Calcul"),
        choices=[
            SelectChoice("solve", lazy_gettext("Complet : chercher le meilleur planning")),
            SelectChoice("repair", lazy_gettext("Ajustement : changer le moins possible le planning en cours")),
        ],
        default="solve",
    )

    time_limit = SelectField(
        lazy_gettext("Durée maximale"),
        coerce=int,
        choices=TIME_LIMITS,
        default=60,
        validate_choice=True,
    )
    seed = IntegerField(
        lazy_gettext("Graine"),
        default=1,
        validators=[
            InputRequired(lazy_gettext("Donnez une graine : un nombre entier, par exemple 1.")),
            NumberRange(1, LARGEST_SEED, lazy_gettext("La graine est un nombre entier, de 1 à 2 147 483 647.")),
        ],
    )


PEOPLE: Final = (1, 2, 3)
"""How many participants a what-if run can suppose something of."""


def whole(label: Any, least: int, most: int, default: int | None = None) -> IntegerField:
    """Return a field for a whole number that may stay empty."""
    wrong = lazy_gettext("Donnez un nombre entier, de %(least)d à %(most)d.", least=least, most=most)
    return IntegerField(label, default=default, validators=[Optional(), NumberRange(least, most, wrong)])


class SupposeForm(FlaskForm):  # type: ignore[misc]
    """What to suppose of an edition; what stays empty is as it is."""

    name = StringField(
        lazy_gettext("Nom de l’hypothèse"),
        filters=[one_line],
        validators=[
            InputRequired(lazy_gettext("Donnez un nom à cette hypothèse, par exemple : 14 créneaux.")),
            Length(max=120, message=lazy_gettext("Ce nom est trop long : 120 caractères au plus.")),
            printable,
        ],
    )
    more = whole(lazy_gettext("Créneaux en plus"), 0, 20)
    start = TimeField(lazy_gettext("À partir de"), validators=[Optional()])
    minutes = whole(lazy_gettext("Durée de chacun, en minutes"), 5, 120, 15)
    fewer = whole(lazy_gettext("Créneaux en moins, à la fin"), 0, 20)
    tables = whole(lazy_gettext("Tables en plus, ou en moins avec un signe −"), -50, 50)
    order = SelectField(
        lazy_gettext("Ordre des objectifs"),
        choices=[
            SelectChoice("usual", lazy_gettext("Habituel : la valeur, puis l’équilibre, puis l’attente")),
            SelectChoice("balance", lazy_gettext("L’équilibre avant la valeur")),
            SelectChoice("idle", lazy_gettext("L’attente avant la valeur")),
        ],
        default="usual",
    )
    time_limit = SelectField(lazy_gettext("Durée maximale"), coerce=int, choices=TIME_LIMITS, default=60)

    def __init__(self, edition: Edition, codes: Sequence[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._edition = edition
        self._codes = frozenset(codes)
        hours = [(slot.code, clock(slot.start, edition.zone)) for slot in edition.slots]
        for rank in PEOPLE:
            for side in ("from", "until"):
                self[f"{side}_{rank}"].choices = options([("", _("toujours là")), *hours])

    def validate(self, extra_validators: Any = None) -> bool:
        """Check also what only makes sense together."""
        right = bool(super().validate(extra_validators))
        if self.more.data and self.start.data is None and not self.start.errors:
            self.start.errors = [_("Dites à quelle heure commencent les créneaux en plus.")]
            right = False
        for rank in PEOPLE:
            person = self[f"person_{rank}"]
            told = any(self[f"{name}_{rank}"].data not in {None, ""} for name in ("delegates", "most", "from", "until"))
            code = _code(person.data)
            if (code or told) and code not in self._codes:
                person.errors = [_("Choisissez un participant dans la liste.")]
                right = False
            elif code and not told:
                person.errors = [_("Dites ce qui change pour ce participant.")]
                right = False
        return right

    def assumptions(self) -> Assumptions:
        """Return what a valid form supposes."""
        start = ""
        if self.more.data:
            start = datetime.combine(self._edition.held_on, self.start.data, self._edition.zone).isoformat()
        people = {code: self._someone(rank, code) for rank in PEOPLE if (code := _code(self[f"person_{rank}"].data))}
        return Assumptions(
            more=self.more.data or 0, start=start, minutes=self.minutes.data or 15, fewer=self.fewer.data or 0,
            tables=self.tables.data or 0, people=tuple(people.values()), order=self.order.data,
        )  # fmt: skip

    def _someone(self, rank: int, code: str) -> Someone:
        codes = [slot.code for slot in self._edition.slots]
        begin, end = self[f"from_{rank}"].data, self[f"until_{rank}"].data
        absent: tuple[str, ...] = ()
        if begin or end:
            first, last = codes.index(begin or end), codes.index(end or begin)
            absent = tuple(codes[min(first, last) : max(first, last) + 1])
        return Someone(code, self[f"delegates_{rank}"].data, self[f"most_{rank}"].data, absent)


def _code(text: str | None) -> str:
    """Return the code at the head of « B01 – Ville de Montfleury », as the list writes it."""
    return (text or "").split(" ", 1)[0].strip()


for _rank in PEOPLE:
    setattr(SupposeForm, f"person_{_rank}", StringField(lazy_gettext("Participant"), filters=[one_line]))
    setattr(SupposeForm, f"delegates_{_rank}", whole(lazy_gettext("Délégués"), 1, 20))
    setattr(SupposeForm, f"most_{_rank}", whole(lazy_gettext("Entretiens au plus"), 0, 1_000))
    setattr(SupposeForm, f"from_{_rank}", SelectField(lazy_gettext("Absent de"), choices=[], default=""))
    setattr(SupposeForm, f"until_{_rank}", SelectField(lazy_gettext("jusqu’à"), choices=[], default=""))


class LimitsForm(FlaskForm):  # type: ignore[misc]
    """What a participant can hold, as organisers put it right."""

    delegates = IntegerField(
        lazy_gettext("Délégués"),
        validators=[
            InputRequired(lazy_gettext("Donnez le nombre de délégués.")),
            NumberRange(1, 20, lazy_gettext("Donnez un nombre entier, de 1 à 20.")),
        ],
    )
    min_meetings = whole(lazy_gettext("Entretiens au moins"), 0, 1_000)
    max_meetings = whole(lazy_gettext("Entretiens au plus"), 0, 1_000)
    max_run = whole(lazy_gettext("Entretiens d’affilée au plus"), 1, 100)
    table_id = SelectField(lazy_gettext("Table attitrée"), coerce=int, choices=[])
    absent = SelectMultipleField(
        lazy_gettext("Créneaux où il n’est pas là"),
        coerce=int,
        choices=[],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )

    def __init__(self, edition: Edition, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.table_id.choices = options(
            [(0, _("aucune")), *((table.id, table.label or table.code) for table in edition.tables)]
        )
        self.absent.choices = options([(slot.id, clock(slot.start, edition.zone)) for slot in edition.slots])

    def show(self, person: Participation) -> None:
        """Fill the form with what is so now."""
        for name in ("delegates", "min_meetings", "max_meetings", "max_run"):
            self[name].data = getattr(person, name)
        self.table_id.data = person.table_id or 0
        self.absent.data = [slot.id for slot in person.absent_slots]

    def validate(self, extra_validators: Any = None) -> bool:
        """Check also that the maximum is not under the minimum."""
        right = bool(super().validate(extra_validators))
        most = self.max_meetings.data
        if right and most is not None and most < (self.min_meetings.data or 0):
            self.max_meetings.errors = [_("Le maximum est sous le minimum : corrigez l’un des deux.")]
            return False
        return right


class WishForm(FlaskForm):  # type: ignore[misc]
    """What organisers put right about a wish that no plan could serve."""

    required = BooleanField(lazy_gettext("Entretien obligatoire"))
    any_slot = BooleanField(lazy_gettext("Peut se tenir dans n’importe quel créneau"))
    unlock = BooleanField(lazy_gettext("Déverrouiller l’entretien"))
    allow = BooleanField(lazy_gettext("Lever l’exclusion de cette paire"))
    withdraw = BooleanField(lazy_gettext("Retirer ce souhait"))
