"""The whole way: publication, outbox, a real SMTP server, and what two strangers make of the mails, one by CalDAV."""

from __future__ import annotations

import warnings
from collections import Counter
from pathlib import Path

import pytest
from flask import Flask

from openmap.extensions import db
from tests.agendas.factory import build

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from tests.agendas.caldav import serving
    from tests.agendas.mailboxes import Mailbox
from tests.mail.server import listening
from tests.publishing import deliver, open_scene

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:vobject", "ignore::DeprecationWarning:dateutil")

BUYERS, STRUCTURES, SLOTS = 6, 10, 8

Plan = list[tuple[str, str, str, str | None]]


def first_plan() -> Plan:
    """Return 36 meetings: each buyer meets six structures, a round each, at its own table."""
    return [
        (f"B{buyer + 1:02}", f"S{(buyer + turn) % STRUCTURES + 1:02}", f"T{turn + 1:02}", f"A{buyer + 1}")
        for buyer in range(BUYERS)
        for turn in range(6)
        if turn < 5 or buyer % 2
    ]


def second_plan(first: Plan) -> Plan:
    """Return the plan after ten moves, three cancellations and two additions; nobody meets twice at once."""
    plan = list(first)
    gone = [plan.pop(at) for at in (20, 11, 2)]
    moved = 0
    for at in range(len(plan)):
        buyer, structure, slot, table = plan[at]
        for turn in range(SLOTS, 0, -1):
            code = f"T{turn:02}"
            clash = any(code == other[2] and {buyer, structure} & set(other[:2]) for other in plan)
            if moved < 10 and code != slot and not clash:
                plan[at] = (buyer, structure, code, table)
                moved += 1
                break
    added = 0
    known = {meeting[:2] for meeting in first}
    for buyer in (f"B{number + 1:02}" for number in range(BUYERS)):
        for structure in (f"S{number + 1:02}" for number in range(STRUCTURES)):
            for code in (f"T{turn + 1:02}" for turn in range(SLOTS)):
                clash = any(code == other[2] and {buyer, structure} & set(other[:2]) for other in plan)
                if added < 2 and (buyer, structure) not in known and not clash:
                    plan.append((buyer, structure, code, f"A{buyer[-1]}"))
                    known.add((buyer, structure))
                    added += 1
    assert (len(gone), moved, added) == (3, 10, 2)
    return plan


def test_a_plan_published_changed_and_published_again_is_what_every_calendar_holds(app: Flask, tmp_path: Path) -> None:
    scene = open_scene(
        build(
            db.session,
            buyers=[f"Acheteur {number}" for number in range(BUYERS)],
            structures=[f"Structure {number}" for number in range(STRUCTURES)],
            slots=SLOTS,
        )
    )
    first = first_plan()
    second = second_plan(first)
    with listening() as post, serving(tmp_path) as calendars:
        scene.publish(first)
        assert deliver(post, scene.clock) == BUYERS + STRUCTURES
        once = len(post.letters)
        scene.publish(second)
        deliver(post, scene.clock)
        touched = {
            code
            for meeting in set(first) ^ set(second)
            for code in meeting[:2]
        }  # fmt: skip
        again = Counter(recipient for recipient, _ in post.letters[once:])
        assert again == Counter(f"{code.lower()}-1@essai.example" for code in touched)
        boxes: dict[str, Mailbox] = {}
        for (recipient, _content), mail in zip(post.letters, post.mails(), strict=True):
            boxes.setdefault(recipient, Mailbox(recipient)).receive(mail)
            calendars.receive(recipient, mail)
        expected = {address: sorted(found) for address, found in scene.expected(second).items()}
        assert {address: box.meetings for address, box in boxes.items() if box.meetings} == expected
        assert {address: calendars.shown(address) for address in boxes if calendars.shown(address)} == expected
        done = Counter(outcome for box in boxes.values() for _method, outcome in box.log)
        assert done == {"added": 2 * (len(first) + 2), "updated": 20, "cancelled": 6}
