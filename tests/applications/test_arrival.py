"""A request that waits in the queue has arrived all the same."""

from __future__ import annotations

import socket
import time
from datetime import UTC, datetime, timedelta

import pytest

from openmap.web.arrival import arrived_at, waiting


@pytest.mark.enable_socket
def test_what_has_waited_is_told_by_the_kernel() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        client.sendall(b"POST /depot HTTP/1.1\r\n")
        time.sleep(0.6)  # nobody has accepted it yet
        connection, _address = server.accept()
        with connection:
            assert timedelta(seconds=0.5) <= waiting(connection) < timedelta(seconds=30)
            assert arrived_at({"gunicorn.socket": connection}) < datetime.now(UTC) - timedelta(seconds=0.5)
            client.sendall(b"\r\n")  # who finishes late has arrived late
            time.sleep(0.05)
            assert waiting(connection) < timedelta(seconds=0.5)


def test_a_server_that_cannot_tell_counts_from_now() -> None:
    assert datetime.now(UTC) - arrived_at({}) < timedelta(seconds=5)
