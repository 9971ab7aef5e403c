"""Quotas: the proved choice against all choices."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from openmap.pitches.choosing import Candidate, Choice, Impossible, Quota, choose

TRAITS = ("a", "b", "c")


@st.composite
def tasks(draw: st.DrawFn) -> tuple[list[Candidate], int, list[Quota]]:
    size = draw(st.integers(0, 9))
    scores = sorted(Fraction(draw(st.integers(0, 12)), draw(st.sampled_from([1, 2, 3]))) for _ in range(size))
    candidates = [
        Candidate(100 + rank, score, frozenset(draw(st.sets(st.sampled_from(TRAITS)))))
        for rank, score in enumerate(reversed(scores))
    ]
    quotas = draw(st.lists(st.builds(Quota, st.sampled_from(TRAITS), st.integers(0, 4)), max_size=4))
    return candidates, draw(st.integers(1, 5)), quotas


def by_hand(candidates: list[Candidate], picks: int, quotas: list[Quota]) -> tuple[Candidate, ...] | None:
    """Try every choice, in the order of the ranking; the first of the best."""
    best: tuple[Candidate, ...] | None = None
    for chosen in combinations(candidates, picks):
        if all(sum(quota.trait in one.traits for one in chosen) >= quota.least for quota in quotas):
            total = sum(one.score for one in chosen)
            if best is None or total > sum(one.score for one in best):
                best = chosen
    return best


@settings(max_examples=150, deadline=None)
@given(tasks())
def test_the_choice_is_the_best_of_all_and_the_first_of_equals(task: tuple[list[Candidate], int, list[Quota]]) -> None:
    candidates, picks, quotas = task
    expected, found = by_hand(candidates, picks, quotas), choose(candidates, picks, quotas)
    if expected is None:
        assert isinstance(found, Impossible)
        return
    assert isinstance(found, Choice)
    assert found.chosen == tuple(one.id for one in expected)
    plain = candidates[:picks]
    assert found.cost == sum(one.score for one in plain) - sum(one.score for one in expected)
    assert set(found.entering) == {one.id for one in expected} - {one.id for one in plain}
    assert set(found.leaving) == {one.id for one in plain} - {one.id for one in expected}


@settings(max_examples=60, deadline=None)
@given(tasks())
def test_what_clashes_cannot_be_kept_and_none_of_it_can_be_spared(
    task: tuple[list[Candidate], int, list[Quota]],
) -> None:
    candidates, picks, quotas = task
    found = choose(candidates, picks, quotas)
    if isinstance(found, Impossible) and found.clashing:
        clash = list(found.clashing)
        assert by_hand(candidates, picks, clash) is None
        for at in range(len(clash)):
            assert by_hand(candidates, picks, clash[:at] + clash[at + 1 :]) is not None


def test_too_few_files_and_a_quota_that_fails_alone_are_told_by_number() -> None:
    files = [Candidate(1, Fraction(4), frozenset("a")), Candidate(2, Fraction(3))]
    assert choose(files, 3, []) == Impossible(available=2)
    assert choose(files, 2, [Quota("a", 2)]) == Impossible(lacking=((Quota("a", 2), 1),))


def test_two_hundred_files_with_four_quotas_are_chosen_from_in_a_second() -> None:
    files = [
        Candidate(
            rank, Fraction(1000 - rank // 3, 7), frozenset(t for at, t in enumerate("wxyz") if rank % (29 + at) == 28)
        )
        for rank in range(200)
    ]
    found = choose(files, 6, [Quota(trait, 2) for trait in "wxyz"])
    assert isinstance(found, Choice)
    assert len(found.chosen) == 6
