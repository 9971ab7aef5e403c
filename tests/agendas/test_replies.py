"""Answers to invitations: noted at their meeting, or refused line by line; and files that strangers send."""

from __future__ import annotations

import time
from datetime import timedelta
from email.message import EmailMessage
from io import BytesIO

import pytest
from flask import Flask
from sqlalchemy import select

from openmap.agendas.models import Invitation
from openmap.agendas.replies import MOST_ANSWERS, Line, answers_in, import_replies
from openmap.extensions import db
from tests.agendas.factory import FIRST_PLAN, build
from tests.publishing import ADDRESS, Scene, open_scene
from tests.signing import client_of, sent

HOSTILE = {
    "empty": b"",
    "noise": bytes(range(256)) * 40,
    "nested": b"BEGIN:VCALENDAR\r\n" + b"BEGIN:VEVENT\r\n" * 70_000,
    "deep mail": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(3_000)
    ),
    "endless line": b"BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nX-A:" + b"a" * 900_000,
    "bad date": b"BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:99999999T999999Z\r\n"
    b"ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@b.example\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    "huge sequence": b"BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20171114T090000Z\r\n"
    b"SEQUENCE:999999999999999999999\r\nATTENDEE:mailto:a@b.example\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    "large": b"BEGIN:VCALENDAR\r\n" + b"X" * 1_100_000,
    "nul": b"BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nUID:\x00\r\nDTSTAMP:20171114T090000Z\r\n"
    b"ATTENDEE:mailto:\x00@b.example\r\nCOMMENT:\x00\x1b[2J\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    "wide": b"BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\n" + b"BEGIN:VEVENT\r\nEND:VEVENT\r\n" * 2_000,
    "folded": b"BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nX-A:a" + b"\r\n a" * 15_000,
    "parameters": b"BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nX-A" + b";A=b" * 15_000 + b":c",
    "script": b"<script>alert(1)</script>",
}


@pytest.fixture
def scene(app: Flask) -> Scene:
    scene = open_scene(build(db.session))
    scene.publish(FIRST_PLAN)
    return scene


def invitation(scene: Scene, address: str = "s01-1@essai.example") -> Invitation:
    del scene
    return next(row for row in db.session.scalars(select(Invitation)) if row.person.email == address)


def reply(
    row: Invitation,
    status: str = "ACCEPTED",
    *,
    sequence: int | None = None,
    comment: str = "",
    address: str = "",
    method: str = "REPLY",
    uid: str = "",
    minutes: int = 5,
) -> bytes:
    """Return what a mail program sends back."""
    stamp = row.stamped_at + timedelta(minutes=minutes)
    lines = [
        "BEGIN:VCALENDAR", "PRODID:-//Essai//FR", "VERSION:2.0", f"METHOD:{method}", "BEGIN:VEVENT",
        f"UID:{uid or row.uid}", f"DTSTAMP:{stamp:%Y%m%dT%H%M%SZ}", f"ORGANIZER:mailto:{ADDRESS}",
        f"ATTENDEE;PARTSTAT={status}:mailto:{address or row.person.email}",
        f"SEQUENCE:{row.sequence if sequence is None else sequence}",
        *([f"COMMENT:{comment}"] if comment else []), "END:VEVENT", "END:VCALENDAR", "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode()


def mailed(content: bytes) -> bytes:
    """Return the answer as the mail that carries it (RFC 6047)."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "s01-1@essai.example", ADDRESS, "Accepté"
    mail.set_content("Accepté")
    mail.add_alternative(content, maintype="text", subtype="calendar")
    return mail.as_bytes()


def brought(scene: Scene, *contents: bytes) -> list[Line]:
    scene.clock.forward(days=1)
    files = [(f"reponse-{number}.ics", content) for number, content in enumerate(contents)]
    lines = import_replies(db.session, scene.morning.edition, files, by=scene.organiser, now=scene.clock())
    db.session.commit()
    return lines


def outcomes(scene: Scene, *contents: bytes) -> list[str]:
    return [line.outcome for line in brought(scene, *contents)]


@pytest.mark.parametrize("kept", ["accepted", "declined", "tentative"])
@pytest.mark.parametrize("wrapped", [False, True])
def test_an_answer_is_noted_at_its_meeting(scene: Scene, kept: str, wrapped: bool) -> None:
    row = invitation(scene)
    content = reply(row, kept.upper(), comment="Plutôt après 11 h 30")
    (line,) = brought(scene, mailed(content) if wrapped else content)
    assert (line.outcome, row.reply, row.reply_comment) == ("kept", kept, "Plutôt après 11 h 30")
    page = client_of(scene_app(), scene.organiser).get("/editions/matin/planning/diffusion/reponses").text
    assert "Plutôt après 11 h 30" in page


def scene_app() -> Flask:
    from flask import current_app

    return current_app._get_current_object()  # type: ignore[attr-defined, no-any-return]


def test_what_is_not_taken_is_said_line_by_line(scene: Scene) -> None:
    row = invitation(scene)
    found = outcomes(
        scene,
        reply(row, uid="inconnu"),
        reply(row, address="autre@essai.example"),
        reply(row, method="REQUEST"),
        reply(row, "DELEGATED"),
        reply(row, sequence=7),
        b"Bonjour",
        reply(row),
    )
    assert found == ["unknown", "stranger", "not_reply", "unreadable", "unknown", "not_reply", "kept"]


def test_an_answer_to_what_has_changed_since_is_not_taken_and_one_from_before_is_told(scene: Scene) -> None:
    row = invitation(scene)
    old = reply(row, "DECLINED")
    assert outcomes(scene, reply(row)) == ["kept"]
    scene.publish([("B01", "S01", "T04", "A1"), *FIRST_PLAN[1:]])
    db.session.refresh(row)
    assert row.sequence == 1
    assert outcomes(scene, old) == ["old"]
    assert row.reply == "accepted"
    page = client_of(scene_app(), scene.organiser).get("/editions/matin/planning/diffusion/reponses").text
    assert "accepté avant un changement" in page


def test_of_two_answers_the_later_holds_in_whichever_order_they_come(scene: Scene) -> None:
    row = invitation(scene)
    early, late = reply(row, "ACCEPTED", minutes=1), reply(row, "DECLINED", minutes=9)
    assert outcomes(scene, late, early) == ["kept", "earlier"]
    assert row.reply == "declined"


def test_an_answer_dated_in_the_future_does_not_shut_out_later_ones(scene: Scene) -> None:
    row = invitation(scene)
    assert outcomes(scene, reply(row, "DECLINED", minutes=60 * 24 * 365 * 80)) == ["kept"]
    assert outcomes(scene, reply(row, "ACCEPTED", minutes=60 * 24 * 365 * 80)) == ["kept"]
    assert row.reply == "accepted"


def test_an_answer_to_a_cancelled_meeting_says_so(scene: Scene) -> None:
    row = invitation(scene)
    db.session.execute(select(1))
    row.known = True
    db.session.commit()
    content = reply(row, sequence=1)
    scene.publish(FIRST_PLAN[1:])
    assert outcomes(scene, content) == ["cancelled"]


def test_an_answer_to_another_edition_is_unknown_here(scene: Scene) -> None:
    row = invitation(scene)
    other = build(db.session, slug="autre")
    lines = import_replies(db.session, other.edition, [("a.ics", reply(row))], by=scene.organiser, now=scene.clock())
    assert [line.outcome for line in lines] == ["unknown"]
    assert row.reply is None


@pytest.mark.parametrize("name", [name for name, content in HOSTILE.items() if len(content) < 400_000])
def test_hostile_files_are_refused_by_a_sentence_and_cost_little(scene: Scene, name: str) -> None:
    client = client_of(scene_app(), scene.organiser)
    path = "/editions/matin/planning/diffusion/reponses"
    for filename in ("x.ics", "x.eml"):
        answer = sent(client, path, {"files": (BytesIO(HOSTILE[name]), filename)}, content_type="multipart/form-data")
        assert answer.status_code == 200, name
        assert "<script>alert" not in answer.text
        assert "\x1b" not in answer.text
    assert not [row for row in db.session.scalars(select(Invitation)) if row.reply]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_read_in_no_time(name: str) -> None:
    began = time.process_time()
    assert list(answers_in(HOSTILE[name]))
    assert time.process_time() - began < 3


def test_a_file_of_thousands_of_answers_is_read_up_to_a_bound(scene: Scene) -> None:
    row = invitation(scene)
    event = reply(row).decode().split("BEGIN:VEVENT")[1].split("END:VEVENT")[0]
    text = "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\n" + f"BEGIN:VEVENT{event}END:VEVENT\r\n" * 150 + "END:VCALENDAR\r\n"
    assert len(list(answers_in(text.encode()))) == MOST_ANSWERS + 1


def test_an_import_without_a_file_is_asked_again(scene: Scene) -> None:
    answer = sent(client_of(scene_app(), scene.organiser), "/editions/matin/planning/diffusion/reponses")
    assert answer.status_code == 422
    assert "Choisissez au moins un fichier" in answer.text
