"""What the jury decides: by whom, of which file, in which order; then all at once, or not at all."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from openmap.extensions import db
from openmap.mail.models import Message
from openmap.people.journal import verify
from openmap.pitches import passage, releasing, selecting
from openmap.pitches.models import Selection
from openmap.pitches.outcomes import outcome_of
from openmap.pitches.ranking import ranking_of
from tests.deciding import conflict
from tests.pitches.conftest import World
from tests.signing import now


def decisions(room: World) -> dict[str, tuple[str, int | None]]:
    """Return what is decided, by name."""
    found = db.session.scalars(select(Selection).execution_options(populate_existing=True))
    return {one.application.name: (one.decision, one.rank) for one in found}


def decide(room: World, *listed: str | None) -> None:
    """Let the chair decide the files in turn."""
    for application, decision in zip(room.files, listed, strict=False):
        selecting.decide(db.session, room.edition, application, decision, by=room.jurors[0], now=now())
    db.session.commit()


def release(room: World) -> int:
    """Let the organiser publish everything."""
    count = releasing.release(db.session, room.edition, held=True, by=room.organiser, now=now())
    db.session.commit()
    return count


def test_the_reserve_is_ordered_and_closes_its_gaps(room: World) -> None:
    decide(room, "reserve", "reserve", "reserve", "declined")
    selecting.move(db.session, room.edition, room.files[2], up=True, by=room.jurors[0], now=now())
    assert decisions(room)["Structure 3"] == ("reserve", 2)
    selecting.decide(db.session, room.edition, room.files[0], "picked", by=room.jurors[0], now=now())
    assert decisions(room) == {
        "Structure 1": ("picked", None),
        "Structure 2": ("reserve", 2),
        "Structure 3": ("reserve", 1),
        "Structure 4": ("declined", None),
    }
    assert not selecting.move(db.session, room.edition, room.files[2], up=True, by=room.jurors[0], now=now())


def test_only_who_leads_the_jury_decides_and_only_once_the_room_is_open(room: World) -> None:
    with pytest.raises(selecting.NotTheirs):
        selecting.decide(db.session, room.edition, room.files[0], "picked", by=room.jurors[1], now=now())
    room.jury.stage = "blind"
    db.session.commit()
    with pytest.raises(selecting.NotOpen):
        selecting.decide(db.session, room.edition, room.files[0], "picked", by=room.organiser, now=now())


def test_a_chair_in_conflict_decides_nothing_about_that_file_nor_about_all(room: World) -> None:
    conflict(room.files[1], room.jurors[0])
    chair = room.jurors[0]
    with pytest.raises(selecting.InConflict):
        selecting.decide(db.session, room.edition, room.files[1], "picked", by=chair, now=now())
    with pytest.raises(selecting.InConflict):
        selecting.adopt(db.session, room.edition, [room.files[0].id], quotas=[], by=chair, now=now())
    selecting.decide(db.session, room.edition, room.files[1], "picked", by=room.organiser, now=now())
    assert selecting.decline_rest(db.session, room.edition, by=chair, now=now()) == 3


def test_the_others_ranks_do_not_tell_where_a_hidden_file_stands(room: World) -> None:
    seen = ranking_of(db.session, room.edition.id, hidden={room.files[1].id})
    assert [(line.application_id, line.rank) for line in seen] == [
        (room.files[0].id, 1),
        (room.files[2].id, 2),
        (room.files[3].id, 3),
    ]


def test_a_choice_that_is_adopted_picks_these_and_no_others(room: World) -> None:
    decide(room, "picked", "reserve", "reserve")
    chosen = [room.files[1].id, room.files[3].id]
    selecting.adopt(db.session, room.edition, chosen, quotas=["au moins 1"], by=room.organiser, now=now())
    assert decisions(room) == {
        "Structure 2": ("picked", None),
        "Structure 3": ("reserve", 1),
        "Structure 4": ("picked", None),
    }


def test_nothing_leaves_before_everything_is_decided(room: World) -> None:
    decide(room, "picked", "declined")
    with pytest.raises(releasing.NotReady) as refused:
        release(room)
    assert any("exactement 2" in fault for fault in refused.value.faults)
    assert any("Structure 3" in fault and "Structure 4" in fault for fault in refused.value.faults)
    db.session.rollback()
    assert db.session.scalars(select(Message)).all() == []


def test_a_decision_noted_by_someone_who_then_tells_a_conflict_is_taken_again(room: World) -> None:
    decide(room, "picked", "picked", "reserve", "declined")
    conflict(room.files[3], room.jurors[0])
    with pytest.raises(releasing.NotReady, match="en conflit"):
        release(room)
    selecting.decide(db.session, room.edition, room.files[3], "declined", by=room.organiser, now=now())
    assert release(room) == 4


def test_a_file_withdrawn_before_the_release_is_not_picked(room: World) -> None:
    decide(room, "picked", "picked", "reserve", "declined")
    room.files[0].state, room.files[0].withdrawn_at = "withdrawn", now()
    with pytest.raises(releasing.NotReady, match="exactement 2"):
        release(room)


def test_all_decisions_leave_together_with_a_mail_each_and_only_once(room: World) -> None:
    decide(room, "picked", "picked", "reserve", "declined")
    assert [outcome_of(db.session, one) for one in room.files] == [None] * 4
    assert release(room) == 4
    with pytest.raises(releasing.AlreadyReleased):
        release(room)
    db.session.rollback()
    mails = db.session.scalars(select(Message).order_by(Message.id)).all()
    assert sorted(mail.purpose for mail in mails) == [
        "selection.declined",
        "selection.picked",
        "selection.picked",
        "selection.reserve",
    ]
    assert {mail.state for mail in mails} == {"held"}
    assert [found and found.decision for found in (outcome_of(db.session, one) for one in room.files)] == [
        "picked",
        "picked",
        "reserve",
        "declined",
    ]
    assert verify(db.session).broken_at is None
    with pytest.raises(selecting.NotOpen):
        selecting.decide(db.session, room.edition, room.files[3], "picked", by=room.organiser, now=now())


def test_the_order_of_passage_begins_by_name_so_that_it_tells_no_rank(room: World) -> None:
    room.files[0].name, room.files[1].name = "Zèbre", "Abeille"
    decide(room, "picked", "picked", "declined", "declined")
    release(room)
    assert [one.application.name for one in passage.passages(db.session, room.edition)] == ["Abeille", "Zèbre"]
    assert passage.move(db.session, room.edition, room.files[0], up=True, by=room.organiser, now=now())
    assert [one.application.name for one in passage.passages(db.session, room.edition)] == ["Zèbre", "Abeille"]


def test_the_first_of_the_reserve_takes_the_turn_of_who_gives_up(room: World) -> None:
    decide(room, "picked", "picked", "reserve", "reserve")
    release(room)
    made = releasing.replace(db.session, room.edition, room.files[0], by=room.organiser, now=now())
    db.session.commit()
    assert made.taking is not None
    assert made.taking.name == "Structure 3"
    assert decisions(room)["Structure 4"] == ("reserve", 1)
    turns = passage.passages(db.session, room.edition)
    assert [one.application.name for one in turns] == ["Structure 3", "Structure 2"]
    mails = {mail.purpose: mail.recipient for mail in db.session.scalars(select(Message).order_by(Message.id))}
    assert mails["selection.withdrawn"].startswith("structure1")
    assert mails["selection.promoted"].startswith("structure3")
    with pytest.raises(releasing.AlreadyReplaced):
        releasing.replace(db.session, room.edition, room.files[0], by=room.organiser, now=now())
    gone, here = outcome_of(db.session, room.files[0]), outcome_of(db.session, room.files[2])
    assert gone is not None
    assert here is not None
    assert (gone.decision, here.decision) == ("withdrawn", "picked")


def test_a_structure_of_the_reserve_that_has_withdrawn_is_passed_over(room: World) -> None:
    decide(room, "picked", "picked", "reserve", "reserve")
    release(room)
    room.files[2].state, room.files[2].withdrawn_at = "withdrawn", now()
    room.files[1].state, room.files[1].withdrawn_at = "withdrawn", now()
    db.session.flush()
    assert [one.application.name for one in releasing.to_replace(db.session, room.edition.id)] == ["Structure 2"]
    made = releasing.replace(db.session, room.edition, room.files[1], by=room.organiser, now=now())
    assert made.taking is not None
    assert made.taking.name == "Structure 4"
    last = releasing.replace(db.session, room.edition, room.files[0], by=room.organiser, now=now())
    assert last.taking is None
    assert [one.number for one in passage.passages(db.session, room.edition)] == [1]


def test_the_ranks_stay_those_of_the_release_when_a_structure_withdraws(room: World) -> None:
    decide(room, "picked", "picked", "reserve", "declined")
    release(room)
    before = ranking_of(db.session, room.edition.id)
    room.files[0].state, room.files[0].withdrawn_at = "withdrawn", now()
    db.session.flush()
    assert ranking_of(db.session, room.edition.id) == before
