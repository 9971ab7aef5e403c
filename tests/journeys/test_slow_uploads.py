"""Uploads that trickle, never end or say nothing of their size, on the real server: it goes on serving others."""

from __future__ import annotations

import socket
import time
import urllib.request
from urllib.parse import urlsplit

import pytest
from flask import Flask

from benchmarks.deadline import Caller, furnish, post, served
from openmap.applications.models import Attachment
from openmap.extensions import db
from openmap.web.patience import GRACE_SECONDS


def _opened(address: str, caller: Caller, *heads: str) -> socket.socket:
    parts = urlsplit(address)
    connection = socket.create_connection((parts.hostname, parts.port), timeout=60)
    lines = [
        f"POST /candidatures/{caller.application_id}/pitch HTTP/1.1",
        f"Host: {parts.netloc}",
        f"Cookie: session={caller.cookie}",
        "Content-Type: multipart/form-data; boundary=x",
        *heads,
    ]
    connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
    return connection


def _trickle(connection: socket.socket, seconds: float) -> float:
    """Send a byte now and then; return after how long the server has enough."""
    began = time.monotonic()
    connection.settimeout(0.5)
    while time.monotonic() - began < seconds:
        try:
            connection.sendall(b"-")
            if connection.recv(65_536) is not None:
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - began


@pytest.mark.enable_socket
def test_slow_and_endless_uploads_are_ended_and_leave_nothing(app: Flask) -> None:
    _edition, callers = furnish(app, 3)
    db.session.remove()
    config = app.config["OPENMAP"]
    with served(config, workers=1) as (address, _server):
        slow = _opened(address, callers[0], "Content-Length: 2000")
        endless = _opened(address, callers[1], "Transfer-Encoding: chunked")
        piece = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
        sent = 0
        endless.settimeout(20)
        try:
            while sent < 64 * 1024 * 1024:
                endless.sendall(piece)
                sent += 65_536
        except OSError:
            pass  # the server has had enough
        assert sent < 64 * 1024 * 1024
        endless.close()
        assert post(address, f"/candidatures/{callers[2].application_id}/depot", callers[2], {}) == 303
        with urllib.request.urlopen(f"{address}/connexion", timeout=10) as page:
            assert page.status == 200
        assert _trickle(slow, GRACE_SECONDS + 20) < GRACE_SECONDS + 15
        slow.close()
        large = _opened(address, callers[0], "Content-Length: 99000000")
        large.settimeout(20)
        assert b" 413 " in large.recv(200)  # by what it says, before a byte is read
        large.close()
    assert db.session.query(Attachment).count() == 0
    files = config.instance / "files"
    assert [path.name for path in files.rglob("copie-*")] == []
