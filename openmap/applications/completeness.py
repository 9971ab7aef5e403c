"""What a file still needs: read by the meter, by the list of what is missing and by the refusal to submit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from email_validator import EmailNotValidError, validate_email
from flask_babel import gettext as _

from openmap.applications.models import Application, Question

SUPPORTED_KINDS: Final = frozenset({"ei", "ai", "aci", "etti", "eiti", "geiq", "rq", "sep", "ea", "eatt", "esat"})
"""Kinds of structure that must say which share of their people is in insertion or has a disability."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A field that a file still needs: the step it is on, its name there, and what to do about it."""

    step: str
    field: str
    sentence: str


@dataclass(frozen=True, slots=True)
class _Need:
    step: str
    field: str
    sentence: str
    is_met: bool


def asked(questions: Iterable[Question], answers: Mapping[int, Any]) -> list[Question]:
    """Return the questions that the answers given so far lead to, in order; ``answers`` is by question.

    A question that depends on one that is not asked is not asked either.
    """
    kept: list[Question] = []
    open_ids: set[int] = set()
    for question in _parents_first(questions):
        if question.depends_on_id is None or (
            question.depends_on_id in open_ids and _leads_on(answers.get(question.depends_on_id), question)
        ):
            open_ids.add(question.id)
            kept.append(question)
    return sorted(kept, key=lambda one: (one.position, one.id))


def answers_of(application: Application) -> dict[int, Any]:
    """Return the answers of a file by question; of a question for a file, whether one is there."""
    given = {answer.question_id: answer.value for answer in application.answers}
    files = {one.question_id: True for one in application.attachments if one.question_id and one.replaced_at is None}
    return {**given, **files}


def missing(application: Application, questions: Sequence[Question]) -> list[Missing]:
    """Return what the file still needs before it can be submitted, step by step; what cannot be read included."""
    typed = {
        field: Missing(_step_of(field), field, said["reason"])
        for field, said in (application.typed or {}).items()
        if not _is_moot(application, field)
    }
    found = [
        typed.pop(need.field, Missing(need.step, need.field, need.sentence))
        for need in _needs(application, questions)
        if not need.is_met
    ]
    steps = list(dict.fromkeys(one.step for one in _needs(application, questions)))
    rank = {step: number for number, step in enumerate(steps)}
    return sorted([*found, *typed.values()], key=lambda one: rank.get(one.step, len(rank)))


def share(application: Application, questions: Sequence[Question]) -> float:
    """Return how much of what the file needs is there, from 0 to 1."""
    needs = _needs(application, questions)
    lacking = {one.field for one in missing(application, questions)}
    return sum(need.field not in lacking for need in needs) / len(needs)


def counts(application: Application, questions: Sequence[Question]) -> tuple[int, int]:
    """Return how many of the answers that the file needs are there, and how many it needs."""
    needs = _needs(application, questions)
    lacking = {one.field for one in missing(application, questions)}
    return sum(need.field not in lacking for need in needs), len(needs)


def _needs(application: Application, questions: Sequence[Question]) -> list[_Need]:
    """Return every answer that this file needs, given or not, in the order of the steps."""
    one = application
    first = one.attendees[0] if one.attendees else None
    needs = [
        _Need("identite", "siret", _("Donnez le SIRET de la structure."), bool(one.siret)),
        _Need("identite", "name", _("Donnez le nom de la structure."), bool(one.name)),
        _Need("identite", "kind", _("Choisissez le type de structure."), bool(one.kind)),
        _Need("activite", "activities", _("Choisissez au moins un secteur."), bool(one.activities)),
        _Need("activite", "offers", _("Décrivez ce que vous proposez aux acheteurs."), bool(one.offers)),
        _Need(
            "activite", "workforce", _("Dites combien de personnes travaillent chez vous."), one.workforce is not None
        ),
    ]
    if one.kind in SUPPORTED_KINDS:
        sentence = _("Donnez la part des personnes en insertion ou en situation de handicap.")
        needs.append(_Need("activite", "supported_share", sentence, one.supported_share is not None))
    where = bool(one.areas) or one.radius_km is not None
    needs += [
        _Need("territoires", "areas", _("Dites où vous travaillez : un territoire ou un rayon."), where),
        _Need("participants", "attendee_0_name", _("Dites qui vient pour la structure."), bool(first and first.name)),
        _Need(
            "participants",
            "attendee_0_email",
            _("Donnez l’adresse électronique de la première personne : nous lui écrivons."),
            bool(first and _is_address(first.email)),
        ),
        _Need("pitch", "wants_pitch", _("Dites si vous demandez à présenter un pitch."), one.wants_pitch is not None),
    ]
    if one.wants_pitch:
        needs += [
            _Need("pitch", "pitch_title", _("Donnez un titre à votre pitch."), bool(one.pitch_title)),
            _Need("pitch", "pitch_summary", _("Résumez votre pitch en 600 caractères."), bool(one.pitch_summary)),
            _Need("pitch", "pitch_novelty", _("Dites ce qui est nouveau."), bool(one.pitch_novelty)),
            _Need("pitch", "pitch_impact", _("Dites l’effet social de votre proposition."), bool(one.pitch_impact)),
        ]
    needs.append(
        _Need(
            "rendez-vous",
            "wants_meetings",
            _("Dites si vous souhaitez des rendez-vous avec des acheteurs."),
            one.wants_meetings is not None,
        )
    )
    answers = answers_of(application)
    needs += [
        _Need("questions", f"question_{question.id}", _required(question), _is_given(answers.get(question.id)))
        for question in asked(questions, answers)
        if question.is_required
    ]
    return needs


def _required(question: Question) -> str:
    return str(_("Répondez à la question « %(label)s ».", label=question.label))


def _is_given(value: Any) -> bool:
    return value is not None and value not in ("", [])


def _is_address(text: str) -> bool:
    try:
        validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        return False
    return True


def _leads_on(answer: Any, question: Question) -> bool:
    wanted = question.depends_value
    if isinstance(answer, bool):
        return wanted.lower() in ({"oui", "true"} if answer else {"non", "false"})
    if isinstance(answer, list):
        return wanted in answer
    return answer is not None and str(answer) == wanted


def _parents_first(questions: Iterable[Question]) -> list[Question]:
    """Return the questions so that each comes after the one it depends on; those of a circle are left out."""
    waiting, placed = list(questions), list[Question]()
    ids: set[int | None] = {None}
    while ready := [one for one in waiting if one.depends_on_id in ids]:
        placed += ready
        ids |= {one.id for one in ready}
        waiting = [one for one in waiting if one not in ready]
    return placed


_STEPS: Final = {
    "siret": "identite", "name": "identite", "kind": "identite", "legal_form": "identite", "address": "identite",
    "commune": "identite", "website": "identite", "labels": "identite",
    "activities": "activite", "presentation": "activite", "offers": "activite", "clients": "activite",
    "workforce": "activite", "supported_share": "activite",
    "areas": "territoires", "radius_km": "territoires",
    "absent_slots": "participants",
    "wants_pitch": "pitch", "pitch_title": "pitch", "pitch_summary": "pitch", "pitch_novelty": "pitch",
    "pitch_impact": "pitch",
    "wants_meetings": "rendez-vous", "meeting_wishes": "rendez-vous",
}  # fmt: skip


def _step_of(field: str) -> str:
    if field.startswith("attendee_"):
        return "participants"
    return "questions" if field.startswith("question_") else _STEPS.get(field, "identite")


def _is_moot(application: Application, field: str) -> bool:
    """Say whether a field that cannot be read no longer matters: a pitch that is not asked for."""
    return field.startswith("pitch_") and application.wants_pitch is False
