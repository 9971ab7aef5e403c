"""Forums: the engine's parts on meetings between any two participants, against every timetable there is."""

from __future__ import annotations

from itertools import product

import pytest

from benchmarks.b2b import solve, usual_model
from benchmarks.forums import SIZES, Size, breaks, breaks_in, forum
from scheduler.instance import Instance, bits

SMALL = Size("small", participants=6, meetings=7, tables=2, slots=5)


def fewest_breaks(instance: Instance) -> int:
    """Return the fewest breaks of all timetables, tried one by one."""
    found = []
    for slots in product(*(list(bits(instance.allowed[request])) for request in instance.requests)):
        try:
            found.append(breaks(instance, dict(enumerate(slots))))
        except ValueError:
            continue
    return min(found)


@pytest.mark.parametrize("seed", range(1, 9))
def test_small_forums_are_solved_as_trying_everything_does(seed: int) -> None:
    instance = forum(SMALL, seed)
    best = fewest_breaks(instance)
    ours, usual = solve(instance, 20.0), usual_model(instance, 20.0)
    assert (ours.breaks, ours.bound) == (best, best)
    assert (usual.breaks, usual.bound) == (best, best)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)
def test_every_size_is_drawn_with_its_figures_and_has_a_timetable(size: Size) -> None:
    instance = forum(size, 3)
    assert len(instance.people) == size.participants
    assert len(instance.requests) == size.meetings
    assert len({frozenset(instance.sides(request)) for request in instance.requests}) == size.meetings
    answer = solve(instance, 1.0)  # a checked timetable in a second at every size
    assert answer.breaks is not None
    assert answer.bound <= answer.breaks


def test_the_same_seed_draws_the_same_forum_and_another_seed_another() -> None:
    assert forum(SMALL, 1).problem == forum(SMALL, 1).problem
    assert forum(SMALL, 1).problem != forum(SMALL, 2).problem


@pytest.mark.parametrize(
    ("busy", "expected"), [(0b0, 0), (0b100, 0), (0b0110, 0), (0b101, 1), (0b1001011, 2), (0b1010101, 3)]
)
def test_a_break_is_a_run_of_slots_between_two_meetings(busy: int, expected: int) -> None:
    assert breaks_in(busy) == expected


def test_a_timetable_that_breaks_a_rule_is_refused() -> None:
    instance = forum(SMALL, 1)
    with pytest.raises(ValueError, match="missing"):
        breaks(instance, {})
    with pytest.raises(ValueError, match="tables"):
        breaks(instance, dict.fromkeys(instance.requests, 0))
