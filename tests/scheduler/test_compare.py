"""The difference between two plans is all of it, once, and told to each person concerned."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.instances import timetable
from scheduler import Options, Plan, compare, solve
from scheduler.plan import Meeting
from scheduler.problem import Participant, Problem, Request
from tests.scheduler.strategies import problems, spoiled
from tests.scheduler.tiny import tiny


def plan_of(*places: tuple[str, str, str | None]) -> Plan:
    """Return a plan from (pair, slot, table) such as ``("B1-S1", "T01", None)``."""
    meetings = []
    for pair, slot, table in places:
        left, right = pair.split("-")
        meetings.append(Meeting(pair, left, right, slot, table))
    return Plan("feasible", tuple(meetings))


ROOM = Problem(
    slots=timetable(3),
    participants=(
        Participant("S1", "structure"),
        Participant("B2", "buyer"),
        Participant("B1", "buyer"),
        Participant("S2", "structure"),
    ),
    requests=(
        Request("B1-S1", "B1", "S1", 1),
        Request("B1-S2", "B1", "S2", 1),
        Request("B2-S1", "B2", "S1", 1),
    ),
)


def test_what_is_added_moved_and_cancelled_is_told_apart() -> None:
    before = plan_of(("B1-S1", "T01", "A1"), ("B1-S2", "T02", "A1"))
    after = plan_of(("B1-S1", "T01", "A2"), ("B2-S1", "T03", "A1"))
    difference = compare(ROOM, before, after)
    assert difference.added == after.meetings[1:]
    assert difference.cancelled == before.meetings[1:]
    assert [(move.before, move.after) for move in difference.moved] == [(before.meetings[0], after.meetings[0])]


def test_each_person_concerned_is_told_in_the_order_of_the_problem() -> None:
    before = plan_of(("B1-S1", "T01", None), ("B1-S2", "T02", None))
    after = plan_of(("B1-S1", "T03", None), ("B1-S2", "T02", None))
    told = compare(ROOM, before, after).participants
    assert list(told) == ["S1", "B1"]
    assert all(len(sentences) == 1 for sentences in told.values())
    assert "T01" in told["B1"][0]
    assert "T03" in told["B1"][0]
    assert "S1" in told["B1"][0]
    assert "B1" in told["S1"][0]


def test_the_same_plan_has_no_difference_whatever_its_order() -> None:
    plan = plan_of(("B1-S1", "T01", "A1"), ("B2-S1", "T02", None))
    shuffled = Plan("optimal", plan.meetings[::-1], seed=7, seconds=3.0)
    difference = compare(ROOM, plan, shuffled)
    assert (difference.added, difference.cancelled, difference.moved, difference.participants) == ((), (), (), {})


def test_a_meeting_of_someone_the_problem_no_longer_has_is_told_too() -> None:
    difference = compare(ROOM, plan_of(("B9-S1", "T01", None)), plan_of())
    assert list(difference.participants) == ["S1", "B9"]


@settings(max_examples=60, deadline=None)
@given(problems(), st.data())
def test_a_difference_leads_from_one_plan_to_the_other_and_back(problem: Problem, data: st.DataObject) -> None:
    before = solve(problem)
    meetings = {meeting.request: meeting for meeting in data.draw(spoiled(problem, before.meetings))}
    after = Plan("feasible", tuple(meetings.values()))
    there, back = compare(problem, before, after), compare(problem, after, before)
    moves = {move.before: move.after for move in there.moved}
    kept = [moves.get(meeting, meeting) for meeting in before.meetings if meeting not in there.cancelled]
    assert {*kept, *there.added} == set(after.meetings)
    assert set(there.added) == set(back.cancelled)
    assert set(there.cancelled) == set(back.added)
    assert {(move.after, move.before) for move in there.moved} == {(move.before, move.after) for move in back.moved}
    concerned = {
        name for m in (*there.added, *there.cancelled, *moves, *moves.values()) for name in (m.buyer, m.structure)
    }
    assert set(there.participants) == concerned


def test_two_seeds_of_one_problem_can_be_compared() -> None:
    problem = tiny(2)
    one, other = solve(problem, Options(seed=1)), solve(problem, Options(seed=2))
    difference = compare(problem, one, other)
    assert len(one.meetings) + len(difference.added) - len(difference.cancelled) == len(other.meetings)
