"""A file as it is read: the same labelled content on its page, on paper, before the jury and in exports."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy import select

from openmap.applications.completeness import answers_of, asked
from openmap.applications.labels import FIELD_LABELS, kind_label
from openmap.applications.models import Application, Attachment, Attendee, Question, Revision
from openmap.directory.labels import legal_form_label
from openmap.extensions import AnySession
from openmap.people.journal import HIDDEN
from openmap.reference.models import Activity, Area, Commune, Label
from openmap.web.french import NBSP, clock, long_date, number

NOTHING: Final = lazy_gettext("Non renseigné")
_NAMED: Final[Mapping[str, tuple[type[Any], str]]] = {
    "activities": (Activity, "code"),
    "areas": (Area, "code"),
    "labels": (Label, "code"),
}
_ANSWER: Final = re.compile(r"(?:answers?|questions?)[._:-]?(\d+)")


@dataclass(frozen=True, slots=True)
class Row:
    """A label with what the file says: a text (of several lines, perhaps) or a list; empty where it says nothing.

    ``attachment`` is set where the row is a file to download.
    """

    label: str
    value: str | list[str]
    attachment: Attachment | None = None

    @property
    def told(self) -> list[str]:
        """The value as lines, that it is missing where it is."""
        values = [self.value] if isinstance(self.value, str) else self.value
        return [value for value in values if value] or [str(NOTHING)]

    @property
    def is_missing(self) -> bool:
        """Whether the file says nothing here."""
        return not any([self.value] if isinstance(self.value, str) else self.value)


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the file; ``anchor`` names it in an address."""

    title: str
    rows: list[Row] = field(default_factory=list)
    anchor: str = ""


def sections(
    session: AnySession,
    application: Application,
    *,
    questions: Sequence[Question] | None = None,
    contacts: bool = True,
) -> list[Section]:
    """Return the content of a file, part by part, in French.

    ``questions`` are the edition's where the caller has them already. Without ``contacts`` nobody's address or
    telephone is told: readers who need not write to them are not given them.
    """
    questions = questions_of(session, application.edition_id) if questions is None else questions
    parts = [
        Section(_("Identité"), _identity(application), "identite"),
        Section(_("Ce que fait la structure"), _activity(application), "activite"),
        Section(_("Où elle intervient"), _places(application), "territoires"),
        Section(_("Qui vient"), _people(application.attendees, contacts=contacts), "personnes"),
        Section(_("Disponibilité"), _availability(application), "disponibilite"),
        Section(_("Pitch"), _pitch(application), "pitch"),
        Section(_("Rendez-vous"), _meetings(application), "rendez-vous"),
        Section(_("Questions de cette édition"), _answers(application, questions), "questions"),
        Section(_("Pièces jointes"), attached(application), "pieces"),
    ]
    return [part for part in parts if part.rows]


def questions_of(session: AnySession, edition_id: int) -> list[Question]:
    """Return the questions of an edition, in the order in which they are asked."""
    found = select(Question).where(Question.edition_id == edition_id).order_by(Question.position, Question.id)
    return list(session.scalars(found))


def label_of(name: str) -> str:
    """Return what a field is called."""
    return str(FIELD_LABELS.get(name, name))


def siret_told(siret: str) -> str:
    """Write ``123 456 789 01234``; anything but fourteen digits stays as it is."""
    if len(siret) != 14 or not siret.isdecimal():
        return siret
    return NBSP.join((siret[:3], siret[3:6], siret[6:9], siret[9:]))


def answer_told(kind: str, value: Any) -> str | list[str]:
    """Return an answer as it is read, whatever the kind of its question."""
    match kind:
        case "boolean" if isinstance(value, bool):
            return _yes_no(value)
        case "choices" if isinstance(value, list):
            return [str(one) for one in value]
        case "number" if isinstance(value, int | float) and not isinstance(value, bool):
            return str(number(value))
        case "date" if isinstance(value, str) and value:
            try:
                return long_date(date.fromisoformat(value))
            except ValueError:
                return str(value)
    return _text(value)


def attached(application: Application) -> list[Row]:
    """Return the files of today, each with what it is and how heavy."""
    return [
        Row(one.filename, _weight(one), one)
        for one in application.attachments
        if one.replaced_at is None and one.question_id is None
    ]


def changes_told(session: AnySession, revision: Revision) -> list[Row]:
    """Return what a late change did, field by field; each row's value is two texts, before and after."""
    rows = []
    for name, (before, after) in revision.changes.items():
        label, kind = _changed(session, name)
        if HIDDEN in {str(before), str(after)}:
            rows.append(Row(label, ["–", _("Modifié")]))
            continue
        values = (before, after) if name != "absent_slots" else (_hours(revision, before), _hours(revision, after))
        told = [value_told(session, name, kind, value) for value in values]
        rows.append(Row(label, [one or str(NOTHING) for one in told]))
    return rows


def _identity(application: Application) -> list[Row]:
    place = application.commune.name if application.commune else ""
    return [
        Row(label_of("name"), application.name),
        Row(label_of("siret"), siret_told(application.siret)),
        Row(label_of("kind"), kind_label(application.kind)),
        Row(label_of("legal_form"), legal_form_label(application.legal_form)),
        Row(label_of("labels"), [one.name for one in application.labels]),
        Row(label_of("address"), ", ".join(part for part in (application.address, place) if part)),
        Row(label_of("website"), application.website),
    ]


def _activity(application: Application) -> list[Row]:
    return [
        Row(label_of("presentation"), application.presentation),
        Row(label_of("activities"), [one.name for one in application.activities]),
        Row(label_of("offers"), application.offers),
        Row(label_of("clients"), application.clients),
        Row(label_of("workforce"), _counted(application.workforce, _("personnes"), _("personne"))),
        Row(label_of("supported_share"), _counted(application.supported_share, "%")),
    ]


def _places(application: Application) -> list[Row]:
    around = _counted(application.radius_km, "km")
    if around and application.commune:
        around = _("%(distance)s autour de %(place)s", distance=around, place=application.commune.name)
    return [Row(label_of("areas"), [one.name for one in application.areas]), Row(label_of("radius_km"), around)]


def _people(attendees: Iterable[Attendee], *, contacts: bool) -> list[Row]:
    rows = []
    for rank, one in enumerate(attendees):
        reached = [one.email, one.phone] if contacts else []
        label = _("Contact principal") if rank == 0 else _("Personne %(rank)s", rank=rank + 1)
        rows.append(Row(label, [part for part in (one.name, one.position, *reached) if part]))
    return rows or [Row(label_of("attendees"), "")]


def _availability(application: Application) -> list[Row]:
    edition = application.edition
    absent = [
        f"{clock(slot.start, edition.zone)} – {clock(slot.end, edition.zone)}" for slot in application.absent_slots
    ]
    if not absent:
        return [Row(_("Créneaux"), _("Disponible à tous les créneaux d’entretien"))] if edition.slots else []
    return [Row(label_of("absent_slots"), absent)]


def _pitch(application: Application) -> list[Row]:
    rows = [Row(label_of("wants_pitch"), _yes_no(application.wants_pitch))]
    if application.wants_pitch:
        rows += [
            Row(label_of(name), getattr(application, name))
            for name in ("pitch_title", "pitch_summary", "pitch_novelty", "pitch_impact")
        ]
    return rows


def _meetings(application: Application) -> list[Row]:
    rows = [Row(label_of("wants_meetings"), _yes_no(application.wants_meetings))]
    if application.wants_meetings:
        rows.append(Row(label_of("meeting_wishes"), application.meeting_wishes))
    return rows


def _answers(application: Application, questions: Iterable[Question]) -> list[Row]:
    """Return the questions that were asked of this file, or that it answers all the same."""
    answers = {one.question_id: one.value for one in application.answers}
    put = {question.id for question in asked(questions, answers_of(application))}
    files = [one for one in application.attachments if one.replaced_at is None and one.question_id is not None]
    rows = []
    for question in questions:
        if question.kind == "file":
            own = [one for one in files if one.question_id == question.id]
            rows += [Row(f"{question.label} : {one.filename}", _weight(one), one) for one in own]
            if own:
                continue
        if question.id in answers:
            rows.append(Row(question.label, answer_told(question.kind, answers[question.id])))
        elif question.id in put:
            rows.append(Row(question.label, ""))
    return rows


def _changed(session: AnySession, name: str) -> tuple[str, str]:
    """Return what a changed field is called, and the kind of its question where it answers one."""
    found = _ANSWER.fullmatch(name)
    question = session.get(Question, int(found[1])) if found else None
    return (question.label, question.kind) if question else (label_of(name), "")


def value_told(session: AnySession, name: str, kind: str, value: Any) -> str:
    """Return what a field holds in one text; ``kind`` is that of its question where it answers one."""
    if kind:
        value = answer_told(kind, value) if value is not None else ""
    elif name in _NAMED and isinstance(value, list):
        value = _names(session, name, value)
    elif isinstance(value, bool) or name in {"wants_pitch", "wants_meetings"}:
        value = _yes_no(value)
    elif value:
        value = _single(session, name, value)
    return "\n".join(map(_text, value)) if isinstance(value, list) else _text(value)


def _hours(revision: Revision, starts: Any) -> list[str]:
    """Return when slots begin, from the instants that a change tells."""
    zone = revision.application.edition.zone
    return [clock(datetime.fromisoformat(one), zone) for one in starts or []]


def _single(session: AnySession, name: str, value: Any) -> Any:
    match name:
        case "kind":
            return kind_label(value)
        case "legal_form":
            return legal_form_label(value)
        case "siret":
            return siret_told(value)
        case "commune_code":
            commune = session.get(Commune, value)
            return commune.name if commune else value
        case "workforce":
            return _counted(value, _("personnes"), _("personne"))
        case "supported_share":
            return _counted(value, "%")
        case "radius_km":
            return _counted(value, "km")
    return value


def _names(session: AnySession, name: str, values: list[Any]) -> list[str]:
    """Return the names of words that a change tells by number or by code; a name stays what it is."""
    model, code = _NAMED[name]
    by = model.id if all(isinstance(one, int) for one in values) else getattr(model, code)
    asked_for = select(by, model.name).where(by.in_(values))
    known = {row[0]: row[1] for row in session.execute(asked_for)} if values else {}
    return [str(known.get(one, one)) for one in values]


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(str(one) for one in value.values() if one)
    return "" if value is None else str(value)


def _yes_no(value: bool | None) -> str:
    return "" if value is None else str(_("Oui") if value else _("Non"))


def _counted(value: int | None, plural: str, singular: str | None = None) -> str:
    if value is None:
        return ""
    return f"{number(value)}{NBSP}{singular if singular and value < 2 else plural}"


def _weight(one: Attachment) -> str:
    """Write ``PDF, 1,2 Mo``."""
    ending = one.filename.rpartition(".")[2].upper()
    size = f"{number(round(one.size / 1_000_000, 1))}{NBSP}Mo" if one.size >= 100_000 else _kilo(one.size)
    return f"{ending}, {size}"


def _kilo(size: int) -> str:
    return f"{number(max(1, round(size / 1000)))}{NBSP}ko"
