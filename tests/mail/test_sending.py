"""Each mail exactly once, or an error that someone sees, whatever the server and the machine do."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage

import pytest
from flask import Flask
from sqlalchemy import select, update

from openmap.config import Config
from openmap.events.team import INVITATION
from openmap.extensions import db
from openmap.mail import sending
from openmap.mail.composing import as_email
from openmap.mail.models import Message
from openmap.mail.purposes import Purpose, UnknownPlaceholder, filled, require_known
from openmap.mail.sending import BACK_OFF, LOST_AFTER, UNCERTAIN, recover, send_due
from openmap.mail.services import AlreadyGone, drop, edit, release, write
from tests import killing
from tests.mail.server import Post, listening
from tests.signing import make_person, now

STOPS = ("claimed", "connected", "handing", "handed", "refused")
"""Where it is killed: after claiming, before the dialogue's end, before the text, after the server's yes or its no."""

KILLED_AT = """
import os, signal, sys
from datetime import UTC, datetime
from openmap import create_app
from openmap.extensions import db
from openmap.mail import sending

stop, victim = sys.argv[1], int(sys.argv[2])
count = 0

def die(moment):
    global count
    if moment == stop:
        count += 1
        if count == victim:
            os.kill(os.getpid(), signal.SIGKILL)

real_deliver, real_carry = sending.deliver, sending.Server.carry

def deliver(session, message, config, carrier, **options):
    die("claimed")
    return real_deliver(session, message, config, carrier, **options)

def carry(self, mail, recipient, name, handing):
    def told():
        die("connected")
        handing()
        die("handing")
    try:
        real_carry(self, mail, recipient, name, told)
    except (sending.Refused, sending.Postponed):
        die("refused")
        raise
    die("handed")

sending.deliver, sending.Server.carry, sending.TIMEOUT_SECONDS = deliver, carry, 0.4
app = create_app()
with app.app_context():
    sending.send_due(db.session, app.config["OPENMAP"], clock=lambda: datetime.now(UTC))
"""


@pytest.fixture
def post() -> Iterator[Post]:
    with listening() as server:
        yield server


@pytest.fixture
def config(app: Flask, post: Post) -> Config:
    base: Config = app.config["OPENMAP"]
    return replace(base, smtp_host="127.0.0.1", smtp_port=post.port, smtp_security="none")


def queue(count: int = 1, **changes: object) -> list[Message]:
    """Write ``count`` mails to different people."""
    messages = []
    for n in range(count):
        person = make_person(f"n{n}@essai.example", name=f"Personne {n}")
        message = write(db.session, INVITATION, person, dict(INVITATION.sample), key=str(n), now=now())
        assert message is not None
        for name, value in changes.items():
            setattr(message, name, value)
        messages.append(message)
    db.session.commit()
    return messages


def at(instant: datetime) -> Callable[[], datetime]:
    """Return a clock that stands still."""
    return lambda: instant


def states() -> Counter[str]:
    db.session.expire_all()
    return Counter(db.session.scalars(select(Message.state)))


def test_mails_arrive_as_text_and_html_under_an_identifier_of_their_own(post: Post, config: Config) -> None:
    queue(3)
    assert send_due(db.session, config, clock=now) == 3
    mails = post.mails()
    assert len({mail["Message-ID"] for mail in mails}) == 3
    assert mails[0]["To"] == "Personne 0 <n0@essai.example>"
    text, html = (mails[0].get_body((kind,)) for kind in ("plain", "html"))
    assert "Camille Exemple" in text.get_content()  # type: ignore[union-attr]
    assert "<p>Bonjour Camille Exemple,</p>" in html.get_content()  # type: ignore[union-attr]
    assert states() == {"sent": 3}
    assert send_due(db.session, config, clock=now) == 0


def test_a_line_that_begins_with_a_dot_arrives_as_it_was(post: Post, config: Config) -> None:
    queue(1, body="avant\n.\n..deux\n.fin")
    send_due(db.session, config, clock=now)
    assert post.mails()[0].get_body(("plain",)).get_content().splitlines()[:4] == ["avant", ".", "..deux", ".fin"]  # type: ignore[union-attr]


@pytest.mark.parametrize("habit", ["rcpt refuses", "data refuses"])
def test_a_recipient_who_is_refused_is_told_and_the_others_get_theirs(post: Post, config: Config, habit: str) -> None:
    queue(3)
    post.habits["n1@essai.example"] = [habit]
    send_due(db.session, config, clock=now)
    assert sorted(recipient for recipient, _ in post.letters) == ["n0@essai.example", "n2@essai.example"]
    failed = db.session.scalars(select(Message).where(Message.state == "failed")).one()
    assert failed.recipient == "n1@essai.example"
    assert failed.error.startswith("55")


@pytest.mark.parametrize("habit", ["rcpt postpones", "data postpones", "rcpt drops"])
def test_what_is_put_off_is_tried_again_later_and_less_and_less_often(post: Post, config: Config, habit: str) -> None:
    queue(2)
    post.habits["n0@essai.example"] = [habit, habit]
    present = now()
    send_due(db.session, config, clock=at(present))
    assert states() == {"queued": 1, "sent": 1}
    waiting = db.session.scalars(select(Message).where(Message.state == "queued")).one()
    assert waiting.due_at - present == BACK_OFF[0]
    assert waiting.error
    assert send_due(db.session, config, clock=at(present)) == 0
    present += BACK_OFF[0]
    send_due(db.session, config, clock=at(present))
    assert waiting.due_at - present == BACK_OFF[1]
    present += BACK_OFF[1]
    assert send_due(db.session, config, clock=at(present)) == 1
    assert Counter(recipient for recipient, _ in post.letters) == {"n0@essai.example": 1, "n1@essai.example": 1}


def test_after_the_last_attempt_the_failure_is_told(post: Post, config: Config) -> None:
    queue(1)
    post.habits["n0@essai.example"] = ["rcpt postpones!"]
    present = now()
    for pause in (timedelta(0), *BACK_OFF):
        present += pause
        send_due(db.session, config, clock=at(present))
    assert states() == {"failed": 1}


def test_a_server_that_stalls_costs_one_attempt_only(
    post: Post, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "TIMEOUT_SECONDS", 0.5)
    queue(2)
    post.habits["n0@essai.example"] = ["rcpt stalls"]
    began = time.monotonic()
    send_due(db.session, config, clock=now)
    assert time.monotonic() - began < 2.5
    assert states() == {"queued": 1, "sent": 1}


def test_a_mail_taken_without_an_answer_is_not_sent_again_but_told(post: Post, config: Config) -> None:
    queue(2)
    post.habits["n0@essai.example"] = ["data takes and drops"]
    send_due(db.session, config, clock=now)
    assert states() == {"failed": 1, "sent": 1}
    failed = db.session.scalars(select(Message).where(Message.state == "failed")).one()
    assert failed.error.startswith(UNCERTAIN)
    send_due(db.session, config, clock=lambda: now() + timedelta(days=1))
    assert len(post.letters) == 2


def test_an_absent_server_loses_nothing(app: Flask, config: Config) -> None:
    queue(1)
    send_due(db.session, replace(config, smtp_port=1), clock=now)
    assert states() == {"queued": 1}


@pytest.mark.parametrize("stop", STOPS)
def test_a_worker_killed_at_any_step_sends_each_mail_once_or_says_so(
    config: Config, post: Post, stop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "TIMEOUT_SECONDS", 0.4)
    count = 300
    queue(count)
    post.habits |= {f"n{n}@essai.example": ["rcpt postpones"] for n in range(0, count, 9)}
    post.habits |= {f"n{n}@essai.example": ["rcpt drops"] for n in range(1, count, 13)}
    post.habits |= {f"n{n}@essai.example": ["rcpt stalls"] for n in (4, 150)}
    post.habits |= {f"n{n}@essai.example": ["data postpones"] for n in range(2, count, 29)}
    post.habits["n5@essai.example"] = ["rcpt refuses!"]
    post.habits["n8@essai.example"] = ["data takes and drops"]
    server = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(post.port), "SMTP_SECURITY": "none"}
    for victim in (1, 7, 11):
        code, errors = killing.run(KILLED_AT, stop, str(victim), config=config, **server)
        assert code == -signal.SIGKILL, errors
    assert states()["sending"] == 3
    later = now()
    for _round in range(8):
        later += max(LOST_AFTER, BACK_OFF[1]) + timedelta(seconds=1)
        send_due(db.session, config, clock=at(later))
    arrived = Counter(recipient for recipient, _ in post.letters)
    assert max(arrived.values()) == 1
    ends = states()
    assert ends["sent"] + ends["failed"] == count
    unsure = 3 if stop in {"handing", "handed"} else 0
    assert ends["failed"] == unsure + 2  # n5 is refused, n8 was taken without an answer
    told = {message.recipient: message for message in db.session.scalars(select(Message))}
    for recipient, message in told.items():
        assert arrived[recipient] == 1 or message.error, recipient


def test_a_message_is_claimed_by_one_worker_only(app: Flask, config: Config) -> None:
    (message,) = queue(1)
    assert sending.claim(db.session, message.id, now=now()) is not None
    assert sending.claim(db.session, message.id, now=now()) is None


def test_a_worker_that_is_slow_but_alive_keeps_its_message(app: Flask) -> None:
    (message,) = queue(1)
    sending.claim(db.session, message.id, now=now())
    recover(db.session, now=now() + LOST_AFTER - timedelta(seconds=1))
    assert states() == {"sending": 1}
    recover(db.session, now=now() + LOST_AFTER + timedelta(seconds=1))
    assert states() == {"queued": 1}


def test_a_worker_so_slow_that_another_took_over_hands_nothing_over(post: Post, config: Config) -> None:
    (message,) = queue(1)
    claimed = sending.claim(db.session, message.id, now=now() - LOST_AFTER - timedelta(seconds=1))
    assert claimed is not None

    class Slow(sending.Server):
        def carry(self, mail: EmailMessage, recipient: str, name: str, handing: Callable[[], None]) -> None:
            def late() -> None:
                assert send_due(db.session, config, clock=now) == 1  # another worker finds it lost, and sends it
                handing()

            super().carry(mail, recipient, name, late)

    assert not sending.deliver(db.session, claimed, config, Slow(config), clock=now)
    assert len(post.letters) == 1
    assert states() == {"sent": 1}


@pytest.mark.parametrize("recipient", ["a@é.example", "é@essai.example"])
def test_a_mail_that_cannot_be_sent_is_told_and_keeps_no_other_back(post: Post, config: Config, recipient: str) -> None:
    queue(3)
    db.session.execute(update(Message).where(Message.recipient == "n0@essai.example").values(recipient=recipient))
    db.session.commit()
    assert send_due(db.session, config, clock=now) == 2
    assert len(post.letters) == 2
    failed = db.session.scalars(select(Message).where(Message.state == "failed")).one()
    assert (failed.recipient, bool(failed.error)) == (recipient, True)


# Writing


def test_a_key_writes_one_mail(app: Flask) -> None:
    queue(1)
    person = make_person("n0@essai.example")
    assert write(db.session, INVITATION, person, {}, key="0", now=now()) is None
    db.session.commit()
    assert states() == {"queued": 1}


def test_a_mail_written_in_a_transaction_that_fails_is_not_written(app: Flask) -> None:
    person = make_person("n0@essai.example")
    write(db.session, INVITATION, person, {}, key="0", now=now())
    db.session.rollback()
    assert states() == {}


@pytest.mark.parametrize("name", ["A\r\nBcc: x@y.example", "A\nB", "A\u2028B", '"; DROP', "Zoé « Été »"])
def test_nothing_gets_into_the_headers_through_a_name_or_a_subject(app: Flask, name: str) -> None:
    (message,) = queue(1, recipient_name=name, subject=f"Bonjour {name}")
    mail = as_email(message, sender="OpenMap ESS <essai@essai.example>")
    raw = mail.as_bytes()
    assert b"\nBcc:" not in raw
    assert mail["Bcc"] is None
    assert [address.addr_spec for address in mail["To"].addresses] == ["n0@essai.example"]


def test_html_is_escaped_and_addresses_are_links(app: Flask) -> None:
    (message,) = queue(1, body="<script>x</script> voir https://openmap.example/a?b=1&c=2.")
    html = as_email(message, sender="a@essai.example").get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "<script>" not in html
    assert '<a href="https://openmap.example/a?b=1&amp;c=2">' in html


def test_unknown_placeholders_are_refused_with_those_that_exist() -> None:
    with pytest.raises(UnknownPlaceholder, match="edition"):
        require_known("Bonjour {prenom}", INVITATION)
    with pytest.raises(UnknownPlaceholder):
        Purpose("x", "x", "{inconnu}", "", {}, {}) and require_known("{inconnu}", INVITATION)  # type: ignore[arg-type]


def test_what_fills_a_placeholder_is_not_read_again() -> None:
    assert filled("{a} {b} {c}", {"a": "{b}", "b": "2"}) == "{b} 2 {c}"


def test_an_organiser_edits_drops_and_releases_what_has_not_left(app: Flask) -> None:
    (message,) = queue(1)
    by = make_person("organisation@essai.example")
    edit(db.session, message, subject="Autre", body="Texte", by=by, now=now())
    drop(db.session, message, by=by, now=now())
    assert message.state == "dropped"
    release(db.session, message, by=by, now=now())
    assert (message.state, message.subject) == ("queued", "Autre")
    db.session.execute(update(Message).values(state="sent", sent_at=now()))
    db.session.commit()
    for change in (
        lambda: edit(db.session, message, subject="x", body="y", by=by, now=now()),
        lambda: drop(db.session, message, by=by, now=now()),
        lambda: release(db.session, message, by=by, now=now()),
    ):
        with pytest.raises(AlreadyGone):
            change()
