"""Zones as bitmaps: the larger place finds what the smaller does, and plain trigonometry agrees."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openmap.directory.search import zones
from openmap.directory.search.vocabulary import Vocabulary
from openmap.extensions import db
from openmap.reference.queries import distance_km

MANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def words(region: Flask) -> Iterator[Vocabulary]:
    with region.test_request_context():
        yield Vocabulary(db.session)


AREA = st.sampled_from(range(72))
COMMUNE = st.integers(0, 1265)
SEAT = st.tuples(st.floats(1.5, 3.5), st.floats(48.1, 49.2), COMMUNE)


@MANY
@given(seat=SEAT, km=st.integers(1, 120))
def test_a_radius_holds_the_communes_within_it_as_plain_trigonometry_says(
    words: Vocabulary, seat: zones.Seat, km: int
) -> None:
    held = zones.drawn([zones.radius(seat, km)], words).communes(0, len(words.communes))
    expected = np.array([distance_km(seat[0], seat[1], one.lon, one.lat) <= km for one in words.communes])
    expected[seat[2]] = True
    assert np.array_equal(held, expected)


@MANY
@given(seat=SEAT, km=st.integers(1, 120), areas=st.sets(AREA, max_size=3), communes=st.sets(COMMUNE, max_size=5))
def test_a_larger_place_finds_what_a_smaller_one_inside_it_finds(
    words: Vocabulary, seat: zones.Seat, km: int, areas: set[int], communes: set[int]
) -> None:
    named = zones.places(
        [words.areas[at].id for at in areas if at < len(words.areas)], [words.communes[at].code for at in communes]
    )
    drawn = zones.drawn([zones.radius(seat, km), named, zones.FRANCE], words)
    masks = [words.mask(words.communes_of_area[row.id]) for row in words.areas]
    found = [drawn.serving(mask) for mask in masks]
    singles = np.stack([drawn.serving(words.mask([at])) for at in range(len(words.communes))])
    for mask, one in zip(masks, found, strict=True):
        # Exactly: an area finds a zone when one of its communes does. So a radius is found wherever it reaches.
        assert np.array_equal(one, singles[mask].any(axis=0))
    assert all(one[2] for one in found)
    for zone in range(3):
        assert np.array_equal(drawn.communes(zone, len(words.communes)), singles[:, zone])


def test_former_codes_and_seats_without_a_point(words: Vocabulary) -> None:
    paris = words.commune_at["75056"]
    assert words.commune_at["75113"] == paris
    drawn = zones.drawn(
        [
            zones.places([], ["75113"]),
            zones.radius((np.nan, np.nan, paris), 2),
            zones.seat_only(paris),
            zones.seat_only(-1),
        ],
        words,
    )
    here = drawn.serving(words.mask([paris]))
    assert here.tolist() == [True, True, True, False]
    assert drawn.communes(2, len(words.communes)).sum() == 1


def test_zones_joined_keep_their_numbers(words: Vocabulary) -> None:
    first = zones.drawn([zones.places([], ["93066"]), zones.FRANCE], words)
    more = zones.drawn([zones.places([], ["77288"])], words)
    both = first.joined([more])
    assert both.serving(words.mask([words.commune_at["77288"]])).tolist() == [False, True, True]
    assert len(both) == 3
