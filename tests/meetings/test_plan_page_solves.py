"""Asking for a calculation from the pages, following it, stopping it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from openmap.extensions import db
from openmap.jobs import queue_of
from openmap.meetings.models import Solve, Wish
from tests.factories import make_edition, make_plan, make_solve
from tests.signing import administrator_client, sent

SOLVES = "/editions/essai/planning/calculs"
FAR = datetime(2100, 1, 1, tzinfo=UTC)


def shown(client: FlaskClient, path: str) -> str:
    """Return a page's text with plain spaces."""
    response = client.get(path)
    assert response.status_code == 200
    return " ".join(response.text.replace("\u00a0", " ").replace("\u202f", " ").split())


def test_asking_queues_a_calculation_and_leads_to_its_page(app: Flask) -> None:
    make_edition("essai")
    response = sent(administrator_client(app), SOLVES, {"time_limit": "300", "seed": "7"})
    solve = db.session.query(Solve).one()
    assert (response.status_code, response.location) == (303, f"{SOLVES}/{solve.id}")
    assert (solve.state, solve.time_limit, solve.seed) == ("queued", 300.0, 7)
    assert queue_of(app).huey.pending_count() == 1


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"time_limit": "60", "seed": ""}, "Donnez une graine"),
        ({"time_limit": "60", "seed": "0"}, "de 1 à 2 147 483 647"),
        ({"time_limit": "60", "seed": "99999999999"}, "de 1 à 2 147 483 647"),
        ({"time_limit": "60", "seed": "un"}, 'href="#seed"'),
        ({"time_limit": "86400", "seed": "1"}, 'href="#time_limit"'),
    ],
)
def test_a_wrong_figure_is_refused_with_its_field(client: FlaskClient, data: dict[str, str], sentence: str) -> None:
    make_edition("essai")
    response = sent(client, SOLVES, data)
    assert response.status_code == 422
    assert sentence in response.text.replace("\u00a0", " ").replace("\u202f", " ")
    assert "aria-invalid" in response.text
    assert "Not a valid" not in response.text
    assert db.session.query(Solve).count() == 0


def test_a_second_calculation_waits_its_turn_and_can_be_cancelled(client: FlaskClient) -> None:
    make_solve(make_edition("essai"), "running", beat_at=FAR)
    response = sent(client, SOLVES, {"time_limit": "60", "seed": "1"})
    assert response.status_code == 303
    assert "1 calcul passe avant celui-ci" in shown(client, response.location)
    assert "2 calculs sont demandés" in shown(client, SOLVES)
    third = sent(client, SOLVES, {"time_limit": "60", "seed": "1"})
    assert "2 calculs passent avant celui-ci" in shown(client, third.location)
    sent(client, f"{response.location}/arret")
    assert "1 calcul passe avant celui-ci" in shown(client, third.location)
    assert "1 calcul passe avant celui-ci" in client.get(f"{third.location}/avancement?vu=queued").text.replace(
        "\u00a0", " "
    )


def test_a_request_that_waits_for_another_does_not_ask_for_a_worker(client: FlaskClient) -> None:
    running = make_solve(make_edition("autre"), "running", beat_at=FAR)
    waiting = make_solve(make_edition("essai"), "queued")
    assert "openmap worker" not in shown(client, f"{SOLVES}/{waiting.id}")
    running.state, running.ended_at = "finished", FAR
    db.session.commit()
    assert "openmap worker" in shown(client, f"{SOLVES}/{waiting.id}")


def test_an_edition_without_wishes_says_why_nothing_starts(client: FlaskClient) -> None:
    make_edition("essai")
    db.session.query(Wish).delete()
    db.session.commit()
    response = sent(client, SOLVES, {"time_limit": "60", "seed": "1"})
    assert response.status_code == 409
    assert "aucun souhait" in response.text


def test_a_request_that_nobody_takes_says_how_to_start_the_worker(client: FlaskClient) -> None:
    edition = make_edition("essai")
    fresh = make_solve(edition, "queued", requested_at=datetime.now(UTC))
    assert "openmap worker" not in shown(client, f"{SOLVES}/{fresh.id}")
    fresh.requested_at -= timedelta(seconds=11)
    db.session.commit()
    assert "openmap worker" in shown(client, f"{SOLVES}/{fresh.id}")


def test_progress_tells_each_level_and_the_best_so_far(client: FlaskClient) -> None:
    edition = make_edition("essai")
    plan = make_plan(edition, proved=False)
    now = datetime.now(UTC)
    levels = [
        {"name": "coverage", "value": 8, "bound": 8, "proved": True, "meetings": 9, "seconds": 0.1},
        {"name": "idle", "value": 6, "bound": 2, "proved": False, "meetings": 9, "seconds": 3.0},
    ]
    solve = make_solve(
        edition, "running", plan=plan, started_at=now - timedelta(seconds=20), beat_at=FAR, progress=levels
    )
    text = shown(client, f"{SOLVES}/{solve.id}")
    assert f"Meilleur planning : {len(plan.meetings)} entretiens" in text
    assert "20 s sur 1 min au plus" in text
    assert 'value="20.' in text
    assert "4 (67 %)" in text
    assert text.count("à venir") == 4
    assert text.count("en cours</span>") == 1
    assert 'hx-trigger="every 1s"' in text
    assert "Actualiser l’avancement" in text


def test_the_moving_part_asks_for_the_whole_page_once_the_state_changes(client: FlaskClient) -> None:
    solve = make_solve(make_edition("essai"), "running", beat_at=FAR)
    still = client.get(f"{SOLVES}/{solve.id}/avancement?vu=running")
    assert "HX-Refresh" not in still.headers
    assert "<html" not in still.text
    solve.state, solve.ended_at = "finished", FAR
    db.session.commit()
    assert client.get(f"{SOLVES}/{solve.id}/avancement?vu=running").headers["HX-Refresh"] == "true"


def test_a_finished_calculation_leads_to_its_plan_and_compares_it(client: FlaskClient) -> None:
    edition = make_edition("essai")
    first = make_plan(edition)
    second = make_plan(edition)
    second.meetings.pop()
    db.session.commit()
    solve = make_solve(edition, "finished", plan=second)
    text = shown(client, f"{SOLVES}/{solve.id}")
    assert "Voir le planning, version 2" in text
    assert "−1 par rapport à la version 1" in text
    assert first.version == 1
    assert "hx-get" not in text


@pytest.mark.parametrize("state", ["failed", "lost"])
def test_what_did_not_end_well_says_why_and_can_be_started_again(client: FlaskClient, state: str) -> None:
    edition = make_edition("essai")
    plan = make_plan(edition) if state == "lost" else None
    solve = make_solve(edition, state, plan=plan, seed=9, time_limit=12.5)
    text = shown(client, f"{SOLVES}/{solve.id}")
    assert solve.message in text
    assert ("Voir le planning gardé, version 1" in text) == (state == "lost")
    response = sent(client, SOLVES, {"time_limit": "60", "seed": "9"})
    assert response.status_code == 303
    assert 'name="time_limit" value="60"' in text
    assert 'name="seed" value="9"' in text


def test_a_calculation_whose_worker_died_is_found_lost_by_the_page(client: FlaskClient) -> None:
    solve = make_solve(make_edition("essai"), "running")
    assert "Calcul interrompu" in shown(client, f"{SOLVES}/{solve.id}")
    db.session.refresh(solve)
    assert solve.state == "lost"


def test_stopping_keeps_the_best_and_a_queued_request_is_cancelled(app: Flask) -> None:
    edition = make_edition("essai")
    solve = make_solve(edition, "running", plan=make_plan(edition), beat_at=FAR)
    assert sent(administrator_client(app), f"{SOLVES}/{solve.id}/arret").status_code == 303
    assert "Arrêt demandé" in shown(administrator_client(app), f"{SOLVES}/{solve.id}")
    db.session.refresh(solve)
    assert solve.stop_requested
    queued = make_solve(make_edition("attente"), "queued")
    sent(administrator_client(app), f"/editions/attente/planning/calculs/{queued.id}/arret")
    db.session.refresh(queued)
    assert queued.state == "finished"


def test_the_list_of_calculations_is_counted(client: FlaskClient) -> None:
    edition = make_edition("essai")
    assert "Aucun calcul pour l’instant" in shown(client, SOLVES)
    make_solve(edition, "finished", plan=make_plan(edition))
    make_solve(edition, "failed")
    text = shown(client, SOLVES)
    assert "2 calculs" in text
    assert "vendredi 10 novembre 2017, 13 h" in text
    assert "version 1" in text
