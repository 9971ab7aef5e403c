"""Long work, outside the request: a queue in a SQLite file, or in Redis when there are several machines.

A job is a function of plain values (ids) that runs inside the application's context, in a worker. Rooms declare
theirs with ``@job`` and put them in the queue with ``enqueue``, once what they refer to is committed.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable
from functools import cached_property
from typing import Any, Final

from flask import Flask, current_app
from huey import Huey, RedisHuey, SqliteHuey
from huey.consumer import Consumer

Job = Callable[..., None]

log = logging.getLogger(__name__)

_JOBS: Final[dict[str, Job]] = {}


def job(function: Job) -> Job:
    """Declare ``function`` as a job, known to workers by its name."""
    _JOBS[function.__name__] = function
    return function


def enqueue(function: Job, *arguments: int | str) -> None:
    """Put a job in the queue of the current application."""
    queue_of(current_app).enqueue(function.__name__, *arguments)


def queue_of(app: Flask) -> Queue:
    """Return the queue of an application."""
    queue: Queue = app.extensions["jobs"]
    return queue


def init_app(app: Flask) -> None:
    """Give the application its queue; nothing is opened until the first job."""
    app.extensions["jobs"] = Queue(app)


class Queue:
    """The jobs of one application. ``stopping`` is set when this process has to end."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self.stopping = threading.Event()
        self._working = threading.Lock()

    @property
    def is_idle(self) -> bool:
        """Whether no job is under way in this process."""
        return not self._working.locked()

    @cached_property
    def huey(self) -> Huey:
        """The queue itself: Redis where the configuration names one, a file beside the database otherwise."""
        config = self._app.config["OPENMAP"]
        if config.redis_url:
            # Installations that share a Redis server keep their jobs apart: ids mean nothing elsewhere.
            mine = hashlib.sha256(config.database_url.encode()).hexdigest()[:12]
            return RedisHuey(f"openmap-{mine}", url=config.redis_url)
        return SqliteHuey("openmap", filename=str(config.instance / "jobs.db"))

    @cached_property
    def _task(self) -> Any:
        return self.huey.task(name="run_job")(self._run)

    def enqueue(self, name: str, *arguments: int | str) -> None:
        """Queue the job called ``name``."""
        self._task(name, *arguments)

    def _run(self, name: str, *arguments: int | str) -> None:
        with self._working, self._app.app_context():
            _JOBS[name](*arguments)

    def work(self, tend: Callable[[], object], every: float, *beside: tuple[Callable[[], object], float]) -> None:
        """Do jobs until SIGTERM or Ctrl-C; ``tend`` is called at the start and every ``every`` seconds.

        What is ``beside`` is called likewise, each in a thread of its own. A job under way is told through ``stopping``
        and given the time to keep what it has.
        """
        _ = self._task
        for function, pause in ((tend, every), *beside):
            threading.Thread(target=self._tend, args=(function, pause), daemon=True).start()
        _Consumer(self, workers=1, worker_type="thread", initial_delay=0.1, max_delay=1.0, backoff=1.15).run()

    def _tend(self, tend: Callable[[], object], every: float) -> None:
        while True:
            try:
                with self._app.app_context():
                    tend()
            except Exception:
                # The database may be away for a while: the next round tries again.
                log.exception("Tâche de fond : échec, nouvel essai dans %g s.", every)
            if self.stopping.wait(every):
                return


class _Consumer(Consumer):  # type: ignore[misc]
    """A consumer that ends alike on SIGTERM and Ctrl-C: jobs are told first, then waited for."""

    def __init__(self, queue: Queue, **options: Any) -> None:
        super().__init__(queue.huey, **options)
        self._queue = queue

    def stop(self, graceful: bool = False) -> None:
        """Tell the jobs, then wait for them whichever signal came."""
        del graceful
        self._queue.stopping.set()
        super().stop(graceful=True)
