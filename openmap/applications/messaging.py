"""A message to the people of several files: written by an organiser, one mail a file, held until it is released."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask_babel import LazyString, lazy_gettext
from sqlalchemy import select

from openmap.applications.labels import standing_label
from openmap.applications.models import Application
from openmap.extensions import AnySession
from openmap.mail.models import Message
from openmap.mail.purposes import Purpose, filled, register, require_known
from openmap.mail.services import AlreadyGone, drop, release, write
from openmap.people import journal
from openmap.people.models import Person
from openmap.people.services import UnusableAddress, welcome
from openmap.web.addresses import address_of
from openmap.web.french import long_date

PLACEHOLDERS: Final[Mapping[str, LazyString]] = {
    "prenom_nom": lazy_gettext("prénom et nom du contact"),
    "structure": lazy_gettext("nom de la structure"),
    "edition": lazy_gettext("titre de l’édition"),
    "date": lazy_gettext("jour de la rencontre"),
    "recevabilite": lazy_gettext("« recevable », « non recevable » ou « à examiner »"),
    "motif": lazy_gettext("motif noté par l’organisation, ou rien"),
    "dossier": lazy_gettext("adresse de la candidature, pour la relire ou la compléter"),
    "page": lazy_gettext("adresse de la page publique de l’édition"),
}
SAMPLE: Final = {
    "prenom_nom": "Camille Exemple",
    "structure": "Ressourcerie d’exemple",
    "edition": "OpenMap ESS – Économie circulaire",
    "date": "jeudi 16 novembre 2017",
    "recevabilite": "recevable",
    "motif": "",
    "dossier": "https://…/candidatures/1",
    "page": "https://…/editions/exemple",
}
WRITTEN: Final = register(
    Purpose(
        "application.message",
        lazy_gettext("Message aux candidatures choisies"),
        "{edition} : votre candidature",
        "Bonjour {prenom_nom},\n\nVotre candidature pour {structure} à la rencontre « {edition} » du {date} :\n"
        "{dossier}\n",
        PLACEHOLDERS,
        SAMPLE,
        held=True,
    )
)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a file's mail goes to: its first attendee who has an address, else who began it."""

    application: Application
    email: str
    name: str


def new_batch() -> str:
    """Return what tells one sending from another, so that a form sent twice writes once."""
    return secrets.token_hex(8)


def recipients_of(files: Iterable[Application]) -> tuple[list[Recipient], list[Application]]:
    """Return whom to write to, one a file, and the files that name nobody."""
    found, nobody = [], []
    for one in files:
        first = next((person for person in one.attendees if person.email), None)
        if first is not None:
            found.append(Recipient(one, first.email, first.name))
        elif one.person is not None and one.person.email:
            found.append(Recipient(one, one.person.email, one.person.name))
        else:
            nobody.append(one)
    return found, nobody


def values_for(recipient: Recipient) -> dict[str, str]:
    """Return what the placeholders stand for. Nothing that the jury says is among them."""
    one = recipient.application
    return {
        "prenom_nom": recipient.name or recipient.email,
        "structure": one.name,
        "edition": one.edition.title,
        "date": long_date(one.edition.held_on),
        "recevabilite": standing_label(one.standing).lower(),
        "motif": one.standing_reason,
        "dossier": address_of("applying.show", application_id=one.id),
        "page": address_of("events.edition", slug=one.edition.slug),
    }


def write_all(
    session: AnySession,
    recipients: Sequence[Recipient],
    *,
    subject: str,
    body: str,
    batch: str,
    by: Person,
    now: datetime,
) -> tuple[list[Message], list[Recipient]]:
    """Write one mail a file, held; return them, and those whose address cannot be used.

    The same words to the same address are written once, and so is a ``batch`` that is sent twice.
    Raises UnknownPlaceholder.
    """
    for text in (subject, body):
        require_known(text, WRITTEN)
    written: list[Message] = []
    unusable: list[Recipient] = []
    said: set[tuple[str, str, str]] = set()
    for recipient in recipients:
        values = values_for(recipient)
        told = (recipient.email.casefold(), filled(subject, values), filled(body, values))
        if told in said:
            continue
        said.add(told)
        try:
            person = welcome(session, recipient.email, name=recipient.name, by=by, now=now)
        except UnusableAddress:
            unusable.append(recipient)
            continue
        application = recipient.application
        message = write(
            session, WRITTEN, person, values, key=f"{batch}:{application.id}", now=now,
            edition_id=application.edition_id, words=(subject, body),
        )  # fmt: skip
        if message is not None:
            written.append(message)
    return written, unusable


def batch_of(session: AnySession, edition_id: int, batch: str) -> list[tuple[Message, int]]:
    """Return the messages of a sending, each with the file it is about, in the order in which they were written."""
    asked = select(Message).where(
        Message.edition_id == edition_id, Message.key.startswith(f"{WRITTEN.name}:{batch}:", autoescape=True)
    )
    return [(one, int(one.key.rpartition(":")[2])) for one in session.scalars(asked.order_by(Message.id))]


def release_all(session: AnySession, messages: Iterable[Message], *, by: Person, now: datetime) -> int:
    """Let the held ones leave; return how many."""
    return _each(session, messages, {"held"}, release, by=by, now=now)


def drop_all(session: AnySession, messages: Iterable[Message], *, by: Person, now: datetime) -> int:
    """Keep from leaving those that have not; return how many."""
    return _each(session, messages, {"held", "queued"}, drop, by=by, now=now)


def _each(
    session: AnySession, messages: Iterable[Message], states: set[str], verb: object, *, by: Person, now: datetime
) -> int:
    journal.lock(session)
    done = 0
    for message in messages:
        if message.state in states:
            try:
                verb(session, message, by=by, now=now)  # type: ignore[operator]
            except AlreadyGone:
                continue
            done += 1
    return done
