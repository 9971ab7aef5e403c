"""Two organisers at once, and any sequence of corrections: nothing is overwritten unseen, no rule is ever broken."""

from __future__ import annotations

import threading

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from openmap.extensions import db
from openmap.meetings import desk, editing, planning, releasing
from openmap.meetings.meeting_page import refusals_of
from openmap.meetings.models import Desk, Lock, Meeting, Plan, PlanEdit, Release, Wish
from openmap.meetings.trying import Trial
from openmap.people import journal
from openmap.people.models import JournalEntry, Person
from tests.factories import make_edition, make_plan
from tests.meetings.test_correcting_pages import held
from tests.signing import make_person, now

ORGANISERS = 2
EACH = 8


def test_two_organisers_at_once_overwrite_nothing_and_each_edit_counts_once(app: Flask) -> None:
    """Both lock and let go all the time, from threads of their own; who is too late reads the state again."""
    plan = make_plan(make_edition("essai", buyers=4, structures=6, slots=6))
    plan_id, wishes = plan.id, sorted(held(plan))[:ORGANISERS]
    people = [make_person(f"o{number}@essai.example", name=f"Organisateur {number}").id for number in range(ORGANISERS)]
    db.session.commit()
    db.session.remove()
    start, late, failures = threading.Barrier(ORGANISERS), list[str](), list[BaseException]()

    def work(number: int) -> None:
        with app.app_context():
            try:
                start.wait()
                done = 0
                while done < EACH:
                    one, by = db.session.get_one(Plan, plan_id), db.session.get_one(Person, people[number])
                    seen, wish = one.revision, db.session.get_one(Wish, wishes[number])
                    db.session.commit()  # as between a page and its form
                    try:
                        editing.lock(db.session, one, wish, off=done % 2 == 1, seen=seen, by=by, now=now())
                        db.session.commit()
                        done += 1
                    except desk.ChangedMeanwhile as meanwhile:
                        db.session.rollback()
                        late.append(str(meanwhile))
            except BaseException as failure:
                failures.append(failure)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(ORGANISERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    plan = db.session.get_one(Plan, plan_id)
    edits = list(db.session.scalars(select(PlanEdit).order_by(PlanEdit.number)))
    assert [edit.number for edit in edits] == list(range(1, ORGANISERS * EACH + 1))
    assert plan.revision == 1 + ORGANISERS * EACH
    assert {person: sum(edit.person_id == person for edit in edits) for person in people} == dict.fromkeys(people, EACH)
    told = select(func.count()).where(JournalEntry.action == "plan.corrected")
    assert db.session.scalar(told) == ORGANISERS * EACH
    assert journal.verify(db.session).broken_at is None
    assert db.session.scalar(select(func.count()).select_from(Desk)) == 1
    assert all("Organisateur" in sentence for sentence in late)


def test_of_two_who_move_the_same_meeting_from_one_state_one_wins(app: Flask) -> None:
    plan = make_plan(make_edition("essai", buyers=4, structures=6, slots=6))
    wish_id = min(held(plan))
    wish = db.session.get_one(Wish, wish_id)
    slots = [
        slot for slot, refusal in refusals_of(db.session, plan, wish).items()
        if not refusal and slot != held(plan)[wish_id][0]
    ][:ORGANISERS]  # fmt: skip
    assert len(slots) == ORGANISERS
    plan_id, seen = plan.id, plan.revision
    db.session.commit()
    db.session.remove()
    start, ends = threading.Barrier(ORGANISERS), list[object]()

    def work(slot: int) -> None:
        with app.app_context():
            one, mine = db.session.get_one(Plan, plan_id), db.session.get_one(Wish, wish_id)
            db.session.commit()
            start.wait()
            try:
                editing.move(db.session, one, mine, slot, seen=seen, by=None, now=now())
                db.session.commit()
                ends.append(slot)
            except BaseException as failure:
                db.session.rollback()
                ends.append(failure)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=work, args=(slot,)) for slot in slots]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (won,) = [end for end in ends if isinstance(end, int)]
    (lost,) = [end for end in ends if not isinstance(end, int)]
    assert isinstance(lost, desk.ChangedMeanwhile)
    assert held(db.session.get_one(Plan, plan_id))[wish_id][0] == won


def test_two_releases_at_once_get_numbers_of_their_own(app: Flask) -> None:
    plan = make_plan(make_edition("essai"))
    plan_id = plan.id
    db.session.commit()
    db.session.remove()
    start, failures = threading.Barrier(4), list[BaseException]()

    def work(number: int) -> None:
        with app.app_context():
            one = db.session.get_one(Plan, plan_id)
            edition = one.edition
            db.session.commit()
            start.wait()
            try:
                releasing.release(db.session, edition, one, f"Version {number}", by=None, now=now())
                db.session.commit()
            except BaseException as failure:
                failures.append(failure)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(db.session.scalars(select(Release.number))) == [1, 2, 3, 4]


def locks() -> set[tuple[int, int, int | None]]:
    return {(one.wish_id, one.slot_id, one.table_id) for one in db.session.scalars(select(Lock))}


def _exchanges(plan: Plan, wish: Wish) -> list[tuple[Wish, str]]:
    """Return what a meeting might change places with; nothing where it is not held."""
    return Trial(db.session, plan, [wish]).exchanges(wish) if editing.is_held(db.session, plan, wish) else []


def attempt(plan: Plan, kind: str, draw: int, spot: int) -> bool:
    """Try a correction chosen by two numbers; return whether the rules allowed it."""
    wishes = list(db.session.scalars(select(Wish).where(Wish.edition_id == plan.edition_id).order_by(Wish.id)))
    if kind == "add":
        wishes = [one for one in wishes if one.id not in held(plan)] or wishes
    wish, other = wishes[draw % len(wishes)], wishes[(draw // 7 + spot) % len(wishes)]
    slots = plan.edition.slots
    slot = slots[spot % len(slots)].id
    seen, who = plan.revision, {"by": None, "now": now()}
    try:
        if kind == "move":
            editing.move(db.session, plan, wish, slot, seen=seen, **who)
        elif kind == "add":
            editing.add(db.session, plan, wish, slot, seen=seen, **who)
        elif kind == "swap":
            fits = [one for one, refusal in _exchanges(plan, wish) if not refusal]
            other = fits[spot % len(fits)] if fits else other
            editing.swap(db.session, plan, wish, other, seen=seen, **who)
        elif kind == "remove":
            editing.remove(db.session, plan, wish, seen=seen, **who)
        elif kind == "undo":
            editing.undo(db.session, plan, seen=seen, **who)
        else:
            editing.lock(db.session, plan, wish, off=kind == "unlock", seen=seen, **who)
        db.session.commit()
    except editing.RefusedEdit:
        db.session.rollback()
        return False
    return True


KINDS = ("move", "move", "add", "swap", "remove", "lock", "unlock", "undo")
STEPS = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 200), st.integers(0, 40)), min_size=5, max_size=18)


@pytest.mark.parametrize("tables", [None, 2], ids=["own tables", "common tables"])
def test_any_sequence_of_corrections_keeps_every_rule_and_can_be_undone(app: Flask, tables: int | None) -> None:
    del app
    edition = make_edition("essai", buyers=3, structures=5, slots=5, tables=tables or 3)
    plan = make_plan(edition)
    if tables:
        _share_tables(plan, [table.id for table in edition.tables])
    assert planning.violations_of(db.session, plan) == []
    first, unlocked = held(plan), locks()
    allowed: list[str] = []

    @settings(
        max_examples=8,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(STEPS)
    def run(steps: list[tuple[str, int, int]]) -> None:
        for kind, draw, spot in steps:
            if attempt(plan, kind, draw, spot):
                allowed.append(kind)
                assert planning.violations_of(db.session, plan) == []
        while editing.last_edit(db.session, plan) is not None:
            editing.undo(db.session, plan, seen=plan.revision, by=None, now=now())
            assert planning.violations_of(db.session, plan) == []
        db.session.commit()
        assert (held(plan), locks()) == (first, unlocked)

    run()
    assert set(allowed) == set(KINDS)  # none is refused always, so that all of them were tried


def _share_tables(plan: Plan, tables: list[int]) -> None:
    """Let nobody own a table, and seat each meeting at one that is free, or leave it out."""
    taken: set[tuple[int, int]] = set()
    for meeting in db.session.scalars(select(Meeting).where(Meeting.plan_id == plan.id).order_by(Meeting.id)).all():
        meeting.wish.buyer.table_id = meeting.wish.structure.table_id = None
        free = next((table for table in tables if (meeting.slot_id, table) not in taken), None)
        if free is None:
            db.session.delete(meeting)
        else:
            meeting.table_id = free
            taken.add((meeting.slot_id, free))
    db.session.commit()
    db.session.expire_all()
