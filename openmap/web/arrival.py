"""When a request reached this machine, which may be a while before a worker took it up.

Minutes before a deadline requests wait in the queue. The kernel knows when a connection's last data came in
(``tcpi_last_data_recv`` of Linux' TCP_INFO, in milliseconds): a short form is whole by then. Nobody gains by sending
early and finishing late: it is the last packet that counts.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

_LAST_DATA_AT: Final = 52
"""Offset of ``tcpi_last_data_recv`` in ``struct tcp_info`` (linux/tcp.h)."""
TICK: Final = timedelta(milliseconds=10)
"""The kernel counts in ticks, of 10 ms at most: taken off, so that no request is told to be earlier than it was."""
LONGEST_QUEUE: Final = timedelta(minutes=2)
"""More than that is no queue, but a clock or a kernel that we do not understand."""


def arrived_at(environ: Mapping[str, Any]) -> datetime:
    """Return when the request of ``environ`` reached us; now, where the server or the system cannot tell."""
    now = datetime.now(UTC)
    connection = environ.get("gunicorn.socket")
    waited = timedelta(0) if connection is None else waiting(connection)
    return now - waited if waited <= LONGEST_QUEUE else now


def waiting(connection: socket.socket) -> timedelta:
    """Return how long ago a connection's last data came in, at least; nothing where the system does not tell."""
    option = getattr(socket, "TCP_INFO", None)
    if option is None:
        return timedelta(0)
    try:
        told = connection.getsockopt(socket.IPPROTO_TCP, option, _LAST_DATA_AT + 4)
        counted = timedelta(milliseconds=struct.unpack_from("=L", told, _LAST_DATA_AT)[0])
    except (OSError, struct.error, ValueError):
        return timedelta(0)
    return max(timedelta(0), counted - TICK)
