"""What the marks say."""

from __future__ import annotations

from fractions import Fraction
from statistics import median as statistical

from hypothesis import given
from hypothesis import strategies as st

from openmap.pitches.ranking import Line, line_of, median, one_decimal, ranked

WEIGHTS = {1: 2, 2: 1}


def test_the_score_is_the_weighted_mean_of_the_medians() -> None:
    line = line_of(9, [{1: 5, 2: 3}, {1: 4, 2: 0}, {1: 0, 2: 2}], WEIGHTS, asked=3)
    assert line.medians == {1: 4, 2: 2}
    assert line.score == Fraction(10, 3)
    assert line.shown == "3,3"
    assert line.spreads == {1: 5, 2: 3}
    assert line.spread == Fraction(13, 3) - Fraction(2, 3)
    assert line.is_complete


@given(st.lists(st.integers(0, 5), min_size=1, max_size=9))
def test_the_median_is_exact(marks: list[int]) -> None:
    assert median(marks) == Fraction(statistical(marks))


@given(st.lists(st.integers(0, 5), min_size=3, max_size=7), st.integers(0, 5))
def test_one_reader_cannot_move_a_file_beyond_its_other_readers(marks: list[int], other: int) -> None:
    moved = line_of(1, [{1: mark} for mark in [*marks[1:], other]], {1: 1}, asked=3)
    assert moved.score is not None
    assert min(marks[1:]) <= moved.score <= max(marks[1:])


def test_equal_scores_have_one_rank_and_the_next_counts_them() -> None:
    scores = [Fraction(3), Fraction(10, 3), None, Fraction(3), Fraction(1)]
    lines = ranked(Line(number, score, 1, is_complete=True) for number, score in enumerate(scores))
    assert [(line.application_id, line.rank, line.is_tied) for line in lines] == [
        (1, 1, False),
        (0, 2, True),
        (3, 2, True),
        (4, 4, False),
        (2, None, False),
    ]


def test_scores_that_look_alike_are_not_tied() -> None:
    lines = ranked([Line(1, Fraction(11, 3), 3, is_complete=True), Line(2, Fraction(37, 10), 3, is_complete=True)])
    assert [(line.application_id, line.shown, line.rank) for line in lines] == [(2, "3,7", 1), (1, "3,7", 2)]


def test_readings_that_lack_a_mark_do_not_count_and_few_readings_are_told() -> None:
    line = line_of(1, [{1: 4, 2: 4}, {1: 0}], WEIGHTS, asked=2)
    assert (line.score, line.finished, line.is_complete) == (4, 1, False)
    assert line_of(1, [], WEIGHTS, asked=2).shown == "–"


def test_half_a_tenth_goes_up() -> None:
    assert [one_decimal(Fraction(value, 100)) for value in (365, 364, 500, 0)] == ["3,7", "3,6", "5,0", "0,0"]
