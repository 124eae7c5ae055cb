"""Draws that meet their targets in small populations, and repeat themselves exactly."""

import numpy as np
import pytest

from ddns_utils.synthetic.draw import chosen, counts, generator, pick, repeated, scaled, spread, uuids


@pytest.mark.parametrize("seed", range(5))
def test_the_number_drawn_is_within_one_of_the_expected_sum(seed):
    expected = generator(seed, 0).random(1_000) * 0.4
    drawn = counts(generator(seed, 1), expected)
    assert abs(drawn.sum() - expected.sum()) <= 1
    assert set(np.unique(drawn)) == {0, 1}


def test_each_stratum_gets_about_its_own_share():
    stratum = np.repeat([0, 1, 2], 500)
    drawn = counts(generator(1, 2), np.repeat([0.1, 0.2, 0.3], 500), stratum)
    assert np.abs(np.bincount(stratum, drawn) - [50, 100, 150]).max() <= 1


def test_everyone_has_the_same_chance_whatever_their_place():
    times = sum(chosen(generator(seed, 3), np.full(40, 0.25)).astype(int) for seed in range(2_000))
    assert times.min() > 400
    assert times.max() < 600


def test_chances_are_scaled_to_their_total_without_passing_the_limit():
    chance = scaled(np.array([1.0, 1.0, 50.0]), 1.5, most=0.9)
    assert chance.sum() == pytest.approx(1.5)
    assert chance.max() == 0.9


def test_a_point_sequence_fills_the_square_evenly_at_any_length():
    first, second = spread(0, 1_000)
    cells = np.histogram2d(first, second, bins=5, range=[[0, 1], [0, 1]])[0]
    assert np.abs(cells - 40).max() <= 4


def test_a_sequence_goes_on_where_the_last_chunk_ended():
    assert np.array_equal(np.concatenate([spread(0, 5)[0], spread(5, 5)[0]]), spread(0, 10)[0])


def test_repeated_moments_stay_inside_their_span_and_have_no_season():
    start, end = np.zeros(4_000), np.full(4_000, 1_460.0)
    _, when = repeated(generator(1, 4), start, end, np.full(4_000, 365.0))
    assert when.min() >= 0
    assert when.max() < 1_460
    assert len(when) / 4_000 == pytest.approx(4, abs=0.05)
    quarters = np.bincount((when % 365 // 91.25).astype(int)) / len(when)
    assert np.abs(quarters - 0.25).max() < 0.02


def test_a_fresh_span_begins_with_a_moment():
    which, when = repeated(generator(1, 5), np.array([100.0]), np.array([400.0]), np.array([90.0]), np.array([True]))
    assert 100 <= when[0] < 105
    assert set(which) == {0}


def test_values_come_about_as_often_as_their_weights_say():
    drawn = pick(generator(1, 6), {"a": 3, "b": 1}, 10_000)
    assert np.mean(drawn == "a") == pytest.approx(0.75, abs=0.02)


def test_ids_are_random_uuids_and_the_same_path_gives_the_same():
    ids = uuids(generator(1, 7), 500)
    assert len(set(ids)) == 500
    assert all(len(one) == 36 and one[14] == "4" and one[19] in "89ab" for one in ids)
    assert uuids(generator(1, 7), 500) == ids
    assert uuids(generator(1, 8), 500) != ids
