"""The mails to those who apply: the receipt, with the file as PDF, and the note of a withdrawal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from flask_babel import LazyString, lazy_gettext
from sqlalchemy import func, or_, select
from sqlalchemy.sql.elements import ColumnElement

from openmap.applications.calling import call_of, files_of
from openmap.applications.models import Application, Attendee
from openmap.applications.permissions import open_to
from openmap.applications.printing import file_pdf
from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.mail.models import Message
from openmap.mail.permissions import register_bar
from openmap.mail.purposes import Purpose, register
from openmap.mail.services import write
from openmap.people.models import Person
from openmap.web.addresses import address_of
from openmap.web.french import long_date, moment
from openmap.web.uploads import keep_own

PLACEHOLDERS: Final[Mapping[str, LazyString]] = {
    "prenom_nom": lazy_gettext("prénom et nom de la personne"),
    "edition": lazy_gettext("titre de l’édition"),
    "date": lazy_gettext("jour de la rencontre"),
    "structure": lazy_gettext("nom de la structure"),
    "depot": lazy_gettext("jour et heure du dépôt"),
    "cloture": lazy_gettext("jusqu’à quand la candidature peut être modifiée"),
    "dossier": lazy_gettext("adresse de la candidature"),
    "page": lazy_gettext("adresse de la page publique de l’édition"),
}
SAMPLE: Final = {
    "prenom_nom": "Camille Exemple",
    "edition": "OpenMap ESS – Économie circulaire",
    "date": "jeudi 16 novembre 2017",
    "structure": "Ressourcerie d’exemple",
    "depot": "lundi 2 octobre 2017, 10 h 42",
    "cloture": "vendredi 13 octobre 2017, 18 h",
    "dossier": "https://…/candidatures/1",
    "page": "https://…/editions/exemple",
}


def values_of(application: Application, person: Person, *, now: datetime) -> dict[str, str]:
    """Return what the placeholders stand for in a mail about a file."""
    edition = application.edition
    phase = call_of(edition, now=now).phase
    closes = phase.closes_at if phase is not None else None
    return {
        "prenom_nom": person.name,
        "edition": edition.title,
        "date": long_date(edition.held_on),
        "structure": application.name,
        "depot": moment(application.submitted_at, edition.zone) if application.submitted_at else "",
        "cloture": moment(closes, edition.zone) if closes else long_date(edition.held_on),
        "dossier": address_of("applying.show", application_id=application.id),
        "page": address_of("events.edition", slug=edition.slug),
    }


def _values_for(session: AnySession, edition_id: int, person: Person) -> Mapping[str, str] | None:
    edition = session.scalars(select(Edition).where(Edition.id == edition_id)).one()
    found = next((one for one in files_of(session, person, edition) if one.submitted_at is not None), None)
    return None if found is None else values_of(found, person, now=found.changed_at)


RECEIVED: Final = register(
    Purpose(
        "application.received",
        lazy_gettext("Candidature reçue"),
        "{edition} : votre candidature est bien reçue",
        "Bonjour {prenom_nom},\n\nLa candidature de {structure} à la rencontre « {edition} » ({date}) est reçue, "
        "le {depot}. Elle est jointe à ce message.\n\n"
        "Vous pouvez la relire, la modifier ou la retirer jusqu’au {cloture} :\n{dossier}\n\n"
        "Un message vous dira la suite.\n",
        PLACEHOLDERS,
        SAMPLE,
        values_for=_values_for,
    )
)
WITHDRAWN: Final = register(
    Purpose(
        "application.withdrawn",
        lazy_gettext("Candidature retirée"),
        "{edition} : votre candidature est retirée",
        "Bonjour {prenom_nom},\n\nLa candidature de {structure} à la rencontre « {edition} » est retirée.\n\n"
        "Si c’est une erreur, vous pouvez la déposer de nouveau jusqu’au {cloture} :\n{dossier}\n",
        PLACEHOLDERS,
        SAMPLE,
        values_for=_values_for,
    )
)


def receipt_of(session: AnySession, application: Application, *, now: datetime) -> dict[str, str]:
    """Typeset the file as it is submitted now, and keep it to be attached to its receipt."""
    content = file_pdf(session, application, now=now, submitted_at=now)
    return keep_own(content, f"candidature-{application.id}.pdf", "application/pdf")


def tell_received(session: AnySession, application: Application, receipt: dict[str, str], *, now: datetime) -> None:
    """Write the receipt, one for each time the file is submitted, with the file attached."""
    _tell(session, RECEIVED, application, now=now, attachments=[receipt])


def tell_withdrawn(session: AnySession, application: Application, *, now: datetime) -> None:
    """Write that the file is withdrawn."""
    _tell(session, WITHDRAWN, application, now=now, attachments=[])


def _tell(
    session: AnySession, purpose: Purpose, application: Application, *, now: datetime, attachments: list[dict[str, Any]]
) -> None:
    person = application.person
    if person is None or application.submitted_at is None:
        return
    write(
        session,
        purpose,
        person,
        values_of(application, person, now=now),
        key=f"{application.id}:{application.submitted_at:%Y%m%d%H%M%S%f}",
        now=now,
        edition_id=application.edition_id,
        attachments=attachments,
    )


def _to_people_of_barred_files(person: Person) -> ColumnElement[bool]:
    """Return the condition on messages to the people of a file that a conflict keeps from ``person``."""
    comes = select(Attendee.application_id).where(func.lower(Attendee.email) == Message.recipient)
    theirs = or_(Application.person_id == Message.person_id, Application.id.in_(comes))
    barred = select(Application.id).where(Application.edition_id == Message.edition_id, ~open_to(person), theirs)
    return barred.exists()


register_bar(_to_people_of_barred_files)
