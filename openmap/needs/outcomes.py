"""« Qu’est devenu ce besoin ? »: asked by mail once its period is over, answered by a link, counted."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload, selectinload

from openmap.directory.queries import delegates_of
from openmap.extensions import AnySession, insert_unless_there
from openmap.mail.purposes import Purpose, register
from openmap.mail.reminders import LEAVES_AT
from openmap.mail.services import write
from openmap.needs.models import OUTCOME_STEPS, OUTCOMES, Need, Outcome
from openmap.needs.periods import months_after
from openmap.needs.permissions import open_to
from openmap.needs.services import today_of
from openmap.needs.telling import period_of
from openmap.people import journal
from openmap.people.models import Person
from openmap.people.services import UnusableAddress, welcome
from openmap.web.addresses import address_of
from openmap.web.french import HERE, counted

FINAL: Final = frozenset({"inclusive", "clause", "other", "abandoned"})
"""After these nobody is asked again."""

WITHIN: Final = timedelta(days=21)
"""A question that could not be asked by then is left to the next step: nobody is asked about years ago."""

CHANGEABLE: Final = timedelta(days=30)
ANSWERABLE: Final = timedelta(days=365)
MOST_PER_MAIL: Final = 50
"""A whole plan ends on the same day: its needs are asked about in one mail, so many at most, the others in another."""

ASKED: Final = register(
    Purpose(
        "need.outcome",
        lazy_gettext("Suite d’un besoin déclaré"),
        "Qu’est devenu votre besoin ? {objet}",
        "Bonjour {prenom_nom},\n\nLa période prévue est passée pour {combien} de {acheteur} sur OpenMap ESS. "
        "Dites en un clic ce qu’il en est devenu, sans vous connecter :\n\n{besoins}\n\n"
        "La réponse est montrée à ceux qui voient le besoin. Elle peut être changée pendant trente jours.",
        {
            "prenom_nom": lazy_gettext("prénom et nom de la personne, ou rien"),
            "objet": lazy_gettext("objet du premier besoin"),
            "combien": lazy_gettext("nombre de besoins"),
            "acheteur": lazy_gettext("nom de l’acheteur"),
            "besoins": lazy_gettext("chaque besoin, avec l’adresse où répondre"),
        },
        {
            "prenom_nom": "Camille Exemple",
            "objet": "Entretien du parc des Essais",
            "combien": "1 besoin",
            "acheteur": "Ville exemple",
            "besoins": "« Entretien du parc des Essais » (1er trimestre 2027)\nhttps://…/besoins/suite/exemple",
        },
        in_edition=False,
    )
)


class RefusedAnswer(Exception):
    """The answer is not taken; the message says why."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What came of needs: how many were asked about, and how many have each last answer."""

    asked: int
    answers: dict[str, int]

    @property
    def answered(self) -> int:
        """How many needs have an answer."""
        return sum(self.answers.values())


def due_on(step: str, ends_on: date) -> date:
    """Return the day from which a step is asked."""
    match step:
        case "days_7":
            return ends_on + timedelta(days=7)
        case "months_3":
            return months_after(ends_on, 3)
        case _:
            return months_after(ends_on, 6)


def ask_due(session: AnySession, *, now: datetime) -> int:
    """Write the mails that are due: one a person and buyer, with a link for each need; return how many."""
    today, written = today_of(now), 0
    first = months_after(today, -6) - WITHIN
    asked = (
        select(Need)
        .where(Need.state == "declared", Need.ends_on > first, Need.ends_on <= today - timedelta(days=7))
        .options(joinedload(Need.buyer), joinedload(Need.person), selectinload(Need.outcomes))
        .order_by(Need.ends_on, Need.id)
    )
    waiting = [(need, step) for need in session.scalars(asked) if (step := step_due(need, today))]
    if not waiting:
        return 0
    journal.lock(session)  # of two workers the second finds what the first has asked
    grouped: dict[tuple[int, int], list[tuple[Need, str]]] = {}
    people: dict[int, Person] = {}
    for need, step in waiting:
        person = recipient_of(session, need, now=now)
        if person is not None:
            people[person.id] = person
            grouped.setdefault((person.id, need.buyer_id), []).append((need, step))
    for (person_id, _buyer_id), needs in grouped.items():
        written += _ask(session, people[person_id], needs[:MOST_PER_MAIL], now=now)
    return written


def step_due(need: Need, today: date) -> str | None:
    """Return the step at which a need is to be asked about today; ``None`` where it is not, or no more."""
    if need.ends_on is None or any(one.answer in FINAL for one in need.outcomes):
        return None
    asked = {one.step for one in need.outcomes}
    due = [step for step in OUTCOME_STEPS if due_on(step, need.ends_on) <= today < due_on(step, need.ends_on) + WITHIN]
    return next((step for step in reversed(due) if step not in asked), None)


def recipient_of(session: AnySession, need: Need, *, now: datetime) -> Person | None:
    """Return who is asked: the need's contact, else who stated it, else who acts for the buyer."""
    if need.contact_email:
        try:
            return welcome(session, need.contact_email, name=need.contact_name, by=None, now=now)
        except UnusableAddress:
            pass
    if need.person is not None and need.person.email:
        return need.person
    return next((one.person for one in delegates_of(session, need.buyer) if one.person.email), None)


def token_hash(token: str) -> str:
    """Return what is kept of a link's token."""
    return hashlib.sha256(token.encode()).hexdigest()


def outcome_by_token(session: AnySession, token: str) -> Outcome | None:
    """Return what a link asks about."""
    asked = select(Outcome).where(Outcome.token_hash == token_hash(token))
    return session.scalars(asked.options(joinedload(Outcome.need).joinedload(Need.buyer))).one_or_none()


def is_open(outcome: Outcome, now: datetime) -> bool:
    """Say whether a link still takes an answer: a year for the first, thirty days to change it."""
    if outcome.answered_at is None:
        return now < outcome.asked_at + ANSWERABLE
    return now < outcome.answered_at + CHANGEABLE


def answer(session: AnySession, outcome: Outcome, value: str, *, note: str = "", now: datetime) -> None:
    """Keep an answer, or change it.

    Raises RefusedAnswer where it is none, or comes too late.
    """
    journal.lock(session)
    session.refresh(outcome)
    if value not in OUTCOMES:
        raise RefusedAnswer(_("Choisissez une des réponses."))
    if not is_open(outcome, now):
        raise RefusedAnswer(_("Cette réponse ne peut plus être changée."))
    changes = {"answer": [outcome.answer, value]}
    outcome.answer, outcome.answered_at = value, outcome.answered_at or now
    outcome.note = note[:500] or outcome.note
    if changes["answer"][0] != value:
        journal.record(session, "outcome.answered", outcome, by=None, now=now, changes=changes)
    session.flush()


def answers_of(need: Need) -> list[Outcome]:
    """Return what was answered of a need, the last step first."""
    answered = [one for one in need.outcomes if one.answer is not None]
    return sorted(answered, key=lambda one: OUTCOME_STEPS.index(one.step), reverse=True)


def counts_for(session: AnySession, person: Person) -> Counts:
    """Return what came of the needs that ``person`` may read: the last answer of each."""
    asked = select(func.count(func.distinct(Outcome.need_id))).join(Need).where(open_to(person))
    last = _last(person).subquery()
    rows = session.execute(
        select(Outcome.answer, func.count()).join(last, last.c.id == Outcome.id).group_by(Outcome.answer)
    )
    found = {row[0]: row[1] for row in rows}
    return Counts(session.scalar(asked) or 0, {one: found.get(one, 0) for one in OUTCOMES})


def last_answers(session: AnySession, person: Person, *, limit: int = 50) -> list[Outcome]:
    """Return the last answer of each need that ``person`` may read, newest first."""
    last = _last(person).subquery()
    asked = select(Outcome).join(last, last.c.id == Outcome.id).order_by(Outcome.answered_at.desc(), Outcome.id.desc())
    return list(session.scalars(asked.options(joinedload(Outcome.need).joinedload(Need.buyer)).limit(limit)))


def _last(person: Person) -> Select[int]:
    """Select the ids of the last answers: a later step was written later."""
    base = select(func.max(Outcome.id).label("id")).join(Need).where(Outcome.answer.is_not(None), open_to(person))
    return base.group_by(Outcome.need_id)


def _ask(session: AnySession, person: Person, needs: list[tuple[Need, str]], *, now: datetime) -> int:
    told = [(need, token) for need, step in needs if (token := _token(session, need, step, now=now))]
    if not told:
        return 0
    values = {
        "prenom_nom": person.name,
        "objet": told[0][0].title if len(told) == 1 else counted(len(told), str(_("besoin"))),
        "combien": counted(len(told), str(_("besoin"))),
        "acheteur": told[0][0].buyer.name,
        "besoins": "\n\n".join(_lines(told)),
    }
    morning = datetime.combine(today_of(now), LEAVES_AT, HERE)
    due = morning if morning > now else morning + timedelta(days=1)
    key = token_hash(told[0][1])
    return int(write(session, ASKED, person, values, key=key, now=now, due_at=due) is not None)


def _token(session: AnySession, need: Need, step: str, *, now: datetime) -> str | None:
    """Return a new link's token, of which the hash is kept; ``None`` where this step was asked meanwhile."""
    token = secrets.token_urlsafe(24)
    made = insert_unless_there(
        session, Outcome, need_id=need.id, step=step, token_hash=token_hash(token), asked_at=now, note=""
    )
    return None if made is None else token


def _lines(told: list[tuple[Need, str]]) -> Iterator[str]:
    for need, token in told:
        again = (
            f"\n{_('Il revient chaque année : sa page propose de le recopier.')}" if need.recurrence == "yearly" else ""
        )
        address = address_of("outcomes.show", token=token)
        yield f"« {need.title} » ({period_of(need)})\n{address}{again}"
