"""What everyone may read of an edition, and what nobody may."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient

from openmap.extensions import db
from openmap.meetings.models import Participation, Release
from tests.factories import make_edition, make_plan
from tests.house.counting import statements
from tests.signing import administrator_client


def text_of(client: FlaskClient, path: str, **environ: str) -> str:
    """Return a page's text with plain spaces."""
    response = client.get(path, environ_overrides=environ)
    assert response.status_code == 200
    return " ".join(response.text.replace("\u00a0", " ").split())


def test_an_empty_house_tells_the_administrator_what_to_type(app: Flask) -> None:
    assert "openmap import edition" in text_of(administrator_client(app), "/")


def test_an_empty_house_tells_visitors_to_come_back(client: FlaskClient) -> None:
    text = text_of(client, "/", REMOTE_ADDR="203.0.113.9")
    assert "openmap import" not in text
    assert "sera annoncée ici" in text


def test_editions_to_come_stand_before_those_held(client: FlaskClient) -> None:
    for slug, day in (("hier", date(2017, 11, 16)), ("loin", date(2102, 5, 4)), ("bientot", date(2101, 1, 1))):
        make_edition(slug, held_on=day)
    text = text_of(client, "/")
    places = [text.index(f"/editions/{slug}") for slug in ("bientot", "loin", "hier")]
    assert places == sorted(places)
    assert "2 éditions" in text
    assert "1 édition<" in text
    assert "samedi 1er janvier 2101, de 9 h à 12 h 45" in text


def test_an_edition_says_when_where_and_with_whom(client: FlaskClient) -> None:
    make_edition("essai", buyers=3, structures=5)
    text = text_of(client, "/editions/essai")
    assert "jeudi 16 novembre 2017, de 9 h à 12 h 45" in text
    assert "Ressourcerie du Spectacle<br>12 rue des Essais, 94400 Vitry-sur-Seine" in text
    assert "Table ronde" in text
    assert "Reprise du mobilier usagé, lot 1" in text
    assert "1er trimestre 2018" in text
    assert "3 acheteurs" in text
    assert "5 structures" in text
    assert "Fédération d’essai" in text


def test_structures_that_pitch_come_first_and_invented_ones_say_so(client: FlaskClient) -> None:
    make_edition("essai", structures=5)
    text = text_of(client, "/editions/essai")
    structures = text[text.index('id="structures"') :]
    pitching = [structures.index(name) for name in ("Atelier Bois Neuf", "Ressourcerie du Pont")]
    assert max(pitching) < min(structures.index(name) for name in ("Cyclo-Logis", "Les Jardins du Fort"))
    assert structures.count("présente son activité") == 2
    assert structures.count("donnée fictive") == 3


def test_the_public_learns_how_many_interviews_but_never_between_whom(client: FlaskClient) -> None:
    edition = make_edition("essai")
    assert "entretiens prévus" not in text_of(client, "/editions/essai")
    plan = make_plan(edition)
    release = Release(edition_id=edition.id, number=1, name="Essai", plan=plan, released_at=plan.created_at)
    db.session.add(release)
    db.session.commit()
    assert "entretiens prévus" not in text_of(client, "/editions/essai"), "released is not published"
    release.published_at = plan.created_at
    db.session.commit()
    text = text_of(client, "/editions/essai", REMOTE_ADDR="203.0.113.9")
    assert f'<dd class="figure__value"> {len(plan.meetings)} </dd>' in text
    assert "11 h 15" not in text
    assert "/planning" not in text


def test_hours_are_told_in_the_zone_of_the_edition(client: FlaskClient) -> None:
    make_edition("reunion", timezone="Indian/Reunion")
    assert "de 12 h à 15 h 45" in text_of(client, "/editions/reunion")


def test_what_people_typed_stays_text(client: FlaskClient) -> None:
    make_edition("essai", title="<script>alert(1)</script>", description="<b>gras</b>")
    text = text_of(client, "/editions/essai")
    assert "<script>alert" not in text
    assert "&lt;b&gt;gras" in text


@pytest.mark.parametrize("path", ["/", "/editions/taille"])
def test_the_number_of_rows_does_not_change_the_number_of_queries(app: Flask, path: str) -> None:
    counts = []
    for size in (3, 30):
        for rank in range(size // 3):
            make_edition(f"e{size}-{rank}", buyers=1, structures=1)
        edition = make_edition("taille", buyers=size, structures=size, slots=size)
        make_plan(edition)
        db.session.remove()
        with statements() as sent:
            assert app.test_client().get(path).status_code == 200
        counts.append(len(sent))
        db.session.query(Participation).delete()
        db.session.delete(db.session.merge(edition))
        db.session.commit()
    assert counts[0] == counts[1]
