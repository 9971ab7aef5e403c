"""Publishing: who is written to, what their calendars make of it, and what no longer leaves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select, update

from openmap.agendas.letters import OUTDATED, SUPERSEDED
from openmap.agendas.models import Invitation, Mailing
from openmap.agendas.publishing import AlreadyUnderWay, NotNewest, request_mailing, run_mailing, waiting_mailings
from openmap.extensions import db
from openmap.mail.models import Message
from openmap.mail.services import release as let_go
from tests.agendas.factory import FIRST_PLAN, build
from tests.agendas.mailboxes import Mailbox, objects_of
from tests.mail.server import Post, listening
from tests.publishing import ADDRESS, SENDER, Scene, deliver, open_scene

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:vobject", "ignore::DeprecationWarning:dateutil")

MOVED = (
    ("B01", "S01", "T03", "A1"),
    ("B01", "S02", "T02", "A1"),
    ("B02", "S03", "T05", "A2"),
    ("B02", "S01", "T01", "A2"),
)
"""After FIRST_PLAN: one moved, one kept, one kept, one cancelled, one added."""


@pytest.fixture
def scene(app: Flask) -> Scene:
    return open_scene(build(db.session))


@pytest.fixture
def post() -> Iterator[Post]:
    with listening() as server:
        yield server


def read_all(post: Post) -> dict[str, Mailbox]:
    boxes: dict[str, Mailbox] = {}
    for (recipient, _content), mail in zip(post.letters, post.mails(), strict=True):
        boxes.setdefault(recipient, Mailbox(recipient)).receive(mail)
    return boxes


def shown(boxes: dict[str, Mailbox]) -> dict[str, list[object]]:
    return {address: list(box.meetings) for address, box in boxes.items() if box.meetings}


def wanted(scene: Scene, meetings: object) -> dict[str, list[object]]:
    return {address: sorted(found) for address, found in scene.expected(meetings).items()}  # type: ignore[arg-type]


def test_each_person_gets_one_mail_that_leaves_the_plan_in_their_calendar(scene: Scene, post: Post) -> None:
    scene.publish(FIRST_PLAN)
    deliver(post, scene.clock)
    assert Counter(recipient for recipient, _ in post.letters) == Counter(scene.expected(FIRST_PLAN).keys())
    assert shown(read_all(post)) == wanted(scene, FIRST_PLAN)


def test_a_mail_holds_the_agenda_as_text_and_html_invitations_and_a_file(scene: Scene, post: Post) -> None:
    scene.publish(FIRST_PLAN)
    deliver(post, scene.clock)
    mail = next(mail for mail in post.mails() if mail["To"].addresses[0].addr_spec == "b01-1@essai.example")
    assert mail["From"].addresses[0].addr_spec == ADDRESS
    assert mail.get_content_type() == "multipart/mixed"
    first, *rest = mail.iter_parts()
    assert first.get_content_type() == "multipart/alternative"
    kinds = [part.get_content_type() for part in first.iter_parts()]
    assert kinds == ["text/plain", "text/html", "text/calendar"]
    assert [part.get_content_type() for part in rest] == ["text/calendar", "application/ics"]
    assert rest[-1].get_filename() == "agenda.ics"
    text, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))  # type: ignore[union-attr]
    for body in (text, html):
        assert "ARES Services" in body
        assert "11\u00a0h" in body
        assert "Table 1" in body
        assert "/editions/matin/mon-agenda" in body
        assert "Ce qui change" not in body
    assert "<table" in html
    file = rest[-1].get_payload(decode=True).decode()  # type: ignore[union-attr]
    assert file.count("BEGIN:VEVENT") == 2
    assert "METHOD:PUBLISH" in file
    assert "ATTENDEE" not in file


def test_an_invitation_says_all_that_a_calendar_needs(scene: Scene, post: Post) -> None:
    scene.publish(FIRST_PLAN)
    deliver(post, scene.clock)
    box = read_all(post)["s01-1@essai.example"]
    (kept,) = box.kept.values()
    event = kept.event
    assert event.location.value == "Table 1, Ressourcerie du Spectacle, Vitry-sur-Seine"
    assert event.organizer.params["CN"] == ["OpenMap ESS Économie circulaire"]
    assert event.attendee.params["PARTSTAT"] == ["NEEDS-ACTION"]
    assert event.attendee.params["RSVP"] == ["TRUE"]
    assert "trigger" in event.valarm.contents
    texts = [text for mail in post.mails() for _method, text in objects_of(mail)]
    for text in texts:
        assert "BEGIN:VTIMEZONE\r\nTZID:Europe/Paris" in text
        assert "DTSTART;TZID=Europe/Paris:20171116T" in text
        assert text.count("\nATTENDEE") == text.count("\nORGANIZER") == text.count("\nSEQUENCE") == 1
        assert "\n" not in text.replace("\r\n", "")


def test_published_again_only_those_whose_agenda_changed_are_written_to(scene: Scene, post: Post) -> None:
    scene.publish(FIRST_PLAN)
    deliver(post, scene.clock)
    first = len(post.letters)
    scene.publish(MOVED)
    deliver(post, scene.clock)
    again = [recipient for recipient, _ in post.letters[first:]]
    # B01–S01 moved, B02–S02 is cancelled, B02–S01 is added; S03 keeps its only meeting.
    assert sorted(again) == [f"{code}-1@essai.example" for code in ("b01", "b02", "s01", "s02")]
    assert shown(read_all(post)) == wanted(scene, MOVED)


def test_what_changes_is_told_by_method_and_in_words(scene: Scene, post: Post) -> None:
    scene.publish(FIRST_PLAN)
    deliver(post, scene.clock)
    before = len(post.letters)
    scene.publish(MOVED)
    deliver(post, scene.clock)
    mails = {recipient: mail for (recipient, _), mail in list(zip(post.letters, post.mails(), strict=True))[before:]}
    buyer = mails["b02-1@essai.example"]
    assert [method for method, _text in objects_of(buyer)] == ["REQUEST", "CANCEL"]
    text = buyer.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "ajouté\u00a0: ARES Services" in text
    assert "annulé\u00a0: Extramuros" in text
    moved = mails["b01-1@essai.example"].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "modifié\u00a0: ARES Services, 11\u00a0h\u00a030" in moved
    assert "au lieu de 11\u00a0h" in moved
    only_cancelled = mails["s02-1@essai.example"]
    assert [method for method, _text in objects_of(only_cancelled)] == ["CANCEL"]


def test_sequence_rises_with_time_place_and_person_and_with_nothing_else(scene: Scene) -> None:
    def sequences() -> dict[str, tuple[int, bool]]:
        rows = db.session.scalars(select(Invitation).join(Invitation.person))
        return {
            row.other.name: (row.sequence, row.cancelled) for row in rows if row.person.email == "b01-1@essai.example"
        }

    scene.publish([("B01", "S01", "T01", "A1"), ("B01", "S02", "T02", "A1")])
    assert sequences() == {"ARES Services": (0, False), "Extramuros": (0, False)}
    scene.publish([("B01", "S01", "T02", "A1"), ("B01", "S02", "T01", "A1")])
    assert sequences() == {"ARES Services": (1, False), "Extramuros": (1, False)}
    scene.publish([("B01", "S01", "T02", "A2"), ("B01", "S02", "T01", "A1")])
    assert sequences() == {"ARES Services": (2, False), "Extramuros": (1, False)}
    scene.morning.people["B01"].delegates = 2
    db.session.commit()
    scene.publish([("B01", "S01", "T02", "A2"), ("B01", "S02", "T02", "A1")])
    assert sequences() == {"ARES Services": (3, False), "Extramuros": (2, False)}
    scene.publish([("B01", "S01", "T02", "A2")])
    assert sequences() == {"ARES Services": (3, False), "Extramuros": (3, True)}
    scene.publish([("B01", "S01", "T02", "A2"), ("B01", "S02", "T02", "A1")])
    assert sequences() == {"ARES Services": (3, False), "Extramuros": (4, False)}
    scene.morning.people["S02"].organisation.activity = "Autre activité"
    db.session.commit()
    assert scene.publish().written == 0


def test_meetings_held_at_once_are_told_apart_and_keep_who_holds_them(scene: Scene, post: Post) -> None:
    scene.morning.people["B01"].delegates = 2
    second = scene.join("B01")
    scene.publish([("B01", "S01", "T01", "A1"), ("B01", "S02", "T01", "A2")])
    deliver(post, scene.clock)
    boxes = read_all(post)
    for person in ("b01-1@essai.example", second.email or ""):
        titles = sorted(kept.event.summary.value for kept in boxes[person].kept.values())
        assert titles == [
            "Entretien avec ARES Services (personne\u00a01)",
            "Entretien avec Extramuros (personne\u00a02)",
        ]
    before = len(post.letters)
    scene.publish([("B01", "S03", "T01", "A1"), ("B01", "S02", "T01", "A2")])
    deliver(post, scene.clock)
    changed = [objects_of(mail) for mail in post.mails()[before:] if "b01" in mail["To"]]
    assert [[method for method, _ in one] for one in changed] == [["REQUEST", "CANCEL"]] * 2
    assert shown(read_all(post)) == wanted(scene, [("B01", "S03", "T01", "A1"), ("B01", "S02", "T01", "A2")])


def test_someone_who_joins_gets_the_whole_and_someone_who_leaves_is_told_that_it_is_over(
    scene: Scene, post: Post
) -> None:
    scene.publish(FIRST_PLAN)
    deliver(post, scene.clock)
    before, gone = len(post.letters), scene.people["B01"][0]
    late = scene.join("S02", "tard@essai.example")
    scene.leave("B01", gone)
    scene.publish()
    deliver(post, scene.clock)
    assert sorted(recipient for recipient, _ in post.letters[before:]) == sorted([gone.email, late.email])
    assert shown(read_all(post)) == wanted(scene, FIRST_PLAN)
    boxes = read_all(post)
    assert boxes[gone.email or ""].meetings == []
    assert len(boxes["tard@essai.example"].meetings) == 2


def test_someone_who_acts_for_two_participants_gets_one_mail(scene: Scene, post: Post) -> None:
    both = scene.people["B01"][0]
    scene.join("B02", both.email or "")
    scene.publish(FIRST_PLAN)
    deliver(post, scene.clock)
    mails = [mail for (recipient, _), mail in zip(post.letters, post.mails(), strict=True) if recipient == both.email]
    assert len(mails) == 1
    assert "pour Ville de Paris" in mails[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert shown(read_all(post)) == wanted(scene, FIRST_PLAN)


def test_mails_that_have_not_left_give_way_to_newer_ones_that_tell_all(scene: Scene, post: Post) -> None:
    scene.publish(FIRST_PLAN)
    scene.publish(MOVED)
    assert deliver(post, scene.clock) == 5
    assert shown(read_all(post)) == wanted(scene, MOVED)
    assert all(outcome == "added" for box in read_all(post).values() for _method, outcome in box.log)
    dropped = list(db.session.scalars(select(Message).where(Message.state == "dropped")))
    assert len(dropped) == 5
    assert {message.error for message in dropped} == {SUPERSEDED}


def test_a_mail_older_than_the_release_is_refused_by_the_outbox(scene: Scene, post: Post) -> None:
    scene.publish(FIRST_PLAN)
    scene.publish(MOVED)
    old = db.session.scalars(select(Message).where(Message.state == "dropped").order_by(Message.id)).first()
    assert old is not None
    let_go(db.session, old, by=scene.organiser, now=scene.clock())
    db.session.commit()
    deliver(post, scene.clock)
    db.session.expire_all()
    assert (old.state, old.error) == ("dropped", OUTDATED)
    assert Counter(recipient for recipient, _ in post.letters)[old.recipient] == 1


def test_what_a_refused_mail_carried_is_told_at_the_next_publication(scene: Scene, post: Post) -> None:
    post.habits["s02-1@essai.example"] = ["rcpt refuses"]
    scene.publish(FIRST_PLAN)
    deliver(post, scene.clock)
    before = len(post.letters)
    scene.publish()
    deliver(post, scene.clock)
    assert [recipient for recipient, _ in post.letters[before:]] == ["s02-1@essai.example"]
    assert shown(read_all(post)) == wanted(scene, FIRST_PLAN)


def test_a_meeting_nobody_heard_of_goes_without_a_word(scene: Scene, post: Post) -> None:
    scene.publish(FIRST_PLAN)
    scene.publish([])
    assert deliver(post, scene.clock) == 0
    assert post.letters == []
    scene.publish(MOVED)
    deliver(post, scene.clock)
    assert shown(read_all(post)) == wanted(scene, MOVED)


def test_published_twice_nothing_is_written_twice(scene: Scene) -> None:
    assert scene.publish(FIRST_PLAN).written == 5
    assert scene.publish().written == 0


def test_a_job_delivered_twice_or_taken_up_again_writes_each_mail_once(scene: Scene) -> None:
    mailing = scene.publish(FIRST_PLAN)
    assert not run_mailing(db.session, mailing.id, sender=SENDER, clock=scene.clock)
    db.session.execute(update(Mailing).values(state="running", ended_at=None))
    db.session.commit()
    scene.clock.forward(minutes=5)
    assert waiting_mailings(db.session, now=scene.clock()) == [mailing.id]
    assert run_mailing(db.session, mailing.id, sender=SENDER, clock=scene.clock)
    assert db.session.scalars(select(Message.recipient).order_by(Message.recipient)).all() == sorted(
        scene.expected(FIRST_PLAN)
    )


def test_of_two_tabs_one_publishes_and_an_older_release_is_not_published(scene: Scene) -> None:
    old, new = scene.release(FIRST_PLAN), scene.release(MOVED)
    edition, by = scene.morning.edition, scene.organiser
    with pytest.raises(NotNewest):
        request_mailing(db.session, edition, old.id, by=by, now=scene.clock())
    request_mailing(db.session, edition, new.id, by=by, now=scene.clock())
    db.session.commit()
    with pytest.raises(AlreadyUnderWay):
        request_mailing(db.session, edition, new.id, by=by, now=scene.clock())
    assert new.published_at is None, "until the job begins"


def test_an_erased_person_is_written_to_no_more(scene: Scene, post: Post) -> None:
    from openmap.people.privacy import forget

    scene.publish(FIRST_PLAN)
    deliver(post, scene.clock)
    before, gone = len(post.letters), scene.people["S01"][0]
    forget(db.session, gone, by=scene.organiser, now=scene.clock())
    db.session.commit()
    scene.people["S01"].clear()
    scene.publish(MOVED)
    deliver(post, scene.clock)
    assert "s01-1@essai.example" not in {recipient for recipient, _ in post.letters[before:]}
    assert db.session.scalars(select(Invitation.id).where(Invitation.person_id == gone.id)).all() == []
