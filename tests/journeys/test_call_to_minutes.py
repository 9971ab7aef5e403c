"""From the call to the minutes, by pages alone: three structures apply, three jurors read, two pitch, one steps in."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import select

from openmap.applications.models import Application
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.mail.models import Message
from openmap.people.journal import verify
from openmap.people.models import ORGANISER
from openmap.pitches.models import Conflict, Criterion, Reading
from openmap.reference.models import Activity, Area, AreaCommune, Commune, Trade
from tests.applying import siret
from tests.factories import make_edition
from tests.signing import client_of, make_person, now, sent

PREPARATION, JURY = "/editions/essai/preparation", "/editions/essai/jury"
MINUTE = "%Y-%m-%dT%H:%M"
NAMES = {1: "Réemploi du Nord", 2: "Ateliers du Sud", 3: "Vélos de l’Est"}
MARKS = {1: "5", 2: "4", 3: "2"}


@pytest.fixture
def edition(app: Flask) -> Edition:
    """Return an edition of one activity, in a region of one commune."""
    made = make_edition("essai", held_on=(now() + timedelta(days=60)).date())
    made.activities = [Activity(code="essai.tonte", name="Tonte", trade=Trade(code="essai", name="Essai"))]
    place = Commune(code="99001", name="Essai-sur-Seine", folded="essai sur seine", postal_codes=["99000"])
    region = Area(level="region", code="99", name="Région d’essai")
    db.session.add_all([place, region])
    db.session.flush()
    db.session.add(AreaCommune(area_id=region.id, commune_code=place.code))
    db.session.commit()
    return made


def done(client: FlaskClient, path: str, data: dict[str, Any] | None = None, **options: Any) -> str:
    """Send a form, and return where it leads."""
    answer = sent(client, path, data, **options)
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def applied(client: FlaskClient, edition: Edition, number: int) -> int:
    """Apply for a structure, step by step, and return the number of its file."""
    began = done(client, "/editions/essai/candidature", {"siret": siret(number)})
    path = began.rpartition("/")[0]
    steps: dict[str, dict[str, str]] = {
        "identite": {
            "name": NAMES[number], "siret": siret(number), "kind": "aci", "commune": "Essai-sur-Seine (99000)",
        },
        "activite": {
            "activities": str(edition.activities[0].id), "offers": "Mobilier", "workforce": "20",
            "supported_share": "60",
        },
        "territoires": {"areas": str(db.session.scalar(select(Area.id))), "radius_km": ""},
        "participants": {
            "attendee_0_name": "Camille Essai", "attendee_0_email": f"camille{number}@essai.example",
            "attendee_0_phone": "01 23 45 67 89",
        },
        "pitch": {
            "wants_pitch": "oui", "pitch_title": f"Pitch {number}", "pitch_summary": "Résumé", "pitch_novelty": "Neuf",
            "pitch_impact": "Effet",
        },
        "rendez-vous": {"wants_meetings": "oui"},
    }  # fmt: skip
    for step, fields in steps.items():
        page = client.get(f"{path}/{step}").text
        kept = {name: re.search(rf'name="{name}" value="([^"]*)"', page)[1] for name in ("version", "seen")}  # type: ignore[index]
        done(client, f"{path}/{step}", {**kept, "continuer": "1", **fields}, content_type="multipart/form-data")
    done(client, f"{path}/depot")
    return int(path.rpartition("/")[2])


def marked(client: FlaskClient, person_id: int, criteria: list[int], names: dict[int, str]) -> None:
    """Read and mark every file that a juror was given."""
    for file in db.session.scalars(select(Reading.application_id).where(Reading.person_id == person_id)).all():
        assert names[file] in client.get(f"{JURY}/lectures/{file}").text
        number = next(number for number, name in NAMES.items() if name == names[file])
        done(client, f"{JURY}/lectures/{file}", {f"note-{one}": MARKS[number] for one in criteria})


def test_from_the_call_to_the_minutes(app: Flask, edition: Edition) -> None:
    organiser = client_of(app, make_person("organisation@essai.example", ORGANISER, edition_id=edition.id))
    local = now().astimezone(edition.zone)
    dates = {"call-opens_at": local - timedelta(days=1), "call-closes_at": local + timedelta(days=9)}
    done(organiser, f"{PREPARATION}/etapes/call", {name: at.strftime(MINUTE) for name, at in dates.items()})
    for number in (1, 2, 3):
        someone = {"email": f"jure{number}@essai.example", "name": f"Juré {number}", "role": "juror"}
        done(organiser, "/editions/essai/equipe", someone)
    done(organiser, f"{PREPARATION}/jury/criteres/depart")
    done(organiser, f"{PREPARATION}/jury", {"readers": "2", "picks": "2", "comment_under": "1", "chair_id": "0"})

    people = {number: make_person(f"structure{number}@essai.example", name=f"Structure {number}") for number in NAMES}
    clients = {number: client_of(app, person) for number, person in people.items()}
    files = {number: applied(client, edition, number) for number, client in clients.items()}

    jurors = {number: make_person(f"jure{number}@essai.example") for number in (1, 2, 3)}
    desks = {number: client_of(app, person) for number, person in jurors.items()}
    for number, desk in desks.items():
        assert desk.get(f"{JURY}/lectures/{files[3]}").location == f"{JURY}/conflits", "declare first, then read"
        told = {"nom": [str(file) for file in files.values()]}
        conflict = {"conflit": str(files[3]), f"raison-{files[3]}": "J’y suis bénévole."} if number == 1 else {}
        done(desk, f"{JURY}/conflits", told | conflict)
    proposal = re.search(r'name="proposition" value="([^"]+)"', organiser.get(f"{PREPARATION}/jury/repartition").text)
    assert proposal is not None
    done(organiser, f"{PREPARATION}/jury/repartition", {"proposition": proposal[1]})
    assert db.session.scalars(select(Conflict.person_id)).all() == [jurors[1].id]
    pairs = {(one.application_id, one.person_id) for one in db.session.scalars(select(Reading))}
    assert len(pairs) == 6
    assert (files[3], jurors[1].id) not in pairs

    criteria = list(db.session.scalars(select(Criterion.id)))
    names = {file: NAMES[number] for number, file in files.items()}
    for number, desk in desks.items():
        marked(desk, jurors[number].id, criteria, names)

    room = f"{JURY}/deliberation"
    done(organiser, f"{room}/ouverture")
    ranking = organiser.get(room).text
    assert [ranking.index(NAMES[number]) for number in (1, 2, 3)] == sorted(ranking.index(n) for n in NAMES.values())
    assert NAMES[3] not in desks[1].get(room).text
    for number, decision in ((1, "picked"), (2, "picked"), (3, "reserve")):
        done(organiser, f"{room}/{files[number]}/decision", {"decision": decision})
    assert "Votre pitch est retenu" not in clients[1].get(f"/candidatures/{files[1]}").text, "pending until released"
    done(organiser, f"{room}/publication", {"courrier": "queued"})
    assert "Votre pitch est retenu" in clients[1].get(f"/candidatures/{files[1]}").text

    done(clients[2], f"/candidatures/{files[2]}/retrait")
    done(organiser, f"{room}/{files[2]}/remplacement")
    assert "Votre pitch est retenu" in clients[3].get(f"/candidatures/{files[3]}").text
    purposes = sorted(db.session.scalars(select(Message.purpose).where(Message.purpose.startswith("selection."))))
    assert purposes.count("selection.picked") == 2
    assert {"selection.reserve", "selection.promoted"} <= set(purposes)

    minutes = PdfReader(BytesIO(organiser.get(f"{room}/proces-verbal.pdf").data))
    text = " ".join(" ".join(page.extract_text().split()) for page in minutes.pages)
    for told_there in (*NAMES.values(), "Juré 1", "J’y suis bénévole."):
        assert told_there in text
    shown = PdfReader(BytesIO(desks[1].get(f"{room}/proces-verbal.pdf").data))
    assert db.session.get_one(Application, files[3]).pitch_title not in "".join(p.extract_text() for p in shown.pages)
    assert verify(db.session).broken_at is None
