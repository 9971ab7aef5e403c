"""A real CalDAV server (Radicale) on loopback, and a client of it that does with mails what mail programs do."""

from __future__ import annotations

import http.client
import re
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from xml.etree import ElementTree

import vobject

from tests.agendas.mailboxes import objects_of, shown

CALENDAR = """<?xml version="1.0"?><mkcalendar xmlns="urn:ietf:params:xml:ns:caldav"/>"""
QUERY = """<?xml version="1.0"?>
<calendar-query xmlns="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:">
  <D:prop><D:getetag/><calendar-data/></D:prop>
  <filter><comp-filter name="VCALENDAR"><comp-filter name="VEVENT"/></comp-filter></filter>
</calendar-query>"""
DATA = "{urn:ietf:params:xml:ns:caldav}calendar-data"


class Calendars:
    """The calendars of a server, one an address."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._made: set[str] = set()

    def receive(self, address: str, mail: EmailMessage) -> None:
        """Put what is requested under its UID, take out what is cancelled (RFC 4791: an object holds no METHOD)."""
        self._make(address)
        for method, text in objects_of(mail):
            found = re.search(r"^UID:(.+)$", text, re.MULTILINE)
            assert found is not None
            path = f"{_home(address)}{found[1].strip()}.ics"
            if method == "CANCEL":
                status, _body = self._ask("DELETE", path, address)
                assert status in {200, 204}, f"a cancellation of what was never there: {status}"
            else:
                stored = re.sub(r"^METHOD:.*\r\n", "", text, flags=re.MULTILINE)
                status, body = self._ask("PUT", path, address, stored, {"Content-Type": "text/calendar; charset=utf-8"})
                assert status in {201, 204}, (status, body)

    def shown(self, address: str) -> list[tuple[object, ...]]:
        """Return what the calendar shows by a calendar-query: whom, start, end, table."""
        self._make(address)
        status, body = self._ask("REPORT", _home(address), address, QUERY, {"Depth": "1"})
        assert status == 207, body
        objects = [element.text or "" for element in ElementTree.fromstring(body).iter(DATA)]
        return sorted(shown(event) for text in objects for event in vobject.readOne(text).contents["vevent"])

    def _make(self, address: str) -> None:
        if address not in self._made:
            status, body = self._ask("MKCALENDAR", _home(address), address, CALENDAR)
            assert status == 201, (status, body)
            self._made.add(address)

    def _ask(
        self, method: str, path: str, user: str, body: str = "", headers: dict[str, str] | None = None
    ) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            mark = b64encode(f"{_user(user)}:x".encode()).decode()
            connection.request(method, path, body.encode(), {"Authorization": f"Basic {mark}", **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()


def _user(address: str) -> str:
    return address.replace("@", "-at-")


def _home(address: str) -> str:
    return f"/{_user(address)}/agenda/"


@contextmanager
def serving(folder: Path) -> Iterator[Calendars]:
    """Run the server for as long as the block lasts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = folder / "radicale.conf"
    config.write_text(
        f"[server]\nhosts = 127.0.0.1:{port}\n[auth]\ntype = none\ndelay = 0\n[storage]\n"
        f"filesystem_folder = {folder / 'collections'}\n[logging]\nlevel = warning\n"
    )
    command = [sys.executable, "-m", "radicale", "--config", str(config)]
    with (folder / "radicale.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            _wait(port, process, folder)
            yield Calendars(port)
        finally:
            process.terminate()
            process.wait(20)


def _wait(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    for _try in range(200):
        assert process.poll() is None, (folder / "radicale.log").read_text()
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError((folder / "radicale.log").read_text())
