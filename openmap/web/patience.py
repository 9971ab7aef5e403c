"""How long we wait for a request's body: a trickle that never ends would hold a thread for ever."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from contextlib import suppress
from threading import Timer
from typing import Any, Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

GRACE_SECONDS: Final = 20.0
LEAST_BYTES_A_SECOND: Final = 16 * 1024
"""Ten megabytes may take eleven minutes, as on a weak telephone; a form of a few kilobytes, twenty seconds."""
UNTOLD: Final = 16 * 1024 * 1024
"""What a body without a length is taken for: the most that is read anyway (MAX_CONTENT_LENGTH)."""


class Patient:
    """A WSGI layer that stops reading from a client whose body takes longer than its size allows.

    The server then sees a body cut short, which is refused; what was read lay in a temporary file without a name.
    """

    def __init__(self, app: WSGIApplication, grace: float = GRACE_SECONDS) -> None:
        self._app = app
        self._grace = grace

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve a request, with a clock beside it where it has a body."""
        seconds = self._seconds(environ)
        connection: Any = environ.get("gunicorn.socket")
        if seconds is None or connection is None:
            return self._app(environ, start_response)
        clock = Timer(seconds, _hang_up, [connection])
        clock.daemon = True
        clock.start()
        try:
            return self._app(environ, start_response)
        finally:
            clock.cancel()

    def _seconds(self, environ: WSGIEnvironment) -> float | None:
        """Return how long the body may take, ``None`` where there is none."""
        length = str(environ.get("CONTENT_LENGTH") or "")
        if length.isdecimal():
            return self._grace + int(length) / LEAST_BYTES_A_SECOND if int(length) else None
        chunked = "chunked" in str(environ.get("HTTP_TRANSFER_ENCODING", "")).lower()
        return self._grace + UNTOLD / LEAST_BYTES_A_SECOND if chunked else None


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RD)
