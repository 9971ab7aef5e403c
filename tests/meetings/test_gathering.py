"""Wishes are gathered from what both sides say, and a silent side is spoken for until it speaks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from openmap.extensions import db
from openmap.meetings import planning
from openmap.meetings.completing import complete, complete_closed
from openmap.meetings.gathering import Said, gather, require_both_must, value_of
from openmap.meetings.models import Choice, MatchSetting, Wish
from openmap.meetings.wishing import digest, save_lines
from tests.house.counting import statements
from tests.signing import now
from tests.wishing import Morning, line, make_morning, said_of, wishes_of

WORDS = st.builds(
    Said,
    st.sampled_from(["must", "want", "open", "veto"]),
    st.integers(1, 50),
    st.sampled_from(["person", "organiser", "completed"]),
)


@pytest.fixture
def morning(app: Flask) -> Morning:
    """Return an edition whose wishes are open, and where nothing has been said."""
    del app
    return make_morning()


@pytest.mark.parametrize(
    ("buyer", "structure", "value"),
    [
        (Said("must", 1, "person"), Said("must", 1, "person"), 29),
        (Said("must", 5, "person"), None, 8),
        (Said("must", 50, "person"), None, 8),
        (Said("want", 1, "person"), Said("open", 3, "organiser"), 13),
        (Said("want", 2, "person"), Said("open", 1, "completed"), 7),
        (Said("open", 1, "completed"), None, 1),
        (Said("open", 1, "completed"), Said("open", 2, "completed"), 2),
        (Said("must", 1, "person"), Said("veto", 1, "person"), 0),
        (None, None, 0),
    ],
)
def test_value_is_the_documented_formula(buyer: Said | None, structure: Said | None, value: int) -> None:
    assert value_of(buyer, structure) == value
    assert value_of(structure, buyer) == value


@given(WORDS, WORDS)
def test_whoever_says_more_is_never_worth_less(one: Said, other: Said) -> None:
    if "veto" in (one.level, other.level):
        assert value_of(one, other) == 0
        return
    assert value_of(one, other) > value_of(one, None) > 0
    assert value_of(one._replace(rank=one.rank + 1), other) <= value_of(one, other)


def test_saving_gathers_and_taking_back_withdraws_the_same_row(morning: Morning) -> None:
    own, (buyer, *_rest) = morning.structures[0], morning.buyers
    save_lines(db.session, own, {buyer.id: line("must")}, by=morning.selling, now=now())
    wish = wishes_of(morning.edition)[buyer.id, own.id]
    assert (wish.code, wish.value, wish.source, wish.required) == ("R001", 12, "choices", False)
    save_lines(db.session, buyer, {own.id: line("want")}, by=morning.buying, now=now())
    db.session.refresh(wish)
    assert wish.value == 12 + 7 + 5
    seen = digest("must", "")
    save_lines(db.session, own, {buyer.id: line("", seen=seen)}, by=morning.selling, now=now())
    db.session.refresh(wish)
    assert (wish.value, wish.withdrawn_at) == (7, None)
    save_lines(db.session, buyer, {own.id: line("veto", seen=digest("want", ""))}, by=morning.buying, now=now())
    assert wishes_of(morning.edition) == {}
    db.session.refresh(wish)
    assert wish.withdrawn_at is not None  # the row stays, for plans of before
    save_lines(db.session, buyer, {own.id: line("open", seen=digest("veto", ""))}, by=morning.buying, now=now())
    assert wishes_of(morning.edition)[buyer.id, own.id].id == wish.id


def test_a_wish_of_a_workbook_is_only_raised_and_gathering_twice_changes_nothing(morning: Morning) -> None:
    buyer, own = morning.buyers[0], morning.structures[0]
    imported = Wish(
        edition_id=morning.edition.id, code="R007", buyer_id=buyer.id, structure_id=own.id, value=9, required=True
    )
    db.session.add(imported)
    db.session.flush()
    save_lines(db.session, own, {buyer.id: line("want")}, by=morning.selling, now=now())
    db.session.refresh(imported)
    assert imported.value == 9
    save_lines(db.session, buyer, {own.id: line("want")}, by=morning.buying, now=now())
    again = gather(db.session, morning.edition, by=morning.organiser, now=now())
    assert (again.made, again.changed, again.withdrawn, again.standing) == (0, 0, 0, 1)
    db.session.refresh(imported)
    assert (imported.value, imported.required, imported.code) == (19, True, "R007")
    seen = digest("want", "")
    save_lines(db.session, own, {buyer.id: line("veto", seen=seen)}, by=morning.selling, now=now())
    db.session.refresh(imported)
    assert imported.withdrawn_at is None
    problem = planning.problem_of(db.session, morning.edition)  # the veto speaks through the pairs kept apart
    assert [(one.buyer, one.structure) for one in problem.exclusions] == [(buyer.code, own.code)]
    save_lines(db.session, own, {morning.buyers[1].id: line("open")}, by=morning.selling, now=now())
    assert wishes_of(morning.edition)[morning.buyers[1].id, own.id].code == "R008"


def test_a_meeting_is_required_only_where_the_organiser_says_so(morning: Morning) -> None:
    buyer, own = morning.buyers[0], morning.structures[0]
    save_lines(db.session, own, {buyer.id: line("must")}, by=morning.selling, now=now())
    save_lines(db.session, buyer, {own.id: line("must")}, by=morning.buying, now=now())
    assert not wishes_of(morning.edition)[buyer.id, own.id].required
    for on in (True, False):
        require_both_must(db.session, morning.edition, on=on, by=morning.organiser, now=now())
        wish = wishes_of(morning.edition)[buyer.id, own.id]
        db.session.refresh(wish)
        assert wish.required is on


def test_a_silent_side_is_completed_and_speaks_for_itself_after_all(morning: Morning) -> None:
    buyer, own = morning.buyers[0], morning.structures[0]
    for one in morning.structures:
        one.organisation.activity = "Collecte et réemploi de mobilier"
    for one in morning.buyers:
        one.organisation.activity = "Achat de mobilier de réemploi"
    db.session.add(MatchSetting(edition_id=morning.edition.id, completes=2, changed_at=now()))
    save_lines(db.session, buyer, {own.id: line("veto")}, by=morning.buying, now=now())
    told = complete(db.session, morning.edition, by=morning.organiser, now=now())
    assert told == len(morning.structures) + len(morning.buyers) - 1
    said = said_of(own)
    assert len(said) == 2
    assert {(level, source) for level, _rank, source in said.values()} == {("open", "completed")}
    assert buyer.id not in said  # whom the other side vetoed is left out
    assert {rank for _level, rank, _source in said.values()} == {1, 2}
    assert said_of(buyer) == {own.id: ("veto", 1, "person")}
    other = morning.buyers[1]
    save_lines(db.session, own, {other.id: line("want")}, by=morning.selling, now=now())
    assert said_of(own) == {other.id: ("want", 1, "person")}
    gone = set(wishes_of(morning.edition)) & {(number, own.id) for number in said if number != other.id}
    both = {pair for pair in gone if own.id in said_of(db.session.get_one(type(own), pair[0]))}
    assert gone == both  # only what the other side says of it is left


def test_completing_waits_for_the_end_of_the_phase_and_happens_once(morning: Morning) -> None:
    for one in (*morning.structures, *morning.buyers):
        one.organisation.activity = "Mobilier"
    assert complete_closed(db.session, now=now()) == 0
    end = morning.phase.closes_at
    assert end is not None
    assert complete_closed(db.session, now=end) == len(morning.buyers) + len(morning.structures)
    assert complete_closed(db.session, now=end + timedelta(hours=1)) == 0
    assert complete_closed(db.session, now=end + timedelta(days=30)) == 0


@pytest.mark.usefixtures("app")
def test_gathering_and_completing_send_as_many_statements_for_many_as_for_few() -> None:
    counts = []
    for slug, size in (("peu", 3), ("beaucoup", 9)):
        morning = make_morning(slug, buyers=size, structures=size)
        for one in morning.structures:
            for rank, other in enumerate(morning.buyers, 1):
                db.session.add(
                    Choice(participation_id=one.id, other_id=other.id, level="want", rank=rank, said_at=now())
                )
            one.answered_at = now()
        db.session.commit()
        with statements() as sent:
            gather(db.session, morning.edition, by=morning.organiser, now=now())
            complete(db.session, morning.edition, by=morning.organiser, now=now())
        counts.append(len(sent))
        db.session.commit()
        assert db.session.scalar(select(func.count()).where(Wish.edition_id == morning.edition.id)) == size * size
    assert counts[0] == counts[1]
