"""A list in which a choice is to be made has none made beforehand, and keeps the rest of what was typed."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import escape

import pytest
from flask import Flask
from sqlalchemy import select

from openmap.events.models import Category, Edition, Phase, Registration
from openmap.extensions import db
from openmap.people.models import Role
from openmap.reference.models import Trade
from tests.factories import make_edition
from tests.signing import administrator_client, sent

PREP = "/editions/essai/preparation"

CHOICES = [
    (
        "/editions/essai/inscription",
        "category_id",
        {"name": "Alex Essai", "email": "alex@essai.example", "organisation": "Commune d’Essai"},
        "Dites en tant que qui vous venez.",
    ),
    (
        "/editions/essai/inscrits",
        "category_id",
        {"name": "Alex Essai", "email": "alex@essai.example", "requirements": "Une rampe"},
        "Dites en tant que qui vous venez.",
    ),
    (
        "/editions/essai/equipe",
        "role",
        {"email": "alex@essai.example", "name": "Alex Essai"},
        "Choisissez un rôle.",
    ),
    (
        f"{PREP}/programme/liste",
        "kind",
        {"title": "Ouverture d’essai", "start": "09:00", "end": "09:30", "speakers": "Camille Exemple"},
        "Choisissez la nature de ce moment.",
    ),
    (
        "/editions/essai/preparation/questions",
        "kind",
        {"label": "Combien de salariés ?", "help": "En équivalents temps plein.", "condition": ""},
        "Choisissez la nature de la réponse.",
    ),
    (
        "/referentiel/labels/ajouter",
        "family",
        {"name": "Label d’essai", "definition": "Ce qu’il dit."},
        "Choisissez une famille.",
    ),
    (
        "/referentiel/activites/ajouter",
        "trade_id",
        {"name": "Activité d’essai", "synonyms": "gazon"},
        "Choisissez une filière.",
    ),
]


def offered(text: str, name: str) -> list[tuple[str, str, bool]]:
    """Return the value and the words of each option of a page's list, and whether it is the one chosen."""
    (listed,) = re.findall(rf'<select[^>]* name="{name}"[^>]*>(.*?)</select>', text, re.DOTALL)
    found = re.findall(r"<option([^>]*)>([^<]*)</option>", listed)
    return [(re.findall(r'value="([^"]*)"', tag)[0], words, "selected" in tag) for tag, words in found]


@pytest.fixture(autouse=True)
def edition(app: Flask) -> Edition:
    """Return an edition whose registrations are open, with two trades beside it."""
    del app
    edition = make_edition()
    edition.phases = [Phase(kind="registration", opens_at=datetime(2017, 9, 1, tzinfo=UTC))]
    db.session.add_all([Trade(code=code, name=code, definition="") for code in ("bois", "eau")])
    db.session.commit()
    return edition


@pytest.mark.parametrize(("path", "name", "typed", "told"), CHOICES, ids=[f"{one[0]} {one[1]}" for one in CHOICES])
def test_none_is_chosen_beforehand_and_the_rest_is_kept(
    app: Flask, path: str, name: str, typed: dict[str, str], told: str
) -> None:
    client = administrator_client(app)
    options = offered(client.get(path).text, name)
    assert options[0][:2] == ("", "Choisir…")
    assert len(options) > 2
    assert not any(chosen for _value, _words, chosen in options[1:])
    for missing in ({name: ""}, {}):
        answer = sent(client, path, typed | missing)
        assert answer.status_code == 422
        summary = answer.text[answer.text.index('id="erreurs"') :].partition("</ul>")[0]
        assert re.findall(r'<li><a href="#([^"]+)">([^<]+)</a></li>', summary) == [(name, told)]
        for value in typed.values():
            shown = escape(value, quote=False)
            assert f'value="{shown}"' in answer.text or re.search(rf">\s*{re.escape(shown)}</textarea>", answer.text)


def test_the_choice_made_stands_again_after_another_error(app: Flask, edition: Edition) -> None:
    second = str(edition.categories[1].id)
    answer = sent(app.test_client(), "/editions/essai/inscription", {"name": "", "category_id": second})
    assert [value for value, _words, chosen in offered(answer.text, "category_id") if chosen] == [second]
    assert db.session.scalars(select(Registration)).all() == []


def test_of_a_single_category_there_is_nothing_to_choose(app: Flask, edition: Edition) -> None:
    edition.categories = [Category(name="Toute personne")]
    db.session.commit()
    page = app.test_client().get("/editions/essai/inscription").text
    assert [words for _value, words, _chosen in offered(page, "category_id")] == ["Toute personne"]


@pytest.mark.parametrize("forged", ["administrator", "x", "1"])
def test_a_role_that_is_not_offered_is_refused(app: Flask, forged: str) -> None:
    client = administrator_client(app)
    before = len(db.session.scalars(select(Role)).all())
    answer = sent(client, "/editions/essai/equipe", {"email": "alex@essai.example", "role": forged})
    assert answer.status_code == 422
    assert len(db.session.scalars(select(Role)).all()) == before


@pytest.mark.parametrize(
    ("path", "typed", "told"),
    [
        ("/editions/nouvelle", {"title": " ", "held_on": "2030-01-01"}, "Saisissez un titre."),
        (f"{PREP}/identite", {"title": " \t ", "held_on": "2030-01-01", "area_id": "0"}, "Saisissez un titre."),
        (f"{PREP}/tables/liste", {"code": "\u00a0", "seats": "4"}, "Saisissez un code, par exemple T1."),
        (f"{PREP}/categories/liste", {"name": " "}, "Saisissez un nom."),
        (f"{PREP}/questions", {"label": " ", "kind": "text"}, "Écrivez la question."),
        ("/referentiel/labels/ajouter", {"name": " ", "family": "label"}, "Saisissez un nom."),
        ("/courrier/modeles/1/people.invited", {"subject": " ", "body": "Bonjour"}, "Donnez un objet au message."),
        ("/compte", {"name": " "}, "Saisissez votre prénom et votre nom."),
    ],
)
def test_of_spaces_nothing_is_left(app: Flask, path: str, typed: dict[str, str], told: str) -> None:
    answer = sent(administrator_client(app), path, typed)
    assert answer.status_code == 422
    assert told in answer.text.replace("\u00a0", " ")
