"""The same documents, handed over by the plan's page."""

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient

from openmap.extensions import db
from tests.agendas.factory import build


@pytest.mark.parametrize(
    ("name", "code", "kind", "filename", "start"),
    [
        ("classeur", None, "application/vnd.openxmlformats", "planning-matin-v1.xlsx", b"PK"),
        ("affiche", None, "application/pdf", "planning-matin-v1.pdf", b"%PDF"),
        ("agendas", None, "application/pdf", "agendas-matin-v1.pdf", b"%PDF"),
        ("tables", None, "application/pdf", "tables-matin-v1.pdf", b"%PDF"),
        ("agenda", "S02", "application/pdf", "S02-extramuros.pdf", b"%PDF"),
        ("calendrier", "S02", "text/calendar; method=PUBLISH; charset=utf-8", "S02-extramuros.ics", b"BEGIN:VCALENDAR"),
    ],
)
def test_the_plan_page_hands_over_each_document_as_an_attachment(
    app: Flask, client: FlaskClient, name: str, code: str | None, kind: str, filename: str, start: bytes
) -> None:
    build(db.session).plan()
    with app.test_request_context():
        values = {"slug": "matin", "version": 1, "name": name}
        url = url_for(
            "meetings.person_document" if code else "meetings.plan_document",
            **values,
            **({"code": code} if code else {}),
        )
    answer = client.get(url)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith(kind)
    assert answer.headers["Content-Disposition"] == f"attachment; filename={filename}"
    assert answer.data.startswith(start)
