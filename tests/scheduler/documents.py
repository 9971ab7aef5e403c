"""JSON documents for the tests of what the engine reads and writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

Document = dict[str, Any]
Spoil = Callable[[Document], object]


def problem_document() -> Document:
    """Return a small usable problem that uses every key of the contract."""
    return deepcopy(
        {
            "format": "openmap-problem/1",
            "slots": [
                _slot("T01", "11:00", "11:15", "matin"),
                _slot("T02", "11:15", "11:30", "matin"),
                _slot("T03", "14:00", "14:15", "après-midi"),
            ],
            "tables": [{"id": "A1", "label": "Table 1"}, {"id": "A2"}, {"id": "A3"}],
            "participants": [
                {
                    "id": "B01",
                    "side": "buyer",
                    "name": "Acheteur inventé",
                    "delegates": 1,
                    "available": ["T01", "T02"],
                    "min_meetings": 0,
                    "max_meetings": 8,
                    "max_run": 4,
                    "table": "A1",
                },
                {"id": "B02", "side": "buyer"},
                {"id": "S01", "side": "structure", "name": "Structure inventée"},
                {"id": "S02", "side": "structure"},
            ],
            "requests": [
                {"id": "R001", "buyer": "B01", "structure": "S01", "value": 12, "required": False, "slots": ["T01"]},
                {"id": "R002", "buyer": "B02", "structure": "S01", "value": 3},
                {"id": "R003", "buyer": "B02", "structure": "S02", "value": 5},
            ],
            "locks": [{"request": "R001", "slot": "T01", "table": "A1"}],
            "exclusions": [{"buyer": "B02", "structure": "S01"}],
            "settings": {
                "objectives": ["required", "minimum", "coverage", "value", "balance", "idle", "moves", "early"]
            },
        }
    )


def _slot(name: str, start: str, end: str, block: str) -> Document:
    return {
        "id": name,
        "start": f"2031-03-04T{start}:00+01:00",
        "end": f"2031-03-04T{end}:00+01:00",
        "block": block,
    }


def plan_document() -> Document:
    """Return a plan for that problem which keeps every rule."""
    return deepcopy(
        {
            "format": "openmap-plan/1",
            "status": "feasible",
            "meetings": [
                {"request": "R001", "buyer": "B01", "structure": "S01", "slot": "T01", "table": "A1"},
                {"request": "R003", "buyer": "B02", "structure": "S02", "slot": "T02", "table": "A2"},
            ],
            "objectives": [{"name": "value", "value": 17, "bound": 17, "proved": True, "seconds": 0.1}],
            "unserved": [{"request": "R002", "reason": "excluded", "sentence": "Non.", "would_need": []}],
            "seed": 1,
            "seconds": 0.2,
        }
    )


def put(*path: str | int, value: object) -> Spoil:
    """Return an edit that puts ``value`` at a path such as ``"slots", 0, "id"``."""

    def spoil(document: Document) -> None:
        place: Any = document
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return spoil


def drop(*path: str | int) -> Spoil:
    """Return an edit that removes the key at a path."""

    def spoil(document: Document) -> None:
        place: Any = document
        for step in path[:-1]:
            place = place[step]
        del place[path[-1]]

    return spoil


def add(*path: str | int, value: object) -> Spoil:
    """Return an edit that appends ``value`` to the list at a path."""

    def spoil(document: Document) -> None:
        place: Any = document
        for step in path:
            place = place[step]
        place.append(value)

    return spoil


BAD_PROBLEMS: dict[str, tuple[Spoil, str]] = {
    "no format": (drop("format"), "$.format"),
    "another format": (put("format", value="openmap-problem/2"), "$.format"),
    "a format that is a list": (put("format", value=[]), "$.format"),
    "an unknown key": (put("colour", value="red"), "$.colour"),
    "an unknown key of a slot": (put("slots", 0, "begin", value="11:00"), "$.slots[0].begin"),
    "an unknown key of a participant": (put("participants", 1, "max", value=3), "$.participants[1].max"),
    "an unknown key of the settings": (put("settings", "seed", value=1), "$.settings.seed"),
    "a key of two lines": (put("two\nlines", value=1), "$."),
    "a key with half a surrogate": (put("\ud800", value=1), "$."),
    "no slots key": (drop("slots"), "$.slots"),
    "no slot": (put("slots", value=[]), "$.slots"),
    "slots that are an object": (put("slots", value={}), "$.slots"),
    "slots that are null": (put("slots", value=None), "$.slots"),
    "a slot that is a text": (put("slots", 0, value="T01"), "$.slots[0]"),
    "a slot without a start": (drop("slots", 0, "start"), "$.slots[0].start"),
    "a start that is a number": (put("slots", 0, "start", value=11), "$.slots[0].start"),
    "a start that is no date": (put("slots", 0, "start", value="11 h 00"), "$.slots[0].start"),
    "a 30 February": (put("slots", 0, "start", value="2031-02-30T11:00:00+01:00"), "$.slots[0].start"),
    "end before start": (put("slots", 0, "end", value="2031-03-04T10:45:00+01:00"), "$.slots[0].end"),
    "a slot of no length": (put("slots", 0, "end", value="2031-03-04T11:00:00+01:00"), "$.slots[0].end"),
    "overlapping slots": (put("slots", 1, "start", value="2031-03-04T11:10:00+01:00"), "$.slots[1].start"),
    "slots out of order": (put("slots", 2, "start", value="2031-03-04T08:00:00+01:00"), "$.slots[2].start"),
    "naive beside aware": (put("slots", 1, "start", value="2031-03-04T11:15:00"), "$.slots"),
    "a block that comes back": (
        add("slots", value=_slot("T04", "15:00", "15:15", "matin")),
        "$.slots[3].block",
    ),
    "two slots of one id": (put("slots", 1, "id", value="T01"), "$.slots[1].id"),
    "two tables of one id": (put("tables", 1, "id", value="A1"), "$.tables[1].id"),
    "tables that are null": (put("tables", value=None), "$.tables"),
    "two participants of one id": (put("participants", 1, "id", value="B01"), "$.participants[1].id"),
    "a buyer and a structure of one id": (put("participants", 2, "id", value="B01"), "$.participants[2].id"),
    "two requests of one id": (put("requests", 1, "id", value="R001"), "$.requests[1].id"),
    "an empty id": (put("participants", 0, "id", value=""), "$.participants[0].id"),
    "an id of spaces": (put("participants", 0, "id", value="  "), "$.participants[0].id"),
    "an id that is a number": (put("participants", 0, "id", value=1), "$.participants[0].id"),
    "a NUL in an id": (put("participants", 0, "id", value="B\x0001"), "$.participants[0].id"),
    "half a surrogate in a name": (put("participants", 0, "name", value="\ud800"), "$.participants[0].name"),
    "an unknown side": (put("participants", 0, "side", value="seller"), "$.participants[0].side"),
    "no side": (drop("participants", 0, "side"), "$.participants[0].side"),
    "negative delegates": (put("participants", 0, "delegates", value=-1), "$.participants[0].delegates"),
    "no delegate": (put("participants", 0, "delegates", value=0), "$.participants[0].delegates"),
    "delegates that are true": (put("participants", 0, "delegates", value=True), "$.participants[0].delegates"),
    "delegates that are a text": (put("participants", 0, "delegates", value="1"), "$.participants[0].delegates"),
    "one delegate and a half": (put("participants", 0, "delegates", value=1.5), "$.participants[0].delegates"),
    "delegates that are null": (put("participants", 0, "delegates", value=None), "$.participants[0].delegates"),
    "a huge number of delegates": (
        put("participants", 0, "delegates", value=10**30),
        "$.participants[0].delegates",
    ),
    "a minimum above the maximum": (
        put("participants", 0, "min_meetings", value=9),
        "$.participants[0].max_meetings",
    ),
    "a negative maximum": (put("participants", 0, "max_meetings", value=-1), "$.participants[0].max_meetings"),
    "a run of nothing": (put("participants", 0, "max_run", value=0), "$.participants[0].max_run"),
    "an unknown available slot": (
        put("participants", 0, "available", value=["T01", "T09"]),
        "$.participants[0].available[1]",
    ),
    "an available slot twice": (
        put("participants", 0, "available", value=["T01", "T01"]),
        "$.participants[0].available[1]",
    ),
    "availability that is a text": (
        put("participants", 0, "available", value="T01"),
        "$.participants[0].available",
    ),
    "an unknown own table": (put("participants", 0, "table", value="Z9"), "$.participants[0].table"),
    "an unknown buyer": (put("requests", 0, "buyer", value="B99"), "$.requests[0].buyer"),
    "a buyer who is a structure": (put("requests", 0, "buyer", value="S01"), "$.requests[0].buyer"),
    "an unknown structure": (put("requests", 0, "structure", value="S99"), "$.requests[0].structure"),
    "a pair asked twice": (put("requests", 2, "structure", value="S01"), "$.requests[2]"),
    "a value of nothing": (put("requests", 0, "value", value=0), "$.requests[0].value"),
    "no value": (drop("requests", 0, "value"), "$.requests[0].value"),
    "a value that is true": (put("requests", 0, "value", value=True), "$.requests[0].value"),
    "a value beyond every sum": (put("requests", 0, "value", value=2**63), "$.requests[0].value"),
    "a value that is not whole": (put("requests", 0, "value", value=3.0), "$.requests[0].value"),
    "a required that is a number": (put("requests", 0, "required", value=1), "$.requests[0].required"),
    "an unknown slot of a request": (put("requests", 0, "slots", value=["T09"]), "$.requests[0].slots[0]"),
    "a lock of an unknown request": (put("locks", 0, "request", value="R999"), "$.locks[0].request"),
    "a lock in an unknown slot": (put("locks", 0, "slot", value="T09"), "$.locks[0].slot"),
    "a lock at an unknown table": (put("locks", 0, "table", value="Z9"), "$.locks[0].table"),
    "locks that are an object": (put("locks", value={}), "$.locks"),
    "an exclusion of someone unknown": (put("exclusions", 0, "buyer", value="B99"), "$.exclusions[0].buyer"),
    "an exclusion the wrong way round": (
        put("exclusions", 0, value={"buyer": "S01", "structure": "B02"}),
        "$.exclusions[0].buyer",
    ),
    "an unknown objective": (put("settings", "objectives", 0, value="profit"), "$.settings.objectives[0]"),
    "an objective twice": (put("settings", "objectives", 0, value="early"), "$.settings.objectives[7]"),
    "objectives that are a text": (put("settings", "objectives", value="value"), "$.settings.objectives"),
    "settings that are a list": (put("settings", value=[]), "$.settings"),
    "a nest in place of a value": (
        put("requests", 0, "value", value=json.loads("[" * 500 + "]" * 500)),
        "$.requests[0].value",
    ),
}
"""What someone may write, with the JSON path that must be named."""

UNREADABLE: dict[str, bytes] = {
    "an empty file": b"",
    "only spaces": b" \n\t",
    "not JSON": b"bonjour",
    "half a document": b'{"format": "openmap-problem/1", "slots": [',
    "a list": b"[]",
    "a number": b"1",
    "null": b"null",
    "a text": b'"openmap-problem/1"',
    "NaN": json.dumps({"seconds": float("nan")}).encode(),
    "Infinity": json.dumps({"seconds": float("-inf")}).encode(),
    "a number of 5,000 digits": b'{"format": ' + b"9" * 5000 + b"}",
    "invalid UTF-8": b'{"format": "\xff\xfe"}',
    "Windows-1252": '{"name": "Région"}'.encode("cp1252"),
    "NUL bytes": b"\x00" * 64,
    "a NUL between two keys": b'{"format":\x00 1}',
    "100,000 open brackets": b"[" * 100_000,
    "100,000 nested objects": b'{"a":' * 100_000,
    "50,000 nested lists in a key": b'{"slots": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "a spreadsheet": b"PK\x03\x04\x14\x00\x06\x00",
    "a key twice": b'{"format": "openmap-problem/1", "format": "openmap-problem/1"}',
}
"""Files that are no problem and no plan at all."""
