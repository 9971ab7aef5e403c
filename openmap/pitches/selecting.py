"""What the jury decides of each file: picked, in reserve at a place, declined. Pending until all are released together.

Every verb first takes the jury's row (an UPDATE, which both engines let only one transaction do at a time), so that two
people who decide at once do so one after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from openmap.applications.models import Application
from openmap.events.models import Edition
from openmap.extensions import AnySession
from openmap.people import journal
from openmap.people.models import Person
from openmap.pitches.models import Jury, Selection
from openmap.pitches.permissions import for_the_jury, hidden_from, leads, may_decide, may_see_scores, sees_all


class Refused(Exception):
    """The jury room refuses; the sentence says what to do."""


class NoJury(Refused):
    """The edition has no jury."""

    def __init__(self) -> None:
        super().__init__("Cette édition n’a pas de jury : réglez-le d’abord dans la préparation.")


class NotOpen(Refused):
    """The decisions are not the jury's to change now."""

    def __init__(self, stage: str) -> None:
        super().__init__(
            "Les décisions sont publiées : elles ne changent plus que par un remplacement."
            if stage == "released"
            else "La délibération n’est pas ouverte : les jurés lisent encore."
        )


class InConflict(Refused):
    """Whoever decides is in conflict with a file that the decision is about."""

    def __init__(self) -> None:
        super().__init__(
            "Un conflit d’intérêts vous empêche de prendre cette décision : une autre personne de l’organisation ou "
            "la présidence du jury doit le faire."
        )


class NotTheirs(Refused):
    """Only who leads the jury writes its decisions down."""

    def __init__(self) -> None:
        super().__init__("Les décisions sont notées par la présidence du jury ou par l’organisation.")


class StaleChoice(Refused):
    """The choice that was shown is not the one that would be made now."""

    def __init__(self) -> None:
        super().__init__("Le classement a changé depuis que ce choix a été affiché : relisez-le, puis adoptez-le.")


def take_turn(session: AnySession, edition: Edition, *stages: str) -> Jury:
    """Let one at a time decide, and return the jury as it is now.

    Raises NoJury, and NotOpen where its stage is none of ``stages``.
    """
    taking = update(Jury).where(Jury.edition_id == edition.id).values(stage=Jury.stage).returning(Jury.edition_id)
    if session.execute(taking).scalar_one_or_none() is None:
        raise NoJury
    jury = session.get_one(Jury, edition.id, populate_existing=True)
    if stages and jury.stage not in stages:
        raise NotOpen(jury.stage)
    return jury


def open_room(session: AnySession, edition: Edition, *, by: Person, now: datetime) -> None:
    """End the readings and show the ranking to the jury. Opening twice changes nothing.

    Raises NoJury, NotTheirs.
    """
    jury = take_turn(session, edition)
    if not leads(by, edition.id, jury):
        raise NotTheirs
    if jury.stage == "blind":
        jury.stage = "open"
        changes = {"stage": ["blind", "open"]}
        journal.record(session, "jury.opened", edition, by=by, now=now, edition_id=edition.id, changes=changes)


def decide(
    session: AnySession,
    edition: Edition,
    application: Application,
    decision: str | None,
    *,
    reason: str = "",
    by: Person,
    now: datetime,
) -> None:
    """Write down what the jury decides of a file (``None``: nothing yet). A file new to the reserve comes last in it.

    Raises NoJury, NotOpen, NotTheirs, InConflict.
    """
    jury = take_turn(session, edition, "open")
    _require(session, by, application, jury)
    known = session.get(Selection, application.id, populate_existing=True)
    before = None if known is None else known.decision
    _write(session, edition, application.id, known, decision, reason=reason, by=by, now=now)
    _close_ranks(session, edition.id)
    changes = {"decision": [before, decision]}
    journal.record(session, "selection.decided", application, by=by, now=now, edition_id=edition.id, changes=changes)


def move(
    session: AnySession, edition: Edition, application: Application, *, up: bool, by: Person, now: datetime
) -> bool:
    """Move a file of the reserve before or after its neighbour among those that ``by`` sees; say whether it moved.

    Raises NoJury, NotOpen, NotTheirs, InConflict.
    """
    jury = take_turn(session, edition, "open")
    _require(session, by, application, jury)
    hidden = hidden_from(session, by, edition.id)
    seen = [one for one in reserve_of(session, edition.id) if one.application_id not in hidden]
    at = next((at for at, one in enumerate(seen) if one.application_id == application.id), None)
    other = None if at is None else at - 1 if up else at + 1
    if at is None or other is None or not 0 <= other < len(seen):
        return False
    here, there = seen[at], seen[other]
    before, after = here.rank, there.rank
    here.rank = -1  # the database knows each rank once: step aside first
    session.flush()
    there.rank = before
    session.flush()
    here.rank = after
    session.flush()
    changes = {"rank": [before, after]}
    journal.record(session, "selection.moved", application, by=by, now=now, edition_id=edition.id, changes=changes)
    return True


def adopt(
    session: AnySession,
    edition: Edition,
    chosen: Sequence[int],
    *,
    quotas: Sequence[str],
    by: Person,
    now: datetime,
) -> None:
    """Pick these files and no others; those that were picked are undecided again. ``quotas`` are kept for the minutes.

    A choice over all files is for someone without any conflict. Raises NoJury, NotOpen, NotTheirs, InConflict.
    """
    jury = take_turn(session, edition, "open")
    if not leads(by, edition.id, jury):
        raise NotTheirs
    if not sees_all(session, by, edition.id):
        raise InConflict
    running = running_in(session, edition.id)
    if not set(chosen) <= running.keys():
        raise StaleChoice
    known = {one.application_id: one for one in selections_of(session, edition.id)}
    for number, one in known.items():
        if one.decision == "picked" and number not in chosen:
            _write(session, edition, number, one, None, by=by, now=now)
    for number in chosen:
        one_known = known.get(number)
        if one_known is None or one_known.decision != "picked":
            _write(session, edition, number, one_known, "picked", by=by, now=now)
    _close_ranks(session, edition.id)
    changes: dict[str, list[Any]] = {"quotas": [None, list(quotas)], "picked": [None, len(chosen)]}
    journal.record(session, "selection.adopted", edition, by=by, now=now, edition_id=edition.id, changes=changes)


def decline_rest(session: AnySession, edition: Edition, *, by: Person, now: datetime) -> int:
    """Decline every file that ``by`` sees and of which nothing is decided yet; return how many those were.

    Raises NoJury, NotOpen, NotTheirs.
    """
    jury = take_turn(session, edition, "open")
    if not leads(by, edition.id, jury) or not may_see_scores(session, by, edition.id, jury):
        raise NotTheirs
    decided = {one.application_id for one in selections_of(session, edition.id)}
    hidden = hidden_from(session, by, edition.id)
    left = [one for number, one in running_in(session, edition.id).items() if number not in decided | hidden]
    for application in left:
        _write(session, edition, application.id, None, "declined", by=by, now=now)
        journal.record(
            session, "selection.decided", application, by=by, now=now, edition_id=edition.id,
            changes={"decision": [None, "declined"]},
        )  # fmt: skip
    return len(left)


def running_in(session: AnySession, edition_id: int) -> dict[int, Application]:
    """Return the files that the jury chooses from."""
    return {one.id: one for one in session.scalars(select(Application).where(for_the_jury(edition_id)))}


def selections_of(session: AnySession, edition_id: int) -> list[Selection]:
    """Return what is decided in an edition, with the files; the reserve in its order."""
    asked = select(Selection).where(Selection.edition_id == edition_id).options(joinedload(Selection.application))
    ordered = asked.order_by(Selection.rank, Selection.application_id).execution_options(populate_existing=True)
    return list(session.scalars(ordered))


def reserve_of(session: AnySession, edition_id: int) -> list[Selection]:
    """Return the reserve, first first."""
    return [one for one in selections_of(session, edition_id) if one.decision == "reserve"]


def renumber(session: AnySession, rows: Iterable[Selection], field: str) -> None:
    """Number rows 1, 2, 3 … in ``field``, by way of numbers that nobody has: the database knows each once."""
    listed = list(rows)
    if [getattr(row, field) for row in listed] == list(range(1, len(listed) + 1)):
        return
    for sign in (-1, 1):
        for number, row in enumerate(listed, start=1):
            setattr(row, field, sign * number)
        session.flush()


def _require(session: AnySession, by: Person, application: Application, jury: Jury) -> None:
    if may_decide(session, by, application, jury):
        return
    raise InConflict if leads(by, application.edition_id, jury) else NotTheirs


def _write(
    session: AnySession,
    edition: Edition,
    number: int,
    known: Selection | None,
    decision: str | None,
    *,
    reason: str = "",
    by: Person,
    now: datetime,
) -> None:
    if decision is None:
        if known is not None:
            session.delete(known)
            session.flush()
        return
    row = known or Selection(application_id=number, edition_id=edition.id)
    if decision == "reserve":
        row.rank = row.rank or 1 + max((one.rank or 0 for one in reserve_of(session, edition.id)), default=0)
    else:
        row.rank = None
    row.decision, row.reason, row.decided_by_id, row.decided_at = decision, reason, by.id, now
    session.add(row)
    session.flush()


def _close_ranks(session: AnySession, edition_id: int) -> None:
    renumber(session, reserve_of(session, edition_id), "rank")
