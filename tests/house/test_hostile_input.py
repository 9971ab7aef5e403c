"""Whatever is typed into whichever address or field, the answer is a page of the house and never a crash.

The sweep runs over the table of addresses: a page added later is attacked by being there.
"""

from __future__ import annotations

import re
from typing import Final

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from openmap.extensions import limiter
from tests.house.addresses import ACTIONS, FILES, PAGES
from tests.house.conftest import visitor
from tests.house.linting import faults_of
from tests.house.table import READER, Action, File, Page
from tests.house.world import numbers
from tests.signing import client_of, sent

HUGE: Final = "9" * 25
HOSTILE: Final = {
    "nothing": "",
    "nul": "a\x00b",
    "huge number": HUGE,
    "endless number": "9" * 5_000,
    "negative": "-1",
    "first day": "0001-01-01",
    "last day": "9999-12-31",
    "first minute": "0001-01-01T00:00",
    "last minute": "9999-12-31T23:59",
    "line breaks": "a\r\nBcc: x@y.example\r\rb",
    "control characters": "\x01\x0b\x1b\x7f\u2028",
    "right to left": "\u202eabc\u200b\U000e0041",
    "no character": "\ufffe\uffff",
    "emoji": "\U0001f469\u200d\U0001f680" * 40,
    "formula": "=cmd|' /C calc'!A0",
    "script": "<script>alert(1)</script>",
    "template": "{{ 7*7 }} {% for x in y %} %(n)s {0} {prenom_nom}",
    "like": "%_\\",
    "quotes": "\"'`;--",
    "brackets": "//[",
    "long": "x" * 70_000,
}
QUERIES: Final = ("suite", "q", "page", "etat", "edition", "categorie", "version", "vue", "pour", "vu", "sur", "numero")


EVERYWHERE: Final = ("nul", "huge number")
A_TURN: Final = 3


def _values(turn: int) -> dict[str, str]:
    """Return what is tried at this turn: some of it everywhere, the rest three at a time, all of it over the table."""
    rest = [name for name in HOSTILE if name not in EVERYWHERE]
    mine = [rest[(A_TURN * turn + step) % len(rest)] for step in range(A_TURN)]
    return {name: HOSTILE[name] for name in (*EVERYWHERE, *mine)}


def _sound(answer: TestResponse, told: object) -> None:
    assert answer.status_code < 500, told
    if answer.status_code >= 400 and answer.mimetype == "text/html":
        assert faults_of(answer) == [], told
    if answer.mimetype.startswith("text/"):
        assert b"<script>alert" not in answer.data, told
    answer.close()


def _addresses() -> list[Page | File]:
    """Return one line of each address that is read."""
    return list({line.endpoint: line for line in (*PAGES, *FILES)}.values())


def test_any_query_and_any_piece_of_a_path_is_answered(world: Flask) -> None:
    clients = {who: visitor(world, name) for who, name in READER.items()}
    known = world.extensions["numbers"]
    for turn, line in enumerate(_addresses()):
        _attack(clients[line.who], line, line.path.format_map(known).partition("?")[0], turn)


PIECES: Final = (HUGE, "9" * 5_000, "%00", "%E2%80%AE", "..%2F..%2Fetc%2Fpasswd", "%FF", "-1", "%0d%0aX-A:b")
"""What a piece of a path may be; each address meets half of them at each piece, in turn."""


def _attack(client: FlaskClient, line: Page | File, path: str, turn: int) -> None:
    for told, value in _values(turn).items():
        if len(value) <= 5_000:
            _sound(client.get(path, query_string=dict.fromkeys(QUERIES, value)), (line.path, told))
    for at, piece in enumerate(re.findall(r"[^/]+", path)):
        for value in PIECES[(turn + at) % 2 :: 2]:
            _sound(client.get(path.replace(f"/{piece}", f"/{value}", 1)), (line.path, value[:30]))


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.path)
def test_any_value_of_any_field_is_answered(world: Flask, action: Action) -> None:
    known, first = world.extensions["numbers"], ACTIONS.index(action)
    given = {name: value.format_map(known) for name, value in action.data.items()}
    path = action.path.format_map(known)
    for turn, name in enumerate([*given, "nom_inconnu"], start=first):
        client = client_of(world, world.extensions["visitors"].get(READER[action.who]))
        for told, value in _values(turn).items():
            limiter.reset()
            _sound(sent(client, path, {**given, name: value}), (action.path, name, told))


MARK: Final = "<img src=x onerror=alert(1)>"
"""A script that is no address, so that names take it too."""


def test_a_script_in_any_field_is_shown_as_text_on_every_page(world: Flask) -> None:
    clients = {who: visitor(world, name) for who, name in READER.items()}
    taken = 0
    for action in ACTIONS:
        if action.endpoint in {"signin.leave", "account.leave_for_good_post"}:
            continue
        known = numbers()
        given, path = {name: value.format_map(known) for name, value in action.data.items()}, action.path
        for name in given:
            limiter.reset()
            answer = sent(clients[action.who], path.format_map(known), {**given, name: MARK})
            taken += answer.status_code < 400
            assert MARK.encode() not in answer.data, (action.path, name)
    assert taken > 15
    known = numbers()
    for page in PAGES:
        assert MARK not in clients[page.who].get(page.path.format_map(known)).text, page.path
