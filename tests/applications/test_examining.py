"""What organisers do with the files: find them, judge them, write to their people, take them away."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from pypdf import PdfReader
from sqlalchemy import select

from openmap.applications.models import Answer, Application, Attachment, Question
from openmap.applications.queries import Filters, chosen, listed
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.mail.models import Message
from openmap.people.models import ORGANISER, JournalEntry, Person
from openmap.pitches.models import Conflict
from openmap.reference.models import Activity, Area, AreaCommune, Commune, Trade
from openmap.web.uploads import keep
from tests.applying import SUBMITTED, make_application, siret
from tests.factories import make_edition
from tests.house.counting import statements
from tests.signing import client_of, make_person, sent

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
FILES = "/editions/essai/candidatures"


@pytest.fixture
def edition(app: Flask) -> Edition:
    made = make_edition("essai")
    for number in range(1, 4):
        make_application(made, number)
    db.session.commit()
    return made


@pytest.fixture
def organiser(edition: Edition) -> Person:
    return make_person("organisation@essai.example", ORGANISER, edition_id=edition.id)


@pytest.fixture
def client(app: Flask, organiser: Person) -> FlaskClient:
    return client_of(app, organiser)


def file_of(number: int) -> Application:
    return db.session.scalars(select(Application).where(Application.name == f"Structure d’essai n° {number}")).one()


def names(edition: Edition, person: Person, **asked: object) -> list[str]:
    found = listed(db.session, edition.id, person, Filters(**asked))  # type: ignore[arg-type]
    return sorted(line.name[-1] for line in found.shown)


def bar(person: Person, application: Application) -> None:
    db.session.add(Conflict(application_id=application.id, person_id=person.id, declared_at=NOW))
    db.session.commit()


def test_each_filter_shows_what_it_says_and_counts_under_the_others(edition: Edition, organiser: Person) -> None:
    one, two, three = (file_of(number) for number in (1, 2, 3))
    two.wants_pitch, two.kind, two.is_late = False, "esat", True
    three.standing, three.standing_at = "eligible", NOW
    make_application(edition, 4, state="draft", name="Brouillon n° 4")
    make_application(edition, 5, state="merged", merged_into=one, name="Fusionnée n° 5")
    db.session.commit()
    assert names(edition, organiser) == ["1", "2", "3", "4"]
    assert names(edition, organiser, state="draft") == ["4"]
    assert names(edition, organiser, state="merged") == ["5"]
    assert names(edition, organiser, standing="undecided", state="submitted") == ["1", "2"]
    assert names(edition, organiser, standing="eligible") == ["3"]
    assert names(edition, organiser, pitch="non") == ["2"]
    assert names(edition, organiser, kind="esat") == ["2"]
    assert names(edition, organiser, late=True) == ["2"]
    assert names(edition, organiser, words="ESSAI 3") == ["3"]
    assert names(edition, organiser, words="camille2@essai") == ["2"]
    assert names(edition, organiser, words="REEMPLOI no-such") == []
    assert names(
        edition, organiser, words=" ".join((two.siret[:3], two.siret[3:6], two.siret[6:9], two.siret[9:]))
    ) == ["2"]
    found = listed(db.session, edition.id, organiser, Filters(pitch="non"))
    assert {one.value: one.count for one in found.options["kind"]} == {"aci": 0, "esat": 1}
    assert {one.value: one.count for one in found.options["pitch"]} == {"oui": 3, "non": 1}


def test_words_are_found_without_their_accents(edition: Edition, organiser: Person) -> None:
    file_of(1).name = "Écolieu des Chênes 1"
    db.session.commit()
    assert names(edition, organiser, words="ecolieu chene") == ["1"]


def test_territories_are_compared_by_their_communes(edition: Edition, organiser: Person) -> None:
    areas = [Area(level="departement", code=str(90 + rank), name=f"Territoire {rank}") for rank in range(3)]
    db.session.add_all(areas)
    for rank, (lon, lat) in enumerate([(2.0, 48.0), (2.05, 48.0), (4.0, 48.0)]):
        code = f"9000{rank}"
        db.session.add(Commune(code=code, name=f"Commune {rank}", folded=f"commune {rank}", lon=lon, lat=lat))
    db.session.flush()
    for area, codes in zip(areas, (("90000",), ("90000", "90001"), ("90002",)), strict=True):
        db.session.add_all(AreaCommune(area_id=area.id, commune_code=code) for code in codes)
    file_of(1).areas = [areas[0]]
    file_of(2).areas = [areas[2]]
    file_of(3).commune_code, file_of(3).radius_km = "90001", 10
    file_of(3).areas = [areas[1]]
    db.session.commit()
    assert names(edition, organiser, area=areas[0].id) == ["1", "3"]
    assert names(edition, organiser, area=areas[1].id) == ["1", "3"]
    assert names(edition, organiser, area=areas[2].id) == ["2"]


def test_activities_are_filtered_by_what_the_files_name(edition: Edition, organiser: Person) -> None:
    trade = Trade(code="essai", name="Filière d’essai")
    trade.activities = [Activity(code="essai.tonte", name="Tonte")]
    db.session.add(trade)
    file_of(2).activities = trade.activities
    db.session.commit()
    assert names(edition, organiser, activity=trade.activities[0].id) == ["2"]


def test_the_list_costs_as_many_statements_for_three_files_as_for_sixty(
    edition: Edition, organiser: Person, client: FlaskClient
) -> None:
    counts = {}
    for more in (0, 57):
        for number in range(more):
            make_application(edition, 100 + number)
        db.session.commit()
        db.session.expire_all()
        for path in (FILES, f"{FILES}.xlsx", f"{FILES}/message?tout=1"):
            with statements() as said:
                assert client.get(path).status_code == 200
            counts.setdefault(path, []).append(len(said))
    assert all(before == after for before, after in counts.values()), counts


def test_pages_of_fifty_keep_their_filters(edition: Edition, client: FlaskClient) -> None:
    for number in range(4, 60):
        make_application(edition, number)
    db.session.commit()
    first = client.get(FILES, query_string={"pitch": "oui", "tri": "nom"}).text
    assert "59\u00a0candidatures" in first
    assert "page=2&amp;pitch=oui&amp;tri=nom" in first
    assert client.get(FILES, query_string={"page": "2"}).text.count('name="choix"') == 9


def test_neighbours_follow_the_filtered_list(edition: Edition, client: FlaskClient) -> None:
    one, two, three = (file_of(number).id for number in (1, 2, 3))
    middle = client.get(f"{FILES}/{two}", query_string={"tri": "nom"}).text
    assert f'rel="prev" href="{FILES}/{one}?tri=nom"' in middle
    assert f'rel="next" href="{FILES}/{three}?tri=nom"' in middle
    assert "2 sur 3" in middle


def test_a_refusal_needs_its_reason_and_can_be_taken_back(edition: Edition, client: FlaskClient) -> None:
    one = file_of(1)
    refused = sent(client, f"{FILES}/{one.id}", {"standing": "ineligible", "standing_reason": "  "})
    assert refused.status_code == 422
    assert file_of(1).standing is None
    sent(client, f"{FILES}/{one.id}", {"standing": "ineligible", "standing_reason": "Hors de la région."})
    db.session.expire_all()
    assert (file_of(1).standing, file_of(1).standing_reason) == ("ineligible", "Hors de la région.")
    sent(client, f"{FILES}/{one.id}", {"standing": "", "standing_reason": ""})
    db.session.expire_all()
    assert (file_of(1).standing, file_of(1).standing_reason, file_of(1).standing_at) == (None, "", None)
    told = db.session.scalars(select(JournalEntry).where(JournalEntry.action == "application.judged")).all()
    assert [entry.changes["standing"] for entry in told] == [[None, "ineligible"], ["ineligible", None]]


def test_a_selection_is_judged_and_drafts_are_left_alone(edition: Edition, client: FlaskClient) -> None:
    draft = make_application(edition, 4, state="draft", name="Brouillon n° 4")
    db.session.commit()
    ids = [str(file_of(1).id), str(draft.id)]
    page = sent(client, f"{FILES}/selection", {"choix": ids, "action": "non-recevables", "motif": ""})
    assert page.status_code == 422
    answer = sent(client, f"{FILES}/selection", {"choix": ids, "action": "non-recevables", "motif": "Hors sujet."})
    assert answer.status_code == 303
    db.session.expire_all()
    assert (file_of(1).standing, draft.standing, file_of(2).standing) == ("ineligible", None, None)
    sent(client, f"{FILES}/selection", {"tout": "1", "pitch": "oui", "action": "recevables"})
    db.session.expire_all()
    assert {file_of(number).standing for number in (1, 2, 3)} == {"eligible"}


@pytest.mark.parametrize("data", [{}, {"choix": "abc", "action": "recevables"}, {"choix": "999999999999"}])
def test_a_selection_of_nothing_is_refused(edition: Edition, client: FlaskClient, data: dict[str, str]) -> None:
    assert sent(client, f"{FILES}/selection", data).status_code == 422


def test_a_message_is_seen_written_held_and_released(edition: Edition, client: FlaskClient) -> None:
    third = file_of(3)
    third.attendees.clear()
    db.session.commit()
    batch = "0" * 16
    words = {"subject": "Pour {structure}", "body": "Bonjour {prenom_nom},\n\n{dossier}", "envoi": batch, "tout": "1"}
    assert "n’écrit" not in client.get(f"{FILES}/message", query_string={"tout": "1"}).text
    unknown = sent(client, f"{FILES}/message", {**words, "body": "{rang}"})
    assert unknown.status_code == 422
    assert "{rang} ne correspond à rien ici" in unknown.text
    seen = sent(client, f"{FILES}/message", {**words, "apercu": "1", "pour": str(file_of(2).id)})
    assert "Pour Structure d’essai n° 2" in seen.text
    assert db.session.scalars(select(Message)).all() == []
    for _twice in range(2):
        assert sent(client, f"{FILES}/message", words).status_code == 303
    written = db.session.scalars(select(Message).order_by(Message.id)).all()
    assert [(one.state, one.recipient) for one in written] == [
        ("held", "camille2@essai.example"),
        ("held", "camille1@essai.example"),
    ]
    sent(client, f"{FILES}/message/{batch}")
    db.session.expire_all()
    assert {one.state for one in written} == {"queued"}


def test_a_subject_cannot_add_a_header(edition: Edition, client: FlaskClient) -> None:
    file_of(1).name = "Structure\r\nBcc: tous@essai.example"
    db.session.commit()
    data = {"subject": "Pour {structure}\r\nBcc: a@b.example", "body": "x", "envoi": "1" * 16, "tout": "1"}
    sent(client, f"{FILES}/message", data)
    from openmap.mail.composing import as_email

    for message in db.session.scalars(select(Message)):
        mail = as_email(message, sender="OpenMap ESS <x@essai.example>")
        assert mail["Bcc"] is None
        assert "\n" not in str(mail["Subject"])


def test_the_spreadsheet_has_a_row_a_file_and_no_formula(edition: Edition, client: FlaskClient) -> None:
    question = Question(edition_id=edition.id, kind="choices", label="=Question()", options=["A", "B"])
    db.session.add(question)
    db.session.flush()
    file_of(1).name = '=HYPERLINK("http://evil.example")'
    db.session.flush()
    first = db.session.scalars(select(Application).where(Application.name.startswith("=HYP"))).one()
    first.answers.append(Answer(question=question, value=["A", "B"]))
    first.offers = "@SUM(1+1)*cmd|' /C calc'!A0"
    db.session.commit()
    sheet = load_workbook(BytesIO(client.get(f"{FILES}.xlsx").data)).active
    assert sheet is not None
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert len(rows) == 4
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    row = next(row for row in rows if str(row[6]).startswith("=HYP"))
    assert row[rows[0].index("=Question()")] == "A ; B"
    assert row[rows[0].index("Effectif")] == 21


def attach(app: Flask, application: Application, filename: str, content: bytes = PDF) -> None:
    kept = keep(BytesIO(content), "x.pdf")
    values = {"filename": filename, "media_type": kept.media_type, "size": kept.size, "digest": kept.digest}
    application.attachments.append(Attachment(added_at=NOW, **values))
    db.session.commit()


def test_the_archive_has_a_folder_a_file_with_safe_names(app: Flask, edition: Edition, client: FlaskClient) -> None:
    one = file_of(1)
    one.name = "../../etc/passwd\\..\\C:\\x\x01"
    for filename in ("../../../evil.pdf", "/etc/cron.d/x.pdf", "Plan.pdf", "PLAN.pdf", "CON.pdf", "a" * 190 + ".pdf"):
        attach(app, one, filename)
    one.attachments.append(
        Attachment(filename="perdu.pdf", media_type="application/pdf", size=1, digest="f" * 64, added_at=NOW)
    )
    db.session.commit()
    with zipfile.ZipFile(BytesIO(client.get(f"{FILES}.zip").data)) as archive:
        assert archive.testzip() is None
        found = archive.namelist()
        folders = {name.partition("/")[0] for name in found}
        assert len(folders) == 3
        assert all(name.count("/") == 1 and ".." not in name and "\\" not in name for name in found)
        assert len({name.casefold() for name in found}) == len(found) == 3 + 6 + 1
        note = next(name for name in found if name.endswith("A lire.txt"))
        assert "perdu.pdf" in archive.read(note).decode()
        pdf = next(name for name in found if name.endswith("candidature.pdf"))
        assert len(PdfReader(BytesIO(archive.read(pdf))).pages) >= 1


def test_the_archive_is_handed_over_as_it_is_made(app: Flask, edition: Edition, client: FlaskClient) -> None:
    response = client.get(f"{FILES}.zip", buffered=False)
    assert response.is_streamed
    assert response.headers["Cache-Control"] == "no-store"
    assert sum(1 for _piece in response.response) > 3
    response.close()


def test_files_of_another_edition_are_not_found_here(app: Flask, edition: Edition, client: FlaskClient) -> None:
    other = make_application(make_edition("ailleurs"), 50)
    db.session.commit()
    number = other.id
    for path in (f"{FILES}/{number}", f"{FILES}/{number}/dossier.pdf", f"{FILES}/{number}/reunion/{file_of(1).id}"):
        assert client.get(path).status_code == 404, path
    assert client.get("/editions/ailleurs/candidatures").status_code == 403
    assert sent(client, f"{FILES}/selection", {"choix": str(number), "action": "recevables"}).status_code == 422
    db.session.expire_all()
    assert other.standing is None
    assert "Personne à qui écrire" in client.get(f"{FILES}/message?choix={number}").text
    assert load_workbook(BytesIO(client.get(f"{FILES}.xlsx?choix={number}").data)).active.max_row == 1  # type: ignore[union-attr]


def test_an_organiser_in_conflict_meets_the_file_nowhere(
    app: Flask, edition: Edition, organiser: Person, client: FlaskClient
) -> None:
    file_of(1).name = "Secrète SARL"
    make_application(edition, 9, siret=siret(1), name="Jumelle n° 9", structure=None)
    db.session.commit()
    secret = db.session.scalars(select(Application).where(Application.name == "Secrète SARL")).one()
    colleague = make_person("collegue@essai.example", ORGANISER, edition_id=edition.id)
    batch = "2" * 16
    words = {"subject": "Pour {structure}", "body": "x", "envoi": batch, "tout": "1"}
    sent(client_of(app, colleague), f"{FILES}/message", words)
    bar(organiser, secret)
    twin = db.session.scalars(select(Application).where(Application.name == "Jumelle n° 9")).one()
    for path in (
        f"{FILES}/{secret.id}",
        f"{FILES}/{secret.id}/dossier.pdf",
        f"{FILES}/{secret.id}/reunion/{twin.id}",
        f"{FILES}/{twin.id}/reunion/{secret.id}",
        f"/candidatures/{secret.id}",
    ):
        assert client.get(path).status_code == 403, path
    for path in (
        FILES, f"{FILES}?doublons=1", f"{FILES}?q=secrete", f"{FILES}/{twin.id}", f"{FILES}/message?tout=1",
        f"{FILES}/message?choix={secret.id}", f"{FILES}/message/{batch}",
    ):  # fmt: skip
        assert "Secrète" not in client.get(path).text, path
    for path in (f"{FILES}.xlsx", f"{FILES}.xlsx?choix={secret.id}"):
        book = load_workbook(BytesIO(client.get(path).data))
        assert all("Secrète" not in str(cell.value) for row in book.active.iter_rows() for cell in row)  # type: ignore[union-attr]
    for path in (f"{FILES}.zip", f"{FILES}.zip?choix={secret.id}"):
        with zipfile.ZipFile(BytesIO(client.get(path).data)) as archive:
            assert not [name for name in archive.namelist() if "Secr" in name]
    for path, data in (
        (f"{FILES}/{secret.id}", {"standing": "eligible"}),
        (f"{FILES}/{twin.id}/reunion/{secret.id}", {}),
        (f"{FILES}/selection", {"choix": str(secret.id), "action": "recevables"}),
        (f"{FILES}/message", {**words, "envoi": "3" * 16, "choix": str(secret.id)}),
    ):
        sent(client, path, data)
    sent(client, f"{FILES}/message/{batch}")
    db.session.expire_all()
    assert (secret.standing, secret.state) == (None, "submitted")
    about = db.session.scalars(select(Message).where(Message.key.endswith(f":{secret.id}"))).all()
    assert [one.state for one in about] == ["held"]
    assert chosen(db.session, [secret.id], edition.id, organiser) == []
    assert "1\u00a0dossier ne vous est pas montré" in client.get(FILES).text


@pytest.mark.parametrize("value", ["", "x" * 16, "0123456789ABCDEF", "%", "0" * 17])
def test_a_sending_is_named_by_us(edition: Edition, client: FlaskClient, value: str) -> None:
    data = {"subject": "a", "body": "b", "envoi": value, "tout": "1"}
    assert sent(client, f"{FILES}/message", data).status_code == 400
    assert value in {"", "%"} or client.get(f"{FILES}/message/{value}").status_code == 404


def test_the_order_is_the_one_that_was_asked_for(edition: Edition, organiser: Person) -> None:
    by_date = listed(db.session, edition.id, organiser, Filters())
    assert [line.name[-1] for line in by_date.shown] == ["3", "2", "1"]
    by_name = listed(db.session, edition.id, organiser, Filters(), sort="nom")
    assert [line.name[-1] for line in by_name.shown] == ["1", "2", "3"]
    assert SUBMITTED < NOW
