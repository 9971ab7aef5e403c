"""The plan of the way to the venue: what is kept, how the public sees it, and what never runs in it."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from werkzeug.test import TestResponse

from openmap.events.access_plans import put_up, take_down
from openmap.events.models import AccessPlan, Edition
from openmap.extensions import db
from openmap.people.journal import entries_of_edition, verify
from openmap.people.models import ADMINISTRATOR
from openmap.web.keeping import referred
from tests.factories import make_edition
from tests.pictures import jpeg, shown_png
from tests.signing import administrator_client, make_person, now, sent

PUBLIC = "/editions/essai"
FILE = f"{PUBLIC}/plan-d-acces"
EDIT = f"{PUBLIC}/preparation/plan-d-acces"
WORDS = "Depuis la gare, rue des Essais jusqu’au numéro 12."


@pytest.fixture
def organiser(app: Flask) -> FlaskClient:
    make_edition()
    return administrator_client(app)


def put(client: FlaskClient, content: bytes, name: str = "plan.png", words: str = WORDS) -> TestResponse:
    values = {"alternative": words, "file": (BytesIO(content), name)}
    return sent(client, EDIT, values, content_type="multipart/form-data")


def fetched(client: FlaskClient, path: str = FILE, **options: Any) -> TestResponse:
    """Return a file's answer, read whole."""
    answer = client.get(path, **options)
    answer.get_data()
    answer.close()
    return answer


def plans() -> list[AccessPlan]:
    return list(db.session.scalars(select(AccessPlan).execution_options(populate_existing=True)))


def test_a_picture_is_shown_with_the_venue_and_runs_nothing(organiser: FlaskClient, client: FlaskClient) -> None:
    assert "access-plan" not in client.get(PUBLIC).text
    assert client.get(FILE).status_code == 404
    assert put(organiser, shown_png()).status_code == 303
    page = client.get(PUBLIC)
    assert f'<img class="access-plan" src="{FILE}" alt="{WORDS}"' in page.text
    assert "img-src 'self'" in page.headers["Content-Security-Policy"]
    answer = fetched(client)
    assert answer.data == shown_png()
    assert answer.mimetype == "image/png"
    assert answer.headers["Content-Disposition"] == "inline"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert fetched(client, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_a_pdf_is_a_download_that_says_its_weight(organiser: FlaskClient, client: FlaskClient) -> None:
    assert put(organiser, b"%PDF-1.7 essai", "plan du quartier.html").status_code == 303
    page = client.get(PUBLIC).text.replace("\u00a0", " ")
    assert "Plan d’accès (PDF, 1 ko)" in page
    assert WORDS in page
    assert f'src="{FILE}"' not in page
    answer = fetched(client)
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert "plan du quartier.pdf" in answer.headers["Content-Disposition"]
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<!doctype html><script>alert(1)</script>",
        b"GIF89a\x01\x00\x01\x00",
        jpeg(60_000, 60_000),
        b"%PDF-1.7 << /S /JavaScript /JS (app.alert(1)) >>",
        b"",
    ],
    ids=["svg", "html", "gif", "huge", "pdf with a script", "empty"],
)
def test_anything_else_is_refused_and_the_plan_before_stays(organiser: FlaskClient, content: bytes) -> None:
    put(organiser, shown_png())
    (before,) = [one.digest for one in plans()]
    answer = put(organiser, content, words="Autres mots")
    assert answer.status_code == 422
    assert 'href="#file"' in answer.text
    assert 'value="Autres mots"' in answer.text
    assert [(one.digest, one.alternative) for one in plans()] == [(before, WORDS)]


def test_an_office_document_is_no_plan(organiser: FlaskClient) -> None:
    from tests.applications.test_uploads import office

    answer = put(organiser, office(), "plan.docx")
    assert answer.status_code == 422
    assert "n’est pas accepté ici" in answer.text
    assert 'href="#file"' in answer.text
    assert plans() == []


def test_a_plan_needs_words_and_a_first_one_a_file(organiser: FlaskClient) -> None:
    missing = sent(organiser, EDIT, {"alternative": WORDS})
    assert missing.status_code == 422
    assert "Choisissez une image PNG ou JPEG, ou un PDF." in missing.text
    assert WORDS in missing.text
    wordless = put(organiser, shown_png(), words=" ")
    assert wordless.status_code == 422
    assert "Décrivez le plan" in wordless.text
    assert plans() == []


def test_words_change_alone_and_a_file_takes_the_place_of_the_one_before(organiser: FlaskClient) -> None:
    put(organiser, shown_png())
    (first,) = [one.digest for one in plans()]
    assert sent(organiser, EDIT, {"alternative": "Autres mots."}).status_code == 303
    assert [(one.digest, one.alternative) for one in plans()] == [(first, "Autres mots.")]
    put(organiser, jpeg(40, 30), "plan.jpeg")
    (plan,) = plans()
    assert plan.media_type == "image/jpeg"
    assert plan.filename == "plan.jpg"
    assert first not in referred(db.session)  # swept once it is old
    assert plan.digest in referred(db.session)
    assert sent(organiser, f"{EDIT}/suppression").status_code == 303
    assert plans() == []
    assert sent(organiser, f"{EDIT}/suppression").status_code == 303  # twice is once
    told = [one.action for one in entries_of_edition(db.session, 1, limit=20) if one.action.startswith("access_plan")]
    assert sorted(told) == ["access_plan.kept"] * 3 + ["access_plan.removed"]
    assert verify(db.session).broken_at is None


def test_what_is_not_public_yet_keeps_its_plan_to_itself(app: Flask, organiser: FlaskClient) -> None:
    put(organiser, shown_png())
    sent(organiser, f"{PUBLIC}/preparation/publier", {"retirer": "1"})
    assert app.test_client().get(FILE).status_code == 404
    assert fetched(organiser).status_code == 200


def test_a_copy_is_at_the_same_place(organiser: FlaskClient) -> None:
    put(organiser, shown_png())
    sent(organiser, f"{PUBLIC}/preparation/copie", {"title": "Copie", "held_on": "2018-05-17"})
    copy = db.session.scalars(select(Edition).where(Edition.slug == "copie-2018")).one()
    assert copy.access_plan is not None
    by = make_person("o@essai.example", ADMINISTRATOR)
    take_down(db.session, db.session.scalars(select(Edition).where(Edition.slug == "essai")).one(), by=by, now=now())
    db.session.commit()
    assert fetched(organiser, "/editions/copie-2018/plan-d-acces").data == shown_png()


@pytest.mark.parametrize("wrong", [{"alternative": ""}, {"media_type": "image/svg+xml"}])
@pytest.mark.usefixtures("app")
def test_the_database_keeps_the_rules(wrong: dict[str, str]) -> None:
    edition = make_edition(held_on=date(2030, 1, 1))
    right = {"alternative": WORDS, "media_type": "image/png", "filename": "p.png", "size": 1, "digest": "0" * 64}
    db.session.add(AccessPlan(edition_id=edition.id, added_at=now(), **(right | wrong)))
    with pytest.raises(IntegrityError):
        db.session.commit()
    db.session.rollback()
    put_up(db.session, edition, None, "Rien à garder", by=make_person("o@essai.example"), now=now())
    assert plans() == []
