"""Dates, slots and phases of an edition: copied, moved, opened and closed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from openmap.events.models import Edition, LateCode, Phase, Slot
from openmap.events.phases import is_open, make_late_code, use_late_code
from openmap.events.slots import RefusedSlots, Rhythm, intervals
from openmap.extensions import db
from openmap.mail.purposes import purpose_named
from openmap.mail.reminders import switched_off
from openmap.mail.services import reword, words_for
from openmap.people.models import ADMINISTRATOR
from tests.factories import make_edition, make_plan
from tests.signing import administrator_client, make_person, now, sent

PREP = "/editions/openmap-ess-restauration-2030/preparation"


@pytest.fixture
def organiser(app: Flask) -> FlaskClient:
    return administrator_client(app)


def the(slug: str) -> Edition:
    return db.session.scalars(
        select(Edition).where(Edition.slug == slug).execution_options(populate_existing=True)
    ).one()


def test_copy_moves_every_date_by_the_clock(organiser: FlaskClient) -> None:
    model = make_edition(held_on=date(2017, 11, 16))  # winter time
    model.phases = [Phase(kind="call", opens_at=datetime(2017, 9, 1, 7, tzinfo=UTC))]  # 9 h in summer time
    purpose = purpose_named("registration.confirmed")
    assert purpose is not None
    someone = make_person("o@essai.example", ADMINISTRATOR)
    model.categories[0].name = "Acheteur public"  # as every new edition has it
    model.categories[0].capacity = 40
    reword(db.session, purpose, model.id, subject="Nos mots", body="Bonjour", by=someone, now=now())
    db.session.commit()
    answer = sent(organiser, "/editions/essai/preparation/copie", {"title": "OpenMap 2018", "held_on": "2018-05-17"})
    assert answer.location == "/editions/openmap-2018/preparation"
    copy = the("openmap-2018")
    assert copy.published_at is None
    for before, after in ((model.slots, copy.slots), (model.programme, copy.programme)):
        assert len(before) == len(after) > 0
        for old, new in zip(before, after, strict=True):
            assert new.start.astimezone(copy.zone).date() == date(2018, 5, 17)
            assert new.start.astimezone(copy.zone).time() == old.start.astimezone(model.zone).time()
    days = date(2018, 5, 17) - date(2017, 11, 16)
    opened = copy.phases[0].opens_at.astimezone(copy.zone)
    assert (opened.date(), opened.hour) == (date(2017, 9, 1) + days, 9)
    assert [one.code for one in copy.tables] == [one.code for one in model.tables]
    assert copy.stands == []
    assert [(one.name, one.capacity) for one in copy.categories] == [("Acheteur public", 40), ("Structure", None)]
    assert words_for(db.session, purpose, copy.id) == ("Nos mots", "Bonjour")


def test_copy_wants_no_reminder_that_the_model_switched_off(organiser: FlaskClient) -> None:
    edition = make_edition()
    prep, reminders = "/editions/essai/preparation", f"/courrier/modeles/{edition.id}/rappels"
    assert sent(organiser, f"{reminders}/day_before", {"arreter": "1"}).status_code == 303
    assert sent(organiser, f"{reminders}/unanswered", {"arreter": "1"}).status_code == 303
    assert sent(organiser, f"{reminders}/unanswered").status_code == 303  # and on again
    assert switched_off(db.session, edition.id) == {"day_before"}
    sent(organiser, f"{prep}/copie", {"title": "Copie", "held_on": "2018-05-17"})
    copy = the("copie-2018")
    assert switched_off(db.session, copy.id) == {"day_before"}
    sent(organiser, f"/courrier/modeles/{copy.id}/rappels/day_before")  # each has its own switch
    assert switched_off(db.session, copy.id) == set()
    assert switched_off(db.session, edition.id) == {"day_before"}


def test_new_date_moves_the_day_with_it(organiser: FlaskClient) -> None:
    edition = make_edition()
    hours = [slot.start.astimezone(edition.zone).time() for slot in edition.slots]
    values = {"title": "Autre", "held_on": "2018-07-05", "area_id": "0"}
    sent(organiser, "/editions/essai/preparation/identite", values)
    moved = the("essai")
    assert {slot.start.astimezone(moved.zone).date() for slot in moved.slots} == {date(2018, 7, 5)}
    assert [slot.start.astimezone(moved.zone).time() for slot in moved.slots] == hours


def test_slots_with_meetings_are_not_thrown_away(organiser: FlaskClient) -> None:
    edition = make_edition()
    make_plan(edition)
    rhythm = {"rythme-start": "10:00", "rythme-end": "12:00", "rythme-duration": "15", "rythme-transfer": "0"}
    first = edition.slots[0].id
    for path in ("generation", f"{first}/suppression"):
        answer = sent(organiser, f"/editions/essai/preparation/creneaux/{path}", rhythm)
        assert answer.status_code == 409
        assert "Un planning place déjà des entretiens" in answer.text
    assert db.session.get(Slot, first) is not None


def test_breaks_cut_slots_and_begin_blocks() -> None:
    def at(hour: int, minute: int = 0) -> datetime:
        return datetime(2030, 1, 1, hour, minute, tzinfo=UTC)

    quarter, none = timedelta(minutes=15), timedelta(0)
    made = intervals(Rhythm(at(9), at(11), quarter, none, [(at(9, 40), at(10))]))
    assert [(start.strftime("%H:%M"), block) for start, _end, block in made] == [
        ("09:00", 1),
        ("09:15", 1),
        ("10:00", 2),
        ("10:15", 2),
        ("10:30", 2),
        ("10:45", 2),
    ]
    with pytest.raises(RefusedSlots):
        intervals(Rhythm(at(9), at(11), quarter, none, [(at(8), at(12))]))


def test_phase_opens_closes_and_opens_again(app: Flask) -> None:
    del app
    edition = make_edition()
    edition.phases = [Phase(kind="call", opens_at=now() - timedelta(days=2), closes_at=now() - timedelta(days=1))]
    assert not is_open(edition, "call", now=now())
    edition.phases[0].closes_at = now() + timedelta(days=1)
    assert is_open(edition, "call", now=now())
    assert not is_open(edition, "wishes", now=now())


def test_late_code_lets_one_person_in_and_no_other(app: Flask) -> None:
    del app
    edition, other = make_edition(), make_edition("ailleurs")
    by, first, second = (make_person(f"{name}@essai.example") for name in "abc")
    code = make_late_code(db.session, edition, "Ressourcerie", by=by, now=now()).code
    assert not use_late_code(db.session, other, code, by=first, now=now())
    assert not use_late_code(db.session, edition, "AAAAAAAA", by=first, now=now())
    assert use_late_code(db.session, edition, f" {code[:4].lower()}-{code[4:]} ", by=first, now=now())
    assert use_late_code(db.session, edition, code, by=first, now=now())  # back on another device
    assert not use_late_code(db.session, edition, code, by=second, now=now())
    assert db.session.scalars(select(LateCode.person_id)).one() == first.id
