"""A real SMTP server on loopback, with bad habits when asked for."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope


class Post:
    """Keeps what it is given. ``habits`` maps a recipient to what the server does with it, once or for ever."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, bytes]] = []
        self.habits: dict[str, list[str]] = {}
        self.port = 0

    def _habit(self, recipient: str, moment: str) -> str | None:
        habits = self.habits.get(recipient, [])
        if habits and habits[0].startswith(moment):
            return habits[0] if habits[0].endswith("!") else habits.pop(0)
        return None

    async def handle_RCPT(self, server: Any, _session: Any, envelope: Envelope, address: str, _options: Any) -> str:
        """Refuse, postpone, stall or drop the connection at the recipient."""
        match (self._habit(address, "rcpt") or "").rstrip("!"):
            case "rcpt refuses":
                return "550 5.1.1 No such user"
            case "rcpt postpones":
                return "451 4.2.0 Greylisted, come back later"
            case "rcpt drops":
                server.transport.abort()
                await asyncio.sleep(0)
            case "rcpt stalls":
                await asyncio.sleep(3)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Envelope) -> str:
        """Take the mail, or not, or take it and say nothing."""
        recipient = envelope.rcpt_tos[0]
        habit = (self._habit(recipient, "data") or "").rstrip("!")
        if habit == "data refuses":
            return "554 5.6.0 Not that content"
        if habit == "data postpones":
            return "452 4.3.1 No room now"
        self.letters.append((recipient, envelope.content or b""))  # type: ignore[arg-type]
        if habit == "data takes and drops":
            server.transport.abort()
            await asyncio.sleep(0)
        return "250 OK"

    def mails(self) -> list[EmailMessage]:
        """Return what arrived."""
        return [message_from_bytes(content, policy=default) for _recipient, content in self.letters]


@contextmanager
def listening() -> Iterator[Post]:
    """Run the server for as long as the block lasts."""
    post = Post()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        post.port = probe.getsockname()[1]
    controller = Controller(post, hostname="127.0.0.1", port=post.port, ready_timeout=10)
    controller.start()
    try:
        yield post
    finally:
        controller.stop()
