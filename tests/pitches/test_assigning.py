"""Readings are shared out evenly, without a conflict, and with few changes: held against every possible sharing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from openmap.pitches.assigning import Pair, could_be_more_even, share

CASES = st.integers(1, 4).flatmap(
    lambda files: st.integers(1, 4).flatmap(
        lambda jurors: st.tuples(
            st.fixed_dictionaries({file: st.sets(st.integers(101, 100 + jurors)) for file in range(1, files + 1)}),
            st.just(list(range(101, 101 + jurors))),
            st.integers(1, 3),
            st.randoms(use_true_random=False),
        )
    )
)
Allowed = dict[int, set[int]]


def every_sharing(allowed: Allowed, jurors: list[int], readers: int, finished: set[Pair]) -> Iterator[frozenset[Pair]]:
    """Yield every sharing that gives each file as many readers as it can have."""
    choices = []
    for file, may in allowed.items():
        done = {juror for one, juror in finished if one == file}
        free = sorted((may & set(jurors)) - done)
        take = min(max(0, readers - len(done)), len(free))
        choices.append([{(file, juror) for juror in (*chosen, *done)} for chosen in combinations(free, take)])
    for chosen in product(*choices):
        yield frozenset().union(*chosen)


def squares(pairs: frozenset[Pair], jurors: list[int]) -> int:
    loads = Counter(juror for _file, juror in pairs)
    return sum(loads[juror] ** 2 for juror in jurors)


def spread(pairs: frozenset[Pair], jurors: list[int]) -> int:
    loads = Counter(juror for _file, juror in pairs)
    return max(loads[juror] for juror in jurors) - min(loads[juror] for juror in jurors)


@settings(max_examples=120, deadline=None)
@given(CASES)
def test_sharing_is_as_even_as_any_and_changes_as_little_as_any_that_is(case) -> None:
    allowed, jurors, readers, chance = case
    pairs = [(file, juror) for file, may in allowed.items() for juror in sorted(may)]
    finished = {pair for pair in pairs if chance.random() < 0.2}
    given_before = {pair for pair in pairs if pair not in finished and chance.random() < 0.4}
    begun = {pair for pair in given_before if chance.random() < 0.4}
    found = share(allowed, jurors, readers=readers, finished=finished, begun=begun, given=given_before)
    everything = list(every_sharing(allowed, jurors, readers, finished))
    assert found.pairs in everything
    assert squares(found.pairs, jurors) == min(squares(one, jurors) for one in everything)
    assert found.spread == min(spread(one, jurors) for one in everything)
    assert could_be_more_even(found, allowed, finished=finished) is None
    even = [one for one in everything if squares(one, jurors) == squares(found.pairs, jurors)]
    known = finished | given_before

    def cost(one: frozenset[Pair]) -> tuple[int, int]:
        return len(one - known), -len(one & begun)

    assert cost(found.pairs) == min(cost(one) for one in even)
    assert found.short == {
        file: readers - have
        for file in allowed
        if (have := sum(1 for one, _juror in found.pairs if one == file)) < readers
    }


@settings(max_examples=60, deadline=None)
@given(CASES)
def test_a_sharing_that_could_be_more_even_is_found_out_without_the_solver(case) -> None:
    allowed, jurors, readers, _chance = case
    everything = list(every_sharing(allowed, jurors, readers, set()))
    best = min(squares(one, jurors) for one in everything)
    for one in everything[:40]:
        loads = Counter(juror for _file, juror in one)
        told = could_be_more_even(
            type(share({}, jurors, readers=1))(one, {juror: loads[juror] for juror in jurors}, {}), allowed
        )
        assert (told is None) == (squares(one, jurors) == best)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(3, 30), st.integers(4, 9))
def test_conflicts_are_kept_and_a_second_sharing_changes_nothing(seed: int, files: int, jurors: int) -> None:
    from random import Random

    chance = Random(seed)
    people = list(range(jurors))
    allowed = {file: {one for one in people if chance.random() > 0.1} for file in range(files)}
    first = share(allowed, people, readers=3)
    assert all(juror in allowed[file] for file, juror in first.pairs)
    again = share(allowed, people, readers=3, given=first.pairs)
    assert again.pairs == first.pairs


def test_when_a_juror_leaves_only_their_unfinished_readings_move() -> None:
    files, jurors = range(40), list(range(8))
    allowed = {file: set(jurors) for file in files}
    first = share(allowed, jurors, readers=3)
    finished = {pair for pair in first.pairs if pair[1] == 7 and pair[0] < 20}
    after = share(allowed, jurors[:7], readers=3, finished=finished, given=first.pairs)
    left = {pair for pair in first.pairs if pair[1] == 7} - finished
    assert first.pairs - after.pairs == left
    assert len(after.pairs - first.pairs) == len(left)
    assert after.spread <= 1


def test_a_file_that_cannot_have_its_readers_gets_those_it_can() -> None:
    found = share({1: {10}, 2: {10, 11, 12}, 3: set()}, [10, 11, 12], readers=2)
    assert found.short == {1: 1, 3: 2}
    assert (1, 10) in found.pairs


def test_nothing_to_read_and_nobody_to_read_it() -> None:
    assert share({}, [1, 2], readers=3).loads == {1: 0, 2: 0}
    assert share({1: {5}}, [], readers=1).short == {1: 1}
    assert share({}, [], readers=1).spread == 0
