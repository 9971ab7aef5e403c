"""The organisers' own questions in the demonstration, with answers, and two files of one structure to make one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select

from openmap.applications.models import Answer, Application, Attendee, Question
from openmap.applications.presenting import questions_of
from openmap.applications.standing import judge
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.people.models import Person
from openmap.people.services import welcome

HAS_VEHICLES: Final = "Avez-vous vos propres véhicules ?"
ASKED: Final[tuple[dict[str, Any], ...]] = (
    {"kind": "boolean", "label": HAS_VEHICLES, "is_required": True},
    {
        "kind": "choices",
        "label": "Lesquels ?",
        "options": ["Camion", "Camionnette", "Vélo-cargo"],
        "help": "Tous ceux qui servent à livrer ou à collecter.",
    },
    {"kind": "number", "label": "Tonnes traitées l’an dernier", "help": "Un ordre de grandeur suffit."},
)
TWIN: Final = "Table Commune, site de Montreuil (fictif)"


def demo_examining(edition: Edition, people: Mapping[str, Person], now: datetime) -> list[Question]:
    """Add the questions once, an answer in each submitted file, a refusal, and a second file of one structure."""
    there = questions_of(db.session, edition.id)
    if there:
        return there
    questions = [Question(edition_id=edition.id, position=rank, **values) for rank, values in enumerate(ASKED)]
    db.session.add_all(questions)
    db.session.flush()
    questions[1].depends_on_id, questions[1].depends_value = questions[0].id, "oui"
    sent = select(Application).where(Application.edition_id == edition.id, Application.state == "submitted")
    files = list(db.session.scalars(sent.order_by(Application.id)))
    for rank, one in enumerate(files):
        _answer(one, questions, rank)
    organiser = people.get("organiser")
    if files and organiser is not None:
        reason = "L’offre ne relève pas de la filière de cette édition (fictif)."
        judge(db.session, files[-1:], "ineligible", reason=reason, by=organiser, now=now)
        judge(db.session, files[:2], "eligible", by=organiser, now=now)
    if len(files) > 2:
        _twin(edition, files[2], now)
    db.session.flush()
    return questions


def _answer(one: Application, questions: list[Question], rank: int) -> None:
    drives = rank % 3 != 2
    one.answers.append(Answer(question=questions[0], value=drives))
    if drives:
        one.answers.append(Answer(question=questions[1], value=[ASKED[1]["options"][rank % 3]]))
    one.answers.append(Answer(question=questions[2], value=40 + 15 * rank))


def _twin(edition: Edition, model: Application, now: datetime) -> None:
    """Add a draft that a colleague began for the same SIRET."""
    colleague = welcome(db.session, "collegue@demonstration.example", name="Collègue fictif", by=None, now=now)
    draft = Application(
        edition=edition, person=colleague, state="draft", siret=model.siret, name=TWIN, kind=model.kind,
        offers=model.offers, workforce=model.workforce, website="https://table-commune.example", typed={},
        created_at=now, changed_at=now,
    )  # fmt: skip
    draft.attendees.append(Attendee(name=colleague.name, email=colleague.email or "", position="Exploitation"))
    db.session.add(draft)
