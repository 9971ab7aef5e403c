"""A jury half-way through its readings: five invented jurors, of whom three have told their conflicts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from openmap.events.models import Edition
from openmap.extensions import db
from openmap.people.models import Person
from openmap.people.services import give_role, welcome
from openmap.pitches.conflicts import declare
from openmap.pitches.jury import begin_with_ours, keep_jury
from openmap.pitches.models import Jury
from openmap.pitches.permissions import JUROR
from openmap.pitches.progress import lines_of
from openmap.pitches.queries import criteria_of, read_files
from openmap.pitches.reading import save
from openmap.pitches.sharing import propose, share_out

READERS: Final = 2
JURORS: Final = ("Inès Lectrice", "Karim Critère", "Odile Barème", "Sacha Médiane")
MARKS: Final = ((4, 3, 4, 3, 5), (2, 4, 3, 3, 2), (5, 4, 5, 4, 4), (1, 3, 2, 4, 3))
WHY_LOW: Final = "Le lien avec les achats de la filière reste à préciser (fictif)."


def demo_reading(edition: Edition, people: Mapping[str, Person], now: datetime) -> None:
    """Furnish the coming edition, once: criteria, jurors, one conflict, readings shared out, some of them finished.

    ``people`` by role: the juror chairs and has read half of their files, the organiser shares out.
    """
    if db.session.get(Jury, edition.id) is not None:
        return
    organiser, chair = people["organiser"], people["juror"]
    jury = keep_jury(db.session, edition)
    jury.readers, jury.chair_id = READERS, chair.id
    begin_with_ours(db.session, edition, by=organiser, now=now)
    jurors = [chair, *(_juror(rank, name, now) for rank, name in enumerate(JURORS, 1))]
    for one in jurors:
        give_role(db.session, one, JUROR, edition.id, by=organiser, now=now)
    names = [one.id for one in read_files(db.session, edition.id)]
    if not names:
        return
    began = now - timedelta(days=2)
    for rank, one in enumerate(jurors[:3]):
        reasons = {names[-1]: "Ancien bénévole (fictif)"} if rank == 1 else {}
        declare(db.session, edition, one, reasons, shown=names, by=one, now=began)
    proposal = propose(db.session, edition)
    share_out(db.session, edition, expected=proposal.digest, by=organiser, now=began)
    for one in jurors[:2]:
        _read_half(edition, one, began)


def _juror(rank: int, name: str, now: datetime) -> Person:
    return welcome(db.session, f"jury{rank}@demonstration.example", name=f"{name} (fictif)", by=None, now=now)


def _read_half(edition: Edition, juror: Person, began: datetime) -> None:
    """Finish half of a juror's readings, and begin one more."""
    criteria = criteria_of(db.session, edition.id)
    lines = lines_of(db.session, edition, juror)
    half = len(lines) // 2
    for rank, line in enumerate(lines[: half + 1]):
        given = dict(zip((one.id for one in criteria), MARKS[(rank + juror.id) % len(MARKS)], strict=True))
        if rank == half:
            given = dict(list(given.items())[:2])
        save(
            db.session,
            line.reading,
            marks=given,
            comments={key: WHY_LOW for key, mark in given.items() if mark <= 1},
            seen=0,
            by=juror,
            now=began + timedelta(minutes=6 * (rank + 1)),
        )
