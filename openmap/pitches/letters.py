"""The mails about the choice of the pitches. None holds a score, a rank, or a place in the reserve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from flask import current_app
from flask_babel import LazyString, lazy_gettext
from sqlalchemy import select

from openmap.applications.models import Application
from openmap.directory.queries import delegates_of
from openmap.events.models import Edition
from openmap.events.queries import hours_of
from openmap.extensions import AnySession
from openmap.mail.models import Message
from openmap.mail.purposes import Purpose, register
from openmap.mail.services import write
from openmap.people.models import Person
from openmap.pitches.models import CoachingSlot, Selection
from openmap.web.addresses import address_of
from openmap.web.french import clock_range, long_date

PLACEHOLDERS: Final[Mapping[str, LazyString]] = {
    "prenom_nom": lazy_gettext("prénom et nom de la personne"),
    "structure": lazy_gettext("nom de la structure"),
    "pitch": lazy_gettext("titre du pitch demandé"),
    "edition": lazy_gettext("titre de l’édition"),
    "date": lazy_gettext("jour et heures de la rencontre"),
    "candidature": lazy_gettext("adresse de la page de la candidature"),
    "accompagnement": lazy_gettext("adresse de la page où la structure réserve son accompagnement"),
    "motif": lazy_gettext("motif écrit par le jury, ou rien"),
    "creneau": lazy_gettext("jour, heures, lieu et nom de l’accompagnement réservé, ou rien"),
}
SAMPLE: Final = {
    "prenom_nom": "Camille Exemple",
    "structure": "Ressourcerie Exemple",
    "pitch": "Le mobilier qui revient",
    "edition": "OpenMap ESS – Économie circulaire",
    "date": "jeudi 16 novembre 2017, de 9 h à 13 h",
    "candidature": "https://…/candidatures/1",
    "accompagnement": "https://…/editions/exemple/accompagnement",
    "motif": "Le pitch porte sur une autre filière que celle de la rencontre.",
    "creneau": "mardi 7 novembre 2017, de 14 h à 14 h 30, avec l’agence Exemple",
}


def values_of(application: Application, person: Person, *, reason: str = "", slot: str = "") -> dict[str, str]:
    """Return what the placeholders stand for in a mail about a file."""
    edition = application.edition
    hours, day = hours_of(edition), long_date(edition.held_on)
    return {
        "prenom_nom": person.shown_name,
        "structure": application.name,
        "pitch": application.pitch_title,
        "edition": edition.title,
        "date": f"{day}, {clock_range(*hours, edition.zone)}" if hours else day,
        "candidature": f"{current_app.config['OPENMAP'].base_url}/candidatures/{application.id}",
        "accompagnement": address_of("coaching.show", slug=edition.slug),
        "motif": reason,
        "creneau": slot,
    }


def _values_for(session: AnySession, edition_id: int, person: Person) -> Mapping[str, str] | None:
    """Return the values for someone who has applied; the reason stays out, as it may not be released yet."""
    asked = select(Application).where(Application.edition_id == edition_id, Application.person_id == person.id)
    found = session.scalars(asked.order_by(Application.id).limit(1)).one_or_none()
    return None if found is None else values_of(found, person)


def _purpose(name: str, title: LazyString, subject: str, body: str) -> Purpose:
    return register(Purpose(name, title, subject, body, PLACEHOLDERS, SAMPLE, values_for=_values_for))


_HELLO: Final = "Bonjour {prenom_nom},\n\n"
_SEE: Final = "Votre candidature :\n{candidature}\n"

PICKED: Final = _purpose(
    "selection.picked",
    lazy_gettext("Pitch retenu"),
    "{edition} : votre pitch est retenu",
    _HELLO + "Le jury a retenu {structure} pour présenter « {pitch} » à la rencontre « {edition} », {date}.\n\n"
    "Avant la rencontre, un accompagnement vous aide à préparer votre présentation. Réservez votre créneau et déposez "
    "votre support ici :\n{accompagnement}\n\n"
    "Si vous ne pouvez plus présenter, dites-le nous au plus tôt : une autre structure prendra la place.\n\n" + _SEE,
)
RESERVE: Final = _purpose(
    "selection.reserve",
    lazy_gettext("Pitch en réserve"),
    "{edition} : votre pitch est sur la liste de réserve",
    _HELLO + "Le jury a placé {structure} sur la liste de réserve pour présenter « {pitch} » à la rencontre "
    "« {edition} », {date}.\n\nSi une structure retenue renonce, nous pourrons vous proposer sa place : un message "
    "vous le dira aussitôt. Vous n’avez rien à faire.\n\nVotre demande d’entretiens avec les acheteurs n’est pas "
    "concernée : elle suit son cours.\n\n" + _SEE,
)
DECLINED: Final = _purpose(
    "selection.declined",
    lazy_gettext("Pitch non retenu"),
    "{edition} : votre pitch n’est pas retenu",
    _HELLO + "Le jury n’a pas retenu « {pitch} », que {structure} proposait de présenter à la rencontre "
    "« {edition} ». Nous vous remercions du temps que vous y avez consacré.\n\n{motif}\n\n"
    "Votre demande d’entretiens avec les acheteurs n’est pas concernée : elle suit son cours.\n\n" + _SEE,
)
PROMOTED: Final = _purpose(
    "selection.promoted",
    lazy_gettext("Pitch retenu après un désistement"),
    "{edition} : une place se libère, votre pitch est retenu",
    _HELLO + "Une structure a renoncé à présenter : {structure} prend sa place et présentera « {pitch} » à la "
    "rencontre « {edition} », {date}.\n\nRéservez votre accompagnement et déposez votre support ici :\n"
    "{accompagnement}\n\nSi vous ne pouvez pas présenter, dites-le nous au plus tôt.\n\n" + _SEE,
)
WITHDRAWN: Final = _purpose(
    "selection.withdrawn",
    lazy_gettext("Désistement noté"),
    "{edition} : votre désistement est noté",
    _HELLO + "Nous avons noté que {structure} ne présentera pas « {pitch} » à la rencontre « {edition} ». Votre "
    "créneau d’accompagnement, s’il était réservé, est libéré.\n\n" + _SEE,
)
BOOKED: Final = _purpose(
    "coaching.booked",
    lazy_gettext("Accompagnement réservé"),
    "{edition} : votre accompagnement est réservé",
    _HELLO + "L’accompagnement de {structure} est réservé : {creneau}.\n\nLe rendez-vous est joint à ce message : "
    "ouvrez-le pour l’ajouter à votre agenda.\n\nChanger ou annuler, déposer votre support :\n{accompagnement}\n",
)
UNBOOKED: Final = _purpose(
    "coaching.cancelled",
    lazy_gettext("Accompagnement annulé"),
    "{edition} : votre accompagnement est annulé",
    _HELLO + "L’accompagnement de {structure} n’a plus lieu : {creneau}.\n\nChoisir un autre créneau :\n"
    "{accompagnement}\n",
)
OUTCOMES: Final = {"picked": PICKED, "reserve": RESERVE, "declined": DECLINED}


def recipient_of(session: AnySession, application: Application) -> Person | None:
    """Return whom to write to about a file: who sent it, else the first who acts for its structure."""
    if application.person is not None and application.person.email is not None:
        return application.person
    if application.structure is None:
        return None
    delegates = delegates_of(session, application.structure)
    return next((one.person for one in delegates if one.person.email is not None), None)


def tell_outcome(session: AnySession, selection: Selection, *, held: bool, now: datetime) -> Message | None:
    """Write what was decided to a structure, once; ``held`` waits in the outbox for an organiser."""
    purpose = replace(OUTCOMES[selection.decision], held=held)
    return _tell(session, purpose, selection.application, key="released", reason=selection.reason, now=now)


def tell_replacement(session: AnySession, purpose: Purpose, selection: Selection, *, now: datetime) -> Message | None:
    """Write to the structure that gives up, or to the one that takes its place."""
    return _tell(session, purpose, selection.application, key="replaced", now=now)


def tell_coaching(
    session: AnySession,
    purpose: Purpose,
    slot: CoachingSlot,
    application: Application,
    *,
    key: str,
    attachments: list[dict[str, Any]],
    now: datetime,
) -> Message | None:
    """Write about a booking, with its calendar entry."""
    return _tell(
        session, purpose, application, key=key, slot=slot_in_words(slot, application.edition),
        attachments=attachments, now=now,
    )  # fmt: skip


def slot_in_words(slot: CoachingSlot, edition: Edition) -> str:
    """Write ``mardi 7 novembre 2017, de 14 h à 14 h 30, avec l’agence Exemple (12 rue des Essais)``."""
    day = long_date(slot.start.astimezone(edition.zone).date())
    place = f" ({slot.place})" if slot.place else ""
    return f"{day}, {clock_range(slot.start, slot.end, edition.zone)}, avec {slot.coach}{place}"


def _tell(
    session: AnySession,
    purpose: Purpose,
    application: Application,
    *,
    key: str,
    now: datetime,
    reason: str = "",
    slot: str = "",
    attachments: list[dict[str, Any]] | None = None,
) -> Message | None:
    person = recipient_of(session, application)
    if person is None:
        return None
    values = values_of(application, person, reason=reason, slot=slot)
    return write(
        session, purpose, person, values, key=f"{application.id}:{key}", now=now,
        edition_id=application.edition_id, attachments=attachments,
    )  # fmt: skip
