"""A selection that was released, with its coaching, in the former edition: files, marks and people are invented."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from io import BytesIO
from typing import Final

from sqlalchemy import select

from openmap.applications.models import Application, Attendee
from openmap.directory.models import Structure
from openmap.events.models import Edition
from openmap.events.slots import Rhythm
from openmap.extensions import db
from openmap.people.models import ORGANISER, Person
from openmap.people.services import give_role, welcome
from openmap.pitches import coaching, decks, releasing, selecting
from openmap.pitches.models import Conflict, Criterion, Declaration, Jury, Reading, Score
from openmap.pitches.ranking import ranking_of
from openmap.reference.models import Commune
from openmap.web.french import long_date
from openmap.web.typesetting import typeset

CRITERIA: Final = (
    ("Réponse à un besoin des acheteurs publics", 3),
    ("Impact social et environnemental", 3),
    ("Ce qui est nouveau", 2),
    ("Clarté de la présentation", 1),
)
WORDS: Final = ["absent", "faible", "passable", "satisfaisant", "bon", "excellent"]
PICKED: Final = 6
OTHERS: Final = 5
"""Files that were not picked."""

COACHES: Final = ("Agence Alpha (fictive)", "Agence Bêta (fictive)")


def demo_deciding(edition: Edition, people: Mapping[str, Person], now: datetime) -> None:
    """Furnish a former edition: six structures picked, others in reserve or declined, coaching booked.

    ``people`` by role: the juror chairs, the organiser decides, the structure's delegate pitches and has yet to book.
    """
    if db.session.get(Jury, edition.id) is not None:
        return
    jurors = _jury(edition, people, now)
    picked, others = _files(edition, people, now)
    _read(edition, jurors, [*picked, *others])
    db.session.add(
        Conflict(application=others[1], person=jurors[1], reason="Ancien bénévole (fictif)", declared_at=now)
    )
    db.session.flush()
    by = people[ORGANISER]
    order = [line.application_id for line in ranking_of(db.session, edition.id)]
    others.sort(key=lambda application: order.index(application.id))
    selecting.open_room(db.session, edition, by=by, now=now)
    for application in picked:
        selecting.decide(db.session, edition, application, "picked", by=by, now=now)
    for application in others[:2]:
        selecting.decide(db.session, edition, application, "reserve", by=by, now=now)
    for application in others[2:]:
        selecting.decide(
            db.session, edition, application, "declined", reason="Sujet déjà présenté l’an passé (fictif).", by=by,
            now=now,
        )  # fmt: skip
    for moment in edition.programme:
        if "se présentent" in moment.title:
            moment.kind, moment.description = "pitches", "Six structures fictives, choisies par le jury."
    releasing.release(db.session, edition, held=True, by=by, now=now)
    _coach(edition, picked, by, now)


def _jury(edition: Edition, people: Mapping[str, Person], now: datetime) -> list[Person]:
    chair = people["juror"]
    more = [
        welcome(
            db.session,
            f"jury-{number}@demonstration.example",
            name=f"Personne fictive, jury {number}",
            by=None,
            now=now,
        )
        for number in (2, 3, 4)
    ]
    for juror in (chair, *more):
        give_role(db.session, juror, "juror", edition.id, by=None, now=now)
    db.session.add(Jury(edition_id=edition.id, readers=3, picks=6, chair_id=chair.id, assigned_at=now))
    for position, (name, weight) in enumerate(CRITERIA):
        db.session.add(Criterion(edition_id=edition.id, position=position, name=name, weight=weight, words=list(WORDS)))
    db.session.flush()
    return [chair, *more]


def _files(
    edition: Edition, people: Mapping[str, Person], now: datetime
) -> tuple[list[Application], list[Application]]:
    """Return the files of those who pitch, and those of some beside them; every structure is invented."""
    asked = select(Structure).where(Structure.is_invented, Structure.city != "").order_by(Structure.id)
    found = list(db.session.scalars(asked.limit(PICKED + OTHERS)))
    cities = [one.city for one in found]
    asked_for = select(Commune.name, Commune.code).where(Commune.name.in_(cities), Commune.current_code.is_(None))
    communes: dict[str, str] = {row[0]: row[1] for row in db.session.execute(asked_for)}
    files = [
        _file(edition, one, rank, people["structure_delegate"] if rank == 0 else None, communes.get(one.city), now)
        for rank, one in enumerate(found)
    ]
    return files[:PICKED], files[PICKED:]


def _file(
    edition: Edition, structure: Structure, rank: int, owner: Person | None, commune: str | None, now: datetime
) -> Application:
    person = owner or welcome(
        db.session, f"candidature-{rank + 1}@demonstration.example", name=f"Personne fictive, candidature {rank + 1}",
        by=None, now=now,
    )  # fmt: skip
    applied = datetime.combine(edition.held_on, time(9), edition.zone) - timedelta(days=60)
    application = Application(
        edition=edition,
        person=person,
        structure=structure,
        state="submitted",
        name=structure.name,
        siret=structure.siret or "",
        kind=structure.kind,
        commune_code=commune,
        presentation=f"{structure.activity or 'Présentation'} (dossier fictif)",
        wants_pitch=True,
        pitch_title=f"Ce que propose {structure.name} (titre fictif)",
        pitch_summary="Résumé fictif, écrit pour la démonstration.",
        wants_meetings=True,
        created_at=applied,
        changed_at=applied,
        submitted_at=applied,
        standing="eligible",
        standing_at=applied,
    )
    application.attendees.append(Attendee(name=person.name, email=person.email or ""))
    db.session.add(application)
    db.session.flush()
    return application


def _read(edition: Edition, jurors: Sequence[Person], files: Sequence[Application]) -> None:
    """Let three of the four jurors read each file; the marks follow from the ranks, and mean nothing."""
    read_at = files[0].created_at
    criteria = db.session.scalars(
        select(Criterion).where(Criterion.edition_id == edition.id).order_by(Criterion.position)
    ).all()
    for juror in jurors:
        db.session.add(
            Declaration(edition_id=edition.id, person_id=juror.id, declared_at=read_at, applications=list(files))
        )
    for rank, application in enumerate(files):
        for place, juror in enumerate(one for at, one in enumerate(jurors) if at != (rank + 2) % len(jurors)):
            level = 4 if rank < PICKED else 3
            reading = Reading(
                application=application, person=juror, assigned_at=read_at, opened_at=read_at, finished_at=read_at,
                comment="Avis fictif, pour la démonstration.",
            )  # fmt: skip
            reading.scores = [
                Score(criterion=one, mark=min(5, level + (rank + at) % 3 - 1 + (place == rank % 3) * (at % 2)))
                for at, one in enumerate(criteria)
            ]
            db.session.add(reading)
    db.session.flush()


def _coach(edition: Edition, picked: Sequence[Application], by: Person, now: datetime) -> None:
    """Open a half-day with two agencies a week before; all but the delegate's structure have booked and come."""
    day = edition.held_on - timedelta(days=9)
    begin = datetime.combine(day, time(14), edition.zone)
    rhythm = Rhythm(begin, begin + timedelta(hours=3), timedelta(minutes=45), timedelta(0))
    coaching.generate(db.session, edition, rhythm, COACHES, place="Salle des fêtes (lieu fictif)", by=by, now=now)
    db.session.flush()
    slots = coaching.slots_of(db.session, edition.id)
    for slot, application in zip(slots, picked[1:], strict=False):
        coaching.book(db.session, slot, application, by=by, now=now, late=True)
        coaching.attend(db.session, slot, attended=True, by=by, now=now)
        slides = typeset(
            "application",
            {
                "document": application.name,
                "edition": edition.title,
                "date": long_date(edition.held_on),
                "state": "Support fictif, pour la démonstration",
                "number": f"Dossier n° {application.id}",
                "siret": "",
                "sections": [
                    {
                        "title": "Pitch",
                        "rows": [{"label": "Titre", "values": [application.pitch_title], "missing": False}],
                    }
                ],
            },
            now,
        )
        decks.add(db.session, application, BytesIO(slides), "support.pdf", by=by, now=now, late=True)
