"""A jury for tests: its criteria, jurors, marks and conflicts, as if the readings had gone by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from openmap.applications.models import Application
from openmap.directory.models import Structure
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.people.models import Person
from openmap.pitches.models import Conflict, Criterion, Declaration, Jury, Reading, Score
from tests.applying import make_application, siret
from tests.signing import make_person

READ = datetime(2026, 10, 28, 20, tzinfo=UTC)


def make_jury(
    edition: Edition, *, stage: str = "open", picks: int = 2, jurors: int = 3, **changes: Any
) -> list[Person]:
    """Add a jury of two criteria (weights 2 and 1) and its jurors, the first of whom chairs; return the jurors."""
    people = [
        make_person(f"jure{number}.{edition.slug}@essai.example", "juror", edition_id=edition.id, name=f"Juré {number}")
        for number in range(1, jurors + 1)
    ]
    settings = {"readers": 3, "released_at": READ if stage == "released" else None, **changes}
    db.session.add(Jury(edition_id=edition.id, stage=stage, picks=picks, chair_id=people[0].id, **settings))
    db.session.add(Criterion(edition_id=edition.id, position=1, name="Impact social", weight=2))
    db.session.add(Criterion(edition_id=edition.id, position=2, name="Nouveauté", weight=1))
    db.session.commit()
    return people


def declare(edition: Edition, *people: Person) -> None:
    """Let people tell that they have been through the whole list."""
    files = list(db.session.scalars(select(Application).where(Application.edition_id == edition.id)))
    for person in people:
        db.session.add(Declaration(edition_id=edition.id, person_id=person.id, declared_at=READ, applications=files))
    db.session.commit()


def mark(application: Application, person: Person, marks: Sequence[int], *, comment: str = "") -> Reading:
    """Add a finished reading with a mark a criterion, in their order."""
    criteria = db.session.scalars(
        select(Criterion).where(Criterion.edition_id == application.edition_id).order_by(Criterion.position)
    )
    reading = Reading(
        application=application, person=person, assigned_at=READ, opened_at=READ, finished_at=READ, comment=comment
    )
    reading.scores = [Score(criterion=one, mark=value) for one, value in zip(criteria, marks, strict=True)]
    db.session.add(reading)
    db.session.flush()
    return reading


def conflict(application: Application, person: Person, reason: str = "") -> None:
    """Let a person tell a conflict with a file."""
    db.session.add(Conflict(application=application, person=person, reason=reason, declared_at=READ))
    db.session.commit()


def make_room(
    edition: Edition, levels: Sequence[int] = (5, 4, 3, 2), *, stage: str = "open", picks: int = 2, **changes: Any
) -> tuple[list[Application], list[Person]]:
    """Add a jury that has read as many files as there are levels: each reader gives every file its level.

    Each file is some delegate's own: ``structure<number>@essai.example``.
    """
    people = make_jury(edition, stage=stage, picks=picks, **changes)
    files = []
    for number, level in enumerate(levels, start=1):
        owner = make_person(f"structure{number}.{edition.slug}@essai.example", name=f"Camille {number}")
        serial = 100 * edition.id + number
        structure = Structure(name=f"Structure {number} ({edition.slug})", siret=siret(serial), kind="aci")
        application = make_application(edition, serial, person=owner, name=f"Structure {number}", structure=structure)
        files.append(application)
        for juror in people:
            mark(application, juror, [level, level], comment=f"Avis de {juror.name} sur {application.name}.")
    declare(edition, *people)
    return files, people
