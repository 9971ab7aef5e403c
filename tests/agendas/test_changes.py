"""Any sequence of plans and people, mails lost or late: calendars end on exactly the plan, by RFC 5546 alone."""

from __future__ import annotations

import random
from collections.abc import Sequence
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from openmap.agendas.feeds import feed
from openmap.directory.models import Delegate
from openmap.extensions import db
from openmap.mail.composing import as_email
from openmap.mail.models import Message
from openmap.meetings.models import Release
from openmap.people.models import Person
from tests.agendas.factory import build
from tests.agendas.mailboxes import Mailbox
from tests.publishing import SENDER, Scene, open_scene

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:vobject", "ignore::DeprecationWarning:dateutil")

Plan = tuple[tuple[str, str, str, str | None], ...]
BUYERS, STRUCTURES = ("B01", "B02"), ("S01", "S02", "S03")
STEPS = ("move", "cancel", "add", "restore", "join", "leave", "table", "republish", "delegates")


def a_plan(chance: random.Random) -> Plan:
    """Return a plan in which nobody meets twice at once, unless several come."""
    meetings: list[tuple[str, str, str, str | None]] = []
    busy: set[tuple[str, str]] = set()
    for buyer in BUYERS:
        for structure in STRUCTURES:
            slot = f"T{chance.randint(1, 6):02}"
            if chance.random() < 0.6 and not {(buyer, slot), (structure, slot)} & busy:
                busy |= {(buyer, slot), (structure, slot)}
                meetings.append((buyer, structure, slot, chance.choice(("A1", "A2", None))))
    return tuple(meetings)


def changed(plan: Plan, step: str, chance: random.Random) -> Plan:
    """Return the plan with one meeting moved, cancelled, added, or at another table."""
    meetings = list(plan)
    free = [(b, s) for b in BUYERS for s in STRUCTURES if (b, s) not in {meeting[:2] for meeting in plan}]
    if step == "add" and free:
        meetings.append((*chance.choice(free), f"T{chance.randint(1, 6):02}", "A1"))
    elif meetings:
        at = chance.randrange(len(meetings))
        buyer, structure, slot, table = meetings.pop(at)
        if step == "move":
            meetings.insert(at, (buyer, structure, f"T{chance.randint(1, 6):02}", table))
        elif step == "table":
            meetings.insert(at, (buyer, structure, slot, "A2" if table == "A1" else "A1"))
    return tuple(meetings)


class Post:
    """Gives what has been written to the mailboxes, in order; some mails fail for good, some are still waiting."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.boxes: dict[str, Mailbox] = {}
        self.written: list[int] = []

    def go_round(self, *, all_arrive: bool) -> None:
        waiting = db.session.scalars(select(Message).where(Message.state == "queued").order_by(Message.id)).all()
        for message in waiting:
            fate = 1.0 if all_arrive else self._chance.random()
            if fate < 0.15:
                continue  # the server puts it off
            if fate < 0.3:
                message.state, message.error = "failed", "550 5.1.1"
                continue
            mail = message_from_bytes(as_email(message, sender=SENDER).as_bytes(), policy=default)
            assert isinstance(mail, EmailMessage)
            self.boxes.setdefault(message.recipient, Mailbox(message.recipient)).receive(mail)
            message.state, message.sent_at = "sent", message.created_at
        db.session.commit()


def play(scene: Scene, steps: Sequence[str], seed: int) -> tuple[Post, Plan]:
    """Publish a first plan, then change something and publish again at each step; in the end every mail arrives."""
    chance = random.Random(seed)
    post, plan = Post(chance), a_plan(chance)
    past = [plan]
    scene.publish(plan)
    post.go_round(all_arrive=False)
    for step in steps:
        code = chance.choice((*BUYERS, *STRUCTURES))
        if step == "join" and len(scene.people[code]) < 3:
            scene.join(code, f"{code.lower()}-{chance.randrange(10**6)}@{scene.domain}")
        elif step == "leave" and scene.people[code]:
            scene.leave(code, chance.choice(scene.people[code]))
        elif step == "delegates":
            scene.morning.people[code].delegates = chance.randint(1, 3)
            db.session.commit()
        elif step == "restore":
            plan = chance.choice(past)
        elif step in {"move", "cancel", "add", "table"}:
            plan = changed(plan, step, chance)
        past.append(plan)
        scene.publish(None if step == "republish" else plan)
        post.go_round(all_arrive=chance.random() < 0.3)
    scene.publish()
    post.go_round(all_arrive=True)
    return post, plan


@settings(
    max_examples=25,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(st.sampled_from(STEPS), min_size=1, max_size=7), seed=st.integers(0, 10**9))
def test_after_all_mails_every_calendar_holds_exactly_the_plan(app: Flask, steps: list[str], seed: int) -> None:
    _forget_everyone()
    slug = f"matin-{random.SystemRandom().getrandbits(60):x}"
    scene = open_scene(build(db.session, slug=slug), domain=f"{slug}.example")
    post, plan = play(scene, steps, seed)
    expected = {address: sorted(found) for address, found in scene.expected(plan).items()}
    found = {address: box.meetings for address, box in post.boxes.items() if box.meetings}
    assert found == expected
    for box in post.boxes.values():
        assert not [entry for entry in box.log if entry[1] in {"late", "unknown"}], box.log
    _feeds_agree(scene, expected)


def _feeds_agree(scene: Scene, expected: dict[str, list[object]]) -> None:
    """Hold each person's feed against the same plan, read by the same stranger."""
    import vobject

    from tests.agendas.mailboxes import shown

    for address, wanted in expected.items():
        person = db.session.scalars(select(Person).where(Person.email == address)).one()
        text = feed(db.session, person, sender=SENDER, now=scene.clock()).decode()
        events = vobject.readOne(text).contents.get("vevent", [])
        held = sorted(shown(event) for event in events if event.status.value == "CONFIRMED")
        assert held == wanted
        assert len({event.uid.value for event in events}) == len(events)


def _forget_everyone() -> None:
    """Let nobody of the example before act for the organisations, which are the same in each."""
    db.session.rollback()
    db.session.execute(delete(Delegate))
    db.session.execute(delete(Release))  # or feeds would tell of the editions before
    db.session.commit()
