"""A plan that is found is proposed with its difference; one of those who decide at once decides."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from openmap.events.models import Edition
from openmap.extensions import db
from openmap.meetings import desk, editing, keeping, planning
from openmap.meetings.models import Desk, Lock, Participation, Plan, Solve
from openmap.meetings.services import (
    LOST_AFTER,
    NothingToRepair,
    mark_lost,
    next_in_turn,
    plan_now,
    request_solve,
    run_solve,
    stop_solve,
)
from openmap.meetings.tasks import clock
from openmap.people.models import ORGANISER, Person
from tests.factories import make_edition, make_plan, make_solve
from tests.house.counting import statements
from tests.signing import make_person, now, sent

SOLVES = "/editions/essai/planning/calculs"
SOON = datetime(2099, 11, 16, tzinfo=UTC).date()


def planned(**changes: int) -> tuple[Edition, Plan, Person]:
    """Return an edition to come with a calculated plan, and its organiser."""
    edition = make_edition("essai", held_on=SOON, **changes)
    plan = plan_now(db.session, edition, time_limit=5, seed=1, clock=clock)
    return edition, plan, make_person("organisation@essai.example", ORGANISER, edition_id=edition.id)


def solved(edition: Edition, by: Person, kind: str = "repair", at: datetime | None = None) -> Solve:
    """Ask for a calculation and run it, both at ``at``."""
    then = at or now()
    solve = request_solve(db.session, edition, time_limit=5, seed=1, now=then, kind=kind, by=by)
    run_solve(db.session, solve.id, clock=lambda: at or clock())
    db.session.refresh(solve)
    return solve


@pytest.mark.usefixtures("app")
def test_repair_keeps_locks_and_changes_least() -> None:
    edition, plan, by = planned(slots=3, structures=8)
    kept, gone = plan.meetings[0], plan.meetings[1]
    kept.wish.lock = Lock(slot_id=kept.slot_id, table_id=kept.table_id)
    gone.wish.structure.absent_slots = [gone.slot]
    db.session.commit()
    before = {meeting.wish_id: (meeting.slot_id, meeting.table_id) for meeting in plan.meetings}
    solve = solved(edition, by)
    assert (solve.state, solve.plan is not None) == ("finished", True)
    assert solve.plan is not None
    after = {meeting.wish_id: (meeting.slot_id, meeting.table_id) for meeting in solve.plan.meetings}
    assert after[kept.wish_id] == before[kept.wish_id]
    assert planning.violations_of(db.session, solve.plan) == []
    assert 1 <= sum(after.get(wish) != place for wish, place in before.items()) <= 2
    assert (solve.plan.kind, solve.plan.parent_id) == ("repair", plan.id)
    assert "changes" in {level["name"] for level in solve.plan.objectives}
    assert any(left.would_need for left in solve.plan.unserved)


@pytest.mark.usefixtures("app")
def test_repair_during_the_day_keeps_what_has_begun() -> None:
    edition, plan, by = planned()
    noon = edition.slots[2].start + timedelta(minutes=1)
    begun = {slot.id for slot in edition.slots[:3]}
    past = {(meeting.wish_id, meeting.slot_id) for meeting in plan.meetings if meeting.slot_id in begun}
    someone = plan.meetings[0].wish.structure
    someone.absent_slots = list(edition.slots)
    db.session.commit()
    solve = solved(edition, by, at=noon)
    assert solve.plan is not None
    assert {(one.wish_id, one.slot_id) for one in solve.plan.meetings if one.slot_id in begun} == past
    assert not [one for one in solve.plan.meetings if one.slot_id not in begun and one.wish.structure_id == someone.id]
    assert someone.organisation.name in solve.message  # held although the problem forbids it today
    assert someone.code not in solve.message
    with pytest.raises(NothingToRepair, match="Tous les créneaux ont commencé"):
        solved(edition, by, at=edition.slots[-1].end)


@pytest.mark.usefixtures("app")
def test_repair_needs_a_plan() -> None:
    edition = make_edition("essai", held_on=SOON)
    with pytest.raises(NothingToRepair, match="calcul complet"):
        request_solve(db.session, edition, time_limit=5, seed=1, now=now(), kind="repair")


@pytest.mark.usefixtures("app")
def test_what_is_found_replaces_nothing_until_it_is_kept() -> None:
    edition, plan, by = planned()
    solve = solved(edition, by, kind="solve")
    working = desk.working_plan(db.session, edition)
    assert (working, solve.plan_id != plan.id) == (plan, True)
    proposal = keeping.proposal_of(db.session, solve)
    assert proposal is not None
    assert proposal.is_open
    keeping.keep(db.session, edition, solve, seen=proposal.seen, by=by, now=now())
    assert desk.working_plan(db.session, edition) == solve.plan


@pytest.mark.usefixtures("app")
def test_difference_is_told_by_person_before_it_is_kept() -> None:
    edition = make_edition("essai", held_on=SOON)
    working, proposed = make_plan(edition), make_plan(edition)
    by = make_person("organisation@essai.example", ORGANISER, edition_id=edition.id)
    desk.choose(db.session, edition, working, by=by, now=now())
    moved, cancelled = proposed.meetings[0], proposed.meetings[1]
    moved.slot = edition.slots[-1]
    mover, loser = moved.wish.buyer_id, cancelled.wish.structure_id
    db.session.delete(cancelled)
    solve = make_solve(edition, "finished", plan=proposed, kind="repair", base_plan_id=working.id)
    proposal = keeping.proposal_of(db.session, solve)
    assert proposal is not None
    told = {person.id: [change.kind for change in changes] for person, changes in proposal.people}
    assert "moved" in told[mover]
    assert "cancelled" in told[loser]
    assert proposal.counts == {"moved": 1, "cancelled": 1}


@pytest.mark.usefixtures("app")
def test_decision_is_refused_when_the_working_plan_was_corrected_meanwhile() -> None:
    edition, plan, by = planned()
    solve = solved(edition, by)
    seen = keeping.seen_of(plan)
    editing.remove(db.session, plan, plan.meetings[0].wish, seen=plan.revision, by=by, now=now())
    db.session.commit()
    with pytest.raises(desk.ChangedMeanwhile, match="a changé"):
        keeping.keep(db.session, edition, solve, seen=seen, by=by, now=now())
    db.session.rollback()
    proposal = keeping.proposal_of(db.session, solve)
    assert proposal is not None
    assert proposal.corrections == 1
    assert desk.working_plan(db.session, edition) == plan


def test_pages_keep_and_drop(client: FlaskClient) -> None:
    edition, _plan, by = planned()
    first, second = solved(edition, by, kind="solve"), solved(edition, by)
    page = client.get(f"{SOLVES}/{first.id}").text
    assert "n’a pas changé" in page
    seen = page.split('name="vu" value="')[1].split('"')[0]
    assert sent(client, f"{SOLVES}/{second.id}/garder", {"vu": "0"}).status_code == 409
    assert sent(client, f"{SOLVES}/{second.id}/abandon", {}).status_code == 303
    assert "Abandonné le" in client.get(f"{SOLVES}/{second.id}").text
    refused = sent(client, f"{SOLVES}/{second.id}/garder", {"vu": seen})
    assert (refused.status_code, "déjà décidé" in refused.text) == (409, True)
    assert sent(client, f"{SOLVES}/{first.id}/garder", {"vu": seen}).status_code == 303
    db.session.expire_all()
    assert desk.working_plan(db.session, edition) == first.plan
    assert "Gardé le" in client.get(f"{SOLVES}/{first.id}").text


def test_solve_page_asks_the_same_number_of_times_at_every_size(client: FlaskClient) -> None:
    counts = []
    for slug, buyers, structures in (("petite", 3, 4), ("large", 20, 30)):
        edition = make_edition(slug, buyers=buyers, structures=structures, held_on=SOON)
        working, proposed = make_plan(edition), make_plan(edition)
        desk.choose(db.session, edition, working, by=None, now=now())
        for meeting in proposed.meetings[::2]:
            db.session.delete(meeting)
        solve = make_solve(edition, "finished", plan=proposed, kind="repair", base_plan_id=working.id)
        path = f"/editions/{slug}/planning/calculs/{solve.id}"
        client.get(path)
        with statements() as asked:
            assert "annulé" in client.get(path).text
        counts.append(len(asked))
    assert counts[0] == counts[1]


def together(app: Flask, edition_id: int, deeds: list[Callable[[Edition, Person], object]]) -> list[object]:
    """Do each deed in a thread of its own, all at the same instant; return what each gave, or its refusal."""
    start, emails = threading.Barrier(len(deeds)), ("un@essai.example", "deux@essai.example")

    def run(number: int) -> object:
        with app.app_context():
            edition = db.session.get_one(Edition, edition_id)
            by = db.session.scalars(select(Person).where(Person.email == emails[number % 2])).one()
            _ = (edition.slug, by.name)
            db.session.rollback()
            start.wait()
            try:
                found = deeds[number](edition, by)
                db.session.commit()
            except desk.RefusedPlan as refusal:
                db.session.rollback()
                return refusal
            finally:
                db.session.remove()
            return found

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, range(len(deeds))))


def two_organisers() -> tuple[Edition, Plan]:
    """Return an edition with a plan that is chosen, and two who organise it."""
    edition = make_edition("essai", held_on=SOON)
    plan = make_plan(edition)
    for email in ("un@essai.example", "deux@essai.example"):
        make_person(email, ORGANISER, edition_id=edition.id)
    desk.choose(db.session, edition, plan, by=None, now=now())
    db.session.commit()
    return edition, plan


def test_two_who_decide_at_once_decide_once(app: Flask) -> None:
    edition, working = two_organisers()
    solve_id = make_solve(edition, "finished", plan=make_plan(edition), kind="repair", base_plan_id=working.id).id
    edition_id, seen, proposed = edition.id, keeping.seen_of(working), db.session.get_one(Solve, solve_id).plan_id
    db.session.remove()

    def keep(edition: Edition, by: Person) -> str:
        keeping.keep(db.session, edition, db.session.get_one(Solve, solve_id), seen=seen, by=by, now=now())
        return "kept"

    def drop(edition: Edition, by: Person) -> str:
        keeping.drop(db.session, db.session.get_one(Solve, solve_id), by=by, now=now())
        return "dropped"

    answers = together(app, edition_id, [keep, drop, keep, drop])
    decided = [answer for answer in answers if isinstance(answer, str)]
    assert len(decided) == 1
    assert all(isinstance(answer, str | desk.RefusedPlan) for answer in answers)
    outcome = keeping.outcome_of(db.session, db.session.get_one(Solve, solve_id))
    assert outcome is not None
    assert outcome.decision == decided[0]
    chosen = db.session.get_one(Desk, edition_id).plan_id
    assert chosen == (proposed if decided[0] == "kept" else working.id)


def test_two_plans_kept_at_once_leave_the_first_and_tell_the_second(app: Flask) -> None:
    edition, working = two_organisers()
    ids = [
        make_solve(edition, "finished", plan=make_plan(edition), kind="repair", base_plan_id=working.id).id
        for _ in range(2)
    ]
    plans = [db.session.get_one(Solve, one).plan_id for one in ids]
    edition_id, seen = edition.id, keeping.seen_of(working)
    db.session.remove()

    def keeper(solve_id: int) -> Callable[[Edition, Person], int]:
        def keep(edition: Edition, by: Person) -> int:
            keeping.keep(db.session, edition, db.session.get_one(Solve, solve_id), seen=seen, by=by, now=now())
            return solve_id

        return keep

    answers = together(app, edition_id, [keeper(one) for one in ids])
    kept = [answer for answer in answers if isinstance(answer, int)]
    assert len(kept) == 1
    assert [type(answer) for answer in answers if not isinstance(answer, int)] == [desk.ChangedMeanwhile]
    assert db.session.get_one(Desk, edition_id).plan_id == plans[ids.index(kept[0])]


def test_two_who_start_and_stop_at_once_lose_nothing(app: Flask) -> None:
    edition, _working = two_organisers()
    running = make_solve(edition, "running", beat_at=now(), started_at=now()).id
    edition_id = edition.id
    db.session.remove()

    def start(edition: Edition, by: Person) -> int:
        return request_solve(db.session, edition, time_limit=5, seed=1, now=now(), by=by).id

    def stop(_edition: Edition, _by: Person) -> int:
        stop_solve(db.session, db.session.get_one(Solve, running), now=now())
        return 0

    answers = together(app, edition_id, [start, stop, start, stop])
    assert len({answer for answer in answers if answer}) == 2
    assert db.session.get_one(Solve, running).stop_requested
    waiting = select(func.count()).select_from(Solve).where(Solve.state == "queued")
    assert db.session.scalar(waiting) == 2
    assert next_in_turn(db.session, edition_id) == min(
        answer for answer in answers if isinstance(answer, int) and answer
    )


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [("what_if", "Cette hypothèse n’a aucun résultat"), ("repair", "Le planning en cours n’a pas changé")],
)
def test_lost_worker_leaves_a_clear_state(client: FlaskClient, kind: str, sentence: str) -> None:
    edition = make_edition("essai", held_on=SOON)
    working = make_plan(edition)
    desk.choose(db.session, edition, working, by=None, now=now())
    found = make_plan(edition) if kind == "repair" else None
    solve = make_solve(edition, "running", kind=kind, name="Essai", base_plan_id=working.id, plan=found)
    following = make_solve(edition, "queued")
    assert mark_lost(db.session, now=clock() + LOST_AFTER) == [solve.id]
    assert sentence in client.get(f"{SOLVES}/{solve.id}").text
    assert desk.working_plan(db.session, edition) == working
    assert next_in_turn(db.session, edition.id) == following.id
    assert db.session.scalar(select(func.count()).select_from(Participation)) == 8
