"""Documents: told by their content, bounded while they are read, handed over as attachments that run nothing."""

from __future__ import annotations

import zipfile
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from openmap.events.models import Resource
from openmap.extensions import db
from openmap.web import uploads
from openmap.web.uploads import RefusedFile, keep
from tests.factories import make_edition
from tests.pictures import jpeg, png
from tests.signing import administrator_client, sent


@pytest.fixture
def organiser(app: Flask) -> FlaskClient:
    make_edition()
    return administrator_client(app)


def office(*names: str, mimetype: str = "") -> bytes:
    """Return an archive with such members."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        if mimetype:
            archive.writestr("mimetype", mimetype)
        for name in names:
            archive.writestr(name, "x")
    return buffer.getvalue()


ODT = "application/vnd.oasis.opendocument.text"


@pytest.mark.parametrize(
    ("content", "ending"),
    [
        (b"%PDF-1.7 ...", "pdf"),
        (png(40, 30), "png"),
        (jpeg(40, 30), "jpg"),
        (office("content.xml", mimetype=ODT), "odt"),
        (office("[Content_Types].xml", "word/document.xml"), "docx"),
        (office("[Content_Types].xml", "xl/workbook.xml"), "xlsx"),
    ],
)
def test_content_says_what_a_file_is(app: Flask, content: bytes, ending: str) -> None:
    kept = keep(BytesIO(content), "../../etc/passwd.exe")
    assert kept.filename == f"passwd.{ending}"
    assert kept.media_type == uploads.TYPES[ending]
    stored = app.config["OPENMAP"].instance / "files" / kept.digest[:2] / kept.digest
    assert stored.read_bytes() == content


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"MZ\x90\x00 program",
        b"<html><script>alert(1)</script>",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        office("readme.txt"),
        office("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"),
        office("x", mimetype="text/html"),
        office("content.xml", mimetype=ODT).replace(b"PK\x01\x02", b"PK\x09\x09"),
        office("content.xml", mimetype=ODT)[-22:],
        b"%PDF-1.7" + b"x" * uploads.LARGEST,
    ],
    ids=["empty", "program", "html", "svg", "zip", "macros", "odf-lie", "broken-zip", "end-of-zip", "large"],
)
@pytest.mark.usefixtures("app")
def test_anything_else_is_refused_and_leaves_nothing(app: Flask, content: bytes) -> None:
    with pytest.raises(RefusedFile):
        keep(BytesIO(content), "document.pdf")
    assert [path for path in (app.config["OPENMAP"].instance / "files").rglob("*") if path.is_file()] == []


def test_document_goes_up_and_comes_down_as_an_attachment(organiser: FlaskClient, app: Flask) -> None:
    path = "/editions/essai/preparation/documents"
    file = (BytesIO(b"%PDF-1.7 essai"), 'dia"po\r\nX: y.pdf')
    assert sent(organiser, path, {"title": "Diapositives", "file": file}).status_code == 303
    resource = db.session.scalars(select(Resource)).one()
    page = app.test_client().get("/editions/essai").text
    assert "Diapositives" in page
    with app.test_client().get(f"/editions/essai/documents/{resource.id}") as answer:
        assert answer.data == b"%PDF-1.7 essai"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert "\n" not in answer.headers["Content-Disposition"]
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    make_edition("ailleurs")
    assert app.test_client().get(f"/editions/ailleurs/documents/{resource.id}").status_code == 404
    sent(organiser, f"{path}/{resource.id}/suppression")
    assert app.test_client().get(f"/editions/essai/documents/{resource.id}").status_code == 404


def test_document_whose_file_is_gone_is_not_found(organiser: FlaskClient, app: Flask) -> None:
    file = (BytesIO(b"%PDF-1.7 essai"), "a.pdf")
    sent(organiser, "/editions/essai/preparation/documents", {"title": "A", "file": file})
    resource = db.session.scalars(select(Resource)).one()
    (app.config["OPENMAP"].instance / "files" / resource.digest[:2] / resource.digest).unlink()
    assert app.test_client().get(f"/editions/essai/documents/{resource.id}").status_code == 404


def test_refused_document_keeps_the_title(organiser: FlaskClient) -> None:
    file = (BytesIO(b"MZ program"), "document.pdf")
    answer = sent(organiser, "/editions/essai/preparation/documents", {"title": "Mon titre", "file": file})
    assert answer.status_code == 422
    assert "Ce type de fichier n’est pas accepté" in answer.text
    assert 'value="Mon titre"' in answer.text
