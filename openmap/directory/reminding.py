"""Pages to be confirmed: after eighteen months their people are written to once, with a link that confirms."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Final

from flask import current_app
from flask_babel import lazy_gettext
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import func, or_, select

from openmap.directory.models import Delegate, Structure
from openmap.directory.queries import delegates_of
from openmap.directory.standing import CONFIRMED_FOR, held_since
from openmap.extensions import AnySession, db
from openmap.mail.purposes import Purpose, register
from openmap.mail.reminders import LEAVES_AT
from openmap.mail.services import write
from openmap.people import journal
from openmap.web.addresses import address_of
from openmap.web.french import HERE, long_date

log = logging.getLogger(__name__)

_SALT: Final = "directory-confirmation"
MOST_AT_ONCE: Final = 200
"""Pages a round: the next one takes the others."""

TO_CONFIRM: Final = register(
    Purpose(
        "directory.confirm",
        lazy_gettext("Page de l’annuaire à confirmer"),
        "La page de {structure} dit-elle encore vrai ?",
        "Bonjour {prenom_nom},\n\nLa page de « {structure} » dans l’annuaire d’OpenMap ESS n’a pas été confirmée "
        "depuis le {depuis}. Les acheteurs y lisent désormais « à confirmer ».\n\nSi tout est encore vrai, un clic "
        "suffit, sans vous connecter :\n{confirmer}\n\nSi quelque chose a changé :\n{tenir}\n\nLa page :\n{page}\n",
        {
            "prenom_nom": lazy_gettext("prénom et nom de la personne, ou rien"),
            "structure": lazy_gettext("nom de la structure"),
            "depuis": lazy_gettext("jour de la dernière confirmation"),
            "confirmer": lazy_gettext("adresse où l’on confirme sans se connecter"),
            "tenir": lazy_gettext("adresse où l’on modifie la page"),
            "page": lazy_gettext("adresse de la page"),
        },
        {
            "prenom_nom": "Camille Exemple",
            "structure": "Ressourcerie exemple",
            "depuis": "jeudi 16 novembre 2017",
            "confirmer": "https://…/annuaire/confirmation/exemple",
            "tenir": "https://…/annuaire/structures/1/tenir",
            "page": "https://…/annuaire/structures/1",
        },
        in_edition=False,
    )
)


def remind_due(session: AnySession, *, now: datetime) -> int:
    """Write to the people of the pages to be confirmed, once until they are; return how many mails are new."""
    journal.lock(session)  # of two workers the second finds what the first has written
    since = func.coalesce(Structure.confirmed_at, Structure.listed_at)
    represented = select(Delegate.id).where(Delegate.organisation_id == Structure.id).exists()
    asked = select(Structure).where(
        Structure.listed_at.is_not(None),
        Structure.delisted_at.is_(None),
        since < now - CONFIRMED_FOR,
        or_(Structure.reminded_at.is_(None), Structure.reminded_at < since),
        represented,
    )
    written = 0
    for structure in session.scalars(asked.order_by(Structure.id).limit(MOST_AT_ONCE)):
        structure.reminded_at = now.replace(microsecond=0)
        written += _write(session, structure, now=now)
    session.flush()
    return written


def write_reminders() -> None:
    """Write what is due, from the worker's loop."""
    written = remind_due(db.session, now=datetime.now(UTC))
    db.session.commit()
    if written:
        log.info("Annuaire : %d message(s) pour des pages à confirmer.", written)


def token_of(structure: Structure) -> str:
    """Return the token that confirms a page, for the reminder that was sent last."""
    reminded = structure.reminded_at
    return _signer().dumps([structure.id, int(reminded.timestamp()) if reminded is not None else 0])


def structure_by_token(session: AnySession, token: str) -> Structure | None:
    """Return the page that a reminder's link confirms; ``None`` where it is none, or a later reminder replaced it."""
    try:
        number, stamp = _signer().loads(token)
    except (BadSignature, ValueError, TypeError):
        return None
    structure = session.get(Structure, number)
    if structure is None or structure.reminded_at is None or not structure.is_listed:
        return None
    return structure if int(structure.reminded_at.timestamp()) == stamp else None


def is_confirmed_since(structure: Structure) -> bool:
    """Say whether a page was confirmed after its reminder."""
    confirmed, reminded = structure.confirmed_at, structure.reminded_at
    return confirmed is not None and reminded is not None and confirmed >= reminded


def _write(session: AnySession, structure: Structure, *, now: datetime) -> int:
    since = held_since(structure)
    morning = datetime.combine(now.astimezone(HERE).date(), LEAVES_AT, HERE)
    values = {
        "structure": structure.name,
        "depuis": long_date(since.astimezone(HERE).date()) if since is not None else "",
        "confirmer": address_of("confirming.show", token=token_of(structure)),
        "tenir": address_of("keeping.overview", structure_id=structure.id),
        "page": address_of("structures.show", structure_id=structure.id),
    }
    due = morning if morning > now else morning + timedelta(days=1)
    made = [
        write(
            session, TO_CONFIRM, one.person, {**values, "prenom_nom": one.person.name},
            key=f"{structure.id}:{one.person_id}:{now:%Y%m%d}", now=now, due_at=due,
        )
        for one in delegates_of(session, structure)
    ]  # fmt: skip
    return sum(message is not None for message in made)


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=_SALT)
