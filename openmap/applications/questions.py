"""Verbs about the questions that an edition adds: written, changed, moved, removed, copied with the edition.

What people have answered is never lost by an edit: a question that has answers keeps its kind and the options that
were chosen, and cannot be removed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import func, select

from openmap.applications.models import Answer, Attachment, Question
from openmap.applications.presenting import questions_of
from openmap.events.models import Edition
from openmap.events.services import register_copy
from openmap.extensions import AnySession
from openmap.people import journal
from openmap.people.models import Person

MOST: Final = 30
LISTED: Final = ("choice", "choices")
LEADING: Final = ("choice", "choices", "boolean")
"""Kinds whose answers can lead to another question."""
YES_NO: Final = ("oui", "non")


class RefusedQuestion(Exception):
    """The question cannot be kept, moved or removed; the sentence says why and what to do."""


def values_of(question: Question) -> Sequence[str]:
    """Return what an answer can be, where that is known beforehand."""
    return YES_NO if question.kind == "boolean" else question.options if question.kind in LISTED else ()


def answered(session: AnySession, edition_id: int) -> dict[int, int]:
    """Return how many files answer each question of an edition that has answers."""
    counts: dict[int, int] = {}
    mine = select(Question.id).where(Question.edition_id == edition_id)
    for model in (Answer, Attachment):
        asked = select(model.question_id, func.count(model.application_id.distinct()))
        for number, files in session.execute(asked.where(model.question_id.in_(mine)).group_by(model.question_id)):
            counts[number or 0] = counts.get(number or 0, 0) + files
    return counts


def add(session: AnySession, edition: Edition, values: Mapping[str, Any], *, by: Person, now: datetime) -> Question:
    """Add a question after the others.

    Raises RefusedQuestion.
    """
    known = questions_of(session, edition.id)
    if len(known) >= MOST:
        raise RefusedQuestion(
            _("Trente questions au plus : au-delà, les structures renoncent. Retirez-en une d’abord.")
        )
    question = Question(edition_id=edition.id, position=max((one.position for one in known), default=-1) + 1, **values)
    _check(question, known)
    session.add(question)
    session.flush()
    changes = {"label": [None, question.label]}
    journal.record(session, "question.added", question, by=by, now=now, edition_id=edition.id, changes=changes)
    return question


def change(session: AnySession, question: Question, values: Mapping[str, Any], *, by: Person, now: datetime) -> None:
    """Change a question; nobody's answer loses its meaning.

    Raises RefusedQuestion.
    """
    known = questions_of(session, question.edition_id)
    count = answered(session, question.edition_id).get(question.id, 0)
    if count and values["kind"] != question.kind:
        raise RefusedQuestion(
            _("Des candidatures y ont répondu : sa nature ne change plus. Ajoutez plutôt une autre question.")
        )
    lost = set(question.options) - set(values["options"]) if question.kind in LISTED else set()
    chosen = lost & _chosen(session, question) if count and values["kind"] in LISTED else set()
    if chosen:
        raise RefusedQuestion(
            _("Déjà choisi dans des candidatures : %(options)s. Gardez-le dans la liste.", options=", ".join(chosen))
        )
    for name, value in values.items():
        setattr(question, name, value)
    _check(question, known)
    for other in known:
        if other.depends_on_id == question.id and other.depends_value not in values_of(question):
            raise RefusedQuestion(
                _("« %(label)s » n’est posée que si l’on répond « %(value)s » ici : modifiez-la d’abord.",
                  label=other.label, value=other.depends_value)
            )  # fmt: skip
    changes = journal.changes_of(question, *values)
    if changes:
        journal.record(
            session, "question.changed", question, by=by, now=now, edition_id=question.edition_id, changes=changes
        )


def move(session: AnySession, question: Question, step: int, *, by: Person, now: datetime) -> None:
    """Move a question up (-1) or down (1) by one; at the end of the list nothing happens.

    Raises RefusedQuestion where a question would come before the one that it depends on.
    """
    known = questions_of(session, question.edition_id)
    at = known.index(question)
    if not 0 <= at + step < len(known):
        return
    other = known[at + step]
    first, second = (question, other) if step < 0 else (other, question)
    if first.depends_on_id == second.id:
        raise RefusedQuestion(
            _("« %(label)s » dépend de « %(other)s » : elle doit rester après.", label=first.label, other=second.label)
        )
    known[at], known[at + step] = known[at + step], known[at]
    for position, one in enumerate(known):
        one.position = position
    session.flush()
    changes = {"position": [at + 1, at + step + 1]}
    journal.record(session, "question.moved", question, by=by, now=now, edition_id=question.edition_id, changes=changes)


def remove(session: AnySession, question: Question, *, by: Person, now: datetime) -> None:
    """Remove a question that nobody has answered.

    Raises RefusedQuestion.
    """
    if answered(session, question.edition_id).get(question.id):
        raise RefusedQuestion(
            _("Des candidatures y ont répondu : elle reste. Rendez-la facultative si elle ne sert plus.")
        )
    known = questions_of(session, question.edition_id)
    following = next((one for one in known if one.depends_on_id == question.id), None)
    if following is not None:
        raise RefusedQuestion(_("« %(label)s » en dépend : modifiez-la d’abord.", label=following.label))
    changes = {"label": [question.label, None]}
    journal.record(
        session, "question.removed", question, by=by, now=now, edition_id=question.edition_id, changes=changes
    )
    session.delete(question)
    session.flush()


def copy_questions(session: AnySession, source: Edition, target: Edition) -> None:
    """Give an edition the questions of another, with what they depend on."""
    made: dict[int, Question] = {}
    for one in questions_of(session, source.id):
        made[one.id] = Question(
            edition_id=target.id, position=one.position, kind=one.kind, label=one.label, help=one.help,
            options=list(one.options), is_required=one.is_required, depends_value=one.depends_value,
            depends_on=made.get(one.depends_on_id) if one.depends_on_id else None,
        )  # fmt: skip
        session.add(made[one.id])
    session.flush()


def _check(question: Question, known: Sequence[Question]) -> None:
    """Raise RefusedQuestion unless the question depends on nothing, or on an earlier one and a value it can have."""
    if question.depends_on_id is None:
        return
    parent = next((one for one in known if one.id == question.depends_on_id), None)
    if parent is None or parent is question or parent.kind not in LEADING:
        raise RefusedQuestion(_("Cette condition porte sur une question qui n’existe plus : choisissez-en une autre."))
    if (parent.position, parent.id or 0) >= (question.position, question.id or float("inf")):
        raise RefusedQuestion(_("Une question ne dépend que d’une question posée avant elle."))
    if question.depends_value not in values_of(parent):
        raise RefusedQuestion(
            _("Cette réponse n’existe plus dans la question dont elle dépend : choisissez-en une autre.")
        )


def _chosen(session: AnySession, question: Question) -> set[str]:
    values = session.scalars(select(Answer.value).where(Answer.question_id == question.id))
    return {str(one) for value in values for one in (value if isinstance(value, list) else [value])}


register_copy("questions", lambda session, model, edition, _now: copy_questions(session, model, edition))
