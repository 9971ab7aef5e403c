"""The server and the worker side by side, for one machine; larger sites run each as a service of its own."""

from __future__ import annotations

import errno
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import click

GRACE_SECONDS: Final = 20.0
OPENING_SECONDS: Final = 30.0
HIGHEST_PORT: Final = 65_535

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_GUNICORN: Final = ("--no-control-socket", "--workers=2", "--threads=16", "--log-level=warning")
"""Threads cost nothing until they are needed; each stamps its request at once, which a deadline is held against."""

PORT: Final = click.IntRange(1, HIGHEST_PORT)


def refuse_taken(port: int) -> None:
    """Raise click's own error when ``port`` cannot be had, proposing another."""
    fault = _fault(port)
    if fault is None:
        return
    reason = "est déjà pris" if fault == errno.EADDRINUSE else "n’est pas permis à ce compte"
    first = max(port + 1, 8000)
    free = next((other for other in range(first, HIGHEST_PORT) if _fault(other) is None), 8000)
    raise click.ClickException(f"Le port {port} {reason} : choisissez-en un autre, par exemple --port={free}.")


def _fault(port: int) -> int | None:
    """Return why ``port`` cannot be listened to on this machine, as an errno; ``None`` when it can."""
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind(("127.0.0.1", port))
        except OSError as error:
            return error.errno
    return None


def serve(port: int, announce: str) -> None:
    """Run gunicorn and a worker until Ctrl-C, SIGTERM or SIGHUP, then end both; say so when one ends by itself.

    ``announce`` is printed once the pages answer.
    """
    refuse_taken(port)
    for number in _SIGNALS:
        signal.signal(number, _interrupt)
    children: list[subprocess.Popen[bytes]] = []
    try:
        for command in _commands(port):
            # Ctrl-C reaches a terminal's whole group: children of their own sessions are ended once, by us.
            children.append(subprocess.Popen(command, start_new_session=True))  # noqa: S603
        if _opened(port, children):
            click.echo(announce)
        while all(child.poll() is None for child in children):
            time.sleep(0.2)
    except KeyboardInterrupt:
        click.echo("\nArrêt…")
        return
    finally:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        ended = [
            name for name, child in zip(("serveur", "programme de calcul"), children, strict=False) if child.poll()
        ]
        _end(children)
    raise click.ClickException(
        f"Le {ended[0] if ended else 'serveur'} s’est arrêté de lui-même : lisez la cause ci-dessus, puis recommencez."
    )


def _commands(port: int) -> tuple[list[str], list[str]]:
    return (
        [sys.executable, "-m", "gunicorn", *_GUNICORN, f"--bind=127.0.0.1:{port}", "openmap:create_app()"],
        [str(Path(sys.executable).with_name("openmap")), "worker"],
    )


def _opened(port: int, children: list[subprocess.Popen[bytes]]) -> bool:
    """Wait until the pages answer; false when a child has ended or time is up."""
    until = time.monotonic() + OPENING_SECONDS
    while time.monotonic() < until and all(child.poll() is None for child in children):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return True
    return False


def _end(children: list[subprocess.Popen[bytes]]) -> None:
    """Ask all to end together, then wait; the worker keeps the best plan of a calculation under way."""
    for child in children:
        child.terminate()
    for child in children:
        try:
            child.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
