"""The engine at work: what it finds is written as it finds it, and a stop is heard."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, cast

from sqlalchemy import CursorResult, func, select, update

from openmap.meetings import comparing, planning
from openmap.meetings.models import Plan, Solve
from openmap.meetings.queries import buyers_and_structures, wishes_of
from openmap.meetings.solved import SolveOutcome
from openmap.meetings.supposing import Assumptions, supposed
from openmap.meetings.wording import Names

if TYPE_CHECKING:
    from openmap.extensions import AnySession
    from openmap.meetings.planning import AnyPlan, AnyProblem

Clock = Callable[[], datetime]

TICK_SECONDS: Final = 0.5
"""How often a running calculation writes what it has found and looks whether it should stop."""


@dataclass(frozen=True, slots=True)
class Work:
    """What the engine is given. A repair has the plan that it changes least, and the first slot still to come.

    ``digest`` is that of the edition's own problem: what makes the plan old later.
    """

    problem: AnyProblem
    digest: str
    previous: AnyPlan | None = None
    now: str | None = None


def work_of(session: AnySession, solve: Solve, *, now: datetime) -> Work:
    """Read what a calculation works on.

    Raises planning.AllBegun for a repair after the last slot, RefusedSupposition for what cannot be.
    """
    own = planning.problem_of(session, solve.edition)
    problem = supposed(own, Assumptions.of(solve.assumptions)) if solve.assumptions else own
    digest = planning.digest_of(own)
    if solve.kind != "repair" or solve.base_plan is None:
        return Work(problem, digest)
    return Work(problem, digest, planning.plan_of(session, solve.base_plan), planning.next_slot(problem, now))


def close(
    session: AnySession,
    solve_id: int,
    state: str,
    message: str,
    now: datetime,
    *,
    only: str,
    started: datetime | None = None,
) -> bool:
    """End a calculation that is still in the state ``only``, and say whether it was; does not commit."""
    values: dict[str, Any] = {"state": state, "message": message, "ended_at": now}
    if started is not None:
        values["started_at"] = started
    closed = session.execute(update(Solve).where(Solve.id == solve_id, Solve.state == only).values(**values))
    return bool(cast("CursorResult[Any]", closed).rowcount)


class Run:
    """One calculation under way: the engine in a thread, the database in this one."""

    def __init__(
        self,
        session: AnySession,
        solve: Solve,
        work: Work,
        clock: Clock,
        stopping: Callable[[], bool],
        on_tick: Callable[[Solve], None],
    ) -> None:
        self._session = session
        self._solve = solve
        self._work = work
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
        time_limit, seed, kind = self._solve.time_limit, self._solve.seed, self._solve.kind
        self._session.commit()
        with ThreadPoolExecutor(1, thread_name_prefix="engine") as pool:
            future: Future[AnyPlan] = pool.submit(
                planning.solve,
                self._work.problem,
                time_limit=time_limit,
                seed=seed,
                previous=self._work.previous,
                now=self._work.now,
                remedies=kind != "what_if",
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
        if best is not None and self._solve.kind != "what_if":
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
            problem_digest=self._work.digest,
            created_at=self._clock(),
            objectives=[],
            kind=self._solve.kind,
            parent_id=self._solve.base_plan_id,
        )
        self._session.add(row)
        self._session.flush()
        self._solve.plan = row
        return row

    def _finish(self, plan: AnyPlan) -> None:
        now = self._clock()
        if plan.conflict is not None:
            sentence = f"Ces créneaux imposés se contredisent : {plan.conflict.sentence} Corrigez-les, puis relancez."
            close(self._session, self._solve.id, "failed", sentence, now, only="running")
            self._session.commit()
            return
        if self._solve.kind == "what_if":
            self._note(plan)
        else:
            self._stored = None
            self._keep(plan)
        self._solve.progress = list(self._figures.values())
        self._solve.beat_at = now
        close(self._session, self._solve.id, "finished", self._told(plan), now, only="running")
        self._session.commit()

    def _note(self, plan: AnyPlan) -> None:
        """Keep what a what-if run found as a document: its slots and tables may not exist."""
        document = planning.as_json(plan)
        mutual = comparing.mutual_wishes(self._session, self._solve.edition)
        figures = comparing.figures_of(self._work.problem, plan, document["objectives"], mutual)
        self._session.add(SolveOutcome(solve_id=self._solve.id, figures=figures.as_json(), document=document))

    def _told(self, plan: AnyPlan) -> str:
        if not plan.warnings:
            return self._ended(plan)
        edition = self._solve.edition
        buyers, structures = buyers_and_structures(self._session, edition)
        names = Names([*buyers, *structures], wishes_of(self._session, edition), edition)
        return " ".join((self._ended(plan), *(names.told(warning) for warning in plan.warnings)))

    def _ended(self, plan: AnyPlan) -> str:
        count = f"{len(plan.meetings)} entretiens"
        if plan.status == "optimal":
            return f"{count}, planning prouvé optimal."
        if self._solve.stop_requested:
            return f"{count}. Arrêté à votre demande : le meilleur planning trouvé est gardé."
        if self._stopping():
            return f"{count}. Arrêté avec le serveur : le meilleur planning trouvé est gardé, vous pouvez relancer."
        if plan.seconds < 0.9 * self._solve.time_limit:
            return f"{count}. Recherche menée à son terme sans tout prouver : c’est le meilleur planning connu."
        return f"{count}. Durée maximale atteinte : le meilleur planning trouvé est gardé."
