"""Processes that kill themselves at a chosen step. Each is forked, in milliseconds, from one that has read the program.

The one that forks holds no thread, no connection and nothing of a test: ``multiprocessing``'s fork server.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from pathlib import Path

# What takes a second to read, for those that are forked.
import openmap.agendas.exports
import openmap.applications.bringing
import openmap.meetings.solve_views
import openmap.pitches.deciding  # noqa: F401
from openmap.config import Config

PATIENCE = 120.0

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__])


def run(source: str, *arguments: str, config: Config, **changes: str) -> tuple[int | None, str]:
    """Run ``source`` as a program on the database of ``config``; return its exit code (minus a signal) and its errors.

    The code is ``None`` where it had not ended after ``PATIENCE`` seconds.
    """
    environ = {
        **os.environ,
        "OPENMAP_INSTANCE": str(config.instance),
        "DATABASE_URL": config.database_url,
        "SECRET_KEY": config.secret_key,
        "REDIS_URL": "",
        **changes,
    }
    with tempfile.NamedTemporaryFile() as errors:
        process = _FORKS.Process(target=_become, args=(source, arguments, environ, errors.name))
        process.start()
        process.join(PATIENCE)
        code = process.exitcode
        process.kill()
        process.join()
        return code, Path(errors.name).read_text(encoding="utf-8")


def _become(source: str, arguments: tuple[str, ...], environ: dict[str, str], errors: str) -> None:
    os.environ.clear()
    os.environ.update(environ)
    with open(errors, "wb") as output:
        os.dup2(output.fileno(), sys.stderr.fileno())
    sys.argv = ["program", *arguments]
    exec(source, {"__name__": "__main__"})
