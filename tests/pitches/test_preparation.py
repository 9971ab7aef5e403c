"""The organiser's steps say where the call and the jury are, and only ask for a jury where pitches are planned."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from openmap.applications.models import Question
from openmap.events.models import Edition, Phase, ProgrammeItem
from openmap.events.sections import steps_for
from openmap.extensions import db
from openmap.people.labels import OBJECT_LABELS
from openmap.people.models import ORGANISER
from openmap.pitches import releasing, selecting
from openmap.pitches.jury import begin_with_ours
from tests.deciding import make_room
from tests.factories import make_edition
from tests.signing import client_of, make_person, now

PREP = "/editions/essai/preparation"


@pytest.fixture
def edition(app: Flask) -> Edition:
    del app
    return make_edition()


@pytest.fixture
def organiser(app: Flask, edition: Edition) -> FlaskClient:
    return client_of(app, make_person("organisation@essai.example", ORGANISER, edition_id=edition.id))


def steps(client: FlaskClient) -> dict[str, tuple[str, str]]:
    """Return each step's state and how far it is, by its title, as the page tells them."""
    text = client.get(PREP).text.replace("\u00a0", " ")
    listed = text[text.index('<ol class="entries steps') :].partition("</ol>")[0]
    found = {}
    for part in listed.split("<li ")[1:]:
        words = [" ".join(one.split()) for one in re.sub(r"<[^>]+>", "\n", part.partition(">")[2]).split("\n")]
        state, title, _help, *told = [one for one in words if one]
        found[title] = (state, " ".join(told))
    return found


CALL = "Ouvrir l’appel à candidatures"
ASK = "Adapter les questions de la candidature"
JURY = "Réunir le jury et ses critères"
CHOOSE = "Choisir les structures qui présentent leur offre"


def test_an_edition_without_pitches_needs_no_jury(edition: Edition, organiser: FlaskClient) -> None:
    found = steps(organiser)
    assert list(found).index(CALL) < list(found).index("Composer le programme") < list(found).index(JURY)
    assert found[CALL] == ("à faire", "")
    assert found[ASK] == found[JURY] == found[CHOOSE] == ("facultatif", "")
    assert "sur 13 étapes faites" in organiser.get(PREP).text.replace("\u00a0", " ")
    edition.programme.append(
        ProgrammeItem(kind="pitches", title="Pitchs", start=edition.slots[0].start, end=edition.slots[1].start)
    )
    db.session.commit()
    assert steps(organiser)[JURY] == steps(organiser)[CHOOSE] == ("à faire", "")
    assert "sur 15 étapes faites" in organiser.get(PREP).text.replace("\u00a0", " ")


def test_the_call_says_until_when_and_how_many_files(edition: Edition, organiser: FlaskClient) -> None:
    day = timedelta(days=1)
    edition.phases = [Phase(kind="call", opens_at=now() + day)]
    db.session.commit()
    assert steps(organiser)[CALL][0] == "fait"
    assert steps(organiser)[CALL][1].startswith("Ouvre le ")
    edition.phases = []
    db.session.commit()
    make_room(edition)
    db.session.add(Question(edition_id=edition.id, label="Combien de salariés ?", kind="text", position=1))
    for phase in edition.phases:
        db.session.delete(phase)
    db.session.flush()
    db.session.expire(edition, ["phases"])
    edition.phases.append(Phase(kind="call", opens_at=now() - 9 * day, closes_at=now() - day))
    db.session.commit()
    found = steps(organiser)
    assert found[CALL][1].startswith("Clos depuis le ")
    assert found[CALL][1].endswith("4 candidatures déposées, 0 brouillon.")
    assert found[ASK] == ("fait", "1 question")


def test_the_jury_says_how_far_it_is(edition: Edition, organiser: FlaskClient) -> None:
    by = make_person("autre@essai.example", ORGANISER, edition_id=edition.id)
    files, jurors = make_room(edition)
    found = steps(organiser)
    assert found[JURY][1].startswith(f"{len(jurors)} jurés, ")
    assert found[CHOOSE][0] != "fait"
    for application, decision in zip(files, ("picked", "picked", "declined", "declined"), strict=True):
        selecting.decide(db.session, edition, application, decision, by=by, now=now())
    db.session.commit()
    assert steps(organiser)[CHOOSE][1].endswith("2 structures retenues.")
    releasing.release(db.session, edition, held=True, by=by, now=now())
    db.session.commit()
    assert steps(organiser)[CHOOSE] == ("fait", "Décisions envoyées, 2 structures retenues.")


def test_criteria_without_jurors_are_no_jury(edition: Edition, organiser: FlaskClient) -> None:
    by = make_person("autre@essai.example", ORGANISER, edition_id=edition.id)
    begin_with_ours(db.session, edition, by=by, now=now())
    db.session.commit()
    assert steps(organiser)[JURY] == ("facultatif", "0 juré, 5 critères.")


def test_every_step_leads_to_a_page_that_opens(organiser: FlaskClient, edition: Edition) -> None:
    for step in steps_for(edition):
        with organiser.application.test_request_context():
            address = step.task.address(edition)
        assert organiser.get(address.partition("#")[0]).status_code == 200, address


def test_the_journal_names_what_the_jury_did_in_french(edition: Edition, organiser: FlaskClient) -> None:
    make_room(edition)
    page = organiser.get("/editions/essai/journal").text.replace("\u00a0", " ")
    told = set(re.findall(r">([^<>]+) n°\s?\d+</a>", page))
    assert told
    assert told <= {str(label) for label in OBJECT_LABELS.values()}
