"""The steps of the form: what each shows of a file, and what it gives it to hold.

What a field cannot hold (a SIRET with a slip, a text too long) is kept as typed, with the reason, until it is
corrected: a draft loses nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask_babel import LazyString, lazy_gettext
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from sqlalchemy import select

from openmap.applications.completeness import answers_of, asked
from openmap.applications.fields import ATTENDEE, QUESTION
from openmap.applications.forms import (
    MOST_ATTENDEES,
    ActivityForm,
    AreaForm,
    AttendeeForm,
    IdentityForm,
    MeetingsForm,
    PitchForm,
    choices_with,
)
from openmap.applications.labels import kind_label
from openmap.applications.models import Application, Question
from openmap.applications.questioning import kept_answer, questions_form, shown_answer
from openmap.directory.labels import KIND_LABELS, LEGAL_FORM_LABELS
from openmap.extensions import AnySession
from openmap.people.forms import options
from openmap.reference import queries as reference
from openmap.reference.models import Activity, Area, Commune, Label
from openmap.reference.places import communes_meant, place_name


@dataclass(frozen=True, slots=True)
class Step:
    """A page of the form."""

    slug: str
    title: LazyString
    lead: LazyString


STEPS: Final = (
    Step(
        "identite",
        lazy_gettext("Votre structure"),
        lazy_gettext("Le SIRET d’abord : nous complétons ce que nous savons."),
    ),
    Step("activite", lazy_gettext("Votre activité"), lazy_gettext("Ce que les acheteurs peuvent vous acheter.")),
    Step("territoires", lazy_gettext("Vos territoires"), lazy_gettext("Où vous pouvez travailler.")),
    Step("participants", lazy_gettext("Qui vient"), lazy_gettext("Une personne suffit ; trois au plus.")),
    Step(
        "pitch",
        lazy_gettext("Votre pitch"),
        lazy_gettext("Quelques minutes en public, pour les structures que le jury choisit."),
    ),
    Step(
        "rendez-vous",
        lazy_gettext("Vos rendez-vous"),
        lazy_gettext("Des entretiens de quelques minutes avec des acheteurs."),
    ),
    Step(
        "questions",
        lazy_gettext("Questions de l’organisation"),
        lazy_gettext("Elles sont propres à cette édition."),
    ),
)

_FORMS: Final[Mapping[str, type[FlaskForm]]] = {
    "identite": IdentityForm, "activite": ActivityForm, "territoires": AreaForm, "participants": AttendeeForm,
    "pitch": PitchForm, "rendez-vous": MeetingsForm,
}  # fmt: skip


def steps_of(questions: Sequence[Question]) -> list[Step]:
    """Return the steps of an edition; that of the questions only where there are some."""
    return [step for step in STEPS if step.slug != "questions" or questions]


def form_of(
    session: AnySession, application: Application, step: Step, questions: Sequence[Question], sent: Any = None
) -> FlaskForm:
    """Return the form of a step: as ``sent``, or else as the file has it, what it cannot hold as it was typed."""
    if step.slug == "questions":
        shown = [one for one in asked(questions, answers_of(application)) if one.kind != "file"]
        form = questions_form(shown)(formdata=sent, data=_held_answers(application, questions))
    else:
        form = _FORMS[step.slug](formdata=None, data=_held(session, application, step.slug))
        _offer(session, application, form)
        if sent is not None:
            form.process(formdata=sent)
    if sent is None:
        for field in form:
            said = (application.typed or {}).get(field.name)
            if said is not None:
                field.raw_data, field.data, field.errors = [said["text"]], said["text"], [said["reason"]]
    return form


def read(session: AnySession, application: Application, step: Step, form: FlaskForm, sent: Any) -> dict[str, Any]:
    """Return what the file is to hold after a step was ``sent``, by name of ``applications.fields``."""
    form.validate()
    values: dict[str, Any] = {}
    typed: dict[str, Any] = {}
    for field in form:
        if field.type == "CSRFTokenField" or (field.name not in sent and field.type != "Several"):
            continue
        if field.errors:
            typed[field.name] = {"text": str((field.raw_data or [""])[0]), "reason": str(field.errors[0])}
            values[field.name] = None if field.type in {"Whole", "Number", "Day"} else ""
        else:
            listed = field.type != "SelectField" or field.data in {choice.value for choice in field.choices}
            values[field.name], typed[field.name] = kept_answer(field.data) if listed else "", None
    if step.slug == "questions":
        values |= {name: values.get(name) for name in (f.name for f in form if f.type == "SomeOf")}
    if "commune" in values:
        _place(session, application, values, typed, sent)
    if step.slug == "participants":
        _gather(application, values)
    return {**values, "typed": typed} if any(typed) else values


def seen(application: Application, step: Step, questions: Sequence[Question]) -> str:
    """Return a digest of what the file holds of a step: another device may save other steps meanwhile."""
    held = _plain(application, step.slug)
    if step.slug == "questions":
        held = {str(one.id): answers_of(application).get(one.id) for one in questions}
    typed = {name: said for name, said in (application.typed or {}).items() if name in held or step.slug != "identite"}
    told = json.dumps([held, typed], sort_keys=True, default=str)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _place(
    session: AnySession, application: Application, values: dict[str, Any], typed: dict[str, Any], sent: Any
) -> None:
    """Turn the commune that was typed into its code; where several fit, ask which one."""
    said = values.pop("commune")
    if not said or typed.get("commune"):
        values["commune_code"] = None
        return
    present = session.get(Commune, application.commune_code) if application.commune_code else None
    if present is not None and said == place_name(present):
        values["commune_code"] = present.code
        return
    fitting = communes_meant(session, said)
    picked = sent.get("commune_pick")
    chosen = [one for one in fitting if one.code == picked] or fitting
    values["commune_code"] = chosen[0].code if len(chosen) == 1 else None
    if not chosen:
        reason = _("Cette commune n’est pas connue ici : vérifiez-la, ou laissez vide et donnez l’adresse entière.")
        typed["commune"] = {"text": said, "reason": reason}
    elif len(chosen) > 1:
        typed["commune"] = {"text": said, "reason": _("Plusieurs communes correspondent : choisissez la vôtre.")}


def _gather(application: Application, values: dict[str, Any]) -> None:
    """Put the fields of the people who come together, one row each."""
    rows: list[dict[str, str]] = []
    for rank in range(MOST_ATTENDEES):
        known = application.attendees[rank] if rank < len(application.attendees) else None
        row = {}
        for name in ATTENDEE:
            held = getattr(known, name) if known is not None else ""
            row[name] = values.pop(f"attendee_{rank}_{name}", held) or ""
        rows.append(row)
    values["attendees"] = rows


def _held(session: AnySession, application: Application, slug: str) -> dict[str, Any]:
    held = _plain(application, slug)
    if slug == "identite":
        commune = session.get(Commune, application.commune_code) if application.commune_code else None
        held["commune"] = place_name(commune)
    return held


def _plain(application: Application, slug: str) -> dict[str, Any]:
    """Return what the file holds of a step, under the names of its fields."""
    if slug == "participants":
        held: dict[str, Any] = {"absent_slots": [slot.id for slot in application.absent_slots]}
        for rank, one in enumerate(application.attendees[:MOST_ATTENDEES]):
            held |= {f"attendee_{rank}_{name}": getattr(one, name) for name in ATTENDEE}
        return held
    names = {
        "identite": ("siret", "name", "kind", "legal_form", "commune_code", "address", "website", "labels"),
        "activite": ("activities", "offers", "presentation", "clients", "workforce", "supported_share"),
        "territoires": ("areas", "radius_km"),
        "pitch": ("wants_pitch", "pitch_title", "pitch_summary", "pitch_novelty", "pitch_impact"),
        "rendez-vous": ("wants_meetings", "meeting_wishes"),
    }.get(slug, ())
    held = {name: getattr(application, name) for name in names}
    return {n: [one.id for one in v] if isinstance(v, list) else v for n, v in held.items()}


def _held_answers(application: Application, questions: Sequence[Question]) -> dict[str, Any]:
    kinds = {one.id: one for one in questions}
    return {
        f"{QUESTION}{answer.question_id}": shown_answer(kinds[answer.question_id], answer.value)
        for answer in application.answers
        if answer.question_id in kinds
    }


def _offer(session: AnySession, application: Application, form: FlaskForm) -> None:
    """Fill what there is to choose from."""
    blank = _("À choisir")
    if isinstance(form, IdentityForm):
        kinds = [(one.code, one.name) for one in reference.kinds(session)]
        known = kinds or [(code, kind_label(code)) for code in KIND_LABELS]
        form.kind.choices = choices_with(known, application.kind, blank)
        legal = [(code, str(label)) for code, label in LEGAL_FORM_LABELS.items()]
        form.legal_form.choices = choices_with(legal, application.legal_form, _("Non précisée"))
        form.labels.choices = options((one.id, one.name) for one in _usable(session, Label, application.labels))
    elif isinstance(form, ActivityForm):
        usable = _usable(session, Activity, application.activities)
        form.activities.choices = options((one.id, one.name) for one in usable)
    elif isinstance(form, AreaForm):
        form.areas.choices = options((one.id, one.name) for one in session.scalars(select(Area).order_by(Area.id)))
    elif isinstance(form, AttendeeForm):
        form.absent_slots.choices = options((slot.id, slot.code) for slot in application.edition.slots)


def _usable(session: AnySession, model: type[Any], chosen: Sequence[Any]) -> list[Any]:
    """Return the words in use, and those that the file has chosen before they were retired."""
    found = session.scalars(select(model).order_by(model.rank, model.id))
    return [one for one in found if one.retired_at is None or one in chosen]
