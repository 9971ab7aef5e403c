"""Who is given which file: what would change is shown first, and done only if it is still the same."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import delete, select, update

from openmap.applications.models import Application
from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.people import journal
from openmap.people.models import Person
from openmap.pitches.assigning import Pair, could_be_more_even, share
from openmap.pitches.jury import keep_jury
from openmap.pitches.models import Jury, Reading
from openmap.pitches.queries import conflicting, jurors, jury_of, own_files, read_files, told_names
from openmap.web.french import counted


class ChangedMeanwhile(Exception):
    """What would be done is no longer what was shown."""

    def __init__(self) -> None:
        super().__init__(
            "Depuis l’affichage de cette page, un dossier, un conflit ou une lecture a changé. Voici ce qui serait "
            "fait maintenant : vérifiez, puis confirmez."
        )


class ReadingsOver(Exception):
    """The deliberation has begun."""

    def __init__(self) -> None:
        super().__init__("La délibération est ouverte : les lectures ne se répartissent plus.")


@dataclass(frozen=True, slots=True)
class Load:
    """How many files a juror reads now, would read, and how many of these are finished."""

    person: Person
    now: int
    after: int
    finished: int
    possible: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """What would change. ``digest`` tells this proposal from any other; ``short`` says which files lack readers."""

    added: list[tuple[Application, Person]]
    removed: list[tuple[Application, Person]]
    kept: int
    loads: list[Load]
    short: list[tuple[Application, str]]
    files: int
    readers: int
    is_proved: bool
    digest: str

    @property
    def spread(self) -> int:
        """The difference between the largest and the smallest load that would be."""
        after = [one.after for one in self.loads]
        return max(after) - min(after) if after else 0

    @property
    def is_nothing(self) -> bool:
        """Whether nothing would change."""
        return not self.added and not self.removed


@dataclass(slots=True)
class _Rows:
    """What is shared out, as rows."""

    files: dict[int, Application]
    people: dict[int, Person]
    allowed: dict[int, set[int]]
    barred: dict[int, int]
    untold: dict[int, int]
    readings: dict[Pair, Reading]

    @property
    def finished(self) -> set[Pair]:
        return {pair for pair, one in self.readings.items() if one.finished_at is not None}


def _load(session: AnySession, edition: Edition) -> _Rows:
    """Read the files, who sits in the jury, who may read what, and the readings there are."""
    files = {one.id: one for one in read_files(session, edition.id)}
    people = {one.id: one for one in jurors(session, edition.id)}
    kept, own, told = (ask(session, edition.id) for ask in (conflicting, own_files, told_names))
    barred = {file: {person for person in people if file in kept[person] | own[person]} for file in files}
    untold = {file: {person for person in people if file not in told[person]} - barred[file] for file in files}
    asked = select(Reading).join(Application).where(Application.edition_id == edition.id)
    rows = session.scalars(asked.order_by(Reading.id).execution_options(populate_existing=True))
    return _Rows(
        files,
        people,
        {file: set(people) - barred[file] - untold[file] for file in files},
        {file: len(barred[file]) for file in files},
        {file: len(untold[file]) for file in files},
        {
            (one.application_id, one.person_id): one
            for one in rows
            if one.application_id in files and one.application_id not in kept[one.person_id]
        },
    )


def propose(session: AnySession, edition: Edition) -> Proposal:
    """Return what sharing out the readings would change: files covered, then loads even, then fewest changes.

    Only jurors who have told their conflicts about a file are given it.
    """
    rows, readers = _load(session, edition), jury_of(session, edition).readers
    open_pairs = {pair for pair, one in rows.readings.items() if one.finished_at is None}
    begun = {pair for pair in open_pairs if rows.readings[pair].opened_at is not None}
    found = share(
        rows.allowed, rows.people, readers=readers, finished=rows.finished, begun=begun, given=open_pairs - begun
    )
    present = set(rows.readings)
    names = rows.people | {one.person_id: one.person for one in rows.readings.values()}

    def rowed(pairs: Iterable[Pair]) -> list[tuple[Application, Person]]:
        named = [(rows.files[file], names[juror]) for file, juror in pairs]
        return sorted(named, key=lambda one: (one[1].shown_name.casefold(), one[0].name.casefold(), one[0].id))

    before = Counter(juror for _file, juror in present)
    done = Counter(juror for _file, juror in rows.finished)
    possible = Counter(juror for may in rows.allowed.values() for juror in may)
    return Proposal(
        added=rowed(found.pairs - present),
        removed=rowed(present - found.pairs),
        kept=len(found.pairs & present),
        loads=[
            Load(person, before[number], found.loads[number], done[number], possible[number])
            for number, person in rows.people.items()
        ],
        short=[(rows.files[file], _why_short(rows, file, lacking)) for file, lacking in found.short.items()],
        files=len(rows.files),
        readers=readers,
        is_proved=could_be_more_even(found, rows.allowed, finished=rows.finished) is None,
        digest=hashlib.sha256(repr((sorted(present), sorted(found.pairs))).encode()).hexdigest()[:16],
    )


def _why_short(rows: _Rows, file: int, lacking: int) -> str:
    """Say why a file cannot have all its readers."""
    causes = []
    if rows.barred[file]:
        causes.append(_("%(n)s en conflit", n=counted(rows.barred[file], "juré")))
    if rows.untold[file]:
        causes.append(_("%(n)s sans déclaration pour ce dossier", n=counted(rows.untold[file], "juré")))
    causes.append(_("%(n)s dans le jury", n=counted(len(rows.people), "personne")))
    return str(_("Il manque %(n)s : %(causes)s.", n=counted(lacking, "lecteur"), causes=", ".join(causes)))


def share_out(session: AnySession, edition: Edition, *, expected: str, by: Person, now: datetime) -> Proposal:
    """Do what ``propose`` has shown under the digest ``expected``; finished readings are never touched.

    Raises ChangedMeanwhile, and ReadingsOver once the deliberation is open.
    """
    jury = keep_jury(session, edition)
    session.execute(update(Jury).where(Jury.edition_id == edition.id).values(assigned_at=now))  # one at a time
    session.refresh(jury)
    if jury.stage != "blind":
        raise ReadingsOver
    proposal = propose(session, edition)
    if proposal.digest != expected:
        raise ChangedMeanwhile
    for application, person in proposal.removed:
        gone = delete(Reading).where(
            Reading.application_id == application.id, Reading.person_id == person.id, Reading.finished_at.is_(None)
        )
        if session.execute(gone).rowcount != 1:  # type: ignore[attr-defined]
            raise ChangedMeanwhile
    session.add_all(
        Reading(application_id=application.id, person_id=person.id, assigned_at=now)
        for application, person in proposal.added
    )
    session.flush()
    changes = {"added": [None, len(proposal.added)], "removed": [None, len(proposal.removed)]}
    journal.record(session, "readings.shared", edition, by=by, now=now, edition_id=edition.id, changes=changes)
    return proposal
