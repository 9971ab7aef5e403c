"""An edition's invitations, made from a search in the directory: « traiteur 93, qui ne sont pas encore venues »."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from flask_babel import LazyString, gettext, lazy_gettext
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from openmap.applications.calling import call_of
from openmap.applications.models import Application
from openmap.directory.models import Delegate, Structure
from openmap.directory.search import met
from openmap.directory.search.finding import matching_ids
from openmap.directory.search.query import Query
from openmap.events.models import Edition
from openmap.extensions import AnySession, insert_unless_there
from openmap.mail.models import Message
from openmap.mail.purposes import Purpose, filled, register
from openmap.mail.services import words_for, write
from openmap.people import journal
from openmap.people.models import Person
from openmap.web.addresses import address_of
from openmap.web.french import long_date, moment

MOST: Final = 200
"""Structures that one page shows and one sending reaches: a list that is read, not a mass mailing."""

PLACEHOLDERS: Final[Mapping[str, LazyString]] = {
    "structure": lazy_gettext("nom de la structure"),
    "edition": lazy_gettext("titre de l’édition"),
    "date": lazy_gettext("jour de la rencontre"),
    "cloture": lazy_gettext("jusqu’à quand la candidature peut être déposée"),
    "page": lazy_gettext("adresse de la page de l’édition"),
}
CALLED: Final = register(
    Purpose(
        "structure.called",
        lazy_gettext("Invitation d’une structure de l’annuaire"),
        "{edition} : votre structure est invitée à candidater",
        "Bonjour,\n\nLa rencontre « {edition} » du {date} cherche des structures comme {structure}, trouvée dans "
        "l’annuaire.\n\nPour y présenter votre offre à des acheteurs publics, déposez une candidature avant le "
        "{cloture} : un quart d’heure suffit.\n{page}\n\nCette invitation vous est envoyée une seule fois.\n",
        PLACEHOLDERS,
        {
            "structure": "Ressourcerie d’exemple",
            "edition": "OpenMap ESS – Économie circulaire",
            "date": "jeudi 16 novembre 2017",
            "cloture": "vendredi 13 octobre 2017, 18 h",
            "page": "https://…/editions/exemple",
        },
    )
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A structure that a search found: whether it has a file here, has come before, was invited, can be written to."""

    structure: Structure
    applied: bool
    came: tuple[str, ...]
    invited: bool
    reachable: bool

    @property
    def may_be_invited(self) -> bool:
        """Whether an invitation still makes sense and finds an address."""
        return self.reachable and not self.applied and not self.invited


def candidates(
    session: AnySession, edition: Edition, query: Query, *, today: date, only_new: bool = False
) -> tuple[list[Candidate], int]:
    """Return what a search finds, in its order, and how many in all; those that came before are left out on request.

    The number of queries does not depend on how many there are.
    """
    numbers = matching_ids(session, query, today=today)
    came = _came(session, edition)
    kept = [one for one in numbers if not (only_new and one in came)]
    return _told(session, edition, kept[:MOST], came), len(kept)


def invite(
    session: AnySession, edition: Edition, structure_ids: Collection[int], *, by: Person, now: datetime
) -> list[Structure]:
    """Write to the people of these structures, else to their contact address; each once for an edition.

    Returns those that were written to. Structures that have left the directory, have applied already or were invited
    before are passed over. Does not commit.
    """
    chosen = _told(session, edition, sorted(structure_ids)[:MOST], {})
    people = _people(session, [one.structure.id for one in chosen])
    written = []
    for one in chosen:
        if one.may_be_invited and one.structure.is_listed:
            _write(session, edition, one.structure, people.get(one.structure.id, ()), now=now)
            journal.record(
                session, "structure.called", one.structure, by=by, now=now, edition_id=edition.id, changes={}
            )
            written.append(one.structure)
    return written


def _told(
    session: AnySession, edition: Edition, numbers: Sequence[int], came: Mapping[int, list[str]]
) -> list[Candidate]:
    asked = select(Structure).where(Structure.id.in_(numbers)).options(joinedload(Structure.commune))
    found = {one.id: one for one in session.scalars(asked)}
    here = select(Application.structure_id).where(
        Application.edition_id == edition.id, Application.structure_id.in_(numbers), Application.state != "withdrawn"
    )
    applied = set(session.scalars(here))
    people = _people(session, numbers)
    keys = {_key(edition, number) for number in numbers}
    sent = set(session.scalars(select(Message.key).where(Message.key.in_(_stored(keys)))))
    return [
        Candidate(
            structure=found[number],
            applied=number in applied,
            came=tuple(came.get(number, ())),
            invited=f"{CALLED.name}:{_key(edition, number)}" in sent,
            reachable=bool(people.get(number) or found[number].contact_email),
        )
        for number in numbers
        if number in found
    ]


def _came(session: AnySession, edition: Edition) -> dict[int, list[str]]:
    """Return at which other editions structures had a file, or took part as the rooms below tell."""
    asked = (
        select(Application.structure_id, Edition.title)
        .join(Edition, Edition.id == Application.edition_id)
        .where(Application.state == "submitted", Edition.id != edition.id, Edition.held_on < edition.held_on)
        .order_by(Edition.held_on)
    )
    pairs = [(row[0], row[1]) for row in session.execute(asked) if row[0] is not None]
    pairs += [(n, one.title) for one in met.editions(session) if one.slug != edition.slug for n in one.structure_ids]
    came: dict[int, list[str]] = {}
    for number, title in dict.fromkeys(pairs):
        came.setdefault(number, []).append(title)
    return came


def _people(session: AnySession, numbers: Sequence[int]) -> dict[int, list[Person]]:
    """Return who acts for each structure and has an address."""
    asked = select(Delegate.organisation_id, Person).join(Delegate.person).where(Delegate.organisation_id.in_(numbers))
    found: dict[int, list[Person]] = {}
    for number, person in session.execute(asked.order_by(Delegate.id)):
        if person.email is not None:
            found.setdefault(number, []).append(person)
    return found


def _key(edition: Edition, structure_id: int) -> str:
    return f"{edition.id}:{structure_id}"


def _stored(keys: Collection[str]) -> list[str]:
    return sorted(f"{CALLED.name}:{key}" for key in keys)


def _write(
    session: AnySession, edition: Edition, structure: Structure, people: Sequence[Person], *, now: datetime
) -> None:
    phase = call_of(edition, now=now).phase
    closes = phase.closes_at if phase is not None else None
    values = {
        "structure": structure.name,
        "edition": edition.title,
        "date": long_date(edition.held_on),
        "cloture": moment(closes, edition.zone) if closes else long_date(edition.held_on),
        "page": address_of("events.edition", slug=edition.slug),
    }
    key = _key(edition, structure.id)
    for rank, person in enumerate(people):
        # The first mail's key tells that the structure was invited, whoever acts for it later.
        write(
            session, CALLED, person, values, key=key if not rank else f"{key}:{person.id}", now=now,
            edition_id=edition.id,
        )  # fmt: skip
    if not people:
        subject, body = words_for(session, CALLED, edition.id)
        insert_unless_there(
            session, Message, key=f"{CALLED.name}:{key}", purpose=CALLED.name, edition_id=edition.id,
            recipient=structure.contact_email, recipient_name="", subject=filled(subject, values)[:200],
            body=filled(body, values), html="", attachments=[], state="queued", created_at=now, due_at=now,
        )  # fmt: skip


def told(written: Sequence[Structure], asked: int) -> str:
    """Return in a sentence what a sending did."""
    if not written:
        return str(
            gettext(
                "Aucune invitation n’est partie : cochez des structures qui n’ont ni candidaté ni été invitées, et "
                "dont une adresse est connue."
            )
        )
    left = asked - len(written)
    sentence = str(gettext("%(count)s structure(s) invitée(s).", count=len(written)))
    return f"{sentence} {gettext('%(left)s déjà servie(s) ou sans adresse.', left=left)}" if left else sentence
