"""What applications keep of people: told to them, gone when they go, and gone by itself in time, files included."""

from __future__ import annotations

import json
import os
import time
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from openmap.applications.models import Answer, Application, Attachment, Attendee, Question, Revision
from openmap.applications.privacy import KEPT
from openmap.applications.queries import Filters, listed
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.people import privacy
from openmap.people.models import ORGANISER, Person
from openmap.people.services import erase
from openmap.web.keeping import referred
from openmap.web.uploads import keep, sweep
from tests.applying import make_application
from tests.factories import make_edition
from tests.signing import client_of, make_person, now


@pytest.fixture
def edition(app: Flask) -> Edition:
    return make_edition("essai", held_on=(now() + timedelta(days=60)).date())


@pytest.fixture
def camille(edition: Edition) -> Person:
    return make_person("camille@exemple.fr", name="Camille Passage")


def attach(application: Application, content: bytes) -> str:
    kept = keep(BytesIO(b"%PDF-1.7 " + content), "plan.pdf")
    values = {"filename": kept.filename, "media_type": kept.media_type, "size": kept.size, "digest": kept.digest}
    application.attachments.append(Attachment(added_at=now(), **values))
    db.session.commit()
    return kept.digest


def swept(app: Flask) -> set[str]:
    """Sweep, as every night, files that lie there for days; return the digests that are left."""
    folder = Path(app.config["OPENMAP"].instance) / "files"
    for path in folder.rglob("*"):
        os.utime(path, (time.time() - 200_000,) * 2)
    sweep(referred(db.session))
    return {path.name for path in folder.rglob("*") if path.is_file()}


def test_people_take_their_applications_with_them(app: Flask, edition: Edition, camille: Person) -> None:
    application = make_application(edition, 1, state="draft", person=camille, typed={"siret": {"text": "12"}})
    asked = Question(edition_id=edition.id, kind="text", label="Depuis quand ?")
    application.answers.append(Answer(question=asked, value="1998"))
    application.attendees[0].email = "Camille@exemple.fr"
    make_application(edition, 2, person=make_person("autre@exemple.fr"))
    db.session.commit()
    attach(application, b"une version")
    data = json.loads(client_of(app, camille).get("/compte/donnees").data)
    [told] = data["applications"]
    assert told["name"] == "Structure d’essai n° 1"
    assert (told["pitch_title"], told["typed"]) == ("Le réemploi n° 1", {"siret": {"text": "12"}})
    assert (told["answers"], told["attachments"]) == ({"Depuis quand ?": "1998"}, ["plan.pdf"])
    [attendee] = data["application_attendees"]
    assert (attendee["structure"], attendee["name"]) == ("Structure d’essai n° 1", "Camille Essai 1")


def test_erasing_a_person_keeps_what_their_structure_submitted_without_them(
    app: Flask, edition: Edition, camille: Person
) -> None:
    organiser = make_person("organisation@essai.example", ORGANISER, edition_id=edition.id)
    application = make_application(edition, 1, person=camille)
    application.attendees[0].name, application.attendees[0].email = camille.name, "contact@structure.example"
    application.attendees.append(Attendee(name="Dominique Reste", email="dominique@exemple.fr", rank=1))
    application.revisions.append(Revision(person_id=camille.id, at=now(), changes={"offers": ["a", "b"]}))
    elsewhere = make_application(edition, 2, person=make_person("autre@exemple.fr"))
    elsewhere.attendees[0].email = "CAMILLE@exemple.fr"
    db.session.commit()
    digest = attach(elsewhere, b"ailleurs")
    before = listed(db.session, edition.id, organiser, Filters())
    erase(db.session, camille, by=camille, now=now())
    db.session.commit()
    assert application.person_id is None
    assert [(one.name, one.email) for one in application.attendees] == [
        ("", ""), ("Dominique Reste", "dominique@exemple.fr"),
    ]  # fmt: skip
    assert [(one.name, one.email) for one in elsewhere.attendees] == [("", "")]
    assert (application.revisions[0].person_id, application.revisions[0].changes) == (None, {"offers": ["a", "b"]})
    after = listed(db.session, edition.id, organiser, Filters())
    assert (len(after.lines), after.options) == (len(before.lines), before.options)
    assert (application.state, application.workforce, len(application.attendees)) == ("submitted", 21, 2)
    assert digest in swept(app)


def test_a_draft_that_is_nobody_elses_goes_with_its_person_files_included(
    app: Flask, edition: Edition, camille: Person
) -> None:
    draft = make_application(edition, 1, state="draft", person=camille, created_at=now())
    shared = make_application(edition, 2, state="submitted", person=camille, created_at=now())
    shared.state, shared.submitted_at = "draft", None  # of a structure for which others may go on
    db.session.commit()
    gone, kept = attach(draft, b"a"), attach(shared, b"b")
    number = draft.id
    erase(db.session, camille, by=camille, now=now())
    db.session.commit()
    assert db.session.get(Application, number) is None
    assert shared.person_id is None
    assert swept(app) == {kept}
    assert gone != kept


def test_a_nameless_person_takes_nobody_elses_row_away(edition: Edition) -> None:
    person = make_person("sans-nom@exemple.fr")
    application = make_application(edition, 1, person=person)
    application.attendees[0].name = ""
    person.name = ""
    db.session.commit()
    erase(db.session, person, by=person, now=now())
    db.session.commit()
    assert application.attendees[0].email == "camille1@essai.example"


@pytest.mark.parametrize("days", [-1, 1], ids=["a day before its time", "a day after"])
def test_the_night_deletes_drafts_and_their_files_a_year_after_the_edition(
    app: Flask, camille: Person, days: int
) -> None:
    held_on: date = (now() - KEPT - timedelta(days=days)).date()
    old = make_edition("ancienne", held_on=held_on)
    draft = make_application(old, 1, state="draft", person=camille, created_at=now())
    part = make_application(old, 2, state="merged", merged_into=draft, person=camille, created_at=now())
    first = make_application(old, 3, state="merged", merged_into=part, person=camille, created_at=now())
    stays = make_application(old, 4, person=camille, created_at=now())
    gone_in = make_application(old, 5, state="merged", merged_into=stays, person=camille, created_at=now())
    db.session.commit()
    digests = [attach(one, str(one.id).encode()) for one in (draft, stays)]
    drafts = [draft.id, part.id, first.id]
    counts = privacy.purge(db.session, now=now())
    db.session.commit()
    left = set(db.session.scalars(select(Application.id)))
    if days < 0:
        assert counts == {}
        assert left > set(drafts)
        assert swept(app) == set(digests)
        return
    assert (counts["applications"], counts["application_attendees"]) == (3, 2)
    assert left == {stays.id, gone_in.id}
    assert stays.state == "submitted"
    assert [(one.name, one.email) for one in stays.attendees] == [("", "")]  # how many came is still known
    assert swept(app) == {digests[1]}
    assert privacy.purge(db.session, now=now()) == {}
