"""The mails about registrations, and the reminders before and after the day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from flask import current_app
from flask_babel import LazyString, lazy_gettext
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import select

from openmap.events.calendar import registration_calendar
from openmap.events.models import Registration
from openmap.events.queries import hours_of
from openmap.events.registering import position_in_queue
from openmap.extensions import AnySession
from openmap.mail.purposes import Purpose, register
from openmap.mail.reminders import Rule, register_rule
from openmap.mail.services import drop_reminders, write
from openmap.people.models import Person
from openmap.web.addresses import address_of
from openmap.web.french import clock_range, long_date

_SALT: Final = "registration"

PLACEHOLDERS: Final[Mapping[str, LazyString]] = {
    "prenom_nom": lazy_gettext("prénom et nom de la personne"),
    "edition": lazy_gettext("titre de l’édition"),
    "date": lazy_gettext("jour et heures de la rencontre"),
    "lieu": lazy_gettext("lieu et adresse"),
    "acces": lazy_gettext("comment venir, ou rien"),
    "page": lazy_gettext("adresse de la page publique de l’édition"),
    "inscription": lazy_gettext("adresse de la page où la personne voit et annule son inscription"),
    "rang": lazy_gettext("rang dans la liste d’attente, ou rien"),
}
SAMPLE: Final = {
    "prenom_nom": "Camille Exemple",
    "edition": "OpenMap ESS – Économie circulaire",
    "date": "jeudi 16 novembre 2017, de 9 h à 13 h",
    "lieu": "Salle des fêtes, 1 place de la Mairie",
    "acces": "RER C, 5 minutes à pied",
    "page": "https://…/editions/exemple",
    "inscription": "https://…/inscriptions/exemple",
    "rang": "3",
}
_WHERE: Final = "{date}\n{lieu}\n\n{acces}\n\n"
_CHANGE: Final = "Voir ou annuler votre inscription :\n{inscription}\n"


def values_of(session: AnySession, registration: Registration) -> dict[str, str]:
    """Return what the placeholders stand for in a mail to someone who registered."""
    edition = registration.edition
    hours = hours_of(edition)
    day = long_date(edition.held_on)
    waiting = registration.state == "waiting"
    return {
        "prenom_nom": registration.name,
        "edition": edition.title,
        "date": f"{day}, {clock_range(*hours, edition.zone)}" if hours else day,
        "lieu": ", ".join(part for part in (edition.venue, edition.address) if part) or "lieu à préciser",
        "acces": edition.access,
        "page": address_of("events.edition", slug=edition.slug),
        "inscription": address_of("registrations.own", token=token_of(registration)),
        "rang": str(position_in_queue(session, registration)) if waiting else "",
    }


def _values_for(session: AnySession, edition_id: int, person: Person) -> Mapping[str, str] | None:
    asked = select(Registration).where(Registration.edition_id == edition_id, Registration.person_id == person.id)
    found = session.scalars(asked).one_or_none()
    return None if found is None else values_of(session, found)


def _purpose(name: str, title: LazyString, subject: str, body: str) -> Purpose:
    return register(Purpose(name, title, subject, body, PLACEHOLDERS, SAMPLE, values_for=_values_for))


CONFIRMED: Final = _purpose(
    "registration.confirmed",
    lazy_gettext("Inscription confirmée"),
    "{edition} : votre place est confirmée",
    "Bonjour {prenom_nom},\n\nVotre place à la rencontre « {edition} » est confirmée.\n\n"
    + _WHERE
    + "Le rendez-vous est joint à ce message : ouvrez-le pour l’ajouter à votre agenda.\n\n"
    "Si vous ne pouvez plus venir, annulez : votre place ira à une personne de la liste d’attente.\n\n" + _CHANGE,
)
WAITING: Final = _purpose(
    "registration.waiting",
    lazy_gettext("Inscription sur la liste d’attente"),
    "{edition} : vous êtes sur la liste d’attente",
    "Bonjour {prenom_nom},\n\nLa rencontre « {edition} » est complète. Vous êtes sur la liste d’attente, "
    "au rang {rang}.\n\nDès qu’une place se libère pour vous, un message vous le dit : vous n’avez rien à faire.\n\n"
    + _CHANGE,
)
CANCELLED: Final = _purpose(
    "registration.cancelled",
    lazy_gettext("Inscription annulée"),
    "{edition} : votre inscription est annulée",
    "Bonjour {prenom_nom},\n\nVotre inscription à la rencontre « {edition} » est annulée.\n\n"
    "Vous pouvez vous inscrire de nouveau tant que les inscriptions sont ouvertes :\n{page}\n",
)
BY_STATE: Final = {"confirmed": CONFIRMED, "waiting": WAITING, "cancelled": CANCELLED}


def tell(session: AnySession, registration: Registration, *, now: datetime) -> None:
    """Write to someone where their registration stands; again at most once an hour when nothing has changed."""
    if registration.person is None:
        return
    if registration.state == "cancelled":
        drop_reminders(session, registration.edition_id, registration.person)
    purpose = BY_STATE[registration.state]
    values = values_of(session, registration)
    key = f"{registration.id}:{registration.sequence}"
    sending: dict[str, Any] = {
        "now": now,
        "edition_id": registration.edition_id,
        "attachments": _attached(registration, values["inscription"], now),
    }
    if write(session, purpose, registration.person, values, key=key, **sending) is None:
        write(session, purpose, registration.person, values, key=f"{key}:{now:%Y%m%d%H}", **sending)


def _attached(registration: Registration, address: str, now: datetime) -> list[dict[str, Any]]:
    if registration.state == "waiting" or (registration.state == "cancelled" and registration.confirmed_at is None):
        return []
    content = registration_calendar(registration.edition, registration, address=address, now=now)
    if content is None:
        return []
    method = "CANCEL" if registration.state == "cancelled" else "PUBLISH"
    return [{"name": "rencontre.ics", "type": f"text/calendar; method={method}", "text": content.decode()}]


def token_of(registration: Registration) -> str:
    """Return what opens someone's own registration: signed, so that nobody can guess another's."""
    return str(_signer().dumps(registration.id))


def registration_by_token(session: AnySession, token: str) -> Registration | None:
    """Return the registration that a token opens, or ``None``."""
    try:
        number = _signer().loads(token)
    except BadSignature:
        return None
    found = session.get(Registration, number)
    return None if found is None or found.person_id is None else found


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt=_SALT)


def _confirmed(session: AnySession, edition_id: int, _now: datetime) -> Iterable[tuple[Person, Mapping[str, str]]]:
    asked = select(Registration).where(Registration.edition_id == edition_id, Registration.state == "confirmed")
    for registration in session.scalars(asked.order_by(Registration.rank)):
        if registration.person is not None:
            yield registration.person, values_of(session, registration)


def _rule(name: str, days: int, title: LazyString, subject: str, body: str) -> Rule:
    return register_rule(Rule(name, days, _purpose(f"reminder.{name}", title, subject, body), _confirmed))


WEEK_BEFORE: Final = _rule(
    "week_before",
    -7,
    lazy_gettext("Rappel une semaine avant"),
    "{edition} : rendez-vous dans une semaine",
    "Bonjour {prenom_nom},\n\nLa rencontre « {edition} » a lieu dans une semaine.\n\n"
    + _WHERE
    + "Le programme : {page}\n\nSi vous ne pouvez plus venir, annulez dès maintenant : des personnes attendent une "
    "place.\n\n" + _CHANGE,
)
DAY_BEFORE: Final = _rule(
    "day_before",
    -1,
    lazy_gettext("Rappel la veille"),
    "{edition} : à demain",
    "Bonjour {prenom_nom},\n\nNous vous attendons demain.\n\n" + _WHERE + "Le programme : {page}\n\n" + _CHANGE,
)
DAYS_AFTER: Final = _rule(
    "days_after",
    2,
    lazy_gettext("Remerciement deux jours après"),
    "{edition} : merci de votre participation",
    "Bonjour {prenom_nom},\n\nMerci d’avoir participé à la rencontre « {edition} ».\n\n"
    "Les documents présentés sont sur la page de la rencontre :\n{page}\n",
)
