"""The jury room through its pages: from the opening to the minutes, and what each must never see."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from openmap.events.models import Edition
from openmap.extensions import db
from openmap.mail.models import Message
from openmap.people.models import Person
from openmap.pitches.minutes import contents
from openmap.pitches.models import Declaration, Selection
from openmap.pitches.outcomes import outcome_of
from tests.applying import make_application
from tests.deciding import conflict, make_room, mark
from tests.factories import make_edition
from tests.house.counting import statements
from tests.pitches.conftest import World
from tests.signing import now, sent

ROOM = "/editions/essai/jury/deliberation"


def pages() -> list[str]:
    """Return every address of the room that a juror may open and that lists or tells files."""
    return [ROOM, f"{ROOM}/quotas", f"{ROOM}.csv", f"{ROOM}/ecran", f"{ROOM}/publication", f"{ROOM}/proces-verbal.pdf"]


def decide_all(world: World, person: Person) -> None:
    """Decide every file through the page: two picked, one in reserve, one declined."""
    client = world.client(person)
    for application, decision in zip(world.files, ("picked", "picked", "reserve", "declined"), strict=True):
        data = {"decision": decision, "reason": "Hors sujet." if decision == "declined" else ""}
        assert sent(client, f"{ROOM}/{application.id}/decision", data).status_code == 303


def release(world: World, mails: str = "queued") -> None:
    """Publish through the page."""
    answer = sent(world.client(world.organiser), f"{ROOM}/publication", {"courrier": mails}, follow_redirects=True)
    assert "Les décisions sont publiées" in answer.text


def printed(pdf: bytes) -> str:
    """Return what a PDF says."""
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)


def test_from_the_blind_stage_to_the_minutes(room: World) -> None:
    room.jury.stage = "blind"
    db.session.commit()
    chair = room.client(room.jurors[0])
    closed = chair.get(ROOM).text
    assert "12&nbsp;lectures terminées" in closed.replace("\u00a0", "&nbsp;")
    assert "Structure 1" not in closed
    sent(chair, f"{ROOM}/ouverture")
    opened = chair.get(ROOM).text
    assert "5,0" in opened
    adopted = sent(chair, f"{ROOM}/quotas", {"choix": f"{room.files[0].id}-{room.files[1].id}"}, follow_redirects=True)
    assert "Le choix est adopté" in adopted.text
    sent(chair, f"{ROOM}/{room.files[2].id}/decision", {"decision": "reserve"})
    sent(chair, f"{ROOM}/reste")
    assert "Publier toutes les décisions" in chair.get(f"{ROOM}/publication").text
    release(room)
    assert db.session.query(Message).filter_by(state="queued").count() == 4
    minutes = room.client(room.jurors[1]).get(f"{ROOM}/proces-verbal.pdf")
    assert minutes.status_code == 200
    assert minutes.data.startswith(b"%PDF")
    told = sent(chair, f"{ROOM}/{room.files[0].id}/remplacement", follow_redirects=True).text
    assert "« Structure 3 » prend la place de « Structure 1 »" in told


def test_two_tabs_publish_once(room: World) -> None:
    decide_all(room, room.jurors[0])
    release(room)
    again = sent(room.client(room.organiser), f"{ROOM}/publication", {"courrier": "queued"}, follow_redirects=True)
    assert "déjà publiées" in again.text
    assert db.session.query(Message).count() == 4


def test_in_the_blind_stage_nobody_sees_a_score_nor_decides(room: World) -> None:
    room.jury.stage = "blind"
    db.session.commit()
    for person in (*room.jurors, room.organiser):
        client = room.client(person)
        assert "Structure 1" not in client.get(ROOM).text
        for address in (*pages()[1:], f"{ROOM}/{room.files[0].id}"):
            assert client.get(address).status_code == 403, address
    chair = room.client(room.jurors[0])
    for address, data in (
        (f"{ROOM}/{room.files[0].id}/decision", {"decision": "picked"}),
        (f"{ROOM}/reste", {}),
        (f"{ROOM}/publication", {}),
        (f"{ROOM}/{room.files[0].id}/remplacement", {}),
    ):
        assert sent(chair, address, data).status_code in {303, 403}
    assert sent(chair, f"{ROOM}/quotas", {"choix": "1-2"}).status_code == 403
    assert db.session.scalars(select(Selection)).all() == []
    assert "lectures terminées" not in room.client(room.jurors[1]).get(ROOM).text


@pytest.mark.parametrize("role", ["juror", "chair", "organiser"])
@pytest.mark.parametrize("stage", ["open", "released"])
def test_who_is_in_conflict_learns_nothing_of_that_file_by_any_route(room: World, role: str, stage: str) -> None:
    person = {"juror": room.jurors[1], "chair": room.jurors[0], "organiser": room.organiser}[role]
    other = room.jurors[0] if role != "chair" else room.organiser
    decide_all(room, other)
    hidden = room.files[1]
    hidden.name = "Caché-Secret"
    db.session.commit()
    if stage == "released":
        release_by = room.client(other)
        sent(release_by, f"{ROOM}/publication", {"courrier": "held"})
        assert room.jury.stage == "released"
    conflict(hidden, person, "Ancien salarié")
    client = room.client(person)
    for address in pages():
        answer = client.get(address)
        text = printed(answer.data) if answer.mimetype == "application/pdf" else answer.text
        if answer.status_code == 200 and address.endswith(".pdf"):
            assert text.count("Caché-Secret") == 1, "the conflict itself, and nothing else"
        else:
            assert "Caché-Secret" not in text, address
        # Third of four without the second is second: no gap in the ranks tells where it stands.
        if address.endswith(".csv"):
            ranks = [line.split(";")[0] for line in text.splitlines()[1:]]
            assert ranks == ["1", "2", "3"]
    assert client.get(f"{ROOM}/{hidden.id}").status_code == 403
    for address, data in (
        (f"{ROOM}/{hidden.id}/decision", {"decision": "declined"}),
        (f"{ROOM}/{hidden.id}/reserve", {"sens": "haut"}),
        (f"{ROOM}/{hidden.id}/remplacement", {}),
        (f"{ROOM}/publication", {}),
        (f"{ROOM}/quotas", {"choix": f"{room.files[0].id}-{room.files[2].id}"}),
    ):
        answer = sent(client, address, data)
        told = client.get(answer.location).text if answer.status_code == 303 else answer.text
        assert "Caché-Secret" not in told, address
    assert db.session.get_one(Selection, hidden.id, populate_existing=True).decision == "picked"


def test_a_replacement_that_touches_a_file_in_conflict_is_for_someone_else(room: World) -> None:
    decide_all(room, room.jurors[0])
    release(room)
    conflict(room.files[2], room.organiser)  # the first of the reserve
    answer = sent(room.client(room.organiser), f"{ROOM}/{room.files[0].id}/remplacement")
    assert answer.status_code == 403
    assert sent(room.client(room.jurors[0]), f"{ROOM}/{room.files[0].id}/remplacement").status_code == 303


def test_a_juror_who_has_not_told_their_conflicts_sees_no_rank(room: World) -> None:
    db.session.query(Declaration).filter_by(person_id=room.jurors[1].id).delete()
    db.session.commit()
    client = room.client(room.jurors[1])
    assert "Dites d’abord vos conflits" in client.get(ROOM).text
    assert client.get(f"{ROOM}/{room.files[0].id}").status_code == 403


def test_a_file_that_came_after_a_declaration_is_hidden_from_that_juror(room: World) -> None:
    late = make_application(room.edition, 990, name="Venue après coup")
    mark(late, room.jurors[2], [5, 5])
    db.session.commit()
    assert "Venue après coup" not in room.client(room.jurors[1]).get(ROOM).text
    assert "Venue après coup" in room.client(room.organiser).get(ROOM).text


def test_a_juror_who_does_not_chair_writes_no_decision_down(room: World) -> None:
    client = room.client(room.jurors[1])
    for address in (f"{room.files[0].id}/decision", "reste", "quotas", "publication", "ouverture"):
        assert sent(client, f"{ROOM}/{address}", {"decision": "picked"}).status_code == 403
    assert client.get(f"{ROOM}/ecran").status_code == 403
    assert client.get(f"{ROOM}/proces-verbal.pdf").status_code == 403


def test_a_screen_shows_a_file_once_those_in_conflict_have_left(room: World) -> None:
    conflict(room.files[1], room.jurors[2])
    chair = room.client(room.jurors[0])
    assert "Structure 2" not in chair.get(f"{ROOM}/ecran").text
    assert "Structure 2" in chair.get(f"{ROOM}/ecran?sorti={room.jurors[2].id}").text
    conflict(room.files[0], room.jurors[0])
    out = f"{ROOM}/ecran?sorti={room.jurors[2].id}&sorti={room.jurors[0].id}"
    assert "Structure 1" not in chair.get(out).text


def test_files_and_rooms_of_other_editions_stay_closed(room: World) -> None:
    other = make_edition("autre")
    files, _jurors = make_room(other)
    db.session.commit()
    chair = room.client(room.jurors[0])
    assert chair.get(f"{ROOM}/{files[0].id}").status_code == 404
    assert sent(chair, f"{ROOM}/{files[0].id}/decision", {"decision": "picked"}).status_code == 404
    for address in ("", "/quotas", ".csv", "/ecran", "/publication", "/proces-verbal.pdf", f"/{files[0].id}"):
        assert chair.get(f"/editions/autre/jury/deliberation{address}").status_code == 403
    stranger = room.client(files[0].person)
    assert stranger.get(ROOM).status_code == 403
    assert stranger.get("/editions/autre/jury/deliberation").status_code == 403


def test_scores_and_ranks_are_nowhere_in_what_a_structure_gets(room: World) -> None:
    for number, application in enumerate(room.files):
        application.pitch_title, application.name = f"Titre {number}", f"Maison {'ABCD'[number]}"
    db.session.commit()
    decide_all(room, room.jurors[0])
    release(room)
    for message in db.session.scalars(select(Message)):
        words = re.sub(r"https?://\S+", "", message.subject + message.body)
        assert not re.search(r"\b\d,\d\b|\brang\b|\bnote\b|\bplace n°|\bpremi[eè]re de la réserve", words), words
        assert "Juré" not in words
    for application in room.files:
        client = room.client(application.person)
        own = f"/candidatures/{application.id}"
        assert client.get(own).status_code == 200
        for address in (own, "/editions/essai", "/editions/essai/accompagnement"):
            text = re.sub(r"<[^>]+>", " ", client.get(address).text)
            assert not re.search(r"\b[0-5],[05]\b", text), address
            assert not re.search(r"\brang\b", text), address
        outcome = outcome_of(db.session, application)
        assert outcome is not None
        assert not hasattr(outcome, "rank")
    reserve = outcome_of(db.session, room.files[2])
    assert reserve is not None
    assert reserve.reason == ""


def test_a_structure_reads_its_own_outcome_once_it_is_released(room: World) -> None:
    words = ("est retenu", "est retenu", "liste de réserve", "Hors sujet.")
    decide_all(room, room.jurors[0])
    for application, expected in zip(room.files, words, strict=True):
        assert expected not in room.client(application.person).get(f"/candidatures/{application.id}").text
    release(room)
    for application, expected in zip(room.files, words, strict=True):
        assert expected in room.client(application.person).get(f"/candidatures/{application.id}").text


def test_the_public_page_lists_who_pitches_after_the_release_only(room: World) -> None:
    decide_all(room, room.jurors[0])
    assert "Structure 1" not in room.client(None).get("/editions/essai").text
    release(room)
    public = room.client(None).get("/editions/essai").text
    assert "Structure 1" in public
    assert "Structure 3" not in public


def test_the_minutes_say_who_was_in_conflict_and_their_metadata_name_nobody(room: World) -> None:
    conflict(room.files[3], room.jurors[2], "Membre du conseil")
    decide_all(room, room.jurors[0])
    quotas = sent(room.client(room.organiser), f"{ROOM}/quotas", {
        "choix": f"{room.files[0].id}-{room.files[1].id}", "trait": "kind:aci", "least": "2"})  # fmt: skip
    assert quotas.status_code == 303
    release(room)
    answer = room.client(room.jurors[1]).get(f"{ROOM}/proces-verbal.pdf")
    text = printed(answer.data)
    for words in ("Juré 3", "Membre du conseil", "Hors sujet.", "au moins 2", "Signatures", "coefficient 2"):
        assert words in text, words
    document = PdfReader(BytesIO(answer.data))
    assert dict(document.metadata or {}).keys() <= {"/Title", "/Author", "/Creator", "/CreationDate", "/ModDate"}
    assert (document.metadata or {})["/Title"] == "Procès-verbal du jury – OpenMap ESS – essai"
    assert (document.metadata or {})["/Author"] == "OpenMap ESS"
    assert b"/MarkInfo" in answer.data or "/StructTreeRoot" in document.trailer["/Root"]
    assert "proces-verbal.pdf" in answer.headers["Content-Disposition"]
    told = contents(db.session, room.edition, room.jury, room.jurors[2], now=now())
    assert told["withheld"]
    assert "Structure 4" not in str({key: value for key, value in told.items() if key != "conflicts"})


def test_the_queries_of_the_room_do_not_grow_with_the_files(room: World) -> None:
    client = room.client(room.jurors[0])
    db.session.expire_all()
    with statements() as few:
        client.get(ROOM)
    for number in range(30):
        late = make_application(room.edition, 500 + number)
        for juror in room.jurors:
            mark(late, juror, [number % 6, 3])
    for declaration in db.session.scalars(select(Declaration)):
        declaration.applications = [*declaration.applications, *_files_of(room.edition)]
    db.session.commit()
    db.session.expire_all()
    with statements() as many:
        listed = client.get(ROOM).text
    assert "34\u00a0dossiers" in listed
    assert len(many) == len(few)


def _files_of(edition: Edition) -> list[object]:
    from openmap.applications.models import Application

    asked = select(Application).where(Application.edition_id == edition.id, Application.name.like("Structure d’essai%"))
    return list(db.session.scalars(asked))
