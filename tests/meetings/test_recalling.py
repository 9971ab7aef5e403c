"""What matches are judged on is kept between pages, and read again as soon as anything may have changed it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import delete, update

from openmap.directory.models import Structure
from openmap.events.models import Edition
from openmap.extensions import db
from openmap.meetings import recalling
from openmap.meetings.matching import ranked
from openmap.meetings.models import Participation
from openmap.meetings.recalling import engine_of
from openmap.meetings.suggesting import suggestions
from openmap.people import journal
from openmap.people.models import JournalEntry
from openmap.reference.models import Activity
from tests.meetings.matched import NOW, Place


@pytest.fixture
def place(app: Flask) -> Place:
    """Return two buyers with a need each, and three structures of two trades."""
    del app
    place = Place()
    place.buyer("B1", "Tonte des pelouses", activities=["tonte"])
    place.buyer("B2", "Lavage du linge", activities=["lavage"])
    for code, activity, offers in (("S1", "tonte", "Tonte"), ("S2", "lavage", "Blanchisserie"), ("S3", "taille", "")):
        place.structure(code, activities=[activity], offers=offers)
    return place


def of(place: Place, code: str) -> Participation:
    """Return a participant of the edition by its code."""
    asked = db.select(Participation).filter_by(edition_id=place.edition.id, code=code)
    return db.session.scalars(asked).one()


def noted(action: str, edition: Edition, *, about: Edition | None = None) -> None:
    """Write to the journal that something was done in an edition."""
    journal.record(
        db.session, action, about or edition, by=None, now=NOW, edition_id=(about or edition).id, changes={}
    )  # fmt: skip
    db.session.commit()


def test_pages_show_what_a_ranking_made_anew_says(place: Place) -> None:
    for code in ("B1", "B2", "S1", "S2", "S3", "B1"):
        one = of(place, code)
        told = suggestions(db.session, one)
        shown = told.of([*told.place])
        assert [(number, shown[number].score, shown[number].reasons) for number in told.place] == [
            (match.other.id, match.score, tuple(part.reason for part in match.parts if part.points and part.reason))
            for match in ranked(db.session, one)
        ]


@pytest.mark.parametrize(
    ("action", "kept"),
    [
        ("wishes.answered", True),
        ("participation.limited", True),
        ("plan.corrected", True),
        ("need.changed", False),
        ("participation.added", False),
        ("anything.else", False),
    ],
)
def test_the_journal_says_whether_it_still_stands(place: Place, action: str, *, kept: bool) -> None:
    one = of(place, "B1")
    noted("edition.created", place.edition)
    before = engine_of(db.session, place.edition, one)
    assert engine_of(db.session, place.edition, one) is before
    noted(action, place.edition)
    assert (engine_of(db.session, place.edition, one) is before) is kept
    noted("wishes.gathered", place.edition)
    again = engine_of(db.session, place.edition, one)
    assert (again is before) is kept


def test_the_plan_of_another_edition_is_one_where_people_may_have_met(place: Place) -> None:
    former = Edition(slug="avant", title="Avant", held_on=date(2016, 11, 16))
    db.session.add(former)
    db.session.commit()
    before = engine_of(db.session, place.edition, of(place, "B1"))
    noted("plan.corrected", place.edition, about=former)
    assert engine_of(db.session, place.edition, of(place, "B1")) is not before


def _need(place: Place) -> None:
    place.need(of(place, "B1"), "Lavage du linge", activities=["lavage"])


def _file(place: Place) -> None:
    place.structure("S4", activities=["tonte"], offers="Tonte des pelouses")


def _word(_place: Place) -> None:
    db.session.execute(update(Activity).where(Activity.code == "tonte").values(version=Activity.version + 1))
    db.session.commit()


def _date(place: Place) -> None:
    place.edition.held_on = date(2018, 3, 1)
    db.session.commit()


def _name(place: Place) -> None:
    one = of(place, "S3").organisation
    assert isinstance(one, Structure)
    one.activity = "Tonte"
    journal.record(db.session, "structure.changed", one, by=None, now=NOW)
    db.session.commit()


def _journal_of_another_day(_place: Place) -> None:
    db.session.execute(delete(JournalEntry))
    db.session.commit()


@pytest.mark.parametrize("change", [_need, _file, _word, _date, _name, _journal_of_another_day])
def test_whatever_weighs_in_a_match_is_read_again(place: Place, change: Callable[[Place], None]) -> None:
    noted("edition.created", place.edition)
    before = engine_of(db.session, place.edition, of(place, "B1"))
    change(place)
    after = engine_of(db.session, place.edition, of(place, "B1"))
    assert after is not before
    assert list(suggestions(db.session, of(place, "B1")).place) == [
        match.other.id for match in ranked(db.session, of(place, "B1"))
    ]


def test_it_is_read_again_in_time_and_never_kept_of_a_large_edition(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = of(place, "B1")
    before = engine_of(db.session, place.edition, one)
    monkeypatch.setattr(recalling.time, "monotonic", lambda: float("inf"))
    later = engine_of(db.session, place.edition, one)
    assert later is not before
    monkeypatch.undo()
    monkeypatch.setattr(recalling, "LARGEST", 4)
    own = engine_of(db.session, place.edition, one)
    assert [need.title for need in own.facts.needs] == ["Tonte des pelouses"]
    assert engine_of(db.session, place.edition, one) is not own
