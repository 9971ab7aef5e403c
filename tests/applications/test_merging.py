"""Two files of one SIRET made one: nothing lost, nothing deleted, both people told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from openmap.applications.merging import KEPT, OTHER, RefusedMerge, differences, merge
from openmap.applications.models import Answer, Application, Attachment, Attendee, Question
from openmap.applications.queries import doubles_of
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.mail.models import Message
from openmap.people.models import ORGANISER, JournalEntry, Person
from openmap.pitches.models import Conflict, Selection
from openmap.pitches.permissions import is_in_conflict
from tests.applying import SUBMITTED, make_application, siret
from tests.factories import make_edition
from tests.signing import client_of, make_person, sent

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
def edition(app: Flask) -> Edition:
    return make_edition("essai")


@pytest.fixture
def organiser(edition: Edition) -> Person:
    return make_person("organisation@essai.example", ORGANISER, edition_id=edition.id)


@pytest.fixture
def pair(edition: Edition) -> tuple[Application, Application]:
    first, second = make_person("un@essai.example"), make_person("deux@essai.example")
    kept = make_application(edition, 1, person=first, website="", offers="Ancienne offre", changed_at=SUBMITTED)
    later = SUBMITTED + timedelta(days=1)
    other = make_application(
        edition, 2, siret=siret(1), structure=None, person=second, website="https://essai.example", offers="Nouvelle",
        changed_at=later, address="",
    )  # fmt: skip
    db.session.commit()
    return kept, other


def attach(application: Application, filename: str, digest: str, question: Question | None = None) -> None:
    values = {"media_type": "application/pdf", "size": 10, "digest": digest * 64, "added_at": NOW}
    application.attachments.append(Attachment(filename=filename, question=question, **values))


def test_doubles_are_found_in_their_edition_only(
    edition: Edition, organiser: Person, pair: tuple[Application, Application]
) -> None:
    make_application(make_edition("ailleurs"), 3, siret=siret(1), structure=None)
    make_application(edition, 4, siret=siret(1), state="withdrawn", structure=None)
    db.session.commit()
    assert doubles_of(db.session, pair[0], organiser) == [pair[1]]


def test_the_newest_that_says_something_is_the_default(pair: tuple[Application, Application]) -> None:
    defaults = {one.name: one.default for one in differences(db.session, *pair)}
    assert defaults["website"] == defaults["offers"] == OTHER
    assert defaults["address"] == KEPT
    assert "siret" not in defaults


def test_fields_are_chosen_people_and_files_united_and_nothing_is_deleted(
    edition: Edition, organiser: Person, pair: tuple[Application, Application]
) -> None:
    kept, other = pair
    question = Question(edition_id=edition.id, kind="boolean", label="Un local ?")
    paper = Question(edition_id=edition.id, kind="file", label="Vos statuts", position=1)
    db.session.add_all([question, paper])
    other.answers.append(Answer(question=question, value=False))
    other.attendees.append(Attendee(name="CAMILLE", email="camille1@ESSAI.example", rank=1))
    attach(kept, "Plan.pdf", "a")
    attach(kept, "Statuts.pdf", "b", paper)
    attach(other, "Plan.pdf", "a")
    attach(other, "Plan.pdf", "c")
    attach(other, "Autres statuts.pdf", "d", paper)
    db.session.commit()
    rows = db.session.scalar(select(func.count()).select_from(Attachment))
    merge(db.session, kept, other, {"offers": KEPT}, by=organiser, now=NOW)
    db.session.commit()
    db.session.expire_all()
    assert (kept.offers, kept.website, kept.address) == ("Ancienne offre", "https://essai.example", "1 rue des Essais")
    assert [one.value for one in kept.answers] == [False]
    assert [one.email for one in kept.attendees] == ["camille1@essai.example", "camille2@essai.example"]
    assert sorted((one.filename, one.digest[0]) for one in kept.attachments) == [
        ("Plan.pdf", "a"), ("Plan.pdf", "c"), ("Statuts.pdf", "b"),
    ]  # fmt: skip
    assert (other.state, other.merged_into_id, other.offers) == ("merged", kept.id, "Nouvelle")
    assert len(other.attachments) == 3
    assert db.session.scalar(select(func.count()).select_from(Attachment)) == (rows or 0) + 1
    assert set(kept.revisions[0].changes) >= {"website", "attendees"}
    assert "camille" not in str(kept.revisions[0].changes).lower()
    entry = db.session.scalars(select(JournalEntry).where(JournalEntry.action == "application.merged")).one()
    assert entry.changes == {"state": ["submitted", "merged"], "merged_into_id": [None, kept.id]}
    told = db.session.scalars(select(Message).where(Message.purpose == "application.merged")).all()
    assert {one.recipient for one in told} == {"un@essai.example", "deux@essai.example"}


def test_a_conflict_told_about_one_follows_it_into_the_other(
    organiser: Person, pair: tuple[Application, Application]
) -> None:
    kept, other = pair
    juror = make_person("jure@essai.example", "juror", edition_id=kept.edition_id)
    db.session.add(Conflict(application_id=other.id, person_id=juror.id, reason="Cousin", declared_at=NOW))
    db.session.commit()
    merge(db.session, kept, other, {}, by=organiser, now=NOW)
    db.session.commit()
    assert is_in_conflict(db.session, juror, kept)
    assert is_in_conflict(db.session, juror, other)


@pytest.mark.parametrize("wrong", ["siret", "withdrawn", "draft kept", "itself", "elsewhere", "picked"])
def test_what_cannot_be_one_is_refused(
    edition: Edition, organiser: Person, pair: tuple[Application, Application], wrong: str
) -> None:
    kept, other = pair
    match wrong:
        case "siret":
            other.siret = siret(9)
        case "withdrawn":
            other.state, other.withdrawn_at = "withdrawn", NOW
        case "draft kept":
            kept.state, kept.submitted_at = "draft", None
        case "itself":
            other = kept
        case "elsewhere":
            other = make_application(make_edition("ailleurs"), 3, siret=siret(1), structure=None)
        case "picked":
            values = {"edition_id": edition.id, "decision": "picked", "decided_at": NOW}
            db.session.add(Selection(application_id=other.id, **values))
    db.session.commit()
    with pytest.raises(RefusedMerge):
        merge(db.session, kept, other, {}, by=organiser, now=NOW)
    db.session.rollback()
    assert db.session.scalar(select(func.count()).where(Application.state == "merged")) == 0


def test_merging_twice_changes_nothing_more(
    app: Flask, organiser: Person, pair: tuple[Application, Application]
) -> None:
    kept, other = (one.id for one in pair)
    client = client_of(app, organiser)
    path = f"/editions/essai/candidatures/{kept}/reunion/{other}"
    assert "Réunir au dossier" in client.get(path).text
    assert sent(client, path, {"offers": "garde", "name": "n’importe"}).status_code == 303
    again = sent(client, path)
    assert again.status_code == 409
    assert "déjà réunie" in again.text
    assert db.session.scalar(select(func.count()).where(Message.purpose == "application.merged")) == 2


def test_the_second_applicant_is_told_what_became_of_their_file(
    app: Flask, organiser: Person, pair: tuple[Application, Application]
) -> None:
    kept, other = pair
    first, second = (client_of(app, one.person) for one in pair)
    kept.edition.contact_email = "rencontres@essai.example"
    merge(db.session, kept, other, {}, by=organiser, now=NOW)
    db.session.commit()
    assert second.get(f"/candidatures/{kept.id}").status_code == 403
    page = second.get(f"/candidatures/{other.id}").text
    assert "Votre structure candidate par un autre dossier." in page
    assert "vous n’avez rien à refaire" in page
    assert "mailto:rencontres@essai.example" in page
    assert f'href="/candidatures/{kept.id}"' not in page
    assert "un@essai.example" not in page
    assert f"/candidatures/{other.id}" in second.get("/candidatures").text
    assert "Mes candidatures (1)" in second.get("/compte").text
    told = {one.recipient: one.body for one in db.session.scalars(select(Message))}
    assert f"/candidatures/{kept.id}\n" in told["un@essai.example"]
    assert f"/candidatures/{other.id}\n" in told["deux@essai.example"]
    assert f"/candidatures/{other.id}" not in first.get("/candidatures").text


def test_who_has_both_files_is_led_from_one_to_the_other(
    app: Flask, organiser: Person, pair: tuple[Application, Application]
) -> None:
    kept, other = pair
    other.person = kept.person
    merge(db.session, kept, other, {}, by=organiser, now=NOW)
    db.session.commit()
    client = client_of(app, kept.person)
    assert f'href="/candidatures/{kept.id}"' in client.get(f"/candidatures/{other.id}").text
    assert f"/candidatures/{other.id}" not in client.get("/candidatures").text
