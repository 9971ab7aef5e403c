"""The decisions leave together, all or none; then a structure that gives up lets the first of the reserve in."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from openmap.applications.models import Application
from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.people import journal
from openmap.people.models import Person
from openmap.pitches.letters import PROMOTED, WITHDRAWN, recipient_of, tell_outcome, tell_replacement
from openmap.pitches.models import CoachingSlot, Conflict, Jury, Selection
from openmap.pitches.passage import pitching
from openmap.pitches.permissions import hidden_from, leads, sees_all
from openmap.pitches.selecting import (
    InConflict,
    NotOpen,
    NotTheirs,
    Refused,
    renumber,
    reserve_of,
    running_in,
    selections_of,
    take_turn,
)
from openmap.web.french import counted, sort_key

NAMED: Final = 3
"""So many files are named in a sentence; the rest are counted."""


class AlreadyReleased(Refused):
    """The decisions have left already: from another tab, or by someone else."""

    def __init__(self) -> None:
        super().__init__("Les décisions sont déjà publiées, et les messages écrits : rien n’est parti deux fois.")


class NotReady(Refused):
    """Something is missing before the decisions can leave; ``faults`` says what."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("Les décisions ne peuvent pas encore être publiées. " + " ".join(faults))
        self.faults = faults


class AlreadyReplaced(Refused):
    """The structure does not pitch, or no longer."""

    def __init__(self) -> None:
        super().__init__("Cette structure ne présente pas, ou a déjà été remplacée.")


@dataclass(frozen=True, slots=True)
class Replacement:
    """Who gives up, and who takes the place (``None``: nobody is left in the reserve)."""

    leaving: Application
    taking: Application | None


def faults_of(session: AnySession, edition: Edition, jury: Jury) -> list[str]:
    """Return, in French, what keeps the decisions from leaving; an empty list when nothing does."""
    running = running_in(session, edition.id)
    decided = {one.application_id: one for one in selections_of(session, edition.id) if one.application_id in running}
    counts = Counter(one.decision for one in decided.values())
    faults = []
    if counts["picked"] != jury.picks:
        faults.append(f"Il faut retenir exactement {counted(jury.picks, 'structure')} : {counts['picked']} le sont.")
    undecided = [one for number, one in running.items() if number not in decided]
    if undecided:
        faults.append(f"Rien n’est décidé pour {_listed(undecided)}.")
    reserve = [one.rank for one in decided.values() if one.decision == "reserve"]
    if sorted(reserve, key=lambda rank: rank or 0) != list(range(1, len(reserve) + 1)):
        faults.append("La réserve n’est pas rangée de la première à la dernière place : déplacez un de ses dossiers.")
    told = session.execute(
        select(Conflict.application_id, Conflict.person_id).where(Conflict.application_id.in_(decided))
    )
    conflicts = {(number, person_id) for number, person_id in told}
    theirs = [one.application for one in decided.values() if (one.application_id, one.decided_by_id) in conflicts]
    if theirs:
        faults.append(
            f"La décision sur {_listed(theirs)} a été notée par une personne en conflit : une autre doit la reprendre."
        )
    nobody = [one.application for one in decided.values() if one.decided_by_id is None]
    if nobody:
        faults.append(f"On ne sait plus qui a noté la décision sur {_listed(nobody)} : notez-la de nouveau.")
    return faults


def unreachable(session: AnySession, edition: Edition) -> list[Application]:
    """Return the decided files that nobody can be written to about: their structures must be told otherwise."""
    running = running_in(session, edition.id)
    decided = [one.application for one in selections_of(session, edition.id) if one.application_id in running]
    return [one for one in decided if recipient_of(session, one) is None]


def release(session: AnySession, edition: Edition, *, held: bool, by: Person, now: datetime) -> int:
    """Publish every decision and write one mail to each structure, in the transaction under way; return how many mails.

    ``held``: the mails wait in the outbox. The order of passage begins by name, as one by rank would tell the ranks.
    It is for someone without any conflict, who may check them all. Raises NoJury, AlreadyReleased, NotOpen, NotTheirs,
    InConflict, NotReady.
    """
    jury = take_turn(session, edition)
    if jury.stage == "released":
        raise AlreadyReleased
    if jury.stage != "open":
        raise NotOpen(jury.stage)
    if not leads(by, edition.id, jury):
        raise NotTheirs
    if not sees_all(session, by, edition.id):
        raise InConflict
    faults = faults_of(session, edition, jury)
    if faults:
        raise NotReady(faults)
    running = running_in(session, edition.id)
    written = 0
    for selection in selections_of(session, edition.id):
        if selection.application_id not in running:  # withdrawn since: there is nobody to decide about
            session.delete(selection)
            continue
        selection.released_at = now
        written += tell_outcome(session, selection, held=held, now=now) is not None
    session.flush()
    by_name = sorted(pitching(session, edition.id), key=lambda one: sort_key(one.application.name))
    renumber(session, by_name, "passage")
    jury.stage, jury.released_at = "released", now
    changes: dict[str, list[Any]] = {"stage": ["open", "released"], "mails": [None, written]}
    journal.record(session, "selection.released", edition, by=by, now=now, edition_id=edition.id, changes=changes)
    return written


def replace(
    session: AnySession, edition: Edition, application: Application, *, by: Person, now: datetime
) -> Replacement:
    """Note that a picked structure gives up, and let the first of the reserve take its turn; both are written to.

    Its coaching is free again. Raises NoJury, NotOpen, NotTheirs, InConflict, AlreadyReplaced.
    """
    jury = take_turn(session, edition, "released")
    if not leads(by, edition.id, jury):
        raise NotTheirs
    leaving = next((one for one in pitching(session, edition.id) if one.application_id == application.id), None)
    if leaving is None:
        raise AlreadyReplaced
    waiting = [one for one in reserve_of(session, edition.id) if one.application.state == "submitted"]
    taking = waiting[0] if waiting else None
    if {leaving.application_id, taking.application_id if taking else 0} & hidden_from(session, by, edition.id):
        raise InConflict
    turn, leaving.passage, leaving.withdrawn_at = leaving.passage, None, now
    _free_coaching(session, leaving.application_id)
    session.flush()
    if taking is not None:
        taking.decision, taking.rank, taking.passage, taking.promoted_at = "picked", None, turn, now
        session.flush()
        renumber(session, reserve_of(session, edition.id), "rank")
        tell_replacement(session, PROMOTED, taking, now=now)
    renumber(session, pitching(session, edition.id), "passage")
    tell_replacement(session, WITHDRAWN, leaving, now=now)
    for one, action in ((leaving, "selection.withdrawn"), (taking, "selection.promoted")):
        if one is not None:
            journal.record(session, action, one.application, by=by, now=now, edition_id=edition.id, changes={})
    return Replacement(leaving.application, None if taking is None else taking.application)


def to_replace(session: AnySession, edition_id: int) -> list[Selection]:
    """Return the picked whose application has been withdrawn by the structure itself since the release."""
    asked = select(Selection).join(Application, Application.id == Selection.application_id)
    asked = asked.where(
        Selection.edition_id == edition_id,
        Selection.decision == "picked",
        Selection.released_at.is_not(None),
        Selection.withdrawn_at.is_(None),
        Application.state == "withdrawn",
    )
    return list(session.scalars(asked.options(joinedload(Selection.application)).order_by(Selection.passage)))


def _free_coaching(session: AnySession, application_id: int) -> None:
    freed = {"application_id": None, "booked_at": None, "attended": None}
    session.execute(update(CoachingSlot).where(CoachingSlot.application_id == application_id).values(**freed))


def _listed(files: list[Application]) -> str:
    names = sorted((f"«\u00a0{one.name}\u00a0»" for one in files), key=sort_key)
    rest = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" et {counted(rest, 'autre')}" if rest > 0 else "")
