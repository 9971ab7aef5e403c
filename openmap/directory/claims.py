"""Verbs on claims: someone asks to keep a structure's page; its people, else an administrator, answer.

The one who asks is never told whether anybody represents the structure, nor who: the answer is the same either way.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from openmap.directory.models import Claim, Delegate, Structure
from openmap.directory.queries import delegates_of
from openmap.directory.services import invite
from openmap.extensions import AnySession
from openmap.mail.purposes import Purpose, register
from openmap.mail.services import write
from openmap.people import journal
from openmap.people.models import ADMINISTRATOR, Person, Role
from openmap.web.addresses import address_of
from openmap.web.french import HERE, long_date

AGAIN: Final = timedelta(days=30)
"""After a refusal, as long must pass before the same person asks again."""

ASKED: Final = register(
    Purpose(
        "claim.asked",
        lazy_gettext("Demande de tenir une page de l’annuaire"),
        "{demandeur} demande à tenir la page de {structure}",
        "Bonjour {prenom_nom},\n\n{demandeur} ({adresse_demandeur}) demande à tenir la page de « {structure} » dans "
        "l’annuaire d’OpenMap ESS.\n\nSa fonction, d’après sa demande : {fonction}\n\nAcceptez seulement si vous savez "
        "que cette personne est de la structure ; sinon, refusez :\n{page}\n",
        {
            "prenom_nom": lazy_gettext("prénom et nom de qui répond, ou rien"),
            "demandeur": lazy_gettext("qui demande"),
            "adresse_demandeur": lazy_gettext("son adresse électronique"),
            "structure": lazy_gettext("nom de la structure"),
            "fonction": lazy_gettext("ce que la personne dit de sa fonction"),
            "page": lazy_gettext("adresse de la page où l’on répond"),
        },
        {
            "prenom_nom": "Camille Exemple",
            "demandeur": "Dominique Exemple",
            "adresse_demandeur": "dominique@exemple.example",
            "structure": "Ressourcerie exemple",
            "fonction": "chargée de développement",
            "page": "https://…/annuaire/structures/1/tenir",
        },
        in_edition=False,
    )
)
ANSWERED: Final = register(
    Purpose(
        "claim.answered",
        lazy_gettext("Réponse à une demande de tenir une page"),
        "Votre demande pour la page de {structure}",
        "Bonjour {prenom_nom},\n\n{reponse}\n\n{page}\n",
        {
            "prenom_nom": lazy_gettext("prénom et nom de la personne, ou rien"),
            "structure": lazy_gettext("nom de la structure"),
            "reponse": lazy_gettext("la réponse, en une phrase"),
            "page": lazy_gettext("adresse de la page"),
        },
        {
            "prenom_nom": "Dominique Exemple",
            "structure": "Ressourcerie exemple",
            "reponse": "Vous pouvez désormais tenir la page de « Ressourcerie exemple ».",
            "page": "https://…/annuaire/structures/1",
        },
        in_edition=False,
    )
)


class RefusedClaim(Exception):
    """A claim cannot be made now; says why and what to do."""


def open_claims(session: AnySession, structure: Structure) -> list[Claim]:
    """Return the claims of a structure that wait for an answer, oldest first."""
    asked = select(Claim).where(Claim.structure_id == structure.id, Claim.state == "asked")
    return list(session.scalars(asked.options(joinedload(Claim.person)).order_by(Claim.id)))


def waiting_claims(session: AnySession) -> list[tuple[Claim, bool]]:
    """Return all claims that wait, oldest first, each with whether someone represents the structure already."""
    has_people = select(Delegate.id).where(Delegate.organisation_id == Claim.structure_id).exists()
    asked = select(Claim, has_people).where(Claim.state == "asked").order_by(Claim.id)
    rows = session.execute(asked.options(joinedload(Claim.person), joinedload(Claim.structure)))
    return [(claim, bool(represented)) for claim, represented in rows]


def count_waiting(session: AnySession) -> int:
    """Return how many claims wait for an answer."""
    return session.scalar(select(func.count()).select_from(Claim).where(Claim.state == "asked")) or 0


def claim_of(session: AnySession, structure: Structure, person: Person) -> Claim | None:
    """Return what someone has asked of a structure."""
    asked = select(Claim).where(Claim.structure_id == structure.id, Claim.person_id == person.id)
    return session.scalars(asked).one_or_none()


def ask(session: AnySession, structure: Structure, *, reason: str, by: Person, now: datetime) -> Claim:
    """Ask to keep a page. Asking twice asks once; after a refusal a month must pass.

    Raises RefusedClaim.
    """
    journal.lock(session)  # of two tabs the second finds what the first has asked
    claim = claim_of(session, structure, by)
    if claim is None:
        claim = Claim(structure=structure, person=by, asked_at=now)
        session.add(claim)
    elif claim.state == "asked":
        return claim
    elif claim.state == "refused" and claim.answered_at is not None and claim.answered_at > now - AGAIN:
        day = long_date((claim.answered_at + AGAIN).astimezone(HERE).date())
        raise RefusedClaim(
            _("Votre demande n’a pas été acceptée. Vous pourrez en refaire une à partir du %(day)s.", day=day)
        )
    claim.state, claim.answered_at, claim.answered_by_id = "asked", None, None
    claim.reason, claim.asked_at = reason, now
    session.flush()
    journal.record(session, "claim.asked", claim, by=by, now=now, changes={})
    values = {
        "demandeur": by.shown_name, "adresse_demandeur": by.email or "", "structure": structure.name,
        "fonction": reason, "page": address_of("keeping.overview", structure_id=structure.id),
    }  # fmt: skip
    for person in _answering(session, structure):
        key = f"{claim.id}:{person.id}:{now:%Y%m%d%H%M}"
        write(session, ASKED, person, {**values, "prenom_nom": person.name}, key=key, now=now)
    return claim


def answer(session: AnySession, claim: Claim, *, accepts: bool, by: Person, now: datetime) -> None:
    """Accept a claim, which lets the person act for the structure, or refuse it. What is answered stays so."""
    journal.lock(session)
    session.refresh(claim)
    if claim.state != "asked":
        return
    claim.state, claim.answered_at, claim.answered_by_id = "accepted" if accepts else "refused", now, by.id
    session.flush()
    journal.record(session, "claim.answered", claim, by=by, now=now, changes={"state": ["asked", claim.state]})
    if accepts:
        invite(session, claim.structure, claim.person, by=by, now=now)
        told = _("Vous pouvez désormais tenir la page de « %(name)s » dans l’annuaire.", name=claim.structure.name)
    else:
        told = _(
            "Votre demande de tenir la page de « %(name)s » n’a pas été acceptée. Si vous pensez à une erreur, "
            "adressez-vous à l’organisation de la rencontre la plus proche.",
            name=claim.structure.name,
        )
    endpoint = "keeping.overview" if accepts else "structures.show"
    values = {
        "prenom_nom": claim.person.name, "structure": claim.structure.name, "reponse": told,
        "page": address_of(endpoint, structure_id=claim.structure_id),
    }  # fmt: skip
    write(session, ANSWERED, claim.person, values, key=f"{claim.id}:{now:%Y%m%d%H%M}", now=now)


def _answering(session: AnySession, structure: Structure) -> list[Person]:
    """Return who answers: the structure's people, else the administrators."""
    people = [one.person for one in delegates_of(session, structure) if one.person.email]
    if people:
        return people
    asked = select(Person).join(Role, Role.person_id == Person.id).where(Role.role == ADMINISTRATOR)
    return list(session.scalars(asked.where(Person.erased_at.is_(None)).order_by(Person.id)))
