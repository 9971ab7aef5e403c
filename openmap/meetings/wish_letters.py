"""Mails about wishes: to those who have not answered, when an organiser asks, or by rule before the phase ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from flask_babel import lazy_gettext
from sqlalchemy import select, update

from openmap.directory.models import Delegate, Organisation
from openmap.events.models import Edition, Phase
from openmap.events.phases import state_of
from openmap.extensions import AnySession
from openmap.mail.models import Message
from openmap.mail.purposes import Purpose, register
from openmap.mail.reminders import LEAVES_AT, Rule, register_rule
from openmap.mail.services import write
from openmap.meetings.models import Participation
from openmap.people import journal
from openmap.people.models import Person
from openmap.web.addresses import address_of
from openmap.web.french import long_date, moment

_ASKED: Final = Purpose(
    "wishes.asked",
    lazy_gettext("Demande de souhaits à qui n’a pas répondu"),
    "{edition} : qui souhaitez-vous rencontrer ?",
    "Bonjour {prenom_nom},\n\nLa rencontre « {edition} » a lieu le {date}. Pour {organisation}, nous n’avons pas "
    "encore vos souhaits de rendez-vous.\n\nDites-nous {cloture} qui vous aimeriez rencontrer : les participants qui "
    "vous correspondent sont proposés en premier.\n{page}\n\nSans réponse, nous proposerons quelques rendez-vous à "
    "votre place, d’après votre activité.\n",
    {
        "prenom_nom": lazy_gettext("prénom et nom de la personne"),
        "edition": lazy_gettext("titre de l’édition"),
        "date": lazy_gettext("jour de la rencontre"),
        "organisation": lazy_gettext("organisation, ou organisations, qu’elle représente et qui n’ont pas répondu"),
        "cloture": lazy_gettext("jusqu’à quand répondre, par exemple « avant le lundi 6 novembre 2017, 18 h »"),
        "page": lazy_gettext("adresse de la page des souhaits"),
    },
    {
        "prenom_nom": "Camille Exemple",
        "edition": "OpenMap ESS – Économie circulaire",
        "date": "jeudi 16 novembre 2017",
        "organisation": "Ressourcerie d’exemple",
        "cloture": "avant le lundi 6 novembre 2017, 18 h",
        "page": "https://…/editions/exemple/souhaits",
    },
)


def _values(edition: Edition, person: Person, names: list[str], *, now: datetime) -> dict[str, str]:
    phase = next((one for one in edition.phases if one.kind == "wishes"), None)
    closes = phase.closes_at if phase is not None else None
    is_open = closes is not None and state_of(phase, now=now) != "closed"
    return {
        "prenom_nom": person.name,
        "edition": edition.title,
        "date": long_date(edition.held_on),
        "organisation": ", ".join(names),
        "cloture": f"avant le {moment(closes, edition.zone)}" if is_open and closes is not None else "dès que possible",
        "page": address_of("wishes.index", slug=edition.slug),
    }


def silent_people(session: AnySession, edition: Edition) -> list[tuple[Person, list[str]]]:
    """Return who acts for organisations that have not answered, with these organisations' names."""
    asked = (
        select(Person, Organisation.name)
        .join(Delegate, Delegate.person_id == Person.id)
        .join(Organisation, Organisation.id == Delegate.organisation_id)
        .join(Participation, Participation.organisation_id == Organisation.id)
        .where(Participation.edition_id == edition.id, Participation.answered_at.is_(None), Person.email.is_not(None))
        .order_by(Person.id, Organisation.name)
    )
    found: dict[int, tuple[Person, list[str]]] = {}
    for person, name in session.execute(asked):
        found.setdefault(person.id, (person, []))[1].append(name)
    return list(found.values())


def _values_for(session: AnySession, edition_id: int, person: Person) -> Mapping[str, str] | None:
    edition = session.get_one(Edition, edition_id)
    names = next((names for one, names in silent_people(session, edition) if one.id == person.id), None)
    return None if names is None else _values(edition, person, names, now=datetime.now(UTC))


ASKED: Final = register(replace(_ASKED, values_for=_values_for))


def ask_silent(session: AnySession, edition: Edition, *, by: Person, now: datetime) -> int:
    """Write to everyone who acts for a silent participant, once a day each; return how many mails are new."""
    journal.lock(session)
    day, written = now.astimezone(edition.zone).date(), 0
    for person, names in silent_people(session, edition):
        values = _values(edition, person, names, now=now)
        key = f"{edition.id}:{person.id}:{day}"
        written += write(session, ASKED, person, values, key=key, now=now, edition_id=edition.id) is not None
    if written:
        changes: dict[str, list[Any]] = {"reminders": [None, written]}
        journal.record(session, "wishes.reminded", edition, by=by, now=now, edition_id=edition.id, changes=changes)
    return written


def _closing_in(days: int) -> Any:
    """Return who has not answered, when the wishes close so many days after the morning on which mails leave."""

    def recipients(session: AnySession, edition_id: int, now: datetime) -> Iterator[tuple[Person, Mapping[str, str]]]:
        edition = session.get_one(Edition, edition_id)
        phase = session.scalars(
            select(Phase).where(Phase.edition_id == edition_id, Phase.kind == "wishes")
        ).one_or_none()
        if phase is None or phase.closes_at is None or state_of(phase, now=now) != "open":
            return
        here = now.astimezone(edition.zone)
        leaves_on = here.date() if here.time() < LEAVES_AT else here.date() + timedelta(days=1)
        if (phase.closes_at.astimezone(edition.zone).date() - leaves_on).days == days:
            for person, names in silent_people(session, edition):
                yield person, _values(edition, person, names, now=now)

    return recipients


def _rule(name: str, days: int, title: Any, subject: str) -> Rule:
    purpose = register(replace(ASKED, name=f"reminder.{name}", title=title, subject=subject))
    return register_rule(Rule(name, None, purpose, _closing_in(days)))


IN_THREE_DAYS: Final = _rule(
    "wishes_three_days",
    3,
    lazy_gettext("Souhaits : rappel trois jours avant la clôture"),
    "{edition} : plus que trois jours pour vos souhaits de rendez-vous",
)
TOMORROW: Final = _rule(
    "wishes_tomorrow",
    1,
    lazy_gettext("Souhaits : rappel la veille de la clôture"),
    "{edition} : dernier jour demain pour vos souhaits de rendez-vous",
)
_PURPOSES: Final = (ASKED.name, IN_THREE_DAYS.purpose.name, TOMORROW.purpose.name)


def drop_wish_reminders(session: AnySession, participation: Participation) -> None:
    """Keep mails that ask for an answer from leaving, to those who have nothing left to answer."""
    here = select(Delegate.person_id).where(Delegate.organisation_id == participation.organisation_id)
    silent = (
        select(Delegate.person_id)
        .join(Participation, Participation.organisation_id == Delegate.organisation_id)
        .where(Participation.edition_id == participation.edition_id, Participation.answered_at.is_(None))
    )
    waiting = update(Message).where(
        Message.edition_id == participation.edition_id,
        Message.state.in_(("held", "queued")),
        Message.purpose.in_(_PURPOSES),
        Message.person_id.in_(here),
        Message.person_id.not_in(silent),
    )
    session.execute(waiting.values(state="dropped").execution_options(synchronize_session=False))
