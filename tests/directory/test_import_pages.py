"""The pages of imports: from the file to its report, columns by hand, hostile files, who may enter."""

from __future__ import annotations

import zipfile
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from openmap.directory.import_models import ColumnMapping, DirectoryImport
from openmap.directory.import_tasks import check_list, import_list
from openmap.directory.lists.reading import read_list
from openmap.directory.models import Structure
from openmap.extensions import db
from openmap.people.models import ADMINISTRATOR
from openmap.web.inspecting import RefusedFile
from tests.directory.listed import HEAD, line, make_communes, siret, workbook
from tests.signing import enter, make_person, sent

BASE = "/annuaire/imports"


@pytest.fixture
def admin(app: Flask, client: FlaskClient) -> FlaskClient:
    make_communes()
    enter(client, make_person("admin@essai.example", ADMINISTRATOR))
    return client


def send(client: FlaskClient, content: bytes, name: str = "liste.csv") -> str:
    data = {"file": (BytesIO(content), name), "source": "Liste inventée"}
    answer = sent(client, f"{BASE}/nouveau", data)
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def test_from_the_file_to_the_report(admin: FlaskClient) -> None:
    rows = [f"{HEAD};date maj;source", f"{line(1)};2026-05-01;x", f"{line(2, cp='9')};2026-05-01;x"]
    page = send(admin, "\n".join(rows).encode())
    assert "Vérification de la liste" in admin.get(page).text
    check_list(1)
    report = admin.get(page).text
    assert "Ce que cette liste ferait" in report
    assert "Un code postal a cinq chiffres" in report
    assert "cinq chiffres" in admin.get(f"{page}/remarques.csv").text
    assert db.session.scalars(select(Structure)).all() == []
    sent(admin, f"{page}/import", {"publier": ""})
    import_list(1)
    db.session.expire_all()
    assert "structures ajoutées" in admin.get(page).text
    assert [one.listed_at for one in db.session.scalars(select(Structure))] == [None, None]


def test_columns_matched_by_hand_are_kept_for_the_next_list(admin: FlaskClient) -> None:
    list_ = f"Identifiant national,Intitulé officiel,Où\n{siret(1)},Atelier inventé,Romainville"
    page = send(admin, list_.encode())
    assert "Colonnes de" in admin.get(page).text
    assert sent(admin, f"{page}/colonnes", {"colonne-0": "siret"}).status_code == 422
    chosen = {"colonne-0": "siret", "colonne-1": "name", "colonne-2": "city", "type": "esat"}
    assert sent(admin, f"{page}/colonnes", chosen).status_code == 303
    assert db.session.scalars(select(ColumnMapping)).one().columns["1"] == "name"
    again = send(admin, list_.encode())
    assert db.session.get_one(DirectoryImport, int(again.rsplit("/", 1)[1])).state == "checking"


def bomb() -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 300_000_000)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "vide"),
        (b"\x89PNG\r\n\x1a\n\0\0", "ni un CSV"),
        (b"MZ\x90\x00\x03", "ni un CSV"),
        (b"PK\x03\x04 rien", "ni un CSV"),
        (b"\xd0\xcf\x11\xe0 ancien", ".xls"),
        (b'[{"nom": ' * 50_000, "abîmé"),
        (b"un texte sans tableau", "Aucun tableau"),
        (b'nom;type\n"jamais ferm\xc3\xa9;EI', "guillemets"),
        (b"nom;type\n" + b"a" * 200_000 + b";EI", "démesurée"),
    ],
)
def test_hostile_files_are_refused_with_a_sentence(app: Flask, content: bytes, says: str) -> None:
    with pytest.raises(RefusedFile, match=says):
        read_list(content, "liste.csv")


def test_a_bomb_is_refused(app: Flask) -> None:
    with pytest.raises(RefusedFile, match="anormal"):
        read_list(bomb(), "liste.xlsx")


def test_a_formula_is_never_read_as_one(app: Flask) -> None:
    sheet = read_list(workbook([["nom", "type"], ["=1+1", "EI"], ["Atelier", "EI"]]), "liste.xlsx")
    assert sheet.rows[1] == ["", "EI"]


def test_others_do_not_enter(app: Flask, client: FlaskClient) -> None:
    enter(client, make_person("quelqu.un@essai.example"))
    for address in (BASE, f"{BASE}/nouveau", f"{BASE}/1"):
        assert client.get(address).status_code == 403
