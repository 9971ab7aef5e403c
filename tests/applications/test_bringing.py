"""Files begun by organisers: one by one for a contact, or many from a workbook, all or none."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from openmap.applications.models import Application, Question
from openmap.applications.workbook import LIMITS, entries_of
from openmap.directory.models import Structure
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.mail.models import Message
from openmap.people.models import ORGANISER, Person
from openmap.pitches.models import Conflict
from openmap.reference.models import Activity, Area, Commune, StructureKind, Trade
from openmap.web.workbook.reading import WorkbookUnusable
from tests.applying import make_application, siret
from tests.factories import make_edition
from tests.signing import client_of, make_person, sent

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
PATH = "/editions/essai/candidatures/import"


@pytest.fixture
def edition(app: Flask) -> Edition:
    made = make_edition("essai")
    trade = Trade(code="essai", name="Filière d’essai")
    trade.activities = [Activity(code="essai.tonte", name="Tonte"), Activity(code="essai.tri", name="Tri", rank=1)]
    db.session.add_all([trade, StructureKind(code="aci", name="Atelier et chantier d’insertion", family="insertion")])
    db.session.add(Area(level="departement", code="99", name="Essai-et-Marne"))
    db.session.add(Commune(code="99001", name="Essai-sur-Seine", folded="essai sur seine"))
    db.session.add(
        Question(edition_id=made.id, kind="choices", label="Véhicules", options=["Camion", "Vélo"], position=1)
    )
    db.session.add(Question(edition_id=made.id, kind="boolean", label="Nom", position=2))
    db.session.commit()
    return made


@pytest.fixture
def organiser(edition: Edition) -> Person:
    return make_person("organisation@essai.example", ORGANISER, edition_id=edition.id)


@pytest.fixture
def client(app: Flask, organiser: Person) -> FlaskClient:
    return client_of(app, organiser)


def line(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "SIRET": siret(number), "Nom": f"Structure importée {number}", "Type de structure": "aci",
        "Commune": "Essai sur Seine", "Activités": "tonte ; Tri", "Offres": "Tonte de pelouses.", "Effectif": 12,
        "Part en insertion ou handicap": "60", "Territoires": "Essai-et-Marne", "Contact": "Alex Essai",
        "Courriel": f"alex{number}@essai.example", "Téléphone": "01 23 45 67 89", "Souhaite un pitch": "non",
        "Souhaite des rendez-vous": "oui", "Véhicules": "Vélo;camion", "Nom (question 2)": "oui", **changes,
    }  # fmt: skip


def workbook(client: FlaskClient, *lines: dict[str, Any]) -> bytes:
    """Fill in the template that the page hands over."""
    book = openpyxl.load_workbook(BytesIO(client.get(f"{PATH}/modele.xlsx").data))
    sheet = book["Candidatures"]
    titles = [str(cell.value).removesuffix(" *") for cell in sheet[1]]
    for rank, values in enumerate(lines, start=2):
        for title, value in values.items():
            sheet.cell(rank, titles.index(title) + 1, value)
    target = BytesIO()
    book.save(target)
    return target.getvalue()


def upload(client: FlaskClient, content: bytes, **data: str) -> TestResponse:
    return sent(
        client, PATH, {"file": (BytesIO(content), "../../liste.xlsx"), **data}, content_type="multipart/form-data"
    )


def test_every_line_becomes_a_draft_that_is_its_contacts_own(client: FlaskClient) -> None:
    page = upload(client, workbook(client, line(1), line(2, Activités=None)))
    assert page.status_code == 200, page.text
    assert "2\u00a0candidatures créées" in page.text
    one = db.session.scalars(select(Application).where(Application.siret == siret(1))).one()
    assert (one.state, one.kind, one.commune_code, one.workforce, one.supported_share) == (
        "draft",
        "aci",
        "99001",
        12,
        60,
    )
    assert [activity.name for activity in one.activities] == ["Tonte", "Tri"]
    assert [area.name for area in one.areas] == ["Essai-et-Marne"]
    assert (one.wants_pitch, one.wants_meetings) == (False, True)
    assert sorted(map(str, (answer.value for answer in one.answers))) == ["True", "['Vélo', 'Camion']"]
    assert one.person is not None
    assert one.person.email == "alex1@essai.example"
    assert (one.attendees[0].name, one.attendees[0].phone) == ("Alex Essai", "+33123456789")


def test_complete_lines_are_submitted_when_asked(client: FlaskClient) -> None:
    page = upload(client, workbook(client, line(1), line(2, Offres=None)), submitting="y")
    assert "1\u00a0réponse manque" in page.text
    states = {one.siret: one.state for one in db.session.scalars(select(Application))}
    assert states == {siret(1): "submitted", siret(2): "draft"}
    assert db.session.scalar(select(func.count()).where(Message.purpose == "application.received")) == 1
    assert db.session.scalar(select(func.count()).where(Structure.siret == siret(1))) == 1


def test_importing_again_touches_nothing_and_says_so(client: FlaskClient) -> None:
    content = workbook(client, line(1))
    upload(client, content)
    page = upload(client, content)
    assert "déjà là" in page.text
    assert db.session.scalar(select(func.count()).select_from(Application)) == 1
    assert f"/editions/essai/candidatures/{db.session.scalars(select(Application.id)).one()}" in page.text


def test_a_file_that_is_barred_is_told_without_a_way_to_it(
    edition: Edition, organiser: Person, client: FlaskClient
) -> None:
    secret = make_application(edition, 1, name="Secrète SARL")
    db.session.flush()
    db.session.add(Conflict(application_id=secret.id, person_id=organiser.id, declared_at=NOW))
    db.session.commit()
    page = upload(client, workbook(client, line(1)))
    assert "déjà là" in page.text
    assert "Secrète" not in page.text
    assert f"candidatures/{secret.id}" not in page.text


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "no name": ({"Nom": None}, "ligne 2, colonne « Nom »"),
    "wrong SIRET": ({"SIRET": "12345678901234"}, "n’est pas un SIRET valide"),
    "unknown kind": ({"Type de structure": "SARL"}, "n’est pas un type connu"),
    "unknown activity": ({"Activités": "Tondre"}, "n’est pas une activité du référentiel"),
    "unknown area": ({"Territoires": "Ailleurs"}, "n’est pas un territoire du référentiel"),
    "unknown commune": ({"Commune": "Nulle-Part"}, "n’est pas une commune connue ici"),
    "share": ({"Part en insertion ou handicap": 140}, "entre 0 et 100"),
    "address": ({"Courriel": "alex"}, "n’est pas une adresse de courriel"),
    "telephone": ({"Téléphone": "123"}, "n’est pas un numéro de téléphone"),
    "website": ({"Site internet": "javascript:alert(1)"}, "n’est pas l’adresse d’un site"),
    "long summary": ({"Résumé du pitch": "x" * 601}, "601 caractères pour 600 au plus"),
    "formula": ({"Offres": "=1+1"}, "contient une formule"),
    "choice": ({"Véhicules": "Avion"}, "n’est pas une réponse proposée"),
    "yes or no": ({"Souhaite un pitch": "peut-être"}, "« oui » ou « non » est attendu"),
}


@pytest.mark.parametrize(("changes", "told"), FAULTS.values(), ids=FAULTS)
def test_each_fault_is_told_in_its_place_and_nothing_is_saved(
    client: FlaskClient, changes: dict[str, Any], told: str
) -> None:
    page = upload(client, workbook(client, line(1, **changes), line(2)))
    assert page.status_code == 422
    assert told in page.text.replace("\u00a0", " ")
    assert db.session.scalar(select(func.count()).select_from(Application)) == 0


def test_all_faults_are_told_at_once(client: FlaskClient) -> None:
    page = upload(client, workbook(client, line(1, Courriel="x"), line(1), line(3, Effectif="beaucoup")))
    assert "3\u00a0points à corriger" in page.text
    assert "ce SIRET figure déjà à la ligne 2" in page.text
    assert re.findall(r", ligne (\d),", page.text) == ["2", "3", "4"]  # as one goes down the sheet


def _bomb() -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
        archive.writestr("xl/workbook.xml", "<x/>")
        for number in range(7):
            archive.writestr(f"xl/worksheets/sheet{number}.xml", b" " * 10_000_000)
    return target.getvalue()


def _entities(client: FlaskClient) -> bytes:
    """Return the template with entities that would unfold to gigabytes."""
    unfolding = "".join(f'<!ENTITY {chr(98 + rank)} "{f"&{chr(97 + rank)};" * 10}">' for rank in range(9))
    laughs = f'<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">{unfolding}]>'.encode()
    target = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(workbook(client, line(1)))) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in source.namelist():
            content = source.read(name)
            if "Structure importée 1".encode() in content:
                content = content.replace("Structure importée 1".encode(), b"&j;")
                root = b"<sst" if b"<sst" in content else b"<worksheet"
                content = content.replace(root, laughs + root, 1)
            archive.writestr(name, content)
    return target.getvalue()


def _tall(client: FlaskClient) -> bytes:
    book = openpyxl.load_workbook(BytesIO(workbook(client)))
    for row in range(2, 700):
        book["Candidatures"].cell(row, 2, "x")
    target = BytesIO()
    book.save(target)
    return target.getvalue()


@pytest.mark.parametrize(
    ("make", "told"),
    [
        pytest.param(lambda _client: b"", "est vide", id="empty"),
        pytest.param(lambda _client: b"PK\x03\x04 nothing", "n’est pas un classeur", id="no workbook"),
        pytest.param(lambda _client: b"<html>", "n’est pas un classeur", id="html"),
        pytest.param(lambda _client: b"\xd0\xcf\x11\xe0" + b"x" * 600, "ancien classeur .xls", id="xls"),
        pytest.param(lambda _client: _bomb(), "démesuré une fois décompressé", id="bomb"),
        pytest.param(_entities, "abîmé", id="entities"),
        pytest.param(_tall, "plus de 500 lignes", id="tall"),
    ],
)
def test_hostile_workbooks_are_refused(client: FlaskClient, make: Callable[[FlaskClient], bytes], told: str) -> None:
    page = upload(client, make(client))
    assert page.status_code == 422
    assert told in page.text.replace("\u00a0", " ")
    assert db.session.scalar(select(func.count()).select_from(Application)) == 0


def test_a_file_is_begun_for_a_structure_and_handed_to_its_contact(app: Flask, client: FlaskClient) -> None:
    data = {"name": "Atelier Neuf", "siret": siret(7), "contact": "Claude Neuf", "email": "claude@essai.example"}
    answer = sent(client, "/editions/essai/candidatures/nouvelle", {**data, "how": "inviter"})
    assert answer.status_code == 303
    one = db.session.scalars(select(Application)).one()
    assert (one.name, one.siret, one.attendees[0].name) == ("Atelier Neuf", siret(7), "Claude Neuf")
    message = db.session.scalars(select(Message).where(Message.purpose == "application.invited")).one()
    assert message.recipient == "claude@essai.example"
    assert f"/candidatures/{one.id}" in message.body
    assert one.person is not None
    assert client_of(app, one.person).get(f"/candidatures/{one.id}").status_code == 200
    again = sent(client, "/editions/essai/candidatures/nouvelle", {**data, "how": "inviter"})
    assert again.status_code == 409
    assert "Ce SIRET a déjà une candidature" in again.text


def test_two_structures_of_one_contact_are_two_files(client: FlaskClient) -> None:
    for name in ("Première", "Seconde"):
        data = {"name": name, "email": "claude@essai.example", "how": "remplir"}
        answer = sent(client, "/editions/essai/candidatures/nouvelle", data)
        assert answer.location.startswith("/candidatures/")
    assert sorted(db.session.scalars(select(Application.name))) == ["Première", "Seconde"]
    assert db.session.scalar(select(func.count()).where(Message.purpose == "application.invited")) == 0


def test_a_heavy_workbook_is_refused_unread(edition: Edition, tmp_path: Path) -> None:
    file = tmp_path / "lourd.xlsx"
    file.write_bytes(b"PK\x03\x04" + b"x" * LIMITS.packed)
    with pytest.raises(WorkbookUnusable, match="dépasse 5 Mo"):
        entries_of(db.session, edition, file)


def test_the_demonstration_asks_questions_and_has_a_double(edition: Edition, organiser: Person) -> None:
    from openmap.demo_parts.examining import TWIN, demo_examining

    for question in db.session.scalars(select(Question)):
        db.session.delete(question)
    for number in range(1, 6):
        make_application(edition, number)
    db.session.commit()
    for _twice in range(2):
        assert len(demo_examining(edition, {"organiser": organiser}, NOW)) == 3
        db.session.commit()
    twin = db.session.scalars(select(Application).where(Application.name == TWIN)).one()
    assert db.session.scalar(select(func.count()).where(Application.siret == twin.siret)) == 2
