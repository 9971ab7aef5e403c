"""The verbs of a calculation: ask for it, run it, stop it, tell when it was lost.

Nothing is held while the engine works: each step is a short transaction, and the best plan found so far is
always a complete version that anyone can read.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, cast

from sqlalchemy import CursorResult, exists, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from openmap.events.models import Edition
from openmap.meetings import desk, planning
from openmap.meetings.models import Desk, Plan, Solve, Wish
from openmap.meetings.running import Clock, Run, close, work_of
from openmap.meetings.supposing import Assumptions, RefusedSupposition, supposed
from openmap.people.models import Person

if TYPE_CHECKING:
    from openmap.extensions import AnySession

LOST_AFTER: Final = timedelta(seconds=15)
"""A running calculation that has not written for so long has lost its worker."""

LONGEST: Final = 4 * 3600.0

MOST_WAITING: Final = 20
"""As many calculations of an edition wait at most: beyond, someone has leant on a key."""


class RefusedSolve(Exception):
    """A calculation that cannot be started; the message is for the organiser."""


class AlreadyRunning(RefusedSolve):
    """Another calculation of the same edition is queued or running, and this one cannot wait for its turn."""

    def __init__(self) -> None:
        super().__init__("Un calcul est déjà en cours pour cette édition : attendez sa fin ou arrêtez-le.")


class TooManyWaiting(RefusedSolve):
    """As many calculations as can wait are waiting."""


class NothingToRepair(RefusedSolve):
    """There is no plan to change, or the day is over."""


class NothingToPlan(RefusedSolve):
    """The edition has no wish or no slot yet."""


class UnusableEdition(RefusedSolve):
    """The edition's data contradict each other."""


class SolveFailed(Exception):
    """A calculation that ended without a plan; the message is for the organiser."""


def request_solve(
    session: AnySession, edition: Edition, *, time_limit: float, seed: int, now: datetime,
    kind: str = "solve", name: str = "", assumptions: Assumptions | None = None, by: Person | None = None,
) -> Solve:  # fmt: skip
    """Queue a calculation and return it; its job is to be enqueued once this has returned.

    A ``repair`` changes least in the working plan. When someone asks (``by``), the working plan stays the one it is
    until they keep what is found. Raises RefusedSolve with a sentence that says what to do.
    """
    mark_lost(session, now=now)
    waiting = select(func.count()).select_from(Solve).where(Solve.edition_id == edition.id, Solve.state == "queued")
    if (session.scalar(waiting) or 0) >= MOST_WAITING:
        raise TooManyWaiting(f"{MOST_WAITING} calculs attendent déjà leur tour : annulez-en, ou attendez.")
    wishes = select(func.count()).select_from(Wish)
    if not session.scalar(wishes.where(Wish.edition_id == edition.id, Wish.withdrawn_at.is_(None))):
        raise NothingToPlan("Cette édition n’a encore aucun souhait : importez-les, puis relancez le calcul.")
    supposing = assumptions or Assumptions()
    working = desk.working_plan(session, edition)
    try:
        problem = supposed(planning.problem_of(session, edition), supposing)
        if kind == "repair":
            _require_repairable(working)
            planning.next_slot(problem, now)
    except RefusedSupposition as refusal:
        raise UnusableEdition(str(refusal)) from None
    except planning.AllBegun:
        raise NothingToRepair("Tous les créneaux ont commencé : il n’y a plus rien à recalculer.") from None
    faults = planning.faults_of(problem)
    if faults:
        raise UnusableEdition(" ".join(faults))
    if by is not None and kind != "what_if" and working is not None and _unchosen(session, edition):
        desk.choose(session, edition, working, by=by, now=now)
    solve = Solve(
        edition_id=edition.id, state="queued", time_limit=min(time_limit, LONGEST), seed=seed, requested_at=now,
        progress=[], kind=kind, name=name, assumptions={} if supposing.is_nothing else supposing.as_json(),
        base_plan_id=working.id if working is not None and kind != "solve" else None,
        person_id=by.id if by is not None else None,
    )  # fmt: skip
    session.add(solve)
    session.commit()
    return solve


def _require_repairable(working: Plan | None) -> None:
    if working is None:
        raise NothingToRepair("Il n’y a pas encore de planning à ajuster : lancez d’abord un calcul complet.")


def _unchosen(session: AnySession, edition: Edition) -> bool:
    chosen = session.get(Desk, edition.id)
    return chosen is None or chosen.plan_id is None


def stop_solve(session: AnySession, solve: Solve, *, now: datetime) -> None:
    """Ask a running calculation to stop and keep its best plan; a queued one ends at once."""
    if solve.state == "queued":
        close(session, solve.id, "finished", "Calcul annulé avant son début.", now, only="queued", started=now)
    session.execute(update(Solve).where(Solve.id == solve.id, Solve.state == "running").values(stop_requested=True))
    session.commit()
    session.refresh(solve)


def mark_lost(session: AnySession, *, now: datetime, after: timedelta = LOST_AFTER) -> list[int]:
    """End the running calculations whose worker has gone silent, and return their ids."""
    silent = session.scalars(select(Solve).where(Solve.state == "running", Solve.beat_at < now - after)).all()
    lost = []
    for solve in silent:
        version = solve.plan.version if solve.plan is not None else None
        if solve.kind == "what_if":
            kept = "Cette hypothèse n’a aucun résultat, et l’édition n’a pas changé."
        elif version is None:
            kept = "Aucun planning n’avait encore été trouvé."
        else:
            kept = f"Le meilleur planning trouvé jusque-là est conservé (version {version})."
            kept += " Le planning en cours n’a pas changé." if solve.kind == "repair" else ""
        sentence = (
            f"Le calcul a été interrompu : le programme qui le menait s’est arrêté. {kept} Vous pouvez le relancer."
        )
        if close(session, solve.id, "lost", sentence, now, only="running"):
            lost.append(solve.id)
    session.commit()
    return lost


def queued_solves(session: AnySession, *, before: datetime) -> list[int]:
    """Return what was asked for before this instant and whose turn it is: the oldest of each idle edition."""
    other = aliased(Solve)
    busy = exists().where(other.edition_id == Solve.edition_id, other.state == "running")
    turn = select(func.min(Solve.id)).where(Solve.state == "queued", Solve.requested_at < before, ~busy)
    return sorted(session.scalars(turn.group_by(Solve.edition_id)))


def next_in_turn(session: AnySession, edition_id: int) -> int | None:
    """Return the calculation of an edition that has waited longest."""
    waiting = select(func.min(Solve.id)).where(Solve.edition_id == edition_id, Solve.state == "queued")
    return session.scalar(waiting)


def ahead_of(session: AnySession, solve: Solve) -> int:
    """Return how many calculations of its edition a queued one waits for."""
    before = select(func.count()).select_from(Solve)
    before = before.where(Solve.edition_id == solve.edition_id, Solve.id != solve.id)
    running = before.where(Solve.state == "running")
    older = before.where(Solve.state == "queued", Solve.id < solve.id)
    return (session.scalar(running) or 0) + (session.scalar(older) or 0)


def run_solve(
    session: AnySession,
    solve_id: int,
    *,
    clock: Clock,
    stopping: Callable[[], bool] = lambda: False,
    on_tick: Callable[[Solve], None] = lambda _solve: None,
) -> None:
    """Run a queued calculation to its end; a job that was delivered twice does nothing the second time.

    One whose turn has not come, since another of its edition runs or is older, stays queued.
    ``stopping`` says that this process has to end: the calculation then stops and keeps its best plan.
    """
    if not _take(session, solve_id, clock()):
        return
    solve = session.get_one(Solve, solve_id)
    try:
        Run(session, solve, work_of(session, solve, now=clock()), clock, stopping, on_tick).follow()
    except (planning.EditionChanged, planning.AllBegun, RefusedSupposition) as change:
        session.rollback()
        sentence = str(change) or "Tous les créneaux ont commencé : il n’y a plus rien à recalculer."
        close(session, solve_id, "failed", sentence, clock(), only="running")
        session.commit()
    except Exception as error:
        session.rollback()
        sentence = "Le calcul a échoué. Vous pouvez le relancer ; si cela se répète, prévenez l’administrateur."
        close(session, solve_id, "failed", sentence, clock(), only="running")
        session.commit()
        raise error from None


def plan_now(
    session: AnySession,
    edition: Edition,
    *,
    time_limit: float,
    seed: int,
    clock: Clock,
    on_tick: Callable[[Solve], None] = lambda _solve: None,
) -> Plan:
    """Calculate in the foreground and return the plan; Ctrl-C stops and keeps the best.

    Raises RefusedSolve when the calculation cannot start, SolveFailed when it ends without a plan.
    """
    mark_lost(session, now=clock())
    if session.scalar(select(func.count()).where(Solve.edition_id == edition.id, Solve.ended_at.is_(None))):
        raise AlreadyRunning
    solve = request_solve(session, edition, time_limit=time_limit, seed=seed, now=clock())
    with _interruption() as interrupted:
        run_solve(session, solve.id, clock=clock, stopping=interrupted.is_set, on_tick=on_tick)
    session.refresh(solve)
    if solve.state == "queued":  # someone else came in between
        stop_solve(session, solve, now=clock())
        raise AlreadyRunning
    if solve.plan is None:
        raise SolveFailed(solve.message or "Le calcul n’a donné aucun planning : relancez-le.")
    return solve.plan


@contextmanager
def _interruption() -> Iterator[threading.Event]:
    """Turn Ctrl-C into an event for as long as the calculation runs, where this is the main thread."""
    event = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield event
        return
    before = signal.signal(signal.SIGINT, lambda *_: event.set())
    try:
        yield event
    finally:
        signal.signal(signal.SIGINT, before)


def _take(session: AnySession, solve_id: int, now: datetime) -> bool:
    """Turn a queued calculation whose turn has come into a running one, for exactly one worker."""
    other = aliased(Solve)
    edition = select(Solve.edition_id).where(Solve.id == solve_id).scalar_subquery()
    before = (other.state == "running") | ((other.state == "queued") & (other.id < solve_id))
    taking = (
        update(Solve)
        .where(Solve.id == solve_id, Solve.state == "queued")
        .where(~exists().where(other.edition_id == edition, before))
        .values(state="running", started_at=now, beat_at=now)
        .execution_options(synchronize_session=False)
    )
    try:
        taken = session.execute(taking)
        session.commit()
    except IntegrityError:
        # Another worker took one of the same edition at this very instant: the database lets one run.
        session.rollback()
        return False
    session.expire_all()
    return bool(cast("CursorResult[Any]", taken).rowcount)
