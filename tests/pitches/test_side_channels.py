"""Attacks by what is beside the pages: file names, metadata, counts, filters, previews of mails.

The strongest is comparison: what someone is shown must be the same, letter for letter, whatever the file kept from them
was given, or were it not there at all.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import delete, select

from openmap.applications.letters import RECEIVED
from openmap.applications.models import Application
from openmap.extensions import db
from openmap.mail.models import Message
from openmap.mail.purposes import purposes
from openmap.mail.services import write
from openmap.people.models import ORGANISER, Person
from openmap.people.services import give_role
from openmap.pitches import releasing, selecting
from openmap.pitches.conflicts import add_conflict
from openmap.pitches.jury import keep_jury
from openmap.pitches.models import Reading, Score, Selection
from tests.deciding import conflict
from tests.pitches.conftest import World
from tests.pitches.jury_of_three import JURY, Readers, make_readers
from tests.pitches.test_kept_out import attached, mark_by
from tests.signing import make_person, now, sent

ROOM = f"{JURY}/deliberation"
LIST = "/editions/essai/candidatures"


@pytest.fixture
def marked(app: Flask) -> Readers:
    """Return a jury half-way, whose first juror chairs and organises too: the others have marked what they read."""
    world = make_readers(app)
    world.declared(*world.jurors)
    world.shared()
    chair = world.jurors[0]
    keep_jury(db.session, world.edition).chair_id = chair.id
    give_role(db.session, chair, ORGANISER, world.edition.id, by=None, now=now())
    db.session.commit()
    for juror in world.jurors[1:]:
        for one in world.own(juror):
            mark_by(world, juror, one.application, 2, "Secret de lecteur")
    return world


def seen(client: FlaskClient, path: str) -> str:
    """Return what a page or a table says, without what differs from one visit to the next."""
    with client.get(path) as answer:
        if path.partition("?")[0].endswith(".xlsx") and answer.status_code == 200:
            sheet = openpyxl.load_workbook(BytesIO(answer.data)).active
            return str([[cell.value for cell in row] for row in sheet.iter_rows()])
        if path.endswith(".pdf") and answer.status_code == 200:
            return "\n".join(page.extract_text() for page in PdfReader(BytesIO(answer.data)).pages)
        if answer.is_json:  # one's own data, which tell also that one has asked for them
            return str(without_exports(answer.get_json()))
        text = f"{answer.status_code} {answer.get_data(as_text=True)}"
    return re.sub(r'"[\w.-]{80,}"|nonce="[^"]*"', "", text)  # tokens


def without_exports(data: Any) -> Any:
    """Return JSON without the journal's entries of exports."""
    if isinstance(data, dict):
        return {key: without_exports(value) for key, value in data.items()}
    if isinstance(data, list):
        listed = [one for one in data if not (isinstance(one, dict) and one.get("action") == "person.exported")]
        return [without_exports(one) for one in listed]
    return data


def kept_from_chair(world: Readers) -> Application:
    """Let the chair tell a conflict with a file; return it."""
    chair, file = world.jurors[0], world.own(world.jurors[0])[0].application
    add_conflict(db.session, file, chair, "Client.", by=chair, now=now())
    db.session.commit()
    return file


def filtered() -> list[str]:
    """Return the list of files under each filter and each order that it knows, and some that it does not."""
    asked = [f"q={word}" for word in ("Structure", "essai", "Camille", "camille", "Le+r%C3%A9emploi", "999000003")]
    asked += ["etat=submitted", "recevabilite=a-examiner", "recevabilite=eligible", "pitch=oui", "type=aci", "retard=1"]
    asked += ["doublons=1", "tri=nom", "tri=note", "tri=rang", "tri=score&ordre=desc", "rang=1", "decision=picked"]
    return [LIST, *(f"{LIST}?{one}" for one in asked), f"{LIST}.xlsx", f"{LIST}.xlsx?q=Structure"]


def all_pages() -> list[str]:
    """Return the pages whose figures count files."""
    progress = [f"{JURY}/avancement", *(f"{JURY}/avancement?dossiers={one}" for one in ("manque", "ecart", "rang"))]
    room = [ROOM, *(f"{ROOM}?{one}" for one in ("type=aci", "decision=none", "decision=picked", "tri=rang"))]
    return [
        *filtered(),
        *progress,
        *room,
        f"{ROOM}.csv",
        f"{ROOM}.xlsx?decision=none",
        f"{ROOM}/quotas",
        f"{ROOM}/ecran",
    ]


def test_before_the_opening_no_table_name_or_property_tells_a_juror_of_marks_and_readers(marked: Readers) -> None:
    chair, file = marked.jurors[0], marked.own(marked.jurors[0])[0].application
    attachment = attached(file)
    organiser, plain = marked.client(chair), marked.client(marked.jurors[1])
    told = []
    for path in (f"{LIST}/{file.id}/dossier.pdf", f"{LIST}.xlsx", f"{LIST}.zip"):
        assert plain.get(path).status_code == 403, path
        with organiser.get(path) as answer:
            assert answer.status_code == 200
            told += [answer.headers["Content-Disposition"], *properties(answer.get_data(), path)]
    with organiser.get(f"/candidatures/{file.id}/pieces/{attachment.id}") as answer:
        told.append(answer.headers["Content-Disposition"])
    for name in ("deliberation.csv", "deliberation.xlsx", "deliberation/proces-verbal.pdf"):
        assert organiser.get(f"{JURY}/{name}").status_code == 403
    for deck in ("/editions/essai/accompagnement/supports/1", "/editions/essai/accompagnement/supports.zip"):
        assert plain.get(deck).status_code in {403, 404}, deck
    assert len(told) > 10
    for one in told:
        assert not re.search(r"Juré|Secret|jure\d|rang|note|score|avis", one, re.IGNORECASE), one


def properties(content: bytes, path: str) -> list[str]:
    """Return the metadata of a document and, of an archive, the names, comments and metadata of what is in it."""
    if path.endswith(".pdf"):
        reader = PdfReader(BytesIO(content))
        found = dict(reader.metadata or {})
        assert found.keys() <= {"/Title", "/Author", "/Creator", "/CreationDate", "/ModDate"}
        assert found["/Author"] == "OpenMap ESS"
        assert re.fullmatch(r"Dossier n° \d+ – OpenMap ESS – essai", str(found["/Title"]).replace("\u00a0", " "))
        packet = reader.trailer["/Root"].get("/Metadata")
        words = packet.get_object().get_data().decode() if packet is not None else ""
        assert "Structure" not in words
        return [*map(str, found.values()), words]
    if path.endswith(".xlsx"):
        known = openpyxl.load_workbook(BytesIO(content)).properties
        listed = (known.creator, known.lastModifiedBy, known.title, known.subject, known.keywords, known.description)
        return [str(one) for one in listed]
    with zipfile.ZipFile(BytesIO(content)) as archive:
        inside = [one for name in archive.namelist() if name.endswith("candidature.pdf")
                  for one in properties(archive.read(name), name)]  # fmt: skip
        comments = [entry.comment.decode() + entry.extra.decode("latin-1") for entry in archive.infolist()]
        return [*archive.namelist(), archive.comment.decode(), *comments, *inside]


def test_what_a_file_was_given_changes_nothing_of_what_a_juror_in_conflict_sees(marked: Readers) -> None:
    file = kept_from_chair(marked)
    client = marked.client(marked.jurors[0])
    pages = [*all_pages(), JURY, f"{JURY}/conflits", "/editions/essai/preparation/jury/repartition"]
    assert opened(marked) is True
    before = {path: seen(client, path) for path in pages}
    mine = select(Reading.id).where(Reading.application_id == file.id)
    for score in db.session.scalars(select(Score).where(Score.reading_id.in_(mine))):
        score.mark, score.comment = 5, "Excellent"
    db.session.add(Selection(application=file, edition_id=marked.edition.id, decision="picked", decided_at=now()))
    db.session.commit()
    for path in pages:
        assert seen(client, path) == before[path], path
    assert file.pitch_title not in "".join(before.values())


def opened(world: Readers) -> bool:
    """Open the room, by someone else than the chair."""
    selecting.open_room(db.session, world.edition, by=world.organiser, now=now())
    db.session.commit()
    return True


@pytest.mark.parametrize("stage", ["blind", "open"])
def test_no_figure_counts_the_file_that_is_kept_from_its_reader(marked: Readers, stage: str) -> None:
    file = kept_from_chair(marked)
    client = marked.client(marked.jurors[0])
    if stage == "open":
        opened(marked)
    before = {path: seen(client, path) for path in all_pages()}
    assert sum(text.startswith(("200", "[[")) for text in before.values()) > 20
    db.session.execute(delete(Application).where(Application.id == file.id))
    db.session.commit()
    for path, text in before.items():
        assert unsaid(seen(client, path)) == unsaid(text), path


def unsaid(page: str) -> str:
    """Return a page without what follows from one's own conflict: the sentence that says so, the deeds it forbids."""
    deeds = r'<a class="btn btn-primary" href="[^"]*/publication">.*?</a>'
    return re.sub(
        rf'<div class="notice.*?</div>\s*</div>|{deeds}| sur 6(?=</span></h2>)|, 0\s+retenus sur 6',
        "",
        page,
        flags=re.DOTALL,
    )


def test_who_opens_the_screen_cannot_send_themselves_out_of_the_room(marked: Readers) -> None:
    file = kept_from_chair(marked)
    opened(marked)
    everyone = "&".join(f"sorti={one.id}" for one in marked.jurors)
    assert file.name + "<" not in marked.client(marked.jurors[0]).get(f"{ROOM}/ecran?{everyone}").text
    assert file.name + "<" in marked.client(marked.organiser).get(f"{ROOM}/ecran?{everyone}").text


def test_no_template_is_previewed_on_the_people_of_a_file_that_is_kept(marked: Readers) -> None:
    chair, file = marked.jurors[0], marked.own(marked.jurors[0])[0].application
    file.person = person = make_person("porteuse@essai.example", name="Porteuse Cachée")
    write(db.session, RECEIVED, person, dict(RECEIVED.sample), key="x", now=now(), edition_id=marked.edition.id)
    db.session.commit()
    client = marked.client(chair)
    assert "Porteuse Cachée" in previews(client, marked.edition.id, person)
    add_conflict(db.session, file, chair, "Client.", by=chair, now=now())
    db.session.commit()
    told = previews(client, marked.edition.id, person)
    assert "Porteuse Cachée" not in told
    assert file.pitch_title not in told
    assert not re.search(re.escape(file.name) + r"\b", told)
    for asked in (
        "",
        "?q=Porteuse",
        "?q=porteuse%40essai",
        "?etat=held",
        "?etat=queued",
        f"?edition={marked.edition.id}",
    ):
        assert "Porteuse" not in client.get(f"/courrier{asked}").text.replace('value="Porteuse"', "")


def previews(client: FlaskClient, edition_id: int, person: Person) -> str:
    """Return every template's page as previewed on a person, in its own words and with all of its placeholders."""
    pages = []
    for purpose in (one for one in purposes() if one.in_edition):
        path = f"/courrier/modeles/{edition_id}/{purpose.name}"
        body = "\n".join(f"{{{name}}}" for name in purpose.placeholders)
        pages.append(client.get(f"{path}?pour={person.id}").text)
        pages.append(sent(client, path, {"subject": "x", "body": body, "apercu": "1", "pour": person.id}).text)
    return "\n".join(pages)


def test_reminders_of_a_chair_in_conflict_still_reach_who_is_late_on_that_file_alone(app: Flask) -> None:
    world = make_readers(app)
    world.declared(*world.jurors)
    world.shared()
    chair, other = world.jurors[0], world.jurors[1]
    keep_jury(db.session, world.edition).chair_id = chair.id
    shared = {one.application_id for one in world.own(chair)} & {one.application_id for one in world.own(other)}
    left = next(one for one in world.own(other) if one.application_id in shared).application
    for one in world.own(other):
        if one.application_id != left.id:
            mark_by(world, other, one.application, 3, "")
    add_conflict(db.session, left, chair, "Client.", by=chair, now=now())
    db.session.commit()
    client = world.client(chair)
    assert re.search(r"Juré Secret 2.*?3 sur 3", client.get(f"{JURY}/avancement").text, re.DOTALL)
    assert sent(client, f"{JURY}/avancement/rappels").status_code == 303
    late = {one.recipient for one in db.session.scalars(select(Message).where(Message.purpose == "jury.late"))}
    assert other.email in late


OWN_PAGES: tuple[Callable[[Application], str], ...] = (
    lambda one: f"/candidatures/{one.id}",
    lambda one: f"/candidatures/{one.id}/relecture",
    lambda _one: "/editions/essai",
    lambda _one: "/editions/essai/accompagnement",
    lambda _one: "/editions",
    lambda _one: "/compte",
    lambda _one: "/compte/donnees",
)


def test_a_structure_sees_the_same_whatever_its_marks_its_comments_and_its_place(room: World) -> None:
    for application, decision in zip(room.files, ("picked", "picked", "reserve", "reserve"), strict=True):
        selecting.decide(db.session, room.edition, application, decision, by=room.organiser, now=now())
    releasing.release(db.session, room.edition, held=False, by=room.organiser, now=now())
    db.session.commit()
    mails = {one.recipient: one.subject + one.body for one in db.session.scalars(select(Message))}
    assert len(mails) == 4
    clients = {one.id: room.client(one.person) for one in room.files}
    before = {one.id: pages_of(clients[one.id], one) for one in room.files}
    for score in db.session.scalars(select(Score)):
        score.mark, score.comment = 5 - score.mark, "Autre avis"
    third, fourth = (db.session.get_one(Selection, one.id) for one in room.files[2:])
    selecting.renumber(db.session, [fourth, third], "rank")
    db.session.commit()
    for one in room.files:
        assert pages_of(clients[one.id], one) == before[one.id]
    told = "\n".join([*mails.values(), *before.values()])
    assert not re.search(r"Juré \d|Avis de|Autre avis|\bécart\b|ex æquo|médiane|classement", told, re.IGNORECASE)
    assert bare(mails, room.files[2]) == bare(mails, room.files[3])  # first and second of the reserve


def pages_of(client: FlaskClient, application: Application) -> str:
    """Return all that the person of a file may open about it, but when they did."""
    whole = "\n".join(seen(client, page(application)) for page in OWN_PAGES)
    assert whole.count("404 ") < len(OWN_PAGES)
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.+]+|\d+ h \d\d|il y a [^<]*", "", whole)


def bare(mails: dict[str, str], application: Application) -> str:
    """Return the mail about a file without what names its structure and its reader."""
    person = application.person
    assert person is not None
    mail = mails[person.email or ""]
    for word, stands in ((application.name, "S"), (application.pitch_title, "P"), (person.shown_name, "N")):
        mail = mail.replace(word, stands)
    return mail.replace(f"/candidatures/{application.id}", "/candidatures/0")


def test_a_juror_in_conflict_finds_the_rank_in_no_table_or_minutes(room: World) -> None:
    conflict(room.files[0], room.jurors[1])
    client = room.client(room.jurors[1])
    assert seen(client, f"{ROOM}.csv").count("Structure ") == 3
    page = seen(client, ROOM)
    assert "Structure 1" not in page
    for asked in ("type=aci", "decision=none", "tri=rang", "dossier=1"):
        assert "Structure 1" not in seen(client, f"{ROOM}?{asked}")
        assert "Structure 1" not in seen(client, f"{ROOM}.xlsx?{asked}")
    for application, decision in zip(room.files, ("picked", "picked", "reserve", "declined"), strict=True):
        selecting.decide(db.session, room.edition, application, decision, by=room.organiser, now=now())
    releasing.release(db.session, room.edition, held=True, by=room.organiser, now=now())
    db.session.commit()
    minutes = seen(client, f"{ROOM}/proces-verbal.pdf")
    assert minutes.count("Structure 1") == 1  # among the conflicts: whose file it is that they stayed out of
    assert "9 lectures terminées sur 9" in minutes.replace("\u00a0", " ")
