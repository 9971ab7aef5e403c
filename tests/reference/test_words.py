"""Words through the pages: an administrator adds, changes and retires them; an old code stays readable."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from openmap.extensions import db
from openmap.people.journal import entries_about
from openmap.reference import queries
from openmap.reference.loading import TAXONOMY, load_taxonomy
from openmap.reference.models import Activity, Trade
from tests.house.counting import statements
from tests.signing import administrator_client, sent

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
TONTE = "espaces-verts.entretien"
EDIT = f"/referentiel/activites/{TONTE}/modifier"


@pytest.fixture
def editor(app: Flask) -> FlaskClient:
    """Return an administrator's client, the taxonomy loaded."""
    load_taxonomy(db.session, TAXONOMY, now=NOW)
    db.session.commit()
    return administrator_client(app)


def activity(code: str = TONTE) -> Activity:
    return db.session.scalars(
        select(Activity).where(Activity.code == code).execution_options(populate_existing=True)
    ).one()


def filled(**changes: str) -> dict[str, str]:
    one = activity()
    return {
        "version": str(one.version),
        "name": one.name,
        "definition": one.definition,
        "trade_id": str(one.trade_id),
        "synonyms": "\n".join(one.synonyms),
        "cpv": "\n".join(one.cpv),
        "lemarche": "\n".join(one.lemarche),
        "replaced_by": "",
        **changes,
    }


def test_change_is_kept_told_and_left_alone_by_the_next_load(editor: FlaskClient) -> None:
    answer = sent(editor, EDIT, filled(name="Entretien de parcs", cpv="77310000-6\n77310000\n 77340000 "))
    assert answer.status_code == 303
    changed = activity()
    assert (changed.name, changed.cpv, changed.version) == ("Entretien de parcs", ["77310000", "77340000"], 2)
    assert "name" in entries_about(db.session, changed)[0].changes
    report = load_taxonomy(db.session, TAXONOMY, now=NOW)
    assert report.kept == (TONTE,)
    assert activity().name == "Entretien de parcs"


def test_what_is_not_a_cpv_code_is_refused_and_shown_again(editor: FlaskClient) -> None:
    answer = sent(editor, EDIT, filled(cpv="77310000\n7731"))
    assert answer.status_code == 422
    assert "« 7731 » n’est pas un code CPV" in answer.text
    assert "7731</textarea>" in answer.text


def test_two_editors_do_not_overwrite_each_other(editor: FlaskClient) -> None:
    first, second = filled(name="Un"), filled(name="Deux")
    assert sent(editor, EDIT, first).status_code == 303
    answer = sent(editor, EDIT, second)
    assert answer.status_code == 409
    assert "entre-temps" in answer.text
    assert activity().name == "Un"


def test_retired_code_stays_readable_and_leads_on(editor: FlaskClient) -> None:
    answer = sent(editor, EDIT, filled(retired="y", replaced_by="espaces-verts.creation"))
    assert answer.status_code == 303
    page = editor.get(f"/referentiel/activites/{TONTE}").text
    assert "N’est plus utilisé" in page
    assert "Création d’espaces verts" in page
    found = queries.activity_by_code(db.session, TONTE)
    assert found is not None
    assert found.code == "espaces-verts.creation"
    assert TONTE not in dict(queries.choices(db.session, "activites"))


def test_word_is_not_replaced_by_itself_or_a_retired_one(editor: FlaskClient) -> None:
    sent(editor, "/referentiel/activites/espaces-verts.creation/modifier", {
        **filled(), "name": "x", "version": "1", "retired": "y",
    })  # fmt: skip
    answer = sent(editor, EDIT, filled(retired="y", replaced_by="espaces-verts.creation"))
    assert answer.status_code in {409, 422}
    assert activity().retired_at is None


def test_added_word_gets_a_code_once(editor: FlaskClient) -> None:
    trade = db.session.scalars(select(Trade).where(Trade.code == "espaces-verts")).one()
    new = {"name": "Éco-pâturage", "definition": "", "trade_id": str(trade.id), "synonyms": "moutons", "cpv": ""}
    answer = sent(editor, "/referentiel/activites/ajouter", new)
    assert answer.location == "/referentiel/activites/espaces-verts.eco-paturage"
    again = sent(editor, "/referentiel/activites/ajouter", new)
    assert again.status_code == 409
    assert "existe déjà" in again.text
    assert "moutons" in again.text


def test_script_in_a_word_is_shown_as_text(editor: FlaskClient) -> None:
    sent(editor, EDIT, filled(name="<script>alert(1)</script>", synonyms="<img src=x onerror=alert(1)>"))
    for path in ("/referentiel", f"/referentiel/activites/{TONTE}", EDIT):
        page = editor.get(path).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def test_the_number_of_queries_does_not_grow_with_the_words(editor: FlaskClient) -> None:
    with statements() as many:
        editor.get("/referentiel")
    db.session.query(Activity).filter(Activity.code != TONTE).delete()
    db.session.commit()
    with statements() as few:
        editor.get("/referentiel")
    assert len(many) == len(few)
