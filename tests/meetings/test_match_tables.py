"""The match score over whole editions: both sides alike, ties by lot, few queries, a preview of other weights."""

from __future__ import annotations

import re

import numpy as np
import pytest
from sqlalchemy import select

from openmap.extensions import db
from openmap.meetings.matching import preview, ranked, scores
from openmap.meetings.models import MatchSetting, Participation
from openmap.meetings.weighing import HOUSE, PARTS, points_of
from openmap.people.models import Person
from tests.house.counting import statements
from tests.meetings.matched import NOW, Place, only, order

pytestmark = pytest.mark.usefixtures("app")


def _some(buyers: int, structures: int, slug: str = "essai") -> Place:
    place = Place(slug)
    words, areas = ("tonte", "taille", "lavage"), ("A", "B", "R")
    for number in range(buyers):
        title = f"{words[number % 3]} {words[number // 3 % 3]} numéro {number}"
        buyer = place.buyer(f"B{number:02}{slug}", title, activities=[words[number % 3]], areas=[areas[number % 3]])
        if number % 2:
            place.need(buyer, "lavage de linge", activities=["lavage"], amount="10k_40k")
    for number in range(structures):
        place.structure(
            f"S{number:02}{slug}", activities=[words[number % 3]], areas=[areas[number // 3 % 3]],
            workforce=number, offers=f"{words[number // 2 % 3]} pelouse {words[number % 3]}",
        )  # fmt: skip
    return place


def test_both_sides_and_the_whole_table_tell_the_same_score() -> None:
    place = _some(5, 7)
    table = scores(db.session, place.edition)
    assert len(table) == 35 == len(list(table))
    people = db.session.scalars(select(Participation)).all()
    for one in people:
        matches = ranked(db.session, one)
        assert len(matches) == (7 if one.side == "buyer" else 5)
        assert [match.score for match in matches] == sorted((match.score for match in matches), reverse=True)
        assert matches[:3] == ranked(db.session, one, limit=3)
        for match in matches:
            pair = (one.id, match.other.id) if one.side == "buyer" else (match.other.id, one.id)
            assert table[pair] == match.score
            assert match.score == sum(part.points for part in match.parts)
            assert sum(part.out_of for part in match.parts) == 100
            assert all(0 <= part.points <= part.out_of for part in match.parts)
            assert all(re.search(r"[a-zé]{4}", part.reason) for part in match.parts)


def test_what_nothing_tells_apart_is_drawn_by_lot_and_favours_no_code() -> None:
    place = Place()
    firsts = set()
    for number in range(12):
        place.buyer(f"B{number:02}")
    for number in range(4):
        place.structure(f"S{number}")
    for one in db.session.scalars(select(Participation).where(Participation.side == "buyer")).all():
        matches = ranked(db.session, one)
        assert len({match.score for match in matches}) == 1
        assert order(matches) == order(ranked(db.session, one))
        firsts.add(matches[0].other.code)
    assert len(firsts) > 1


def test_number_of_queries_does_not_depend_on_how_many_there_are() -> None:
    small, large = _some(3, 3, "petite"), _some(9, 30, "grande")
    counts: dict[str, list[int]] = {}
    for place in (small, large):
        one = {
            side: db.session.scalars(
                select(Participation).where(Participation.edition_id == place.edition.id, Participation.side == side)
            ).first()
            for side in ("buyer", "structure")
        }
        edition = place.edition
        tried = {**HOUSE, "text": 0}
        for name, call in (
            ("scores", lambda edition=edition: scores(db.session, edition)),
            ("buyer", lambda who=one["buyer"]: ranked(db.session, who)),
            ("structure", lambda who=one["structure"]: ranked(db.session, who)),
            ("preview", lambda edition=edition, tried=tried: preview(db.session, edition, tried)),
        ):
            with statements() as sent:
                call()
            counts.setdefault(name, []).append(len(sent))
    assert all(few == many <= 25 for few, many in counts.values()), counts


def test_edition_without_a_side_has_no_matches() -> None:
    place = Place()
    assert len(scores(db.session, place.edition)) == 0
    assert preview(db.session, place.edition, only("text")).buyers == 0
    buyer = place.buyer("B1", "Tondre", activities=["tonte"])
    assert ranked(db.session, buyer) == []
    assert preview(db.session, place.edition, only("text")).changed == 0
    structure = Place("autre").structure("S1")
    assert ranked(db.session, structure) == []


# Weights


def test_points_of_the_parts_always_make_a_hundred() -> None:
    for seed in range(200):
        chance = np.random.default_rng(seed)
        weights = dict(zip(PARTS, (int(one) for one in chance.integers(0, 101, len(PARTS))), strict=True))
        if sum(weights.values()):
            points = points_of(weights)
            assert sum(points.values()) == 100
            assert all((points[part] == 0) for part in PARTS if weights[part] == 0)


def test_preview_shows_what_saving_would_do() -> None:
    place = _some(6, 12)
    tried = {"sector": 0, "territory": 80, "text": 0, "capacity": 20, "novelty": 0, "met": 0}
    buyers = db.session.scalars(select(Participation).where(Participation.side == "buyer")).all()
    before = {one.id: order(ranked(db.session, one, limit=5)) for one in buyers}
    shown = preview(db.session, place.edition, tried)
    assert db.session.get(MatchSetting, place.edition.id) is None
    db.session.add(MatchSetting(edition_id=place.edition.id, weights=tried, changed_at=NOW))
    db.session.commit()
    after = {one.id: order(ranked(db.session, one, limit=5)) for one in buyers}
    assert shown.changed == sum(before[one.id] != after[one.id] for one in buyers) > 0
    assert shown.buyers == 6
    for shift in shown.shifts:
        assert order(shift.before) == before[shift.buyer.id]
        assert order(shift.after) == after[shift.buyer.id]
    assert preview(db.session, place.edition, tried).changed == 0
    assert db.session.query(Person).count() == 0
