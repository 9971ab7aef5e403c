"""Verbs of files begun for a structure, and the mail that hands one to its contact."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from flask_babel import LazyString, lazy_gettext
from sqlalchemy import select

from openmap.applications.calling import call_of
from openmap.applications.models import Application
from openmap.applications.permissions import open_to
from openmap.applications.services import start
from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.mail.models import Message
from openmap.mail.purposes import Purpose, register
from openmap.mail.services import write
from openmap.people import journal
from openmap.people.models import Person
from openmap.people.services import welcome
from openmap.web.addresses import address_of
from openmap.web.french import long_date, moment

PLACEHOLDERS: Final[Mapping[str, LazyString]] = {
    "prenom_nom": lazy_gettext("prénom et nom du contact"),
    "structure": lazy_gettext("nom de la structure"),
    "edition": lazy_gettext("titre de l’édition"),
    "date": lazy_gettext("jour de la rencontre"),
    "cloture": lazy_gettext("jusqu’à quand la candidature peut être déposée"),
    "dossier": lazy_gettext("adresse de la candidature à compléter"),
}
INVITED: Final = register(
    Purpose(
        "application.invited",
        lazy_gettext("Invitation à candidater"),
        "{edition} : votre candidature vous attend",
        "Bonjour {prenom_nom},\n\nNous avons ouvert une candidature pour {structure} à la rencontre « {edition} » du "
        "{date}.\n\nComplétez-la et déposez-la avant le {cloture} : un quart d’heure suffit, et elle s’enregistre à "
        "mesure.\n{dossier}\n\nLe site vous enverra un lien de connexion à cette adresse.\n",
        PLACEHOLDERS,
        {
            "prenom_nom": "Camille Exemple",
            "structure": "Ressourcerie d’exemple",
            "edition": "OpenMap ESS – Économie circulaire",
            "date": "jeudi 16 novembre 2017",
            "cloture": "vendredi 13 octobre 2017, 18 h",
            "dossier": "https://…/candidatures/1",
        },
    )
)


def files_with(session: AnySession, edition: Edition, siret: str, person: Person) -> list[Application]:
    """Return the files that this SIRET has in an edition already, but those that ``person`` must not see."""
    if not siret:
        return []
    asked = select(Application).where(
        Application.edition_id == edition.id, Application.siret == siret,
        Application.state.in_(("draft", "submitted")), open_to(person),
    )  # fmt: skip
    return list(session.scalars(asked.order_by(Application.id)))


def begin_for(
    session: AnySession,
    edition: Edition,
    *,
    name: str,
    siret: str,
    contact: str,
    email: str,
    by: Person,
    now: datetime,
) -> Application:
    """Begin a draft that is the contact's own, whether the call is open or not.

    Raises UnusableAddress.
    """
    person = welcome(session, email, name=contact, by=by, now=now)
    application = start(session, edition, person=person, by=by, now=now, siret=siret)
    application.name = name
    if contact and application.attendees:
        application.attendees[0].name = contact
    application.version += 1  # touched: the next one begun for the same contact is another file
    session.flush()
    return application


def invite(session: AnySession, application: Application, *, by: Person, now: datetime) -> Message | None:
    """Write to whose file it is that it waits for them; once a day at most."""
    person, edition = application.person, application.edition
    if person is None:
        return None
    phase = call_of(edition, now=now).phase
    closes = phase.closes_at if phase is not None else None
    values = {
        "prenom_nom": person.name,
        "structure": application.name,
        "edition": edition.title,
        "date": long_date(edition.held_on),
        "cloture": moment(closes, edition.zone) if closes else long_date(edition.held_on),
        "dossier": address_of("applying.show", application_id=application.id),
    }
    message = write(
        session, INVITED, person, values, key=f"{application.id}:{now:%Y%m%d}", now=now, edition_id=edition.id
    )
    if message is not None:
        journal.record(session, "application.invited", application, by=by, now=now, edition_id=edition.id, changes={})
    return message
