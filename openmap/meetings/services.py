"""The verbs of a calculation: ask for it, run it, stop it, tell when it was lost.

Nothing is held while the engine works: each step is a short transaction, and the best plan found so far is
always a complete version that anyone can read.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, cast

from sqlalchemy import CursorResult, func, select, update
from sqlalchemy.exc import IntegrityError

from openmap.events.models import Edition
from openmap.meetings import planning
from openmap.meetings.models import Plan, Solve, Wish

if TYPE_CHECKING:
    from openmap.extensions import AnySession
    from openmap.meetings.planning import AnyPlan, AnyProblem

Clock = Callable[[], datetime]

TICK_SECONDS: Final = 0.5
"""How often a running calculation writes what it has found and looks whether it should stop."""

LOST_AFTER: Final = timedelta(seconds=15)
"""A running calculation that has not written for so long has lost its worker."""

LONGEST: Final = 4 * 3600.0

ALREADY_RUNNING: Final = "Un calcul est déjà en cours pour cette édition : attendez sa fin ou arrêtez-le."


class RefusedSolve(Exception):
    """A calculation that cannot be started; the message is for the organiser."""


class AlreadyRunning(RefusedSolve):
    """Another calculation of the same edition is queued or running."""


class NothingToPlan(RefusedSolve):
    """The edition has no wish or no slot yet."""


class UnusableEdition(RefusedSolve):
    """The edition's data contradict each other."""


class SolveFailed(Exception):
    """A calculation that ended without a plan; the message is for the organiser."""


def request_solve(session: AnySession, edition: Edition, *, time_limit: float, seed: int, now: datetime) -> Solve:
    """Queue a calculation and return it; its job is to be enqueued once this has returned.

    Raises AlreadyRunning, NothingToPlan or UnusableEdition with a sentence that says what to do.
    """
    mark_lost(session, now=now)
    busy = session.scalar(
        select(Solve.id).where(Solve.edition_id == edition.id, Solve.state.in_(("queued", "running"))).limit(1)
    )
    if busy is not None:
        raise AlreadyRunning(ALREADY_RUNNING)
    if not session.scalar(select(func.count()).select_from(Wish).where(Wish.edition_id == edition.id)):
        raise NothingToPlan("Cette édition n’a encore aucun souhait : importez-les, puis relancez le calcul.")
    faults = planning.faults_of(planning.problem_of(session, edition))
    if faults:
        raise UnusableEdition(" ".join(faults))
    solve = Solve(
        edition_id=edition.id,
        state="queued",
        time_limit=min(time_limit, LONGEST),
        seed=seed,
        requested_at=now,
        progress=[],
    )
    session.add(solve)
    try:
        session.commit()
    except IntegrityError:
        # Someone else asked between our look and our write: the database lets one through.
        session.rollback()
        raise AlreadyRunning(ALREADY_RUNNING) from None
    return solve


def stop_solve(session: AnySession, solve: Solve, *, now: datetime) -> None:
    """Ask a running calculation to stop and keep its best plan; a queued one ends at once."""
    if solve.state == "queued":
        _close(session, solve.id, "finished", "Calcul annulé avant son début.", now, only="queued", started=now)
    session.execute(update(Solve).where(Solve.id == solve.id, Solve.state == "running").values(stop_requested=True))
    session.commit()
    session.refresh(solve)


def mark_lost(session: AnySession, *, now: datetime, after: timedelta = LOST_AFTER) -> list[int]:
    """End the running calculations whose worker has gone silent, and return their ids."""
    silent = session.scalars(select(Solve).where(Solve.state == "running", Solve.beat_at < now - after)).all()
    lost = []
    for solve in silent:
        version = solve.plan.version if solve.plan is not None else None
        kept = (
            "Aucun planning n’avait encore été trouvé."
            if version is None
            else f"Le meilleur planning trouvé jusque-là est conservé (version {version})."
        )
        sentence = (
            f"Le calcul a été interrompu : le programme qui le menait s’est arrêté. {kept} Vous pouvez le relancer."
        )
        if _close(session, solve.id, "lost", sentence, now, only="running"):
            lost.append(solve.id)
    session.commit()
    return lost


def queued_solves(session: AnySession, *, before: datetime) -> list[int]:
    """Return the calculations asked for before this instant that still wait for a worker, oldest first."""
    waiting = select(Solve.id).where(Solve.state == "queued", Solve.requested_at < before)
    return list(session.scalars(waiting.order_by(Solve.id)))


def run_solve(
    session: AnySession,
    solve_id: int,
    *,
    clock: Clock,
    stopping: Callable[[], bool] = lambda: False,
    on_tick: Callable[[Solve], None] = lambda _solve: None,
) -> None:
    """Run a queued calculation to its end; a job that was delivered twice does nothing the second time.

    ``stopping`` says that this process has to end: the calculation then stops and keeps its best plan.
    """
    if not _take(session, solve_id, clock()):
        return
    solve = session.get_one(Solve, solve_id)
    try:
        problem = planning.problem_of(session, solve.edition)
        run = _Run(session, solve, problem, clock, stopping, on_tick)
        run.follow()
    except planning.EditionChanged as change:
        session.rollback()
        _close(session, solve_id, "failed", str(change), clock(), only="running")
        session.commit()
    except Exception as error:
        session.rollback()
        sentence = "Le calcul a échoué. Vous pouvez le relancer ; si cela se répète, prévenez l’administrateur."
        _close(session, solve_id, "failed", sentence, clock(), only="running")
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
    solve = request_solve(session, edition, time_limit=time_limit, seed=seed, now=clock())
    with _interruption() as interrupted:
        run_solve(session, solve.id, clock=clock, stopping=interrupted.is_set, on_tick=on_tick)
    session.refresh(solve)
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
    """Turn a queued calculation into a running one, for exactly one worker."""
    taken = session.execute(
        update(Solve)
        .where(Solve.id == solve_id, Solve.state == "queued")
        .values(state="running", started_at=now, beat_at=now)
    )
    session.commit()
    return bool(cast("CursorResult[Any]", taken).rowcount)


def _close(
    session: AnySession,
    solve_id: int,
    state: str,
    message: str,
    now: datetime,
    *,
    only: str,
    started: datetime | None = None,
) -> bool:
    values: dict[str, Any] = {"state": state, "message": message, "ended_at": now}
    if started is not None:
        values["started_at"] = started
    closed = session.execute(update(Solve).where(Solve.id == solve_id, Solve.state == only).values(**values))
    return bool(cast("CursorResult[Any]", closed).rowcount)


class _Run:
    """One calculation under way: the engine in a thread, the database in this one."""

    def __init__(
        self,
        session: AnySession,
        solve: Solve,
        problem: AnyProblem,
        clock: Clock,
        stopping: Callable[[], bool],
        on_tick: Callable[[Solve], None],
    ) -> None:
        self._session = session
        self._solve = solve
        self._problem = problem
        self._digest = planning.digest_of(problem)
        self._clock = clock
        self._stopping = stopping
        self._on_tick = on_tick
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._figures: dict[str, dict[str, Any]] = {}
        self._best: AnyPlan | None = None
        self._stored: tuple[Any, ...] | None = None

    def follow(self) -> None:
        """Run the engine, writing what it finds as it finds it, then close the calculation."""
        time_limit, seed = self._solve.time_limit, self._solve.seed
        self._session.commit()
        with ThreadPoolExecutor(1, thread_name_prefix="engine") as pool:
            future: Future[AnyPlan] = pool.submit(
                planning.solve,
                self._problem,
                time_limit=time_limit,
                seed=seed,
                on_progress=self._hear,
                stop=self._stop.is_set,
            )
            try:
                while not future.done():
                    wait([future], timeout=TICK_SECONDS)
                    self._tick()
            finally:
                self._stop.set()
            plan = future.result()
        self._finish(plan)

    def _hear(self, progress: Any) -> None:
        """Note what the engine says; called from its thread."""
        with self._lock:
            self._figures.pop(progress.objective, None)  # the last heard comes last
            self._figures[progress.objective] = {
                "name": progress.objective,
                "value": progress.value,
                "bound": progress.bound,
                "proved": progress.proved,
                "meetings": progress.meetings,
                "seconds": progress.seconds,
            }
            self._best = progress.plan

    def _tick(self) -> None:
        """Write the beat, the figures and the best plan; look whether to stop."""
        with self._lock:
            figures, best = list(self._figures.values()), self._best
        self._solve.beat_at = self._clock()
        self._solve.progress = figures
        if best is not None:
            self._keep(best)
        self._session.commit()
        if self._solve.stop_requested or self._stopping() or self._solve.state != "running":
            self._stop.set()
        self._on_tick(self._solve)

    def _keep(self, plan: AnyPlan) -> None:
        """Store a plan that differs from the one stored last; the first makes a new version."""
        if self._stored == plan.meetings:
            return
        row = self._solve.plan or self._new_version()
        planning.store(self._session, row, plan)
        self._stored = plan.meetings

    def _new_version(self) -> Plan:
        newest = self._session.scalar(select(func.max(Plan.version)).where(Plan.edition_id == self._solve.edition_id))
        row = Plan(
            edition_id=self._solve.edition_id,
            version=(newest or 0) + 1,
            status="feasible",
            seed=self._solve.seed,
            problem_digest=self._digest,
            created_at=self._clock(),
            objectives=[],
        )
        self._session.add(row)
        self._session.flush()
        self._solve.plan = row
        return row

    def _finish(self, plan: AnyPlan) -> None:
        now = self._clock()
        if plan.conflict is not None:
            sentence = f"Ces créneaux imposés se contredisent : {plan.conflict.sentence} Corrigez-les, puis relancez."
            _close(self._session, self._solve.id, "failed", sentence, now, only="running")
            self._session.commit()
            return
        self._stored = None
        self._keep(plan)
        self._solve.progress = list(self._figures.values())
        self._solve.beat_at = now
        _close(self._session, self._solve.id, "finished", self._told(plan), now, only="running")
        self._session.commit()

    def _told(self, plan: AnyPlan) -> str:
        count = f"{len(plan.meetings)} entretiens"
        if plan.status == "optimal":
            return f"{count}, planning prouvé optimal."
        if self._solve.stop_requested:
            return f"{count}. Arrêté à votre demande : le meilleur planning trouvé est gardé."
        if self._stopping():
            return f"{count}. Arrêté avec le serveur : le meilleur planning trouvé est gardé, vous pouvez relancer."
        return f"{count}. Durée maximale atteinte : le meilleur planning trouvé est gardé."
