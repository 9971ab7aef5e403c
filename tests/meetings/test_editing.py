"""Corrections by hand: the engine's rules judge them, everybody's are kept, all can be taken back."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from flask import Flask
from sqlalchemy import select

from benchmarks.instances import Shape
from openmap.events.models import Edition
from openmap.extensions import AnySession, db
from openmap.meetings import desk, editing, planning, releasing
from openmap.meetings.models import Meeting, Participation, Plan, UnservedWish, Wish
from openmap.people.models import Person
from tests.factories import make_edition, make_plan
from tests.meetings.large import large_edition
from tests.signing import make_person, now

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def edition(app: Flask) -> Edition:
    """An edition with a plan that serves what fits."""
    made = make_edition(buyers=3, structures=5, slots=6)
    make_plan(made)
    return made


def planned(edition: Edition) -> tuple[Plan, Person]:
    plan = desk.working_plan(db.session, edition)
    assert plan is not None
    return plan, make_person("organisation@essai.example")


def held(plan: Plan) -> dict[int, tuple[int, int | None]]:
    asked = select(Meeting).where(Meeting.plan_id == plan.id)
    return {one.wish_id: (one.slot_id, one.table_id) for one in db.session.scalars(asked)}


def a_meeting(plan: Plan) -> Wish:
    return db.session.get_one(Wish, min(held(plan)))


def free_target(plan: Plan, wish: Wish) -> int:
    targets = editing.Trial(db.session, plan, [wish]).targets(wish)
    return next(one.slot.id for one in targets if not one.refusal and not one.is_here)


def test_a_meeting_moves_where_every_rule_allows_it_and_back_again(edition: Edition) -> None:
    plan, by = planned(edition)
    wish, before = a_meeting(plan), held(plan)
    slot = free_target(plan, wish)
    edit = editing.move(db.session, plan, wish, slot, seen=plan.revision, by=by, now=now())
    assert held(plan)[wish.id][0] == slot
    assert planning.violations_of(db.session, plan) == []
    assert wish.buyer.organisation.name in edit.sentence
    assert (plan.kind, plan.status, plan.objectives) == ("hand", "feasible", [])
    editing.undo(db.session, plan, seen=plan.revision, by=by, now=now())
    assert held(plan) == before
    with pytest.raises(editing.RefusedEdit, match="rien à annuler"):
        editing.undo(db.session, plan, seen=plan.revision, by=by, now=now())


def test_every_target_says_what_moving_there_would_do(edition: Edition) -> None:
    plan, by = planned(edition)
    for wish_id in list(held(plan)):
        wish = db.session.get_one(Wish, wish_id)
        for target in editing.Trial(db.session, plan, [wish]).targets(wish):
            if target.is_here:
                continue
            moved = db.session.begin_nested()
            meeting = db.session.scalars(
                select(Meeting).where(Meeting.plan_id == plan.id, Meeting.wish_id == wish.id)
            ).one()
            meeting.slot_id, meeting.table_id = target.slot.id, target.table.id if target.table else None
            db.session.flush()
            assert bool(planning.violations_of(db.session, plan)) == bool(target.refusal)
            moved.rollback()
            db.session.expire_all()
            if target.refusal:
                with pytest.raises(editing.RefusedEdit, match=r"\w"):
                    editing.move(db.session, plan, wish, target.slot.id, seen=plan.revision, by=by, now=now())
                db.session.rollback()
    assert planning.violations_of(db.session, plan) == []


def test_a_refusal_names_people_and_hours_not_codes(edition: Edition) -> None:
    plan, by = planned(edition)
    wish = a_meeting(plan)
    targets = editing.Trial(db.session, plan, [wish]).targets(wish)
    refused = next(one for one in targets if one.refusal)
    assert wish.code not in refused.refusal
    with pytest.raises(editing.RefusedEdit) as refusal:
        editing.move(db.session, plan, wish, refused.slot.id, seen=plan.revision, by=by, now=now())
    assert str(refusal.value) == refused.refusal


def test_remove_leaves_the_wish_out_and_add_brings_it_back(edition: Edition) -> None:
    plan, by = planned(edition)
    wish, before = a_meeting(plan), held(plan)
    editing.remove(db.session, plan, wish, seen=plan.revision, by=by, now=now())
    assert wish.id not in held(plan)
    assert db.session.get_one(UnservedWish, (plan.id, wish.id)).reason == "by_hand"
    editing.add(db.session, plan, wish, before[wish.id][0], seen=plan.revision, by=by, now=now())
    assert held(plan) == before
    assert db.session.get(UnservedWish, (plan.id, wish.id)) is None


def test_two_meetings_change_places(edition: Edition) -> None:
    plan, by = planned(edition)
    before = held(plan)
    wishes = [db.session.get_one(Wish, one) for one in before]
    for one in wishes:
        for other in wishes:
            if one.id < other.id and before[one.id][0] != before[other.id][0]:
                try:
                    editing.swap(db.session, plan, one, other, seen=plan.revision, by=by, now=now())
                except editing.RefusedEdit:
                    db.session.rollback()
                    continue
                after = held(plan)
                assert (after[one.id][0], after[other.id][0]) == (before[other.id][0], before[one.id][0])
                assert planning.violations_of(db.session, plan) == []
                editing.undo(db.session, plan, seen=plan.revision, by=by, now=now())
                assert held(plan) == before
                return
    pytest.fail("no two meetings of this plan can change places")


def test_a_locked_meeting_stays_and_the_plan_is_not_old_for_it(edition: Edition) -> None:
    plan, by = planned(edition)
    plan.problem_digest = planning.digest_of(planning.problem_of(db.session, edition))
    wish = a_meeting(plan)
    slot = free_target(plan, wish)
    editing.lock(db.session, plan, wish, seen=plan.revision, by=by, now=now())
    db.session.commit()
    assert not planning.is_stale(db.session, plan)
    with pytest.raises(editing.RefusedEdit, match="verrouillé"):
        editing.move(db.session, plan, wish, slot, seen=plan.revision, by=by, now=now())
    db.session.rollback()
    editing.undo(db.session, plan, seen=plan.revision, by=by, now=now())
    assert wish.lock is None


def test_who_saw_an_older_state_changes_nothing_and_learns_what_was_done(edition: Edition) -> None:
    plan, by = planned(edition)
    wish, seen = a_meeting(plan), plan.revision
    editing.remove(db.session, plan, wish, seen=seen, by=by, now=now())
    db.session.commit()
    before = held(plan)
    other = a_meeting(plan)
    with pytest.raises(desk.ChangedMeanwhile, match="retiré"):
        editing.remove(db.session, plan, other, seen=seen, by=by, now=now())
    db.session.rollback()
    assert held(plan) == before


def test_a_pair_without_a_wish_can_be_given_one_but_not_an_excluded_one(edition: Edition) -> None:
    plan, by = planned(edition)
    people = db.session.scalars(select(Participation).where(Participation.edition_id == edition.id)).all()
    wished = {(one.buyer_id, one.structure_id) for one in db.session.scalars(select(Wish))}
    pair = next(
        (b, s) for b in people for s in people
        if b.side == "buyer" and s.side == "structure" and (b.id, s.id) not in wished
    )  # fmt: skip
    wish = editing.wish_between(db.session, edition, *pair)
    assert wish.source == "organiser"
    assert editing.wish_between(db.session, edition, *pair) is wish
    slot = free_target(plan, wish)
    editing.add(db.session, plan, wish, slot, seen=plan.revision, by=by, now=now())
    assert planning.violations_of(db.session, plan) == []
    with pytest.raises(editing.RefusedEdit, match="acheteur et une structure"):
        editing.wish_between(db.session, edition, pair[1], pair[0])


def test_a_release_is_frozen_and_can_be_worked_on_again(edition: Edition) -> None:
    plan, by = planned(edition)
    before, wish = held(plan), a_meeting(plan)
    made = releasing.release(db.session, edition, plan, "Première version", by=by, now=now())
    editing.remove(db.session, plan, wish, seen=plan.revision, by=by, now=now())
    assert held(made.plan) == before
    with pytest.raises(desk.FrozenPlan):
        editing.remove(db.session, made.plan, wish, seen=made.plan.revision, by=by, now=now())
    changes = releasing.differences(db.session, made.plan, plan)
    assert {person: [one.kind for one in told] for person, told in changes.items()} == {
        wish.buyer_id: ["cancelled"], wish.structure_id: ["cancelled"],
    }  # fmt: skip
    assert desk.working_plan(db.session, edition) is plan
    again = releasing.restore(db.session, edition, made, by=by, now=now())
    assert desk.working_plan(db.session, edition) is again
    assert held(again) == before
    assert again.parent_id == made.plan_id
    assert releasing.current_release(db.session, edition) is None


def test_what_supposes_another_edition_is_never_worked_on(edition: Edition) -> None:
    plan, by = planned(edition)
    supposed = desk.copied(db.session, plan, kind="what_if", name="Quatorze créneaux", now=now())
    assert desk.working_plan(db.session, edition) is plan
    with pytest.raises(desk.RefusedPlan, match="suppose"):
        desk.choose(db.session, edition, supposed, by=by, now=now())


def test_a_correction_reads_the_meetings_near_it_whatever_the_size_of_the_plan(app: Flask, edition: Edition) -> None:
    del app, edition
    large = large_edition(Shape(40, 150, 1_000, 20, blocks=2, cap=6, tables="pool", pool_tables=30))
    plan = make_plan(large)
    tables = [table.id for table in large.tables]
    for slot in large.slots:
        crowd = [meeting for meeting in plan.meetings if meeting.slot_id == slot.id]
        for meeting in crowd[len(tables) :]:
            plan.meetings.remove(meeting)
        for meeting, table in zip(crowd, tables, strict=False):
            meeting.table_id = table
    db.session.commit()
    wish = a_meeting(plan)
    read: list[int] = []
    problem_of = planning.problem_of

    def counted(session: AnySession, one: Edition, *, only: Collection[int] | None = None) -> planning.AnyProblem:
        found = problem_of(session, one, only=only)
        read.append(len(found.requests))
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planning, "problem_of", counted)
        trial = editing.Trial(db.session, plan, [wish])
        assert len(trial.targets(wish)) == len(large.slots)
    sides = select(Meeting).join(Wish).where(Meeting.plan_id == plan.id)
    sides = sides.where((Wish.buyer_id == wish.buyer_id) | (Wish.structure_id == wish.structure_id))
    assert max(read) <= len(db.session.scalars(sides).all()) + 1
    assert len(plan.meetings) > 10 * max(read)
