"""Applying: begin, save, submit, change, withdraw; the deadline to the instant, two devices, strangers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from stdnum.fr import siret as siret_number

from openmap.applications import services
from openmap.applications.completeness import asked, missing, share
from openmap.applications.models import Application, Question, Revision
from openmap.demo_parts.applying import demo_applying
from openmap.directory.models import Delegate, Structure
from openmap.events.models import Edition, Phase
from openmap.events.phases import make_late_code
from openmap.extensions import db
from openmap.mail.composing import as_email
from openmap.mail.models import Message
from openmap.people.models import Person
from openmap.reference.models import Activity, Trade
from tests.applying import make_application, siret
from tests.factories import make_edition
from tests.signing import make_person

CLOSES = datetime(2026, 10, 30, 17, tzinfo=UTC)
BEFORE = CLOSES - timedelta(hours=1)


@pytest.fixture
def edition(app: Flask) -> Edition:
    edition = make_edition("essai", held_on=datetime(2026, 11, 19, tzinfo=UTC).date())
    edition.phases = [Phase(kind="call", opens_at=CLOSES - timedelta(days=30), closes_at=CLOSES)]
    db.session.commit()
    return edition


@pytest.fixture
def person(edition: Edition) -> Person:
    return make_person("camille@essai.example")


def complete(edition: Edition, number: int = 1, **changes: Any) -> Application:
    """Add a draft that lacks nothing."""
    values = {"state": "draft", "radius_km": 30, "submitted_at": None, **changes}
    application = make_application(edition, number, **values)
    activity = db.session.scalars(select(Activity)).first()
    if activity is None:
        trade = Trade(code="essai", name="Essai")
        activity = Activity(code="essai.tonte", name="Tonte", trade=trade)
        db.session.add(activity)
    application.activities = [activity]
    application.attendees[0].email = f"camille{number}@exemple.fr"
    db.session.commit()
    return application


def test_a_draft_begins_with_the_public_facts_of_its_siret(edition: Edition, person: Person) -> None:
    db.session.add(Structure(name="Ressourcerie", siret=siret(7), kind="aci", activity="Réemploi"))
    secret = make_application(edition, 7, offers="Secret de la structure", workforce=99)
    made = services.start(db.session, edition, person=person, by=person, now=BEFORE, siret=siret(7))
    assert (made.name, made.kind, made.offers) == ("Ressourcerie", "aci", "Réemploi")
    assert made.workforce is None  # a stranger who types a SIRET gets nothing of another's file
    assert made.structure is None
    assert secret.structure is not None
    assert made.attendees[0].email == "camille@essai.example"


def test_who_acts_for_a_structure_begins_with_its_last_file(edition: Edition, person: Person) -> None:
    earlier = make_application(make_edition("avant"), 7, offers="Nos offres", workforce=12)
    structure = earlier.structure
    assert structure is not None
    db.session.add(Delegate(person_id=person.id, organisation_id=structure.id, invited_at=BEFORE))
    db.session.flush()
    made = services.start(db.session, edition, person=person, by=person, now=BEFORE, structure=structure)
    assert (made.siret, made.offers, made.workforce, made.pitch_summary) == (siret(7), "Nos offres", 12, "")
    assert made.structure is structure


def test_two_taps_begin_one_draft(edition: Edition, person: Person) -> None:
    first = services.start(db.session, edition, person=person, by=person, now=BEFORE)
    db.session.commit()
    assert services.start(db.session, edition, person=person, by=person, now=BEFORE) is first


@pytest.mark.parametrize(
    ("at", "in_time"),
    [(CLOSES - timedelta(microseconds=1), True), (CLOSES, False), (CLOSES + timedelta(seconds=1), False)],
    ids=["a microsecond before", "at the very instant", "after"],
)
def test_the_deadline_is_strict(edition: Edition, person: Person, at: datetime, in_time: bool) -> None:
    application = complete(edition, person=person)
    if in_time:
        services.submit(db.session, application, by=person, now=at)
        assert (application.state, application.is_late) == ("submitted", False)
    else:
        with pytest.raises(services.CallClosed):
            services.submit(db.session, application, by=person, now=at)
        db.session.rollback()
        assert application.state == "draft"


def test_a_late_code_lets_one_person_in_and_says_so(edition: Edition, person: Person) -> None:
    application = complete(edition, person=person)
    code = make_late_code(db.session, edition, "Essai", by=person, now=BEFORE).code
    after = CLOSES + timedelta(days=1)
    assert services.enter_late_code(db.session, edition, code.lower(), by=person, now=after)
    services.submit(db.session, application, by=person, now=after)
    assert application.is_late
    other = make_person("autre@essai.example")
    assert not services.enter_late_code(db.session, edition, code, by=other, now=after)
    with pytest.raises(services.CallClosed):
        services.submit(db.session, complete(edition, 2, person=other), by=other, now=after)


def test_submitting_twice_is_submitting_once_with_one_receipt_and_its_pdf(edition: Edition, person: Person) -> None:
    application = complete(edition, person=person)
    for _ in range(2):
        services.submit(db.session, application, by=person, now=BEFORE)
        db.session.commit()
    message = db.session.scalars(select(Message).where(Message.purpose == "application.received")).one()
    mail = as_email(message, sender="essai@essai.example")
    attached = [part for part in mail.iter_attachments() if part.get_content_type() == "application/pdf"]
    assert [part.get_filename() for part in attached] == [f"candidature-{application.id}.pdf"]
    assert attached[0].get_content().startswith(b"%PDF-")
    assert application.structure is not None
    assert application.structure.siret == application.siret


def test_an_incomplete_file_is_refused_with_what_it_lacks(edition: Edition, person: Person) -> None:
    application = complete(edition, person=person, workforce=None, pitch_summary="")
    with pytest.raises(services.Incomplete) as refusal:
        services.submit(db.session, application, by=person, now=BEFORE)
    assert [one.field for one in refusal.value.missing] == ["workforce", "pitch_summary"]
    assert 0.8 < share(application, []) < 1


def test_two_devices_do_not_overwrite_each_other(edition: Edition, person: Person) -> None:
    application = complete(edition, person=person)
    seen = application.version
    services.save(db.session, application, {"name": "Nom du téléphone"}, version=seen, by=person, now=BEFORE)
    db.session.commit()
    with pytest.raises(services.ChangedElsewhere):
        services.save(db.session, application, {"name": "Nom de l’ordinateur"}, version=seen, by=person, now=BEFORE)
    db.session.rollback()
    assert application.name == "Nom du téléphone"
    services.save(db.session, application, {"name": "Nom du téléphone"}, version=seen, by=person, now=BEFORE)
    assert application.version == seen + 1  # the same save sent twice does no harm


def test_a_change_after_submission_is_kept_as_a_revision_and_late_ones_say_so(edition: Edition, person: Person) -> None:
    application = complete(edition, person=person)
    services.submit(db.session, application, by=person, now=BEFORE)
    db.session.commit()
    version = application.version
    people = [{"name": "Dominique", "email": "d@exemple.fr", "phone": "", "position": ""}]
    values = {"workforce": 40, "attendees": people}
    services.save(db.session, application, values, version=version, by=person, now=BEFORE)
    db.session.commit()
    with pytest.raises(services.CallClosed):
        services.save(db.session, application, {"workforce": 50}, version=application.version, by=person, now=CLOSES)
    db.session.rollback()
    organiser = make_person("orga@essai.example", "organiser", edition_id=edition.id)
    services.allow_late(db.session, application, by=organiser, now=CLOSES)
    services.save(db.session, application, {"workforce": 50}, version=application.version, by=person, now=CLOSES)
    db.session.commit()
    revisions = db.session.scalars(select(Revision).order_by(Revision.id)).all()
    assert [(one.is_late, one.changes["workforce"]) for one in revisions] == [(False, [21, 40]), (True, [40, 50])]
    assert "Dominique" not in str(revisions[0].changes)  # people's names are no juror's business
    assert application.is_late is False  # the file itself came in time


def test_a_submitted_file_stays_complete_and_keeps_its_siret(edition: Edition, person: Person) -> None:
    application = complete(edition, person=person)
    services.submit(db.session, application, by=person, now=BEFORE)
    db.session.commit()
    version = application.version
    with pytest.raises(services.Incomplete):
        services.save(db.session, application, {"offers": ""}, version=version, by=person, now=BEFORE)
    db.session.rollback()
    services.save(db.session, application, {"siret": siret(9)}, version=version, by=person, now=BEFORE)
    assert (application.siret, application.version) == (siret(1), version)


def test_a_withdrawn_file_can_be_submitted_again_and_is_told_again(edition: Edition, person: Person) -> None:
    application = complete(edition, person=person)
    for minute in range(2):
        at = BEFORE + timedelta(minutes=minute)
        services.submit(db.session, application, by=person, now=at)
        services.withdraw(db.session, application, by=person, now=at)
        services.withdraw(db.session, application, by=person, now=at)
        db.session.commit()
    assert application.state == "withdrawn"
    purposes = sorted(db.session.scalars(select(Message.purpose)))
    assert purposes == ["application.received"] * 2 + ["application.withdrawn"] * 2


def test_a_name_that_another_structure_has_makes_a_page_of_its_own(edition: Edition, person: Person) -> None:
    db.session.add(Structure(name="Homonyme", kind="ess"))
    application = complete(edition, person=person, name="Homonyme")
    services.submit(db.session, application, by=person, now=BEFORE)
    assert application.structure is not None
    assert (application.structure.name, application.structure.siret) == ("Homonyme", application.siret)
    assert db.session.scalar(select(func.count()).select_from(Structure).where(Structure.name == "Homonyme")) == 2
    assert db.session.scalars(select(Delegate.person_id)).all() == [person.id]


def test_questions_are_asked_where_the_answers_lead(edition: Edition) -> None:
    first = Question(edition_id=edition.id, kind="boolean", label="Un véhicule ?", is_required=True, position=0)
    db.session.add(first)
    db.session.flush()
    then = Question(
        edition_id=edition.id, kind="text", label="Lequel ?", is_required=True, position=1,
        depends_on_id=first.id, depends_value="oui",
    )  # fmt: skip
    db.session.add(then)
    db.session.flush()
    after = Question(
        edition_id=edition.id, kind="text", label="Couleur ?", position=2, depends_on_id=then.id, depends_value="camion"
    )
    db.session.add(after)
    db.session.flush()
    every = [after, then, first]
    assert asked(every, {}) == [first]
    assert asked(every, {first.id: False}) == [first]
    assert asked(every, {first.id: True}) == [first, then]
    assert asked(every, {first.id: True, then.id: "camion"}) == [first, then, after]
    assert asked(every, {first.id: False, then.id: "camion"}) == [first]  # an answer left behind leads nowhere
    application = complete(edition)
    assert [one.field for one in missing(application, every)] == [f"question_{first.id}"]


def test_the_demonstration_has_every_state_once_and_lacks_nothing_where_submitted(edition: Edition) -> None:
    db.session.add(Trade(code="essai", name="Essai", activities=[Activity(code="essai.tonte", name="Tonte")]))
    db.session.flush()
    people = {"structure_delegate": make_person("structure-delegate@demonstration.example")}
    files = demo_applying(edition, people, BEFORE)
    db.session.commit()
    assert demo_applying(edition, people, BEFORE) == files
    states = [one.state for one in files]
    assert (len(files), states.count("draft"), states.count("withdrawn"), states.count("submitted")) == (12, 2, 1, 9)
    for one in files:
        assert one.name.endswith("(fictif)")
        assert (missing(one, []) == []) is (one.state != "draft"), one.name
        assert siret_number.is_valid(one.siret)
