"""The mail to jurors who have something left to do: conflicts to tell, files to read. It names no structure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext

from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.mail.purposes import Purpose, register
from openmap.mail.services import write
from openmap.people import journal
from openmap.people.models import Person
from openmap.pitches.permissions import is_juror
from openmap.pitches.progress import JurorProgress, progress_of
from openmap.pitches.queries import jury_of
from openmap.web.addresses import address_of
from openmap.web.french import counted

_LATE: Final = Purpose(
    "jury.late",
    lazy_gettext("Rappel aux jurés qui ont encore à lire"),
    "{edition} : il vous reste {reste}",
    "Bonjour {prenom_nom},\n\nPour le jury de la rencontre « {edition} », il vous reste {reste}.\n\n"
    "Votre page de jury vous mène droit au prochain dossier :\n\n{page}\n\n"
    "Si vous ne pouvez plus siéger, répondez à ce message : vos dossiers seront confiés à d’autres.\n",
    {
        "prenom_nom": lazy_gettext("prénom et nom du juré"),
        "edition": lazy_gettext("titre de l’édition"),
        "reste": lazy_gettext("ce qui reste à faire, en nombre : jamais le nom d’une structure"),
        "page": lazy_gettext("adresse de la page du jury"),
    },
    {
        "prenom_nom": "Camille Exemple",
        "edition": "OpenMap ESS – Économie circulaire",
        "reste": "12 dossiers à lire",
        "page": "https://…/editions/exemple/jury",
    },
)


def _left(one: JurorProgress) -> str:
    parts = []
    if one.untold:
        parts.append(_("%(n)s à parcourir pour vos conflits d’intérêts", n=counted(one.untold, "nom")))
    if one.finished < one.given:
        parts.append(_("%(n)s à lire", n=counted(one.given - one.finished, "dossier")))
    return str(_(" et ")).join(parts)


def _values(edition: Edition, one: JurorProgress) -> dict[str, str]:
    return {
        "prenom_nom": one.person.name,
        "edition": edition.title,
        "reste": _left(one),
        "page": address_of("readings.home", slug=edition.slug),
    }


def _values_for(session: AnySession, edition_id: int, person: Person) -> Mapping[str, str] | None:
    edition = session.get_one(Edition, edition_id)
    if not is_juror(person, edition_id):
        return None
    progress = progress_of(session, edition, None)
    own = next((one for one in progress.jurors if one.person.id == person.id), None)
    return None if own is None or not own.is_late else _values(edition, own)


LATE: Final = register(replace(_LATE, values_for=_values_for))


def remind_late(session: AnySession, edition: Edition, *, by: Person, now: datetime) -> int:
    """Write to every juror who has something left, once a day each; return how many mails are new."""
    if jury_of(session, edition).stage != "blind":
        return 0
    day = now.astimezone(edition.zone).date()
    written = 0
    for one in progress_of(session, edition, None).jurors:
        if one.is_late:
            key = f"{edition.id}:{one.person.id}:{day}"
            sent = write(session, LATE, one.person, _values(edition, one), key=key, now=now, edition_id=edition.id)
            written += sent is not None
    if written:
        changes = {"reminders": [None, written]}
        journal.record(session, "jury.reminded", edition, by=by, now=now, edition_id=edition.id, changes=changes)
    return written
